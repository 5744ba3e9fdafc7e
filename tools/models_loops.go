package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// findLoops returns the fallbacks and aliases that lead to the model itself. The router's
// settings are hidden from some callers, who are told.
func findLoops(ctx context.Context, call *operation.Call, model string) ([]*double, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/router/settings"})
	if operation.IsRefused(err) {
		call.Note("Fallbacks and aliases were not checked: this key may not see the router's settings")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var loops []*double
	add := func(name, setting string) {
		if model == "" || model == name {
			loops = append(loops, &double{kind: "loop", of: []deployed{{name: name, upstream: name, source: setting}}})
		}
	}
	for _, setting := range []string{"fallbacks", "context_window_fallbacks", "content_policy_fallbacks"} {
		var rules []map[string]json.RawMessage
		_ = json.Unmarshal(operation.Lookup(body, "current_values."+setting), &rules)
		for _, rule := range rules {
			for _, name := range slices.Sorted(maps.Keys(rule)) {
				if slices.Contains(operation.Args(rule).List(name), name) {
					add(name, setting)
				}
			}
		}
	}
	var aliases operation.Args
	_ = json.Unmarshal(operation.Lookup(body, "current_values.model_group_alias"), &aliases)
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		for at, seen := name, map[string]bool{}; at != "" && !seen[at]; {
			seen[at] = true
			if at = aliasTarget(aliases[at]); at == name {
				add(name, "model_group_alias")
			}
		}
	}
	return loops, nil
}

// aliasTarget is the model that an alias stands for: a name, or an object with one.
func aliasTarget(value json.RawMessage) string {
	if target := operation.Lookup(value, "model"); target != nil {
		value = target
	}
	return operation.Word(operation.NoNull(value))
}
