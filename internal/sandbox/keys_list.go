package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

var keySorts = []string{"spend", "max_budget", "created_at", "updated_at", "token", "key_alias"}

func listKeys(c *call) *reply {
	page, size, bad := c.pageQuery("size", 10)
	if bad != nil {
		return bad
	}
	flags := map[string]bool{}
	for _, name := range []string{"return_full_object", "include_team_keys", "include_created_by_keys", "substring_matching"} {
		if flags[name], bad = c.boolQuery(name); bad != nil {
			return bad
		}
	}
	userID := c.query.Get("user_id")
	if !c.who.sees() {
		switch {
		case c.who.userID == "":
			return fail(http.StatusForbidden, "bad_request_error", "user_id",
				"You are not authorized to access this endpoint. No 'user_id' is associated with your API key.")
		case userID != "" && userID != c.who.userID:
			return fail(http.StatusForbidden, "bad_request_error", "user_id", "You are not authorized to check another user's keys")
		case c.query.Get("team_id") != "" && !slices.Contains(c.teamIDs(c.who.userID), c.query.Get("team_id")):
			return fail(http.StatusForbidden, "bad_request_error", "team_id", "You are not authorized to check this team's keys")
		}
		userID = c.who.userID
	}
	refuse := func(message, quote string) *reply {
		return fail(http.StatusBadRequest, "internal_server_error", noneParam, "{'error': "+quote+message+quote+"}")
	}
	status, expires, sortBy := c.query.Get("status"), c.query.Get("expires"), c.query.Get("sort_by")
	if status != "" && !slices.Contains([]string{"active", "expired", "revoked", "deleted"}, status) {
		return refuse("Invalid status value. Supported: 'active', 'expired', 'revoked', 'deleted'.", `"`)
	}
	if expires != "" && expires != "active" && expires != "expired" {
		return refuse("Invalid expires value. Supported: 'active', 'expired'.", `"`)
	}
	if sortBy != "" && !slices.Contains(keySorts, sortBy) {
		return refuse("Invalid sort column. Must be one of: "+strings.Join(keySorts, ", "), "'")
	}
	ofTeams := []string{}
	if flags["include_team_keys"] && userID != "" {
		ofTeams = c.teamIDs(userID)
	}
	rows := c.Keys
	if status == "deleted" {
		rows = c.DeletedKeys
	}
	var found []object
	for _, row := range slices.Backward(rows) {
		if c.keyMatches(row, userID, ofTeams, flags) &&
			(status == "" || status == "deleted" || c.status(row) == status) &&
			(expires == "" || c.hasExpired(row) == (expires == "expired")) {
			found = append(found, row)
		}
	}
	if sortBy != "" {
		sortRows(found, sortBy, strings.EqualFold(c.query.Get("sort_order"), "asc"))
	}
	cut, pages := pageOf(found, page, size)
	keys := []any{}
	for _, row := range cut {
		switch {
		case !flags["return_full_object"]:
			keys = append(keys, row["token"])
		case status == "deleted":
			keys = append(keys, row)
		default:
			keys = append(keys, view("key_list", row, "litellm_budget_table", c.budgetOf(row)))
		}
	}
	return ok(object{"keys": keys, "total_count": len(found), "current_page": page, "total_pages": pages})
}

func (c *call) hasExpired(row object) bool {
	_, is := c.expired(row)
	return is
}

func (c *call) keyMatches(row object, userID string, ofTeams []string, flags map[string]bool) bool {
	substring := flags["substring_matching"]
	owner, alias := text(row["user_id"]), text(row["key_alias"])
	mine := userID == "" || owner == userID || substring && c.who.sees() && contains(owner, userID) ||
		slices.Contains(ofTeams, text(row["team_id"])) || flags["include_created_by_keys"] && row["created_by"] == userID
	if !mine {
		return false
	}
	for field, name := range map[string]string{"team_id": "team_id", "org_id": "organization_id", "token": "key_hash", "project_id": "project_id", "agent_id": "agent_id"} {
		if want := c.query.Get(name); want != "" && text(row[field]) != want {
			return false
		}
	}
	if want := c.query.Get("key_alias"); want != "" && alias != want && !(substring && contains(alias, want)) {
		return false
	}
	want := c.query.Get("search")
	return want == "" || text(row["token"]) == want || contains(alias, want)
}

// keyAliases are the names of keys, a page at a time.
func keyAliases(c *call) *reply {
	page, size, bad := c.pageOfSize("size", 50, 100)
	if bad != nil {
		return bad
	}
	var found []string
	for _, row := range c.Keys {
		mine := c.who.sees() || row["user_id"] == c.who.userID
		if alias := text(row["key_alias"]); alias != "" && mine && contains(alias, c.query.Get("search")) && c.asksFor("team_id", text(row["team_id"])) {
			found = append(found, alias)
		}
	}
	slices.Sort(found)
	pages := (len(found) + size - 1) / size
	from := min((page-1)*size, len(found))
	return ok(object{"aliases": append([]string{}, found[from:min(from+size, len(found))]...), "total_count": len(found),
		"current_page": page, "total_pages": pages, "size": size})
}

func keyInfo(c *call) *reply {
	asked := c.query.Get("key")
	row := c.who.key
	if c.query.Has("key") {
		row = byID(c.Keys, "token", tokenOf(asked))
	} else if row != nil {
		asked = text(row["token"])
	}
	if row == nil {
		return fail(http.StatusNotFound, "not_found_error", "key", "Key not found in database")
	}
	if own := c.who.key != nil && row["token"] == c.who.key["token"]; !own && !c.who.sees() && (c.who.userID == "" || row["user_id"] != c.who.userID) {
		return internal(http.StatusForbidden, "You are not allowed to access this key's info. Your role="+c.who.shownRole())
	}
	return ok(object{"key": asked, "info": offset(view("key_info", row, "status", c.status(row), "litellm_budget_table", c.budgetOf(row)))})
}

func keyHealth(*call) *reply { return ok(object{"key": "healthy", "logging_callbacks": nil}) }

func (c *call) status(row object) string {
	if row["blocked"] == true {
		return "revoked"
	}
	if _, is := c.expired(row); is {
		return "expired"
	}
	return "active"
}

// keysOf returns the rows of the keys whose field has this value, as /user/info
// and the team routes embed them.
func (c *call) keysOf(field, id string, pairs ...any) []object {
	out := []object{}
	for _, row := range c.Keys {
		if row[field] == id {
			out = append(out, view("key_row", row, append(slices.Clone(pairs), "litellm_budget_table", c.budgetOf(row))...))
		}
	}
	return out
}
