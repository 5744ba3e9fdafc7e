package tools

import (
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLiveCallbacks adds a callback that does nothing here and deletes it.
func TestLiveCallbacks(t *testing.T) {
	env, _ := live(t)
	const name = "openmeter" // it gets no key, so that it does not start
	has := func() (found bool) {
		for _, item := range do(t, env, callbacksList, nil).Page.Items {
			found = found || operation.Word(operation.Lookup(item, "name")) == name
		}
		return found
	}
	if has() {
		t.Skip("the gateway has the callback")
	}
	t.Cleanup(func() { _, _ = run(t.Context(), env, callbacksDelete, argsOf(map[string]any{"callback_name": name})) })
	do(t, env, callbacksAdd, map[string]any{"callback_name": name})
	if !has() {
		t.Error("it is not in the list")
	}
	do(t, env, callbacksDelete, map[string]any{"callback_name": name})
	if has() {
		t.Error("it is still in the list")
	}
	if _, err := run(t.Context(), env, callbacksDelete, argsOf(map[string]any{"callback_name": name})); !operation.IsNotFound(err) {
		t.Errorf("a callback that does not exist: %v", err)
	}
	for _, op := range []*operation.Operation{callbacksActive, callbacksState, callbacksConfigs, cacheSettings, settingsCoordination} {
		do(t, env, op, nil)
	}
	if _, err := run(t.Context(), env, cacheSettingsUpdate, argsOf(map[string]any{"cache_settings": map[string]any{"type": "bogus"}})); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("a kind of cache that does not exist: %v", err)
	}
}
