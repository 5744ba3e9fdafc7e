package tools

import (
	"context"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var accessGroups = operation.Catalog{
	accessGroupsList, accessGroupsGet, accessGroupsCreate, accessGroupsUpdate, accessGroupsDelete,
	accessGroupsBudget, accessGroupsBudgetSet, accessGroupsBudgetDelete,
}

// accessGroupCollection is all access groups at once.
var accessGroupCollection = &operation.Collection{
	What: "access group", Path: "/access_group/list", Items: "access_groups", ID: "access_group", Name: "access_group",
}

var accessGroupColumns = []operation.Column{
	{Name: "access_group", ID: true},
	{Name: "model_names"},
	{Name: "deployment_count"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Field: "budget.max_budget", Format: operation.Dollars},
	{Name: "budget_duration", Field: "budget.budget_duration"},
}

var accessGroupsList = &operation.Operation{
	Path:     "access-groups list",
	Summary:  "List access groups: named sets of models for keys and teams",
	Examples: []string{"access-groups list"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: accessGroupCollection},
	Columns:  accessGroupColumns,
}

type accessGroupName struct {
	AccessGroup string `json:"access_group" jsonschema:"required" help:"Access group name" cli:"arg=1"`
}

var accessGroupsGet = &operation.Operation{
	Path:     "access-groups get",
	Summary:  "Show an access group with its models, spend and budget",
	Examples: []string{"access-groups get production"},
	Effect:   operation.Read,
	Sends:    []string{"GET /access_group/{access_group}/info"},
	Do:       operation.Func[accessGroupName](getAccessGroup),
	Columns:  accessGroupColumns,
}

type accessGroupModels struct {
	accessGroupName
	ModelNames []string `json:"model_names" help:"Models, with all their deployments" cli:"alias=models"`
	ModelIDs   []string `json:"model_ids" help:"IDs of single deployments"`
	operation.Extras
}

var accessGroupsCreate = &operation.Operation{
	Path:     "access-groups create",
	Summary:  "Create an access group: a named set of models for keys and teams",
	Help:     "Takes models from the gateway's database, not from its configuration file. To grant the group, use its name as a model in {op:keys generate}.",
	Examples: []string{"access-groups create production --model-names gpt-4o,claude-haiku"},
	Effect:   operation.Write,
	Consent:  operation.Consent{Sensitive: createsGroup},
	Checks:   []operation.Check{reachable(accessGroupPath, "access_group", "access_group", argument("access_group"))},
	Do:       operation.Endpoint[accessGroupModels]{Method: "POST", Path: "/access_group/new"},
	Done:     "created access group {access_group} (deployments: {models_updated})",
	Returns:  []string{"access_group"},
}

var accessGroupsUpdate = &operation.Operation{
	Path:     "access-groups update",
	Summary:  "Replace the models of an access group",
	Help:     "Models you omit are removed from the group.",
	Examples: []string{"access-groups update production --model-names gpt-4o"},
	Effect:   operation.Set,
	Sends:    []string{"PUT /access_group/{access_group}/update"},
	Consent:  operation.Consent{Sensitive: updatesGroup},
	Do:       operation.Func[accessGroupModels](updateAccessGroup),
	Done:     "updated access group {access_group} (deployments: {models_updated})",
}

var accessGroupsDelete = &operation.Operation{
	Path:     "access-groups delete",
	Summary:  "Delete an access group",
	Help:     "Keys and teams that have the group lose its models. The models themselves stay.",
	Examples: []string{"access-groups delete production"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /access_group/{access_group}/delete"},
	Consent:  asksToDelete(accessGroupCollection, "access_group", losesModels),
	Do:       operation.Func[accessGroupName](deleteAccessGroup),
	Done:     "deleted access group {access_group}",
}

var accessGroupsBudget = &operation.Operation{
	Path:     "access-groups budget",
	Summary:  "Show the spend and budget of an access group",
	Examples: []string{"access-groups budget production"},
	Effect:   operation.Read,
	Sends:    []string{"GET /access_group/{access_group}/budget"},
	Do:       operation.Func[accessGroupName](getAccessGroupBudget),
}

type accessGroupsBudgetSetInput struct {
	accessGroupName
	alertedBudget
	BudgetID existingBudget `json:"budget_id"`
	operation.Extras
}

var accessGroupsBudgetSet = &operation.Operation{
	Path:     "access-groups budget-set",
	Summary:  "Set the budget of an access group",
	Examples: []string{"access-groups budget-set production --max-budget 100 --budget-duration 30d"},
	Effect:   operation.Set,
	Consent:  loosens(accessGroupCollection, "access_group"),
	Checks:   []operation.Check{ownBudget(accessGroupCollection, "access_group")},
	Do:       operation.Endpoint[accessGroupsBudgetSetInput]{Method: "PUT", Path: "/access_group/{access_group}/budget", Subject: []string{"access_group"}},
	Done:     "set the budget of access group {access_group}",
}

var accessGroupsBudgetDelete = &operation.Operation{
	Path:     "access-groups budget-delete",
	Summary:  "Delete the budget of an access group",
	Examples: []string{"access-groups budget-delete production"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /access_group/{access_group}/budget"},
	Consent: ask(func(ctx context.Context, call *operation.Call) (string, error) {
		group, err := labeled(ctx, call, accessGroupCollection, "access_group")
		return "Delete the budget of " + group + "? Calls to its models are no longer limited by it.", err
	}),
	Do: operation.Func[accessGroupName](func(ctx context.Context, call *operation.Call, in accessGroupName) (operation.Result, error) {
		body, err := call.Client().JSON(ctx, proxyclient.Request{
			Method: "DELETE", Path: "/access_group/{access_group}/budget", Params: map[string]string{"access_group": in.AccessGroup}})
		if err == nil && string(operation.Lookup(body, "budget_deleted")) == "false" {
			return operation.Result{}, missing("budget of access group", in.AccessGroup)
		}
		return operation.Result{Body: body}, err
	}),
	Done: "deleted the budget of access group {access_group}",
}
