package tools

import "litellm-proxy/internal/operation"

var fallbacks = operation.Catalog{fallbacksGet, fallbacksSet, fallbacksDelete}

// fallbackType is a kind of failure after which other models are tried.
type fallbackType string

// Rule implements [operation.Ruled].
func (fallbackType) Rule() operation.Rule {
	return operation.Rule{Values: []string{"general", "context_window", "content_policy"}}
}

type fallbackRef struct {
	Model        string       `json:"model" jsonschema:"required" help:"Model name" cli:"arg=1"`
	FallbackType fallbackType `json:"fallback_type" help:"Kind of failure (default general: any)" cli:"name=type"`
}

var fallbacksGet = &operation.Operation{
	Path:     "fallbacks get",
	Summary:  "Show the fallback models of a model",
	Examples: []string{"fallbacks get gpt-4o", "fallbacks get gpt-4o --type context_window"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[fallbackRef]{Method: "GET", Path: "/fallback/{model}"},
}

type fallbacksSetInput struct {
	fallbackRef
	FallbackModels operation.Names `json:"fallback_models" jsonschema:"required" help:"Models to try, in this order" cli:"name=models"`
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
	Consent:  ask(askDeleteFallbacks),
	Do:       operation.Endpoint[fallbackRef]{Method: "DELETE", Path: "/fallback/{model}"},
	Done:     "deleted the {fallback_type} fallbacks of model {model}",
}
