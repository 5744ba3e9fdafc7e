package sandbox

import "net/http"

// blockCustomers marks customers as blocked, and makes those that do not exist. Calls for
// them are answered all the same, as by a gateway without its enterprise part.
func blockCustomers(c *call) *reply {
	if bad := c.read("user_ids!:list"); bad != nil {
		return bad
	}
	blocked := []object{}
	for _, id := range list(c.body["user_ids"]) {
		row := byID(c.Customers, "user_id", id)
		if row == nil {
			row = c.addCustomer(id)
		}
		row["blocked"] = true
		blocked = append(blocked, c.customerCard(row))
	}
	return ok(object{"blocked_users": blocked})
}

func unblockCustomers(c *call) *reply {
	if bad := c.read("user_ids!:list"); bad != nil {
		return bad
	}
	return detailError(http.StatusBadRequest, "Blocked user check was never set. This call has no effect."+
		"This uses the enterprise folder - only available on the Docker image.")
}
