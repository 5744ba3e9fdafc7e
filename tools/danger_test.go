package tools

import (
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// dangers runs what the engine asks about a call; reads is how many requests that took.
func dangers(t *testing.T, w *world, env operation.Env, op, args string) (found []string, reads int) {
	t.Helper()
	call := prepare(t, env, op, args)
	w.take()
	found, err := call.Dangers(t.Context())
	if err != nil {
		t.Errorf("%s %s: %v", op, args, err)
	}
	for _, request := range w.take() {
		if reads++; !strings.HasPrefix(request, "GET ") {
			t.Errorf("%s %s: %s was sent", op, args, request)
		}
	}
	return found, reads
}

// TestSensitive: each of these is confirmed, and the question says why.
func TestSensitive(t *testing.T) {
	w, env := consentWorld(t)
	checkSensitive(t, w, env)
}

func checkSensitive(t *testing.T, w *world, env operation.Env) {
	t.Helper()
	ci, admins := operation.KeyHash("sk-ci-0123456789abcdef"), operation.KeyHash("sk-admins-0123456789abcdef")
	for _, tt := range []struct{ op, args, want string }{
		{"models update", `{"model_id":"m1","litellm_params":{"api_base":"https://evil.example/v1"}}`, "sends requests to evil.example (litellm_params.api_base)"},
		{"models update", `{"model_id":"m1","litellm_params":{"model":"deepseek/x"}}`, "sends what is stored for the deployment to another provider: deepseek"},
		{"models add", `{"model_name":"x","litellm_params":{"litellm_credential_name":"azure","api_base":"https://user:pass@evil.example"}}`, "sends requests to evil.example"},
		{"models update", `{"model_id":"m1","litellm_params":{"rpm":50}}`, "raises the limit of requests per minute of deployment m (m1) from 10 to 50"},
		{"models add", `{"model_name":"huggingface/https://evil.example/x"}`, "names the address"},
		{"prompts create", `{"prompt_id":"p","dotprompt_content":"---\nmodel: m\napi_base: http://evil.example\n---\nUser: hi"}`, "sets in the prompt how its calls are sent, and so where the stored key may go: api_base"},
		{"prompts patch", `{"prompt_id":"p","litellm_params":{"dotprompt_content":"---\u00a0\nmodel: m\n\"api\\x5fbase\": evil.example\n---\nUser: hi"}}`, "where the stored key may go: api_base"},
		{"prompts update", `{"prompt_id":"p","dotprompt_content":"---\nmodel: m\nmodel: {\n---\nUser: hi"}`, "front matter that cannot be checked"},
		{"prompts create", `{"prompt_id":"p","litellm_params":{"prompt_data":{"p":{"content":"hi","metadata":{"custom_llm_provider":"groq"}}}}}`, "where the stored key may go: custom_llm_provider"},
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
		{"keys generate", `{"user_id":"root"}`, "gives a key to user root@example.com (root), who has the role proxy_admin"},
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
		{"keys update", `{"alias":"ci","model_rpm_limit":{"gpt-4o-mini":null}}`, "for model gpt-4o-mini"},
		{"keys update", `{"alias":"ci","extra":{"temp_budget_increase":100}}`, "raises the budget for a time by 100"},
		{"keys bulk-update", `{"key_aliases":["free","ci"],"max_budget":11}`, "raises the budget of key ci"},
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
		{"keys update", `{"alias":"ci","metadata":{"a":1},"replace":["metadata"]}`, "removes the limit of requests per minute of key ci (" + ci[:8] + "…) for model gpt-4o-mini"},
		{"keys update", `{"alias":"ci","metadata":{"model_rpm_limit":{"gpt-4o-mini":50}}}`, "for model gpt-4o-mini from 5 to 50"},
		{"keys update", `{"alias":"ci","metadata":{"model_rpm_limit":null}}`, "for model gpt-4o-mini"},
		{"keys update", `{"alias":"held","metadata":{"team":"red","guardrails":null}}`, "removes guardrails from key held"},
		{"keys update", `{"alias":"held","metadata":{"guardrails":["pii"],"disable_global_guardrails":true}}`, "turns off guardrails of key held"},
		{"keys update", `{"alias":"held","allowed_routes":["llm_api_routes"]}`, "use more routes: llm_api_routes"},
		{"keys update", `{"alias":"ci","extra":{"access_group_ids":["g"]}}`, "use the models of further access groups: g"},
		{"keys update", `{"alias":"ci","user_id":"root"}`, "from its user ann-0123456789, whose limits no longer count"},
		{"keys update", `{"alias":"ci","clear":["user_id"]}`, "whose limits no longer count"},
		{"teams update", `{"team":"research","extra":{"access_group_ids":["g"]}}`, "further access groups"},
		{"keys update", `{"alias":"ci","models":["openai/*"]}`, "use more models: openai/*"},
		{"keys update", `{"alias":"ci","models":["gpt-4o-mini","all-team-models"]}`, "use more models: all-team-models"},
		{"keys update", `{"alias":"ci","team_id":"evil"}`, "whose limits are not as strict: max_budget, tpm_limit"},
		{"keys update", `{"alias":"ci","expires":"2099-01-01T00:00:00Z"}`, ", to 2099-01-01T00:00:00Z"},
		{"keys bulk-update", `{"key_aliases":["free","held"],"team_id":"evil"}`, "moves key held"},
		{"keys move", `{"alias":"ci","team_id":"evil"}`, "moves key ci (" + ci[:8] + "…) from team research (0c95aaaa…) to team"},
		{"keys move", `{"alias":"held","team_id":"evil"}`, "are not as strict: blocked, metadata"},
		{"keys move", `{"alias":"ci","team_id":"strict","models":[]}`, "use every model"},
		{"teams assign-key", `{"team_id":"evil","alias":"ci"}`, "whose limits are not as strict"},
		{"keys regenerate", `{"alias":"ci","extra":{"max_budget":50}}`, "raises the budget of key ci (" + ci[:8] + "…) from 10 to 50"},
		{"keys regenerate", `{"alias":"ci","extra":{"team_id":"evil"}}`, "whose limits are not as strict"},
		{"teams update", `{"team":"held","metadata":{},"replace":["metadata"]}`, "removes the limit of tokens per minute of team held for model gpt-4o"},
		{"teams update", `{"team":"held","metadata":{"guardrails":null}}`, "removes guardrails from team held: pii"},
		{"teams update", `{"team":"held","guardrails":[]}`, "removes guardrails from team held: pii"},
		{"teams update", `{"team":"research","models":["gpt-*"]}`, "use more models: gpt-*"},
		{"teams model-add", `{"team":"research","models":["openai/*"]}`, "use more models: openai/*"},
		{"users bulk-update", `{"user_ids":["ann-0123456789"],"extra":{"password":"x"}}`, "sets the user's password"},
		{"users bulk-update", `{"user_ids":["ann-0123456789"],"extra":{"sso_user_id":"x"}}`, "another identity sign in"},
		{"users bulk-update", `{"user_ids":["root"],"extra":{"user_email":"x@example.com"}}`, "changes the email address of user root@example.com (root), who has the role proxy_admin"},
		{"users bulk-update", `{"user_ids":["ann-0123456789"],"user_role":"proxy_admin"}`, "gives the role proxy_admin"},
		{"users update", `{"user_id":"root","user_email":"x@example.com"}`, "who has the role proxy_admin"},
		{"users update", `{"user_id":"ann-0123456789","extra":{"sso_user_id":"x"}}`, "another identity sign in"},
		{"models update", `{"model_id":"m1","litellm_params":{"max_budget":50}}`, "raises the budget of deployment m (m1) from 5 to 50"},
		{"models update", `{"model_id":"m1","extra":{"litellm_params_to_remove":["rpm"]}}`, "removes the limit of requests per minute of deployment m (m1)"},
		{"models update", `{"model_id":"m1","litellm_params":{"input_cost_per_token":0}}`, "lowers the price input_cost_per_token of deployment m (m1) from 0.5 to 0"},
		{"models update", `{"model_id":"m1","model_info":{"output_cost_per_token":0}}`, "lowers the price output_cost_per_token of deployment m (m1) from 0.00001 to 0"},
		{"models update", `{"model_id":"m1","extra":{"model_name":"n"}}`, "gives deployment m (m1) the name n, so that it takes calls from other deployments"},
		{"budgets update", `{"budget_id":"tier","extra":{"budget_reset_at":"2020-01-01T00:00:00Z"}}`, "sets the next budget reset of budget tier to 2020-01-01T00:00:00Z"},
		{"budgets update", `{"budget_id":"tier","clear":["max_budget"]}`, "removes the limit of budget tier, now 5 US dollars"},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"extra":{"custom_llm_provider":"llamafile"}}`, "where the stored key may go: custom_llm_provider"},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"extra":{"fallbacks":["n",{"model":"n","custom_llm_provider":"llamafile"}]}}`, "where the stored key may go: custom_llm_provider"},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"extra":{"deployment_id":"m2","use_litellm_proxy":true,"account_id":"a"}}`, "where the stored key may go: account_id, deployment_id, use_litellm_proxy"},
		{"health test-connection", `{"model":"m","litellm_params":{"custom_llm_provider":"llamafile"}}`, "stores for this model elsewhere: custom_llm_provider"},
		{"health test-connection", `{"model":"llamafile/x","model_info":{"id":"m1"}}`, "uses the key that is stored for deployment m1 with the provider of llamafile/x"},
		{"models update", `{"model_id":"m1","litellm_params":{"api_base":""}}`, "removes what deployment m (m1) calls its provider with"},
		{"models update", `{"model_id":"m1","litellm_params":{"api_key":null}}`, "the gateway's own key is used: api_key"},
		{"models update", `{"model_id":"m1","extra":{"litellm_params_to_remove":["api_base"]}}`, "own key is used: api_base"},
		{"models update", `{"model_id":"m1","litellm_params":{"account_id":"attacker","mock_response":"x"}}`, "where its stored key may go: account_id"},
		{"models update", `{"model_id":"m1","litellm_params":{"a%sb":1}}`, `where its stored key may go: "a%sb"`},
		{"models update", `{"model_id":"m1","litellm_params":{"mock_response":"x"}}`, "lets deployment m (m1) answer with a text of its own"},
		{"models update", `{"model_id":"m1","litellm_params":{"custom_llm_provider":""}}`, "own key is used: custom_llm_provider"},
		{"models update", `{"model_id":"m1","model_info":{"base_model":"gpt-4o-mini"}}`, "prices the calls of deployment m (m1) as those of another model: gpt-4o-mini"},
		{"models update", `{"model_id":"m1","litellm_params":{"base_model":"gpt-4o-mini"}}`, "as those of another model: gpt-4o-mini"},
		{"models add", `{"model_name":"fresh","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"id":"m1"}}`, "takes the ID of deployment m (m1), which cannot be called any more"},
		{"models add", `{"model_name":"m","litellm_params":{"model":"openai/gpt-4o","api_key":"x"}}`, "adds a deployment with the name m, so that it takes calls from other deployments"},
		{"credentials update", `{"credential_name":"azure","credential_values_to_delete":["api_key"]}`, "removes values of credential azure, so that"},
		{"credentials update", `{"credential_name":"azure","credential_values":{"api_key":""}}`, "own key is used: api_key"},
		{"credentials update", `{"credential_name":"azure","credential_values":{"custom_llm_provider":"llamafile"}}`, "may decide where its key goes: custom_llm_provider"},
		{"chat completions", `{"model":"bedrock/agentcore/arn:aws:bedrock-agentcore:evil.example/:1:runtime/y","messages":[{"role":"user","content":"x"}]}`, "may change the address that requests go to"},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"extra":{"fallbacks":["bedrock/arn:aws:bedrock:evil.example/:1:x"]}}`, "may change the address that requests go to"},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"extra":{"fallbacks":["any/oobabooga/http://127.0.0.1:1/x"]}}`, "names the address"},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"extra":{"context_window_fallbacks":[{"m":[{"model":"n","api_version":"1","account_id":"a"}]}]}}`, "where the stored key may go: account_id"},
		{"models update", `{"model_id":"m1","litellm_params":{"model":"openai/x@evil.example"}}`, "may change the address that requests go to"},
		{"models update", `{"model_id":"m1","litellm_params":{"model":"baseten/evil1234"}}`, "may change the address that requests go to"},
		{"models add", `{"model_name":"bedrock/agentcore/arn:aws:bedrock-agentcore:us-east-1:1:runtime/y"}`, "may change the address that requests go to"},
		{"health test-connection", `{"model":"m","litellm_params":{"model":"bedrock/agentcore/x"}}`, "may change the address that requests go to"},
		{"models update", `{"model_id":"m1","extra":{"blocked":false}}`, "unblocks deployment m (m1)"},
		{"models update", `{"model_id":"m1","litellm_params":{"input_cost_per_second":1e-12}}`, "which may take the place of another"},
		{"models update", `{"model_id":"m1","model_info":{"tiered_pricing":[{"a":1}]}}`, "changes the price tiered_pricing of deployment m (m1)"},
		{"models update", `{"model_id":"m1","model_info":{"litellm_provider":"x"}}`, "as those of another model: x"},
		{"models add", `{"model_name":"wild/gpt-*","litellm_params":{"model":"openai/gpt-4*","api_key":"x"}}`, "with the name wild/gpt-*, so that it takes calls from other deployments"},
		{"keys update", `{"alias":"ci","budget_id":"tier"}`, "which has a budget of its own, to budget tier"},
		{"keys bulk-update", `{"key_aliases":["ci"],"budget_id":"tier"}`, "which has a budget of its own, to budget tier"},
		{"keys update", `{"alias":"ci","extra":{"auto_rotate":true,"rotation_interval":"1s"}}`, "lets the gateway replace keys by itself"},
		{"teams member-update", `{"team":"defaults","user":"ann@example.com","max_budget_in_team":50}`, "raises the budget in the team of user ann@example.com (ann-0123…) from 3 to 50 US dollars"},
		{"teams model-add", `{"team":"research","models":["group"]}`, "use more models: group"},
		{"teams member-update", `{"team":"defaults","user":"ann@example.com","allowed_models":["gpt-4o-mini","group"]}`, "use more models: group"},
		{"access-groups update", `{"access_group":"group","model_names":["m","openai/*"]}`, "lets access group group use more models: openai/*"},
		{"access-groups create", `{"access_group":"future","model_names":["m","n"]}`, "gives every key, team and user with future among their models the use of m, n"},
		{"access-groups create", `{"access_group":"n","model_names":["m"]}`, "with n among their models the use of m"},
		{"access-groups create", `{"access_group":"no-default-models","model_names":["m"]}`, "with no-default-models among their models"},
		{"access-groups create", `{"access_group":"g","model_names":["any/*"]}`, "the use of any/*"},
		{"access-groups update", `{"access_group":"group","model_ids":["m1","w1"]}`, "lets access group group use more models: wild/*"},
		{"access-groups update", `{"access_group":"group","model_names":["n"]}`, "whose budget of 5 US dollars no longer counts for them: m"},
		{"models update", `{"model_id":"n1","model_info":{"access_groups":["group"]}}`, "gives deployment n (n1) to every key and team with the access groups group"},
		{"models update", `{"model_id":"m1","model_info":{"access_groups":[]}}`, "takes deployment m (m1) out of the access groups group"},
		{"models add", `{"model_name":"fresh","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"access_groups":["group"]}}`, "gives the deployment to every key and team with the access groups group"},
		{"models add", `{"model_name":"*/gpt-4","litellm_params":{"model":"openai/gpt-4"}}`, "so that it takes calls from other deployments"},
		{"customers update", `{"user_id":"bare-customer","budget_id":"tier"}`, "puts customer bare-customer under budget tier; the present one is not known"},
		{"teams update", `{"team":"research","model_aliases":{"gpt-4o-mini":"n"}}`, "sends calls of team research (0c95aaaa…) to other models than they name"},
		{"chat completions", `{"model":"any/baseten/evil1234","messages":[{"role":"user","content":"x"}]}`, "may change the address that requests go to"},
		{"keys generate", `{"user_id":"Ada Admin"}`, "gives a key to user ada@example.com (\"Ada Admin\"), who has the role proxy_admin"},
		{"keys update", `{"alias":"free","extra":{"rpm_limit_type":"dynamic"}}`, "changes what limits key free"},
		{"keys update", `{"alias":"free","metadata":{"tpm_limit_type":"dynamic"}}`, "(tpm_limit_type)"},
		{"keys update", `{"alias":"free","extra":{"end_user_budget_id":"other"}}`, "(end_user_budget_id)"},
		{"keys update", `{"alias":"free","metadata":{"end_user_budget_id":null}}`, "(end_user_budget_id)"},
		{"keys update", `{"alias":"held","extra":{"blocked":false}}`, "unblocks key held"},
		{"keys unblock", `{"alias":"held"}`, "unblocks key held"},
		{"teams unblock", `{"team":"held"}`, "unblocks team held"},
		{"models unblock", `{"model_id":"m1"}`, "unblocks deployment m (m1)"},
		{"keys update", `{"alias":"ci","models":["gpt-4o-mini","group"]}`, "use more models: group"},
		{"keys update", `{"alias":"ci","extra":{"router_settings":{"fallbacks":[{"m":["n"]}]}}}`, "changes how calls are routed"},
		{"keys update", `{"alias":"ci","budget_duration":"60d"}`, "changes the budget reset of key ci (" + ci[:8] + "…) from every 30d to every 60d"},
		{"http request", `{"method":"GET","uri":"/health"}`, "may call a provider"},
		{"http request", `{"method":"POST","uri":"/model/new","data":"{\"litellm_params\":{\"api_base\":\"https://evil.example\"}}"}`, "sends requests to evil.example"},
		{"teams create", `{"team_alias":"x","extra":{"admins":["ann"]}}`, "rights of an administrator"},
	} {
		if _, err := prepared(t, w, env, tt.op, tt.args); proxyclient.CodeOf(err) == proxyclient.CodeUnsupported && strings.Contains(err.Error(), "which ignores") {
			continue // nothing is sent to a gateway that is too old for a field
		}
		found, reads := dangers(t, w, env, tt.op, tt.args)
		if !slices.ContainsFunc(found, func(d string) bool { return strings.Contains(d, tt.want) }) {
			t.Errorf("%s %s:\n got %q\nwant %s", tt.op, tt.args, found, tt.want)
		}
		if most := map[string]int{"keys bulk-update": 4, "keys regenerate": 4, "keys update": 3, "keys move": 3, "teams assign-key": 3, "models update": 2, "teams update": 2, "teams member-update": 2, "access-groups update": 3, "users bulk-update": 2}[tt.op]; reads > max(1, most) {
			t.Errorf("%s %s: %d reads", tt.op, tt.args, reads)
		}
	}
}

// TestWordsOfDangers: a danger says no more than what is so.
func TestWordsOfDangers(t *testing.T) {
	w, env := consentWorld(t)
	checkWordsOfDangers(t, w, env)
}

func checkWordsOfDangers(t *testing.T, w *world, env operation.Env) {
	t.Helper()
	for _, tt := range []struct{ op, args, never string }{
		{"http request", `{"method":"POST","uri":"/config/pass_through_endpoint","json":{"path":"/x","target":"https://evil.example"}}`, "file"},
		{"http request", `{"method":"POST","uri":"/chat/completions","json":{"model":"m","messages":[{"role":"system","content":"https://x"}],"tools":[{"function":{"parameters":{"role":{"type":"a"}}}}]}}`, ""},
		{"credentials create", `{"credential_name":"c","credential_info":{},"credential_values":{"vertex_credentials":"{\"audience\":\"//iam.googleapis.com/x\"}"}}`, "reads the gateway's file"},
		{"keys update", `{"alias":"ci","expires":"2099-01-01T00:00:00Z"}`, "from now"},
		{"budgets update", `{"budget_id":"tier","max_budget":6,"budget_duration":"1d","model_max_budget":{},"replace":["model_max_budget"]}`, "budget of budget"},
		{"credentials create", `{"credential_name":"c","credential_info":{},"credential_values":{"headers":"Authorization: Bearer sk-abcdefghijklmnop1234"}}`, "abcdefgh"},
	} {
		found, _ := dangers(t, w, env, tt.op, tt.args)
		for _, danger := range found {
			if strings.Contains(danger, tt.never) {
				t.Errorf("%s %s: %s", tt.op, tt.args, danger)
			}
		}
	}
}

// TestOrdinaryWork asks nothing.
func TestOrdinaryWork(t *testing.T) {
	w, env := consentWorld(t)
	checkOrdinaryWork(t, w, env)
}

func checkOrdinaryWork(t *testing.T, w *world, env operation.Env) {
	t.Helper()
	for _, tt := range [][2]string{
		{"teams create", `{"team_alias":"new","max_budget":100,"models":["gpt-4o-mini"],"team_member_budget":5,"metadata":{"role":"owner","cost_center":"/eu/4711"}}`},
		{"teams setup", `{"team_alias":"new","user_emails":["ann@example.com"],"max_budget":50,"key_alias":"batch"}`},
		{"teams update", `{"team":"research","team_alias":"science"}`},
		{"teams update", `{"team":"research","max_budget":5}`},
		{"prompts create", `{"prompt_id":"p","dotprompt_content":"---\nmodel: m\ntemperature: 0.2\ninput:\n  schema:\n    name: string\n---\nUser: see https://x.example"}`},
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
		{"keys update", `{"alias":"ci","max_budget":5,"budget_duration":"30d","duration":"7d"}`},
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
		{"teams update", `{"team":"held","metadata":{"a":1}}`},
		{"keys update", `{"alias":"ci","metadata":{"a":1}}`},
		{"keys update", `{"alias":"ci","clear":["metadata"]}`},
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
		{"teams update", `{"team":"defaults","metadata":{"cost_center":"9"}}`},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"extra":{"fallbacks":[{"cheap":["m","n"]}],"content_policy_fallbacks":[],"enable_thinking":true}}`},
		{"chat completions", `{"model":"vertex_ai/claude-3-5-sonnet@20240620","messages":[{"role":"user","content":"x"}],"extra":{"fallbacks":["bedrock/us.anthropic.claude-3-5-sonnet-20241022-v2:0","cloudflare/@cf/meta/llama-3"]}}`},
		{"models add", `{"model_name":"fresh","litellm_params":{"model":"bedrock/arn:aws:bedrock:us-east-1:1:inference-profile/x"}}`},
		{"models update", `{"model_id":"m1","litellm_params":{"cache_control_injection_points":[{"location":"message","role":"system"}],"itpm":5,"guardrails":["pii"]}}`},
		{"models update", `{"model_id":"m1","litellm_params":{"aws_access_key_id":"a","aws_secret_access_key":"b"}}`},
		{"access-groups update", `{"access_group":"group","model_names":["m","n"]}`},
		{"models add", `{"model_name":"fresh","litellm_params":{"model":"snowflake/x","account_id":"ours","api_key":"x"}}`},
		{"health test-connection", `{"model":"openai/gpt-4o","litellm_params":{"api_key":"x","api_version":"2026-01-01"}}`},
		{"health test-connection", `{"model":"m"}`},
		{"credentials update", `{"credential_name":"azure","credential_values":{"api_key":"new"}}`},
		{"models update", `{"model_id":"m1","litellm_params":{"api_key":"new","temperature":0.5,"timeout":20,"tags":["a"]}}`},
		{"keys unblock", `{"alias":"free"}`},
		{"keys update", `{"alias":"free","models":["gpt-4o-mini","m"]}`},
		{"chat completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":1,"extra":{"seed":1,"stop":["x"],"fallbacks":["n"],"stream_options":{},"reasoning_effort":"low"}}`},
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
		if found, _ := dangers(t, w, env, tt[0], tt[1]); len(found) > 0 {
			t.Errorf("%s %s is asked for: %q", tt[0], tt[1], found)
		}
	}
}

// TestLiveDangers: what is asked, and what is not, is the same on a real gateway.
func TestLiveDangers(t *testing.T) {
	w, env := liveWorld(t)
	t.Run("sensitive", func(t *testing.T) { checkSensitive(t, w, env) })
	t.Run("words", func(t *testing.T) { checkWordsOfDangers(t, w, env) })
	t.Run("ordinary", func(t *testing.T) { checkOrdinaryWork(t, w, env) })
}
