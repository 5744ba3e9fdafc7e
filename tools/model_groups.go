package tools

import (
	"context"
	"encoding/json"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var modelGroups = operation.Catalog{modelGroupsList, modelGroupsGet, modelGroupsMakePublic}

// modelGroupCollection is every model, by public name, on one page.
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
	Summary:  "List models by public name with capabilities and prices",
	Help:     "Combines the deployments of a model; for single deployments, use {op:models info}. Prices are in US dollars: per million tokens in tables, per token in JSON.",
	Examples: []string{"model-groups list", "model-groups list --columns model_group,supports_vision,supports_reasoning"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: modelGroupCollection},
	Columns:  modelGroupColumns,
}

type modelGroupName struct {
	ModelGroup string `json:"model_group" jsonschema:"required" help:"Public model name" cli:"arg=1"`
}

var modelGroupsGet = &operation.Operation{
	Path:     "model-groups get",
	Summary:  "Show the capabilities and prices of a model across its deployments",
	Examples: []string{"model-groups get gpt-4o-mini"},
	Effect:   operation.Read,
	Sends:    []string{"GET /model_group/info"},
	Do: operation.Func[modelGroupName](func(ctx context.Context, call *operation.Call, in modelGroupName) (operation.Result, error) {
		group, err := modelGroupCollection.FindID(ctx, call, in.ModelGroup)
		return operation.Result{Body: group.Item}, err
	}),
	Columns: modelGroupColumns,
}

// first returns the only item of a list that the gateway sends for one object. The list
// is empty if the object does not exist.
func first(list json.RawMessage, path, what, name string) (operation.Result, error) {
	var items []json.RawMessage
	if err := operation.DecodeList(list, "", path, &items); err != nil {
		return operation.Result{}, err
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
	ModelGroups []string `json:"model_groups" help:"Public names of all models to show" cli:"arg=1"`
	None        bool     `json:"none" help:"Show no models"`
}

var modelGroupsMakePublic = &operation.Operation{
	Path:     "model-groups make-public",
	Summary:  "Set which models the gateway's public model hub shows",
	Help:     "Replaces the list: models you omit are no longer shown. Fails if a name matches no model.",
	Examples: []string{"model-groups make-public gpt-4o-mini claude-haiku", "model-groups make-public --none"},
	Effect:   operation.Set,
	Sends:    []string{"POST /model_group/make_public"},
	Do: operation.Func[makePublicInput](func(ctx context.Context, call *operation.Call, in makePublicInput) (operation.Result, error) {
		if (len(in.ModelGroups) == 0) != in.None {
			return operation.Result{}, operation.Usage("give either {model_groups} or {none}")
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
		if err != nil {
			return operation.Result{Body: body}, err
		}
		return operation.Result{Body: body, Done: "the model hub shows: " + strings.Join(in.ModelGroups, ", ")}, nil
	}),
}
