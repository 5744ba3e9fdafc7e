package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var customers = operation.Catalog{
	customersList, customersGet, customersCreate, customersUpdate, customersDelete, customersBlock, customersUnblock,
}

// customerCollection is every customer, ordered by ID.
var customerCollection = &operation.Collection{
	What: "customer", Path: "/customer/list", Page: "page", Size: "page_size", NoTotal: true,
	ID: "user_id", Name: "alias", Search: "search", ByID: "search", Escapes: []string{"search"},
}

// existingCustomer is a customer, by alias or ID.
type existingCustomer string

// Collection returns the list that has the alias.
func (existingCustomer) Collection() *operation.Collection { return customerCollection }

// pastCustomer is a customer, by alias or ID, also one that was deleted.
type pastCustomer string

// Collection returns the list that has the alias.
func (pastCustomer) Collection() *operation.Collection { return everyCustomer }

// everyCustomer is the customers, and those whose requests remain.
var everyCustomer = func() *operation.Collection {
	open := *customerCollection
	open.Open = true
	return &open
}()

// hasCustomer returns a check for an empty report: the customers that it is about exist, or
// the caller may not look. A deleted one cannot be told from a wrong name.
func hasCustomer(argument string) func(context.Context, *operation.Call) error {
	return func(ctx context.Context, call *operation.Call) error {
		for _, id := range call.Args().List(argument) {
			if id == "" {
				continue
			}
			if _, err := customerCollection.FindID(ctx, call, id); operation.IsNotFound(err) {
				return &proxyclient.Error{Code: proxyclient.CodeNotFound, Hint: "to see what exists, use {op:customers list}",
					Message: fmt.Sprintf("no customer has the alias or ID %q, and no request in this period names it", operation.Shown(id))}
			}
		}
		return nil
	}
}

var customerColumns = []operation.Column{
	{Name: "customer_id", Field: "user_id", ID: true},
	{Name: "alias"},
	stateColumn,
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Field: "litellm_budget_table.max_budget", Format: operation.Dollars},
	{Name: "budget_id", ID: true, Wide: true},
	{Name: "default_model", Drop: 2},
	{Name: "allowed_model_region", Drop: 1},
	{Name: "blocked", Wide: true},
}

type customersListInput struct {
	Page     operation.PageNumber `json:"page"`
	PageSize operation.PageSize   `json:"page_size" help:"Customers per page"`
	Search   string               `json:"search" help:"Only customers whose ID or alias contains this text"`
}

var customersList = &operation.Operation{
	Path:     "customers list",
	Summary:  "List customers (end users named by callers in the field user), a page at a time",
	Help:     "A customer is created by the first request that names it. For people with keys, use {op:users list}.",
	Examples: []string{"customers list", "customers list --all --format csv --columns user_id,spend"},
	Effect:   operation.Read,
	Do:       operation.List[customersListInput]{Of: customerCollection, Prepare: customersPage},
	Columns:  customerColumns,
}

// customersPage gives the size of a page, and filters for a gateway that does not.
func customersPage(_ *operation.Call, args operation.Args) (operation.Args, operation.About, error) {
	about, text := operation.About{}, args.String("search")
	if text != "" {
		about.Keep = func(customer json.RawMessage) bool {
			return slices.ContainsFunc([]string{"user_id", "alias"}, func(field string) bool {
				value := operation.Word(operation.Lookup(customer, field))
				return strings.Contains(strings.ToLower(value), strings.ToLower(text)) || strings.Contains(strings.ToUpper(value), strings.ToUpper(text))
			})
		}
	}
	return args, about, nil
}

type customersGetInput struct {
	EndUserID existingCustomer `json:"end_user_id" name:"customer_id" jsonschema:"required" help:"Customer, by alias or ID" cli:"arg=1"`
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
	Alias              string         `json:"alias" help:"Display name" clear:"\"\""`
	MaxBudget          operation.USD  `json:"max_budget" help:"Spending limit in US dollars"`
	BudgetID           existingBudget `json:"budget_id"`
	DefaultModel       string         `json:"default_model" help:"Model used when the requested one is not allowed"`
	AllowedModelRegion string         `json:"allowed_model_region" enum:"eu,us" help:"Allow only models in this region"`
	Models             []string       `json:"models" help:"Models the customer may use (default all)" clear:"[]"`
}

type customersCreateInput struct {
	UserID string `json:"user_id" name:"customer_id" jsonschema:"required" help:"Customer ID, as sent in requests" cli:"arg=1"`
	customerSettings
	BudgetDuration budgetPeriod `json:"budget_duration"`
	rates
	operation.Extras
}

var customersCreate = &operation.Operation{
	Path:     "customers create",
	Summary:  "Create a customer before its first request, to set a budget or region",
	Examples: []string{"customers create acme --alias \"Acme Inc\" --max-budget 50 --budget-duration 30d"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[customersCreateInput]{Method: "POST", Path: "/customer/new"},
	Columns:  customerColumns,
	Done:     "created customer {user_id}",
	Returns:  []string{"user_id"},
}

type customersUpdateInput struct {
	UserID existingCustomer `json:"user_id" name:"customer_id" jsonschema:"required" help:"Customer, by alias or ID" cli:"arg=1"`
	customerSettings
	operation.Clearing
	operation.Extras
}

var customersUpdate = &operation.Operation{
	Path:     "customers update",
	Summary:  "Change the budget, models or name of a customer",
	Help:     "Fields you omit are unchanged. The gateway can clear only the models of a customer.",
	Examples: []string{"customers update acme --max-budget 100"},
	Effect:   operation.Set,
	Consent:  loosens(customerCollection, "user_id"),
	Checks: []operation.Check{ownBudget(customerCollection, "user_id"),
		ignoresSpend("customer", "To allow more spend, raise {max_budget}.")},
	Update:  customerUpdate,
	Verify:  applied,
	Do:      operation.Endpoint[customersUpdateInput]{Method: "POST", Path: "/customer/update", Subject: []string{"user_id"}},
	Columns: customerColumns,
	Done:    "updated customer {user_id}",
}

type customerIDs struct {
	UserIDs []existingCustomer `json:"user_ids" name:"customer_ids" jsonschema:"required" help:"Customers, by alias or ID" cli:"arg=1,alias=customer-id"`
}

var customersDelete = &operation.Operation{
	Path:     "customers delete",
	Summary:  "Delete customers and their spend",
	Help:     "If one does not exist, none is deleted. The next request that names a customer creates it again.",
	Examples: []string{"customers delete acme"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(customerCollection, "user_ids", losesSpend),
	Do:       operation.Endpoint[customerIDs]{Method: "POST", Path: "/customer/delete"},
	Done:     "deleted {customer:user_ids}",
}

var customersBlock = &operation.Operation{
	Path:     "customers block",
	Summary:  "Block customers",
	Help:     "Fails if a customer does not exist. Calls are rejected only if the gateway runs the enterprise hook blocked_user_check.",
	Examples: []string{"customers block acme"},
	Effect:   operation.Set,
	Sends:    []string{"POST /customer/update"},
	Do:       operation.Func[customerIDs](blockCustomers(true)),
}

var customersUnblock = &operation.Operation{
	Path:     "customers unblock",
	Summary:  "Unblock customers",
	Help:     "Fails if a customer does not exist.",
	Examples: []string{"customers unblock acme"},
	Effect:   operation.Set,
	Sends:    []string{"POST /customer/update"},
	Consent:  unblocks(customerCollection, "user_ids"),
	Do:       operation.Func[customerIDs](blockCustomers(false)),
}

// blockCustomers sends /customer/update for each: /customer/block answers 500 although
// it blocks, and creates customers that do not exist; /customer/unblock has no effect.
func blockCustomers(blocked bool) func(context.Context, *operation.Call, customerIDs) (operation.Result, error) {
	verb := "unblocked"
	if blocked {
		verb = "blocked"
	}
	return func(ctx context.Context, call *operation.Call, in customerIDs) (operation.Result, error) {
		parts, done := operation.NewParts(call, verb, ""), []string{}
		for _, id := range idsOf(in.UserIDs) {
			ok := parts.Try("customer "+call.Called(id), func() error {
				body, err := call.Write(ctx, "POST", "/customer/update", map[string]any{"user_id": id, "blocked": blocked})
				if err != nil {
					return err
				}
				return blockedIs(strconv.FormatBool(blocked))(ctx, call, &operation.Result{Body: body})
			})
			if ok {
				done = append(done, id)
			}
		}
		return parts.Result(operation.Encode(map[string]any{verb: done}))
	}
}
