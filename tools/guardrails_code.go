package tools

import (
	"context"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type guardrailsTestCodeInput struct {
	CustomCode  operation.Document `json:"custom_code" jsonschema:"required" help:"Python code with apply_guardrail(inputs, request_data, input_type)"`
	Text        guardedText        `json:"text" help:"Text to check" cli:"arg=1"`
	TestInput   operation.Object   `json:"test_input" help:"Input, instead of text: texts, images, tools and others"`
	InputType   string             `json:"input_type" enum:"request,response" help:"Kind of text (default request)"`
	RequestData operation.Object   `json:"request_data" help:"Data of the request: model, user_id, team_id, metadata"`
	operation.Extras
}

var guardrailsTestCode = &operation.Operation{
	Path:    "guardrails test-code",
	Summary: "Run the code of a custom_code guardrail on a text, without creating it",
	Help:    "Runs on the gateway for at most 5 seconds. Shows whether the code allows, blocks or modifies the text.",
	Examples: []string{
		`guardrails test-code "a zebra" --custom-code 'def apply_guardrail(inputs, request_data, input_type): return block("no animals")'`,
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /guardrails/test_custom_code"},
	Consent: often,
	Do:      operation.Func[guardrailsTestCodeInput](testGuardrailCode),
	Columns: []operation.Column{{Name: "action", Field: "result.action"}, {Name: "reason", Field: "result.reason"}, {Name: "texts", Field: "result.texts"}, {Name: "warning", Field: "result.warning"}},
	Done:    "ran the code: {result.action}",
}

func testGuardrailCode(ctx context.Context, call *operation.Call, in guardrailsTestCodeInput) (operation.Result, error) {
	fields := call.Body()
	switch text := fields["text"]; {
	case (text == nil) == (in.TestInput == nil):
		return operation.Result{}, operation.Usage("give either {text} or {test_input}")
	case text != nil:
		delete(fields, "text")
		fields["test_input"] = operation.Encode(map[string]any{"texts": []guardedText{in.Text}})
	}
	body, err := call.Write(ctx, "POST", "/guardrails/test_custom_code", fields)
	if err != nil || string(operation.Lookup(body, "success")) != "false" {
		return operation.Result{Body: body}, err
	}
	return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeInvalid, Sent: true, Message: operation.Word(operation.Lookup(body, "error"))}
}
