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

// TestOpenAPIDocument: the document describes the routes that the sandbox has as the real
// gateway does, and no others.
func TestOpenAPIDocument(t *testing.T) {
	w := httptest.NewRecorder()
	New().ServeHTTP(w, httptest.NewRequest("GET", "/openapi.json", nil))
	d, err := openapi.Parse(w.Body.Bytes())
	if err != nil || d.Version != Version {
		t.Fatalf("%d %v: %.200s", w.Code, err, w.Body)
	}
	if d.Find("GET", "/guardrails/list") != nil || d.Find("DELETE", "/key/delete") != nil {
		t.Error("the document has routes that the sandbox lacks")
	}
	for _, route := range []string{"POST /key/generate", "POST /key/{key}/regenerate", "PATCH /credentials/{credential_name}", "POST /chat/completions"} {
		method, path, _ := strings.Cut(route, " ")
		got, want := d.Find(method, path), openapi.Known().Find(method, path)
		if got == nil || strings.Join(d.Describe(got, 9000).Body, "\n") != strings.Join(openapi.Known().Describe(want, 9000).Body, "\n") {
			t.Errorf("%s is described otherwise than the real gateway does: %+v", route, got)
		}
	}
}
