package tools

import (
	"net/http"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
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
	for _, op := range []string{"models doubles", "models merge"} {
		if _, err := invoke(t, env, op, `{"model": "nosuch"}`); !operation.IsNotFound(err) {
			t.Errorf("%s of an unknown model: %v", op, err)
		}
	}
	if r, err = invoke(t, env, "models merge", `{}`); err != nil || !strings.Contains(r.Done, "nothing was deleted") {
		t.Errorf("nothing to merge: %v %q", err, r.Done)
	}
}

// TestLoops: fallbacks and aliases that lead back to their model are found.
func TestLoops(t *testing.T) {
	env := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/router/settings" {
			_, _ = w.Write([]byte(`{"current_values": {"fallbacks": [{"a": ["b", "a"]}, {"b": ["a"]}], "context_window_fallbacks": null,
				"model_group_alias": {"x": "y", "y": {"model": "x", "hidden": true}, "self": "self", "fine": "a"}}}`))
			return
		}
		_, _ = w.Write([]byte(`{"data": [], "total_count": 0, "total_pages": 0}`))
	})
	for args, want := range map[string]string{
		`{}`:             "loop a [\"fallbacks\"] []\nloop self [\"model_group_alias\"] []\nloop x [\"model_group_alias\"] []\nloop y [\"model_group_alias\"] []\n",
		`{"model": "x"}`: "loop x [\"model_group_alias\"] []\n",
	} {
		if r, err := invoke(t, env, "models doubles", args); err != nil || table(r, "kind", "model", "sources", "ids") != want {
			t.Errorf("%s: %v\n%s", args, err, table(r, "kind", "model", "sources", "ids"))
		}
	}
}

// TestLiveRanking: a forecast and a ranking by a caller's name of a model are answered.
func TestLiveRanking(t *testing.T) {
	env, _ := live(t)
	do(t, env, spendForecast, map[string]any{"limit": 3})
	if r := do(t, env, spendTop, map[string]any{"by": []string{"key"}, "period": "today", "limit": 2}); len(r.Page.Items) > 2 {
		t.Errorf("%d places, want at most 2", len(r.Page.Items))
	}
}
