package tools

import (
	"context"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var modelsProviders = &operation.Operation{
	Path:     "models providers",
	Summary:  "List the providers the gateway can call and the fields each needs",
	Help:     "fields go into litellm_params or credential_values; JSON marks the required ones.",
	Examples: []string{"models providers", "models providers --format json | jq '.[] | select(.litellm_provider == \"azure\")'"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: &operation.Collection{What: "provider", Path: "/public/providers/fields"}},
	Columns: []operation.Column{
		{Name: "litellm_provider"},
		{Name: "name", Field: "provider_display_name"},
		{Name: "fields", Field: "credential_fields", Each: []string{"key"}},
		{Name: "example", Field: "default_model_placeholder"},
	},
}

type modelsDiscoverInput struct {
	Search   string          `json:"search" help:"Only models whose name contains this text" cli:"arg=1"`
	Provider string          `json:"provider" help:"Only this provider, such as anthropic{ (op:models providers)}"`
	Mode     string          `json:"mode" help:"Only this kind, such as chat, embedding or image_generation"`
	Limit    operation.Count `json:"limit" help:"Maximum rows; total counts all (default 50)" cli:"alias=top"`
}

var modelsDiscover = &operation.Operation{
	Path:    "models discover",
	Summary: "Search the models available to add, with list prices",
	Help:    "Searches the gateway's price list. To see what a provider offers your credential, add a wildcard model (openai/*), set check_provider_endpoint in litellm_settings, and use {op:models list}.",
	Examples: []string{
		"models discover --provider anthropic --mode chat",
		"models discover gpt-4o --limit 10",
	},
	Effect: operation.Read,
	Sends:  []string{"GET /public/litellm_model_cost_map"},
	Do:     operation.Rows[modelsDiscoverInput](discoverModels),
	Columns: []operation.Column{
		{Name: "model"},
		{Name: "provider"},
		{Name: "mode"},
		{Name: "input_cost", Field: "input_cost_per_token", Format: operation.DollarsPerMillion},
		{Name: "output_cost", Field: "output_cost_per_token", Format: operation.DollarsPerMillion},
		{Name: "max_input_tokens"},
		{Name: "max_output_tokens"},
		{Name: "deprecation_date"},
	},
}

// costMap is the path of the price list, which has megabytes.
const costMap = "/public/litellm_model_cost_map"

// shownLimit is how many models a search shows unless another number is given.
const shownLimit = 50

func discoverModels(ctx context.Context, call *operation.Call, in modelsDiscoverInput) (operation.Result, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: costMap})
	if err != nil {
		return operation.Result{}, err
	}
	list, providers := membersOf(body), []string{}
	for name, entry := range list {
		provider := operation.Word(operation.Lookup(entry, "litellm_provider"))
		if name == "sample_spec" || provider == "" || provider == "null" {
			delete(list, name) // an example, and the deployments by ID
			continue
		}
		providers = append(providers, provider)
	}
	if len(list) == 0 {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer is not a price list (" + costMap + ")"}
	}
	if in.Provider != "" && !slices.Contains(providers, in.Provider) {
		return operation.Result{}, noProvider(in.Provider, providers)
	}
	rows := []operation.Row{}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		entry := membersOf(list[name])
		provider, mode := operation.Word(entry["litellm_provider"]), operation.Word(entry["mode"])
		if in.Provider != "" && provider != in.Provider || in.Mode != "" && mode != in.Mode || !strings.Contains(strings.ToLower(name), strings.ToLower(in.Search)) {
			continue
		}
		row := operation.RowOf("model", name, "provider", provider)
		for _, field := range []string{"mode", "input_cost_per_token", "output_cost_per_token", "max_input_tokens", "max_output_tokens", "deprecation_date"} {
			row = append(row, operation.Member{Name: field, Value: entry[field]})
		}
		rows = append(rows, row)
	}
	limit := in.Limit
	if limit == 0 {
		limit = shownLimit
	}
	shown, note := limited(rows, limit)
	return operation.Listed(nil, shown, len(rows), nil, note), nil
}

// noProvider is the error for a provider without models in the price list.
func noProvider(name string, providers []string) error {
	e := &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "the price list has no models of provider " + operation.Shown(name), Hint: "list the providers with {op:models providers}"}
	if near := operation.Nearest(name, operation.Unique(slices.Sorted(slices.Values(providers)))); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}
