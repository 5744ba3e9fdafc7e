package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var (
	budgets         = operation.Catalog{budgetsList, budgetsGet, budgetsCreate, budgetsUpdate, budgetsDelete, budgetsUnused, budgetsPrune}
	providerBudgets = operation.Catalog{providerBudgetsList}
)

// budgetCollection is every budget, on one page.
var budgetCollection = &operation.Collection{
	What: "budget", Path: "/budget/list", ID: "budget_id", Name: "budget_id",
}

var budgetColumns = []operation.Column{
	{Name: "budget_id", ID: true},
	{Name: "max_budget", Format: operation.Dollars},
	{Name: "soft_budget", Format: operation.Dollars},
	{Name: "budget_duration"},
	{Name: "budget_reset_at", Format: operation.Time},
	{Name: "tpm_limit"},
	{Name: "rpm_limit"},
	{Name: "max_parallel_requests", Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "created_by", Optional: true},
}

var budgetsList = &operation.Operation{
	Path:     "budgets list",
	Summary:  "List budgets: limits shared by keys, customers, tags and members",
	Help:     "Includes budgets that the gateway created for a single key, team member, customer or tag. Their spend is shown with that object.",
	Examples: []string{"budgets list"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.List[struct{}]{Of: budgetCollection},
	Columns:  budgetColumns,
}

type budgetName struct {
	BudgetID string `json:"budget_id" jsonschema:"required" help:"Budget ID" cli:"arg=1"`
}

var budgetsGet = &operation.Operation{
	Path:     "budgets get",
	Summary:  "Show a budget",
	Examples: []string{"budgets get free-tier"},
	Effect:   operation.Read,
	Sends:    []string{"POST /budget/info"},
	Do: operation.Func[budgetName](func(ctx context.Context, call *operation.Call, in budgetName) (operation.Result, error) {
		body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/budget/info", Body: operation.Encode(map[string][]string{"budgets": {in.BudgetID}})})
		if err != nil {
			return operation.Result{}, err
		}
		// A budget that does not exist is missing from the list.
		return first(body, "/budget/info", "budget", in.BudgetID)
	}),
	Columns: budgetColumns,
}

type budgetLimits struct {
	alertedBudget
	rates
	MaxParallelRequests operation.Limit  `json:"max_parallel_requests" help:"Limit of concurrent requests" clear:"null"`
	ModelMaxBudget      operation.Object `json:"model_max_budget" help:"Budget per model: {\"gpt-4o\": {\"budget_limit\": 5, \"time_period\": \"1d\"}}" clear:"{}"`
}

type budgetsCreateInput struct {
	BudgetID string `json:"budget_id" help:"Budget ID, for example free-tier (default: generated)" cli:"arg=1"`
	budgetLimits
	operation.Extras
}

var budgetsCreate = &operation.Operation{
	Path:     "budgets create",
	Summary:  "Create a budget for keys, customers and members",
	Help:     "Give at least one limit.",
	Examples: []string{"budgets create free-tier --max-budget 5 --budget-duration 30d"},
	Effect:   operation.Write,
	Sends:    []string{"POST /budget/new"},
	Do: operation.Func[budgetsCreateInput](func(ctx context.Context, call *operation.Call, in budgetsCreateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) == 0 || len(fields) == 1 && in.BudgetID != "" {
			return operation.Result{}, operation.Usage("give at least one limit, for example {max_budget}")
		}
		body, err := call.Write(ctx, "POST", "/budget/new", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: budgetColumns,
	Done:    "created budget {budget_id}",
	Returns: []string{"budget_id"},
}

type budgetsUpdateInput struct {
	budgetName
	budgetLimits
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var budgetsUpdate = &operation.Operation{
	Path:     "budgets update",
	Summary:  "Change the limits of a budget for all its users",
	Help:     "Fields you omit are unchanged. Use {clear} to remove a limit.",
	Examples: []string{"budgets update free-tier --max-budget 10", "budgets update free-tier --clear tpm_limit"},
	Effect:   operation.Set,
	Sends:    []string{"POST /budget/update"},
	Consent:  loosens(budgetCollection, "budget_id"),
	Default:  true,
	Update:   budgetUpdate,
	Verify:   applied,
	Do: operation.Func[budgetsUpdateInput](func(ctx context.Context, call *operation.Call, in budgetsUpdateInput) (operation.Result, error) {
		if len(call.Body()) < 2 {
			return operation.Result{}, operation.NothingToChange("max_budget")
		}
		fields, err := call.Change(ctx)
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Write(ctx, "POST", "/budget/update", fields)
		return present(body, err, "budget", in.BudgetID)
	}),
	Columns: budgetColumns,
	Done:    "updated budget {budget_id}",
}

// present turns the null that the gateway answers for a missing object into an error.
func present(body json.RawMessage, err error, what, name string) (operation.Result, error) {
	if err == nil && operation.NoNull(body) == nil {
		err = missing(what, name)
	}
	if err != nil {
		return operation.Result{}, err
	}
	return operation.Result{Body: body}, nil
}

var budgetsDelete = &operation.Operation{
	Path:     "budgets delete",
	Summary:  "Delete a budget",
	Help:     "Keys, customers and members that use it lose its limits.",
	Examples: []string{"budgets delete free-tier"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /budget/delete"},
	Consent:  asksToDelete(budgetCollection, "budget_id", unlimited("Keys, customers, tags and members that use it", "max_budget")),
	Do: operation.Func[budgetName](func(ctx context.Context, call *operation.Call, in budgetName) (operation.Result, error) {
		body, err := call.Write(ctx, "POST", "/budget/delete", map[string]string{"id": in.BudgetID})
		return present(body, err, "budget", in.BudgetID)
	}),
	Columns: budgetColumns,
	Done:    "deleted budget {budget_id}",
}

var providerBudgetsList = &operation.Operation{
	Path:     "provider-budgets list",
	Summary:  "List the spend and budget of each provider with a budget",
	Help:     "Provider budgets are set in the gateway's configuration (router_settings: provider_budget_config).",
	Examples: []string{"provider-budgets list"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/provider/budgets"},
}
