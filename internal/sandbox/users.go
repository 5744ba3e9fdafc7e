package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

var userFields = []string{"user_email", "user_alias", "user_role", "models", "spend", "max_budget", "max_parallel_requests",
	"metadata", "tpm_limit", "rpm_limit", "budget_duration", "allowed_cache_controls", "sso_user_id", "team_id", "model_max_budget"}

// userKeyFields are fields of a new user that its key gets, and that no later change of
// the user can set.
var userKeyFields = []string{"agent_id", "aliases", "blocked", "budget_fallbacks", "budget_limits", "config", "duration", "guardrails",
	"key_alias", "permissions", "prompts"}

// addUser stores a user made of the body's fields.
func (c *call) addUser(id string, body object) object {
	now := c.stamp()
	row := maps.Clone(shapes()["user_info"])
	row["user_id"], row["created_at"], row["updated_at"], row["teams"] = id, now, now, []string{}
	c.changeUser(row, body)
	row["spend"] = or(row["spend"], money(0))
	c.Users = append(c.Users, row)
	return row
}

func (c *call) changeUser(row, body object) {
	for _, name := range userFields {
		if value, given := body[name]; given {
			if empty, is := emptied[name]; is && value == nil {
				value = empty
			}
			row[name] = value
		}
	}
	keepInMetadata(row, body, inMetadata)
	permit(row, body, true)
	if permission, given := body["object_permission"]; given && permission == nil {
		row["object_permission"], row["object_permission_id"] = nil, nil
	}
	if duration, given := body["budget_duration"]; given {
		row["budget_reset_at"] = nil
		if at, is := resetTime(c.now(), text(duration)); is {
			row["budget_reset_at"] = at
		}
	}
}

func newUser(c *call) *reply {
	if bad := c.readAs("POST /user/new"); bad != nil {
		return bad
	}
	body := c.body
	if bad := c.badNewUser(body); bad != nil {
		return bad
	}
	expires, bad := c.expiry(body["duration"])
	if bad != nil {
		return bad
	}
	keepInMetadata(body, body, []string{"guardrails", "policies", "prompts"})
	user := c.addUser(or2(text(body["user_id"]), uuid()), body)
	teams := list(body["teams"])
	if team := text(body["team_id"]); team != "" && !slices.Contains(teams, team) {
		teams = append(slices.Clone(teams), team)
	}
	for _, name := range teams {
		if team := byID(c.Teams, "team_id", name); team != nil {
			c.join(team, object{"user_id": user["user_id"], "user_email": user["user_email"], "role": "user"})
		}
	}
	row := view("user_new", user, "policies", nil, "object_permission", nil, "created_at", nil, "updated_at", nil, "key", "", "teams", nil)
	if body["auto_create_key"] != false {
		c.addKeyOfUser(row, body, expires)
	} else {
		for _, name := range []string{"model_max_budget", "budget_fallbacks", "router_settings", "access_group_ids"} {
			row[name] = nil
		}
	}
	if teams := list(user["teams"]); len(teams) > 0 {
		row["teams"] = teams
	}
	return ok(row)
}

func updateUser(c *call) *reply {
	if bad := c.readAs("POST /user/update"); bad != nil {
		return bad
	}
	id, email := text(c.body["user_id"]), text(c.body["user_email"])
	if id == "" && email == "" {
		return valueError("Either user id or user email must be provided")
	}
	user := byID(c.Users, "user_id", id)
	if id == "" {
		user = byID(c.Users, "user_email", email)
	}
	if message, is := negativeBudget(c.body["max_budget"]); is {
		return failure(http.StatusBadRequest, pyDict("error", message))
	}
	if bad := badUserChange(c.body); bad != nil {
		return bad
	}
	if user == nil { // an unknown user is made
		if id == "" {
			id = uuid()
		}
		user = c.addUser(id, c.body)
	} else {
		c.changeUser(user, c.body)
		user["policies"] = or(c.body["policies"], user["policies"])
		user["updated_at"] = c.stamp()
	}
	return ok(object{"user_id": user["user_id"], "data": view("user_row", user, "object_permission", nil, "organization_memberships", nil)})
}

func deleteUsers(c *call) *reply {
	if bad := c.read("user_ids!:list"); bad != nil {
		return bad
	}
	ids := list(c.body["user_ids"])
	for _, id := range ids {
		if byID(c.Users, "user_id", id) == nil {
			return detailError(http.StatusNotFound, "User not found, passed user_id="+id)
		}
	}
	for _, id := range ids {
		for _, key := range slices.Clone(c.Keys) {
			if key["user_id"] == id {
				c.removeKey(key)
			}
		}
		for _, team := range c.teamIDs(id) {
			c.leave(byID(c.Teams, "team_id", team), id)
		}
		drop(&c.Users, "user_id", id)
	}
	return ok(len(ids))
}

func listUsers(c *call) *reply {
	page, size, bad := c.pageQuery("page_size", 25)
	if bad != nil {
		return bad
	}
	if !c.who.sees() {
		return detailError(http.StatusForbidden, "Only proxy admins and organization admins can list users.")
	}
	sorts := []string{"user_id", "user_email", "created_at", "spend", "user_alias", "user_role", "max_budget", "updated_at", "sso_user_id", "status", "key_count"}
	sortBy, order := c.query.Get("sort_by"), or2(c.query.Get("sort_order"), "asc")
	if sortBy != "" {
		if !slices.Contains(sorts, sortBy) {
			return detailError(http.StatusBadRequest, "Invalid sort column. Must be one of: "+strings.Join(sorts, ", "))
		}
		if !strings.EqualFold(order, "asc") && !strings.EqualFold(order, "desc") {
			return detailError(http.StatusBadRequest, "Invalid sort order. Must be 'asc' or 'desc'")
		}
	}
	var found []object
	for _, user := range c.ordered("users", or2(sortBy, "created_at"), sortBy != "" && strings.EqualFold(order, "asc")) {
		if c.userMatches(user) {
			found = append(found, user)
		}
	}
	cut, pages := pageOf(found, page, size)
	users, keys := []object{}, countBy(c.Keys, "user_id")
	for _, user := range cut {
		users = append(users, view("user_list", user, "organization_memberships", nil, "key_count", keys[user["user_id"]]))
	}
	return ok(object{"users": users, "total": len(found), "page": page, "page_size": size, "total_pages": pages})
}

func (c *call) userMatches(user object) bool {
	id, email := text(user["user_id"]), text(user["user_email"])
	if role := c.query.Get("role"); role != "" && user["user_role"] != role {
		return false
	}
	if ids := c.query.Get("user_ids"); ids != "" {
		if wanted := strings.Split(ids, ","); len(wanted) > 1 && !slices.Contains(wanted, id) || len(wanted) == 1 && !contains(id, ids) {
			return false
		}
	}
	if part := c.query.Get("user_email"); !likes(email, part) {
		return false
	}
	if part := c.query.Get("search"); !likes(id, part) && !likes(email, part) && !likes(text(user["user_alias"]), part) {
		return false
	}
	if team := c.query.Get("team"); team != "" && !slices.Contains(list(user["teams"]), team) {
		return false
	}
	if sso := c.query.Get("sso_user_ids"); sso != "" && !slices.Contains(strings.Split(sso, ","), text(user["sso_user_id"])) {
		return false
	}
	return c.query.Get("organization_ids") == "" // nobody is in an organization
}

// or2 returns s, or otherwise when it is empty.
func or2(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func userInfo(c *call) *reply {
	id := c.query.Get("user_id")
	if id == "" && c.who.key == nil {
		return ok(c.everything())
	}
	if id == "" {
		id = c.who.userID
	}
	if !c.who.sees() && id != c.who.userID {
		return failure(http.StatusForbidden, fmt.Sprintf("key not allowed to access this user's info. user_id=%s, key's user_id=%s", id, c.who.userID))
	}
	user := byID(c.Users, "user_id", id)
	if user == nil && id == masterUser {
		user = object{"user_id": masterUser, "user_role": roleAdmin, "teams": []any{}, "spend": 0.0}
	}
	if user == nil {
		return failure(http.StatusNotFound, "User "+or2(id, pyNone)+" not found")
	}
	keys := c.keysOf("user_id", id)
	for _, key := range keys {
		key["team_alias"] = c.teamAlias(text(key["team_id"]))
	}
	teams := []object{}
	for _, team := range c.Teams {
		if slices.Contains(list(user["teams"]), text(team["team_id"])) {
			teamID := text(team["team_id"])
			own := slices.DeleteFunc(c.memberships(teamID), func(m object) bool { return m["user_id"] != id })
			teams = append(teams, view("team", team, "team_memberships", own, "keys", c.keysOf("team_id", teamID)))
		}
	}
	return ok(object{"user_id": id, "user_info": view("user_info", user, "object_permission", nil, "model_max_budget_usage", modelUsage(user)), "keys": keys, "teams": teams, "admin_mcp_permissions": nil})
}

func (c *call) teamAlias(id string) any {
	if team := byID(c.Teams, "team_id", id); team != nil {
		return or(team["team_alias"], pyNone)
	}
	return pyNone
}

// everything is /user/info for the master key: all keys and teams.
func (c *call) everything() object {
	keys, teams := []object{}, []object{}
	for _, key := range c.Keys {
		keys = append(keys, view("key_brief", key, "team_alias", c.teamAlias(text(key["team_id"]))))
	}
	for _, team := range c.Teams {
		teams = append(teams, view("team", team))
	}
	var user any
	if row := byID(c.Users, "user_id", masterUser); row != nil {
		user = view("user_info", row)
	}
	return object{"user_id": masterUser, "user_info": user, "keys": keys, "teams": teams}
}

func userInfoV2(c *call) *reply {
	id := or2(c.query.Get("user_id"), c.who.userID)
	if id == "" {
		return failure(http.StatusBadRequest, "user_id is required. Either pass it as a query parameter or authenticate with a user-bound key.")
	}
	if !c.who.sees() && id != c.who.userID {
		return failure(http.StatusForbidden, fmt.Sprintf("key not allowed to access this user's info. user_id=%s, key's user_id=%s", id, c.who.userID))
	}
	user := byID(c.Users, "user_id", id)
	if user == nil {
		return failure(http.StatusNotFound, "User not found: "+id)
	}
	return ok(view("user_v2", user))
}
