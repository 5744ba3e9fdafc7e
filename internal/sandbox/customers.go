package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// customerLimits are kept in a budget, the customer's own or a shared one.
var customerLimits = []string{"max_budget", "soft_budget", "max_parallel_requests", "tpm_limit", "rpm_limit", "tpd_limit", "budget_duration", "budget_reset_at"}

func noCustomer(id, param string) *reply {
	return fail(http.StatusNotFound, "not_found", param, "End User Id="+id+" does not exist in db")
}

func (c *call) customerCard(row object) object {
	out := maps.Clone(row)
	out["litellm_budget_table"] = nil
	out["object_permission"] = plainPermission(row)
	return c.withBudget(out)
}

func (c *call) readCustomer(route string) *reply {
	both := func() *reply {
		if c.body["max_budget"] != nil && c.body["budget_id"] != nil {
			return valueError("Set either 'max_budget' or 'budget_id', not both.")
		}
		return nil
	}
	if bad := c.read(""); bad != nil {
		return bad
	}
	if bad := both(); bad != nil && route == "POST /customer/new" { // an update looks at the types first
		return bad
	}
	if bad := c.readAs(route); bad != nil {
		return bad
	}
	if bad := both(); bad != nil {
		return bad
	}
	if !isFalsy(c.body["model_max_budget"]) {
		return unsupported("model_max_budget")
	}
	return nil
}

func (c *call) changeCustomer(row object) {
	for _, name := range []string{"alias", "blocked", "allowed_model_region", "default_model", "models", "budget_id", "spend"} {
		if value, given := c.body[name]; given && value != nil {
			row[name] = value
		}
	}
	permit(row, c.body, false)
	limits := object{}
	for _, name := range customerLimits {
		if value := c.body[name]; value != nil {
			limits[name] = value
		}
	}
	if len(limits) == 0 {
		return
	}
	if budget := byID(c.Budgets, "budget_id", text(row["budget_id"])); budget != nil {
		c.changeBudget(budget, limits)
		return
	}
	row["budget_id"] = c.addBudget(limits)["budget_id"]
}

func newCustomer(c *call) *reply {
	if bad := c.readCustomer("POST /customer/new"); bad != nil {
		return bad
	}
	id := text(c.body["user_id"])
	if byID(c.Customers, "user_id", id) != nil {
		return fail(http.StatusBadRequest, "bad_request", "user_id", "Customer already exists, passed user_id="+id+". Please pass a new user_id.")
	}
	if budget := text(c.body["budget_id"]); budget != "" && byID(c.Budgets, "budget_id", budget) == nil {
		return failure(http.StatusInternalServerError, "Foreign key constraint failed on the field: `LiteLLM_EndUserTable_budget_id_fkey (index)`")
	}
	row := c.addCustomer(id)
	c.changeCustomer(row)
	return ok(c.customerCard(row))
}

// addCustomer stores a customer without limits.
func (c *call) addCustomer(id string) object {
	row := maps.Clone(shapes()["customer"])
	row["user_id"], row["blocked"], row["alias"], row["spend"] = id, false, nil, money(0)
	c.Customers = append(c.Customers, row)
	return row
}

func customerInfo(c *call) *reply {
	if !c.query.Has("end_user_id") {
		return invalid(missing("query", "end_user_id"))
	}
	id := c.query.Get("end_user_id")
	row := byID(c.Customers, "user_id", id)
	if row == nil {
		return noCustomer(id, "end_user_id")
	}
	return ok(c.customerCard(row))
}

func listCustomers(c *call) *reply {
	page, size, bad := c.pageOfSize("page_size", 50, 100)
	if bad != nil {
		return bad
	}
	var found []object
	for _, row := range c.ordered("customers", "user_id", true) {
		if part := c.query.Get("search"); likes(text(row["user_id"]), part) || likes(text(row["alias"]), part) {
			found = append(found, row)
		}
	}
	cut, _ := pageOf(found, page, size)
	out := []object{}
	for _, row := range cut {
		out = append(out, c.customerCard(row))
	}
	return ok(out)
}

func updateCustomer(c *call) *reply {
	if bad := c.readCustomer("POST /customer/update"); bad != nil {
		return bad
	}
	id := text(c.body["user_id"])
	row := byID(c.Customers, "user_id", id)
	if row == nil {
		return noCustomer(id, "user_id")
	}
	maps.DeleteFunc(c.body, func(_ string, value any) bool { // the gateway takes 0 for not given
		n, is := number(value)
		return is && n == 0
	})
	c.changeCustomer(row)
	return ok(c.customerCard(row))
}

func deleteCustomers(c *call) *reply {
	if bad := c.read("user_ids!:list"); bad != nil {
		return bad
	}
	ids := list(c.body["user_ids"])
	var unknown []string
	for _, id := range ids {
		if byID(c.Customers, "user_id", id) == nil {
			unknown = append(unknown, id)
		}
	}
	if unknown != nil {
		return fail(http.StatusNotFound, "not_found", "user_ids", "End User Id(s)="+strings.Join(unknown, ", ")+" do not exist in db")
	}
	for _, id := range ids {
		drop(&c.Customers, "user_id", id)
	}
	return ok(object{"deleted_customers": len(ids), "message": fmt.Sprintf("Successfully deleted customers with ids: %s", pyList(ids))})
}
