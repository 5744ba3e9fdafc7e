package tools

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var utilities = operation.Catalog{
	utilsTokenCount, utilsSupportedParams, utilsModelInfo, utilsTransformRequest,
	utilsCostMap, utilsCostMapReload, utilsCostMapSchedule, utilsCostMapUnschedule,
}

type utilsTokenCountInput struct {
	Model        string              `json:"model" jsonschema:"required" help:"Model name" cli:"arg=1"`
	Prompt       string              `json:"prompt" help:"Text to count, instead of messages"`
	Messages     []operation.Message `json:"messages" help:"Conversation to count" cli:"name=message,short=m"`
	CallEndpoint bool                `json:"call_endpoint" help:"Ask the provider to count, if it can"`
}

var utilsTokenCount = &operation.Operation{
	Path:    "utils token-count",
	Summary: "Count the tokens of a prompt or conversation",
	Help:    "The gateway estimates; unknown models use OpenAI's tokenizer.",
	Examples: []string{
		`utils token-count gpt-4o-mini --prompt "Hello, how are you?"`,
		`utils token-count claude-haiku -m "user:Hello" --call-endpoint`,
	},
	Effect: operation.Read,
	Sends:  []string{"POST /utils/token_counter"},
	Do:     operation.Func[utilsTokenCountInput](countTokens),
	Columns: []operation.Column{
		{Name: "total_tokens"},
		{Name: "model_used"},
		{Name: "tokenizer_type"},
		{Name: "count_source"},
	},
}

func countTokens(ctx context.Context, call *operation.Call, in utilsTokenCountInput) (operation.Result, error) {
	if (call.Arg("prompt") == nil) == (len(in.Messages) == 0) {
		return operation.Result{}, operation.Usage("give either {prompt} or {messages}")
	}
	fields, query := call.Body(), url.Values{}
	delete(fields, "call_endpoint")
	if in.CallEndpoint {
		query.Set("call_endpoint", "true")
	}
	body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/utils/token_counter", Query: query, Body: operation.Encode(fields)})
	if err != nil {
		return operation.Result{}, err
	}
	if operation.Word(operation.Lookup(body, "error")) == "true" {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeInternal, Message: oneLine(operation.Lookup(body, "error_message"))}
	}
	if in.CallEndpoint && operation.Word(operation.Lookup(body, "count_source")) == "local_estimate" {
		call.Note("The provider did not count the tokens; this is the gateway's estimate.")
	}
	return operation.Result{Body: body}, nil
}

type utilsModel struct {
	Model string `json:"model" jsonschema:"required" help:"Model, as callers or its provider name it" cli:"arg=1"`
}

var utilsSupportedParams = &operation.Operation{
	Path:     "utils supported-params",
	Summary:  "List the OpenAI parameters supported by a model",
	Help:     "The gateway rejects or drops the others.",
	Examples: []string{"utils supported-params gpt-4o-mini"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[utilsModel]{Method: "GET", Path: "/utils/supported_openai_params"},
	Columns:  []operation.Column{{Name: "supported_openai_params"}},
}

type utilsModelInfoInput struct {
	Model             string `json:"model" jsonschema:"required" help:"Model, as its provider names it" cli:"arg=1"`
	CustomLLMProvider string `json:"custom_llm_provider" name:"provider" help:"Provider, where several have the model"`
}

var utilsModelInfo = &operation.Operation{
	Path:     "utils model-info",
	Summary:  "Show the list price, limits and abilities of any known model",
	Help:     "Also knows models you did not add. Prices are in US dollars per token. To search the list, use {op:models discover}.",
	Examples: []string{"utils model-info gpt-4o --format table", "utils model-info claude-sonnet-4-5 --provider anthropic"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[utilsModelInfoInput]{Method: "GET", Path: "/utils/model_info"},
	Columns: []operation.Column{
		{Name: "model"},
		{Name: "provider", Field: "custom_llm_provider"},
		{Name: "mode", Field: "model_info.mode"},
		{Name: "input_cost", Field: "model_info.input_cost_per_token", Format: operation.DollarsPerMillion},
		{Name: "output_cost", Field: "model_info.output_cost_per_token", Format: operation.DollarsPerMillion},
		{Name: "max_input_tokens", Field: "model_info.max_input_tokens"},
		{Name: "max_output_tokens", Field: "model_info.max_output_tokens"},
		{Name: "deprecation_date", Field: "model_info.deprecation_date"},
	},
}

type utilsTransformRequestInput struct {
	RequestBody operation.Object `json:"request_body" name:"request" jsonschema:"required" help:"Request to the gateway, as JSON"`
	CallType    string           `json:"call_type" help:"Kind of call, such as completion (default) or embedding"`
}

var utilsTransformRequest = &operation.Operation{
	Path:    "utils transform-request",
	Summary: "Show the request the gateway would send to a provider",
	Help:    "Nothing is sent. Name the model as its provider does (anthropic/claude-haiku-4-5); deployments are not used.",
	Examples: []string{
		`utils transform-request --request '{"model": "anthropic/claude-haiku-4-5", "messages": [{"role": "user", "content": "Hello"}]}'`,
		"utils transform-request --call-type embedding --request @request.json",
	},
	Effect: operation.Read,
	Sends:  []string{"POST /utils/transform_request"},
	Do:     operation.Func[utilsTransformRequestInput](transformRequest),
	Columns: []operation.Column{
		{Name: "address", Field: "raw_request_api_base"},
		{Name: "body", Field: "raw_request_body"},
		{Name: "headers", Field: "raw_request_headers"},
	},
}

// transformRequest makes an error of a failure, which the gateway answers with 200.
func transformRequest(ctx context.Context, call *operation.Call, in utilsTransformRequestInput) (operation.Result, error) {
	fields := call.Body()
	if in.CallType == "" {
		fields["call_type"] = json.RawMessage(`"completion"`)
	}
	body, err := call.Read(ctx, proxyclient.Request{Method: "POST", Path: "/utils/transform_request", Body: operation.Encode(fields)})
	if err != nil {
		return operation.Result{}, err
	}
	if why := operation.NoNull(operation.Lookup(body, "error")); why != nil {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeInvalid, Message: oneLine(why)}
	}
	return operation.Result{Body: body}, nil
}

// oneLine is a text of an answer for an error.
func oneLine(text json.RawMessage) string {
	return operation.Shown(strings.Join(strings.Fields(operation.Word(text)), " "))
}
