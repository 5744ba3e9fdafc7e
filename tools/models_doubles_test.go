package tools

import (
	"strings"
	"testing"

	"litellm-proxy/proxyclient"
)

// TestDoubles: identical deployments are found and merged where their key is known to be the
// same, or said to be.
func TestDoubles(t *testing.T) {
	_, env := consentWorld(t)
	for _, body := range []string{
		`{"model_name":"twin","litellm_params":{"model":"openai/gpt-4o","litellm_credential_name":"azure"},"model_info":{"id":"twin-1"}}`,
		`{"model_name":"twin","litellm_params":{"model":"openai/gpt-4o","litellm_credential_name":"azure"},"model_info":{"id":"twin-2"}}`,
		`{"model_name":"twin","litellm_params":{"model":"openai/gpt-4o","litellm_credential_name":"azure","rpm":5},"model_info":{"id":"twin-3"}}`,
		`{"model_name":"keyed","litellm_params":{"model":"openai/gpt-4o","api_key":"a"},"model_info":{"id":"keyed-1"}}`,
		`{"model_name":"keyed","litellm_params":{"model":"openai/gpt-4o","api_key":"b"},"model_info":{"id":"keyed-2"}}`,
		`{"model_name":"gpt-4o-mini","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"id":"shadow"}}`,
		`{"model_name":"wild/one","litellm_params":{"model":"openai/gpt-4o"},"model_info":{"id":"one"}}`,
	} {
		write(t, env, "/model/new", body)
	}
	r, err := invoke(t, env, "models doubles", `{}`)
	if err != nil {
		t.Fatal(err)
	}
	got := table(r, "kind", "model", "same_key")
	for _, want := range []string{"identical twin true\n", "identical keyed -\n", "shadowed gpt-4o-mini -\n", "wildcard wild/*, wild/one -\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if _, err := invoke(t, env, "models merge", `{"expect": 7}`); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
		t.Errorf("another number than expected: %v", err)
	}
	if r, err = invoke(t, env, "models merge", `{"expect": 1}`); err != nil || r.Done != "deleted twin (twin-2)" {
		t.Errorf("merge: %v %q", err, r.Done)
	}
	if r, err = invoke(t, env, "models merge", `{"model": "keyed", "same_key": true, "expect": 1}`); err != nil || r.Done != "deleted keyed (keyed-2)" {
		t.Errorf("merge with one key: %v %q", err, r.Done)
	}
	if r, err = invoke(t, env, "models merge", `{}`); err != nil || !strings.Contains(r.Done, "nothing was deleted") {
		t.Errorf("nothing to merge: %v %q", err, r.Done)
	}
}
