package tools

import (
	"slices"
	"testing"

	"litellm-proxy/internal/operation"
)

// TestRequestsSent: the checks, the merging and the verdict of a call look at one object once
// before the write and once after it.
func TestRequestsSent(t *testing.T) {
	All() // adds the checks that operations share
	w, env := consentWorld(t)
	for _, setUp := range []struct {
		op   *operation.Operation
		args map[string]any
	}{
		{usersCreate, map[string]any{"user_email": "sent@example.com", "user_id": "sent", "max_budget": 5}},
		{teamsCreate, map[string]any{"team_alias": "sent", "team_id": "sent", "team_member_budget": 5}},
		{teamsMemberAdd, map[string]any{"team_id": "sent", "user_ids": []string{"sent"}}},
		{keysGenerate, map[string]any{"key_alias": "sent"}},
		{tagsCreate, map[string]any{"name": "sent", "max_budget": 5}},
		{modelsAdd, map[string]any{"model_name": "grouped", "litellm_params": map[string]any{"model": "openai/gpt-4o", "api_key": "f"}}},
		{accessGroupsCreate, map[string]any{"access_group": "granted", "model_names": []string{"grouped"}}},
		{teamsCreate, map[string]any{"team_alias": "restricted", "team_id": "restricted", "models": []string{"granted"}}},
	} {
		if _, err := run(t.Context(), env, setUp.op, argsOf(setUp.args)); err != nil {
			t.Fatal(err)
		}
	}
	w.take()
	for _, tt := range []struct {
		op   *operation.Operation
		args map[string]any
		want []string
	}{
		{usersUpdate, map[string]any{"user": "sent@example.com", "rpm_limit": 5}, []string{"GET /user/list", "GET /user/info", "POST /user/update"}},
		{usersUpdate, map[string]any{"user_id": "sent", "metadata": map[string]any{"a": 1}}, []string{"GET /user/list", "GET /user/info", "POST /user/update"}},
		{teamsUpdate, map[string]any{"team_id": "sent", "metadata": map[string]any{"a": 1}, "team_member_budget_duration": "30d"},
			[]string{"GET /v2/team/list", "GET /team/info", "POST /team/update", "GET /team/info"}},
		{teamsMemberUpdate, map[string]any{"team_id": "sent", "user_id": "sent", "rpm_limit": 5}, []string{"GET /v2/team/list", "GET /user/list", "GET /team/info", "POST /team/member_update", "GET /team/info"}},
		{keysUpdate, map[string]any{"alias": "sent", "team": "sent", "user_id": "sent", "models": []string{"gpt-4o-mini"}},
			[]string{"GET /key/list", "GET /v2/team/list", "GET /user/list", "GET /user/info", "GET /models", "POST /key/update"}},
		{tagsUpdate, map[string]any{"name": "sent", "max_budget": 5}, []string{"GET /tag/list", "GET /customer/list", "GET /access_group/list", "GET /project/list",
			"GET /organization/list", "GET /key/list", "POST /tag/info", "POST /tag/update", "POST /tag/info"}},
		{usersOnboard, map[string]any{"user_email": "sent@example.com", "team_id": "restricted", "models": []string{"grouped"}, "key_alias": "onboard"},
			[]string{"GET /models", "GET /models", "GET /access_group/list", "GET /user/list", "GET /v2/team/list", "GET /team/info", "GET /key/list", "POST /team/member_add", "POST /key/generate"}},
		{keysBulkUpdate, map[string]any{"key_aliases": []string{"sent"}, "max_budget": 5}, []string{"GET /key/list", "POST /key/bulk_update"}},
	} {
		_, err := run(t.Context(), env, tt.op, argsOf(tt.args))
		got := w.take()
		slices.Sort(got)
		if slices.Sort(tt.want); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s %v sent %v, want %v (%v)", tt.op.Path, tt.args, got, tt.want, err)
		}
	}
}
