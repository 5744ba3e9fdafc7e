package mcpserver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// forget makes the next probe ask the gateway again.
func (g *gatewayState) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = time.Time{}
}

// Probes ask without a key and by address; they learn nothing that others may not.
func TestHealth(t *testing.T) {
	var asked, up atomic.Int64
	up.Store(1)
	g := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health/liveliness" || r.Header.Get("Authorization") != "" || r.Header.Get("X-Litellm-Api-Key") != "" {
			t.Errorf("the gateway is asked %s with %v", r.URL, r.Header)
		}
		asked.Add(1)
		if up.Load() == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, `"I'm alive!"`)
	}))
	t.Cleanup(g.Close)
	for _, transport := range []string{"http", "sse"} {
		up.Store(1)
		s := newServer(t, Options{Client: clientOf(t, g.URL, "sk-of-the-server-0000000000")})
		f, url := listenFront(t, s, HTTPOptions{Transport: transport})
		f.gateway.remain = time.Hour
		// want probes and returns what was said.
		want := func(path string, status int, words string) {
			t.Helper()
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				response, text := ask(t, method, url+path, http.Header{"Host": {"10.1.2.3:8808"}, "Origin": {"https://evil.example.com"}}, "")
				if response.StatusCode != status || method == http.MethodGet && !strings.Contains(text, words) {
					t.Errorf("%s, %s %s: %d %s, want %d and %s", transport, method, path, response.StatusCode, text, status, words)
				}
				if strings.Contains(text, "127.0.0.1") || strings.Contains(text, "sk-") || len(text) > 200 {
					t.Errorf("it tells too much: %s", text)
				}
			}
		}
		before := asked.Load()
		want("/healthz", 200, `"ok"`)
		if asked.Load() != before {
			t.Error("/healthz asks the gateway")
		}
		want("/readyz", 200, `"ready"`)
		want("/readyz/", 200, `"ready"`)
		if n := asked.Load() - before; n != 1 {
			t.Errorf("the gateway was asked %d times", n)
		}
		up.Store(0)
		f.gateway.forget()
		want("/readyz", 503, "the gateway does not answer")
		want("/healthz", 200, `"ok"`)
		if response, _ := ask(t, http.MethodPost, url+"/healthz", nil, ""); response.StatusCode != 405 || response.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST: %d", response.StatusCode)
		}
		up.Store(1)
		f.gateway.forget()
		f.end()
		want("/readyz", 503, "shutting down")
		want("/healthz", 200, `"ok"`)
	}
	none := listen(t, newServer(t, Options{}), HTTPOptions{})
	if response, text := ask(t, http.MethodGet, none+"/readyz", nil, ""); response.StatusCode != 503 || !strings.Contains(text, "no gateway") {
		t.Errorf("without a gateway: %d %s", response.StatusCode, text)
	}
}
