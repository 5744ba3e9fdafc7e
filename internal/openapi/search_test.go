package openapi

import (
	"strings"
	"testing"
)

// questions are what people ask, each with an endpoint that answers it.
var questions = []struct{ words, want string }{
	{"who changed a key", "GET /audit"},
	{"audit log of one change", "GET /audit/{id}"},
	{"rotate a key", "POST /key/{key}/regenerate"},
	{"rotate master key", "POST /key/regenerate"},
	{"limit requests of a team", "POST /team/update"},
	{"block an ip", "POST /delete/allowed_ip"},
	{"allow an ip address", "POST /add/allowed_ip"},
	{"change my password", "POST /user/password/change"},
	{"guardrail usage", "GET /guardrails/usage/overview"},
	{"list guardrails", "GET /guardrails/list"},
	{"create a guardrail", "POST /guardrails"},
	{"test a guardrail on a text", "POST /guardrails/apply_guardrail"},
	{"which policies apply to a team", "POST /policies/resolve"},
	{"attach a policy", "POST /policies/attachments"},
	{"versions of a prompt", "GET /prompts/{prompt_id}/versions"},
	{"convert dotprompt file", "POST /utils/dotprompt_json_converter"},
	{"count tokens of a message", "POST /utils/token_counter"},
	{"supported openai params of a model", "GET /utils/supported_openai_params"},
	{"transform a request", "POST /utils/transform_request"},
	{"add an mcp server", "POST /v1/mcp/server"},
	{"health of mcp servers", "GET /v1/mcp/server/health"},
	{"approve an mcp server submission", "PUT /v1/mcp/server/{server_id}/approve"},
	{"create agent", "POST /v1/agents"},
	{"delete vector store", "POST /vector_store/delete"},
	{"add a search tool", "POST /search_tools"},
	{"pass through endpoints", "GET /config/pass_through_endpoint"},
	{"cost discount of a provider", "PATCH /config/cost_discount_config"},
	{"margin on costs", "GET /config/cost_margin_config"},
	{"estimate cost", "POST /cost/estimate"},
	{"jwt mapping", "POST /jwt/key/mapping/new"},
	{"sso settings", "GET /get/sso_settings"},
	{"change sso settings", "PATCH /update/sso_settings"},
	{"default settings of internal users", "GET /get/internal_user_settings"},
	{"default team settings", "PATCH /update/default_team_settings"},
	{"cache settings", "GET /cache/settings"},
	{"test cache connection", "POST /cache/settings/test"},
	{"empty the cache", "POST /cache/flushall"},
	{"is the cache alive", "GET /cache/ping"},
	{"email events", "GET /email/event_settings"},
	{"public model hub links", "POST /model_hub/update_useful_links"},
	{"spend per tag", "GET /spend/tags"},
	{"budgets of providers", "GET /provider/budgets"},
	{"reset spend of everything", "POST /global/spend/reset"},
	{"spend logs of a request", "GET /spend/logs"},
	{"router settings", "GET /router/settings"},
	{"fallbacks of a model", "GET /fallback/{model}"},
	{"model cost map", "GET /public/litellm_model_cost_map"},
	{"scim users", "GET /scim/v2/Users"},
	{"hashicorp vault", "GET /config_overrides/hashicorp_vault"},
	{"cloudzero export", "POST /cloudzero/export"},
	{"ui theme colors", "PATCH /update/ui_theme_settings"},
	{"upload a logo", "POST /upload/logo"},
	{"unblock a team", "POST /team/unblock"},
	{"make a model public", "POST /model_group/make_public"},
	{"list active callbacks", "GET /callbacks/list"},
	{"subscription usage of claude accounts", "GET /subscription_accounts/usage"},
	{"daily activity of agents", "GET /agent/daily/activity"},
	{"upload a skill", "POST /skill-hub/skills/upload"},
	{"kill switch of an agent", "POST /v1/agents/{agent_id}/kill_switch"},
	{"permissions of team members", "GET /team/permissions_list"},
	{"license", "GET /health/license"},
	{"deployments with warnings", "GET /health/deployment_warnings"},
	{"reject a skill submission", "PUT /skill-hub/submissions/{submission_id}/reject"},
	{"try a custom guardrail code", "POST /guardrails/test_custom_code"},
	{"gaurdrails usage", "GET /guardrails/usage/overview"}, // misspelled
	{"credencials", "GET /credentials"},
	{"regenrate key", "POST /key/{key}/regenerate"},
	{"telemtry setings", "PUT /telemetry/settings"},
	{"complience", "POST /compliance/gdpr"},
	{"organisation members", "POST /organization/member_add"},
	// The long tail, in the words of an administrator.
	{"airline names for the competitor guardrail", "GET /guardrails/ui/major_airlines"},
	{"what did my agents do step by step", "GET /v1/traces"},
	{"search traces", "POST /v1/traces/query"},
	{"which metadata must a team have", "GET /team/metadata_schema"},
	{"catalog of ready made APIs that can become an MCP server", "GET /v1/mcp/openapi-registry"},
	{"health check results shared between instances", "GET /health/shared-status"},
	{"result of the security scan of a submitted skill", "GET /skill-hub/submissions/{submission_id}/scan"},
	{"how often was a skill downloaded", "GET /skill-hub/skills/{plugin_name}/downloads"},
	{"turn off telemetry", "PUT /telemetry/settings"},
	{"stop a shadow evaluation of the router", "POST /auto_router/shadow_eval/{job_id}/stop"},
	{"change the budget of an organization", "PATCH /v2/organization/{organization_id}"},
	{"check whether we comply with GDPR", "POST /compliance/gdpr"},
	{"provision users from okta", "POST /scim/v2/Users"},
	{"deactivate a user from the identity provider", "PATCH /scim/v2/Users/{user_id}"},
	{"groups for single sign on provisioning", "GET /scim/v2/Groups"},
	{"send spend data to cloudzero", "POST /cloudzero/export"},
	{"remove the vantage connection", "DELETE /vantage/delete"},
	{"start a workflow", "POST /v1/workflows/runs"},
	{"which model would the auto router choose", "POST /auto_router/test_routing"},
	{"connect my account to a credential", "POST /credentials/{credential_name}/user_connection/start"},
	{"disconnect my account", "DELETE /credentials/{credential_name}/user_connection"},
	{"spend of each tag last month", "GET /spend/tags"},
	{"remember a preference", "POST /v1/memory"},
	{"save a note for later", "POST /v1/memory"},
	{"notify about deprecated models", "PUT /alerting/model-deprecations/state"},
}

func TestSearch(t *testing.T) {
	misses := 0
	for _, q := range questions {
		method, path, _ := strings.Cut(q.want, " ")
		if Known().Find(method, path) == nil {
			t.Errorf("%q: there is no %s", q.words, q.want)
			continue
		}
		found := Known().Search(Query{Words: q.words, Limit: 5})
		var got []string
		hit := false
		for _, h := range found.Hits {
			got = append(got, h.Method+" "+h.Path)
			hit = hit || h.Method+" "+h.Path == q.want
		}
		if !hit {
			misses++
			t.Errorf("%q: %s is not among the first five:\n\t%s", q.words, q.want, strings.Join(got, "\n\t"))
		}
	}
	t.Logf("%d questions, %d missed", len(questions), misses)
}

// TestSearchInstead: a misspelled word is replaced by a whole word, not by its stem.
func TestSearchInstead(t *testing.T) {
	for word, want := range map[string]string{"vantaje": "vantage", "setings": "settings", "complience": "compliance"} {
		if got := Known().Search(Query{Words: word}).Instead[word]; got != want {
			t.Errorf("%s: searched for %q, want %q", word, got, want)
		}
	}
}
