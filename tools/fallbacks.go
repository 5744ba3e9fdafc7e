package tools

import "litellm-proxy/internal/operation"

var fallbacks = operation.Catalog{fallbacksGet, fallbacksSet, fallbacksDelete}

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
	Do:       operation.Endpoint[fallbackRef]{Method: "DELETE", Path: "/fallback/{model}"},
	Done:     "deleted the {fallback_type} fallbacks of model {model}",
}
