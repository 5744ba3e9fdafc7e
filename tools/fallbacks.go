package tools

import (
	"context"
	"encoding/json"
	"net/url"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var fallbacks = operation.Catalog{fallbacksGet, fallbacksSet, fallbacksDelete}

// fallbackType is a kind of failure after which other models are tried.
type fallbackType string

// Rule implements [operation.Ruled].
func (fallbackType) Rule() operation.Rule {
	return operation.Rule{Values: []string{"general", "context_window", "content_policy"}}
}

type fallbackRef struct {
	Model        string       `json:"model" jsonschema:"required" help:"Model name" cli:"arg=1"`
	FallbackType fallbackType `json:"fallback_type" name:"type" help:"Kind of failure (default general: any)"`
}

var fallbacksGet = &operation.Operation{
	Path:     "fallbacks get",
	Summary:  "Show the fallback models of a model",
	Examples: []string{"fallbacks get gpt-4o", "fallbacks get gpt-4o --type context_window"},
	Effect:   operation.Read,
	Sends:    []string{"GET /fallback/{model}"},
	Do: operation.Func[fallbackRef](func(ctx context.Context, call *operation.Call, in fallbackRef) (operation.Result, error) {
		body, err := readFallbacks(ctx, call, in)
		return operation.Result{Body: body}, err
	}),
}

type fallbacksSetInput struct {
	fallbackRef
	FallbackModels operation.Names `json:"fallback_models" name:"models" jsonschema:"required" help:"Models to try, in this order"`
	operation.Extras
}

var fallbacksSet = &operation.Operation{
	Path:     "fallbacks set",
	Summary:  "Set the fallback models of a model",
	Help:     "Replaces the list for that kind of failure. The models are tried in order.",
	Examples: []string{"fallbacks set gpt-4o --models claude-haiku,gpt-4o-mini"},
	Effect:   operation.Set,
	Do:       operation.Endpoint[fallbacksSetInput]{Method: "POST", Path: "/fallback"},
	Done:     "model {model} falls back to {fallback_models} ({fallback_type})",
}

var fallbacksDelete = &operation.Operation{
	Path:     "fallbacks delete",
	Summary:  "Delete the fallback models of a model",
	Examples: []string{"fallbacks delete gpt-4o"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /fallback/{model}"},
	Consent:  ask(askDeleteFallbacks),
	Do:       operation.Func[fallbackRef](deleteFallbacks),
	Done:     "deleted the {fallback_type} fallbacks of model {model}",
}

// fallbackPath is the route of one model's fallbacks.
const fallbackPath = "/fallback/{model}"

func (in fallbackRef) kind() string {
	if in.FallbackType == "" {
		return "general"
	}
	return string(in.FallbackType)
}

// setting is the router setting with the fallbacks of this kind.
func (in fallbackRef) setting() string {
	if in.kind() == "general" {
		return "fallbacks"
	}
	return in.kind() + "_fallbacks"
}

func (in fallbackRef) request(method string) proxyclient.Request {
	r := proxyclient.Request{Method: method, Path: fallbackPath, Params: map[string]string{"model": in.Model}, Query: url.Values{}}
	if in.FallbackType != "" {
		r.Query.Set("fallback_type", in.kind())
	}
	return r
}

func (in fallbackRef) none() error { return missing("the "+in.kind()+" fallback of model", in.Model) }

// readFallbacks returns the fallbacks of a model: from their route, or from the router's
// settings for a name that the route cannot carry.
func readFallbacks(ctx context.Context, call *operation.Call, in fallbackRef) (json.RawMessage, error) {
	if !outOfReach(fallbackPath, "model", in.Model) {
		return call.Read(ctx, in.request("GET"))
	}
	rules, err := fallbackRules(ctx, call, in)
	if err != nil {
		return nil, err
	}
	for _, rule := range rules {
		if models, has := rule[in.Model]; has {
			return operation.Encode(operation.RowOf("model", in.Model, "fallback_models", models, "fallback_type", in.kind())), nil
		}
	}
	return nil, in.none()
}

// fallbackRules returns the rules of one kind for all models, as the router has them.
func fallbackRules(ctx context.Context, call *operation.Call, in fallbackRef) ([]operation.Args, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/router/settings"})
	if err != nil {
		return nil, err
	}
	list := operation.NoNull(operation.Lookup(body, "current_values."+in.setting()))
	if list == nil {
		return nil, nil
	}
	var rules []operation.Args
	if json.Unmarshal(list, &rules) != nil {
		return nil, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's " + in.setting() + " are not a list of rules"}
	}
	return rules, nil
}

func deleteFallbacks(ctx context.Context, call *operation.Call, in fallbackRef) (operation.Result, error) {
	if !outOfReach(fallbackPath, "model", in.Model) {
		body, err := call.Client().JSON(ctx, in.request("DELETE"))
		return operation.Result{Body: body}, err
	}
	rules, err := fallbackRules(ctx, call, in)
	if err != nil {
		return operation.Result{}, err
	}
	kept := []operation.Args{}
	for _, rule := range rules {
		if rule[in.Model] == nil {
			kept = append(kept, rule)
		}
	}
	if len(kept) == len(rules) {
		return operation.Result{}, in.none()
	}
	body, err := call.Write(ctx, "POST", "/config/update", map[string]any{"router_settings": map[string]any{in.setting(): kept}})
	if err != nil {
		return operation.Result{}, err
	}
	return operation.Result{Body: operation.Encode(operation.RowOf("model", in.Model, "fallback_type", in.kind(), "message", operation.Lookup(body, "message")))}, nil
}
