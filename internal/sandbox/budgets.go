package sandbox

import (
	"fmt"
	"maps"
	"net/http"
)

var budgetFields = []string{"max_budget", "soft_budget", "max_parallel_requests", "tpm_limit", "rpm_limit", "tpd_limit",
	"model_max_budget", "budget_duration", "allowed_models"}

// addBudget stores a budget made of the body's fields; keys, customers, tags
// and memberships with limits of their own have one too.
func (c *call) addBudget(body object) object {
	now := c.stamp()
	row := maps.Clone(shapes()["budget"])
	row["budget_id"] = or2(text(body["budget_id"]), uuid())
	row["created_at"], row["updated_at"], row["created_by"], row["updated_by"] = now, now, c.who.name(), c.who.name()
	c.changeBudget(row, body)
	c.Budgets = append(c.Budgets, row)
	return row
}

func (c *call) changeBudget(row, body object) {
	for _, name := range budgetFields {
		if value, given := body[name]; given {
			row[name] = value
		}
	}
	if row["allowed_models"] == nil {
		row["allowed_models"] = []any{}
	}
	if duration, given := body["budget_duration"]; given {
		row["budget_reset_at"] = nil
		if at, is := resetTime(c.now(), text(duration)); is {
			row["budget_reset_at"] = at
		}
	}
	if at, given := body["budget_reset_at"]; given {
		row["budget_reset_at"] = at
	}
}

func (c *call) readBudget(route string) *reply {
	if bad := c.readAs(route); bad != nil {
		return bad
	}
	if message, is := negativeBudget(c.body["max_budget"]); is {
		return detailError(http.StatusBadRequest, message)
	}
	if message, is := badBudgetDuration(c.body["budget_duration"]); is {
		return detailError(http.StatusBadRequest, message)
	}
	if message, refused := licensedModelBudget(c.body); refused {
		return detailError(http.StatusBadRequest, message)
	}
	return nil
}

func newBudget(c *call) *reply {
	if bad := c.readBudget("POST /budget/new"); bad != nil {
		return bad
	}
	if id := text(c.body["budget_id"]); byID(c.Budgets, "budget_id", id) != nil {
		return detailError(http.StatusBadRequest, fmt.Sprintf("Budget with id '%s' already exists.", id))
	}
	return ok(c.addBudget(c.body))
}

func listBudgets(c *call) *reply { return ok(append([]object{}, c.Budgets...)) }

func budgetInfo(c *call) *reply {
	if bad := c.read("budgets!:list"); bad != nil {
		return bad
	}
	ids := list(c.body["budgets"])
	if len(ids) == 0 {
		return detailError(http.StatusBadRequest, "Specify list of budget id's to query. Passed in=[]")
	}
	found := []object{}
	for _, id := range ids {
		if row := byID(c.Budgets, "budget_id", id); row != nil {
			found = append(found, row)
		}
	}
	return ok(found)
}

// updateBudget answers null when there is no such budget, like deleteBudget.
func updateBudget(c *call) *reply {
	if bad := c.readBudget("POST /budget/update"); bad != nil {
		return bad
	}
	id := text(c.body["budget_id"])
	if id == "" {
		return detailError(http.StatusBadRequest, "budget_id is required")
	}
	row := byID(c.Budgets, "budget_id", id)
	if row == nil {
		return ok(nil)
	}
	if limits, given := c.body["model_max_budget"]; given && limits == nil {
		return crash()
	}
	c.changeBudget(row, c.body)
	row["updated_at"], row["updated_by"] = c.stamp(), c.who.name()
	return ok(row)
}

func deleteBudget(c *call) *reply {
	if bad := c.read("id!:str"); bad != nil {
		return bad
	}
	id := text(c.body["id"])
	row := byID(c.Budgets, "budget_id", id)
	if row == nil {
		return ok(nil)
	}
	drop(&c.Budgets, "budget_id", id)
	for _, rows := range [][]object{c.Keys, c.Customers, c.Memberships} {
		for _, other := range rows {
			if other["budget_id"] == id {
				other["budget_id"] = nil
			}
		}
	}
	return ok(row)
}

func providerBudgets(*call) *reply {
	return failure(http.StatusInternalServerError, "No provider budget config found. Please set a provider budget config in the router settings. "+
		"https://docs.litellm.ai/docs/proxy/provider_budget_routing")
}
