package cli_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

const importedFile = `
credential_list:
  - {credential_name: shared, credential_info: {}, credential_values: {api_key: x}}
model_list:
  - model_name: unset
    litellm_params: {model: os.environ/NOT_SET_ANYWHERE}
  - model_name: uses
    litellm_params: {model: openai/uses, litellm_credential_name: shared}
  - model_name: plain
    litellm_params: {model: openai/plain}
`

// importModels imports importedFile into a sandbox whose writes to path go through spoil.
func importModels(t *testing.T, path string, spoil func(http.ResponseWriter, func())) (status int, stdout, stderr string, again func() (int, string, string)) {
	t.Helper()
	gateway := sandbox.New()
	spoiled := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == path {
			spoil(w, func() { gateway.ServeHTTP(httptest.NewRecorder(), r) })
			return
		}
		gateway.ServeHTTP(w, r)
	}))
	t.Cleanup(spoiled.Close)
	sound := httptest.NewServer(gateway)
	t.Cleanup(sound.Close)
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(importedFile), 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		status, stdout, stderr = run(t, spoiled.URL, sandbox.MasterKey, "models", "import", file, "--yes")
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("the import does not end")
	}
	return status, stdout, stderr, func() (int, string, string) {
		return run(t, sound.URL, sandbox.MasterKey, "models", "import", file, "--yes")
	}
}

// TestModelsImportRefusedCredential: an import ends when what its models wait for is refused
// for good.
func TestModelsImportRefusedCredential(t *testing.T) {
	for _, tt := range []struct{ after, body, want string }{
		{"600", `{"error": {"message": "slow down", "type": "throttling_error", "code": "429"}}`, "the gateway asks to wait 10m0s"},
		{"", `{"error": {"message": "Budget has been exceeded!", "type": "budget_exceeded", "code": "429"}}`, "uses (openai/uses): failed: not sent, because its credential shared was not stored"},
	} {
		status, stdout, stderr, again := importModels(t, "/credentials", func(w http.ResponseWriter, _ func()) {
			if tt.after != "" {
				w.Header().Set("Retry-After", tt.after)
			}
			http.Error(w, tt.body, http.StatusTooManyRequests)
		})
		if status != 1 || !strings.Contains(stderr, tt.want) {
			t.Errorf("exit %d: %s%s", status, stdout, stderr)
		}
		if _, stdout, stderr := again(); !strings.Contains(stdout, `"failed": 1,`) || !strings.Contains(stdout, `"not_tried": 0`) {
			t.Errorf("again: %s%s", stdout, stderr)
		}
	}
}

// TestModelsImportLostAnswer: what was stored although its answer was lost is counted, and a
// deployment that the gateway cannot serve is removed at once.
func TestModelsImportLostAnswer(t *testing.T) {
	for _, path := range []string{"/model/new", "/credentials"} {
		status, stdout, stderr, again := importModels(t, path, func(_ http.ResponseWriter, apply func()) {
			apply()
			panic(http.ErrAbortHandler)
		})
		if status != 1 || !strings.Contains(stdout, `"created": 3`) || !strings.Contains(stdout, `"unknown": 0`) ||
			!strings.Contains(stderr, "NOT_SET_ANYWHERE is not set on the gateway; the deployment was removed again") {
			t.Errorf("%s: exit %d: %s%s", path, status, stdout, stderr)
		}
		if _, stdout, stderr := again(); !strings.Contains(stdout, `"created": 0`) || !strings.Contains(stdout, `"unchanged": 3`) || strings.Contains(stderr, "had stored it") {
			t.Errorf("%s again: %s%s", path, stdout, stderr)
		}
	}
}

// TestModelsImportCredentialValues: a value that only the gateway has is a difference, and
// --update removes it.
func TestModelsImportCredentialValues(t *testing.T) {
	server := httptest.NewServer(sandbox.New())
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "config.yaml")
	imported := func(values string, args ...string) (int, string, string) {
		text := "credential_list:\n  - {credential_name: c, credential_info: {}, credential_values: {" + values + "}}\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return run(t, server.URL, sandbox.MasterKey, append([]string{"models", "import", file, "--yes"}, args...)...)
	}
	imported(`api_key: x, api_base: "http://old"`)
	if status, _, stderr := imported("api_key: x"); status != 1 || !strings.Contains(stderr, "differs in credential_values.api_base; use --update") {
		t.Errorf("exit %d: %s", status, stderr)
	}
	if status, stdout, stderr := imported("api_key: x", "--update"); status != 0 || !strings.Contains(stdout, `"changed": 1`) {
		t.Errorf("exit %d: %s%s", status, stdout, stderr)
	}
	if status, stdout, stderr := imported("api_key: x"); status != 0 || !strings.Contains(stdout, `"unchanged": 1`) {
		t.Errorf("exit %d: %s%s", status, stdout, stderr)
	}
}
