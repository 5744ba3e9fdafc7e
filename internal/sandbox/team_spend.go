package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// badDays refuses days that are missing, no dates, in the wrong order or too many.
func badDays(from, to string) *reply {
	first, firstErr := time.Parse(time.DateOnly, from)
	last, lastErr := time.Parse(time.DateOnly, to)
	const most = 400
	switch {
	case from == "" || to == "":
		return detailError(http.StatusBadRequest, "Please provide start_date and end_date")
	case firstErr != nil || lastErr != nil:
		return detailError(http.StatusBadRequest, "start_date and end_date must be valid YYYY-MM-DD dates")
	case last.Before(first):
		return detailError(http.StatusBadRequest, "end_date must be on or after start_date")
	case last.Sub(first) > most*24*time.Hour:
		return detailError(http.StatusBadRequest, "Date range must be at most 400 days")
	}
	return nil
}

// teamSpendByUser adds up what each user spent in teams. Members see themselves only.
func teamSpendByUser(c *call) *reply {
	from, to := c.query.Get("start_date"), c.query.Get("end_date")
	if bad := badDays(from, to); bad != nil {
		return bad
	}
	if c.query.Get("team_ids") == "" {
		return detailError(http.StatusBadRequest, "Please provide team_ids")
	}
	var teams []string
	for id := range strings.SplitSeq(c.query.Get("team_ids"), ",") {
		id = strings.TrimSpace(id)
		if !c.who.sees() && !isMember(byID(c.Teams, "team_id", id), c.who.userID) {
			return detailError(http.StatusNotFound, "User does not belong to Team= "+id+". Call `/user/info` to see user's teams")
		}
		teams = append(teams, id)
	}
	sums := map[[2]string]object{}
	rows := []object{}
	for _, log := range c.logs() {
		team, user := text(log["team_id"]), text(log["user"])
		day, _, _ := strings.Cut(text(log["startTime"]), "T")
		if day < from || day > to || !slices.Contains(teams, team) || !c.who.sees() && user != c.who.userID {
			continue
		}
		row := sums[[2]string{team, user}]
		if row == nil {
			row = c.userSpend(team, user)
			sums[[2]string{team, user}] = row
			rows = append(rows, row)
		}
		addSpend(row, log)
	}
	slices.SortStableFunc(rows, func(a, b object) int {
		return cmp.Or(cmp.Compare(b["spend"].(money), a["spend"].(money)), cmp.Compare(text(a["team_id"]), text(b["team_id"])), cmp.Compare(text(a["user_id"]), text(b["user_id"])))
	})
	return ok(object{"start_date": from, "end_date": to, "results": rows})
}

// userSpend is a row before anything is added.
func (c *call) userSpend(team, user string) object {
	known := byID(c.Users, "user_id", user)
	return object{"team_id": team, "team_alias": byID(c.Teams, "team_id", team)["team_alias"], "user_id": user, "user_email": known["user_email"], "user_alias": known["user_alias"],
		"spend": money(0), "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "api_requests": 0, "successful_requests": 0, "failed_requests": 0}
}

func addSpend(row, log object) {
	spent, _ := number(log["spend"])
	row["spend"] = row["spend"].(money) + money(spent)
	for _, name := range []string{"prompt_tokens", "completion_tokens", "total_tokens"} {
		n, _ := number(log[name])
		row[name] = row[name].(int) + int(n)
	}
	row["api_requests"] = row["api_requests"].(int) + 1
	outcome := "successful_requests"
	if log["status"] == "failure" {
		outcome = "failed_requests"
	}
	row[outcome] = row[outcome].(int) + 1
}
