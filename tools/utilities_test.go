package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestUtilitiesFailures: the gateway answers 200 when a request cannot be transformed or
// counted.
func TestUtilitiesFailures(t *testing.T) {
	request := map[string]any{"request_body": map[string]any{"model": "nosuch"}}
	for _, tt := range []struct {
		op           *operation.Operation
		args         map[string]any
		answer, sent string
		code         proxyclient.Code
		note         string
	}{
		{op: utilsTransformRequest, args: request, answer: `{"error":"litellm.BadRequestError: LLM Provider NOT provided.\n Pass model as"}`, sent: `"call_type":"completion"`, code: proxyclient.CodeInvalid},
		{op: utilsTransformRequest, args: request, answer: `{"raw_request_api_base":"https://api.openai.com/v1/","raw_request_body":{},"raw_request_headers":{},"error":null}`, sent: `"request_body":{"model":"nosuch"}`},
		{op: utilsTokenCount, args: map[string]any{"model": "m", "prompt": "x"}, answer: `{"total_tokens":0,"count_source":"provider","error":true,"error_message":"rate limited"}`, sent: `{"model":"m","prompt":"x"}`, code: proxyclient.CodeInternal},
		{op: utilsTokenCount, args: map[string]any{"model": "m", "prompt": "x", "call_endpoint": true}, answer: `{"total_tokens":3,"count_source":"local_estimate","error":false}`,
			sent: `{"model":"m","prompt":"x"}`, note: "The provider did not count"},
		{op: utilsTokenCount, args: map[string]any{"model": "m"}, code: proxyclient.CodeUsage},
	} {
		gateway := &stored{answers: map[string]string{"POST /utils/transform_request": tt.answer, "POST /utils/token_counter": tt.answer}}
		result, err := run(t.Context(), envOf(t, gateway), tt.op, argsOf(tt.args))
		if proxyclient.CodeOf(err) != tt.code || !strings.Contains(strings.Join(gateway.sent, "\n"), tt.sent) || !strings.Contains(strings.Join(result.Notes, "\n"), tt.note) {
			t.Errorf("%s %v, answer %s: %v, notes %q, sent %q", tt.op.Path, tt.args, tt.answer, err, result.Notes, gateway.sent)
		}
	}
}

// TestModelsDiscover searches a price list, in which deployments and an example stand too.
func TestModelsDiscover(t *testing.T) {
	gateway := &stored{answers: map[string]string{"GET " + costMap: `{"sample_spec":{"litellm_provider":"one of"},"0b9a58":{"input_cost_per_token":1},
		"gpt-4o":{"litellm_provider":"openai","mode":"chat","input_cost_per_token":2.5e-06},"gpt-4o-mini":{"litellm_provider":"openai","mode":"chat"},
		"tts-1":{"litellm_provider":"openai","mode":"audio_speech"},"azure/gpt-4o":{"litellm_provider":"azure","mode":"chat"}}`}}
	env := envOf(t, gateway)
	for _, tt := range []struct {
		args map[string]any
		want string
	}{
		{nil, "azure/gpt-4o gpt-4o gpt-4o-mini tts-1"},
		{map[string]any{"search": "GPT-4o"}, "azure/gpt-4o gpt-4o gpt-4o-mini"},
		{map[string]any{"search": "gpt", "provider": "openai"}, "gpt-4o gpt-4o-mini"},
		{map[string]any{"provider": "openai", "mode": "audio_speech"}, "tts-1"},
		{map[string]any{"limit": 1}, "azure/gpt-4o"},
	} {
		result := do(t, env, modelsDiscover, tt.args)
		var names []string
		for _, item := range result.Page.Items {
			names = append(names, operation.Word(operation.Lookup(item, "model")))
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.args, got, tt.want)
		}
	}
	_, err := run(t.Context(), env, modelsDiscover, argsOf(map[string]any{"provider": "opnai"}))
	if e := operation.AsError(err); e == nil || e.Code != proxyclient.CodeNotFound || e.Hint != "did you mean openai?" {
		t.Errorf("a provider that is not there: %v", err)
	}
}
