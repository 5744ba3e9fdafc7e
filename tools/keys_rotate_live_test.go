package tools

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLiveRotate: the gateway accepts the new key, which has the settings of the old one, and
// refuses the old one once it is blocked.
func TestLiveRotate(t *testing.T) {
	env, prefix := live(t)
	team := liveTeams(t, env, prefix)[0]
	made := do(t, env, keysGenerate, map[string]any{"key_alias": prefix, "team_id": team, "max_budget": 5, "spend": 1.5, "duration": "30d",
		"models": []string{"gpt-4o-mini"}, "metadata": map[string]any{"a": "b"}}).Body
	t.Cleanup(func() {
		var keys []string
		for _, key := range do(t, env, keysList, map[string]any{"search": prefix}).Page.Items {
			keys = append(keys, operation.Word(operation.Lookup(key, "token")))
		}
		do(t, env, keysDelete, map[string]any{"keys": keys})
	})
	works := func(key json.RawMessage) bool {
		_, err := env.Client.WithKey(operation.Word(key), "test").JSON(t.Context(), proxyclient.Request{Method: "GET", Path: "/v1/models"})
		return err == nil
	}
	var kept []string
	env.Keep = func(key json.RawMessage) error {
		kept = append(kept, operation.Word(operation.Lookup(key, "key")))
		return nil
	}
	graced := do(t, env, keysRotate, map[string]any{"key": prefix, "grace": "2h"}).Body
	old, fresh := operation.Lookup(made, "key"), operation.Lookup(graced, "key")
	if !works(old) || !works(fresh) {
		t.Errorf("the old key works: %v; the new one: %v", works(old), works(fresh))
	}
	key := do(t, env, keysInfo, map[string]any{"key": prefix}).Body
	for path, want := range map[string]string{"info.team_id": team, "info.max_budget": "5", "info.spend": "1.5", "info.models": `["gpt-4o-mini"]`, "info.metadata.a": "b"} {
		if got := operation.Word(operation.Lookup(key, path)); got != want && got != want+".0" {
			t.Errorf("the new key has %s %s, want %s", path, got, want)
		}
	}
	if ends, ok := timeOf(operation.Lookup(key, "info"), "expires"); !ok || time.Until(ends) < 29*24*time.Hour {
		t.Errorf("the new key expires %v", ends)
	}
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(2 * time.Second))) // the new key is a second old
	rotated := do(t, env, keysRotate, map[string]any{"all": true, "older_than": "1s", "search": prefix, "team_id": team, "grace": "0", "expect": 1})
	keys := keysRotate.NewKeys(rotated)
	if len(keys) != 1 || !slices.Equal(kept, []string{operation.Word(fresh), keys[0].Key}) || !works(operation.Encode(keys[0].Key)) {
		t.Fatalf("new keys %d, kept %d", len(keys), len(kept))
	}
	until(t, "the old key is refused", func() bool { return !works(fresh) })
	if !works(old) {
		t.Error("the first key does not work until its time")
	}
	if _, err := run(t.Context(), env, keysRotate, argsOf(map[string]any{"key": operation.Lookup(graced, "token")})); err == nil {
		t.Error("a rotated key was rotated again")
	}
}
