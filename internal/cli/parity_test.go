package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/internal/openapi"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

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
