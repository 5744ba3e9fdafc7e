package tools

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// mcpServerItem is a server as LiteLLM 1.110.2 lists it, without the fields that are null.
const mcpServerItem = `{"server_id":"s1","is_config":false,"server_name":"hub","alias":"short","url":"http://127.0.0.1:4981/mcp","transport":"http",
	"auth_type":"bearer_token","mcp_access_groups":["g1"],"allowed_tools":["add"],"mcp_info":{"server_name":"hub","is_public":false,"is_public_explicit":false},
	"static_headers":{"X-Team":"core"},"env":{},"args":[],"allow_all_keys":false,"available_on_public_internet":false,"approval_status":"active"}`

// mcpGateway answers as LiteLLM 1.110.2 does, and keeps the writes.
func mcpGateway(t *testing.T) (operation.Env, *[]string) {
	t.Helper()
	sent := &[]string{}
	answers := map[string]string{
		"GET /v1/mcp/server":             "[" + mcpServerItem + "]",
		"GET /v1/mcp/server/health":      `[{"server_id":"s1","status":"reachable"}]`,
		"GET /v1/mcp/access_groups":      `{"access_groups":["g1"]}`,
		"GET /v1/mcp/server/submissions": `{"total":1,"pending_review":1,"active":0,"rejected":0,"items":[{"server_id":"s2","server_name":"wiki","url":"https://wiki.example/mcp","approval_status":"pending_review","submitted_by":"ann"}]}`,
		"GET /v1/mcp/toolset":            `[{"toolset_id":"t1","toolset_name":"triage","description":null,"tools":[{"server_id":"s1","tool_name":"add"}]}]`,
		"GET /mcp-rest/tools/list":       `{"tools":[],"error":"partial_failure","message":"Failed to get tools from servers: hub: unreachable","server_outcomes":{"hub":{"status":"unreachable"}}}`,
		"POST /v1/mcp/server/import":     `{"imported":[{"name":"a","server_id":"s3","alias":"a"},{"name":"b","server_id":"s4","alias":"b"}],"skipped":[{"name":"hub","reason":"An MCP server named 'hub' already exists."}],"errors":[{"name":"c","error":"no"}]}`,
		"POST /v1/mcp/make_public":       `{"message":"Successfully updated public mcp servers","public_mcp_servers":["s1"],"updated_by":"default_user_id"}`,
		"PUT /v1/mcp/toolset":            `{"toolset_id":"t1","toolset_name":"triage","tools":[{"server_id":"s1","tool_name":"add"},{"server_id":"s1","tool_name":"echo"}]}`,
		"POST /v1/mcp/toolset":           `{"toolset_id":"t2","toolset_name":"new","tools":[]}`,
	}
	return envOf(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		body, status := answers[r.Method+" "+r.URL.Path], http.StatusOK
		if r.Method != http.MethodGet {
			b := []byte{}
			if r.Body != nil {
				b, _ = io.ReadAll(r.Body)
			}
			*sent = append(*sent, fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, b))
			if body == "" {
				body, status = mcpServerItem, http.StatusAccepted
			}
		} else if body == "" {
			body, status = `{"detail":{"error":"MCP Server with id `+r.URL.Path+` not found"}}`, http.StatusNotFound
		}
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})), sent
}

// TestMCPSent is what the operations send, with what the gateway would lose otherwise.
func TestMCPSent(t *testing.T) {
	env, sent := mcpGateway(t)
	for _, tt := range []struct {
		op   *operation.Operation
		args string
		want string
	}{
		{mcpServersAdd, `{"server_name":"a","url":"https://a.example"}`, `POST /v1/mcp/server {"server_name":"a","transport":"http","url":"https://a.example"}`},
		{mcpServersAdd, `{"server_name":"a","command":"npx"}`, `POST /v1/mcp/server {"command":"npx","server_name":"a","transport":"stdio"}`},
		{mcpServersAdd, `{"server_name":"a","url":"https://a.example","transport":"sse"}`, `POST /v1/mcp/server {"server_name":"a","transport":"sse","url":"https://a.example"}`},
		{mcpServersUpdate, `{"server":"HUB","static_headers":{"X-New":"1"}}`, `PUT /v1/mcp/server {"server_id":"s1","static_headers":{"X-New":"1","X-Team":"core"}}`},
		{mcpServersUpdate, `{"server":"short","static_headers":{"X-Team":null}}`, `PUT /v1/mcp/server {"server_id":"s1","static_headers":{}}`},
		{mcpServersUpdate, `{"server":"s1","static_headers":{"X-New":"1"},"replace":["static_headers"]}`, `PUT /v1/mcp/server {"server_id":"s1","static_headers":{"X-New":"1"}}`},
		{mcpServersUpdate, `{"server_id":"s1","clear":["static_headers","allowed_tools"]}`, `PUT /v1/mcp/server {"allowed_tools":[],"server_id":"s1","static_headers":{}}`},
		{mcpServersUpdate, `{"server_id":"s1","credentials":{"auth_value":"x"}}`, `PUT /v1/mcp/server {"credentials":{"auth_value":"x"},"server_id":"s1"}`},
		{mcpServersUpdate, `{"server_id":"s1","server_name":"new"}`, `PUT /v1/mcp/server {"alias":"short","server_id":"s1","server_name":"new"}`},
		{mcpServersUpdate, `{"server_id":"s1","transport":"sse"}`, `PUT /v1/mcp/server {"server_id":"s1","transport":"sse","url":"http://127.0.0.1:4981/mcp"}`},
		{mcpServersUpdate, `{"server_id":"s1","extra":{"mcp_info":{"logo_url":"x"}}}`, `PUT /v1/mcp/server {"mcp_info":{"logo_url":"x","server_name":"hub"},"server_id":"s1"}`},
		{mcpServersApprove, `{"server":"Wiki"}`, `PUT /v1/mcp/server/s2/approve `},
		{mcpServersReject, `{"server":"wiki","review_notes":"no"}`, `PUT /v1/mcp/server/s2/reject {"review_notes":"no"}`},
		{mcpServersReject, `{"server":"wiki"}`, `PUT /v1/mcp/server/s2/reject {}`},
		{mcpServersMakePublic, `{"servers":["short"]}`, `POST /v1/mcp/make_public {"mcp_server_ids":["s1"]}`},
		{mcpServersMakePublic, `{"none":true}`, `POST /v1/mcp/make_public {"mcp_server_ids":[]}`},
		{mcpServersImport, `{"mcp_servers":{"mcpServers":{"a":{"url":"https://a.example"}}}}`, `POST /v1/mcp/server/import {"mcp_servers":{"a":{"url":"https://a.example"}}}`},
		{mcpToolsetsCreate, `{"toolset_name":"new","tool_names":["short/get/x"]}`, `POST /v1/mcp/toolset {"tools":[{"server_id":"s1","tool_name":"get/x"}],"toolset_name":"new"}`},
		{mcpToolsetsUpdate, `{"toolset":"triage","add_tools":["hub/echo"]}`, `PUT /v1/mcp/toolset {"tools":[{"server_id":"s1","tool_name":"add"},{"server_id":"s1","tool_name":"echo"}],"toolset_id":"t1"}`},
		{mcpToolsetsUpdate, `{"toolset":"triage","remove_tools":["hub/add"]}`, `PUT /v1/mcp/toolset {"tools":[],"toolset_id":"t1"}`},
	} {
		*sent = nil
		_, err := run(t.Context(), env, tt.op, argsOf(decoded(t, tt.args)))
		if proxyclient.CodeOf(err) == proxyclient.CodeNotFound {
			t.Errorf("%s %s: %v", tt.op.Path, tt.args, err)
		}
		if len(*sent) != 1 || (*sent)[0] != tt.want {
			t.Errorf("%s %s sent\n%q, want\n%q", tt.op.Path, tt.args, *sent, tt.want)
		}
	}
}

// TestMCPRefused: nothing is sent for what the gateway would do wrong.
func TestMCPRefused(t *testing.T) {
	env, sent := mcpGateway(t)
	for _, tt := range []struct {
		op         *operation.Operation
		args, want string
	}{
		{mcpServersUpdate, `{"server_id":"s1"}`, "nothing to change"},
		{mcpServersUpdate, `{"server_id":"s1","credentials":{"auth_value":null}}`, "cannot remove auth_value"},
		{mcpServersUpdate, `{"server":"wiki","url":"https://a.example"}`, "is a submission that is not active: pending_review"},
		{mcpServersDelete, `{"server":"hubb"}`, `no MCP server has the name or ID "hubb"; did you mean "hub"?`},
		{mcpServersHealth, `{"server_id":"s9"}`, ""},
		{mcpServersMakePublic, `{}`, "give either {servers} or {none}"},
		{mcpServersMakePublic, `{"servers":["nope"]}`, "no MCP server has the name"},
		{mcpServersSessionsDelete, `{}`, "give {session_id_prefix} or {user_id}"},
		{mcpToolsetsCreate, `{"toolset_name":"a","tool_names":["add"]}`, "add is not a tool as SERVER/TOOL"},
		{mcpToolsetsCreate, `{"toolset_name":"a","tool_names":["nope/add"]}`, "no MCP server has the name"},
		{mcpToolsetsUpdate, `{"toolset":"triage","remove_tools":["hub/echo"]}`, "the toolset has no tool echo"},
		{mcpToolsetsUpdate, `{"toolset_id":"nope","description":"x"}`, `no MCP toolset has the name or ID "nope"`},
		{mcpToolsetsDelete, `{"toolset_id":"nope"}`, `no MCP toolset has the name or ID "nope"`},
	} {
		*sent = nil
		_, err := run(t.Context(), env, tt.op, argsOf(decoded(t, tt.args)))
		if len(*sent) > 0 || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s %s: %v, sent %q; want %q", tt.op.Path, tt.args, err, *sent, tt.want)
		}
	}
}

// TestMCPServerRefusesCredentials: the 401 of an MCP server is not that of the caller's key.
func TestMCPServerRefusesCredentials(t *testing.T) {
	for body, want := range map[string]string{
		`{"detail":"Unauthorized"}`: "unavailable: MCP server s1 refused the credentials that the gateway sent",
		`{"error":{"message":"Authentication Error, Invalid API key provided.","type":"token_not_found_in_db","param":"key","code":"401"}}`: "unauthorized: Authentication Error",
	} {
		gateway := &stored{answers: map[string]string{"GET /mcp-rest/tools/list": body}, status: map[string]int{"GET /mcp-rest/tools/list": http.StatusUnauthorized}}
		if _, err := run(t.Context(), envOf(t, gateway), mcpServersTools, argsOf(map[string]any{"server_id": "s1"})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", body, err, want)
		}
	}
}

// TestMCPSensitive: what runs on the gateway, where what is stored goes, and who is let in.
func TestMCPSensitive(t *testing.T) {
	env, _ := mcpGateway(t)
	for _, tt := range []struct {
		op, args string
		want     []string
	}{
		{"mcp-servers add", `{"server_name":"a","url":"https://a.example/mcp"}`, []string{"sends requests to a.example (url)"}},
		{"mcp-servers add", `{"server_name":"a","command":"npx","args":["-y","x y"]}`, []string{`runs the command "npx -y x y" on the gateway's machine`}},
		{"mcp-servers add", `{"server_name":"a","url":"https://a.example","allow_all_keys":true,"mcp_access_groups":["g"],"extra":{"delegate_auth_to_upstream":true,"oauth_passthrough":true}}`, []string{
			"sends requests to a.example (url)", "lets every key use MCP server a", "lets callers reach MCP server a without a key of the gateway",
			"passes the callers' own tokens on to MCP server a", "lets keys and teams that have these access groups use MCP server a: g"}},
		{"mcp-servers add", `{"server_name":"a","url":"https://a.example","credentials":{"auth_value":"os.environ/SECRET"}}`, []string{
			"reads the gateway's environment variable SECRET (credentials.auth_value)", "sends requests to a.example (url)"}},
		{"mcp-servers update", `{"server":"hub","url":"https://evil.example"}`, []string{"sends requests to evil.example (url)", "sends the credentials and headers stored for MCP server hub to a new address"}},
		{"mcp-servers update", `{"server":"hub","transport":"stdio","extra":{"command":"sh"}}`, []string{"runs the command sh on the gateway's machine"}},
		{"mcp-servers update", `{"server":"hub","allowed_tools":["add","rm"]}`, []string{"offers more tools of MCP server hub: rm"}},
		{"mcp-servers update", `{"server":"hub","clear":["allowed_tools"]}`, []string{"offers all tools of MCP server hub, not only add"}},
		{"mcp-servers update", `{"server":"hub","mcp_access_groups":["g1"],"allowed_tools":["add"],"description":"x"}`, nil},
		{"mcp-servers update", `{"server":"hub","extra":{"available_on_public_internet":true}}`, []string{"serves MCP server hub to callers from outside private networks"}},
		{"mcp-servers approve", `{"server":"wiki"}`, []string{"lets the gateway send callers' data to https://wiki.example/mcp, submitted by ann"}},
		{"mcp-servers import", `{"mcp_servers":{"a":{"command":"sh","args":["-c","id"]}}}`, []string{`runs the command "sh -c id" on the gateway's machine`}},
		{"mcp-servers make-public", `{"servers":["hub"]}`, []string{"shows these MCP servers to anyone, without a key: hub"}},
		{"mcp-servers unpin", `{"server":"hub"}`, []string{"offers whatever tools the MCP server lists, unreviewed"}},
		{"mcp-toolsets update", `{"toolset":"triage","add_tools":["hub/echo"]}`, []string{"gives keys and teams that have the toolset more tools: echo"}},
		{"mcp-toolsets update", `{"toolset":"triage","description":"x"}`, nil},
	} {
		got, err := prepare(t, env, tt.op, tt.args).Dangers(t.Context())
		if err != nil || !slices.Equal(got, tt.want) && len(got)+len(tt.want) > 0 {
			t.Errorf("%s %s:\n%q, want\n%q (%v)", tt.op, tt.args, got, tt.want, err)
		}
	}
}

// TestMCPAnswers: what is missing in an answer is told.
func TestMCPAnswers(t *testing.T) {
	env, _ := mcpGateway(t)
	tools, err := run(t.Context(), env, mcpServersTools, operation.Args{})
	if err != nil || !slices.Contains(tools.Notes, "MCP server hub did not list its tools: unreachable.") {
		t.Errorf("tools: %v, %q", err, tools.Notes)
	}
	health := do(t, env, mcpServersHealth, nil)
	if want := `{"status":"reachable","server_name":"hub","server_id":"s1","url":"http://127.0.0.1:4981/mcp"}`; string(health.Page.Items[0]) != want {
		t.Errorf("health: %s", health.Page.Items[0])
	}
	groups := do(t, env, mcpServersAccessGroups, nil)
	if want := `{"access_group":"g1","servers":["hub"]}`; string(groups.Page.Items[0]) != want {
		t.Errorf("access groups: %s", groups.Page.Items[0])
	}
	imported, err := run(t.Context(), env, mcpServersImport, argsOf(map[string]any{"mcp_servers": map[string]any{}}))
	if err != nil || imported.Done != "added 2 MCP servers: a, b" || len(imported.Failed) != 1 || len(imported.Notes) != 1 {
		t.Errorf("import: %v, %q, %q, %v", err, imported.Done, imported.Notes, imported.Failed)
	}
	none := envOf(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 403, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(strings.NewReader(`{"detail":{"error":"access_denied","message":"The key is not allowed to access any MCP servers."}}`))}, nil
	}))
	if empty := do(t, none, mcpServersTools, nil); len(empty.Page.Items) != 0 {
		t.Errorf("no servers: %s", empty.Body)
	}
	if _, err := run(t.Context(), none, mcpServersTools, argsOf(map[string]any{"server_id": "x"})); err != nil && proxyclient.CodeOf(err) != proxyclient.CodeForbidden {
		t.Errorf("no servers: %v", err)
	}
}

// decoded returns the members of a JSON object.
func decoded(t *testing.T, object string) map[string]any {
	t.Helper()
	members := map[string]any{}
	if err := json.Unmarshal([]byte(object), &members); err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	return members
}
