package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/internal/operation"
	"litellm-proxy/tools"
)

// request is what arrived at a gateway.
type request struct {
	Method, Path string
	Query        url.Values
	Body         any
}

// echo is a gateway that answers every request with the same object, which has
// something in it for every operation, and keeps the requests.
type echo struct {
	mu       sync.Mutex
	array    bool // answer with a bare list
	requests []request
}

const item = `{"id": "one", "model_name": "one", "token": "` + oneHash + `", "key_alias": "a1", "user_id": "u1", "credential_name": "c1",
	"litellm_params": {"model": "openai/one"}, "model_info": {"id": "one"}, "spend": 0.10, "large": 12345678901234567890}`

// oneHash, oneUUID and another are identifiers by their form, which are not looked up.
const (
	oneHash     = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
	anotherHash = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
	oneUUID     = "00000000-0000-4000-8000-000000000001"
	anotherUUID = "00000000-0000-4000-8000-000000000002"
)

// realFile is a value that would read a file if a person typed it. It has no slash, which
// some routes cannot carry.
const realFile = "@parity_test.go"

// referred are what the calls refer to in lists that are all there is.
var referred = named("budget_id", "budget_id") + named("organization_id", "organization_id") +
	named("server_id", "server_id") + named("toolset_id", "toolset_id") + named("agent_id", "agent_id")

// named are items that have the texts of a field as the value of a member.
func named(member, field string) (items string) {
	given := string(sample(operation.Field{Name: field, Kind: operation.KindString}))
	for _, id := range []string{given, strings.ReplaceAll(given, "/", ""), `"` + realFile + `"`, `"` + oneUUID + `"`, `"` + anotherUUID + `"`} {
		items += `, {"` + member + `": ` + id + `}`
	}
	return items
}

// settled are the settings by provider that calls change.
var settled = func() string {
	given := operation.Word(sample(operation.Field{Name: "provider", Kind: operation.KindString}))
	return `, "values": ` + marshal(map[string]float64{given: 0.5, realFile: 0.5}) + "}"
}()

var object = `{"data": [` + item + `], "aliases": ["a1"], "access_groups": [` + item + `], "health_checks": [` + item + `],
	"healthy_endpoints": [` + item + `], "unhealthy_endpoints": [], "latest_health_checks": {"one": ` + item + `}, "failed_updates": [], "keys": [` + item + `], "users": [` + item + `], "credentials": [` + item + named("credential_name", "litellm_credential_name") + `],
	"audit_logs": [` + item + `], "guardrails": [` + item + `], "submissions": [` + item + `], "rows": [` + item + `], "logs": [` + item + `], "fields": [` + item + `], "endpoints": [` + item + `], "mappings": [` + item + `], "accounts": [` + item + `], "warnings": [` + item + `], "by_date": [` + item + `], "by_status_code": [` + item + `], "settings": [` + item + `], "current_values": {"type": "redis"},
	"prompts": [` + item + `], "prompt_spec": {"litellm_params": {"dotprompt_content": "text"}}, "search_tools": [` + item + `],
	"providers": [` + item + named("provider_name", "search_provider") + `],
	"policies": [` + item + named("policy_name", "policy_name") + `], "attachments": [` + item + `], "tools": [` + item + `], "by_tool": [` + item + `],
	"servers": [` + item + `], "items": [` + item + `], "sessions": [` + item + `],
	"teams": [` + item + `], "results": [` + item + `], "total_count": 1, "total": 1, "current_page": 1, "page": 1, "total_pages": 1,
	"status": "healthy", "db": "connected", "litellm_version": "1.110.2", "info": {"key_alias": "a1", "max_budget": 0.10},
	"model_id": "one", "user_id": "u1", "team_id": "t1", "organization_id": "o1", "project_id": "p1", "budget_id": "b1",
	"memories": [` + item + `], "access_group": "g1", "tag": {"name": "n1"}, "key": "k1", "token": "t1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "words"}}], "n": 12345678901234567890}`

func (g *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var parsed any = string(body)
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	_ = d.Decode(&parsed)
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.URL.Path == "/openapi.json" {
		http.NotFound(w, r) // a process asks once
		return
	}
	g.requests = append(g.requests, request{r.Method, r.URL.EscapedPath(), r.URL.Query(), parsed})
	w.Header().Set("Content-Type", "application/json")
	if stream, _ := parsed.(map[string]any); stream["stream"] == true {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"words\"}}]}\n\ndata: [DONE]\n\n")
		return
	}
	if strings.HasSuffix(r.URL.Path, "/versions") && !g.array { // those of one environment are asked for to see that there are none
		versions := "[" + item + named("environment", "environment") + `, {"environment": "development"}]`
		if r.URL.Query().Has("environment") {
			versions = "[]"
		}
		fmt.Fprint(w, `{"prompts": `+versions+"}")
		return
	}
	if path := r.URL.Path; g.array || path == "/organization/list" || path == "/customer/list" || path == "/budget/list" ||
		r.Method == "GET" && (path == "/v1/mcp/server" || path == "/v1/mcp/toolset" || path == "/v1/agents") {
		fmt.Fprint(w, "["+item+referred+"]")
		return
	}
	if r.URL.Path == "/public/litellm_model_cost_map" {
		fmt.Fprint(w, `{"`+realFile+`": {"litellm_provider": "`+realFile+`", "mode": "`+realFile+`"}}`)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/get/") { // settings, which have the further fields that sample makes
		fmt.Fprint(w, strings.TrimSuffix(object, "}")+`, "values": {"text": null, "amount": null, "null": null, "list": null, "@at": null}, "callbacks": [`+item+`]}`)
		return
	}
	fmt.Fprint(w, strings.TrimSuffix(object, "}")+settled)
}

func (g *echo) take() []request {
	g.mu.Lock()
	defer g.mu.Unlock()
	got := g.requests
	g.requests = nil
	return got
}

// sample makes a value for a field.
func sample(f operation.Field) json.RawMessage {
	text := "a/b?c&d=" + f.Name + " [é]"
	list := []string{"one", "two 2"}
	switch {
	case f.Collection != nil && f.Collection.What == "key", f.Name == "keys":
		text, list = oneHash, []string{oneHash, anotherHash}
	case f.Collection != nil:
		text, list = oneUUID, []string{oneUUID, anotherUUID}
	case isEmail(f):
		text, list = "ann@example.com", []string{"ann@example.com", "bob@example.com"}
	case f.Name == "input_policy" && slices.Contains(f.Enum, "blocked"): // what one team can be given
		text = "blocked"
	case len(f.Enum) > 0:
		text = f.Enum[0]
	case f.Name == "method":
		text = "POST"
	case f.Name == "uri":
		text = "/some/path?a=b"
	case slices.Contains(durations, f.Name):
		text = "30d"
	case f.Name == "target":
		text = "https://api.example.com/v1"
	case f.Name == "path":
		text = "/some/path"
	case f.Name == "endpoint":
		text = "POST /key/update"
	case f.Name == "ip":
		text = "203.0.113.7"
	case f.Name == "tz":
		text = "Europe/Berlin"
	case slices.Contains(periods, f.Name):
		text = "2026-10-03"
	}
	var v any = text
	switch f.Kind {
	case operation.KindInteger:
		v = 2
	case operation.KindNumber:
		v = json.Number("0.50")
	case operation.KindBoolean:
		v = f.Name != "stream"
	case operation.KindStrings:
		v = list
		if len(f.Enum) > 0 {
			v = f.Enum[:1]
		}
	case operation.KindObject, operation.KindPairs:
		v = map[string]any{"text": "007", "amount": json.Number("1.50"), "null": nil, "list": []int{1}, "@at": "@/etc/hostname"}
	case operation.KindMessages:
		v = []map[string]string{{"role": "user", "content": "hi: there"}}
	case operation.KindHeaders:
		v = map[string]string{"X-Test": "a:b"}
	}
	b, _ := json.Marshal(v)
	return b
}

// exclusive are arguments that cannot be given together: these are left out.
var exclusive = map[string]string{"http request": "json", "api read": "body", "api write": "files body", "api delete": "body",
	"spend activity":  "ids",
	"spend calculate": "completion_response prompt_tokens completion_tokens",
	// Limits next to a budget: see TestSharedBudgets in package tools.
	"keys generate": "soft_budget", "customers update": "budget_id", "tags create": "budget_id", "tags update": "budget_id",
	"access-groups budget-set": "budget_id",
	// The prompt of a test is stored or given.
	"prompts test": "prompt_id environment",
	// Filters, which no keys may stand beside: see keyselect.txtar.
	"keys rotate": "key",
	"keys delete": "user_id team_id organization_id search status unused expired expect"}

// leftOut tells whether a field is left out of the call with everything.
func leftOut(op *operation.Operation, f operation.Field) bool {
	return f.Name == "expires" || slices.Contains(strings.Fields(exclusive[op.Path]), f.Name)
}

// periods are read before anything is sent: their texts do not arrive as they
// are. start_date and end_date cannot be given beside period.
var periods = []string{"period", "against", "start_date", "end_date", "tz"}

// durations are checked before anything is sent, and expires is sent as one.
var durations = []string{"budget_duration", "team_member_budget_duration", "duration", "grace_period", "grace", "older_than", "soon"}

// isEmail reports whether a field takes an email address, which is checked before anything
// is sent.
func isEmail(f operation.Field) bool { return f.Collection == nil && strings.Contains(f.Name, "email") }

// inputs are the calls with which an operation is tried: with everything, with
// only what is required, and with everything emptied that can be.
func inputs(op *operation.Operation) []operation.Args {
	all, required, cleared := operation.Args{}, operation.Args{}, operation.Args(nil)
	fields := op.Fields()
	for _, f := range fields {
		if f.Name == "clear" {
			cleared = operation.Args{f.Name: json.RawMessage(marshal(f.Enum))}
			continue
		}
		if f.Name == "replace" {
			continue // names objects of the call
		}
		if !leftOut(op, f) && (f.Required || !strings.HasSuffix(f.Name, "_date")) {
			all[f.Name] = sample(f)
		}
		if f.Required {
			required[f.Name] = sample(f)
		}
	}
	if of := op.Collection(); of != nil && of.Size != "" {
		required[of.Size] = json.RawMessage("7") // by default, pages differ
	}
	if op.Consent.Sweeping && op.Consent.Count != nil { // without it, the command looks twice
		required[operation.ExpectField] = json.RawMessage("0")
	}
	if cleared == nil {
		return []operation.Args{all, required}
	}
	for name, value := range required {
		cleared[name] = value
	}
	return []operation.Args{all, required, cleared}
}

// argv writes a call as a person would type it.
func argv(t *testing.T, op *operation.Operation, args operation.Args) []string {
	out := strings.Fields(op.Path)
	if op.Consent.Sweeping {
		out = append(out, "--yes")
	}
	fields := op.Fields()
	slices.SortStableFunc(fields, func(a, b operation.Field) int { return a.Arg - b.Arg })
	for _, f := range fields {
		value, ok := args[f.Name]
		if !ok {
			continue
		}
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		flag := func(v string) { out = append(out, "--"+f.Flag+"="+v) }
		members := map[string]json.RawMessage{}
		_ = json.Unmarshal(value, &members)
		switch {
		case f.Arg > 0 && f.Kind == operation.KindStrings:
			var list []string
			if err := json.Unmarshal(value, &list); err != nil {
				t.Fatal(err)
			}
			out = append(out, list...)
		case f.Arg > 0:
			out = append(out, text)
		case f.Name == "extra":
			for name, v := range members {
				out = append(out, "--set", name+":="+string(v))
			}
		case f.Kind == operation.KindPairs:
			for name, v := range members {
				flag(name + ":=" + string(v))
			}
		case f.Kind == operation.KindMessages:
			var list []struct{ Role, Content string }
			if err := json.Unmarshal(value, &list); err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				flag(m.Role + ":" + m.Content)
			}
		case f.Kind == operation.KindHeaders:
			for name, v := range members {
				var s string
				_ = json.Unmarshal(v, &s)
				flag(name + ":" + s)
			}
		case f.File && strings.HasPrefix(text, "@"):
			flag("@" + text)
		default:
			flag(text)
		}
	}
	return out
}

// run runs the command line and returns what it wrote.
func run(t *testing.T, url, key string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = cli.Run(context.Background(), cli.System{Operations: tools.All(),
		Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
		Getenv: func(name string) string {
			return map[string]string{"LITELLM_PROXY_URL": url, "LITELLM_PROXY_API_KEY": key, "USER": "tester"}[name]
		},
	})
	return status, out.String(), errs.String()
}

// session is an MCP client over streamable HTTP.
type session struct {
	t         *testing.T
	url, key  string
	id        string
	requested int
}

func connect(t *testing.T, o mcpserver.Options, key string) *session {
	t.Helper()
	server, err := mcpserver.New(o)
	if err != nil {
		t.Fatal(err)
	}
	handler, closeAll, err := server.Handler(mcpserver.HTTPOptions{Transport: "http", Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(handler)
	t.Cleanup(func() { closeAll(); h.Close() })
	s := &session{t: t, url: h.URL + "/mcp", key: key}
	s.rpc("initialize", map[string]any{"protocolVersion": "2025-06-18", "capabilities": map[string]any{},
		"clientInfo": map[string]any{"name": "parity", "version": "1"}})
	return s
}

// rpc sends one request and returns its result.
func (s *session) rpc(method string, params any) json.RawMessage {
	s.t.Helper()
	s.requested++
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": s.requested, "method": method, "params": params})
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequest("POST", s.url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Authorization", "Bearer "+s.key)
	if s.id != "" {
		r.Header.Set("Mcp-Session-Id", s.id)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	if id := resp.Header.Get("Mcp-Session-Id"); id != "" {
		s.id = id
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(answer), "\n") {
		line = strings.TrimPrefix(line, "data: ")
		var message struct {
			ID     int
			Result json.RawMessage
			Error  json.RawMessage
		}
		if json.Unmarshal([]byte(line), &message) == nil && message.ID == s.requested {
			if message.Error != nil {
				s.t.Fatalf("%s: %s", method, message.Error)
			}
			return message.Result
		}
	}
	s.t.Fatalf("%s: no answer in %s", method, answer)
	return nil
}

// toolAnswer is the result of tools/call.
type toolAnswer struct {
	IsError           bool
	StructuredContent json.RawMessage
	Content           []struct{ Text string }
}

func (s *session) call(tool string, args any) toolAnswer {
	s.t.Helper()
	var a toolAnswer
	if err := json.Unmarshal(s.rpc("tools/call", map[string]any{"name": tool, "arguments": args}), &a); err != nil {
		s.t.Fatal(err)
	}
	return a
}
