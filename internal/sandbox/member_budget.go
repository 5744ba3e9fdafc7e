package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
)

// ownLimits are the limits of one member, by their names in a request, under their names in a
// budget.
var ownLimits = map[string]string{"max_budget_in_team": "max_budget", "tpm_limit": "tpm_limit", "rpm_limit": "rpm_limit",
	"budget_duration": "budget_duration", "allowed_models": "allowed_models"}

// budgetLimits are the fields of a budget that make it worth keeping.
var budgetLimits = []string{"max_budget", "soft_budget", "max_parallel_requests", "tpm_limit", "rpm_limit", "model_max_budget", "budget_duration", "allowed_models"}

func (c *call) membership(teamID any, userID string) object {
	for _, row := range c.Memberships {
		if row["team_id"] == teamID && row["user_id"] == userID {
			return row
		}
	}
	return nil
}

// addMembership stores a user's place in a team, with the team's budget for each member.
func (c *call) addMembership(team object, userID string) object {
	row := maps.Clone(shapes()["membership"])
	row["user_id"], row["team_id"], row["spend"], row["total_spend"] = userID, team["team_id"], money(0), money(0)
	if budget := c.membersBudget(team); budget != nil {
		row["budget_id"] = budget["budget_id"]
	}
	c.Memberships = append(c.Memberships, row)
	return row
}

// limitNewMember gives a new member a budget of its own if the request has one. A period
// alone is that of a copy of the team's budget; a limit takes nothing from that.
func (c *call) limitNewMember(team, membership object) {
	limit, models, duration := c.body["max_budget_in_team"], c.body["allowed_models"], c.body["budget_duration"]
	if models == nil && len(list(team["default_team_member_models"])) > 0 {
		models = team["default_team_member_models"]
	}
	shared, own := c.membersBudget(team), object{}
	switch {
	case limit != nil || models != nil:
		if limit != nil {
			own["max_budget"] = limit
		}
		if models != nil {
			own["allowed_models"] = models
		}
		if limit == nil && shared != nil && shared["budget_duration"] != nil {
			own["budget_duration"] = shared["budget_duration"]
		}
	case duration != nil:
		own = limitsOf(shared)
	default:
		return
	}
	if duration != nil {
		own["budget_duration"] = duration
	}
	membership["budget_id"] = c.addBudget(own)["budget_id"]
}

// limitMember changes the limits of one member. A member who shares the team's budget
// gets a copy of it.
func (c *call) limitMember(team object, userID string) *reply {
	change := object{}
	for field, name := range ownLimits {
		if value, given := c.body[field]; given {
			change[name] = value
		}
	}
	if len(change) == 0 {
		return nil
	}
	membership, shared := c.membership(team["team_id"], userID), c.membersBudget(team)
	if membership == nil {
		membership = c.addMembership(team, userID)
		membership["budget_id"] = nil
	}
	budget := byID(c.Budgets, "budget_id", text(membership["budget_id"]))
	if budget != nil && (shared == nil || budget["budget_id"] != shared["budget_id"]) {
		left := maps.Clone(budget)
		maps.Copy(left, change)
		switch models, given := change["allowed_models"]; {
		case len(limitsOf(left)) == 0:
			membership["budget_id"] = nil
		case given && models == nil:
			return crash()
		default:
			c.changeBudget(budget, change)
		}
		return nil
	}
	if budget != nil && hasAll(budget, change) {
		return nil // nothing in a copy would differ
	}
	own := limitsOf(budget)
	maps.Copy(own, change)
	own["model_max_budget"] = object{}
	if len(limitsOf(own)) == 0 {
		membership["budget_id"] = nil
		return nil
	}
	made := c.addBudget(own)
	if _, given := change["budget_duration"]; !given && budget != nil {
		made["budget_reset_at"] = budget["budget_reset_at"]
	}
	membership["budget_id"] = made["budget_id"]
	return nil
}

// hasAll reports whether an object has all values of a change already.
func hasAll(is, change object) bool {
	for name, value := range change {
		if !reflect.DeepEqual(is[name], value) {
			return false
		}
	}
	return true
}

// limitsOf are the limits that a budget sets; nil sets none.
func limitsOf(budget object) object {
	out := object{}
	for _, name := range budgetLimits {
		switch value := budget[name].(type) {
		case nil:
		case object:
			if len(value) > 0 {
				out[name] = value
			}
		case []any:
			if len(value) > 0 {
				out[name] = slices.Clone(value)
			}
		default:
			out[name] = value
		}
	}
	return out
}

// budgetSource says whose budget a member has.
func budgetSource(membership, shared object) string {
	switch id := membership["budget_id"]; {
	case id != nil && (shared == nil || id != shared["budget_id"]):
		return "custom"
	case shared != nil:
		return "team_default"
	}
	return "none"
}

// ofMember is the team and the membership that a path names.
func (c *call) ofMember() (team, membership object, bad *reply) {
	id, user := c.param["team_id"], c.param["user_id"]
	if team = byID(c.Teams, "team_id", id); team == nil {
		return nil, nil, detailError(http.StatusNotFound, "Team doesn't exist in db. Team="+id+". Create team via `/team/new` call.")
	}
	if !c.who.isAdmin() && roleIn(team, c.who.userID) != "admin" {
		return nil, nil, detail(http.StatusForbidden, "You do not have access to this team")
	}
	if membership = c.membership(id, user); membership == nil {
		return nil, nil, detailError(http.StatusNotFound, "User "+user+" is not a member of team "+id+".")
	}
	return team, membership, nil
}

func resetMemberSpend(c *call) *reply {
	if bad := c.read("reset_to!:float"); bad != nil {
		return bad
	}
	_, membership, bad := c.ofMember()
	if bad != nil {
		return bad
	}
	before, _ := number(membership["spend"])
	to, _ := number(c.body["reset_to"])
	switch {
	case to < 0:
		return detailError(http.StatusBadRequest, "reset_to must be a finite number >= 0")
	case to > before:
		return detailError(http.StatusBadRequest, fmt.Sprintf("reset_to (%s) must be <= current spend (%s)", money(to), money(before)))
	}
	membership["spend"] = money(to)
	var limit any
	if budget := byID(c.Budgets, "budget_id", text(membership["budget_id"])); budget != nil {
		limit = budget["max_budget"]
	}
	return ok(object{"team_id": c.param["team_id"], "user_id": c.param["user_id"], "spend": money(to), "previous_spend": money(before), "max_budget": limit})
}

func resetMemberBudget(c *call) *reply {
	team, membership, bad := c.ofMember()
	if bad != nil {
		return bad
	}
	before := membership["budget_id"]
	membership["budget_id"] = nil
	shared := c.membersBudget(team)
	if shared != nil {
		membership["budget_id"] = shared["budget_id"]
	}
	return ok(object{"team_id": c.param["team_id"], "user_id": c.param["user_id"], "budget_id": membership["budget_id"], "previous_budget_id": before,
		"budget_source": budgetSource(membership, shared)})
}
