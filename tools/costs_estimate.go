package tools

import (
	"context"

	"litellm-proxy/internal/operation"
)

type costEstimateInput struct {
	Model                    string          `json:"model" jsonschema:"required" help:"Model, as callers or its provider name it" cli:"arg=1"`
	InputTokens              operation.Limit `json:"input_tokens" jsonschema:"required" help:"Input tokens per request"`
	OutputTokens             operation.Limit `json:"output_tokens" jsonschema:"required" help:"Output tokens per request"`
	CacheReadInputTokens     operation.Limit `json:"cache_read_input_tokens" help:"Input tokens read from the prompt cache"`
	CacheCreationInputTokens operation.Limit `json:"cache_creation_input_tokens" help:"Input tokens written to the prompt cache"`
	ReasoningTokens          operation.Limit `json:"reasoning_tokens" help:"Output tokens used for reasoning"`
	NumRequestsPerDay        operation.Count `json:"num_requests_per_day" name:"per_day" help:"Requests per day, for a daily cost"`
	NumRequestsPerMonth      operation.Count `json:"num_requests_per_month" name:"per_month" help:"Requests per month, for a monthly cost"`
}

var costEstimate = &operation.Operation{
	Path:     "cost estimate",
	Summary:  "Estimate the cost of requests to a model in US dollars",
	Help:     "Includes discounts and margins. Calls no model.",
	Examples: []string{"cost estimate gpt-4o-mini --input-tokens 1000 --output-tokens 500 --per-day 2000"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[costEstimateInput]{Method: "POST", Path: "/cost/estimate"},
	Columns: []operation.Column{
		{Name: "model"},
		{Name: "provider"},
		{Name: "cost_per_request", Format: operation.Dollars},
		{Name: "input_cost", Field: "input_cost_per_request", Format: operation.Dollars},
		{Name: "output_cost", Field: "output_cost_per_request", Format: operation.Dollars},
		{Name: "margin_cost", Field: "margin_cost_per_request", Format: operation.Dollars},
		{Name: "daily_cost", Format: operation.Dollars},
		{Name: "monthly_cost", Format: operation.Dollars},
	},
}

type costPredictCacheInput struct {
	CurrentDeploymentID   string           `json:"current_deployment_id" name:"current" jsonschema:"required" help:"Deployment in use, by ID{ (op:models info)}"`
	CandidateDeploymentID string           `json:"candidate_deployment_id" name:"candidate" jsonschema:"required" help:"Deployment to compare, by ID"`
	Request               operation.Object `json:"request" jsonschema:"required" help:"Next request to /v1/messages, as JSON"`
}

var costPredictCache = &operation.Operation{
	Path:     "cost predict-cache",
	Summary:  "Compare the input cost of an Anthropic request on two deployments",
	Help:     "Considers the prompt cache. Makes up to four free token-counting calls to Anthropic, which count toward its rate limit.",
	Examples: []string{"cost predict-cache --current a1b2 --candidate c3d4 --request @request.json"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[costPredictCacheInput]{Method: "POST", Path: "/cost/predict-cache"},
	Columns: []operation.Column{
		{Name: "stay_cost", Field: "stay.estimate.input_cost", Format: operation.Dollars},
		{Name: "switch_cost", Field: "switch.estimate.input_cost", Format: operation.Dollars},
		{Name: "switch_delta", Format: operation.Dollars},
		{Name: "cache_rebuild_penalty", Format: operation.Dollars},
		{Name: "stay_reason", Field: "stay.reason"},
		{Name: "switch_reason", Field: "switch.reason"},
	},
}

const unpricedPath = "/config/block_requests_for_models_without_pricing"

var costUnpriced = &operation.Operation{
	Path:     "cost unpriced",
	Summary:  "Show whether calls to models without a price are rejected",
	Help:     "Allowed calls are recorded as free, so no budget limits them.",
	Examples: []string{"cost unpriced"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: unpricedPath},
	Columns:  []operation.Column{{Name: "enabled"}},
}

type costUnpricedSetInput struct {
	Enabled bool `json:"enabled" jsonschema:"required" help:"true rejects the calls, false allows them"`
	operation.Extras
}

var costUnpricedSet = &operation.Operation{
	Path:     "cost unpriced-set",
	Summary:  "Reject or allow calls to models without a price",
	Examples: []string{"cost unpriced-set --enabled", "cost unpriced-set --enabled=false"},
	Effect:   operation.Set,
	Consent: operation.Consent{Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		if operation.Word(call.Arg("enabled")) == "true" {
			return []string{"rejects calls to models without a price, of every key"}, nil
		}
		return []string{"lets every key call models without a price, which no budget limits"}, nil
	}},
	Verify:  answered("enabled", asIs("enabled")),
	Do:      operation.Endpoint[costUnpricedSetInput]{Method: "PATCH", Path: unpricedPath},
	Columns: []operation.Column{{Name: "enabled"}},
	Done:    "set the rejection of calls to models without a price to {enabled}",
}
