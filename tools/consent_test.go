package tools

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

func prepare(t *testing.T, env operation.Env, op, args string) *operation.Call {
	t.Helper()
	var a operation.Args
	if err := json.Unmarshal([]byte(args), &a); err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	call, err := operation.Prepare(t.Context(), env, All().Find(op), a)
	if err != nil {
		t.Fatalf("%s %s: %v", op, args, err)
	}
	return call
}

// TestEveryDeletionAsks: an operation that destroys something words its question.
func TestEveryDeletionAsks(t *testing.T) {
	for _, op := range All() {
		if op.Effect == operation.Destructive && op.Consent.Ask == nil {
			t.Errorf("%s has no question: Consent.Ask", op.Path)
		}
	}
}

const researchID = "0c95aaaa-1111-2222-3333-444455556666"

func TestQuestions(t *testing.T) {
	_, env := consentWorld(t)
	for _, tt := range []struct{ op, args, want string }{
		{"teams delete", `{"team":"research"}`, "Delete team research (0c95aaaa…)? Its 1 key stops working and 2 members lose access."},
		{"teams delete", `{"team_ids":["` + researchID + `","evil"]}`,
			`Delete 2 teams: research (0c95aaaa…), "fake\"? Nothing is lost.\nDelete team \u202eother" (evil)? Their 1 key stops working and 3 members lose access.`},
		{"keys delete", `{"key_aliases":["free"]}`, "Delete key free (" + operation.KeyHash("sk-free-0123456789abcdef")[:8] + "…)? Programs that use it stop working."},
		{"keys delete", `{"keys":["sk-free-0123456789abcdef","gone"],"key_aliases":["ci"]}`, "Delete 2 keys: free (" + operation.KeyHash("sk-free-0123456789abcdef")[:8] +
			"…), ci (" + operation.KeyHash("sk-ci-0123456789abcdef")[:8] + "…)? Programs that use them stop working. Not found, so skipped: gone."},
		{"keys delete", `{"keys":["sk-nobody","sk-free-0123456789abcdef"]}`, "Delete key free (" + operation.KeyHash("sk-free-0123456789abcdef")[:8] +
			"…)? Programs that use it stop working. Not found, so skipped: sk-nobody."},
		{"keys regenerate", `{"alias":"ci","grace_period":"24h"}`, "Replace key ci (" + operation.KeyHash("sk-ci-0123456789abcdef")[:8] + "…) with a new one? The old key stops working after 24h."},
		{"users delete", `{"user":"ann@example.com"}`, "Delete user ann@example.com (ann-0123…)? Their 1 key stops working."},
		{"users bulk-delete", `{"user_ids":["ann-0123456789","nobody"]}`,
			"Delete user ann@example.com (ann-0123…)? Their 1 key stops working. Not found, so skipped: nobody."},
		{"users retire", `{"user_id":"ann-0123456789"}`, "Block the keys of user ann@example.com (ann-0123…), then delete the user and the keys? Their key stops working: ci (0 US dollars). They spent 0 US dollars."},
		{"users retire", `{"user_id":"ann-0123456789","block_only":true}`, "Block the keys of user ann@example.com (ann-0123…)? Their key stops working: ci (0 US dollars). They spent 0 US dollars."},
		{"users move", `{"user_id":"ann-0123456789","from":"research","to":"strict"}`,
			"Move user ann@example.com (ann-0123…) from team research (0c95aaaa…) to team strict? Their key ci (" + operation.KeyHash("sk-ci-0123456789abcdef")[:8] + "…) moves along."},
		{"users move", `{"user_id":"ann-0123456789","from":"research","to":"strict","delete_keys":true}`,
			"Move user ann@example.com (ann-0123…) from team research (0c95aaaa…) to team strict? Their key ci (" + operation.KeyHash("sk-ci-0123456789abcdef")[:8] + "…) stops working."},
		{"teams member-remove", `{"team":"research","user_emails":["ann@example.com"]}`,
			"Remove user ann@example.com (ann-0123…) from team research (0c95aaaa…)? Their key of the team is deleted."},
		{"teams callbacks-delete", `{"team":"research","callback_name":"langfuse"}`, "Stop logging the calls of team research (0c95aaaa…) to langfuse? New calls no longer appear there."},
		{"models delete", `{"id":"m1"}`, "Delete deployment m (m1)? Model m keeps 1 other."},
		{"credentials delete", `{"credential_name":"azure"}`, "Delete credential azure? These models use it and stop working: m."},
		{"budgets delete", `{"budget_id":"tier"}`, "Delete budget tier? Keys, customers, tags and members that use it are no longer limited to 5 US dollars."},
		{"customers delete", `{"user_ids":["acme"]}`, "Delete customer acme? Its limits and its recorded spend of 0 US dollars are lost."},
		{"tags delete", `{"name":"prod"}`, "Delete tag prod? Requests that carry it are no longer limited to 5 US dollars."},
		{"access-groups delete", `{"access_group":"group"}`, "Delete access group group? Keys and teams with it lose its 1 model."},
		{"access-groups budget-delete", `{"access_group":"group"}`, "Delete the budget of access group group? Calls to its models are no longer limited by it."},
		{"fallbacks delete", `{"model":"m"}`, "Delete the fallbacks of model m? When it fails, calls no longer go to gpt-4o-mini."},
		{"cache delete", `{"keys":["a","b"]}`, "Delete entries a, b from the gateway's cache? The same calls cost money again."},
		{"http request", `{"method":"post","uri":"/key/delete?a=b","data":"{}"}`, "Send POST /key/delete to the gateway? What it does is not checked."},
	} {
		q, err := prepare(t, env, tt.op, tt.args).Question(t.Context())
		if err != nil {
			t.Errorf("%s %s: %v", tt.op, tt.args, err)
			continue
		}
		if q.Text != tt.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tt.op, tt.args, q.Text, tt.want)
		}
		shown := q.String()
		if n := strings.Count(shown, "\n"); n != 1+len(q.Dangers)+len(q.Plan.Requests) {
			t.Errorf("%s: a name adds a line:\n%s", tt.op, shown)
		}
		for _, r := range q.Plan.Requests {
			if !strings.Contains(shown, r.Path) || len(r.Body) > 0 && r.Method != "GET" && !strings.ContainsAny(string(r.Body), "\n\u202e") && !strings.Contains(shown, strings.Join(strings.Fields(string(r.Body)), "")) {
				t.Errorf("%s: %s is not whole in\n%s", tt.op, r, shown)
			}
		}
	}
}

// TestQuestionWithoutPermission: a key that may not look is asked all the same, without
// the numbers.
func TestQuestionWithoutPermission(t *testing.T) {
	_, env := consentWorld(t)
	env.Client = env.Client.WithKey("sk-ci-0123456789abcdef", "test")
	for op, args := range map[string]string{
		"users delete": `{"user_ids":["root"]}`, "budgets delete": `{"budget_id":"tier"}`, "credentials delete": `{"credential_name":"azure"}`,
		"organizations delete": `{"organization_ids":["o"]}`, "projects delete": `{"project_ids":["00000000-0000-4000-8000-000000000001"]}`,
	} {
		q, err := prepare(t, env, op, args).Question(t.Context())
		if err != nil && operation.IsNotFound(err) {
			continue // shown to be empty, which is an answer
		}
		if err != nil || !strings.HasPrefix(q.Text, "Delete ") {
			t.Errorf("%s: %v %v", op, q, err)
		}
	}
}

// TestNothingIsHidden: padding before the targets hides nothing, and what is too long to
// be shown is refused.
func TestNothingIsHidden(t *testing.T) {
	_, env := consentWorld(t)
	padding := func(n int) string {
		return `{"extra":{"a":"` + strings.Repeat("x", n) + `"},"team_id":"` + researchID + `","max_budget":50}`
	}
	q, err := prepare(t, env, "teams update", padding(2000)).Question(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := q.String(); !strings.HasPrefix(s, "Careful: this raises the budget of team research (0c95aaaa…) from 10 to 50 US dollars.") || !strings.Contains(s, `"team_id":"`+researchID) {
		t.Errorf("what decides is not shown:\n%s", s)
	}
	if q, err := prepare(t, env, "teams update", padding(operation.MaxQuestion)).Question(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing was sent") {
		t.Errorf("a question of %d characters: %v", len(q.String()), err)
	}
}

// TestMaskedTargets: a key or a name that is masked in a request is told apart by its hash.
func TestMaskedTargets(t *testing.T) {
	_, env := consentWorld(t)
	const key = "sk-abcdefghijklmnop1234"
	for _, tt := range []struct{ args, where, sent string }{
		{`{"method":"POST","uri":"/key/` + key + `/reset_spend"}`, "The masked sk-...1234 (path)", key},
		{`{"method":"POST","uri":"/x?token=first-target-1&a=b"}`, "(query.token)", "first-target-1"},
		{`{"method":"DELETE","uri":"/credentials/` + key + `"}`, "The masked sk-...1234 (path)", key},
		{`{"method":"POST","uri":"/x","json":{"a":1,"list":[{"api_key":"first-target-1"}]}}`, "The masked **** (body.list.api_key)", "first-target-1"},
		{`{"method":"POST","uri":"/key/delete","data":"{\"keys\":[\"` + key + `\"]}"}`, "The masked sk-...1234 (body.keys)", key},
		{`{"method":"POST","uri":"/x","data":"api_key=first-target-1","header":{"Content-Type":"text/plain"}}`, "(body)", "api_key=first-target-1"},
	} {
		q, err := prepare(t, env, "http request", tt.args).Question(t.Context())
		if err != nil {
			t.Errorf("%s: %v", tt.args, err)
			continue
		}
		sum := sha256.Sum256([]byte(tt.sent))
		if want := tt.where + " has the SHA-256 hash " + hex.EncodeToString(sum[:]) + "."; !strings.Contains(q.String(), want) || strings.Contains(q.String(), tt.sent) {
			t.Errorf("%s:\n got %s\nwant %s", tt.args, q, want)
		}
	}
	q, err := prepare(t, env, "http request", `{"method":"POST","uri":"/key/block","json":{"key":"`+operation.KeyHash(key)+`"}}`).Question(t.Context())
	if err != nil || strings.Contains(q.Text, "SHA-256") {
		t.Errorf("what is not masked is told apart: %s, %v", q, err)
	}
}

// TestRequestsThatDoMore: a GET that calls a provider, sends a message or is not known is
// not taken for a read, however it is written.
func TestRequestsThatDoMore(t *testing.T) {
	for _, uri := range []string{
		"/health", "health", "/health/", "/health?model=m", "/HEALTH", "/Health/Services?service=slack", "/health%2Fservices", "/%68ealth", "//health",
		"/key/../health", "/health/services", "/health/services/", "/health/test_connection", "/cache/ping", "/cache//ping", "/cache/ping;x", "/v1/mcp/server/health",
		"/openai/models", "/anthropic/v1/models", "/v1/files", "/v1/batches", "/sso/key/generate", "/key%2f..%2fhealth", "/model/m1/kubernetes_pods", "/keyhole",
		"/health/drain", "/scim/v2/Users", "/", "", "/healthz", `/key\..\health`,
	} {
		for _, method := range []string{"GET", "get", "HEAD"} {
			if got := requestEffect(operation.Args{"method": operation.Encode(method), "uri": operation.Encode(uri)}); got == operation.Read {
				t.Errorf("%s %q is taken for a read", method, uri)
			}
		}
	}
	for _, uri := range []string{"/key/list?size=5", "/models", "/models/", "/v1/models", "/health/readiness", "/team/info?team_id=x", "/credentials/by_name/x", "/openapi.json", "/spend/logs",
		"/skill-hub/submissions/s1/scan", "/skill-hub/skills/s1/downloads", "/telemetry/reports", "/auto_router/benchmarks", "/v1/mcp/openapi-registry", "/v1/mcp/registry.json",
		"/v1/mcp/network/client-ip", "/v1/mcp/server/s1/user-credentials", "/v1/agents/identity/providers"} {
		if got := requestEffect(operation.Args{"method": operation.Encode("GET"), "uri": operation.Encode(uri)}); got != operation.Read {
			t.Errorf("GET %s is %s", uri, got)
		}
	}
	if got := requestEffect(operation.Args{"method": operation.Encode("POST"), "uri": operation.Encode("/key/list")}); got != operation.Destructive {
		t.Errorf("POST is %s", got)
	}
}

// TestEffectsTellTheTruth: what calls a provider or sends a message is no read.
func TestEffectsTellTheTruth(t *testing.T) {
	for _, name := range strings.Split("models test,health check,health services,health test-connection,keys health,cache ping,chat completions", ",") {
		if op := All().Find(name); op.Effect != operation.Write {
			t.Errorf("%s is declared as %s", name, op.Effect)
		}
	}
}

// TestWhatAnswersMustHave: without the identifier of what was made, or the new key, the
// outcome is unknown. The fake answers with nothing of use.
func TestWhatAnswersMustHave(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"keys":[],"users":[],"teams":[],"data":[],"total":0,"total_count":0,"user_id":null}`))
	}))
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: "sk-x", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	for op, args := range map[string]string{
		"keys generate": `{}`, "keys service-account": `{"team_id":"00000000-0000-4000-8000-000000000001"}`, "keys regenerate": `{"key":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`, "users create": `{"user_email":"a@b.c"}`,
		"users onboard": `{"user_email":"a@b.c"}`, "teams create": `{"team_alias":"t"}`, "teams setup": `{"team_alias":"t"}`, "models add": `{"model_name":"m"}`,
		"organizations create": `{"organization_alias":"o"}`, "projects create": `{"project_alias":"p","team_id":"00000000-0000-4000-8000-000000000001"}`, "budgets create": `{"max_budget":1}`,
		"customers create": `{"user_id":"c"}`, "tags create": `{"name":"t"}`, "access-groups create": `{"access_group":"g","model_names":["m"]}`,
	} {
		var a operation.Args
		_ = json.Unmarshal([]byte(args), &a)
		result, err := run(t.Context(), operation.Env{Client: client}, All().Find(op), a)
		if proxyclient.CodeOf(err) != proxyclient.CodeUnknownOutcome {
			t.Errorf("%s: %v, %s; want an unknown outcome", op, err, result.Body)
		}
	}
}
