package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// spendLogs answers the rows of requests, newest first, or with two dates one
// sum a day.
func spendLogs(c *call) *reply {
	from, to := c.query.Get("start_date"), c.query.Get("end_date")
	rows := []object{}
	for _, row := range slices.Backward(c.logs()) {
		if key := c.query.Get("api_key"); key != "" && row["api_key"] != tokenOf(key) {
			continue
		}
		if user := c.query.Get("user_id"); user != "" && row["user"] != user {
			continue
		}
		if !c.who.sees() && row["user"] != c.who.userID {
			continue
		}
		if id := c.query.Get("request_id"); id != "" && row["request_id"] != id {
			continue
		}
		rows = append(rows, row)
	}
	first, firstErr := time.Parse(time.DateOnly, from)
	last, lastErr := time.Parse(time.DateOnly, to)
	if summarize := c.query.Get("summarize"); from == "" || to == "" || firstErr != nil || lastErr != nil || summarize == "false" {
		return ok(rows)
	}
	days := []object{}
	if !anyBetween(rows, from, to) { // no rows, no days
		return ok(days)
	}
	for day := first; !day.After(last) && len(days) < 366; day = day.AddDate(0, 0, 1) {
		days = append(days, summary(rows, day.Format(time.DateOnly)))
	}
	return ok(days)
}

func anyBetween(rows []object, from, to string) bool {
	return slices.ContainsFunc(rows, func(row object) bool {
		day, _, _ := strings.Cut(text(row["startTime"]), "T")
		return from <= day && day <= to
	})
}

// summary adds up a day: by key at the top level, by user and by model.
func summary(rows []object, day string) object {
	total, users, models := money(0), object{}, object{}
	out := object{"startTime": day, "spend": 0, "users": users, "models": models}
	add := func(to object, name string, spent money) {
		before, _ := number(to[name])
		to[name] = money(before) + spent
	}
	for _, row := range rows {
		if !strings.HasPrefix(text(row["startTime"]), day) {
			continue
		}
		n, _ := number(row["spend"])
		total += money(n)
		out["spend"] = total
		add(out, text(row["api_key"]), money(n))
		add(users, text(row["user"]), money(n))
		add(models, text(row["model"]), money(n))
	}
	return out
}

func spendReport(*call) *reply {
	return detailError(http.StatusBadRequest, "/spend/report endpoint "+enterprise)
}

func organizations(*call) *reply {
	return detailError(http.StatusForbidden, "Organizations are only available for LiteLLM Enterprise users. "+enterprise)
}

func organizationNew(c *call) *reply {
	if !c.who.isAdmin() {
		role := noneParam
		if c.who.role != roleUnknown {
			role = c.who.role
		}
		return fail(http.StatusUnauthorized, "auth_error", "user_role", "Only proxy admins can create new organizations. You are "+role)
	}
	return organizations(c)
}
