package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The real gateway keeps tables of daily sums for users, teams, customers and
// tags. A page of an answer is a page of such a table's rows, added up: a day,
// an owner, a key, a model, a provider make a row.

// dailySum is one row: its requests in the same way are one.
type dailySum struct {
	date, entity, key, model, group, provider string
}

// amounts are what is added up.
type amounts struct {
	spend                     money
	prompt, completion        int
	successful, failed, total int
}

func (a *amounts) add(b amounts) {
	a.spend += b.spend
	a.prompt, a.completion = a.prompt+b.prompt, a.completion+b.completion
	a.successful, a.failed, a.total = a.successful+b.successful, a.failed+b.failed, a.total+b.total
}

// metrics are the amounts with everything that the sandbox has none of.
func (a amounts) metrics() object {
	return object{"spend": a.spend, "flat_cost": money(0), "prompt_tokens": a.prompt, "completion_tokens": a.completion,
		"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "compression_saved_tokens": 0,
		"compression_savings_spend": money(0), "prompt_caching_savings_spend": money(0), "gateway_injected_caching_savings_spend": money(0),
		"autorouter_savings_spend": money(0), "ptu_hours": money(0), "total_tokens": a.prompt + a.completion, "successful_requests": a.successful,
		"failed_requests": a.failed, "api_requests": a.successful + a.failed, "total_response_time_ms": a.successful, "timed_requests": a.successful}
}

func amountsOf(row object) amounts {
	spend, _ := number(row["spend"])
	prompt, _ := number(row["prompt_tokens"])
	completion, _ := number(row["completion_tokens"])
	a := amounts{spend: money(spend), prompt: int(prompt), completion: int(completion), failed: 1}
	if metadata, _ := row["metadata"].(object); metadata["status"] != "failure" {
		a.successful, a.failed = 1, 0
	}
	return a
}

// activityTable is one of the tables: how a request's owners are found in its
// log row, what is said of an owner, and how the query chooses owners.
type activityTable struct {
	owners  func(log object) []string
	about   func(c *call, owner string) object
	choose  string
	exclude string
}

func ownersIn(field string) func(object) []string {
	return func(log object) []string {
		if owner := text(log[field]); owner != "" {
			return []string{owner}
		}
		return nil
	}
}

var (
	userTable = activityTable{
		owners: func(log object) []string { return []string{or2(text(log["user"]), unassigned)} },
		about: func(c *call, owner string) object {
			user := byID(c.Users, "user_id", owner)
			if owner == unassigned {
				return object{}
			}
			return object{"user_email": user["user_email"], "user_alias": user["user_alias"]}
		},
		choose: "user_id",
	}
	teamTable = activityTable{
		owners: func(log object) []string { return []string{or2(text(log["team_id"]), unassigned)} },
		about: func(c *call, owner string) object {
			team := byID(c.Teams, "team_id", owner)
			if team == nil {
				return object{}
			}
			return object{"team_alias": team["team_alias"]}
		},
		choose: "team_ids", exclude: "exclude_team_ids",
	}
	customerTable = activityTable{
		owners: ownersIn("end_user"),
		about: func(c *call, owner string) object {
			customer := byID(c.Customers, "user_id", owner)
			if customer == nil {
				return object{}
			}
			return object{"alias": customer["alias"]}
		},
		choose: "end_user_ids", exclude: "exclude_end_user_ids",
	}
	tagTable = activityTable{
		owners: func(log object) []string { return list(log["request_tags"]) },
		about:  func(*call, string) object { return object{} },
		choose: "tags",
	}
)

// unassigned owns what nobody does.
const unassigned = "Unassigned"

func userActivity(c *call) *reply {
	if bad := c.ownActivity(); bad != nil {
		return bad
	}
	return c.activity(userTable, 50, 1000)
}

// ownActivity keeps users to their own activity.
func (c *call) ownActivity() *reply {
	switch asked := c.query.Get("user_id"); {
	case c.who.sees():
	case c.who.userID == "":
		return detailError(http.StatusForbidden, "Service-account keys cannot query user analytics. Use a user-bound key, or call as a proxy admin.")
	case asked != "" && asked != c.who.userID:
		return detailError(http.StatusForbidden, "Non-admin users can only view their own spend data.")
	default:
		c.query.Set("user_id", c.who.userID)
	}
	return nil
}

func teamActivity(c *call) *reply {
	if !c.who.sees() && byID(c.Users, "user_id", c.who.userID) == nil {
		return detailError(http.StatusNotFound, "User= "+or2(c.who.userID, pyNone)+" not found")
	}
	if !c.who.sees() { // no member sees the others'; an admin of a team needs Enterprise
		c.query.Set("team_ids", "\n")
	}
	return c.activity(teamTable, 10, 0)
}

func customerActivity(c *call) *reply { return c.activity(customerTable, 10, 0) }
func tagActivity(c *call) *reply      { return c.activity(tagTable, 10, 0) }

// activity answers one page of a table.
func (c *call) activity(table activityTable, size, most int) *reply {
	page, size, bad := c.pageOfSize("page_size", size, most)
	if bad != nil {
		return bad
	}
	if bad := c.badDates(); bad != nil {
		return bad
	}
	order, sums := c.dailySums(table)
	pages := (len(order) + size - 1) / size
	from := min((page-1)*size, len(order))
	order = order[from:min(from+size, len(order))]
	results, total := c.days(table, order, sums)
	return ok(object{"results": results, "metadata": totals(total, page, pages, object{"has_more": page < pages})})
}

// aggregatedActivity is the users' table whole, with the number of their keys.
func aggregatedActivity(c *call) *reply {
	if bad := c.ownActivity(); bad != nil {
		return bad
	}
	if bad := c.badDates(); bad != nil {
		return bad
	}
	order, sums := c.dailySums(userTable)
	results, total := c.days(userTable, order, sums)
	keys, ofUser := map[string]bool{}, map[string]map[string]bool{}
	for _, row := range order {
		keys[row.key] = true
		if ofUser[row.entity] == nil {
			ofUser[row.entity] = map[string]bool{}
		}
		ofUser[row.entity][row.key] = true
	}
	counts := object{}
	for user, keys := range ofUser {
		counts[user] = len(keys)
	}
	return ok(object{"results": results, "metadata": totals(total, 1, 1, object{"api_key_limit": 100, "total_api_keys": len(keys), "entity_total_api_keys": counts})})
}

func (c *call) badDates() *reply {
	from, to := c.query.Get("start_date"), c.query.Get("end_date")
	if from == "" || to == "" {
		return detailError(http.StatusBadRequest, "Please provide start_date and end_date")
	}
	for _, date := range []string{from, to} {
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			return detailError(http.StatusBadRequest, "start_date and end_date must be valid YYYY-MM-DD dates")
		}
	}
	return nil
}

// dailySums are the rows of a table that the query asks for, the latest first.
func (c *call) dailySums(table activityTable) (order []dailySum, sums map[dailySum]amounts) {
	sums = map[dailySum]amounts{}
	for _, log := range slices.Backward(c.logs()) {
		date, _, _ := strings.Cut(text(log["startTime"]), "T")
		row := dailySum{date: date, key: text(log["api_key"]), model: text(log["model"]), group: or2(text(log["model_group"]), text(log["model"])),
			provider: or2(text(log["custom_llm_provider"]), "unknown")}
		if date < c.query.Get("start_date") || date > c.query.Get("end_date") || !c.asksFor("model", row.model) || !c.asksFor("api_key", row.key) {
			continue
		}
		for _, row.entity = range table.owners(log) {
			if !c.asksFor(table.choose, row.entity) || table.exclude != "" && c.query.Has(table.exclude) && c.asksFor(table.exclude, row.entity) {
				continue
			}
			sum, known := sums[row]
			if !known {
				order = append(order, row)
			}
			sum.add(amountsOf(log))
			sums[row] = sum
		}
	}
	slices.SortStableFunc(order, func(a, b dailySum) int { return strings.Compare(b.date, a.date) })
	return order, sums
}

// asksFor reports whether the query does not choose something else.
func (c *call) asksFor(parameter, value string) bool {
	wanted := c.query.Get(parameter)
	return wanted == "" || slices.Contains(strings.Split(wanted, ","), value)
}

// days adds rows up, day by day.
func (c *call) days(table activityTable, order []dailySum, sums map[dailySum]amounts) (results []object, total amounts) {
	results = []object{}
	for len(order) > 0 {
		date := order[0].date
		n := slices.IndexFunc(order, func(row dailySum) bool { return row.date != date })
		if n < 0 {
			n = len(order)
		}
		rows := order[:n]
		order = order[n:]
		sum := amounts{}
		for _, row := range rows {
			sum.add(sums[row])
		}
		total.add(sum)
		part := func(name func(dailySum) string, about func(string) object) object {
			return c.breakdown(rows, sums, name, about, true)
		}
		nothing := func(string) object { return object{} }
		results = append(results, object{"date": date, "metrics": sum.metrics(), "breakdown": object{
			"mcp_servers":  object{},
			"guardrails":   object{},
			"models":       part(func(row dailySum) string { return row.model }, nothing),
			"model_groups": part(func(row dailySum) string { return row.group }, nothing),
			"providers":    part(func(row dailySum) string { return row.provider }, nothing),
			"endpoints":    part(func(dailySum) string { return "/chat/completions" }, nothing),
			"api_keys":     c.breakdown(rows, sums, func(row dailySum) string { return row.key }, c.keyActivity, false),
			"entities":     part(func(row dailySum) string { return row.entity }, func(owner string) object { return table.about(c, owner) }),
		}})
	}
	return results, total
}

// breakdown adds rows up by one thing they differ in, and each sum by key.
func (c *call) breakdown(rows []dailySum, sums map[dailySum]amounts, name func(dailySum) string, about func(string) object, byKey bool) object {
	of := map[string][]dailySum{}
	for _, row := range rows {
		of[name(row)] = append(of[name(row)], row)
	}
	out := object{}
	for name, rows := range of {
		sum := amounts{}
		for _, row := range rows {
			sum.add(sums[row])
		}
		entry := object{"metrics": sum.metrics(), "metadata": about(name)}
		if byKey {
			entry["api_key_breakdown"] = c.breakdown(rows, sums, func(row dailySum) string { return row.key }, c.keyActivity, false)
		}
		out[name] = entry
	}
	return out
}

// keyActivity is what an answer says of a key.
func (c *call) keyActivity(token string) object {
	if token == "litellm_proxy_master_key" {
		return object{"key_alias": nil, "team_id": nil, "user_id": masterUser, "user_email": nil, "key_exists": false}
	}
	row := byID(c.Keys, "token", token)
	exists := row != nil
	if !exists {
		row = byID(c.DeletedKeys, "token", token)
	}
	return object{"key_alias": row["key_alias"], "team_id": row["team_id"], "user_id": row["user_id"],
		"user_email": byID(c.Users, "user_id", text(row["user_id"]))["user_email"], "key_exists": exists}
}

// totals are the sums under metadata.
func totals(a amounts, page, pages int, more object) object {
	out := object{"page": page, "total_pages": pages, "has_more": false, "api_key_limit": nil, "total_api_keys": nil, "entity_total_api_keys": nil}
	for name, value := range a.metrics() {
		if !strings.HasPrefix(name, "total_") {
			name = "total_" + name
		}
		out[name] = value
	}
	maps.Copy(out, more)
	return out
}

// globalActivity counts requests and tokens by day.
func globalActivity(c *call) *reply {
	from, to := c.query.Get("start_date"), c.query.Get("end_date")
	if from == "" || to == "" {
		return detailError(http.StatusBadRequest, "Please provide start_date and end_date")
	}
	if bad := c.badDates(); bad != nil {
		return crash()
	}
	days, requests, tokens := []object{}, 0, 0
	for _, log := range c.logs() {
		date, _, _ := strings.Cut(text(log["startTime"]), "T")
		if date < from || date > to || !c.who.sees() && log["user"] != c.who.userID {
			continue
		}
		day, _ := time.Parse(time.DateOnly, date)
		if label := day.Format("Jan 02"); len(days) == 0 || days[len(days)-1]["date"] != label {
			days = append(days, object{"date": label, "api_requests": 0, "total_tokens": 0})
		}
		last, n := days[len(days)-1], amountsOf(log)
		last["api_requests"] = last["api_requests"].(int) + 1
		last["total_tokens"] = last["total_tokens"].(int) + n.prompt + n.completion
		requests, tokens = requests+1, tokens+n.prompt+n.completion
	}
	return ok(object{"daily_data": days, "sum_api_requests": requests, "sum_total_tokens": tokens})
}
