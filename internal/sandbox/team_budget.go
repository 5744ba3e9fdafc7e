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

// limitMembers gives a team a budget for each of its members. Those without one of their
// own get it.
func (c *call) limitMembers(team, body object) {
	limits := object{}
	for field, name := range memberLimits {
		if value, given := body[field]; given && value != nil {
			limits[name] = value
		}
	}
	if len(limits) == 0 {
		return
	}
	budget := c.membersBudget(team)
	if budget != nil {
		c.changeBudget(budget, limits)
	} else {
		limits["budget_id"] = "team-budget-" + strings.ReplaceAll(uuid(), "-", "")
		budget = c.addBudget(limits)
		metadata := maps.Clone(or(team["metadata"], object{}).(object))
		metadata[memberBudget] = budget["budget_id"]
		team["metadata"] = metadata
	}
	for _, membership := range c.Memberships {
		if membership["team_id"] == team["team_id"] && membership["budget_id"] == nil {
			membership["budget_id"] = budget["budget_id"]
		}
	}
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
