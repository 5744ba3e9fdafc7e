package sandbox

import (
	"maps"
	"net/http"
)

// tagLimits are kept in a budget of the tag's.
var tagLimits = []string{"max_budget", "soft_budget", "max_parallel_requests", "tpm_limit", "rpm_limit", "model_max_budget", "budget_duration"}

func (c *call) tagCard(row object) object {
	out := maps.Clone(row)
	delete(out, "budget_id")
	delete(out, "spend") // no answer shows it
	return offset(out)
}

func (c *call) tagWithBudget(row object) object {
	card := c.tagCard(row)
	if budget := byID(c.Budgets, "budget_id", text(row["budget_id"])); budget != nil {
		card["litellm_budget_table"] = budget
	}
	return card
}

// badTagModels refuses, as the real gateway does after storing the tag, models
// that are not in the database.
func (c *call) badTagModels() *reply {
	for _, name := range list(c.body["models"]) {
		for _, model := range c.Models {
			if id := text(infoOf(model)["id"]); (model["model_name"] == name || id == name) && !fromDB(model) {
				return detail(http.StatusInternalServerError, "500: 404: Model "+id+" not found in database")
			}
		}
	}
	return nil
}

func newTag(c *call) *reply {
	if bad := c.readAs("POST /tag/new"); bad != nil {
		return bad
	}
	name := text(c.body["name"])
	if byID(c.Tags, "name", name) != nil {
		return detail(http.StatusInternalServerError, "400: Tag "+name+" already exists")
	}
	now := c.stamp()
	row := object{"name": name, "description": c.body["description"], "models": or(c.body["models"], []any{}), "model_info": object{},
		"created_at": now, "updated_at": now, "created_by": c.who.name()}
	c.limitTag(row)
	c.Tags = append(c.Tags, row)
	if bad := c.badTagModels(); bad != nil {
		return bad
	}
	return ok(object{"message": "Tag " + name + " created successfully", "tag": c.tagCard(row)})
}

func updateTag(c *call) *reply {
	if bad := c.readAs("POST /tag/update"); bad != nil {
		return bad
	}
	name := text(c.body["name"])
	row := byID(c.Tags, "name", name)
	if row == nil {
		return detail(http.StatusInternalServerError, "404: Tag "+name+" not found")
	}
	row["description"], row["models"] = c.body["description"], or(c.body["models"], []any{}) // what is not given is cleared
	row["updated_at"] = c.stamp()
	if spend := c.body["spend"]; spend != nil {
		row["spend"] = spend
	}
	if limits, given := c.body["model_max_budget"]; given && limits == nil && row["budget_id"] != nil {
		return detail(http.StatusInternalServerError, "`data.model_max_budget`: A value is required but not set")
	}
	c.limitTag(row)
	return ok(object{"message": "Tag " + name + " updated successfully", "tag": c.tagCard(row)})
}

// limitTag changes the tag's budget, or makes it one. The time of the next reset is set by
// a change only.
func (c *call) limitTag(row object) {
	if id := c.body["budget_id"]; id != nil {
		row["budget_id"] = id
	}
	limits, set := object{}, false
	for _, name := range tagLimits {
		if value, given := c.body[name]; given {
			limits[name] = value
			set = set || value != nil
		}
	}
	budget := byID(c.Budgets, "budget_id", text(row["budget_id"]))
	switch {
	case budget != nil && len(limits) > 0:
		c.changeBudget(budget, limits)
	case set:
		budget = c.addBudget(limits)
		row["budget_id"], budget["budget_reset_at"] = budget["budget_id"], nil
	}
}

func listTags(c *call) *reply {
	out := []object{}
	for _, row := range c.Tags {
		out = append(out, c.tagWithBudget(row))
	}
	return ok(out)
}

func tagInfo(c *call) *reply {
	if bad := c.read("names!:list"); bad != nil {
		return bad
	}
	found := object{}
	var unknown []string
	for _, name := range list(c.body["names"]) {
		if row := byID(c.Tags, "name", name); row != nil {
			found[name] = c.tagWithBudget(row)
		} else {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		return detail(http.StatusInternalServerError, "404: Tags not found: "+pyList(unknown))
	}
	return ok(found)
}

func deleteTag(c *call) *reply {
	if bad := c.read("name!:str"); bad != nil {
		return bad
	}
	name := text(c.body["name"])
	if drop(&c.Tags, "name", name) == 0 {
		return detail(http.StatusInternalServerError, "404: Tag "+name+" not found")
	}
	return ok(object{"message": "Tag " + name + " deleted successfully"})
}
