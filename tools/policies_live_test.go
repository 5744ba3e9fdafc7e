package tools

import (
	"context"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// liveGuardrail makes a guardrail that blocks the word zebra and masks the word lion.
func liveGuardrail(t *testing.T, env operation.Env, name string) {
	t.Helper()
	body := operation.Encode(map[string]any{"guardrail": map[string]any{"guardrail_name": name, "litellm_params": map[string]any{
		"guardrail": "litellm_content_filter", "mode": "pre_call",
		"blocked_words": []map[string]string{{"keyword": "zebra", "action": "BLOCK"}, {"keyword": "lion", "action": "MASK"}},
	}}})
	made, err := env.Client.JSON(t.Context(), proxyclient.Request{Method: "POST", Path: "/guardrails", Body: body})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		id := operation.Word(operation.Lookup(made, "guardrail_id"))
		_, _ = env.Client.JSON(context.WithoutCancel(t.Context()), proxyclient.Request{Method: "DELETE", Path: "/guardrails/" + id})
	})
}

// TestLivePolicies walks a policy from its first version to its second one.
func TestLivePolicies(t *testing.T) {
	env, prefix := live(t)
	liveGuardrail(t, env, prefix+"-words")
	name, other := prefix+"-strict", prefix+"-other"
	first := do(t, env, policiesCreate, map[string]any{"policy_name": name, "guardrails_add": []string{prefix + "-words"}, "description": "first"})
	do(t, env, policiesCreate, map[string]any{"policy_name": other})
	t.Cleanup(func() {
		for _, n := range []string{name, other} {
			_, _ = run(context.WithoutCancel(t.Context()), env, policiesDeleteAllVersions, argsOf(map[string]any{"policy_name": n}))
		}
	})
	_, err := run(t.Context(), env, policiesCreate, argsOf(map[string]any{"policy_name": name}))
	if proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("policies create of a name that exists: %v", err)
	}
	until(t, "the gateway loads the policy", func() bool {
		shown, err := run(t.Context(), env, policiesGuardrails, argsOf(map[string]any{"policy_name": name}))
		return err == nil && strings.Contains(string(shown.Body), prefix+"-words")
	})
	livePolicyAttachment(t, env, name, prefix)
	until(t, "policies test runs the guardrail", func() bool {
		tested := do(t, env, policiesTest, map[string]any{"texts": []string{"a zebra", "a lion"}, "policy_names": []string{name}})
		return strings.Contains(tested.Done, "objected to 1 text: "+prefix+"-words") && !strings.Contains(string(tested.Body), "a lion")
	})
	pipeline := map[string]any{"mode": "pre_call", "steps": []map[string]any{{"guardrail": prefix + "-words"}}}
	piped := do(t, env, policiesTestPipeline, map[string]any{"pipeline": pipeline, "test_messages": []map[string]string{{"role": "user", "content": "a zebra"}}})
	if operation.Word(operation.Lookup(piped.Body, "terminal_action")) != "block" {
		t.Errorf("policies test-pipeline: %s", piped.Body)
	}
	livePolicyVersion(t, env, name, other, operation.Word(operation.Lookup(first.Body, "policy_id")), pipeline)
	if _, err := run(t.Context(), env, policiesVersions, argsOf(map[string]any{"policy_name": prefix + "-nope"})); !operation.IsNotFound(err) {
		t.Errorf("policies versions of a missing policy: %v", err)
	}
	if _, err := run(t.Context(), env, policiesCompare, argsOf(map[string]any{"version_a": "x", "version_b": "y"})); !operation.IsNotFound(err) {
		t.Errorf("policies compare of missing versions: %v", err)
	}
	usage := do(t, env, policiesUsage, nil)
	if !strings.Contains(string(usage.Body), other) {
		t.Errorf("policies usage does not show the policy: %.300s", usage.Body)
	}
	if templates := do(t, env, policiesTemplates, nil); len(templates.Page.Items) < 10 {
		t.Errorf("policies templates shows %d", len(templates.Page.Items))
	}
	result, err := run(t.Context(), env, policiesValidate, argsOf(map[string]any{"policies": map[string]any{"a": map[string]any{"inherit": "nope"}}}))
	if err != nil || len(result.Failed) != 1 {
		t.Errorf("policies validate: %v %+v", err, result)
	}
}

// livePolicyAttachment attaches a policy to a tag, looks, and detaches it.
func livePolicyAttachment(t *testing.T, env operation.Env, name, tag string) {
	t.Helper()
	made := do(t, env, policiesAttach, map[string]any{"policy_name": name, "tags": []string{tag}, "priority": 3})
	id := operation.Word(operation.Lookup(made.Body, "attachment_id"))
	if _, err := run(t.Context(), env, policiesAttach, argsOf(map[string]any{"policy_name": name, "tags": []string{tag}})); proxyclient.CodeOf(err) != proxyclient.CodeConflict {
		t.Errorf("policies attach again: %v", err)
	}
	if _, err := run(t.Context(), env, policiesAttach, argsOf(map[string]any{"policy_name": name, "teams": []string{tag + "-nope"}})); proxyclient.CodeOf(err) != proxyclient.CodeInvalid {
		t.Errorf("policies attach to a missing team: %v", err)
	}
	got := do(t, env, policiesAttachmentGet, map[string]any{"policy": name})
	if operation.Word(operation.Lookup(got.Body, "attachment_id")) != id || string(operation.Lookup(got.Body, "priority")) != "3" {
		t.Errorf("policies attachment-get shows %s", got.Body)
	}
	if list := do(t, env, policiesAttachments, nil); !strings.Contains(string(list.Body), id) {
		t.Errorf("policies attachments lacks %s", id)
	}
	do(t, env, policiesAttachEstimate, map[string]any{"policy_name": name, "tags": []string{tag}})
	resolves := func() bool {
		resolved := do(t, env, policiesResolve, map[string]any{"tags": []string{tag}, "force_sync": true})
		return strings.Contains(string(resolved.Body), `"policy_name":"`+name+`"`)
	}
	until(t, "policies resolve finds the attached policy", resolves)
	do(t, env, policiesDetach, map[string]any{"policy": name})
	until(t, "policies resolve no longer finds the detached policy", func() bool { return !resolves() })
	if _, err := run(t.Context(), env, policiesDetach, argsOf(map[string]any{"attachment_id": id})); !operation.IsNotFound(err) {
		t.Errorf("policies detach again: %v", err)
	}
}

// livePolicyVersion makes a second version, changes it, puts it in force and deletes all.
func livePolicyVersion(t *testing.T, env operation.Env, name, other, first string, pipeline map[string]any) {
	t.Helper()
	if _, err := run(t.Context(), env, policiesUpdate, argsOf(map[string]any{"policy_id": first, "description": "x"})); proxyclient.CodeOf(err) != proxyclient.CodeInvalid {
		t.Errorf("policies update of a version in production: %v", err)
	}
	draft := do(t, env, policiesVersionCreate, map[string]any{"policy_name": name})
	id := operation.Word(operation.Lookup(draft.Body, "policy_id"))
	do(t, env, policiesUpdate, map[string]any{"policy": name, "inherit": other, "condition": map[string]string{"model": "gpt.*"}, "pipeline": pipeline, "guardrails_remove": []string{name[:len(name)-len("strict")] + "words"}})
	do(t, env, policiesUpdate, map[string]any{"policy": name, "clear": []string{"inherit", "condition", "description", "guardrails_remove", "guardrails_add"}})
	if _, err := run(t.Context(), env, policiesStatusSet, argsOf(map[string]any{"policy_id": id, "version_status": "production"})); proxyclient.CodeOf(err) != proxyclient.CodeInvalid {
		t.Errorf("a draft to production: %v", err)
	}
	do(t, env, policiesStatusSet, map[string]any{"policy": name, "version_status": "published"})
	call, err := operation.Prepare(t.Context(), env, policiesStatusSet, argsOf(map[string]any{"policy": name, "version_status": "production"}))
	if err != nil {
		t.Fatal(err)
	}
	if why, err := call.NeedsConsent(t.Context()); err != nil || !strings.Contains(why, "takes guardrails away from policy "+name) {
		t.Errorf("promoting a version without guardrails asks %q, %v", why, err)
	}
	do(t, env, policiesStatusSet, map[string]any{"policy": name, "version_status": "production"})
	got := do(t, env, policiesGet, map[string]any{"policy": name})
	if operation.Word(operation.Lookup(got.Body, "policy_id")) != id {
		t.Errorf("policies get shows %s, want version %s", got.Body, id)
	}
	compared := do(t, env, policiesCompare, map[string]any{"version_a": first, "version_b": id})
	if operation.Lookup(compared.Body, "field_diffs.guardrails_add") == nil {
		t.Errorf("policies compare shows %s", compared.Body)
	}
	if versions := do(t, env, policiesVersions, map[string]any{"policy_name": name}); len(versions.Page.Items) != 2 {
		t.Errorf("policies versions shows %d", len(versions.Page.Items))
	}
	deleted := do(t, env, policiesDelete, map[string]any{"policy_id": id})
	if !strings.Contains(strings.Join(deleted.Notes, " "), "No other version was promoted") {
		t.Errorf("policies delete of the production version notes %q", deleted.Notes)
	}
	if _, err := run(t.Context(), env, policiesGet, argsOf(map[string]any{"policy": name})); !operation.IsNotFound(err) || !strings.Contains(err.Error(), "no production version") {
		t.Errorf("policies get of a policy without a production version: %v", err)
	}
	do(t, env, policiesDelete, map[string]any{"policy": name})
	if _, err := run(t.Context(), env, policiesDeleteAllVersions, argsOf(map[string]any{"policy_name": name})); !operation.IsNotFound(err) {
		t.Errorf("policies delete-all-versions of a missing policy: %v", err)
	}
}
