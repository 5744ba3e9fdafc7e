package keycopy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/keycopy"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestMadeAllTheSame: the value of a key that the gateway made stays in the file, whatever
// the gateway or a proxy before it answered.
func TestMadeAllTheSame(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusInternalServerError, http.StatusTooManyRequests} {
		to := newGateway(t)
		var lost atomic.Bool
		to.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/key/generate" || !lost.CompareAndSwap(false, true) {
				return false
			}
			to.box.ServeHTTP(httptest.NewRecorder(), r)
			w.Header().Set("Retry-After", "0")
			http.Error(w, `{"error": {"message": "injected", "code": "0"}}`, status)
			return true
		}
		path := filepath.Join(t.TempDir(), "k.csv")
		vault := fileVault(t, path)
		outcomes, summary := imported(t, one(`{"token": "t", "key_alias": "ci", "max_budget": 5}`), to, vault, keycopy.Options{})
		if err := vault.Close(); err != nil || summary.Created != 1 {
			t.Errorf("%d: %+v, %v", status, outcomes, err)
		}
		token := operation.Word(operation.Lookup(to.all(t)["ci"], "token"))
		if value := rowsOf(t, path)["ci"]; operation.KeyHash(value) != token {
			t.Errorf("%d: the file does not have the key", status)
		}
	}
}

// TestTwins: of two keys with one alias the second is refused, in every run.
func TestTwins(t *testing.T) {
	to := newGateway(t)
	source := keycopy.Source(func(context.Context) iter.Seq2[json.RawMessage, error] {
		return func(yield func(json.RawMessage, error) bool) {
			_ = yield(json.RawMessage(`{"token": "c", "key_alias": "ci", "expires": "2020-01-01T00:00:00Z"}`), nil) &&
				yield(json.RawMessage(`{"token": "a", "key_alias": "ci", "max_budget": 5}`), nil) &&
				yield(json.RawMessage(`{"token": "b", "key_alias": "ci", "max_budget": 1}`), nil)
		}
	})
	vault := fileVault(t, filepath.Join(t.TempDir(), "k.csv"))
	for run := range 2 {
		outcomes, summary := imported(t, source, to, vault, keycopy.Options{})
		if summary.Failed != 1 || summary.Created != 1-run || summary.Unchanged != run {
			t.Errorf("run %d: %+v", run, outcomes)
		}
	}
	// Nor is a copy of it made again under that alias.
	to.post(t, "/key/generate", `{"key_alias": "other", "metadata": {"imported_from_key": "b"}}`)
	if outcomes, summary := imported(t, source, to, vault, keycopy.Options{}); summary.Failed != 1 || summary.Unchanged != 1 || to.all(t)["other"] == nil {
		t.Errorf("%+v", outcomes)
	}
}

// TestHalfRotation: a copy without the half of a rotation that the gateway ignores is whole.
func TestHalfRotation(t *testing.T) {
	to := newGateway(t)
	source := one(`{"token": "t", "key_alias": "ci", "auto_rotate": false, "rotation_interval": "30d"}`)
	vault := fileVault(t, filepath.Join(t.TempDir(), "k.csv"))
	for _, want := range []bulk.State{bulk.Created, bulk.Unchanged} {
		if outcomes, _ := imported(t, source, to, vault, keycopy.Options{}); outcomes["ci"].State != want {
			t.Errorf("%+v, want %s", outcomes, want)
		}
	}
}

// TestReplacedKeepsValue: a copy that is made again has the value that may be handed out.
func TestReplacedKeepsValue(t *testing.T) {
	to := newGateway(t)
	vault := fileVault(t, filepath.Join(t.TempDir(), "k.csv"))
	imported(t, one(`{"token": "t", "key_alias": "ci", "max_budget": 5}`), to, vault, keycopy.Options{})
	before := operation.Word(operation.Lookup(to.all(t)["ci"], "token"))
	outcomes, summary := imported(t, one(`{"token": "t", "key_alias": "ci", "max_budget": 1}`), to, vault, keycopy.Options{})
	after := to.all(t)["ci"]
	if summary.Changed != 1 || operation.Word(operation.Lookup(after, "token")) != before || string(operation.Lookup(after, "max_budget")) != "1.0" {
		t.Errorf("%+v: %s", outcomes, after)
	}
}

// TestUsedCopy: a copy that is in use is never replaced because its source got narrower; the
// plan says that it allows more.
func TestUsedCopy(t *testing.T) {
	to := newGateway(t)
	vault := fileVault(t, filepath.Join(t.TempDir(), "k.csv"))
	imported(t, one(`{"token": "t", "key_alias": "ci", "max_budget": 5}`), to, vault, keycopy.Options{})
	value, _, err := vault.Value("t", "ci")
	if err != nil {
		t.Fatal(err)
	}
	use, err := proxyclient.New(proxyclient.Config{BaseURL: to.BaseURL(), APIKey: value})
	if err == nil {
		_, err = use.JSON(t.Context(), proxyclient.Request{Method: "POST", Path: "/chat/completions", Body: []byte(`{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}`)})
	}
	if err != nil {
		t.Fatal(err)
	}
	copier, err := keycopy.New(t.Context(), one(`{"token": "t", "key_alias": "ci", "max_budget": 1}`), to.Client, catalog, vault, keycopy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := copier.Plan(t.Context(), func(bulk.Outcome) {})
	if err != nil || plan.Exists != 1 || !strings.Contains(strings.Join(plan.Notes, "\n"), "ci") {
		t.Errorf("%+v, %v", plan, err)
	}
}

// TestExportSecrets: no setting of a key takes a secret into an export.
func TestExportSecrets(t *testing.T) {
	const secret = "sk-provider-secret-0123456789"
	var out bytes.Buffer
	_, left, err := keycopy.Export(t.Context(), one(`{"token": "t", "key_alias": "ci", "metadata": {"api_key": "`+secret+`", "n": 1},
		"config": {"model_list": [{"litellm_params": {"api_key": "`+secret+`"}}]}, "router_settings": {"redis_password": "`+secret+`", "num_retries": 2},
		"permissions": {"api_key": "`+secret+`"}, "aliases": {"fast": "`+secret+`"}}`), bulk.NewWriter(&out, bulk.JSONL, keycopy.Columns()))
	if err != nil || len(left) != 5 || left[0] != "ci: aliases.fast" || strings.Contains(out.String(), secret) || !strings.Contains(out.String(), "num_retries") {
		t.Errorf("left out %q, %v: %s", left, err, out.String())
	}
}

// TestLooserOwner: a team of the target that allows more than the source's is named.
func TestLooserOwner(t *testing.T) {
	from, to := newGateway(t), newGateway(t)
	from.post(t, "/team/new", `{"team_id": "red", "max_budget": 3}`)
	from.post(t, "/team/new", `{"team_id": "blue", "max_budget": 3}`)
	to.post(t, "/team/new", `{"team_id": "red"}`)
	to.post(t, "/team/new", `{"team_id": "blue", "max_budget": 2}`)
	from.post(t, "/key/generate", `{"key_alias": "a", "team_id": "red"}`)
	from.post(t, "/key/generate", `{"key_alias": "b", "team_id": "blue"}`)
	copier, err := keycopy.New(t.Context(), from.keys(), to.Client, catalog, nil, keycopy.Options{From: from.Client})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := copier.Plan(t.Context(), func(bulk.Outcome) {})
	if err != nil || plan.Create != 2 || len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0], "team red allows more than the source's (max_budget is missing)") {
		t.Errorf("%+v, %v", plan, err)
	}
}

// TestDeletedCopy: a copy that somebody deleted at the target gets another value when it is
// made again, and the old one leaves the file.
func TestDeletedCopy(t *testing.T) {
	to := newGateway(t)
	path := filepath.Join(t.TempDir(), "k.csv")
	values := map[string]bool{}
	for range 2 {
		vault := fileVault(t, path)
		outcomes, summary := imported(t, one(`{"token": "t", "key_alias": "ci", "max_budget": 5}`), to, vault, keycopy.Options{})
		if err := vault.Close(); err != nil || summary.Created != 1 {
			t.Fatalf("%v, %+v", err, outcomes)
		}
		rows := rowsOf(t, path)
		if len(rows) != 1 {
			t.Errorf("%d rows", len(rows))
		}
		values[rows["ci"]] = true
		to.post(t, "/key/delete", `{"key_aliases": ["ci"]}`)
	}
	if len(values) != 2 {
		t.Error("the copy has the value of the deleted one")
	}
}
