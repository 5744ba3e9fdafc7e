package tools

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLiveAgents walks an agent that does not answer through its life.
func TestLiveAgents(t *testing.T) {
	env, name := live(t)
	made := do(t, env, agentsCreate, map[string]any{"agent_name": name, "agent_card_params": map[string]any{"name": "T", "url": "http://127.0.0.1:9/", "description": "d"},
		"litellm_params": map[string]any{"api_key": "marked", "model": "m"}, "static_headers": map[string]any{"X-A": "1"}, "tpm_limit": 10,
		"kill_switch": map[string]any{"url": "http://127.0.0.1:9/kill", "auth": map[string]any{"type": "bearer", "token": "marked"}}})
	id := operation.Word(operation.Lookup(made.Body, "agent_id"))
	t.Cleanup(func() { do(t, env, agentsDelete, map[string]any{"agent": name}) })
	if _, err := run(t.Context(), env, agentsCreate, argsOf(map[string]any{"agent_name": name})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("created twice: %v", err)
	}
	for _, update := range []map[string]any{
		{"litellm_params": map[string]any{"model": "n"}, "agent_card_params": map[string]any{"description": "e"}},
		{"static_headers": map[string]any{"X-B": "2"}, "kill_switch": map[string]any{"method": "GET"}},
		{"clear": []string{"tpm_limit"}, "enabled": false, "litellm_params": map[string]any{"api_key": "new"}},
	} {
		update["agent"] = name
		do(t, env, agentsUpdate, update)
	}
	got := do(t, env, agentsGet, map[string]any{"agent": id})
	for path, want := range map[string]string{"agent_card_params.url": `"http://127.0.0.1:9/"`, "agent_card_params.description": `"e"`, "litellm_params.model": `"n"`,
		"litellm_params.api_key": `"` + redactedParam + `"`, "static_headers": `{"X-A":"1","X-B":"2"}`, "kill_switch.url": `"http://127.0.0.1:9/kill"`, "enabled": "false"} {
		if has := operation.Lookup(got.Body, path); !took([]byte(want), has) {
			t.Errorf("%s is %s, want %s", path, has, want)
		}
	}
	if _, err := run(t.Context(), env, agentsUpdate, argsOf(map[string]any{"agent": name, "litellm_params": map[string]any{"api_key": nil}})); proxyclient.CodeOf(err) != proxyclient.CodeNotApplied {
		t.Errorf("a secret parameter removed: %v", err)
	}
	if fired, err := run(t.Context(), env, agentsKillSwitch, argsOf(map[string]any{"agent": name})); err != nil || len(fired.Failed) != 1 {
		t.Errorf("kill switch: %v, %+v", err, fired)
	}
	health := func(status string) bool {
		return slices.ContainsFunc(do(t, env, agentsHealth, nil).Page.Items, func(item json.RawMessage) bool {
			return strings.Contains(string(item), name) && strings.Contains(string(item), status)
		})
	}
	if !health("unhealthy") {
		t.Error("the agent is not unhealthy")
	}
	if _, err := run(t.Context(), env, agentsGet, argsOf(map[string]any{"agent": name + "x"})); !operation.IsNotFound(err) {
		t.Errorf("an unknown agent: %v", err)
	}
	livePublic(t, env, agentsList, agentsMakePublic, "agents", "litellm_params.is_public", "agent_id", id)
}
