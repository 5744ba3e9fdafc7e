package tools

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLoosened: what an update loosens of a thing that the gateway shows so. It has what
// a sandbox cannot hold, such as organizations.
func TestLoosened(t *testing.T) {
	for _, tt := range []struct{ item, change, want string }{
		{`{"organization_id":"strict"}`, `{"organization_id":"lax"}`, "changes the organization of it from strict to lax"},
		{`{"org_id":"strict","organization_id":null}`, `{"organization_id":"lax"}`, "changes the organization of it from strict to lax"},
		{`{"organization_id":"strict"}`, `{"organization_id":null}`, "takes it out of its organization"},
		{`{"organization_id":"strict"}`, `{"organization_id":"strict"}`, ""},
		{`{"organization_id":null}`, `{"organization_id":"strict"}`, ""},
		{`{"a":1}`, `{"organization_id":"strict"}`, "puts it under organization strict; the present one is not known"},
		{`{"project_id":"p"}`, `{"project_id":null}`, "takes it out of its project"},
		{`{"project_id":"p"}`, `{"project_id":"q"}`, "changes the project of it from p to q"},
		{`{"team_id":"t"}`, `{"team_id":""}`, "takes it out of its team"},
		{`{"budget_id":"b"}`, `{"budget_id":"c"}`, "changes the budget of it from b to c"},
		{`{"metadata":{"model_itpm_limit":{"m":5}}}`, `{"metadata":{}}`, "removes the limit of input tokens per minute of it for model m"},
		{`{"metadata":{"model_otpm_limit":{"m":5}}}`, `{"model_otpm_limit":{"m":6}}`, "raises the limit of output tokens per minute of it for model m from 5 to 6"},
		{`{"metadata":{"mcp_rpm_limit":{"m":5}}}`, `{"mcp_rpm_limit":{"m":6}}`, "raises the limit of requests per minute of it for MCP server m"},
		{`{"metadata":{"tag_rpm_limit":{"m":5}}}`, `{"tag_rpm_limit":{}}`, "removes the limit of requests per minute of it for tag m"},
		{`{"metadata":{"tag_rpm_limit":{"m":5}}}`, `{"tag_rpm_limit":{"m":4,"n":1}}`, ""},
		{`{"metadata":{"default_estimated_output_tokens":500}}`, `{"default_estimated_output_tokens":1}`, "changes what limits it (default_estimated_output_tokens)"},
		{`{"metadata":{"default_estimated_output_tokens":500}}`, `{"metadata":{"a":1}}`, "(default_estimated_output_tokens)"},
		{`{"metadata":{"end_user_budget_id":"b"}}`, `{"end_user_budget_id":""}`, "(end_user_budget_id)"},
		{`{"metadata":{"denied_passthrough_routes":["/x"]}}`, `{"denied_passthrough_routes":[]}`, "(denied_passthrough_routes)"},
		{`{"allowed_model_region":"eu"}`, `{"allowed_model_region":null}`, "changes what limits it (allowed_model_region)"},
		{`{"allowed_model_region":"eu"}`, `{"allowed_model_region":"eu"}`, ""},
		{`{"allowed_model_region":null}`, `{"allowed_model_region":"eu"}`, ""},
		{`{"metadata":{}}`, `{"throttle_on_budget_exceeded":true}`, "lets it go on when its budget is spent"},
		{`{"metadata":{"throttle_on_budget_exceeded":true}}`, `{"throttle_on_budget_exceeded":true}`, ""},
		{`{"metadata":{"throttle_on_budget_exceeded":true}}`, `{"metadata":{}}`, ""},
		{`{"metadata":{}}`, `{"disable_global_guardrails":true}`, "turns off guardrails of it"},
		{`{"team_member_budget_table":{"model_max_budget":{"m":{"budget_limit":1,"time_period":"1d"}}}}`,
			`{"team_member_model_max_budget":{"m":{"budget_limit":2,"time_period":"1d"}}}`, "raises the budget of each member of it for model m from 1 to 2"},
		{`{"default_team_member_models":["m"]}`, `{"default_team_member_models":[]}`, "lets it use every model"},
		{`{"default_team_member_models":["m"]}`, `{"default_team_member_models":["m","n"]}`, ""},
	} {
		var change operation.Args
		if err := json.Unmarshal([]byte(tt.change), &change); err != nil {
			t.Fatal(err)
		}
		if !limits(change) {
			t.Errorf("%s does not lead to a look at the present settings", tt.change)
		}
		found := settings{whose: "it", item: json.RawMessage(tt.item), now: time.Now()}.loosened(change)
		if tt.want == "" && len(found) > 0 || tt.want != "" && !slices.ContainsFunc(found, func(text string) bool { return strings.Contains(text, tt.want) }) {
			t.Errorf("%s, then %s: got %q, want %q", tt.item, tt.change, found, tt.want)
		}
	}
}

// limitless are members of updates that have the name of a limit and are none.
var limitless = strings.Fields("soft_budget temp_budget_expiry rotation_interval")

// TestLiveLimitsAreKnown: an update of what the real gateway limits leads to a look at
// the present settings, or is a danger by itself.
func TestLiveLimitsAreKnown(t *testing.T) {
	env, _ := live(t)
	document, err := env.Client.JSON(t.Context(), proxyclient.Request{Method: "GET", Path: "/openapi.json"})
	if err != nil {
		t.Fatal(err)
	}
	limiting := regexp.MustCompile(`limit|budget|throttle|expir|route|guardrail|polic|region|permission|role|admin|models|settings|spend`)
	_, sandboxed := consentWorld(t)
	for _, schema := range strings.Fields("UpdateKeyRequest UpdateUserRequest UpdateTeamRequest OrganizationUpdateRequestV2 UpdateCustomerRequest " +
		"BudgetNewRequest TagUpdateRequest UpdateProjectRequest TeamMemberUpdateRequest OrganizationMemberUpdateRequest") {
		var properties operation.Args
		if err := json.Unmarshal(operation.Lookup(document, "components.schemas."+schema+".properties"), &properties); err != nil {
			t.Errorf("the gateway has no %s: %v", schema, err)
		}
		for name := range properties {
			if !limiting.MatchString(name) || slices.Contains(limitless, name) || limits(operation.Args{name: json.RawMessage(`1`)}) {
				continue
			}
			found, err := prepare(t, sandboxed, "teams create", `{"team_alias":"x","extra":{"`+name+`":{"a":1}}}`).Dangers(t.Context())
			if err != nil || len(found) == 0 {
				t.Errorf("%s of %s limits something, and nothing asks when it changes (%v)", name, schema, err)
			}
		}
	}
}
