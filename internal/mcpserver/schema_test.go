package mcpserver

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

type listed struct {
	Name, Title, Description string
	InputSchema              json.RawMessage
	OutputSchema             json.RawMessage
	Annotations              struct {
		ReadOnlyHint, DestructiveHint, IdempotentHint, OpenWorldHint *bool
	}
}

func list(t *testing.T, s *Server) ([]listed, int) {
	t.Helper()
	raw, err := s.ListJSON()
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Tools []listed }
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Tools, len(raw)
}

// The size is a cost that every conversation of every user pays.
func TestListSize(t *testing.T) {
	for _, tt := range []struct {
		toolset string
		max     int
	}{{"default", 48 << 10}, {"all", 220 << 10}} {
		all, size := list(t, newServer(t, Options{Toolsets: []string{tt.toolset}}))
		t.Logf("%s: %d tools, %d bytes, %d a tool", tt.toolset, len(all), size, size/len(all))
		if size > tt.max {
			t.Errorf("tools/list of %s is %d bytes, more than %d", tt.toolset, size, tt.max)
		}
		if average := size / len(all); average > 1331 {
			t.Errorf("tools of %s have %d bytes on average, more than 1.3 KB", tt.toolset, average)
		}
	}
}

// uncrowded lists every tool, as servers that offer few show them.
func uncrowded(t *testing.T) (all []listed) {
	t.Helper()
	var names []string
	for _, op := range tools.All() {
		names = append(names, op.Tool())
	}
	slices.Sort(names)
	for some := range slices.Chunk(names, mostTools) {
		listed, _ := list(t, newServer(t, Options{Tools: some}))
		all = append(all, listed...)
	}
	return all
}

// TestCrowdedList: a list of very many tools has the same tools, without the arguments that
// every write or list takes and without the annotations that are the protocol's defaults.
func TestCrowdedList(t *testing.T) {
	short, _ := list(t, newServer(t, Options{}))
	plain := newServer(t, Options{}) // texts mention what is offered: everything, as in short
	plain.crowded = false
	for _, got := range short {
		made, err := plain.newTool(tools.All().Find(got.Name))
		if err != nil {
			t.Fatal(err)
		}
		var want listed
		if err := json.Unmarshal(encode(made.declaration), &want); err != nil {
			t.Fatal(err)
		}
		if got.Name != want.Name || got.Title != want.Title || got.Description != want.Description {
			t.Fatalf("%s is %+v, want %+v", want.Name, got, want)
		}
		wanted, _ := members(json.RawMessage(field(want.InputSchema, "properties")))
		wanted = slices.DeleteFunc(wanted, func(m member) bool {
			return !tools.All().Find(want.Name).Takes(m.name)
		})
		if properties := field(got.InputSchema, "properties"); properties != string(object(wanted)) {
			t.Errorf("%s: the properties are %s, want %s", want.Name, properties, object(wanted))
		}
		is := func(hint *bool, unsaid bool) bool { return hint == nil && unsaid || hint != nil && *hint }
		a, b := got.Annotations, want.Annotations
		if is(a.ReadOnlyHint, false) != *b.ReadOnlyHint || is(a.OpenWorldHint, true) != *b.OpenWorldHint ||
			!*b.ReadOnlyHint && (is(a.DestructiveHint, true) != *b.DestructiveHint || is(a.IdempotentHint, false) != *b.IdempotentHint) {
			t.Errorf("%s: the annotations mean something else: %+v, want %+v", want.Name, a, b)
		}
	}
}

func TestEveryTool(t *testing.T) {
	all := uncrowded(t)
	if len(all) != len(tools.All()) {
		t.Errorf("%d tools are listed of %d operations", len(all), len(tools.All()))
	}
	if !slices.IsSortedFunc(all, func(a, b listed) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the tools are not in the order of their names, on which paging counts")
	}
	seen := map[string]bool{}
	for _, tool := range all {
		t.Run(tool.Name, func(t *testing.T) {
			if seen[tool.Name] {
				t.Error("the name occurs twice")
			}
			seen[tool.Name] = true
			op := tools.All().Find(tool.Name)
			if op == nil {
				t.Fatal("there is no such operation")
			}
			if tool.Title == "" || tool.Description == "" || strings.ContainsAny(tool.Description, "{}") {
				t.Errorf("title %q, description %q", tool.Title, tool.Description)
			}
			a := tool.Annotations
			if a.ReadOnlyHint == nil || a.DestructiveHint == nil || a.IdempotentHint == nil || a.OpenWorldHint == nil {
				t.Fatal("not all annotations are set")
			}
			if *a.ReadOnlyHint != (op.Effect == operation.Read) || *a.DestructiveHint != (op.Effect == operation.Destructive) {
				t.Errorf("the annotations contradict the effect %v", op.Effect)
			}
			if tool.OutputSchema != nil {
				t.Error("there is an output schema: it doubles the size")
			}
			walk(t, "", tool.InputSchema)
			for _, name := range []string{"anyOf", "oneOf", "allOf", "$ref", "$defs", "$schema"} {
				if field(tool.InputSchema, name) != "" {
					t.Errorf("the schema has %s at its top", name)
				}
			}
			if field(tool.InputSchema, "additionalProperties") != "" || field(tool.InputSchema, "type") != `"object"` {
				t.Errorf("the schema is no object, or one that forbids hidden arguments: %s", tool.InputSchema)
			}
			properties, _ := members(json.RawMessage(field(tool.InputSchema, "properties")))
			var want []string
			for _, f := range op.Fields() {
				want = append(want, f.Property)
			}
			var have []string
			for _, p := range properties {
				have = append(have, p.name)
				if slices.Contains(have[:len(have)-1], p.name) {
					t.Errorf("the property %s occurs twice", p.name)
				}
				if f := property(op, p.name); !f.Required && field(p.value, "minLength")+field(p.value, "minItems") != "" {
					t.Errorf("%s is optional, but the schema forbids it to be empty: %s", p.name, p.value)
				}
			}
			if len(have) < len(want) || !slices.Equal(have[:len(want)], want) {
				t.Errorf("the properties are %v, want first %v", have, want)
			}
			if slices.Contains(have, argDryRun) != (op.Effect != operation.Read) {
				t.Errorf("dry_run is offered, or not: %v", have)
			}
			if op.Effect == operation.Destructive && !slices.Contains(have, argConfirm) {
				t.Error("confirm is not offered")
			}
		})
	}
}

// property is the field that a tool shows under a name.
func property(op *operation.Operation, name string) operation.Field {
	for _, f := range op.Fields() {
		if f.Property == name {
			return f
		}
	}
	return operation.Field{}
}

// walk checks a schema as Inspector --strict and the stricter clients do.
func walk(t *testing.T, at string, raw json.RawMessage) {
	t.Helper()
	var s struct {
		Type        any
		Description string
		Properties  map[string]json.RawMessage
		Items       json.RawMessage
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Errorf("%s: no schema object: %s", at, raw)
		return
	}
	if s.Type == nil {
		t.Errorf("%s: no type: %s", at, raw)
	}
	for name, p := range s.Properties {
		if field(p, "description") == "" {
			t.Errorf("%s.%s: no description", at, name)
		}
		walk(t, at+"."+name, p)
	}
	if s.Type == "array" {
		walk(t, at+"[]", s.Items)
	}
}

func TestChoose(t *testing.T) {
	for _, tt := range []struct {
		name    string
		o       Options
		has     []string
		lacks   []string
		only    int
		problem string
	}{
		{name: "default", has: []string{"keys_list", "status"}, lacks: []string{"http_request"}},
		{name: "all", o: Options{Toolsets: []string{"all"}}, has: []string{"keys_list", "http_request"}},
		{name: "a resource", o: Options{Toolsets: []string{"status"}}, has: []string{"status"}, only: 1},
		{name: "tools alone", o: Options{Tools: []string{"keys_list", "models list"}}, has: []string{"keys_list", "models_list"}, only: 2},
		{name: "tools beside toolsets", o: Options{Toolsets: []string{"status"}, Tools: []string{"keys_list"}}, has: []string{"status", "keys_list"}, only: 2},
		{name: "exclude", o: Options{Toolsets: []string{"all"}, ExcludeTools: []string{"keys_list"}}, has: []string{"keys_info"}, lacks: []string{"keys_list"}},
		{name: "exclude wins", o: Options{Tools: []string{"status", "keys_list"}, ExcludeTools: []string{"keys_list"}}, has: []string{"status"}, only: 1},
		{name: "read only", o: Options{Toolsets: []string{"all"}, ReadOnly: true}, has: []string{"keys_list"}, lacks: []string{"keys_delete", "http_request", "keys_generate"}},
		{name: "unknown toolset", o: Options{Toolsets: []string{"kyes"}}, problem: "keys"},
		{name: "unknown tool", o: Options{Tools: []string{"keys_lst"}}, problem: "keys_list"},
		{name: "unknown excluded", o: Options{ExcludeTools: []string{"keys_lst"}}, problem: "keys_list"},
		{name: "a write where nothing writes", o: Options{Tools: []string{"keys_delete"}, ReadOnly: true}, problem: "read-only"},
		{name: "nothing left", o: Options{Tools: []string{"status"}, ExcludeTools: []string{"status"}}, problem: "no tool"},
		{name: "confirm", o: Options{Confirm: "perhaps"}, problem: "always"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Operations = tools.All()
			s, err := New(tt.o)
			if tt.problem != "" {
				if proxyclient.CodeOf(err) != proxyclient.CodeUsage {
					t.Fatalf("error %v, want a usage error", err)
				}
				wantText(t, err.Error(), tt.problem)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			have := s.Tools()
			if tt.only > 0 && len(have) != tt.only {
				t.Errorf("tools %v, want %d", have, tt.only)
			}
			for _, name := range tt.has {
				if !slices.Contains(have, name) {
					t.Errorf("%s is missing", name)
				}
			}
			for _, name := range tt.lacks {
				if slices.Contains(have, name) {
					t.Errorf("%s is there", name)
				}
			}
		})
	}
}

func TestInstructions(t *testing.T) {
	_, client := gateway(t)
	for toolsets, tells := range map[string]bool{"api": true, "all": true, "default": false} {
		o := Options{Client: client, Toolsets: []string{toolsets}}
		init, err := json.Marshal(newServer(t, o).mcp.HandleMessage(t.Context(), json.RawMessage(`{"jsonrpc":"2.0","id":1,"method":"initialize",
			"params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(init), "api_search"); got != tells {
			t.Errorf("toolset %q: the instructions name api_search: %v", toolsets, got)
		}
	}
	for _, o := range []Options{{}, {ReadOnly: true}} {
		for _, mode := range []string{confirmAuto, confirmAlways, confirmNever} {
			if text := instructions(o, mode, true); len(text) > maxInstructions {
				t.Errorf("%+v, %s: the instructions have %d characters, more than %d", o, mode, len(text), maxInstructions)
			}
		}
	}
}

// sample is a value of a schema in which every free text is s.
func sample(raw json.RawMessage, s string) any {
	var p struct {
		Type       string
		Enum       []any
		Items      json.RawMessage
		Properties map[string]json.RawMessage
		Minimum    *float64
	}
	_ = json.Unmarshal(raw, &p)
	switch {
	case len(p.Enum) > 0:
		return p.Enum[0]
	case p.Type == "string":
		return s
	case p.Type == "array":
		return []any{sample(p.Items, s)}
	case p.Type == "object":
		out := map[string]any{}
		for name, property := range p.Properties {
			out[name] = sample(property, s)
		}
		if len(out) == 0 {
			out["x"] = s
		}
		return out
	case p.Type == "boolean":
		return true
	case p.Minimum != nil:
		return *p.Minimum
	}
	return 1
}

// A text from an assistant is a text: no file is read for it, whatever it looks
// like.
func TestStringsAreLiteral(t *testing.T) {
	const text = "@/etc/passwd"
	var mu sync.Mutex
	var sent []string
	client := fake(t, func(w http.ResponseWriter, r *http.Request) { // it has the key that [value] names
		body := make([]byte, 1<<16)
		n, _ := r.Body.Read(body)
		path, _ := url.PathUnescape(r.URL.EscapedPath())
		query, _ := url.QueryUnescape(r.URL.RawQuery)
		mu.Lock()
		for name, values := range r.Header {
			sent = append(sent, name+": "+strings.Join(values, ","))
		}
		sent = append(sent, path+"?"+query, string(body[:n]))
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"data":[],"keys":[{"token":"` + strings.Repeat("a1", 32) + `"}],"users":[],"total_count":1,"user_id":"u","team_id":"t","key":"sk-abc","token":"k"}`))
	})
	s := newServer(t, Options{Client: client, Confirm: confirmNever})
	c := dial(t, s, `{}`, nil)
	all, _ := list(t, s)
	for _, tool := range all {
		properties, _ := members(json.RawMessage(field(tool.InputSchema, "properties")))
		var required []string
		_ = json.Unmarshal([]byte(field(tool.InputSchema, "required")), &required)
		for _, p := range properties {
			given := sample(p.value, text)
			if !strings.Contains(string(encode(given)), text) {
				continue
			}
			t.Run(tool.Name+"/"+p.name, func(t *testing.T) {
				args := map[string]any{p.name: given}
				for _, other := range properties {
					if slices.Contains(required, other.name) && other.name != p.name {
						args[other.name] = sample(other.value, "abc")
						if f := property(tools.All().Find(tool.Name), other.name); f.Collection != nil {
							args[other.name] = json.RawMessage(value(f)) // not looked up
						}
						if other.name == "uri" {
							args[other.name] = "/abc"
						}
					}
				}
				mu.Lock()
				sent = nil
				mu.Unlock()
				r := c.call(tool.Name, string(encode(args)))
				mu.Lock()
				defer mu.Unlock()
				wire := strings.Join(sent, "\n")
				if strings.Contains(wire+r.Text, "root:") {
					t.Fatal("a file was read")
				}
				if strings.Contains(wire, text) || slices.Contains([]string{"api_search", "keys_explain", "models_doubles", "models_merge"}, tool.Name) { // what is searched for goes nowhere
					return
				}
				// Refused is fine too, as long as nothing else went out for it.
				if code := field(r.Structured, "error", "code"); !r.IsError || code != `"usage"` && code != `"invalid"` && code != `"not_found"` && code != `"bad_answer"` {
					t.Errorf("the text was not sent as it is:\n%s\n%s", wire, r.Text)
				}
			})
		}
	}
}
