package tools

import (
	"encoding/json"
	"fmt"
	"io"
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
	"/organization/list": [{"organization_alias": "one", "organization_id": "o1"}],
	"/key/list": {"keys": [{"key_alias": "one", "token": "k1"}]},
	"/policies/list": {"policies": [{"policy_name": "one", "policy_id": "p1", "version_status": "draft"}]},
	"/v1/tool/something/detail": {"tool": {"tool_name": "something"}, "overrides": [{"team_id": "t1"}, {"key_hash": "k1"}]},
	"/policies/attachments/list": {"attachments": [{"policy_name": "one", "attachment_id": "p1"}]},
	"/v2/model/info": {"data": [{"model_name": "one", "model_info": {"id": "m1"}}]},
	"/vector_store/list": {"data": [{"vector_store_name": "one", "vector_store_id": "m1"}]},
	"/subscription_accounts/usage": {"accounts": [{"account_id": "one", "fee": {"subscription_account_id": "m1"}}]},
	"/config/pass_through_endpoint": {"endpoints": [{"path": "one", "id": "m1"}]},
	"/search_tools/list": {"search_tools": [{"search_tool_name": "one", "search_tool_id": "m1"}]},
	"/v2/guardrails/list": {"guardrails": [{"guardrail_name": "one", "guardrail_id": "g1"}]},
	"/guardrails/submissions": {"submissions": [{"guardrail_name": "one", "guardrail_id": "s1"}]}
}`

// identifiers is what "one" is looked up as in each directory.
var identifiers = map[string]string{"server": "s1", "toolset": "ts1", "agent": "ag1",
	"team": "t1", "user": "u1", "organization": "o1", "alias": "k1", "key_alias": "k1", "name": "m1", "policy": "p1", "endpoint": "m1", "guardrail": "g1", "submission": "s1", "account": "m1"}

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

// TestNames gives every operation that takes a name the name, the identifier,
// both, and a name that nothing has.
func TestNames(t *testing.T) {
	g := &lookups{}
	env := g.env(t)
	for _, op := range All() {
		fields := op.Fields()
		for _, f := range fields {
			if f.Ref == "" || op == usersMove { // needs two different teams; see people.txtar
				continue
			}
			t.Run(op.Tool()+"/"+f.Name, func(t *testing.T) {
				rest := operation.Args{}
				for _, other := range fields {
					// What else is needed, and something to change.
					switch {
					case other.Name == f.Name || other.Name == f.Ref || other.Ref != "" && !other.RefRequired:
					case other.RefRequired:
						rest[other.Ref] = operation.Encode("another id")
					case other.Kind == operation.KindStrings && (other.Required || other.Name == "user_ids" || other.Name == "keys" && op != keysDelete):
						rest[other.Name] = operation.Encode([]string{"something"})
					case other.Kind == operation.KindPairs && other.Required:
						rest[other.Name] = operation.Encode(map[string]string{"a": "b"})
					case op == keysRotate && f.Ref != "key" && other.Name == "all":
						rest[other.Name] = operation.Encode(true)
					case op == keysRotate && f.Ref != "key" && other.Name == "older_than":
						rest[other.Name] = operation.Encode("90d")
					case other.Name == "input_policy":
						rest[other.Name] = operation.Encode("blocked")
					case other.Required && len(other.Enum) > 0:
						rest[other.Name] = operation.Encode(other.Enum[0])
					case other.Name == "user_email" && other.Required:
						rest[other.Name] = operation.Encode("ann@example.com")
					case other.Kind == operation.KindString && (other.Required || other.Name == "description"):
						rest[other.Name] = operation.Encode("something")
					case other.Name == "max_budget" || other.Name == "max_budget_in_team" || other.Name == "max_budget_in_organization" || other.Name == "cost_per_request" || other.Name == "monthly_fee":
						rest[other.Name] = operation.Encode(1)
					case other.Name == "description" || other.Name == "vector_store_description":
						rest[other.Name] = operation.Encode("something")
					case other.Name == "litellm_params":
						rest[other.Name] = operation.Encode(map[string]string{"a": "b"})
					}
				}
				target, _ := op.Field(f.Ref)
				call := func(add operation.Args) (string, error) {
					args := operation.Args{}
					for name, value := range rest {
						args[name] = value
					}
					for name, value := range add {
						args[name] = value
					}
					g.others, g.looked = nil, nil
					_, err := run(t.Context(), env, op, args)
					// An identifier is looked up too, if it must exist.
					writes := slices.DeleteFunc(g.others, func(r string) bool { return strings.HasPrefix(r, "GET ") && target.Refers != nil })
					return strings.Join(writes, "\n"), err
				}
				id := identifiers[f.Name]
				g.targets = []string{f.Ref, f.Name}
				if f.Name == "key_alias" { // the list of keys calls it so too
					g.targets = []string{f.Ref}
				}
				exact := operation.Encode(id)
				if target.Kind == operation.KindStrings {
					exact = operation.Encode([]string{id})
				}
				byName, err := call(operation.Args{f.Name: operation.Encode("one")})
				if code := proxyclient.CodeOf(err); code == proxyclient.CodeUsage {
					t.Fatalf("by name: %v", err)
				}
				if len(g.looked) == 0 {
					t.Error("the name was not looked up")
				}
				byID, err := call(operation.Args{f.Ref: exact})
				if code := proxyclient.CodeOf(err); code == proxyclient.CodeUsage {
					t.Fatalf("by identifier: %v", err)
				}
				if op != keysExplain && (byName != byID || !strings.Contains(byName, id)) { // which reads the list only
					t.Errorf("by name it sent\n%s\nby identifier\n%s", byName, byID)
				}
				if sent, err := call(operation.Args{f.Name: operation.Encode("one"), f.Ref: exact}); proxyclient.CodeOf(err) != proxyclient.CodeUsage || sent != "" {
					t.Errorf("both: %v, and it sent %q; want a mistake of the caller's and nothing sent", err, sent)
				}
				if sent, err := call(operation.Args{f.Name: operation.Encode("nobody")}); !operation.IsNotFound(err) || sent != "" {
					t.Errorf("an unknown name: %v, and it sent %q", err, sent)
				}
				if f.Name == "team" {
					sent, err := call(operation.Args{f.Name: operation.Encode("twins")})
					if err == nil || !strings.Contains(err.Error(), "t3") || !strings.Contains(err.Error(), "t4") || sent != "" {
						t.Errorf("two of one name: %v, and it sent %q; want both candidates and nothing sent", err, sent)
					}
				}
				if f.RefRequired {
					if sent, err := call(nil); proxyclient.CodeOf(err) != proxyclient.CodeUsage || sent != "" {
						t.Errorf("neither: %v, and it sent %q", err, sent)
					}
				}
			})
		}
	}
}

// TestClear sends what empties a field as the gateway wants it.
func TestClear(t *testing.T) {
	g := &lookups{}
	env := g.env(t)
	g.answers["/key/info"] = json.RawMessage(`{"info": {"max_budget": null, "models": [], "metadata": {}, "tpm_limit": 5}}`)
	args := operation.Args{"key": operation.Encode("k"), "clear": operation.Encode([]string{"max_budget", "models", "metadata"}), "tpm_limit": operation.Encode(5)}
	if _, err := run(t.Context(), env, keysUpdate, args); err != nil {
		t.Fatal(err)
	}
	want := `POST /key/update  {"key":"k","max_budget":null,"metadata":{},"models":[],"tpm_limit":5}`
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
	result, err := run(t.Context(), operation.Env{Client: client}, usersRetire, operation.Args{"user_id": operation.Encode("u")})
	if err != nil {
		t.Fatal(err)
	}
	if len(sent) != 2 {
		t.Errorf("sent %q after a failure", sent)
	}
	if result.Done != "blocked key a" || len(result.Failed) != 2 || result.Failed[1] != (operation.Failure{What: "deleted user u", Why: "not tried"}) {
		t.Errorf("done %q, failed %+v", result.Done, result.Failed)
	}
}
