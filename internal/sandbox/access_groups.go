package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// groupsOf are the access groups of a deployment.
func groupsOf(model object) []string { return list(infoOf(model)["access_groups"]) }

func inGroup(model object, group string) bool { return slices.Contains(groupsOf(model), group) }

func noGroup(group string) *reply {
	return detailError(http.StatusNotFound, "Access group '"+group+"' not found")
}

// accessGroup is a group as lists show it, nil when no deployment is in it.
func (c *call) accessGroup(group string) object {
	names, count := []string{}, 0
	var budget any
	for _, model := range c.Models {
		if !inGroup(model, group) {
			continue
		}
		count++
		names = append(names, text(model["model_name"]))
		if ids, is := model["group_budgets"].(object); is {
			if row := byID(c.Budgets, "budget_id", text(ids[group])); row != nil {
				budget = object{"budget_id": row["budget_id"], "max_budget": row["max_budget"], "soft_budget": row["soft_budget"],
					"budget_duration": row["budget_duration"], "budget_reset_at": nil}
			}
		}
	}
	if count == 0 {
		return nil
	}
	slices.Sort(names)
	return object{"access_group": group, "model_names": slices.Compact(names), "deployment_count": count, "spend": c.groupSpend(group), "budget": budget}
}

func listAccessGroups(c *call) *reply {
	var names []string
	for _, model := range c.Models {
		names = append(names, groupsOf(model)...)
	}
	slices.Sort(names)
	groups := []object{}
	for _, name := range slices.Compact(names) {
		groups = append(groups, c.accessGroup(name))
	}
	return ok(object{"access_groups": groups})
}

func getAccessGroup(c *call) *reply {
	group := c.accessGroup(c.param["group"])
	if group == nil {
		return noGroup(c.param["group"])
	}
	return ok(group)
}

// groupMembers are the deployments that the body names.
func (c *call) groupMembers() (members []object, bad *reply) {
	names, ids := list(c.body["model_names"]), list(c.body["model_ids"])
	if len(names)+len(ids) == 0 {
		return nil, detailError(http.StatusBadRequest, "Either model_names or model_ids must be provided and non-empty")
	}
	var unknown []string
	for _, name := range names {
		before := len(members)
		for _, model := range c.Models {
			if model["model_name"] == name && fromDB(model) {
				members = append(members, model)
			}
		}
		switch {
		case len(members) > before:
		case c.modelNamed(name) != nil:
			return nil, detailError(http.StatusBadRequest, "Can't find model '"+name+"' in Database. Access group management is only supported for database models.")
		default:
			unknown = append(unknown, name)
		}
	}
	for _, id := range ids {
		if model := c.modelByID(id); model != nil && fromDB(model) {
			members = append(members, model)
		} else {
			unknown = append(unknown, id)
		}
	}
	members = slices.CompactFunc(members, func(a, b object) bool { return infoOf(a)["id"] == infoOf(b)["id"] })
	if unknown != nil {
		return nil, detailError(http.StatusBadRequest, "Model(s) not found: "+strings.Join(unknown, ", "))
	}
	return members, nil
}

func (c *call) joinGroup(group string, members []object) *reply {
	for _, model := range members {
		if !inGroup(model, group) {
			infoOf(model)["access_groups"] = append(slices.Clone(groupsOf(model)), group)
		}
	}
	return ok(object{"access_group": group, "model_names": c.body["model_names"], "model_ids": c.body["model_ids"], "models_updated": len(members)})
}

// emptyGroup takes every deployment out of a group and says how many there were.
func (c *call) emptyGroup(group string) int {
	count := 0
	for _, model := range c.Models {
		if inGroup(model, group) {
			count++
			infoOf(model)["access_groups"] = slices.DeleteFunc(slices.Clone(groupsOf(model)), func(name string) bool { return name == group })
		}
	}
	return count
}

func newAccessGroup(c *call) *reply {
	if bad := c.readAs("POST /access_group/new"); bad != nil {
		return bad
	}
	group := text(c.body["access_group"])
	members, bad := c.groupMembers()
	if bad != nil {
		return bad
	}
	if c.accessGroup(group) != nil {
		return detailError(http.StatusConflict, "Access group '"+group+"' already exists. Use PUT /access_group/"+group+"/update to modify it.")
	}
	return c.joinGroup(group, members)
}

func updateAccessGroup(c *call) *reply {
	if bad := c.readAs("PUT /access_group/{access_group}/update"); bad != nil {
		return bad
	}
	group := c.param["group"]
	members, bad := c.groupMembers()
	if bad != nil {
		return bad
	}
	if c.accessGroup(group) == nil {
		return noGroup(group)
	}
	c.emptyGroup(group)
	return c.joinGroup(group, members)
}

func deleteAccessGroup(c *call) *reply {
	group := c.param["group"]
	count := c.emptyGroup(group)
	if count == 0 {
		return noGroup(group)
	}
	return ok(object{"access_group": group, "models_updated": count, "message": "Access group '" + group + "' deleted successfully"})
}

func accessGroupBudget(c *call) *reply {
	group := c.accessGroup(c.param["group"])
	if group == nil {
		return noGroup(c.param["group"])
	}
	return ok(object{"access_group": group["access_group"], "spend": group["spend"], "budget": group["budget"]})
}

func setAccessGroupBudget(c *call) *reply {
	if bad := c.read(""); bad != nil {
		return bad
	}
	given := c.body
	if bad := c.readAs("PUT /access_group/{access_group}/budget"); bad != nil {
		return bad
	}
	for name := range given {
		if _, known := c.body[name]; !known {
			return invalid(problem("extra_forbidden", "Extra inputs are not permitted", "body", name))
		}
	}
	name := c.param["group"]
	if c.accessGroup(name) == nil {
		return noGroup(name)
	}
	id := c.body["budget_id"]
	if id == nil {
		if c.body["max_budget"] == nil && c.body["soft_budget"] == nil && c.body["budget_duration"] == nil {
			return detailError(http.StatusBadRequest, "One of max_budget, soft_budget, budget_duration or budget_id is required")
		}
		id = c.addBudget(c.body)["budget_id"]
	}
	for _, model := range c.Models {
		if inGroup(model, name) {
			budgets, _ := model["group_budgets"].(object)
			if budgets == nil {
				budgets = object{}
			}
			budgets[name] = id
			model["group_budgets"] = budgets
		}
	}
	return accessGroupBudget(c)
}

func deleteAccessGroupBudget(c *call) *reply {
	name := c.param["group"]
	group := c.accessGroup(name)
	if group == nil {
		return noGroup(name)
	}
	if group["budget"] == nil {
		return ok(object{"access_group": name, "budget_deleted": false, "message": "Access group '" + name + "' has no budget to delete"})
	}
	for _, model := range c.Models {
		if budgets, is := model["group_budgets"].(object); is {
			delete(budgets, name)
		}
	}
	return ok(object{"access_group": name, "budget_deleted": true, "message": "Budget for access group '" + name + "' deleted successfully"})
}
