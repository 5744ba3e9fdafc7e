package tools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// consentWorld is a sandbox with one thing of each kind.
func consentWorld(t *testing.T) (*sandbox.Gateway, operation.Env) {
	t.Helper()
	g := sandbox.New()
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: sandbox.MasterKey, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range [][2]string{
		{"/team/new", `{"team_alias":"research","team_id":"0c95aaaa-1111-2222-3333-444455556666","max_budget":10,"models":["gpt-4o-mini"],"tpm_limit":100}`},
		{"/team/new", `{"team_alias":"strict","team_id":"strict","max_budget":5,"models":["gpt-4o-mini"],"tpm_limit":50}`},
		{"/team/new", `{"team_alias":"held","team_id":"held","metadata":{"model_tpm_limit":{"gpt-4o":5},"guardrails":["pii"],"note":"x"}}`},
		{"/team/new", `{"team_alias":"fake\"? Nothing is lost.\nDelete team \u202eother","team_id":"evil"}`},
		{"/user/new", `{"user_id":"ann-0123456789","user_email":"ann@example.com","user_role":"internal_user","auto_create_key":false,"max_budget":5}`},
		{"/user/new", `{"user_id":"root","user_email":"root@example.com","user_role":"proxy_admin","auto_create_key":false}`},
		{"/team/member_add", `{"team_id":"0c95aaaa-1111-2222-3333-444455556666","member":[{"user_id":"ann-0123456789","role":"user"}],"max_budget_in_team":7}`},
		{"/key/generate", `{"key_alias":"ci","key":"sk-ci-0123456789abcdef","user_id":"ann-0123456789","team_id":"0c95aaaa-1111-2222-3333-444455556666","max_budget":10,"duration":"30d","budget_duration":"30d","models":["gpt-4o-mini"],"model_rpm_limit":{"gpt-4o-mini":5}}`},
		{"/key/generate", `{"key_alias":"free","key":"sk-free-0123456789abcdef"}`},
		{"/key/generate", `{"key_alias":"held","key":"sk-held-0123456789abcdef","team_id":"held","allowed_routes":["/chat/completions"],"metadata":{"guardrails":["pii"],"team":"blue"}}`},
		{"/key/generate", `{"key_alias":"admins","key":"sk-admins-0123456789abcdef","user_id":"root"}`},
		{"/budget/new", `{"budget_id":"tier","max_budget":5}`},
		{"/customer/new", `{"user_id":"acme","max_budget":5}`},
		{"/tag/new", `{"name":"prod","max_budget":5}`},
		{"/tag/new", `{"name":"bare"}`},
		{"/credentials", `{"credential_name":"azure","credential_info":{},"credential_values":{"api_key":"x"}}`},
		{"/model/new", `{"model_name":"m","litellm_params":{"model":"openai/gpt-4o","litellm_credential_name":"azure","rpm":10,"max_budget":5,"input_cost_per_token":0.5},"model_info":{"id":"m1"}}`},
		{"/model/new", `{"model_name":"m","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"id":"m2"}}`},
		{"/model/new", `{"model_name":"n","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"id":"n1"}}`},
		{"/access_group/new", `{"access_group":"group","model_names":["m"]}`},
		{"/fallback", `{"model":"m","fallback_models":["gpt-4o-mini"]}`},
	} {
		if _, err := client.JSON(context.Background(), proxyclient.Request{Method: "POST", Path: write[0], Body: []byte(write[1])}); err != nil {
			t.Fatalf("%s: %v", write[0], err)
		}
	}
	if _, err := client.JSON(context.Background(), proxyclient.Request{Method: "PUT", Path: "/access_group/group/budget", Body: []byte(`{"max_budget":5}`)}); err != nil {
		t.Fatal(err)
	}
	g.ClearRequests()
	return g, operation.Env{Client: client}
}

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
		{"keys delete", `{"key_aliases":["free"]}`, "Delete key free (" + keyHash("sk-free-0123456789abcdef")[:8] + "…)? Programs that use it stop working."},
		{"keys delete", `{"keys":["sk-free-0123456789abcdef","gone"],"key_aliases":["ci"]}`, "Delete 2 keys: free (" + keyHash("sk-free-0123456789abcdef")[:8] +
			"…), ci (" + keyHash("sk-ci-0123456789abcdef")[:8] + "…)? Programs that use them stop working. Skipped, because nothing has that name: gone."},
		{"keys regenerate", `{"alias":"ci","grace_period":"24h"}`, "Replace key ci (" + keyHash("sk-ci-0123456789abcdef")[:8] + "…) by a new one? The old key stops working after 24h."},
		{"users delete", `{"user":"ann@example.com"}`, "Delete user ann@example.com (ann-0123…)? Its 1 key stops working."},
		{"users bulk-delete", `{"user_ids":["ann-0123456789","nobody"]}`,
			"Delete user ann@example.com (ann-0123…)? Its 1 key stops working. Skipped, because nothing has that name: nobody."},
		{"users retire", `{"user_id":"ann-0123456789"}`, "Block the keys of user ann@example.com (ann-0123…), then delete the user with the keys? Its 1 key stops working."},
		{"users retire", `{"user_id":"ann-0123456789","block_only":true}`, "Block the keys of user ann@example.com (ann-0123…)? Its 1 key stops working."},
		{"teams member-remove", `{"team":"research","user_emails":["ann@example.com"]}`,
			"Remove user ann@example.com (ann-0123…) from team research (0c95aaaa…)? Their 1 key of the team is deleted."},
		{"teams callbacks-delete", `{"team":"research","callback_name":"langfuse"}`, "Stop logging the calls of team research (0c95aaaa…) to langfuse?"},
		{"models delete", `{"id":"m1"}`, "Delete deployment m (m1)? Model m keeps 1 other."},
		{"credentials delete", `{"credential_name":"azure"}`, "Delete credential azure? These models use it and stop working: m."},
		{"budgets delete", `{"budget_id":"tier"}`, "Delete budget tier? Keys, customers, tags and members that use it are no longer limited to 5 US dollars."},
		{"customers delete", `{"user_ids":["acme"]}`, "Delete customer acme? Its recorded spend of 0 US dollars is lost."},
		{"tags delete", `{"name":"prod"}`, "Delete tag prod? Requests that carry it are no longer limited to 5 US dollars."},
		{"access-groups delete", `{"access_group":"group"}`, "Delete access group group? Keys and teams that were given it lose its model."},
		{"access-groups budget-delete", `{"access_group":"group"}`, "Delete the budget of access group group? Calls to its models are no longer limited by it."},
		{"fallbacks delete", `{"model":"m"}`, "Delete the fallbacks of model m? When it fails, calls no longer go to gpt-4o-mini."},
		{"cache delete", `{"keys":["a","b"]}`, "Delete from the gateway's cache: a, b? Such calls cost money again."},
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
		"organizations delete": `{"organization_ids":["o"]}`, "projects delete": `{"project_ids":["p"]}`,
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

// dangers runs what the engine asks about a call; reads is how many requests that took.
func dangers(t *testing.T, g *sandbox.Gateway, env operation.Env, op, args string) (found []string, reads int) {
	t.Helper()
	call := prepare(t, env, op, args)
	g.ClearRequests()
	found, err := call.Dangers(t.Context())
	if err != nil {
		t.Errorf("%s %s: %v", op, args, err)
	}
	for _, r := range g.Requests() {
		if reads++; r.Method != http.MethodGet {
			t.Errorf("%s %s: %s %s was sent", op, args, r.Method, r.Path)
		}
	}
	return found, reads
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
	q, err := prepare(t, env, "http request", `{"method":"POST","uri":"/key/block","json":{"key":"`+keyHash(key)+`"}}`).Question(t.Context())
	if err != nil || strings.Contains(q.Text, "SHA-256") {
		t.Errorf("what is not masked is told apart: %s, %v", q, err)
	}
}

// TestSensitive: each of these is confirmed, and the question says why.
func TestSensitive(t *testing.T) {
	g, env := consentWorld(t)
	ci, admins := keyHash("sk-ci-0123456789abcdef"), keyHash("sk-admins-0123456789abcdef")
	for _, tt := range []struct{ op, args, want string }{
		{"models update", `{"model_id":"m1","litellm_params":{"api_base":"https://evil.example/v1"}}`, "sends requests to evil.example (litellm_params.api_base)"},
		{"models update", `{"model_id":"m1","litellm_params":{"model":"deepseek/x"}}`, "sends what is stored for the deployment to another provider: deepseek"},
		{"models add", `{"model_name":"x","litellm_params":{"litellm_credential_name":"azure","api_base":"https://user:pass@evil.example"}}`, "sends requests to evil.example"},
		{"models update", `{"model_id":"m1","litellm_params":{"rpm":50}}`, "raises the limit of requests per minute of deployment m (m1) from 10 to 50"},
		{"models add", `{"model_name":"huggingface/https://evil.example/x"}`, "names the address"},
		{"models add", `{"model_name":"oobabooga/http:evil.example"}`, "names the address"},
		{"models add", `{"model_name":"azure/x/evil.example#"}`, "may change the address"},
		{"health test-connection", `{"model":"oobabooga/http://127.0.0.1:9999/a"}`, "names the address"},
		{"models add", `{"model_name":"x","litellm_params":{"litellm_credential_name":"azure"}}`, "uses the stored credential azure"},
		{"models add", `{"model_name":"x","litellm_params":{"aws_web_identity_token":"oidc/env/LITELLM_MASTER_KEY","aws_sts_endpoint":"https://evil.example"}}`, "reads the gateway's environment variable LITELLM_MASTER_KEY"},
		{"health test-connection", `{"model":"openai/x","litellm_params":{"api_base":"http://evil.example"}}`, "sends requests to evil.example"},
		{"health test-connection", `{"model":"os.environ/SECRET"}`, "environment variable SECRET"},
		{"credentials update", `{"credential_name":"azure","credential_values":{"api_base":"evil.example"}}`, "sends requests to evil.example"},
		{"credentials create", `{"credential_name":"c","credential_info":{},"credential_values":{"api_key":"os.environ/DATABASE_URL"}}`, "environment variable DATABASE_URL"},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"hi"}],"extra":{"api_base":"https://evil.example"}}`, "sends requests to evil.example"},
		{"teams callbacks-add", `{"team":"research","callback_name":"langfuse","callback_vars":{"langfuse_host":"https://evil.example"}}`, "sends the calls of team research (0c95aaaa…) to langfuse"},
		{"keys generate", `{"metadata":{"logging":[{"callback_name":"langfuse","callback_vars":{"langfuse_host":"https://evil.example"}}]}}`, "sends requests to evil.example"},
		{"users create", `{"user_email":"x@example.com","user_role":"proxy_admin"}`, "gives the role proxy_admin"},
		{"users bulk-create", `{"user_emails":["x@example.com"],"user_role":"proxy_admin_viewer"}`, "gives the role proxy_admin_viewer"},
		{"users onboard", `{"user_email":"root@example.com"}`, "gives a key to user root@example.com (root), who has the role proxy_admin"},
		{"users update", `{"user_id":"ann-0123456789","user_role":"proxy_admin"}`, "gives the role proxy_admin"},
		{"users update", `{"user_id":"ann-0123456789","extra":{"password":"x"}}`, "sets the user's password"},
		{"users update", `{"user_id":"ann-0123456789","max_budget":50}`, "raises the budget of user ann@example.com (ann-0123…) from 5 to 50 US dollars"},
		{"users bulk-update", `{"user_ids":["ann-0123456789"],"clear":["max_budget"]}`, "removes the budget of user ann@example.com (ann-0123…), now 5 US dollars"},
		{"keys generate", `{"user_id":"root"}`, "gives a key to user root, who has the role proxy_admin"},
		{"keys generate", `{"user":"root@example.com"}`, "who has the role proxy_admin"},
		{"keys generate", `{"user_id":"default_user_id"}`, "who has the role proxy_admin"},
		{"keys service-account", `{"team":"research","extra":{"user_id":"root"}}`, "who has the role proxy_admin"},
		{"keys regenerate", `{"alias":"ci","extra":{"user_id":"root"}}`, "who has the role proxy_admin"},
		{"keys generate", `{"key_type":"management"}`, "makes a key that manages the gateway"},
		{"keys generate", `{"allowed_routes":["/chat/completions","management_routes"]}`, "routes that manage the gateway: management_routes"},
		{"keys generate", `{"allowed_routes":["/v1/*"]}`, "routes that manage the gateway"},
		{"keys generate", `{"permissions":{"get_spend_routes":true}}`, "gives permissions: get_spend_routes"},
		{"keys update", `{"alias":"ci","user_id":"root"}`, "who has the role proxy_admin"},
		{"keys update", `{"key":"` + admins + `","allowed_routes":["llm_api_routes"]}`, "who has the role proxy_admin"},
		{"keys regenerate", `{"key":"` + admins + `"}`, "who has the role proxy_admin"},
		{"keys update", `{"alias":"ci","max_budget":50}`, "raises the budget of key ci (" + ci[:8] + "…) from 10 to 50 US dollars"},
		{"keys update", `{"key":"` + ci + `","clear":["max_budget"]}`, "removes the budget of key ci"},
		{"keys update", `{"alias":"ci","clear":["duration"]}`, "removes the expiry of key ci"},
		{"keys update", `{"alias":"ci","duration":"90d"}`, "extends key ci"},
		{"keys update", `{"alias":"ci","budget_duration":"1d"}`, "changes the budget reset of key ci (" + ci[:8] + "…) from every 30d to every 1d"},
		{"keys update", `{"alias":"ci","clear":["models"]}`, "lets key ci (" + ci[:8] + "…) use every model"},
		{"keys update", `{"alias":"ci","models":["all-proxy-models"]}`, "use every model"},
		{"keys update", `{"alias":"ci","clear":["team_id"]}`, "takes key ci (" + ci[:8] + "…) out of its team"},
		{"keys update", `{"alias":"ci","model_rpm_limit":{"gpt-4o-mini":50}}`, "for model gpt-4o-mini from 5 to 50"},
		{"keys update", `{"alias":"ci","model_rpm_limit":{}}`, "for model gpt-4o-mini"},
		{"keys update", `{"alias":"ci","extra":{"temp_budget_increase":100}}`, "raises the budget for a time by 100"},
		{"keys bulk-update", `{"key_aliases":["free","ci"],"max_budget":11}`, "raises the budget of key ci"},
		{"keys reset-spend", `{"alias":"ci"}`, "resets the spend of key ci (" + ci[:8] + "…) from 0 to 0 US dollars"},
		{"teams update", `{"team":"research","tpm_limit":200}`, "raises the limit of tokens per minute of team research (0c95aaaa…) from 100 to 200"},
		{"teams update", `{"team":"research","clear":["models"]}`, "lets team research (0c95aaaa…) use every model"},
		{"teams member-update", `{"team":"research","user":"ann@example.com","max_budget_in_team":50}`, "raises the budget in the team of user ann@example.com (ann-0123…) from 7 to 50 US dollars"},
		{"teams member-update", `{"team":"research","user":"ann@example.com","role":"admin"}`, "gives the role admin"},
		{"teams permissions-set", `{"team":"research","team_member_permissions":["/key/generate"]}`, "gives permissions: /key/generate"},
		{"teams model-add", `{"team":"research","models":["all-proxy-models"]}`, "use every model"},
		{"budgets update", `{"budget_id":"tier","max_budget":6}`, "raises the limit of budget tier from 5 to 6 US dollars"},
		{"customers update", `{"user_id":"acme","max_budget":6}`, "raises the budget of customer acme from 5 to 6 US dollars"},
		{"tags update", `{"name":"prod","max_budget":6}`, "raises the budget of tag prod from 5 to 6 US dollars"},
		{"access-groups budget-set", `{"access_group":"group","max_budget":6}`, "raises the budget of access group group from 5 to 6 US dollars"},
		{"organizations update", `{"organization_id":"o","max_budget":6}`, "sets the budget of organization o to 6 US dollars; the present one is not known"},
		{"projects update", `{"project_id":"p","max_budget":6}`, "sets the budget of project p to 6 US dollars; the present one is not known"},
		{"keys update", `{"alias":"ci","metadata":{"a":1}}`, "removes the limit of requests per minute of key ci (" + ci[:8] + "…) for model gpt-4o-mini"},
		{"keys update", `{"alias":"ci","metadata":{"model_rpm_limit":{"gpt-4o-mini":50}}}`, "for model gpt-4o-mini from 5 to 50"},
		{"keys update", `{"alias":"ci","clear":["metadata"]}`, "for model gpt-4o-mini"},
		{"keys update", `{"alias":"held","metadata":{"team":"red"}}`, "removes guardrails from key held"},
		{"keys update", `{"alias":"held","metadata":{"guardrails":["pii"],"disable_global_guardrails":true}}`, "turns off guardrails of key held"},
		{"keys update", `{"alias":"held","allowed_routes":["llm_api_routes"]}`, "use more routes: llm_api_routes"},
		{"keys update", `{"alias":"ci","extra":{"access_group_ids":["g"]}}`, "use the models of further access groups: g"},
		{"keys update", `{"alias":"ci","user_id":"somebody"}`, "from its user ann-0123456789, whose limits no longer count"},
		{"keys update", `{"alias":"ci","clear":["user_id"]}`, "whose limits no longer count"},
		{"teams update", `{"team":"research","extra":{"access_group_ids":["g"]}}`, "further access groups"},
		{"keys update", `{"alias":"ci","models":["openai/*"]}`, "use more models: openai/*"},
		{"keys update", `{"alias":"ci","models":["gpt-4o-mini","all-team-models"]}`, "use more models: all-team-models"},
		{"keys update", `{"alias":"ci","team_id":"evil"}`, "whose limits are not as strict: max_budget, tpm_limit"},
		{"keys update", `{"alias":"ci","team_id":"unknown"}`, "to team unknown, whose limits cannot be compared"},
		{"keys update", `{"alias":"ci","extra":{"expires":"2099-01-01T00:00:00Z"}}`, ", to 2099-01-01T00:00:00Z"},
		{"keys update", `{"alias":"ci","duration":"-1"}`, "removes the expiry of key ci"},
		{"keys bulk-update", `{"key_aliases":["free","held"],"team_id":"evil"}`, "moves key held"},
		{"keys move", `{"alias":"ci","team_id":"evil"}`, "moves key ci (" + ci[:8] + "…) from team research (0c95aaaa…) to team"},
		{"keys move", `{"alias":"held","team_id":"evil"}`, "are not as strict: metadata"},
		{"keys move", `{"alias":"ci","team_id":"strict","models":[]}`, "use every model"},
		{"teams assign-key", `{"team_id":"evil","alias":"ci"}`, "whose limits are not as strict"},
		{"keys regenerate", `{"alias":"ci","extra":{"max_budget":50}}`, "raises the budget of key ci (" + ci[:8] + "…) from 10 to 50"},
		{"keys regenerate", `{"alias":"ci","extra":{"team_id":"evil"}}`, "whose limits are not as strict"},
		{"teams update", `{"team":"held","metadata":{}}`, "removes the limit of tokens per minute of team held for model gpt-4o"},
		{"teams update", `{"team":"held","clear":["metadata"]}`, "removes guardrails from team held: pii"},
		{"teams update", `{"team":"held","guardrails":[]}`, "removes guardrails from team held: pii"},
		{"teams update", `{"team":"research","models":["gpt-*"]}`, "use more models: gpt-*"},
		{"teams model-add", `{"team":"research","models":["openai/*"]}`, "use more models: openai/*"},
		{"users bulk-update", `{"user_ids":["ann-0123456789"],"extra":{"password":"x"}}`, "sets the user's password"},
		{"users bulk-update", `{"user_ids":["ann-0123456789"],"extra":{"sso_user_id":"x"}}`, "another identity sign in"},
		{"users bulk-update", `{"user_ids":["root"],"extra":{"user_email":"x@example.com"}}`, "changes the email address of user root@example.com (root), who has the role proxy_admin"},
		{"users bulk-update", `{"user_ids":["ann-0123456789"],"user_role":"proxy_admin"}`, "gives the role proxy_admin"},
		{"users update", `{"user_id":"root","user_email":"x@example.com"}`, "who has the role proxy_admin"},
		{"users update", `{"user_id":"nobody","user_email":"x@example.com"}`, "whose role cannot be read"},
		{"users update", `{"user_id":"ann-0123456789","extra":{"sso_user_id":"x"}}`, "another identity sign in"},
		{"models update", `{"model_id":"m1","litellm_params":{"max_budget":50}}`, "raises the budget of deployment m (m1) from 5 to 50"},
		{"models update", `{"model_id":"m1","extra":{"litellm_params_to_remove":["rpm"]}}`, "removes the limit of requests per minute of deployment m (m1)"},
		{"models update", `{"model_id":"m1","litellm_params":{"input_cost_per_token":0}}`, "lowers the price input_cost_per_token of deployment m (m1) from 0.5 to 0"},
		{"models update", `{"model_id":"m1","model_info":{"output_cost_per_token":0}}`, "lowers the price output_cost_per_token of deployment m (m1) from 0.00001 to 0"},
		{"models update", `{"model_id":"m1","extra":{"model_name":"n"}}`, "gives deployment m (m1) the name n, under which other deployments are called"},
		{"budgets update", `{"budget_id":"tier","extra":{"budget_reset_at":"2020-01-01T00:00:00Z"}}`, "sets the next budget reset of budget tier to 2020-01-01T00:00:00Z"},
		{"budgets update", `{"budget_id":"tier","clear":["max_budget"]}`, "removes the limit of budget tier, now 5 US dollars"},
		{"http request", `{"method":"GET","uri":"/health"}`, "may call a provider"},
		{"http request", `{"method":"POST","uri":"/model/new","data":"{\"litellm_params\":{\"api_base\":\"https://evil.example\"}}"}`, "sends requests to evil.example"},
		{"teams create", `{"team_alias":"x","extra":{"admins":["ann"]}}`, "rights of an administrator"},
	} {
		found, reads := dangers(t, g, env, tt.op, tt.args)
		if !slices.ContainsFunc(found, func(d string) bool { return strings.Contains(d, tt.want) }) {
			t.Errorf("%s %s:\n got %q\nwant %s", tt.op, tt.args, found, tt.want)
		}
		if most := map[string]int{"keys bulk-update": 4, "keys regenerate": 4, "keys update": 3, "keys move": 3, "teams assign-key": 3, "models update": 2, "users bulk-update": 2}[tt.op]; reads > max(1, most) {
			t.Errorf("%s %s: %d reads", tt.op, tt.args, reads)
		}
	}
}

// TestWordsOfDangers: a danger says no more than what is so.
func TestWordsOfDangers(t *testing.T) {
	g, env := consentWorld(t)
	for _, tt := range []struct{ op, args, never string }{
		{"http request", `{"method":"POST","uri":"/config/pass_through_endpoint","json":{"path":"/x","target":"https://evil.example"}}`, "file"},
		{"http request", `{"method":"POST","uri":"/chat/completions","json":{"model":"m","messages":[{"role":"system","content":"https://x"}],"tools":[{"function":{"parameters":{"role":{"type":"a"}}}}]}}`, ""},
		{"credentials create", `{"credential_name":"c","credential_info":{},"credential_values":{"vertex_credentials":"{\"audience\":\"//iam.googleapis.com/x\"}"}}`, "reads the gateway's file"},
		{"keys update", `{"alias":"ci","extra":{"expires":"2099-01-01T00:00:00Z"}}`, "from now"},
		{"keys update", `{"alias":"ci","duration":"-1"}`, "from now"},
		{"budgets update", `{"budget_id":"tier","max_budget":6,"budget_duration":"1d","model_max_budget":{}}`, "budget of budget"},
		{"credentials create", `{"credential_name":"c","credential_info":{},"credential_values":{"headers":"Authorization: Bearer sk-abcdefghijklmnop1234"}}`, "abcdefgh"},
	} {
		found, _ := dangers(t, g, env, tt.op, tt.args)
		for _, danger := range found {
			if strings.Contains(danger, tt.never) {
				t.Errorf("%s %s: %s", tt.op, tt.args, danger)
			}
		}
	}
}

// TestOrdinaryWork asks nothing.
func TestOrdinaryWork(t *testing.T) {
	g, env := consentWorld(t)
	for _, tt := range [][2]string{
		{"teams create", `{"team_alias":"new","max_budget":100,"models":["gpt-4o-mini"],"team_member_budget":5,"metadata":{"role":"owner","cost_center":"/eu/4711"}}`},
		{"teams setup", `{"team_alias":"new","user_emails":["ann@example.com"],"max_budget":50,"key_alias":"batch"}`},
		{"teams update", `{"team":"research","team_alias":"science"}`},
		{"teams update", `{"team":"research","max_budget":5}`},
		{"teams block", `{"team":"research"}`},
		{"teams member-add", `{"team":"research","user_ids":["ann-0123456789"],"max_budget_in_team":20}`},
		{"teams member-update", `{"team":"research","user":"ann@example.com","max_budget_in_team":5}`},
		{"teams permissions-set", `{"team":"research","team_member_permissions":[]}`},
		{"teams model-add", `{"team":"research","models":["m"]}`},
		{"users create", `{"user_email":"x@example.com","user_role":"internal_user","max_budget":5,"teams":["research"]}`},
		{"users create", `{"user_email":"x@example.com"}`},
		{"users onboard", `{"user_email":"ann@example.com","team":"research","max_budget":5,"key_alias":"ann"}`},
		{"users update", `{"user_id":"ann-0123456789","user_alias":"Ann","max_budget":4}`},
		{"users update", `{"user_id":"ann-0123456789","tpm_limit":100}`},
		{"keys generate", `{"key_alias":"k","max_budget":5,"duration":"30d","user_id":"ann-0123456789","models":["m"],"tpm_limit":10,"allowed_routes":["llm_api_routes","/chat/completions","/v1/embeddings"],"key_type":"llm_api"}`},
		{"keys service-account", `{"team":"research","key_alias":"sa","max_budget":5}`},
		{"keys update", `{"alias":"ci","key_alias":"ci2"}`},
		{"keys update", `{"alias":"ci","max_budget":5,"budget_duration":"60d","duration":"7d"}`},
		{"keys update", `{"alias":"ci","model_rpm_limit":{"gpt-4o-mini":4,"m":3}}`},
		{"keys update", `{"alias":"free","max_budget":50,"tpm_limit":5,"models":["m"],"duration":"1d"}`},
		{"keys bulk-update", `{"key_aliases":["ci","free"],"max_budget":9}`},
		{"keys block", `{"alias":"ci"}`},
		{"keys move", `{"alias":"ci","team_id":"strict"}`},
		{"keys move", `{"alias":"ci","team_id":"strict","models":["gpt-4o-mini"]}`},
		{"keys update", `{"alias":"free","team_id":"evil"}`},
		{"teams assign-key", `{"team_id":"strict","alias":"ci"}`},
		{"keys regenerate", `{"alias":"ci","extra":{"max_budget":5}}`},
		{"keys update", `{"alias":"held","metadata":{"guardrails":["pii","more"],"team":"red"}}`},
		{"keys update", `{"alias":"ci","metadata":{"model_rpm_limit":{"gpt-4o-mini":4}}}`},
		{"teams update", `{"team":"research","metadata":{"cost_center":"7"}}`},
		{"users update", `{"user_id":"ann-0123456789","user_email":"ann@new.example"}`},
		{"models update", `{"model_id":"m1","litellm_params":{"input_cost_per_token":0.7},"model_info":{"output_cost_per_token":0.1},"extra":{"model_name":"fresh"}}`},
		{"budgets create", `{"budget_id":"b","max_budget":10}`},
		{"budgets update", `{"budget_id":"tier","max_budget":4,"soft_budget":100}`},
		{"customers create", `{"user_id":"c","max_budget":10}`},
		{"customers update", `{"user_id":"acme","alias":"Acme"}`},
		{"tags update", `{"name":"prod","description":"see /wiki","max_budget":4}`},
		{"tags update", `{"name":"bare","max_budget":4}`},
		{"models add", `{"model_name":"x","litellm_params":{"model":"openai/gpt-4o","api_key":"sk-provider-0123456789","rpm":60},"model_info":{"description":"os of our own"}}`},
		{"models update", `{"model_id":"m1","litellm_params":{"rpm":5,"model":"openai/gpt-4.1"}}`},
		{"models test", `{"model":"m"}`},
		{"credentials create", `{"credential_name":"c","credential_info":{"custom_llm_provider":"azure"},"credential_values":{"api_key":"x"}}`},
		{"access-groups create", `{"access_group":"g","model_names":["m"]}`},
		{"fallbacks set", `{"model":"m","fallback_models":["gpt-4o-mini"]}`},
		{"model-groups make-public", `{"model_groups":["m"]}`},
		{"chat completions", `{"model":"m","messages":[{"role":"system","content":"Read os.environ/HOME and https://example.com"}]}`},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"extra":{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"role":{"type":"string"},"path":{"type":"string"}}}}}],"metadata":{"docs_url":"https://x"}}}`},
		{"keys generate", `{"metadata":{"repo_url":"https://git.example/x","dashboard_url":"https://d.example"}}`},
		{"http request", `{"method":"GET","uri":"/key/list?size=5"}`},
		{"http request", `{"method":"get","uri":"health/readiness"}`},
	} {
		if found, _ := dangers(t, g, env, tt[0], tt[1]); len(found) > 0 {
			t.Errorf("%s %s is asked for: %q", tt[0], tt[1], found)
		}
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
	for _, uri := range []string{"/key/list?size=5", "/models", "/models/", "/v1/models", "/health/readiness", "/team/info?team_id=x", "/credentials/by_name/x", "/openapi.json", "/spend/logs"} {
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
		"keys generate": `{}`, "keys service-account": `{"team_id":"t"}`, "keys regenerate": `{"key":"k"}`, "users create": `{"user_email":"a@b.c"}`,
		"users onboard": `{"user_email":"a@b.c"}`, "teams create": `{"team_alias":"t"}`, "teams setup": `{"team_alias":"t"}`, "models add": `{"model_name":"m"}`,
		"organizations create": `{"organization_alias":"o"}`, "projects create": `{"project_alias":"p","team_id":"t"}`, "budgets create": `{"max_budget":1}`,
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
