package cli_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPathsInWords: a parameter in a path is no argument of the command.
func TestPathsInWords(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"info": {"version": "1.110.2"}, "paths": {"/audit/{path}": {"get": {"parameters": [{"name": "path", "in": "path", "required": true}]}}}}`))
	}))
	t.Cleanup(gateway.Close)
	status, _, stderr := run(t, gateway.URL, "sk-1", "api", "read", "/audit/{path}")
	if status != 2 || !strings.Contains(stderr, "api describe GET /audit/{path}") {
		t.Errorf("status %d, %s", status, stderr)
	}
}
