package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

// TestTeamGrants: a key may have the models of a team's access groups, wildcards and aliases,
// and its own aliases of such models.
func TestTeamGrants(t *testing.T) {
	All() // adds the checks that operations share
	_, env := consentWorld(t)
	for _, setUp := range []struct {
		op   *operation.Operation
		args map[string]any
	}{
		{modelsAdd, map[string]any{"model_name": "grouped", "litellm_params": map[string]any{"model": "openai/gpt-4o", "api_key": "f"}}},
		{modelsAdd, map[string]any{"model_name": "single", "litellm_params": map[string]any{"model": "openai/gpt-4o", "api_key": "f"}}},
		{modelsAdd, map[string]any{"model_name": "wild/*", "litellm_params": map[string]any{"model": "openai/*", "api_key": "f"}}},
		{accessGroupsCreate, map[string]any{"access_group": "granted", "model_names": []string{"grouped"}}},
		{teamsCreate, map[string]any{"team_alias": "groups", "team_id": "groups", "models": []string{"granted"}}},
		{teamsCreate, map[string]any{"team_alias": "wilds", "team_id": "wilds", "models": []string{"wild/*", "single"}}},
		{keysGenerate, map[string]any{"key_alias": "of-group", "models": []string{"grouped"}}},
		{keysGenerate, map[string]any{"key_alias": "of-wild", "models": []string{"wild/a"}}},
	} {
		if _, err := run(t.Context(), env, setUp.op, argsOf(setUp.args)); err != nil {
			t.Fatal(setUp.op.Path, err)
		}
	}
	for _, tt := range []struct {
		op   *operation.Operation
		args map[string]any
		want string
	}{
		{keysGenerate, map[string]any{"team_id": "groups", "models": []string{"grouped"}}, ""},
		{keysGenerate, map[string]any{"team_id": "wilds", "models": []string{"wild/a", "fast", "single"}, "aliases": map[string]any{"fast": "single"}}, ""},
		{keysGenerate, map[string]any{"team_id": "wilds", "models": []string{"fast"}, "aliases": map[string]any{"fast": "single"}}, "may not use fast"},
		{keysGenerate, map[string]any{"team_id": "wilds", "models": []string{"grouped"}}, "may not use grouped"},
		{keysGenerate, map[string]any{"team_id": "groups", "models": []string{"single"}}, "may not use single"},
		{keysMove, map[string]any{"alias": "of-group", "team_id": "wilds"}, "may not use grouped"},
		{keysMove, map[string]any{"alias": "of-wild", "team_id": "wilds"}, ""},
		{keysMove, map[string]any{"alias": "of-group", "team_id": "groups"}, ""},
		{usersOnboard, map[string]any{"user_email": "one@example.com", "team_id": "wilds", "models": []string{"wild/b"}}, ""},
		{usersOnboard, map[string]any{"user_email": "two@example.com", "team_id": "wilds", "models": []string{"claude-haiku"}}, "may not use claude-haiku"},
	} {
		_, err := run(t.Context(), env, tt.op, argsOf(tt.args))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %v: %v", tt.op.Path, tt.args, err)
		}
	}
}
