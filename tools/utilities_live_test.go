package tools

import (
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLiveUtilities calls each utility, and changes the schedule of the price list.
func TestLiveUtilities(t *testing.T) {
	env, _ := live(t)
	message := []map[string]any{{"role": "user", "content": "hello there"}}
	if n := numberOf(operation.Lookup(do(t, env, utilsTokenCount, map[string]any{"model": "gpt-4o-mini", "messages": message}).Body, "total_tokens")); n < 5 {
		t.Errorf("%v tokens", n)
	}
	do(t, env, utilsSupportedParams, map[string]any{"model": "gpt-4o-mini"})
	do(t, env, utilsModelInfo, map[string]any{"model": "gpt-4o", "custom_llm_provider": "openai"})
	for _, op := range []*operation.Operation{utilsSupportedParams, utilsModelInfo} {
		if _, err := run(t.Context(), env, op, argsOf(map[string]any{"model": "nosuch"})); !operation.IsNotFound(err) {
			t.Errorf("%s of an unknown model: %v", op.Path, err)
		}
	}
	request := map[string]any{"model": "anthropic/claude-haiku-4-5", "messages": message, "extra_headers": map[string]any{"X-Mark": "marked-secret-0123456789"}}
	shown := do(t, env, utilsTransformRequest, map[string]any{"request_body": request})
	if operation.Word(operation.Lookup(shown.Body, "raw_request_api_base")) != "https://api.anthropic.com/v1/messages" {
		t.Errorf("transformed: %s", shown.Body)
	}
	if _, err := run(t.Context(), env, utilsTransformRequest, argsOf(map[string]any{"request_body": map[string]any{"model": "nosuch"}})); proxyclient.CodeOf(err) != proxyclient.CodeInvalid {
		t.Errorf("a request that cannot be transformed: %v", err)
	}
	was := do(t, env, utilsCostMap, nil).Body
	do(t, env, utilsCostMapSchedule, map[string]any{"hours": 24})
	do(t, env, utilsCostMapUnschedule, nil)
	if hours := operation.NoNull(operation.Lookup(was, "interval_hours")); hours != nil {
		do(t, env, utilsCostMapSchedule, map[string]any{"hours": hours})
	}
	if found := do(t, env, modelsDiscover, map[string]any{"provider": "anthropic", "mode": "chat"}); found.Page.Total < 5 {
		t.Errorf("%d models of anthropic", found.Page.Total)
	}
	if providers := do(t, env, modelsProviders, nil).Page; providers.Total < 50 {
		t.Errorf("%d providers", providers.Total)
	}
}
