package sandbox

import (
	"maps"
	"net/http"
)

const tagSpec = "name!:str description:str models:list max_budget:float budget_duration:str tpm_limit:int rpm_limit:int"

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
	if bad := c.read(tagSpec); bad != nil {
		return bad
	}
	name := text(c.body["name"])
	if byID(c.Tags, "name", name) != nil {
		return detail(http.StatusInternalServerError, "400: Tag "+name+" already exists")
	}
	now := c.stamp()
	row := object{"name": name, "description": c.body["description"], "models": or(c.body["models"], []any{}), "model_info": object{},
		"created_at": now, "updated_at": now, "created_by": c.who.name()}
	limits := maps.Clone(c.body)
	delete(limits, "models")
	if len(limitsOf(limits)) > 0 {
		budget := c.addBudget(limits)
		budget["budget_reset_at"] = nil // the gateway never starts a tag's budget again
		row["budget_id"] = budget["budget_id"]
	}
	c.Tags = append(c.Tags, row)
	if bad := c.badTagModels(); bad != nil {
		return bad
	}
	return ok(object{"message": "Tag " + name + " created successfully", "tag": c.tagCard(row)})
}

func updateTag(c *call) *reply {
	if bad := c.read(tagSpec + " spend:float"); bad != nil {
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
	limits := maps.Clone(c.body)
	for _, name := range []string{"name", "description", "models", "spend"} {
		delete(limits, name)
	}
	switch budget := byID(c.Budgets, "budget_id", text(row["budget_id"])); {
	case budget != nil:
		c.changeBudget(budget, limits)
	case len(limits) > 0:
		row["budget_id"] = c.addBudget(limits)["budget_id"]
	}
	if bad := c.badTagModels(); bad != nil {
		return bad
	}
	return ok(object{"message": "Tag " + name + " updated successfully", "tag": c.tagCard(row)})
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
