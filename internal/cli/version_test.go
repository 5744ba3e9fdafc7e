package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestVersionOfNoGateway: what answers without a version is not called LiteLLM.
func TestVersionOfNoGateway(t *testing.T) {
	for body, words := range map[string]string{
		"<html><title>Welcome</title>": "HTML page",
		`[]`:                           "no version",
		`{"status": "ok"}`:             "no version",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
		code, out, errs := run(t, server.URL, "sk-x", "version")
		server.Close()
		if code != 1 || strings.Contains(out, "LiteLLM") || !strings.Contains(out, "litellm-proxy ") || !strings.Contains(errs, words) {
			t.Errorf("%s: exit %d\n%s%s", body, code, out, errs)
		}
	}
}
