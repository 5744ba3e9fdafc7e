package sandbox

import (
	"maps"
	"strings"
)

// memberLimits are the fields of a team that limit each of its members, by their names
// in a budget.
var memberLimits = map[string]string{"team_member_budget": "max_budget", "team_member_tpm_limit": "tpm_limit",
	"team_member_rpm_limit": "rpm_limit", "team_member_budget_duration": "budget_duration"}

// memberBudget is the member of a team's metadata that names the budget of its members.
const memberBudget = "team_member_budget_id"

// limitMembers gives a team a budget for each of its members, or changes it; null removes
// a limit. Members without a budget of their own get it, and its period those whose own
// budget only names models.
func (c *call) limitMembers(team, body object) {
	limits, set := object{}, false
	for field, name := range memberLimits {
		if value, given := body[field]; given {
			limits[name] = value
			set = set || value != nil
		}
	}
	budget := c.membersBudget(team)
	switch {
	case budget != nil && len(limits) > 0:
		c.changeBudget(budget, limits)
	case set:
		budget = c.addMembersBudget(team, limits)
	default:
		return
	}
	for _, membership := range c.Memberships {
		if membership["team_id"] != team["team_id"] {
			continue
		}
		if membership["budget_id"] == nil {
			membership["budget_id"] = budget["budget_id"]
		}
		own := byID(c.Budgets, "budget_id", text(membership["budget_id"]))
		if period := body["team_member_budget_duration"]; period != nil && own != nil && own["max_budget"] == nil && own["budget_duration"] == nil && limitsOf(own)["allowed_models"] != nil {
			c.changeBudget(own, object{"budget_duration": period})
		}
	}
}

// addMembersBudget stores a team's budget for each member. Without a period of its own it
// has the team's.
func (c *call) addMembersBudget(team, limits object) object {
	if _, given := limits["budget_duration"]; !given && team["budget_duration"] != nil {
		limits["budget_duration"] = team["budget_duration"]
	}
	name := "team-"
	if alias := text(team["team_alias"]); alias != "" {
		name += strings.ReplaceAll(alias, " ", "-") + "-"
	}
	limits["budget_id"] = name + "budget-" + strings.ReplaceAll(uuid(), "-", "")
	budget := c.addBudget(limits)
	metadata := maps.Clone(or(team["metadata"], object{}).(object))
	metadata[memberBudget] = budget["budget_id"]
	team["metadata"] = metadata
	return budget
}

// membersBudget is the budget of each member of a team; nil: there is none.
func (c *call) membersBudget(team object) object {
	metadata, _ := team["metadata"].(object)
	return byID(c.Budgets, "budget_id", text(metadata[memberBudget]))
}

// keepMemberBudget keeps the name of that budget where new metadata leaves it out.
func keepMemberBudget(team, before object) {
	id := before[memberBudget]
	if metadata, _ := team["metadata"].(object); id != nil && metadata[memberBudget] == nil {
		kept := maps.Clone(metadata)
		if kept == nil {
			kept = object{}
		}
		kept[memberBudget] = id
		team["metadata"] = kept
	}
}
