package tools

import (
	"context"
	"encoding/json"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var (
	modelGroups  = operation.Catalog{modelGroupsList, modelGroupsGet, modelGroupsMakePublic}
	accessGroups = operation.Catalog{
		accessGroupsList, accessGroupsGet, accessGroupsCreate, accessGroupsUpdate, accessGroupsDelete,
		accessGroupsBudget, accessGroupsBudgetSet, accessGroupsBudgetDelete,
	}
	fallbacks = operation.Catalog{fallbacksGet, fallbacksSet, fallbacksDelete}
)

// modelGroupCollection is all models by their public names.
var modelGroupCollection = &operation.Collection{
	What: "model", Path: "/model_group/info", Items: "data", ID: "model_group", Name: "model_group", ByID: "model_group", Bare: true,
}

var modelGroupColumns = []operation.Column{
	{Name: "model_group", ID: true},
	{Name: "providers"},
	{Name: "mode"},
	{Name: "max_input_tokens"},
	{Name: "max_output_tokens"},
	{Name: "input_cost", Field: "input_cost_per_token", Format: operation.DollarsPerMillion},
	{Name: "output_cost", Field: "output_cost_per_token", Format: operation.DollarsPerMillion},
	{Name: "public", Field: "is_public_model_group"},
	{Name: "tpm", Optional: true},
	{Name: "rpm", Optional: true},
	{Name: "supports_vision", Optional: true},
	{Name: "supports_function_calling", Optional: true},
	{Name: "supports_reasoning", Optional: true},
}

var modelGroupsList = &operation.Operation{
	Path:     "model-groups list",
	Summary:  "List models by public name with what they can do and cost, deployments taken together",
	Help:     "Prices in tables are US dollars for a million tokens; in JSON, for one token. For single deployments use models info.",
	Examples: []string{"model-groups list", "model-groups list --columns model_group,supports_vision,supports_reasoning"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: modelGroupCollection},
	Columns:  modelGroupColumns,
}

type modelGroupName struct {
	ModelGroup string `json:"model_group" jsonschema:"required,minLength=1" help:"Public name of the model" cli:"arg=1"`
}

var modelGroupsGet = &operation.Operation{
	Path:     "model-groups get",
	Summary:  "Show what a model can do and cost, its deployments taken together",
	Examples: []string{"model-groups get gpt-4o-mini"},
	Effect:   operation.Read,
	Do: operation.Func[modelGroupName](func(ctx context.Context, call *operation.Call, in modelGroupName) (operation.Result, error) {
		group, err := modelGroupCollection.FindID(ctx, call, in.ModelGroup)
		return operation.Result{Body: group.Item}, err
	}),
	Columns: modelGroupColumns,
}

// first is the one item of a list that the gateway sends for one thing, empty
// when there is no such thing.
func first(list json.RawMessage, what, name string) (operation.Result, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(list, &items); err != nil {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer has no list where one was expected"}
	}
	if len(items) == 0 {
		return operation.Result{}, missing(what, name)
	}
	return operation.Result{Body: items[0]}, nil
}

func missing(what, name string) error {
	return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: what + " " + operation.Shown(name) + " does not exist"}
}

type makePublicInput struct {
	ModelGroups []string `json:"model_groups" help:"Public names of all models that the hub shall show" cli:"arg=1"`
	None        bool     `json:"none" help:"Show none"`
}

var modelGroupsMakePublic = &operation.Operation{
	Path:     "model-groups make-public",
	Summary:  "Say which models the gateway's public model hub shows",
	Help:     "Replaces the list: a model that is not named is no longer shown. Refused for a name that no model has, which the gateway would store.",
	Examples: []string{"model-groups make-public gpt-4o-mini claude-haiku", "model-groups make-public --none"},
	Effect:   operation.Set,
	Do: operation.Func[makePublicInput](func(ctx context.Context, call *operation.Call, in makePublicInput) (operation.Result, error) {
		if (len(in.ModelGroups) == 0) != in.None {
			return operation.Result{}, operation.Usage("name {model_groups}, or {none}")
		}
		known := map[string]bool{}
		for group, err := range modelGroupCollection.All(ctx, call, nil) {
			if err != nil {
				return operation.Result{}, err
			}
			known[operation.Word(operation.Lookup(group, modelGroupCollection.ID))] = true
		}
		for _, name := range in.ModelGroups {
			if !known[name] {
				return operation.Result{}, missing("model", name)
			}
		}
		body, err := call.Write(ctx, "POST", "/model_group/make_public", map[string][]string{"model_groups": append([]string{}, in.ModelGroups...)})
		return operation.Result{Body: body, Done: "the model hub shows: " + strings.Join(in.ModelGroups, ", ")}, err
	}),
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
	Summary:  "List access groups: names under which keys and teams are given several models",
	Examples: []string{"access-groups list"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: accessGroupCollection},
	Columns:  accessGroupColumns,
}

type accessGroupName struct {
	AccessGroup string `json:"access_group" jsonschema:"required,minLength=1" help:"Name of the access group" cli:"arg=1"`
}

var accessGroupsGet = &operation.Operation{
	Path:     "access-groups get",
	Summary:  "Show an access group with its models, spend and budget",
	Examples: []string{"access-groups get production"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[accessGroupName]{Method: "GET", Path: "/access_group/{access_group}/info"},
	Columns:  accessGroupColumns,
}

type accessGroupModels struct {
	accessGroupName
	ModelNames []string `json:"model_names" help:"Names of models: every deployment of them" cli:"alias=models"`
	ModelIDs   []string `json:"model_ids" help:"Ids of single deployments"`
	operation.Extras
}

var accessGroupsCreate = &operation.Operation{
	Path:     "access-groups create",
	Summary:  "Put models together under a name that keys and teams can be given",
	Help:     "Only models of the gateway's database, not of its configuration file. Give the name to a key or team in {model_names}' place: keys generate --models NAME.",
	Examples: []string{"access-groups create production --models gpt-4o,claude-haiku"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[accessGroupModels]{Method: "POST", Path: "/access_group/new"},
	Done:     "created access group {access_group} with {models_updated} deployments",
	Returns:  []string{"access_group"},
}

var accessGroupsUpdate = &operation.Operation{
	Path:     "access-groups update",
	Summary:  "Replace the models of an access group",
	Help:     "A model that is not named is taken out.",
	Examples: []string{"access-groups update production --models gpt-4o"},
	Effect:   operation.Set,
	Do:       operation.Endpoint[accessGroupModels]{Method: "PUT", Path: "/access_group/{access_group}/update"},
	Done:     "updated access group {access_group}: {models_updated} deployments",
}

var accessGroupsDelete = &operation.Operation{
	Path:     "access-groups delete",
	Summary:  "Delete an access group",
	Help:     "Keys and teams that were given it lose its models. The models stay.",
	Examples: []string{"access-groups delete production"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(accessGroupCollection, "access_group", losesModels),
	Do:       operation.Endpoint[accessGroupName]{Method: "DELETE", Path: "/access_group/{access_group}/delete"},
	Done:     "deleted access group {access_group}",
}

var accessGroupsBudget = &operation.Operation{
	Path:     "access-groups budget",
	Summary:  "Show spend and budget of an access group",
	Examples: []string{"access-groups budget production"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[accessGroupName]{Method: "GET", Path: "/access_group/{access_group}/budget"},
}

type accessGroupsBudgetSetInput struct {
	accessGroupName
	MaxBudget      *float64 `json:"max_budget" jsonschema:"minimum=0" help:"Most that may be spent on the group's models, in US dollars"`
	BudgetDuration string   `json:"budget_duration" help:"Spend starts again from 0 after this time: 30d, 1mo"`
	SoftBudget     *float64 `json:"soft_budget" jsonschema:"minimum=0" help:"Spend in US dollars at which an alert is sent"`
	BudgetID       string   `json:"budget_id" help:"Existing budget to use"`
	operation.Extras
}

var accessGroupsBudgetSet = &operation.Operation{
	Path:     "access-groups budget-set",
	Summary:  "Set the budget of an access group",
	Examples: []string{"access-groups budget-set production --max-budget 100 --budget-duration 30d"},
	Effect:   operation.Set,
	Consent:  loosens(accessGroupCollection, "access_group"),
	Do:       operation.Endpoint[accessGroupsBudgetSetInput]{Method: "PUT", Path: "/access_group/{access_group}/budget", Subject: []string{"access_group"}},
	Done:     "set the budget of access group {access_group}",
}

var accessGroupsBudgetDelete = &operation.Operation{
	Path:     "access-groups budget-delete",
	Summary:  "Delete the budget of an access group",
	Examples: []string{"access-groups budget-delete production"},
	Effect:   operation.Destructive,
	Consent: ask(func(ctx context.Context, call *operation.Call) (string, error) {
		group, err := labeled(ctx, call, accessGroupCollection, "access_group")
		return "Delete the budget of " + group + "? Calls to its models are no longer held back by it.", err
	}),
	Do: operation.Func[accessGroupName](func(ctx context.Context, call *operation.Call, in accessGroupName) (operation.Result, error) {
		body, err := call.Client().JSON(ctx, proxyclient.Request{
			Method: "DELETE", Path: "/access_group/{access_group}/budget", Params: map[string]string{"access_group": in.AccessGroup}})
		if err == nil && string(operation.Lookup(body, "budget_deleted")) == "false" {
			return operation.Result{}, missing("a budget of access group", in.AccessGroup)
		}
		return operation.Result{Body: body}, err
	}),
	Done: "deleted the budget of access group {access_group}",
}

type fallbackRef struct {
	Model        string `json:"model" jsonschema:"required,minLength=1" help:"Name of the model" cli:"arg=1"`
	FallbackType string `json:"fallback_type" jsonschema:"enum=general,enum=context_window,enum=content_policy" help:"After which failure (the gateway's default is general: any)" cli:"name=type"`
}

var fallbacksGet = &operation.Operation{
	Path:     "fallbacks get",
	Summary:  "Show which models are tried when a model fails",
	Examples: []string{"fallbacks get gpt-4o", "fallbacks get gpt-4o --type context_window"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[fallbackRef]{Method: "GET", Path: "/fallback/{model}"},
}

type fallbacksSetInput struct {
	fallbackRef
	FallbackModels []string `json:"fallback_models" jsonschema:"required,minItems=1" help:"Models to try, in this order" cli:"name=models"`
	operation.Extras
}

var fallbacksSet = &operation.Operation{
	Path:     "fallbacks set",
	Summary:  "Say which models are tried, in order, when a model fails",
	Help:     "Replaces the list for that kind of failure.",
	Examples: []string{"fallbacks set gpt-4o --models claude-haiku,gpt-4o-mini"},
	Effect:   operation.Set,
	Do:       operation.Endpoint[fallbacksSetInput]{Method: "POST", Path: "/fallback"},
	Done:     "model {model} falls back to {fallback_models} ({fallback_type})",
}

var fallbacksDelete = &operation.Operation{
	Path:     "fallbacks delete",
	Summary:  "Delete the fallbacks of a model",
	Examples: []string{"fallbacks delete gpt-4o"},
	Effect:   operation.Destructive,
	Consent:  ask(askDeleteFallbacks),
	Do:       operation.Endpoint[fallbackRef]{Method: "DELETE", Path: "/fallback/{model}"},
	Done:     "deleted the {fallback_type} fallbacks of model {model}",
}
