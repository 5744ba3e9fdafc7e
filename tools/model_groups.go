package tools

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var modelGroups = operation.Catalog{modelGroupsList, modelGroupsGet, modelGroupsMakePublic}

// modelGroupCollection is all models by their public names.
var modelGroupCollection = &operation.Collection{
	What: "model", Path: "/model_group/info", Items: "data", ID: "model_group", Name: "model_group", Bare: true,
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
		body, err := call.Read(ctx, proxyclient.Request{Path: "/model_group/info", Query: url.Values{"model_group": {in.ModelGroup}}})
		if err != nil {
			return operation.Result{}, err
		}
		return first(operation.Lookup(body, "data"), "model group", in.ModelGroup)
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
		list, err := call.Read(ctx, proxyclient.Request{Path: "/model_group/info"})
		if err != nil {
			return operation.Result{}, err
		}
		var groups []struct {
			ModelGroup string `json:"model_group"`
		}
		_ = json.Unmarshal(operation.Lookup(list, "data"), &groups)
		known := map[string]bool{}
		for _, g := range groups {
			known[g.ModelGroup] = true
		}
		for _, name := range in.ModelGroups {
			if !known[name] && !known[""] {
				return operation.Result{}, missing("model", name)
			}
		}
		body, err := call.Write(ctx, "POST", "/model_group/make_public", map[string][]string{"model_groups": append([]string{}, in.ModelGroups...)})
		return operation.Result{Body: body, Done: "the model hub shows: " + strings.Join(in.ModelGroups, ", ")}, err
	}),
}
