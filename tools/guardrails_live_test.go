package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestLiveGuardrails walks a guardrail from its creation to its end. The content filter runs
// in the gateway, without a service.
func TestLiveGuardrails(t *testing.T) {
	env, prefix := live(t)
	words := []map[string]string{{"keyword": "zebra", "action": "BLOCK"}, {"keyword": "lion", "action": "MASK"}}
	made := do(t, env, guardrailsCreate, map[string]any{"guardrail_name": prefix, "type": "litellm_content_filter", "mode": []string{"pre_call"},
		"litellm_params": map[string]any{"blocked_words": words, "api_key": "sk-live-0123456789abcdef"}, "guardrail_info": map[string]any{"description": "x"}})
	id := operation.Word(operation.Lookup(made.Body, "guardrail_id"))
	deleted := false
	t.Cleanup(func() {
		if !deleted {
			do(t, env, guardrailsDelete, map[string]any{"guardrail_id": id})
		}
	})
	if _, err := run(t.Context(), env, guardrailsCreate, argsOf(map[string]any{"guardrail_name": prefix, "type": "presidio", "mode": []string{"pre_call"}})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := run(t.Context(), env, guardrailsCreate, argsOf(map[string]any{"guardrail_name": prefix + "-x", "type": "nosuch", "mode": []string{"pre_call"}})); proxyclient.CodeOf(err) != proxyclient.CodeInvalid {
		t.Errorf("an unknown kind: %v", err)
	}
	liveApply(t, env, prefix)

	do(t, env, guardrailsUpdate, map[string]any{"guardrail": prefix, "mode": []string{"pre_call", "post_call"}, "litellm_params": map[string]any{"timeout": 5, "api_base": "https://guard.example"},
		"guardrail_info": map[string]any{"owner": "me"}})
	do(t, env, guardrailsUpdate, map[string]any{"guardrail": prefix, "litellm_params": map[string]any{"api_base": nil}, "guardrail_name": prefix + "-new"})
	got := do(t, env, guardrailsGet, map[string]any{"guardrail": prefix + "-new"})
	for path, want := range map[string]string{"litellm_params.mode": `["pre_call","post_call"]`, "litellm_params.timeout": "5.0", "litellm_params.api_base": "",
		"litellm_params.api_key": `"sk****ef"`, "litellm_params.guardrail": `"litellm_content_filter"`, "guardrail_info.owner": `"me"`, "guardrail_info.description": `"x"`} {
		if has := string(operation.Lookup(got.Body, path)); has != want {
			t.Errorf("after the updates, %s is %s, want %s", path, has, want)
		}
	}
	liveApply(t, env, prefix+"-new")
	do(t, env, guardrailsDelete, map[string]any{"guardrail": prefix + "-new"})
	deleted = true
	if _, err := run(t.Context(), env, guardrailsDelete, argsOf(map[string]any{"guardrail_id": id})); !operation.IsNotFound(err) {
		t.Errorf("a guardrail that was deleted: %v", err)
	}
	if _, err := run(t.Context(), env, guardrailsApply, argsOf(map[string]any{"guardrail_name": prefix + "-new", "text": "a"})); !operation.IsNotFound(err) {
		t.Errorf("apply one that was deleted: %v", err)
	}
}

// liveApply checks texts with the guardrail of [TestLiveGuardrails].
func liveApply(t *testing.T, env operation.Env, name string) {
	t.Helper()
	for text, want := range map[string]string{"a lion": "a [KEYWORD_REDACTED]", "a cat": "a cat"} {
		result := do(t, env, guardrailsApply, map[string]any{"guardrail_name": name, "text": text})
		if left := operation.Word(operation.Lookup(result.Body, "response_text")); left != want || (left == text) != (len(result.Notes) > 0) {
			t.Errorf("%s: left %q, notes %q", text, left, result.Notes)
		}
	}
	_, err := run(t.Context(), env, guardrailsApply, argsOf(map[string]any{"guardrail_name": name, "text": "a zebra"}))
	if proxyclient.CodeOf(err) != proxyclient.CodeBlocked || !strings.Contains(err.Error(), "blocked the text: Content blocked: keyword 'zebra'") {
		t.Errorf("a blocked text: %v", err)
	}
}

// TestLiveGuardrailCode: the verdict of custom code is one, and its failure is none.
func TestLiveGuardrailCode(t *testing.T) {
	env, prefix := live(t)
	const code = "def apply_guardrail(inputs, request_data, input_type):\n    return "
	for verdict, want := range map[string]proxyclient.Code{`block("no")`: proxyclient.CodeBlocked, `1/0`: proxyclient.CodeInternal, `allow()`: ""} {
		name := prefix + "-" + string(want)
		do(t, env, guardrailsCreate, map[string]any{"guardrail_name": name, "type": "custom_code", "mode": []string{"pre_call"}, "litellm_params": map[string]any{"custom_code": code + verdict}})
		_, err := run(t.Context(), env, guardrailsApply, argsOf(map[string]any{"guardrail_name": name, "text": "a"}))
		if proxyclient.CodeOf(err) != want {
			t.Errorf("%s: %v", verdict, err)
		}
		do(t, env, guardrailsDelete, map[string]any{"guardrail": name})
	}
	tested := do(t, env, guardrailsTestCode, map[string]any{"custom_code": code + `block("no")`, "text": "a"})
	if tested.Done != "ran the code: block" {
		t.Errorf("test-code: %q", tested.Done)
	}
	if _, err := run(t.Context(), env, guardrailsTestCode, argsOf(map[string]any{"custom_code": "def f(:", "text": "a"})); err == nil || !strings.Contains(err.Error(), "Syntax error") {
		t.Errorf("code with a mistake: %v", err)
	}
}

// TestLiveGuardrailSubmissions walks submissions to their approval and rejection.
func TestLiveGuardrailSubmissions(t *testing.T) {
	env, prefix := live(t)
	team := liveTeams(t, env, prefix)[0]
	for _, tt := range []struct {
		op     *operation.Operation
		status string
	}{{guardrailsApprove, "active"}, {guardrailsReject, "rejected"}} {
		name := prefix + "-" + tt.status
		made := do(t, env, guardrailsRegister, map[string]any{"guardrail_name": name, "team": prefix, "litellm_params": map[string]any{"mode": "pre_call", "api_base": "https://guard.example"}})
		id := operation.Word(operation.Lookup(made.Body, "guardrail_id"))
		t.Cleanup(func() { do(t, env, guardrailsDelete, map[string]any{"guardrail_id": id}) })
		do(t, env, tt.op, map[string]any{"submission": name})
		got := do(t, env, guardrailsSubmissionGet, map[string]any{"submission": name})
		if status := operation.Word(operation.Lookup(got.Body, "status")); status != tt.status {
			t.Errorf("%s is %s", name, status)
		}
		if _, err := run(t.Context(), env, tt.op, argsOf(map[string]any{"guardrail_id": id})); proxyclient.CodeOf(err) != proxyclient.CodeInvalid {
			t.Errorf("%s again: %v", tt.op.Path, err)
		}
		listed := do(t, env, guardrailsSubmissions, map[string]any{"team_id": team, "status": tt.status})
		if len(listed.Page.Items) != 1 {
			t.Errorf("%d submissions are %s, want 1", len(listed.Page.Items), tt.status)
		}
	}
}

// TestLiveGuardrailUsage: a call that a guardrail blocked is in its log and in its numbers.
func TestLiveGuardrailUsage(t *testing.T) {
	env, prefix := live(t)
	do(t, env, guardrailsCreate, map[string]any{"guardrail_name": prefix, "type": "litellm_content_filter", "mode": []string{"pre_call"},
		"litellm_params": map[string]any{"blocked_words": []map[string]string{{"keyword": "zebra", "action": "BLOCK"}}}})
	t.Cleanup(func() { do(t, env, guardrailsDelete, map[string]any{"guardrail": prefix}) })
	for _, args := range []map[string]any{{"guardrail": prefix}, {"guardrail": prefix, "action": "blocked", "period": "2h"}} {
		if result := do(t, env, guardrailsLogs, args); len(result.Page.Items) != 0 {
			t.Errorf("log of a new guardrail: %s", result.Body)
		}
	}
	listed, found := do(t, env, guardrailsUsage, map[string]any{"period": "7d"}), false
	for _, item := range listed.Page.Items {
		found = found || operation.Word(operation.Lookup(item, "name")) == prefix
	}
	if !found {
		t.Errorf("guardrails usage does not have %s: %.300s", prefix, listed.Body)
	}
	got := do(t, env, guardrailsUsageGet, map[string]any{"guardrail": prefix, "period": "today"})
	if operation.Word(operation.Lookup(got.Body, "guardrail_name")) != prefix {
		t.Errorf("usage-get: %.300s", got.Body)
	}
	kinds := do(t, env, guardrailsTypes, nil)
	if len(kinds.Page.Items) < 20 {
		t.Errorf("%d kinds of guardrail", len(kinds.Page.Items))
	}
	if kind := do(t, env, guardrailsTypeGet, map[string]any{"type": "presidio"}); operation.Lookup(kind.Body, "params.presidio_language") == nil || operation.Lookup(kind.Body, "modes") == nil {
		t.Errorf("presidio: %.300s", kind.Body)
	}
	if _, err := run(t.Context(), env, guardrailsTypeGet, argsOf(map[string]any{"type": "presidoi"})); !operation.IsNotFound(err) || !strings.Contains(err.Error(), "did you mean presidio?") {
		t.Errorf("a misspelled kind: %v", err)
	}
}
