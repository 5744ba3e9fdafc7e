package tools

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// deadMCP is an address where no MCP server answers.
const deadMCP = "http://127.0.0.1:9/mcp"

// TestLiveMCPServers walks a server that does not answer through its life.
func TestLiveMCPServers(t *testing.T) {
	env, prefix := live(t)
	name := strings.ReplaceAll(prefix, "-", "_")
	added := do(t, env, mcpServersAdd, map[string]any{"server_name": name, "url": deadMCP, "auth_type": "bearer_token", "credentials": map[string]any{"auth_value": "marked"},
		"static_headers": map[string]any{"X-Team": "core"}, "mcp_access_groups": []string{name}, "alias": name + "_a", "allowed_tools": []string{"one"}})
	id := operation.Word(operation.Lookup(added.Body, "server_id"))
	t.Cleanup(func() {
		do(t, env, mcpServersDelete, map[string]any{"server_id": id})
		if _, err := run(context.WithoutCancel(t.Context()), env, mcpServersDelete, argsOf(map[string]any{"server_id": id})); !operation.IsNotFound(err) {
			t.Errorf("deleted twice: %v", err)
		}
	})
	if _, err := run(t.Context(), env, mcpServersAdd, argsOf(map[string]any{"server_name": name, "url": deadMCP})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("added twice: %v", err)
	}
	for _, by := range []string{strings.ToUpper(name), name + "_a", id} {
		got := do(t, env, mcpServersGet, map[string]any{"server": by})
		if operation.Word(operation.Lookup(got.Body, "server_id")) != id || operation.Word(operation.Lookup(got.Body, "status")) != "unhealthy" {
			t.Errorf("by %s: %.300s", by, got.Body)
		}
	}
	for _, op := range []*operation.Operation{mcpServersList, mcpServersHealth, mcpServersAccessGroups} {
		found := slices.ContainsFunc(do(t, env, op, nil).Page.Items, func(item json.RawMessage) bool { return strings.Contains(string(item), name) })
		if !found {
			t.Errorf("%s does not have %s", op.Path, name)
		}
	}
	if notes := strings.Join(do(t, env, mcpServersTools, nil).Notes, " "); !strings.Contains(notes, name) {
		t.Errorf("tools: the silent server is not noted: %s", notes)
	}
	updated := do(t, env, mcpServersUpdate, map[string]any{"server": name, "static_headers": map[string]any{"X-More": "1"}, "description": "d", "server_name": name + "_b", "transport": "sse"})
	for field, want := range map[string]string{"static_headers": `{"X-More":"1","X-Team":"core"}`, "alias": `"` + name + `_a"`, "url": `"` + deadMCP + `"`, "allowed_tools": `["one"]`} {
		if got := operation.Lookup(updated.Body, field); !took([]byte(want), got) {
			t.Errorf("updated %s: %s, want %s", field, got, want)
		}
	}
	do(t, env, mcpServersUpdate, map[string]any{"server_id": id, "clear": []string{"description", "static_headers", "allowed_tools", "mcp_access_groups"}})
	if _, err := run(t.Context(), env, mcpServersUpdate, argsOf(map[string]any{"server_id": id, "extra": map[string]any{"nonsense": 1}})); proxyclient.CodeOf(err) != proxyclient.CodeNotApplied {
		t.Errorf("an unknown field: %v", err)
	}
	livePublic(t, env, mcpServersList, mcpServersMakePublic, "servers", "mcp_info.is_public_explicit", "server_id", id)
	liveMCPToolset(t, env, id, prefix)
}

// liveMCPToolset walks a toolset through its life.
func liveMCPToolset(t *testing.T, env operation.Env, server, name string) {
	t.Helper()
	do(t, env, mcpToolsetsCreate, map[string]any{"toolset_name": name, "tool_names": []string{server + "/one"}})
	if _, err := run(t.Context(), env, mcpToolsetsCreate, argsOf(map[string]any{"toolset_name": name})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("created twice: %v", err)
	}
	do(t, env, mcpToolsetsUpdate, map[string]any{"toolset": name, "add_tools": []string{server + "/two"}, "description": "d"})
	do(t, env, mcpToolsetsUpdate, map[string]any{"toolset": name, "remove_tools": []string{server + "/one"}, "clear": []string{"description"}})
	got := do(t, env, mcpToolsetsGet, map[string]any{"toolset": name})
	if tools := string(operation.Lookup(got.Body, "tools")); !took([]byte(`[{"server_id":"`+server+`","tool_name":"two"}]`), []byte(tools)) {
		t.Errorf("toolset: %s", tools)
	}
	do(t, env, mcpToolsetsDelete, map[string]any{"toolset": name})
	if _, err := run(t.Context(), env, mcpToolsetsGet, argsOf(map[string]any{"toolset": name})); !operation.IsNotFound(err) {
		t.Errorf("deleted: %v", err)
	}
}

// TestLiveMCPSubmissions submits a server with a team's key; an admin approves and rejects it.
func TestLiveMCPSubmissions(t *testing.T) {
	env, prefix := live(t)
	name := strings.ReplaceAll(prefix, "-", "_")
	team := liveTeams(t, env, prefix)[0]
	key := do(t, env, keysGenerate, map[string]any{"team_id": team, "key_alias": prefix})
	client, err := proxyclient.New(proxyclient.Config{BaseURL: env.Client.BaseURL(), APIKey: operation.Word(operation.Lookup(key.Body, "key"))})
	if err != nil {
		t.Fatal(err)
	}
	member := operation.Env{Client: client}
	made := do(t, member, mcpServersRegister, map[string]any{"server_name": name, "url": deadMCP})
	t.Cleanup(func() {
		do(t, env, mcpServersDelete, map[string]any{"server_id": operation.Word(operation.Lookup(made.Body, "server_id"))})
	})
	if _, err := run(t.Context(), member, mcpServersSubmissions, operation.Args{}); proxyclient.CodeOf(err) != proxyclient.CodeForbidden {
		t.Errorf("a member reads the submissions: %v", err)
	}
	if _, err := run(t.Context(), env, mcpServersGet, argsOf(map[string]any{"server": name})); err == nil || !strings.Contains(err.Error(), "is a submission") {
		t.Errorf("a submission by name: %v", err)
	}
	do(t, env, mcpServersApprove, map[string]any{"server": name})
	do(t, env, mcpServersGet, map[string]any{"server": name})
	do(t, env, mcpServersReject, map[string]any{"server": name, "review_notes": "no"})
	if _, err := run(t.Context(), env, mcpServersApprove, argsOf(map[string]any{"server": prefix + "x"})); !operation.IsNotFound(err) {
		t.Errorf("approve of nothing: %v", err)
	}
}
