package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

var teamFields = []string{"team_alias", "max_budget", "soft_budget", "budget_duration", "models", "metadata", "tpm_limit", "rpm_limit",
	"tpd_limit", "max_parallel_requests", "blocked", "team_member_permissions", "access_group_ids", "default_team_member_models", "admins", "members"}

func noTeam(id string) *reply {
	return detailError(http.StatusNotFound, "Team not found, passed team_id="+id)
}

func newTeam(c *call) *reply {
	if bad := c.readAs("POST /team/new"); bad != nil {
		return bad
	}
	body := c.body
	members, bad := newMembers(body)
	if bad != nil {
		return bad
	}
	id := text(body["team_id"])
	if byID(c.Teams, "team_id", id) != nil {
		return failure(http.StatusBadRequest, pyDict("error", "Team id = "+id+" already exists. Please use a different team id."))
	}
	if bad := badLimits(c.body); bad != nil {
		return bad
	}
	if bad := badTeam(body, true); bad != nil {
		return bad
	}
	if id := text(body["organization_id"]); id != "" {
		return failure(http.StatusBadRequest, "Organization not found for organization_id="+id)
	}
	if id == "" {
		id = uuid()
	}
	team := c.addTeam(id, body)
	for _, member := range members {
		c.join(team, member)
	}
	if !isMember(team, c.who.userID) {
		c.join(team, object{"user_id": c.who.userID, "role": "admin"})
	}
	if models := body["default_team_member_models"]; !isFalsy(models) {
		for _, membership := range c.Memberships {
			if membership["team_id"] == id {
				membership["budget_id"] = c.addBudget(object{"allowed_models": models})["budget_id"]
			}
		}
	}
	return ok(view("team", team, "object_permission", nil, "litellm_model_table", plainAliases(team), "router_settings", or(body["router_settings"], object{})))
}

// newMembers are the members that a new team begins with.
func newMembers(body object) (members []object, bad *reply) {
	given, _ := body["members_with_roles"].([]any)
	for i, member := range given {
		fields, _ := member.(object)
		if text(fields["user_id"]) == "" && text(fields["user_email"]) == "" {
			return nil, invalid(problem("value_error", "Value error, Either user id or user email must be provided", "body", "members_with_roles", i))
		}
		members = append(members, fields)
	}
	return members, nil
}

// addTeam stores a team made of the body's fields, without members.
func (c *call) addTeam(id string, body object) object {
	now := c.stamp()
	team := maps.Clone(shapes()["team_info"])
	team["team_id"], team["created_at"], team["updated_at"], team["members_with_roles"] = id, now, now, []object{}
	c.changeTeam(team, body)
	c.Teams = append(c.Teams, team)
	return team
}

func (c *call) changeTeam(team, body object) {
	before, _ := team["metadata"].(object)
	for _, name := range teamFields {
		value, given := body[name]
		if !given || value == nil && slices.Contains([]string{"blocked", "team_member_permissions", "default_team_member_models"}, name) {
			continue
		}
		if empty, is := emptied[name]; is && value == nil {
			value = empty
		}
		team[name] = value
	}
	keepInMetadata(team, body, inMetadata, premium)
	keepMemberBudget(team, before)
	c.limitMembers(team, body)
	permit(team, body, false)
	c.setWindows(team, body, "Z")
	c.aliasModels(team, body)
	_ = setRouter(team, body, true) // what it refuses was refused before
	if duration, given := body["budget_duration"]; given {
		team["budget_reset_at"] = nil
		if at, is := resetTime(c.now(), text(duration)); is {
			team["budget_reset_at"] = at
		}
	}
}

func updateTeam(c *call) *reply {
	if bad := c.readAs("POST /team/update"); bad != nil {
		return bad
	}
	id := text(c.body["team_id"])
	team := byID(c.Teams, "team_id", id)
	if !c.who.isAdmin() && roleIn(team, c.who.userID) != "admin" {
		return failure(http.StatusForbidden, "You do not have access to this team")
	}
	if team == nil {
		return failure(http.StatusNotFound, pyDict("error", "Team not found, passed team_id="+id))
	}
	if bad := badLimits(c.body); bad != nil {
		return bad
	}
	if bad := badTeam(c.body, false); bad != nil {
		return bad
	}
	if bad := badTeamChange(c.body); bad != nil {
		return bad
	}
	c.changeTeam(team, c.body)
	team["updated_at"] = c.stamp()
	data := view("team_row", team, "budget_limits", windowsAt(team, "+00:00"))
	return ok(object{"team_id": id, "data": data})
}

func deleteTeams(c *call) *reply {
	if bad := c.read("team_ids!:list"); bad != nil {
		return bad
	}
	ids := list(c.body["team_ids"])
	for _, id := range ids {
		if byID(c.Teams, "team_id", id) == nil {
			return noTeam(id)
		}
	}
	for _, id := range ids {
		for _, key := range slices.Clone(c.Keys) {
			if key["team_id"] == id {
				c.removeKey(key)
			}
		}
		for _, user := range c.Users {
			user["teams"] = slices.DeleteFunc(slices.Clone(list(user["teams"])), func(team string) bool { return team == id })
		}
		drop(&c.Memberships, "team_id", id)
		c.keepDeleted(byID(c.Teams, "team_id", id))
		drop(&c.Teams, "team_id", id)
	}
	return ok(object{"deleted_teams": append([]string{}, ids...)})
}

func blockTeam(c *call) *reply   { return setTeamBlocked(c, true) }
func unblockTeam(c *call) *reply { return setTeamBlocked(c, false) }

func setTeamBlocked(c *call, blocked bool) *reply {
	if bad := c.read("team_id!:str"); bad != nil {
		return bad
	}
	id := text(c.body["team_id"])
	team := byID(c.Teams, "team_id", id)
	if team == nil {
		return noTeam(id)
	}
	team["blocked"], team["updated_at"] = blocked, c.stamp()
	return ok(view("team_row", team))
}

func teamInfo(c *call) *reply {
	id := c.query.Get("team_id")
	if id == "" {
		return failure(http.StatusUnprocessableEntity, "{'message': 'Malformed request. No team id passed in.'}")
	}
	team := byID(c.Teams, "team_id", id)
	if team == nil {
		return failure(http.StatusNotFound, "{'message': "+pyString("Team not found, passed team id: "+id+".")+"}")
	}
	if refusal := c.teamRefusal(team); refusal != nil {
		return refusal
	}
	var members []object
	for _, member := range membersOf(team) {
		member = maps.Clone(member)
		member["user_alias"] = nil
		if user := byID(c.Users, "user_id", text(member["user_id"])); user != nil {
			member["user_alias"] = user["user_alias"]
		}
		members = append(members, member)
	}
	shared := c.membersBudget(team)
	var table any
	if shared != nil {
		table = view("budget_small", shared)
	}
	memberships := c.memberships(id)
	for _, membership := range memberships {
		membership["budget_source"] = budgetSource(membership, shared)
	}
	info := view("team_info", team, "members_with_roles", append([]object{}, members...), "team_member_budget_table", table,
		"object_permission", plainPermission(team), "litellm_model_table", plainAliases(team))
	showAccessGroups(info)
	return ok(object{"team_id": id, "team_info": info,
		"keys": c.keysOf("team_id", id), "team_memberships": memberships})
}

// teamRefusal keeps callers from teams that are not theirs.
func (c *call) teamRefusal(team object) *reply {
	id, own := text(team["team_id"]), ""
	if c.who.key != nil {
		own = text(c.who.key["team_id"])
	}
	message := ""
	switch {
	case c.who.sees(), own == id, isMember(team, c.who.userID):
		return nil
	case c.who.userID != "":
		message = "User=" + c.who.userID + " not authorized to access this team=" + id
	case own != "":
		message = "Team key for team=" + own + " not authorized to access this team=" + id
	default:
		message = "API key not authorized to access this team=" + id + ". No user_id or team_id associated with this key."
	}
	return failure(http.StatusForbidden, pyDict("error", message))
}

// teamIDs are the teams that the user belongs to.
func (c *call) teamIDs(userID string) []string {
	var ids []string
	for _, team := range c.Teams {
		if isMember(team, userID) {
			ids = append(ids, text(team["team_id"]))
		}
	}
	return ids
}

func (c *call) teamsForbidden() *reply {
	if c.who.sees() || c.who.userID != "" && c.query.Get("user_id") == c.who.userID {
		return nil
	}
	return detailError(http.StatusUnauthorized, "Only admin users can query all teams/other teams. Your user role="+c.who.shownRole())
}

func (c *call) teamMatches(team object) bool {
	if id := c.query.Get("user_id"); id != "" && !isMember(team, id) {
		return false
	}
	organization := c.query.Get("organization_id")
	return organization == "" || team["organization_id"] == organization
}

func listTeams(c *call) *reply {
	if bad := c.teamsForbidden(); bad != nil {
		return bad
	}
	out, user := []object{}, c.query.Get("user_id")
	keys, memberships := groupBy(c.Keys, "team_id"), groupBy(c.Memberships, "team_id")
	for _, team := range c.Teams {
		if !c.teamMatches(team) {
			continue
		}
		members := []object{}
		for _, row := range memberships[team["team_id"]] {
			if user == "" || row["user_id"] == user {
				members = append(members, c.withBudget(row))
			}
		}
		out = append(out, view("team", team, "team_memberships", members, "keys", c.keyRows(keys[team["team_id"]])))
	}
	return ok(out)
}

func listTeamsV2(c *call) *reply {
	page, size, bad := c.pageQuery("page_size", 10)
	if bad != nil {
		return bad
	}
	if bad := c.teamsForbidden(); bad != nil {
		return bad
	}
	status := c.query.Get("status")
	if status != "" && status != "deleted" {
		return detailError(http.StatusBadRequest, "Invalid status value. Currently only 'deleted' is supported.")
	}
	sortBy, ascending := c.query.Get("sort_by"), !strings.EqualFold(c.query.Get("sort_order"), "desc")
	if !slices.Contains([]string{"team_id", "team_alias", "created_at", "organization_alias"}, sortBy) && !slices.Contains(settled["teams"].fields, sortBy) { // anything else is ignored
		sortBy, ascending = "created_at", false
	}
	table := "teams"
	if status == "deleted" {
		table = "deleted_teams"
	}
	var found []object
	for _, team := range c.ordered(table, sortBy, ascending) {
		id, alias := text(team["team_id"]), text(team["team_alias"])
		want, search := c.query.Get("team_id"), c.query.Get("search")
		if c.teamMatches(team) && (want == "" || want == id) && likes(alias, c.query.Get("team_alias")) &&
			(search == "" || likes(alias, search) || id == search) {
			found = append(found, team)
		}
	}
	cut, pages := pageOf(found, page, size)
	teams, keys := []object{}, countBy(c.Keys, "team_id")
	for _, team := range cut {
		if status == "deleted" {
			teams = append(teams, team)
			continue
		}
		teams = append(teams, view("team_v2", team, "members_count", len(membersOf(team)), "keys_count", keys[team["team_id"]],
			"caller_membership", c.callerMembership(team)))
	}
	return ok(object{"teams": teams, "total": len(found), "page": page, "page_size": size, "total_pages": pages})
}

// availableTeams are those that anybody may join: none unless configured.
func availableTeams(*call) *reply { return ok([]object{}) }
