package tools

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// TestTasksRefuseUnusable: a key or a team that does not work is not what the task was to
// make. The error says which one, why, and what helps; nothing is sent.
func TestTasksRefuseUnusable(t *testing.T) {
	w, env := consentWorld(t)
	refusesUnusable(t, w, env, "")
}

// TestLiveTasksRefuseUnusable is the same on the real gateway.
func TestLiveTasksRefuseUnusable(t *testing.T) {
	w, env := liveWorld(t)
	_, prefix := live(t)
	refusesUnusable(t, w, env, prefix)
}

func refusesUnusable(t *testing.T, w *world, env operation.Env, prefix string) {
	team, email := prefix+"team", prefix+"ann@example.com"
	setup := map[string]any{"team_alias": team, "key_alias": prefix + "batch"}
	onboard := map[string]any{"user_email": email, "team": team, "key_alias": prefix + "ann"}
	bare := map[string]any{"user_email": email, "team": team}
	t.Cleanup(func() {
		do(t, env, teamsDelete, map[string]any{"team": team})
		do(t, env, usersDelete, map[string]any{"user": email})
	})
	do(t, env, teamsSetup, setup)
	do(t, env, usersOnboard, onboard)
	later := env
	later.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	for _, tt := range []struct {
		change      *operation.Operation
		changeArgs  map[string]any
		op          *operation.Operation
		args        map[string]any
		env         operation.Env
		words, hint string
	}{
		{keysBlock, map[string]any{"alias": prefix + "ann"}, usersOnboard, onboard, env, "key " + prefix + "ann exists but is blocked; nothing was changed", "{op:keys unblock}, or give another {key_alias}"},
		{nil, nil, usersOnboard, bare, env, "key " + prefix + "ann exists but is blocked", "{op:keys unblock}"},
		{keysUnblock, map[string]any{"alias": prefix + "ann"}, usersOnboard, onboard, env, "", ""},
		{keysUpdate, map[string]any{"alias": prefix + "ann", "duration": "1d"}, usersOnboard, onboard, env, "", ""},
		{nil, nil, usersOnboard, onboard, later, "key " + prefix + "ann exists but has expired; nothing was changed", "{op:keys update} and a new duration"},
		{keysBlock, map[string]any{"alias": prefix + "batch"}, teamsSetup, setup, env, "key " + prefix + "batch exists but is blocked", "{op:keys unblock}"},
		{keysUnblock, map[string]any{"alias": prefix + "batch"}, teamsSetup, setup, env, "", ""},
		{teamsBlock, map[string]any{"team": team}, teamsSetup, setup, env, "team " + team + " exists but is blocked; nothing was changed", "unblock it with {op:teams unblock}"},
		{nil, nil, usersOnboard, onboard, env, "team " + team + " exists but is blocked", "{op:teams unblock}"},
		{teamsUnblock, map[string]any{"team": team}, usersOnboard, onboard, env, "", ""},
	} {
		name := fmt.Sprintf("%s %v, want %q", tt.op.Path, tt.args, tt.words)
		if tt.change != nil {
			do(t, env, tt.change, tt.changeArgs)
		}
		w.take()
		result, err := run(t.Context(), tt.env, tt.op, argsOf(tt.args))
		if e := operation.AsError(err); tt.words == "" && (err != nil || !strings.Contains(result.Done, "exists and is unchanged")) ||
			tt.words != "" && (e == nil || e.Code != proxyclient.CodeConflict || !strings.Contains(err.Error(), tt.words) || !strings.Contains(e.Hint, tt.hint)) {
			t.Errorf("%s: %v, %q", name, err, result.Done)
		}
		if sent := w.take(); slices.ContainsFunc(sent, func(r string) bool { return !strings.HasPrefix(r, "GET ") }) {
			t.Errorf("%s: sent %v", name, sent)
		}
	}
}

// TestOnboardPassesOverBlocked: beside a blocked key, one that works is taken; a blocked
// key without an alias is named by its hash.
func TestOnboardPassesOverBlocked(t *testing.T) {
	env := envOf(t, sandbox.New())
	onboard := map[string]any{"user_email": "ann@example.com"}
	first := do(t, env, usersOnboard, onboard)
	token := operation.Word(operation.Lookup(first.Body, "token"))
	do(t, env, keysBlock, map[string]any{"key": token})
	if _, err := run(t.Context(), env, usersOnboard, argsOf(onboard)); err == nil || !strings.Contains(err.Error(), token) {
		t.Errorf("the error %v does not name the key %s", err, token)
	}
	do(t, env, usersOnboard, map[string]any{"user_email": "ann@example.com", "key_alias": "second"})
	if again := do(t, env, usersOnboard, onboard); !strings.Contains(again.Done, "key second exists") {
		t.Errorf("with a second key: %q", again.Done)
	}
}
