package tools

import (
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLiveDoubles adds identical deployments to a real gateway, finds them, and merges them.
func TestLiveDoubles(t *testing.T) {
	env, name := live(t)
	var ids []string
	for range 3 {
		made := do(t, env, modelsAdd, map[string]any{"model_name": name, "litellm_params": map[string]any{"model": "openai/gpt-4o", "api_key": "marked", "api_base": "http://127.0.0.1:9"}})
		ids = append(ids, operation.Word(operation.Lookup(made.Body, "model_id")))
	}
	slices.Sort(ids) // the lowest ID stays
	t.Cleanup(func() { do(t, env, modelsDelete, map[string]any{"model": ids[0]}) })
	only := map[string]any{"model": name}
	found := do(t, env, modelsDoubles, only).Page.Items
	if len(found) != 1 || operation.Word(operation.Lookup(found[0], "kind")) != "identical" {
		t.Fatalf("found %s", found)
	}
	for _, id := range ids {
		if !strings.Contains(string(found[0]), id) {
			t.Errorf("%s lacks %s", found[0], id)
		}
	}
	// The gateway hides the keys, so nothing is merged unless the caller says they are equal.
	if r := do(t, env, modelsMerge, only); !strings.Contains(r.Done, "nothing was deleted") {
		t.Errorf("without same_key: %s", r.Done)
	}
	if _, err := run(t.Context(), env, modelsMerge, argsOf(map[string]any{"model": name, "same_key": true, "expect": 1})); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("another number than expected: %v", err)
	}
	merged := do(t, env, modelsMerge, map[string]any{"model": name, "same_key": true, "expect": 2})
	for i, id := range ids {
		if gone := slices.Contains(strings.FieldsFunc(string(merged.Body), func(r rune) bool { return strings.ContainsRune(`[]{}:," `, r) }), id); gone != (i > 0) {
			t.Errorf("deployment %d deleted: %v, in %s", i, gone, merged.Body)
		}
	}
	if left := do(t, env, modelsDoubles, only).Page.Items; len(left) != 0 {
		t.Errorf("after the merge: %s", left)
	}
	for _, op := range []*operation.Operation{modelsDoubles, modelsMerge} {
		if _, err := run(t.Context(), env, op, argsOf(map[string]any{"model": name + "x"})); !operation.IsNotFound(err) {
			t.Errorf("%s of an unknown model: %v", op.Path, err)
		}
	}
}
