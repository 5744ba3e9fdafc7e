package tools

import (
	"context"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// liveTool is the name of a tool that stays on the gateway, which cannot delete one.
const liveTool = "live_tool/shell"

// TestLiveTools has a model call a tool, and blocks and unblocks the tool.
func TestLiveTools(t *testing.T) {
	env, prefix := live(t)
	calls := []map[string]any{{"id": "c1", "type": "function", "function": map[string]string{"name": liveTool, "arguments": "{}"}}}
	do(t, env, modelsAdd, map[string]any{"model_name": prefix, "model_info": map[string]any{"id": prefix},
		"litellm_params": map[string]any{"model": "openai/gpt-4o-mini", "api_key": "f", "mock_response": "calling", "mock_tool_calls": calls}})
	t.Cleanup(func() { do(t, env, modelsDelete, map[string]any{"id": prefix}) })
	until(t, "the model answers", func() bool {
		_, err := env.Client.JSON(t.Context(), proxyclient.Request{Method: "POST", Path: "/v1/chat/completions",
			Body: operation.Encode(map[string]any{"model": prefix, "messages": []map[string]string{{"role": "user", "content": "hi"}}})})
		return err == nil
	})
	do(t, env, toolsPolicySet, map[string]any{"tool_name": liveTool, "input_policy": "untrusted", "output_policy": "untrusted", "new": true})
	if _, err := run(t.Context(), env, toolsPolicySet, argsOf(map[string]any{"tool_name": prefix, "input_policy": "blocked"})); !operation.IsNotFound(err) {
		t.Errorf("tools policy-set of a tool that no call had: %v", err)
	}
	if list := do(t, env, toolsList, nil); !strings.Contains(string(list.Body), liveTool) {
		t.Errorf("tools list lacks %s", liveTool)
	}
	call, err := operation.Prepare(t.Context(), env, toolsPolicySet, argsOf(map[string]any{"tool_name": liveTool, "output_policy": "trusted"}))
	if err != nil {
		t.Fatal(err)
	}
	if why, err := call.NeedsConsent(t.Context()); err != nil || !strings.Contains(why, "trusts the output") {
		t.Errorf("asks %q, %v", why, err)
	}
	liveToolBlocks(t, env, prefix)
	do(t, env, toolsPolicyOptions, nil)
	until(t, "the call is in the logs", func() bool {
		logs := do(t, env, toolsLogs, map[string]any{"tool_name": liveTool})
		return logs.Page.Total > 0 && strings.Contains(string(do(t, env, toolsSpend, nil).Body), liveTool)
	})
	if _, err := run(t.Context(), env, toolsLogs, argsOf(map[string]any{"tool_name": prefix})); !operation.IsNotFound(err) {
		t.Errorf("tools logs of a missing tool: %v", err)
	}
}

// liveToolBlocks blocks a tool for a team and a key, and unblocks it.
func liveToolBlocks(t *testing.T, env operation.Env, prefix string) {
	t.Helper()
	team := liveTeams(t, env, prefix)[0]
	do(t, env, keysGenerate, map[string]any{"key_alias": prefix})
	t.Cleanup(func() {
		_, _ = run(context.WithoutCancel(t.Context()), env, keysDelete, argsOf(map[string]any{"key_aliases": []string{prefix}}))
	})
	for _, scope := range []map[string]any{{"team": prefix}, {"key_alias": prefix}} {
		args := map[string]any{"tool_name": liveTool}
		for name, value := range scope {
			args[name] = value
		}
		if _, err := run(t.Context(), env, toolsPolicyReset, argsOf(args)); !operation.IsNotFound(err) {
			t.Errorf("tools policy-reset without a block: %v", err)
		}
		args["input_policy"] = "blocked"
		do(t, env, toolsPolicySet, args)
		delete(args, "input_policy")
		if got := do(t, env, toolsGet, map[string]any{"tool_name": liveTool}); scope["team"] != nil && !strings.Contains(string(got.Body), team) {
			t.Errorf("tools get does not show the block: %s", got.Body)
		}
		do(t, env, toolsPolicyReset, args)
	}
}
