package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

func blockModel(c *call) *reply   { return setModelBlocked(c, true) }
func unblockModel(c *call) *reply { return setModelBlocked(c, false) }

func setModelBlocked(c *call, blocked bool) *reply {
	if bad := c.read("model_id!:str"); bad != nil {
		return bad
	}
	id := text(c.body["model_id"])
	model := c.modelByID(id)
	switch {
	case model == nil:
		return fail(http.StatusNotFound, "not_found_error", nil, "Model "+id+" not found on proxy.")
	case !fromDB(model):
		return fail(http.StatusBadRequest, "validation_error", nil, "Cannot edit config-based model. Store model in DB via /model/new first.")
	}
	infoOf(model)["blocked"], model["updated_at"] = blocked, c.stamp()
	answer := c.stored(model)
	answer["blocked"] = blocked
	return ok(answer)
}

func modelDeprecations(c *call) *reply {
	days := c.query.Get("warn_within_days")
	if days == "" {
		days = "30"
	}
	within, _, message := convertInt(days)
	if message != "" {
		return invalid(problem("int_parsing", message, "query", "warn_within_days"))
	}
	return ok(object{"deprecated": []object{}, "imminent": []object{}, "upcoming": []object{}, "warn_within_days": within, "checked_at": c.stamp()})
}

// makePublic answers with the list it was given, names of no model too; there is
// no hub here.
func makePublic(c *call) *reply {
	if bad := c.read("model_groups!:list"); bad != nil {
		return bad
	}
	return ok(object{"message": "Successfully updated public model groups", "public_model_groups": c.body["model_groups"], "updated_by": c.who.name()})
}

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
	return object{"access_group": group, "model_names": slices.Compact(names), "deployment_count": count, "spend": money(0), "budget": budget}
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
	if bad := c.read("access_group!:str model_names:list model_ids:list"); bad != nil {
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
	if bad := c.read("model_names:list model_ids:list"); bad != nil {
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
	if bad := c.read("budget_id:str max_budget:float soft_budget:float budget_duration:str"); bad != nil {
		return bad
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

// fallbackOf is where a model's fallbacks are kept: with its first deployment.
func (c *call) fallbackOf(name, kind string) (model object, models []string) {
	model = c.modelNamed(name)
	if model == nil {
		return nil, nil
	}
	kept, _ := model["fallbacks"].(object)
	return model, list(kept[kind])
}

func fallbackKind(kind string) string { return or2(kind, "general") }

func noFallback(kind, name string) *reply {
	return detailError(http.StatusNotFound, fmt.Sprintf("No %s fallbacks configured for model '%s'", kind, name))
}

func setFallback(c *call) *reply {
	if bad := c.read("model!:str fallback_models!:list fallback_type:general|context_window|content_policy"); bad != nil {
		return bad
	}
	name, kind, given := text(c.body["model"]), fallbackKind(text(c.body["fallback_type"])), list(c.body["fallback_models"])
	var known, unknown []string
	for _, model := range c.Models {
		known = append(known, text(model["model_name"]))
	}
	slices.Sort(known)
	model, _ := c.fallbackOf(name, kind)
	if model == nil {
		return detail(http.StatusNotFound, object{"error": "Model '" + name + "' not found in router", "available_models": slices.Compact(known)})
	}
	for _, other := range given {
		if !slices.Contains(known, other) {
			unknown = append(unknown, other)
		}
	}
	switch {
	case unknown != nil:
		return detail(http.StatusBadRequest, object{"error": "Invalid fallback models: " + pyList(unknown), "available_models": slices.Compact(known)})
	case slices.Contains(given, name):
		return detailError(http.StatusBadRequest, "Model '"+name+"' cannot be its own fallback")
	}
	kept, _ := model["fallbacks"].(object)
	if kept == nil {
		kept = object{}
	}
	kept[kind] = given
	model["fallbacks"] = kept
	return ok(object{"model": name, "fallback_models": given, "fallback_type": kind, "message": "Fallback configuration created successfully"})
}

func getFallback(c *call) *reply {
	name, kind := c.param["model"], fallbackKind(c.query.Get("fallback_type"))
	_, models := c.fallbackOf(name, kind)
	if len(models) == 0 {
		return noFallback(kind, name)
	}
	return ok(object{"model": name, "fallback_models": models, "fallback_type": kind})
}

func deleteFallback(c *call) *reply {
	name, kind := c.param["model"], fallbackKind(c.query.Get("fallback_type"))
	model, models := c.fallbackOf(name, kind)
	if len(models) == 0 {
		return noFallback(kind, name)
	}
	delete(model["fallbacks"].(object), kind)
	return ok(object{"model": name, "fallback_type": kind, "message": "Fallback configuration deleted successfully"})
}

func listProjects(*call) *reply { return ok([]object{}) }

func getProject(c *call) *reply {
	return fail(http.StatusNotFound, "not_found", "project_id", "Project not found, project_id="+c.query.Get("project_id"))
}

func projectsRefused(*call) *reply {
	return internal(http.StatusForbidden, pyDict("error", "Project management is an enterprise feature. "+enterprise))
}

func providerBudgets(*call) *reply {
	return internal(http.StatusInternalServerError, "No provider budget config found. Please set a provider budget config in the router settings. "+
		"https://docs.litellm.ai/docs/proxy/provider_budget_routing")
}

func teamSpendByUser(c *call) *reply {
	from, to := c.query.Get("start_date"), c.query.Get("end_date")
	switch {
	case from == "" || to == "":
		return detailError(http.StatusBadRequest, "Please provide start_date and end_date")
	case c.query.Get("team_ids") == "":
		return detailError(http.StatusBadRequest, "Please provide team_ids")
	}
	return ok(object{"start_date": from, "end_date": to, "results": []object{}}) // nothing of it is kept here
}
