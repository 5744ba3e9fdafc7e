package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

var keySorts = []string{"spend", "max_budget", "created_at", "updated_at", "token", "key_alias",
	"expires", "last_active", "budget_reset_at", "total_spend", "tpm_limit", "rpm_limit"}

// keyQuery is what a request wants of the list of keys.
type keyQuery struct {
	flags           map[string]bool
	userID          string   // whose keys; "" is everybody's
	teams           []string // whose keys count as the user's
	exact           map[string]string
	alias, search   string
	status, expires string
	sortBy          string
	ascending       bool
}

func (c *call) readKeyQuery() (q keyQuery, bad *reply) {
	q.flags = map[string]bool{}
	for _, name := range []string{"return_full_object", "include_team_keys", "include_created_by_keys", "substring_matching"} {
		if q.flags[name], bad = c.boolQuery(name); bad != nil {
			return q, bad
		}
	}
	if q.userID, bad = c.keyOwner(); bad != nil {
		return q, bad
	}
	if q.flags["include_team_keys"] && q.userID != "" {
		q.teams = c.teamIDs(q.userID)
	}
	q.exact = map[string]string{}
	for field, name := range map[string]string{"team_id": "team_id", "org_id": "organization_id", "token": "key_hash", "project_id": "project_id", "agent_id": "agent_id"} {
		if want := c.query.Get(name); want != "" {
			q.exact[field] = want
		}
	}
	q.alias, q.search, q.status, q.expires = c.query.Get("key_alias"), c.query.Get("search"), c.query.Get("status"), c.query.Get("expires")
	var order string
	q.sortBy, order = c.query.Get("sort_by"), or2(c.query.Get("sort_order"), "desc")
	q.ascending = strings.EqualFold(order, "asc")
	refuse := func(message, quote string) *reply {
		return failure(http.StatusBadRequest, "{'error': "+quote+message+quote+"}")
	}
	switch {
	case q.status != "" && !slices.Contains([]string{"active", "expired", "revoked", "deleted"}, q.status):
		return q, refuse("Invalid status value. Supported: 'active', 'expired', 'revoked', 'deleted'.", `"`)
	case q.expires != "" && q.expires != "active" && q.expires != "expired":
		return q, refuse("Invalid expires value. Supported: 'active', 'expired'.", `"`)
	case q.sortBy != "" && !slices.Contains(keySorts, q.sortBy):
		return q, refuse("Invalid sort column. Must be one of: "+strings.Join(keySorts, ", "), "'")
	case q.sortBy != "" && !q.ascending && !strings.EqualFold(order, "desc"):
		return q, refuse("Invalid sort order. Must be 'asc' or 'desc'", `"`)
	}
	return q, nil
}

// keyOwner is the user whose keys are asked for; users see their own only.
func (c *call) keyOwner() (userID string, bad *reply) {
	userID = c.query.Get("user_id")
	if c.who.sees() {
		return userID, nil
	}
	forbidden := func(param, message string) (string, *reply) {
		return "", fail(http.StatusForbidden, "bad_request_error", param, message)
	}
	switch team := c.query.Get("team_id"); {
	case c.who.userID == "":
		return forbidden("user_id", "You are not authorized to access this endpoint. No 'user_id' is associated with your API key.")
	case userID != "" && userID != c.who.userID:
		return forbidden("user_id", "You are not authorized to check another user's keys")
	case team != "" && !slices.Contains(c.teamIDs(c.who.userID), team):
		return forbidden("team_id", "You are not authorized to check this team's keys")
	}
	return c.who.userID, nil
}

func listKeys(c *call) *reply {
	page, size, bad := c.pageQuery("size", 10)
	if bad != nil {
		return bad
	}
	q, bad := c.readKeyQuery()
	if bad != nil {
		return bad
	}
	table, newest := "keys", "created_at"
	if q.status == "deleted" {
		table, newest = "deleted_keys", "deleted_at"
	}
	var found []object
	for _, row := range c.ordered(table, or2(q.sortBy, newest), q.ascending && q.sortBy != "") {
		if c.keyMatches(row, q) {
			found = append(found, row)
		}
	}
	cut, pages := pageOf(found, page, size)
	keys := []any{}
	for _, row := range cut {
		keys = append(keys, c.listedKey(row, q))
	}
	return ok(object{"keys": keys, "total_count": len(found), "current_page": page, "total_pages": pages})
}

// listedKey is a key as the list has it.
func (c *call) listedKey(row object, q keyQuery) any {
	expand := slices.Contains(c.query["expand"], "user")
	switch {
	case !q.flags["return_full_object"] && !expand:
		return row["token"]
	case q.status == "deleted":
		return row
	}
	shown := view("key_list", row, "litellm_budget_table", c.budgetOf(row))
	if !expand {
		return shown
	}
	shown["user"], shown["created_by_user"] = nil, nil
	if user := byID(c.Users, "user_id", text(row["user_id"])); user != nil {
		shown["user"] = view("user_row", user, "password", nil, "organization_memberships", nil)
	}
	by := byID(c.Users, "user_id", text(row["created_by"]))
	if by == nil && row["created_by"] == masterUser {
		by = object{"user_id": masterUser}
	}
	if by != nil {
		shown["created_by_user"] = object{"user_id": by["user_id"], "user_email": by["user_email"], "user_alias": by["user_alias"]}
	}
	return shown
}

func (c *call) hasExpired(row object) bool {
	_, is := c.expired(row)
	return is
}

// keyMatches looks at no field that was not asked for: there may be many keys.
func (c *call) keyMatches(row object, q keyQuery) bool {
	if q.userID != "" && !c.keyBelongs(row, q) {
		return false
	}
	for field, want := range q.exact {
		if text(row[field]) != want {
			return false
		}
	}
	if q.alias != "" || q.search != "" {
		alias := text(row["key_alias"])
		if q.alias != "" && alias != q.alias && !(q.flags["substring_matching"] && contains(alias, q.alias)) ||
			q.search != "" && text(row["token"]) != q.search && !likes(alias, q.search) {
			return false
		}
	}
	return (q.status == "" || q.status == "deleted" || c.status(row) == q.status) &&
		(q.expires == "" || c.hasExpired(row) == (q.expires == "expired"))
}

func (c *call) keyBelongs(row object, q keyQuery) bool {
	owner := text(row["user_id"])
	return owner == q.userID || q.flags["substring_matching"] && c.who.sees() && contains(owner, q.userID) ||
		slices.Contains(q.teams, text(row["team_id"])) || q.flags["include_created_by_keys"] && row["created_by"] == q.userID
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
		if alias := text(row["key_alias"]); alias != "" && mine && likes(alias, c.query.Get("search")) && c.asksFor("team_id", text(row["team_id"])) {
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
	switch {
	case c.query.Has("key"):
		if row = byID(c.Keys, "token", tokenOf(asked)); row == nil {
			return c.deletedKeyInfo(asked)
		}
	case c.who.session && c.who.isAdmin():
		return fail(http.StatusBadRequest, "bad_request_error", "key", "No key passed in. Pass ?key= or authenticate with a virtual key.")
	case c.who.session:
		row = nil
	case row != nil:
		asked = text(row["token"])
	}
	if row == nil {
		return noSuchKey()
	}
	if bad := c.mayReadKey(row); bad != nil {
		return bad
	}
	info := offset(view("key_info", row, "status", c.status(row), "litellm_budget_table", c.budgetOf(row)))
	if usage := windowUsage(row); len(usage) > 0 {
		info["budget_limits_usage"] = usage
	}
	return ok(object{"key": asked, "info": info})
}

// deletedKeyInfo answers for a key that is not there, or not any more.
func (c *call) deletedKeyInfo(asked string) *reply {
	token := tokenOf(asked)
	for _, row := range slices.Backward(c.DeletedKeys) {
		if row["token"] != token {
			continue
		}
		if bad := c.mayReadKey(row); bad != nil {
			return bad
		}
		info := maps.Clone(row)
		delete(info, "token")
		info["status"] = "deleted"
		return ok(object{"key": asked, "info": offset(info)})
	}
	return noSuchKey()
}

func noSuchKey() *reply {
	return fail(http.StatusNotFound, "not_found_error", "key", "Key not found in database")
}

// mayReadKey refuses to show a key of others to an ordinary user.
func (c *call) mayReadKey(row object) *reply {
	if own := c.who.key != nil && row["token"] == c.who.key["token"]; !own && !c.who.sees() && (c.who.userID == "" || row["user_id"] != c.who.userID) {
		return failure(http.StatusForbidden, "You are not allowed to access this key's info. Your role="+c.who.shownRole())
	}
	return nil
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

// keysOf returns the keys whose field has this value, as /user/info and the team
// routes embed them.
func (c *call) keysOf(field, id string) []object {
	rows := c.keyRows(groupBy(c.Keys, field)[id])
	for _, row := range rows {
		if at, expires := row["expires"].(string); expires {
			row["expires"] = strings.TrimSuffix(at, "Z") + "+00:00"
		}
	}
	return rows
}

func (c *call) keyRows(keys []object) []object {
	out := []object{}
	for _, row := range keys {
		out = append(out, view("key_row", row, "litellm_budget_table", c.budgetOf(row), "object_permission", nil))
	}
	return out
}
