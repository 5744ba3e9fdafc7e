package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var (
	budgets         = operation.Catalog{budgetsList, budgetsGet, budgetsCreate, budgetsUpdate, budgetsDelete}
	providerBudgets = operation.Catalog{providerBudgetsList}
)

// budgetCollection is all budgets at once.
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
	Summary:  "List budgets: limits that keys, customers, tags and members share",
	Help:     "Those that the gateway made for one key, team member, customer or tag are among them. What was spent stands with those.",
	Examples: []string{"budgets list"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.List[struct{}]{Of: budgetCollection},
	Columns:  budgetColumns,
}

type budgetName struct {
	BudgetID string `json:"budget_id" jsonschema:"required,minLength=1" help:"Id of the budget" cli:"arg=1"`
}

var budgetsGet = &operation.Operation{
	Path:     "budgets get",
	Summary:  "Show a budget",
	Examples: []string{"budgets get free-tier"},
	Effect:   operation.Read,
	Do: operation.Func[budgetName](func(ctx context.Context, call *operation.Call, in budgetName) (operation.Result, error) {
		body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/budget/info", Body: operation.Encode(map[string][]string{"budgets": {in.BudgetID}})})
		if err != nil {
			return operation.Result{}, err
		}
		// A budget that does not exist is missing from the list.
		return first(body, "budget", in.BudgetID)
	}),
	Columns: budgetColumns,
}

type budgetLimits struct {
	MaxBudget           *float64         `json:"max_budget" jsonschema:"minimum=0" help:"Most that may be spent, in US dollars" clear:"null"`
	BudgetDuration      string           `json:"budget_duration" help:"Spend starts again from 0 after this time: 30d, 1mo" clear:"null"`
	SoftBudget          *float64         `json:"soft_budget" jsonschema:"minimum=0" help:"Spend in US dollars at which an alert is sent" clear:"null"`
	TPMLimit            *int             `json:"tpm_limit" jsonschema:"minimum=0" help:"Tokens per minute at most" clear:"null"`
	RPMLimit            *int             `json:"rpm_limit" jsonschema:"minimum=0" help:"Requests per minute at most" clear:"null"`
	MaxParallelRequests *int             `json:"max_parallel_requests" jsonschema:"minimum=0" help:"Concurrent requests at most" clear:"null"`
	ModelMaxBudget      operation.Object `json:"model_max_budget" help:"Budget by model: {\"gpt-4o\": {\"budget_limit\": 5, \"time_period\": \"1d\"}}"`
}

type budgetsCreateInput struct {
	BudgetID string `json:"budget_id" help:"Id of the budget, best a name; not given: the gateway makes one" cli:"arg=1"`
	budgetLimits
	operation.Extras
}

var budgetsCreate = &operation.Operation{
	Path:     "budgets create",
	Summary:  "Create a budget that keys, customers and members can be given",
	Help:     "Refused without a limit, which would be a budget that limits nothing.",
	Examples: []string{"budgets create free-tier --max-budget 5 --budget-duration 30d"},
	Effect:   operation.Write,
	Default:  true,
	Do: operation.Func[budgetsCreateInput](func(ctx context.Context, call *operation.Call, in budgetsCreateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) == 0 || len(fields) == 1 && in.BudgetID != "" {
			return operation.Result{}, operation.Usage("name a limit, for example {max_budget}")
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
	operation.Extras
}

var budgetsUpdate = &operation.Operation{
	Path:     "budgets update",
	Summary:  "Change the limits of a budget, for everything that uses it",
	Help:     "What is not named stays; {clear} removes a limit.",
	Examples: []string{"budgets update free-tier --max-budget 10", "budgets update free-tier --clear tpm_limit"},
	Effect:   operation.Set,
	Consent:  loosens(budgetCollection, "budget_id"),
	Default:  true,
	Do: operation.Func[budgetsUpdateInput](func(ctx context.Context, call *operation.Call, in budgetsUpdateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) < 2 {
			return operation.Result{}, operation.Usage("name what to change")
		}
		body, err := call.Write(ctx, "POST", "/budget/update", fields)
		return present(body, err, "budget", in.BudgetID)
	}),
	Columns: budgetColumns,
	Done:    "updated budget {budget_id}",
}

// present makes an error of the null with which the gateway answers for a thing
// that does not exist.
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
	Help:     "What used it is no longer limited by it.",
	Examples: []string{"budgets delete free-tier"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(budgetCollection, "budget_id", unlimited("Keys, customers, tags and members that use it are no longer held back", "max_budget")),
	Do: operation.Func[budgetName](func(ctx context.Context, call *operation.Call, in budgetName) (operation.Result, error) {
		body, err := call.Write(ctx, "POST", "/budget/delete", map[string]string{"id": in.BudgetID})
		return present(body, err, "budget", in.BudgetID)
	}),
	Columns: budgetColumns,
	Done:    "deleted budget {budget_id}",
}

var providerBudgetsList = &operation.Operation{
	Path:     "provider-budgets list",
	Summary:  "Show spend and budget of each provider for which the gateway's router has one",
	Help:     "They are set in the gateway's configuration (router_settings: provider_budget_config).",
	Examples: []string{"provider-budgets list"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/provider/budgets"},
}
