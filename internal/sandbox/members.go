package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func membersOf(team object) []object {
	switch members := team["members_with_roles"].(type) {
	case []object:
		return members
	case []any: // out of a file
		out := make([]object, len(members))
		for i, member := range members {
			out[i], _ = member.(object)
		}
		return out
	}
	return nil
}

func isMember(team object, userID string) bool {
	return team != nil && userID != "" && byID(membersOf(team), "user_id", userID) != nil
}

// roleIn returns the role of a member of a team, or "" for who is none.
func roleIn(team object, userID string) string {
	if !isMember(team, userID) {
		return ""
	}
	return text(byID(membersOf(team), "user_id", userID)["role"])
}

// join makes a user a member of a team, and a user of somebody unknown.
func (c *call) join(team, member object) (user, membership object) {
	id, email := text(member["user_id"]), text(member["user_email"])
	user = byID(c.Users, "user_id", id)
	if id == "" {
		user = byID(c.Users, "user_email", email)
	}
	if user == nil {
		user = c.addUser(or2(id, uuid()), object{"user_email": member["user_email"], "user_role": roleUser})
	}
	id = text(user["user_id"])
	teamID := text(team["team_id"])
	team["members_with_roles"] = append(slices.Clone(membersOf(team)), object{"user_id": id, "user_email": or(member["user_email"], user["user_email"]), "role": member["role"]})
	user["teams"] = append(slices.Clone(list(user["teams"])), teamID)
	membership = c.addMembership(team, id)
	team["updated_at"] = c.stamp()
	return user, membership
}

// leave ends a user's membership; the team's keys of that user go too.
func (c *call) leave(team object, userID string) {
	teamID := team["team_id"]
	team["members_with_roles"] = slices.DeleteFunc(slices.Clone(membersOf(team)), func(m object) bool { return m["user_id"] == userID })
	if user := byID(c.Users, "user_id", userID); user != nil {
		user["teams"] = slices.DeleteFunc(slices.Clone(list(user["teams"])), func(id string) bool { return id == teamID })
	}
	c.Memberships = slices.DeleteFunc(c.Memberships, func(m object) bool { return m["user_id"] == userID && m["team_id"] == teamID })
	for _, key := range slices.Clone(c.Keys) {
		if key["team_id"] == teamID && key["user_id"] == userID {
			c.removeKey(key)
		}
	}
	team["updated_at"] = c.stamp()
}

// memberships are copies of a team's memberships with their budgets.
func (c *call) memberships(teamID string) []object {
	out := []object{}
	for _, row := range c.Memberships {
		if row["team_id"] == teamID {
			out = append(out, c.withBudget(row))
		}
	}
	return out
}

func (c *call) withBudget(row object) object {
	out := maps.Clone(row)
	if budget := byID(c.Budgets, "budget_id", text(row["budget_id"])); budget != nil {
		out["litellm_budget_table"] = view("budget_small", budget)
	}
	return out
}

// callerMembership is what a list of teams says of the caller's own part in one.
func (c *call) callerMembership(team object) any {
	var row object
	for _, one := range c.Memberships {
		if one["team_id"] == team["team_id"] && one["user_id"] == c.who.userID {
			row = one
		}
	}
	if c.who.userID == "" || row == nil && !isMember(team, c.who.userID) {
		return nil
	}
	own := byID(c.Budgets, "budget_id", text(row["budget_id"]))
	limit, resetAt := own["max_budget"], any(nil)
	if n, is := number(c.membersBudget(team)["max_budget"]); is && n > 0 && limit == nil {
		limit = money(n)
	}
	if limit != nil {
		resetAt = own["budget_reset_at"]
	}
	return object{"spend": or(row["spend"], money(0)), "max_budget": limit, "budget_reset_at": resetAt}
}

// membersToAdd are the members that the body names: one, or a list.
func (c *call) membersToAdd() (members []object, bad *reply) {
	switch given := c.body["member"].(type) {
	case object:
		members = append(members, given)
	case []any:
		for _, one := range given {
			if member, is := one.(object); is {
				members = append(members, member)
			}
		}
	}
	for _, member := range members {
		if text(member["user_id"]) == "" && text(member["user_email"]) == "" {
			return nil, valueError("Either user id or user email must be provided")
		}
	}
	return members, nil
}

func addMember(c *call) *reply {
	if bad := c.readAs("POST /team/member_add"); bad != nil {
		return bad
	}
	members, bad := c.membersToAdd()
	if bad != nil {
		return bad
	}
	id := text(c.body["team_id"])
	team := byID(c.Teams, "team_id", id)
	if team == nil {
		return detailError(http.StatusNotFound, "Team doesn't exist in db. Team="+id+". Create team via `/team/new` call.")
	}
	if bad := c.manages(team, "/team/member_add"); bad != nil {
		return bad
	}
	for _, member := range members {
		if member["role"] == "admin" {
			return detailError(http.StatusBadRequest, "Assigning team admins is a premium feature. "+enterprise)
		}
		if isMember(team, text(member["user_id"])) || byID(membersOf(team), "user_email", text(member["user_email"])) != nil {
			return fail(http.StatusBadRequest, "team_member_already_in_team", "member", fmt.Sprintf(
				"User already in team. Member: user_id=%s, user_email=%s. Existing members=%s",
				or2(text(member["user_id"]), pyNone), or2(text(member["user_email"]), pyNone), pyMembers(membersOf(team))))
		}
	}
	users, memberships := []object{}, []object{}
	for _, member := range members {
		known := byID(c.Users, "user_id", text(member["user_id"]))
		before := known["teams"] // which the answer has of a user who was there
		user, membership := c.join(team, member)
		if known == nil {
			before = user["teams"]
		}
		c.limitNewMember(team, membership)
		users = append(users, view("user_list", user, "organization_memberships", nil, "teams", before))
		memberships = append(memberships, c.withBudget(membership))
	}
	return ok(view("team", team, "updated_users", users, "updated_team_memberships", memberships))
}

func pyMembers(members []object) string {
	var out []string
	for _, member := range members {
		email := pyNone
		if s := text(member["user_email"]); s != "" {
			email = pyString(s)
		}
		out = append(out, fmt.Sprintf("Member(user_id=%s, user_email=%s, role=%s)", pyString(text(member["user_id"])), email, pyString(text(member["role"]))))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// oneMember reads the body of a request about one member of a team.
func (c *call) oneMember(read func() *reply) (team object, userID string, bad *reply) {
	if bad := read(); bad != nil {
		return nil, "", bad
	}
	userID = text(c.body["user_id"])
	email := text(c.body["user_email"])
	if userID == "" && email == "" {
		return nil, "", valueError("Either user id or user email must be provided")
	}
	id := text(c.body["team_id"])
	if team = byID(c.Teams, "team_id", id); team == nil {
		return nil, "", detailError(http.StatusBadRequest, "Team id="+id+" does not exist in db")
	}
	if bad := c.manages(team, "/team/member_delete"); bad != nil { // in an update, too
		return nil, "", bad
	}
	if member := byID(membersOf(team), "user_email", email); userID == "" && member != nil {
		userID = text(member["user_id"])
	}
	return team, userID, nil
}

func deleteMember(c *call) *reply {
	team, userID, bad := c.oneMember(func() *reply { return c.read("team_id!:str user_id:str user_email:str") })
	if bad != nil {
		return bad
	}
	if !isMember(team, userID) {
		return detailError(http.StatusBadRequest, "User not found in team")
	}
	c.leave(team, userID)
	return ok(view("team", team))
}

func updateMember(c *call) *reply {
	team, userID, bad := c.oneMember(func() *reply { return c.readAs("POST /team/member_update") })
	if bad != nil {
		return bad
	}
	if (c.body["temp_budget_increase"] == nil) != (c.body["temp_budget_expiry"] == nil) {
		return valueError("temp_budget_increase and temp_budget_expiry must be set together")
	}
	if c.body["temp_budget_increase"] != nil {
		return unsupported("temp_budget_increase")
	}
	if !isFalsy(c.body["model_max_budget"]) {
		return detailError(http.StatusForbidden, "Setting model_max_budget on a team is an enterprise feature. "+enterprise)
	}
	if c.body["role"] == "admin" {
		return detail(http.StatusBadRequest, "Assigning team admins is a premium feature. "+strings.NewReplacer(
			"/enterprise#trial", "/#trial", ". \nPricing", ". Pricing").Replace(enterprise))
	}
	if bad := c.limitMember(team, userID); bad != nil {
		return bad
	}
	return ok(object{"user_id": or(any(userID), nil), "user_email": c.body["user_email"], "team_id": team["team_id"],
		"max_budget_in_team": c.body["max_budget_in_team"], "tpm_limit": c.body["tpm_limit"], "rpm_limit": c.body["rpm_limit"],
		"budget_duration": c.body["budget_duration"], "allowed_models": c.body["allowed_models"], "temp_budget_increase": nil, "temp_budget_expiry": nil, "model_max_budget": nil})
}
