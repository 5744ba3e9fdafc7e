package mcpserver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/excerpt"
	"litellm-proxy/internal/operation"
	"litellm-proxy/tools"
)

// bulky is a gateway that has much of everything: lists of 80 things, and among them a
// text of 100 KB, under every name that an operation looks for.
func bulky(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	if strings.Contains(string(body), `"stream":true`) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 2000 {
			fmt.Fprint(w, "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"words and words \"}}]}\n\n")
		}
		fmt.Fprint(w, "data: [DONE]\n\n")
		return
	}
	if path := r.URL.Path; path == "/organization/list" || path == "/customer/list" || path == "/budget/list" || path == "/team/available" || path == "/tag/list" ||
		slices.Contains([]string{"/public/providers/fields", "/project/list", "/budget/info", "/spend/logs", "/global/spend/report", "/policy/templates", "/callbacks/configs", "/config/list"}, path) ||
		r.Method == http.MethodGet && slices.Contains([]string{"/v1/mcp/server", "/v1/mcp/server/health", "/v1/mcp/toolset", "/v1/agents"}, path) {
		_, _ = w.Write(bulkyList)
		return
	}
	_, _ = w.Write(bulkyAnswer)
}

var bulkyList = bulk(strings.Repeat("<long> text\n", 9000))

// bulk is a list of things, of which one has the text.
func bulk(long string) json.RawMessage {
	things := make([]string, 80)
	for i := range things {
		text := ""
		if i == 40 {
			text = long
		}
		things[i] = fmt.Sprintf(`{"token":"%064d","key_alias":"a%[1]d","key_name":"sk-...%04[1]d","id":"id-%[1]d","model_name":"m%[1]d","user_id":"u%[1]d","user_email":"u%[1]d@example.com","team_id":"t%[1]d","team_alias":"team %[1]d",
			"organization_id":"o%[1]d","organization_alias":"org %[1]d","server_id":"id-%[1]d","server_name":"s%[1]d","toolset_id":"id-%[1]d","toolset_name":"ts%[1]d","agent_id":"id-%[1]d","agent_name":"ag%[1]d","budget_id":"b%[1]d","credential_name":"c%[1]d","project_id":"p%[1]d","name":"n%[1]d","access_group":"g%[1]d","access_group_id":"g%[1]d","access_group_name":"g%[1]d","model_group":"mg%[1]d","model_id":"id-%[1]d","request_id":"r%[1]d",
			"spend":0.5,"max_budget":10,"startTime":"2026-11-01T10:00:00Z","litellm_params":{"model":"openai/m%[1]d"},"model_info":{"id":"id-%[1]d"},"description":%q,"metadata":{"note":%[2]q}}`, i, text)
	}
	return json.RawMessage("[" + strings.Join(things, ",") + "]")
}

var bulkyAnswer = func() json.RawMessage {
	top := []member{{"data", bulkyList}}
	for _, name := range []string{"keys", "users", "teams", "credentials", "results", "access_groups", "health_checks", "healthy_endpoints", "projects", "tags",
		"prompts", "search_tools", "providers", "audit_logs", "fields", "endpoints", "mappings", "accounts", "warnings", "by_date",
		"servers", "items", "sessions", "tools", "settings", "callbacks", "guardrails", "submissions", "rows", "logs", "policies", "attachments", "versions", "by_tool"} {
		top = append(top, member{name, bulk("short")})
	}
	more, _ := members(json.RawMessage(`{"failed_updates":[],"unhealthy_endpoints":[],"aliases":["a1"],"total_count":80,"total":80,"current_page":1,"page":1,"total_pages":1,"page_size":80,
		"status":"healthy","db":"connected","litellm_version":"1.110.2","info":{"key_alias":"a1","max_budget":0.10},"model_id":"one","user_id":"u1","team_id":"t1","organization_id":"o1","project_id":"p1","budget_id":"b1",
		"memories":[],"access_group":"g1","tag":{"name":"n1"},"key":"k1","token":"t1","choices":[{"index":0,"message":{"role":"assistant","content":"words"}}],"team_info":{"team_id":"t1","team_alias":"T"},"user_info":{"user_id":"u1"},
		"prompt_id":"p1","vector_store":{"vector_store_id":"v1"},"search_tool_id":"s1","server_id":"s1","toolset_id":"ts1","agent_id":"a1","imported":[],
		"guardrail_id":"g1","response_text":"x","values":{},"current_values":{"type":"redis"}}`))
	return object(append(top, more...))
}()

// valueFor is a value for a field.
func valueFor(f operation.Field) json.RawMessage {
	switch id := identifier(f); {
	case id != "" && f.Kind == operation.KindStrings:
		return encode([]string{id})
	case id != "":
		return encode(id)
	case len(f.Enum) > 0 && f.Kind == operation.KindStrings:
		return encode(f.Enum[:1])
	case len(f.Enum) > 0:
		return encode(f.Enum[0])
	case f.Name == "method":
		return encode("POST")
	case f.Name == "endpoint":
		return encode("POST /key/update")
	case f.Name == "uri":
		return encode("/some/path")
	case strings.HasSuffix(f.Name, "duration") || f.Name == "period":
		return encode("30d")
	case strings.HasSuffix(f.Name, "_date"):
		return encode("2026-10-03")
	}
	switch f.Kind {
	case operation.KindInteger, operation.KindNumber:
		return encode(2)
	case operation.KindBoolean:
		return encode(true)
	case operation.KindStrings:
		return encode([]string{"id-1", "id-2"})
	case operation.KindObject, operation.KindPairs, operation.KindHeaders:
		return encode(map[string]string{"x": strings.Repeat("y", 5000)})
	case operation.KindMessages:
		return json.RawMessage(`[{"role":"user","content":"x"}]`)
	}
	return encode("id-1")
}

// requiredArgs are the arguments without which the operation cannot be called.
func requiredArgs(op *operation.Operation) operation.Args {
	args := operation.Args{}
	for _, f := range op.Fields() {
		switch {
		case f.Required, f.Name == "keys" || f.Name == "model" && f.Arg > 0:
			args[f.Name] = valueFor(f)
		}
	}
	for _, f := range op.Fields() { // an update changes something
		if op.Update != nil && args[f.Name] == nil && f.Name != "clear" && f.Name != "replace" {
			args[f.Name] = valueFor(f)
			break
		}
	}
	return args
}

// TestEveryAnswerFits: whatever a tool answers with a large gateway, both of its channels
// fit, and the rest can be read. The harness checks what every answer keeps.
func TestEveryAnswerFits(t *testing.T) {
	c := dial(t, newServer(t, Options{Client: fake(t, bulky), Confirm: confirmNever}), `{}`, nil)
	failed := 0
	for _, op := range tools.All() {
		t.Run(op.Tool(), func(t *testing.T) {
			c.t = t
			args := requiredArgs(op)
			r := c.call(op.Tool(), string(encode(args)))
			if r.IsError {
				failed++
				t.Logf("%.200s", r.Text)
			}
			if next := field(r.Structured, "rest"); next != "" {
				if r := c.call(op.Tool(), next); r.IsError || field(r.Structured, "parts") == "" {
					t.Errorf("the rest is %.300s", r.Text)
				}
			}
			if op.Effect != operation.Read {
				c.call(op.Tool(), string(encode(args.With("dry_run", true))))
			}
			if full := c.call(op.Tool(), string(encode(args.With("full", true)))); full.IsError != r.IsError {
				t.Errorf("with full: %.300s", full.Text)
			}
			factsFirst(t, r.Structured)
		})
	}
	if all := len(tools.All()); failed > all/3 {
		t.Errorf("%d of %d tools answered with an error only", failed, all)
	}
}

// factsFirst checks that no fact of an answer comes behind its parts.
func factsFirst(t *testing.T, structured json.RawMessage) {
	t.Helper()
	parts := ""
	top, _ := members(structured)
	for _, m := range top {
		switch {
		case slices.Contains([]string{"notes", "error", "next", "rest", "left_out", "failed", "new_keys", "requests", "dangers"}, m.name):
		case m.value[0] == '{' || m.value[0] == '[':
			parts = m.name
		case parts != "" && len(m.value) < 500:
			t.Errorf("%s comes behind %s: %.300s", m.name, parts, structured)
		}
	}
}

// TestEveryListGoesOn: following next gives every item of every list once.
func TestEveryListGoesOn(t *testing.T) {
	client := fake(t, bulky)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	cut := 0
	for _, op := range tools.All() {
		if !op.Lists() {
			continue
		}
		t.Run(op.Tool(), func(t *testing.T) {
			c.t = t
			args := requiredArgs(op)
			call, err := operation.Prepare(t.Context(), operation.Env{Client: client, PageSize: operation.ToolPageSize}, op, args)
			if err != nil {
				t.Skip(err)
			}
			want, err := call.Run(t.Context())
			if err != nil || len(want.Page.Items) == 0 || want.Page.Next != nil {
				t.Skip("nothing to list, or more than this gateway has", err)
			}
			items, calls := follow(t, c, op.Tool(), string(encode(args)), "")
			if len(items) != len(want.Page.Items) {
				t.Errorf("%d items in %d calls, want %d", len(items), calls, len(want.Page.Items))
			}
			if calls > 1 {
				cut++
			}
		})
	}
	if cut < 3 {
		t.Errorf("%d lists were cut", cut)
	}
}

// FuzzFit: whatever a gateway answers, to whatever view of it, both channels fit and are
// whole.
func FuzzFit(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":"c"}],"done":true,"rest":{},"n":1e400}`), "a.b", 3)
	f.Add([]byte(`[[[["x"]]],"`+strings.Repeat("<", 3000)+`"]`), "", 5000)
	f.Add([]byte(`{"`+strings.Repeat("k", 5000)+`":{"x":"\u2028\ud800"}}`), "x", 20000)
	f.Fuzz(func(t *testing.T, body []byte, name string, most int) {
		if !json.Valid(body) || most < 400 || most > fullBound {
			return
		}
		s := &Server{ops: tools.All()}
		s.signer, _ = newSigner("")
		c := &call{tool: &tool{s: s, op: s.ops.Find("http_request")}, caller: &caller{}, args: operation.Args{}, flags: map[string]bool{}}
		if name != "" {
			c.fields = []string{name}
		}
		r := &reply{body: encode(json.RawMessage(body)), notes: []string{string(body)}, done: name}
		c.ctx = t.Context()
		result := c.fit(r)
		structured := result.StructuredContent.(json.RawMessage)
		if !json.Valid(structured) || excerpt.WireJSON(structured) > bound {
			t.Errorf("the structured content is %d bytes, valid: %v", len(structured), json.Valid(structured))
		}
		cut, gaps := excerpt.Cut(json.RawMessage(body), "", most, nil)
		if !json.Valid(cut) {
			t.Errorf("the excerpt is %s", cut)
		}
		for at, calls := 0, 0; len(gaps) > 0; calls++ {
			parts, next := excerpt.Rest(gaps, at, most)
			if next != 0 && (next <= at || len(parts) == 0) || calls > len(body) {
				t.Fatalf("it does not go on: from %d to %d with %d parts", at, next, len(parts))
			}
			if at = next; at == 0 {
				break
			}
		}
	})
}
