package tools

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// everything answers every look-up: one thing of each kind is called one, two
// teams are called twins.
const everything = `{
	"/v1/mcp/server": [{"server_name": "one", "server_id": "s1"}], "/v1/mcp/toolset": [{"toolset_name": "one", "toolset_id": "ts1"}],
	"/v1/agents": [{"agent_name": "one", "agent_id": "ag1"}], "/v1/mcp/server/submissions": {"items": [{"server_name": "one", "server_id": "s1"}], "total": 1},
	"/v2/team/list": {"teams": [{"team_alias": "one", "team_id": "t1"}, {"team_alias": "one more", "team_id": "t2"},
		{"team_alias": "twins", "team_id": "t3"}, {"team_alias": "twins", "team_id": "t4"}]},
	"/user/list": {"users": [{"user_email": "One", "user_id": "u1"}, {"user_email": "one@example.com", "user_id": "u2"}]},
	"/customer/list": [{"alias": "one", "user_id": "c1"}],
	"/project/list": [{"project_alias": "one", "project_id": "pr1"}],
	"/organization/list": [{"organization_alias": "one", "organization_id": "o1"}],
	"/key/list": {"keys": [{"key_alias": "one", "token": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]},
	"/policies/list": {"policies": [{"policy_name": "one", "policy_id": "p1", "version_status": "draft"}]},
	"/v1/tool/something/detail": {"tool": {"tool_name": "something"}, "overrides": [{"team_id": "t1"}, {"key_hash": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}]},
	"/policies/attachments/list": {"attachments": [{"policy_name": "one", "attachment_id": "p1"}]},
	"/v2/model/info": {"data": [{"model_name": "one", "model_info": {"id": "m1"}}]},
	"/vector_store/list": {"data": [{"vector_store_name": "one", "vector_store_id": "m1"}]},
	"/subscription_accounts/usage": {"accounts": [{"account_id": "one", "fee": {"subscription_account_id": "m1"}}]},
	"/config/pass_through_endpoint": {"endpoints": [{"path": "one", "id": "m1"}]},
	"/search_tools/list": {"search_tools": [{"search_tool_name": "one", "search_tool_id": "m1"}]},
	"/v2/guardrails/list": {"guardrails": [{"guardrail_name": "one", "guardrail_id": "g1"}]},
	"/guardrails/submissions": {"submissions": [{"guardrail_name": "one", "guardrail_id": "s1"}]}
}`

// lookups is a gateway that knows names, and keeps what else it was asked.
type lookups struct {
	answers map[string]json.RawMessage
	targets []string // a request with one of these query parameters is no look-up
	others  []string // method, path, query and body of the other requests
	looked  []string
}

func (g *lookups) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	if answer, ok := g.answers[r.URL.Path]; ok && r.Method == http.MethodGet && !slices.ContainsFunc(g.targets, r.URL.Query().Has) {
		g.looked = append(g.looked, r.URL.Path)
		_, _ = w.Write(answer)
		return
	}
	g.others = append(g.others, fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.URL.RawQuery, " ", string(body)))
	_, _ = w.Write([]byte(`{"keys": [], "teams": [], "info": {}, "data": [], "results": [], "values": {}}`))
}

func (g *lookups) env(t *testing.T) operation.Env {
	t.Helper()
	if err := json.Unmarshal([]byte(everything), &g.answers); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-names"})
	if err != nil {
		t.Fatal(err)
	}
	return operation.Env{Client: client}
}

// TestNames gives every argument that names a thing its name, its identifier, and a name
// that nothing has. An identifier that has its form is not looked up.
func TestNames(t *testing.T) {
	g := &lookups{}
	env := g.env(t)
	for _, op := range All() {
		for _, f := range op.Fields() {
			if f.Collection != nil && f.Collection.Name != f.Collection.ID {
				t.Run(op.Tool()+"/"+f.Property, func(t *testing.T) { testName(t, g, env, op, f) })
			}
		}
	}
}

func testName(t *testing.T, g *lookups, env operation.Env, op *operation.Operation, f operation.Field) {
	rest := besides(op, f)
	call := func(name, value string) (string, error) {
		args := maps.Clone(rest)
		args[name] = operation.Encode(value)
		if f.Kind == operation.KindStrings {
			args[name] = operation.Encode([]string{value})
		}
		g.others, g.looked = nil, nil
		_, err := run(t.Context(), env, op, args)
		if proxyclient.CodeOf(err) == proxyclient.CodeUsage {
			t.Fatalf("%s %q: %v", name, value, err)
		}
		writes := g.others
		if op.Effect != operation.Read { // it looks at what it is about to change
			writes = slices.DeleteFunc(writes, func(r string) bool { return strings.HasPrefix(r, "GET ") })
		}
		return strings.Join(writes, "\n"), err
	}
	g.targets = []string{f.Name}
	id := operation.Word(operation.Lookup(g.item(f.Collection), f.Collection.ID))
	byName, err := call(f.Property, "one")
	if len(g.looked) == 0 {
		t.Errorf("the name was not looked up: %v", err)
	}
	byID, errByID := call(f.Name, id)
	// Checks of what exists may end a call before it sends the identifier. Errors begin with
	// the call as it was typed.
	why := func(err error) string {
		text := fmt.Sprint(err)
		return text[strings.Index(text, ": ")+1:]
	}
	if byName != byID || why(err) != why(errByID) {
		t.Errorf("by name it sent\n%s\n%v\nby identifier\n%s\n%v", byName, err, byID, errByID)
	}
	// An open collection takes another text as the identifier of something new.
	sent, err := call(f.Property, "nobody")
	if !f.Collection.Open && (!operation.IsNotFound(err) || sent != "") {
		t.Errorf("an unknown name: %v, and it sent %q", err, sent)
	}
	if e := operation.AsError(err); e != nil {
		for _, path := range operation.Mentioned(e.Hint) {
			if !slices.ContainsFunc(All(), func(op *operation.Operation) bool { return op.Path == path }) {
				t.Errorf("the hint names %s, which is no operation", path)
			}
		}
	}
	if f.Kind == operation.KindString && f.Empty == "" { // an unset variable is no filter
		_, err := run(t.Context(), env, op, rest.With(f.Property, ""))
		if proxyclient.CodeOf(err) != proxyclient.CodeUsage || !strings.Contains(fmt.Sprint(err), "is empty") {
			t.Errorf("an empty name: %v", err)
		}
	}
	if f.Collection == teamCollection {
		sent, err := call(f.Property, "twins")
		if err == nil || !strings.Contains(err.Error(), "t3") || !strings.Contains(err.Error(), "t4") || sent != "" {
			t.Errorf("two of one name: %v, and it sent %q; want both candidates and nothing sent", err, sent)
		}
	}
}

// item returns the one that look-ups find.
func (g *lookups) item(of *operation.Collection) json.RawMessage {
	list := operation.Lookup(g.answers[of.Path], of.Items)
	var items []json.RawMessage
	_ = json.Unmarshal(list, &items)
	if len(items) == 0 {
		return nil
	}
	return items[0]
}

// besides is what an operation needs beside a field, and something to change.
func besides(op *operation.Operation, f operation.Field) operation.Args {
	rest := operation.Args{}
	for i, other := range op.Fields() {
		id := fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1) // no two arguments name one thing
		switch {
		case other.Name == "user_ids" && other.Name != f.Name:
			rest[other.Name] = operation.Encode([]string{id})
		case other.Name == f.Name || other.Collection != nil && !other.Required:
		case other.Collection == keyCollection:
			rest[other.Name] = operation.Encode(strings.Repeat("a", 64))
		case other.Collection != nil && other.Kind == operation.KindStrings:
			rest[other.Name] = operation.Encode([]string{id})
		case other.Collection != nil:
			rest[other.Name] = operation.Encode(id)
		case other.Name == "user_emails" && other.Required:
			rest[other.Name] = operation.Encode([]string{"ann@example.com"})
		case other.Kind == operation.KindStrings && (other.Required || other.Name == "keys" && op != keysDelete):
			rest[other.Name] = operation.Encode([]string{"something"})
		case op == keysRotate && f.Name != "key" && other.Name == "all":
			rest[other.Name] = operation.Encode(true)
		case op == keysRotate && f.Name != "key" && other.Name == "older_than":
			rest[other.Name] = operation.Encode("90d")
		case other.Kind == operation.KindPairs && other.Required, other.Name == "litellm_params":
			rest[other.Name] = operation.Encode(map[string]string{"a": "b"})
		case other.Name == "input_policy":
			rest[other.Name] = operation.Encode("blocked")
		case other.Required && len(other.Enum) > 0:
			rest[other.Name] = operation.Encode(other.Enum[0])
		case other.Name == "user_email" && (other.Required || op == usersCreate):
			rest[other.Name] = operation.Encode("ann@example.com")
		case other.Kind == operation.KindString && (other.Required || other.Name == "description" || other.Name == "vector_store_description"):
			rest[other.Name] = operation.Encode("something")
		case slices.Contains([]string{"max_budget", "max_budget_in_team", "max_budget_in_organization", "cost_per_request", "monthly_fee"}, other.Name):
			rest[other.Name] = operation.Encode(1)
		}
	}
	return rest
}

// TestClear sends what empties a field as the gateway wants it.
func TestClear(t *testing.T) {
	g := &lookups{}
	env := g.env(t)
	g.answers["/key/info"] = json.RawMessage(`{"info": {"max_budget": null, "models": [], "metadata": {}, "tpm_limit": 5}}`)
	args := operation.Args{"key": operation.Encode(strings.Repeat("a", 64)), "clear": operation.Encode([]string{"max_budget", "models", "metadata"}), "tpm_limit": operation.Encode(5)}
	if _, err := run(t.Context(), env, keysUpdate, args); err != nil {
		t.Fatal(err)
	}
	want := `POST /key/update  {"key":"` + strings.Repeat("a", 64) + `","max_budget":null,"metadata":{},"models":[],"tpm_limit":5}`
	if len(g.others) != 1 || g.others[0] != want {
		t.Errorf("sent %q, want %s", g.others, want)
	}
}

// TestTasksStop: after a failure the later steps are not sent, and the result
// says how far it came.
func TestTasksStop(t *testing.T) {
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method + " " + r.URL.Path {
		case "GET /user/info":
			fmt.Fprint(w, `{"user_info": {"spend": 2.5}, "keys": [{"token": "k1", "key_alias": "a"}, {"token": "k2", "key_alias": "b"}]}`)
			return
		case "POST /key/block":
			sent = append(sent, "block")
			if len(sent) == 2 {
				w.WriteHeader(http.StatusInternalServerError)
				fmt.Fprint(w, `{"error": {"message": "boom"}}`)
				return
			}
		default:
			sent = append(sent, r.URL.Path)
		}
		fmt.Fprint(w, `{}`)
	}))
	defer server.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-tasks"})
	if err != nil {
		t.Fatal(err)
	}
	result, err := run(t.Context(), operation.Env{Client: client}, usersRetire, operation.Args{"user_id": operation.Encode("00000000-0000-4000-8000-000000000001")})
	if err != nil {
		t.Fatal(err)
	}
	if len(sent) != 2 {
		t.Errorf("sent %q after a failure", sent)
	}
	if result.Done != "blocked key a" || len(result.Failed) != 2 || result.Failed[1] != (operation.Failure{What: "deleted user 00000000-0000-4000-8000-000000000001", Why: "not tried"}) {
		t.Errorf("done %q, failed %+v", result.Done, result.Failed)
	}
}
