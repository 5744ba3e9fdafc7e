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
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/config"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/internal/openapi"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
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

// TestParity is the promise of the project: every operation through both
// surfaces with the same input sends the same requests and gives the same
// answer. A new operation is in it by itself.
func TestParity(t *testing.T) {
	const key = "sk-parity"
	gateway := &echo{}
	server := httptest.NewServer(http.StripPrefix("/prefix", gateway))
	defer server.Close()
	base := server.URL + "/prefix"
	client, err := proxyclient.New(proxyclient.Config{BaseURL: base, BaseURLSource: config.URLVariable, APIKey: key})
	if err != nil {
		t.Fatal(err)
	}
	mcp := connect(t, mcpserver.Options{Operations: tools.All(), Client: client, Toolsets: []string{"all"}, Confirm: "never"}, key)
	gateway.take() // the check of the key
	for _, op := range tools.All() {
		for _, args := range inputs(op) {
			t.Run(op.Tool(), func(t *testing.T) {
				format := "json"
				if op.Lists() {
					format = "jsonl"
				}
				line := append(argv(t, op, args), "--format", format)
				gateway.array = false
				status, stdout, stderr := run(t, base, key, line...)
				if strings.Contains(stderr, "answer has no list") {
					gateway.array = true
					gateway.take()
					status, stdout, stderr = run(t, base, key, line...)
				}
				fromCLI := gateway.take()
				input := map[string]any{}
				for name, value := range args {
					input[name] = value
				}
				if op.Lists() && len(op.Columns) > 0 {
					input["full"] = true
				}
				answer := mcp.call(op.Tool(), input)
				fromMCP := gateway.take()
				if !reflect.DeepEqual(fromCLI, fromMCP) {
					t.Errorf("litellm-proxy %q\nsent %+v\nthe tool sent %+v\nfor %s", line, fromCLI, fromMCP, marshal(input))
				}
				if (status != 0) != answer.IsError {
					t.Fatalf("the command's exit status is %d (%s), the tool's isError %v (%s)", status, stderr, answer.IsError, answer.StructuredContent)
				}
				if status == 2 || status == 3 {
					return // two required arguments of which one is enough, or a thing that the echo does not have
				}
				if len(fromCLI) == 0 {
					t.Error("no request was sent")
				}
				// Each surface says where its key came from.
				stdout = strings.ReplaceAll(stdout, "LITELLM_PROXY_API_KEY", "the request's Authorization header")
				structured := answer.StructuredContent
				if members := (map[string]json.RawMessage{}); json.Unmarshal(structured, &members) == nil {
					for _, name := range []string{"error", "done", "notes"} { // the command has them on stderr
						delete(members, name)
					}
					if len(members) == 0 && stdout == "" {
						return
					}
					structured = json.RawMessage(marshal(members))
				}
				compare(t, op, stdout, structured)
			})
		}
	}
}

// TestFlagsAreProperties: a person's flag and a model's property have one name, but for
// flags that are repeated for each pair, header or message: --param of litellm_params.
func TestFlagsAreProperties(t *testing.T) {
	for _, op := range tools.All() {
		for _, f := range op.Fields() {
			switch f.Kind {
			case operation.KindPairs, operation.KindHeaders, operation.KindMessages:
				continue
			}
			if strings.ReplaceAll(f.Property, "_", "-") != f.Flag {
				t.Errorf("%s: the flag of %s is --%s", op.Path, f.Property, f.Flag)
			}
		}
		for _, name := range strings.Fields(exclusive[op.Path]) {
			if _, ok := op.Field(name); !ok {
				t.Errorf("%s has no argument %s, which exclusive names", op.Path, name)
			}
		}
	}
}

func marshal(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// compare holds the two answers against each other: items of a list in full, an
// object but for its empty fields.
func compare(t *testing.T, op *operation.Operation, stdout string, structured json.RawMessage) {
	t.Helper()
	if op.Lists() {
		var list struct{ Items []any }
		decode(t, string(structured), &list)
		lines := strings.Fields(strings.ReplaceAll(strings.TrimSpace(stdout), " ", "\x00"))
		items := []any{}
		for _, line := range lines {
			var v any
			decode(t, strings.ReplaceAll(line, "\x00", " "), &v)
			items = append(items, v)
		}
		if !reflect.DeepEqual(items, list.Items) {
			t.Errorf("items of the command %v\nof the tool %v", items, list.Items)
		}
		return
	}
	var a, b any
	decode(t, stdout, &a)
	decode(t, string(structured), &b)
	if m, ok := b.(map[string]any); ok && len(m) == 1 && m["result"] != nil {
		b = m["result"]
	}
	if got, want := prune(b), prune(a); !reflect.DeepEqual(got, want) {
		t.Errorf("answer of the command %v\nof the tool %v", want, got)
	}
}

// decode keeps numbers digit for digit.
func decode(t *testing.T, text string, v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// prune drops empty fields, which a tool's answer leaves out.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			member = prune(member)
			v[name] = member
			if member == nil || member == "" || reflect.DeepEqual(member, []any{}) || reflect.DeepEqual(member, map[string]any{}) {
				delete(v, name)
			}
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	}
	return v
}

// beside are arguments that the texts of a call cannot stand beside.
var beside = map[string]string{
	"models discover": "search provider mode", "policies attach": "teams keys models tags",
	"guardrails apply": "extra", "guardrails test-code": "extra test_input",
	"policies create": "guardrails_add guardrails_remove inherit condition pipeline", "policies update": "guardrails_add guardrails_remove inherit condition pipeline",
	"policies attach-estimate": "teams keys models tags",
	"mcp-servers add":          "credentials", "mcp-servers update": "credentials",
	"mcp-toolsets create": "tool_names", "mcp-toolsets update": "add_tools remove_tools tool_names",
	"tools policy-set": "team_id output_policy", "tools policy-reset": "team_id", "utils token-count": "messages",
}

// answered are arguments that are looked up in what the gateway or the program has, or
// refused when they are no value.
var answered = map[string]string{
	"models discover": "search provider mode", "keys explain": "model", "guardrails create": "type", "guardrails type-get": "type",
	"pass-through create": "path", "pass-through update": "path",
	"settings allowed-ips-add": "ip", "settings allowed-ips-delete": "ip",
	"api describe": "endpoint schema", "api read": "path", "api write": "path", "api delete": "path",
}

// unsaid are arguments that neither requests nor answers repeat: what is searched for in
// answers, and addresses that are none.
var unsaid = map[string]string{"api search": "words", "models doubles": "model", "models merge": "model", "spend summary": "customer_id", "pass-through create": "target", "pass-through update": "target"}

// TestLiteralStrings sends "@" and a file's name as every text of every tool: an
// assistant's argument is never a file. It is sent as it is, or where nothing can be sent with
// it, the answer names it.
func TestLiteralStrings(t *testing.T) {
	gateway := &echo{}
	server := httptest.NewServer(gateway)
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-x"})
	if err != nil {
		t.Fatal(err)
	}
	mcp := connect(t, mcpserver.Options{Operations: tools.All(), Client: client, Toolsets: []string{"all"}, Confirm: "never"}, "sk-x")
	for _, op := range tools.All() {
		for _, f := range op.Fields() {
			if f.Kind != operation.KindString || len(f.Enum) > 0 || f.Name == "uri" || f.Name == "method" || f.Collection != nil ||
				slices.Contains(strings.Fields(unsaid[op.Path]), f.Name) ||
				leftOut(op, f) || slices.Contains(periods, f.Name) || slices.Contains(durations, f.Name) {
				continue
			}
			args := inputs(op)[0]
			for _, name := range strings.Fields(beside[op.Path]) {
				delete(args, name)
			}
			for name, value := range args {
				args[name] = bytes.ReplaceAll(value, []byte("a/b"), []byte("ab"))
			}
			args[f.Name] = json.RawMessage(`"` + realFile + `"`)
			gateway.take()
			answer := mcp.call(op.Tool(), args).Content[0].Text
			if strings.Contains(answer, "package cli_test") {
				t.Errorf("%s: %s=%s was read: %s", op.Tool(), f.Name, realFile, answer)
			}
			// The database reads \ as an escape in some filters.
			sent := strings.ReplaceAll(fmt.Sprint(gateway.take()), `\_`, "_")
			if isEmail(f) || slices.Contains(strings.Fields(answered[op.Path]), f.Name) {
				sent += answer
			}
			if !strings.Contains(sent, realFile) && !strings.Contains(sent, url.PathEscape(realFile)) {
				t.Errorf("%s: %s=%s was not sent as it is: %s\n%s", op.Tool(), f.Name, realFile, sent, answer)
			}
		}
	}
}

// TestRequestsAgainstOpenAPI holds every request of every operation against the
// gateways' own documents, separated by colons in LITELLM_OPENAPI: in one of them
// the route exists, and takes these parameters and body fields.
func TestRequestsAgainstOpenAPI(t *testing.T) {
	docs, err := openapi.ReadFiles(os.Getenv("LITELLM_OPENAPI"))
	if err != nil {
		t.Fatal(err)
	}
	if docs == nil {
		t.Skip("set LITELLM_OPENAPI to the gateway's openapi.json")
	}
	gateway := &echo{}
	server := httptest.NewServer(gateway)
	defer server.Close()
	for _, op := range tools.All() {
		// The route of spend session is in no document.
		if op.Path == "http request" || op.Path == "spend session" {
			continue
		}
		args := inputs(op)[0]
		delete(args, "extra")
		gateway.array = false
		run(t, server.URL, "sk-x", argv(t, op, args)...)
		for _, r := range gateway.take() {
			// OPTIONS asks whether a path is taken.
			if r.Method == http.MethodOptions || slices.Contains(unlisted, r.Method+" "+r.Path) {
				continue
			}
			var faults []string
			for _, doc := range docs {
				if fault := faultOf(doc, r); fault != "" {
					faults = append(faults, fault)
				}
			}
			if len(faults) == len(docs) {
				t.Errorf("%s: %s %s: %s", op.Path, r.Method, r.Path, strings.Join(faults, "; "))
			}
		}
	}
}

// unlisted are requests that gateways answer and leave out of their documents.
var unlisted = []string{
	"POST /config/update", "GET /config/list", "GET /config/field/info", "POST /config/field/update", "POST /config/field/delete",
	"GET /get/config/callbacks", "POST /config/callback/delete", "GET /get/allowed_ips",
	"GET /model/cost_map/source", "POST /reload/model_cost_map", "GET /schedule/model_cost_map_reload/status",
	"POST /schedule/model_cost_map_reload", "DELETE /schedule/model_cost_map_reload",
}

// faultOf says what a document has against a request.
func faultOf(doc *openapi.Document, r request) string {
	e := doc.Match(r.Method, r.Path)
	if e == nil {
		return "is no route of the gateway's document"
	}
	for name := range r.Query {
		if !slices.ContainsFunc(e.Parameters, func(p openapi.Parameter) bool { return p.Name == name && p.In == "query" }) {
			return "takes no query parameter " + name
		}
	}
	s := doc.Resolve(e.Bodies["application/json"])
	open := s.Additional != nil && s.Additional.Schema == nil && !s.Additional.None
	body, _ := r.Body.(map[string]any)
	for name := range body {
		if _, ok := s.Properties[name]; !ok && s.Properties != nil && !open {
			return "takes no body field " + name
		}
	}
	return ""
}
