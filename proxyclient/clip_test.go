package proxyclient

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A key that a length limit cuts through is masked as a whole: it is masked before
// the cut. Each text is tried with the cut at every place in and around the key.
func TestKeysAtACut(t *testing.T) {
	const (
		own     = "team/Xq7Rb2vLmZ0pT4wYs8KdNc6JhGf1Ea3UoVi" // no prefix tells what it is
		foreign = "sk-Xq7Rb2vLmZ0pT4wYs8KdNc6JhGf1Ea3UoViB"
	)
	var status int
	var body, id string
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", id)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	c := newClient(t, s.URL, func(cfg *Config) { cfg.APIKey, cfg.Retries = own, -1 })
	quoted := func(text string) string { return string(must(json.Marshal(text))) }
	for name, tt := range map[string]struct {
		limit, status int
		body          func(text string) string
	}{
		"message":    {maxMessage, 400, func(text string) string { return `{"error":{"message":` + quoted(text) + `}}` }},
		"param":      {200, 400, func(text string) string { return `{"error":{"message":"no","param":` + quoted(text) + `}}` }},
		"type":       {100, 400, func(text string) string { return `{"error":{"message":"no","type":` + quoted(text) + `}}` }},
		"text":       {maxMessage, 400, func(text string) string { return text }},
		"title":      {120, 502, func(text string) string { return "<html><title>" + text + "</title>" }},
		"long title": {4096, 502, func(text string) string { return "<html><title>" + strings.Replace(text, "/", "&#47;", 1) + "</title>" }},
		"not JSON":   {120, 200, func(text string) string { return text }},
		"page":       {120, 200, func(text string) string { return "<html><title>" + text + "</title>" }},
		"request ID": {120, 400, func(text string) string { id = text; return "no" }},
		"whole body": {maxErrorRead, 400, func(text string) string { return text }},
	} {
		for _, key := range []string{own, foreign} {
			for cut := -3; cut < len(key)+3; cut++ {
				pad := strings.Repeat("f ", tt.limit)[tt.limit+cut:]
				if tt.limit >= 4096 {
					pad = strings.Repeat(" ", tt.limit-cut-2) + "f " // joined to one blank
				}
				id = ""
				status, body = tt.status, tt.body(pad+key+" zzz "+strings.Repeat("z", 300))
				_, err := c.JSON(t.Context(), Request{Method: "GET", Path: "/key/list", Read: true})
				e := asError(t, err)
				shown := fmt.Sprintf("%v %s %s %s %s", err, e.Param, e.Type, e.RequestID, e.Body)
				if i := strings.Index(shown, key[:12]); i >= 0 {
					t.Fatalf("%s, %d characters of %.6s… before the cut: …%s", name, cut, key, shown[max(0, i-20):min(len(shown), i+60)])
				}
			}
		}
	}
}

// A body that breaks off in a key.
func TestKeyAtTheEndOfABody(t *testing.T) {
	const own = "team/Xq7Rb2vLmZ0pT4wYs8KdNc6JhGf1Ea3UoVi"
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(400)
		_, _ = w.Write([]byte("refused for " + own[:len(own)-2]))
	})
	c := newClient(t, s.URL, func(cfg *Config) { cfg.APIKey = own })
	_, err := c.Do(t.Context(), Request{Method: "GET", Path: "/x", Read: true})
	if e := asError(t, err); strings.Contains(err.Error()+string(e.Body), own[:12]) {
		t.Errorf("%v, body %s", err, e.Body)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
