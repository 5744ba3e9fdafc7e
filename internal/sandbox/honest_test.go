package sandbox

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"litellm-proxy/internal/openapi"
)

// TestHonest: the sandbox says 501 for each endpoint of the real gateway that it lacks. A 404
// or 405 would say that the gateway has no such endpoint.
func TestHonest(t *testing.T) {
	gateway := New()
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	for _, e := range openapi.Known().Endpoints {
		if !e.Manages() {
			continue
		}
		path := parameter.ReplaceAllString(e.Path, "none")
		r := httptest.NewRequest(e.Method, path, strings.NewReader("{}"))
		r.Header.Set("Authorization", "Bearer "+MasterKey)
		w := httptest.NewRecorder()
		gateway.ServeHTTP(w, r)
		body := w.Body.String()
		if w.Code == 405 || strings.Contains(body, `{"detail":"Not Found"}`) {
			t.Errorf("%s %s: %d %s", e.Method, e.Path, w.Code, body)
		}
	}
}
