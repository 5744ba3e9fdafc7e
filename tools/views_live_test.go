package tools

import (
	"bytes"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/output"
)

// TestLiveViews: a person at a terminal sees members, keys and limits of a real gateway, and
// no ciphertext.
func TestLiveViews(t *testing.T) {
	env, prefix := live(t)
	redactor := env.Client.Redactor()
	view := func(op *operation.Operation, args map[string]any, parts ...string) operation.Result {
		t.Helper()
		result := do(t, env, op, args)
		var b bytes.Buffer
		if err := output.Write(t.Context(), &b, op, result, output.Options{Terminal: true, Redactor: &redactor}); err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			if !strings.Contains(b.String(), part) {
				t.Errorf("%s lacks %q:\n%s", op.Path, part, &b)
			}
		}
		return result
	}
	email := prefix + "@example.com"
	id := func(r operation.Result, field string) string { return operation.Word(operation.Lookup(r.Body, field)) }
	user := id(view(usersCreate, map[string]any{"user_email": email, "auto_create_key": false}, email), "user_id")
	t.Cleanup(func() { do(t, env, usersDelete, map[string]any{"user_ids": []string{user}}) })
	team := liveTeams(t, env, prefix+"-team")[0]
	do(t, env, teamsMemberAdd, map[string]any{"team_id": team, "user_ids": []string{user}, "max_budget_in_team": 7})
	key := id(view(keysGenerate, map[string]any{"key_alias": prefix + "-key", "team_id": team, "user_id": user, "max_budget": 10}, "Store it now.\nsk-", "0.00 of 10.00 USD (0%)"), "token")
	view(teamsGet, map[string]any{"team_id": team}, email, "of 7.00 USD", prefix+"-key")
	view(usersGet, map[string]any{"user_id": user}, email, prefix+"-key", prefix+"-team")
	do(t, env, keysBlock, map[string]any{"key": key})
	view(keysInfo, map[string]any{"key": key}, "This key is blocked.", "0.00 of 10.00 USD (0%)")
	model := id(view(modelsAdd, map[string]any{"model_name": prefix, "litellm_params": map[string]any{"model": "openai/gpt-4o", "rpm": 7}}, "openai/gpt-4o\n", "7 requests/min"), "model_id")
	t.Cleanup(func() { do(t, env, modelsDelete, map[string]any{"id": model}) })
	view(modelsGet, map[string]any{"id": model}, "openai/gpt-4o", "7 requests/min")
}
