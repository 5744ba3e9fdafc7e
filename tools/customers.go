package tools

import (
	"context"

	"litellm-proxy/internal/operation"
)

var customers = operation.Catalog{
	customersList, customersGet, customersCreate, customersUpdate, customersDelete, customersBlock, customersUnblock,
}

// customerCollection is all customers at once.
var customerCollection = &operation.Collection{
	What: "customer", Path: "/customer/list", ID: "user_id", Name: "alias",
}

var customerColumns = []operation.Column{
	{Name: "user_id", ID: true},
	{Name: "alias"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Field: "litellm_budget_table.max_budget", Format: operation.Dollars},
	{Name: "budget_id", ID: true},
	{Name: "default_model"},
	{Name: "allowed_model_region"},
	{Name: "blocked"},
}

var customersList = &operation.Operation{
	Path:     "customers list",
	Summary:  "List customers: the end users whom callers name as user in their requests",
	Help:     "A customer appears with the first request that names it. For people with keys use users list.",
	Examples: []string{"customers list", "customers list --format csv --columns user_id,spend"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: customerCollection},
	Columns:  customerColumns,
}

type customersGetInput struct {
	EndUserID string `json:"end_user_id" jsonschema:"required,minLength=1" help:"Id of the customer" cli:"name=customer-id,arg=1"`
}

var customersGet = &operation.Operation{
	Path:     "customers get",
	Summary:  "Show a customer with spend and budget",
	Examples: []string{"customers get acme"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[customersGetInput]{Method: "GET", Path: "/customer/info"},
	Columns:  customerColumns,
}

type customerSettings struct {
	UserID             string   `json:"user_id" jsonschema:"required,minLength=1" help:"Id of the customer, as callers name it" cli:"name=customer-id,arg=1"`
	Alias              string   `json:"alias" help:"Name for people"`
	MaxBudget          *float64 `json:"max_budget" jsonschema:"minimum=0" help:"Most that the customer may spend, in US dollars"`
	BudgetID           string   `json:"budget_id" help:"Existing budget to use"`
	DefaultModel       string   `json:"default_model" help:"Model of requests that may not use the one they ask for"`
	AllowedModelRegion string   `json:"allowed_model_region" jsonschema:"enum=eu,enum=us" help:"Only models in this region"`
	Models             []string `json:"models" help:"Models that the customer may use; none given: all"`
}

type customersCreateInput struct {
	customerSettings
	BudgetDuration string `json:"budget_duration" help:"Spend starts again from 0 after this time: 30d, 1mo"`
	TPMLimit       *int   `json:"tpm_limit" jsonschema:"minimum=0" help:"Tokens per minute at most"`
	RPMLimit       *int   `json:"rpm_limit" jsonschema:"minimum=0" help:"Requests per minute at most"`
	operation.Extras
}

var customersCreate = &operation.Operation{
	Path:     "customers create",
	Summary:  "Create a customer, to give it a budget or a region before its first request",
	Examples: []string{"customers create acme --alias \"Acme Inc\" --max-budget 50 --budget-duration 30d"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[customersCreateInput]{Method: "POST", Path: "/customer/new"},
	Columns:  customerColumns,
	Done:     "created customer {user_id}",
	Returns:  []string{"user_id"},
}

type customersUpdateInput struct {
	customerSettings
	operation.Extras
}

var customersUpdate = &operation.Operation{
	Path:     "customers update",
	Summary:  "Change budget, models or name of a customer",
	Help:     "What is not named stays; the gateway cannot empty a field of a customer.",
	Examples: []string{"customers update acme --max-budget 100"},
	Effect:   operation.Set,
	Consent:  loosens(customerCollection, "user_id"),
	Do:       operation.Endpoint[customersUpdateInput]{Method: "POST", Path: "/customer/update", Subject: []string{"user_id"}},
	Columns:  customerColumns,
	Done:     "updated customer {user_id}",
}

type customerIDs struct {
	UserIDs []string `json:"user_ids" jsonschema:"required,minItems=1" help:"Ids of the customers" cli:"name=customer-id,arg=1"`
}

var customersDelete = &operation.Operation{
	Path:     "customers delete",
	Summary:  "Delete customers with their spend",
	Help:     "When one of them does not exist, none is deleted. A further request that names one makes it anew.",
	Examples: []string{"customers delete acme"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(customerCollection, "user_ids", spent),
	Do:       operation.Endpoint[customerIDs]{Method: "POST", Path: "/customer/delete"},
	Done:     "deleted customer {user_ids}",
}

const customersBlocked = "Refused for a customer who does not exist, whom the gateway would create. " +
	"Calls are refused only where the gateway runs the enterprise hook blocked_user_check."

var customersBlock = &operation.Operation{
	Path:     "customers block",
	Summary:  "Mark customers as blocked",
	Help:     customersBlocked,
	Examples: []string{"customers block acme"},
	Effect:   operation.Set,
	Do:       operation.Func[customerIDs](blockCustomers(true)),
}

var customersUnblock = &operation.Operation{
	Path:     "customers unblock",
	Summary:  "Take the mark blocked from customers",
	Help:     customersBlocked,
	Examples: []string{"customers unblock acme"},
	Effect:   operation.Set,
	Do:       operation.Func[customerIDs](blockCustomers(false)),
}

// blockCustomers sends /customer/update for each: /customer/block answers 500
// although it blocks, and creates who does not exist; /customer/unblock has no
// effect.
func blockCustomers(blocked bool) func(context.Context, *operation.Call, customerIDs) (operation.Result, error) {
	verb := "unblocked"
	if blocked {
		verb = "blocked"
	}
	return func(ctx context.Context, call *operation.Call, in customerIDs) (operation.Result, error) {
		parts, done := operation.NewParts(call, verb, ""), []string{}
		for _, id := range in.UserIDs {
			if parts.Write(ctx, "customer "+id, "POST", "/customer/update", map[string]any{"user_id": id, "blocked": blocked}) != nil {
				done = append(done, id)
			}
		}
		return parts.Result(operation.Encode(map[string]any{verb: done}))
	}
}
