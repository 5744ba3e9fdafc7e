package mcpserver

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"litellm-proxy/proxyclient"
)

// The paths for probes. They need no key, and no guard stands before them: a probe calls
// by address. What they tell is for everybody.
const (
	pathHealth = "/healthz"
	pathReady  = "/readyz"

	pathGateway   = "/health/liveliness" // asks for no key
	gatewayWait   = 3 * time.Second
	gatewayRemain = 5 * time.Second // how long a result stands
)

// gatewayState is whether the gateway can be reached, asked at most every few seconds.
type gatewayState struct {
	client *proxyclient.Client
	remain time.Duration

	mu    sync.Mutex
	until time.Time
	why   string
}

// fault says why the gateway cannot be used, or "".
func (g *gatewayState) fault() string {
	if g.client == nil {
		return "no gateway is configured"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Now().Before(g.until) {
		return g.why
	}
	ctx, cancel := context.WithTimeout(context.Background(), gatewayWait)
	defer cancel()
	_, err := g.client.WithKey("", "").Do(ctx, proxyclient.Request{Method: http.MethodGet, Path: pathGateway, Read: true, Timeout: gatewayWait})
	g.why, g.until = "", time.Now().Add(g.remain)
	if err != nil && !refuses(err) {
		g.why = "the gateway does not answer"
	}
	return g.why
}

// refuses tells whether an error is a refusal by something that stands before the gateway:
// that is there, and each call says what it needs.
func refuses(err error) bool {
	e, ok := errors.AsType[*proxyclient.Error](err)
	return ok && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden)
}

// probe answers a request for one of the two paths, and tells whether it was one.
func (f *front) probe(w http.ResponseWriter, r *http.Request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	switch {
	case path != pathHealth && path != pathReady:
		return false
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		refuse(w, &refusal{status: http.StatusMethodNotAllowed, allow: "GET, HEAD", text: path + " takes GET, HEAD."})
		return true
	}
	status, state, why := http.StatusOK, "ok", ""
	if path == pathReady {
		state = "ready"
		if why = "the server is shutting down"; f.closing.Err() == nil {
			why = f.gateway.fault()
		}
	}
	body := []member{{"status", encode(state)}}
	if why != "" {
		status = http.StatusServiceUnavailable
		body = []member{{"status", encode("unavailable")}, {"reason", encode(why)}}
		w.Header().Set("Retry-After", "5")
	}
	hurry(w)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(object(body), '\n'))
	return true
}
