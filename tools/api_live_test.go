package tools

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLiveAPI finds, describes and calls endpoints of the gateway, and sends nothing that its
// API does not have.
func TestLiveAPI(t *testing.T) {
	env, prefix := live(t)
	env.CacheDir = t.TempDir()
	version, err := env.Client.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := do(t, env, apiSearch, map[string]any{"words": "memory entries"}).Page
	if !slices.ContainsFunc(found.Items, func(item json.RawMessage) bool {
		return operation.Word(operation.Lookup(item, "method")) == "POST" && operation.Word(operation.Lookup(item, "path")) == "/v1/memory"
	}) {
		t.Errorf("search does not find POST /v1/memory: %s", found.Items)
	}
	if shown := do(t, env, apiDescribe, map[string]any{"endpoint": "POST /v1/memory"}); !strings.Contains(string(shown.Text), "value") {
		t.Errorf("described: %s", shown.Text)
	}
	t.Run("memory", func(t *testing.T) { liveMemory(t, env, prefix) })
	if got := do(t, env, apiRead, map[string]any{"method": "POST", "path": "/policies/resolve", "body": map[string]any{"team_alias": prefix}}); operation.Lookup(got.Body, "effective_guardrails") == nil {
		t.Errorf("POST /policies/resolve: %s", got.Body)
	}
	for name, file := range map[string]map[string]any{
		"text":   {"filename": "greeting.prompt", "content": "---\nmodel: gpt-4o\n---\nHi {{name}}"},
		"base64": {"filename": "greeting.prompt", "content_base64": base64.StdEncoding.EncodeToString([]byte("---\nmodel: gpt-4o\n---\nHi {{name}}"))},
	} {
		got := do(t, env, apiWrite, map[string]any{"method": "POST", "path": "/utils/dotprompt_json_converter", "files": map[string]any{"file": file}})
		if operation.Word(operation.Lookup(got.Body, "json_data.content")) != "Hi {{name}}" {
			t.Errorf("a file as %s: %s", name, got.Body)
		}
	}
	for _, tt := range []struct {
		op   *operation.Operation
		args map[string]any
		want string
	}{
		{apiRead, map[string]any{"path": "/audit", "params": map[string]any{"pgae": 1}}, "did you mean page?"},
		{apiRead, map[string]any{"path": "/audit", "params": map[string]any{"page": "two"}}, "page"},
		{apiRead, map[string]any{"method": "POST", "path": "/key/update"}, "api write"},
		{apiWrite, map[string]any{"method": "POST", "path": "/v1/memory", "body": map[string]any{"key": prefix}}, "value"},
		{apiDelete, map[string]any{"path": "/v1/memroy/x"}, "did you mean /v1/memory/"},
	} {
		if _, err := run(t.Context(), env, tt.op, argsOf(tt.args)); proxyclient.CodeOf(err) != proxyclient.CodeUsage || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %v: %v, want %s", tt.op.Path, tt.args, err, tt.want)
		}
	}
	_, err = run(t.Context(), env, apiRead, argsOf(map[string]any{"path": "/skill-hub/skills"}))
	if lacks := proxyclient.Older(version, "1.110.0"); !lacks && err != nil || lacks && (proxyclient.CodeOf(err) != proxyclient.CodeUnsupported ||
		!strings.Contains(err.Error(), "this gateway is LiteLLM "+version+", which has no GET /skill-hub/skills")) {
		t.Errorf("GET /skill-hub/skills of LiteLLM %s: %v", version, err)
	}
}

// liveMemory creates, reads, changes and deletes a note.
func liveMemory(t *testing.T, env operation.Env, prefix string) {
	path, template := "/v1/memory/"+prefix, map[string]any{"path": "/v1/memory/{key}", "params": map[string]any{"key": prefix}}
	do(t, env, apiWrite, map[string]any{"method": "POST", "path": "/v1/memory", "body": map[string]any{"key": prefix, "value": "hello"}})
	deleted := false
	t.Cleanup(func() {
		if !deleted {
			do(t, env, apiDelete, map[string]any{"path": path})
		}
	})
	if got := do(t, env, apiRead, template); operation.Word(operation.Lookup(got.Body, "value")) != "hello" {
		t.Errorf("read: %s", got.Body)
	}
	do(t, env, apiWrite, map[string]any{"method": "PUT", "path": path, "body": map[string]any{"value": "bye"}})
	if got := do(t, env, apiRead, map[string]any{"path": path}); operation.Word(operation.Lookup(got.Body, "value")) != "bye" {
		t.Errorf("changed: %s", got.Body)
	}
	do(t, env, apiDelete, template)
	deleted = true
	if _, err := run(t.Context(), env, apiRead, argsOf(template)); !operation.IsNotFound(err) {
		t.Errorf("a deleted note: %v", err)
	}
}
