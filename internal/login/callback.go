package login

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// callback listens on this machine for the browser that comes back from the gateway.
type callback struct {
	listener net.Listener
	server   *http.Server
	state    string
	came     chan arrival
	used     atomic.Bool
}

// arrival is what the browser brought.
type arrival struct{ code, problem string }

const callbackPath = "/callback"

// listen opens a free port of 127.0.0.1.
func listen(state string) (*callback, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("no port of this machine can be opened for the browser: %w", err)
	}
	c := &callback{listener: l, state: state, came: make(chan arrival, 1)}
	c.server = &http.Server{Handler: c, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() { _ = c.server.Serve(l) }()
	return c, nil
}

func (c *callback) url() string { return "http://" + c.listener.Addr().String() + callbackPath }

// close ends the server once the page was sent.
func (c *callback) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		_ = c.server.Close()
	}
}

// wait returns what the browser brought.
func (c *callback) wait(ctx context.Context) (arrival, error) {
	select {
	case a := <-c.came:
		return a, nil
	case <-ctx.Done():
		return arrival{}, ctx.Err()
	}
}

// ServeHTTP takes one request with the right state. Anything else, which another page or
// program may send, is refused and changes nothing.
func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Connection", "close")
	page := func(status int, title, text string) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<!doctype html><html lang=\"en\"><title>%s</title><h1>%[1]s</h1><p>%s</p></html>\n", title, text)
	}
	q := r.URL.Query()
	a := arrival{code: q.Get("code"), problem: oneLine(q.Get("error"))}
	switch {
	case r.Host != c.listener.Addr().String() || r.URL.Path != callbackPath:
		page(http.StatusNotFound, "Not found", "Nothing is here.")
		return
	case r.Method != http.MethodGet:
		page(http.StatusMethodNotAllowed, "Not allowed", "Nothing was changed.")
		return
	case subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(c.state)) != 1 || a == arrival{}:
		page(http.StatusBadRequest, "Not this sign-in", "The address does not belong to the sign-in that is waiting. Go back to the terminal.")
		return
	}
	if !c.used.CompareAndSwap(false, true) {
		page(http.StatusConflict, "Already used", "This sign-in is already under way in the terminal.")
		return
	}
	c.came <- a
	if a.problem != "" {
		page(http.StatusOK, "Not signed in", "See the terminal for details. You can close this window.")
		return
	}
	page(http.StatusOK, "Almost done", "The terminal finishes the sign-in. You can close this window.")
}

// oneLine is a short text of somebody else for a message.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, s)
	return s[:min(len(s), 100)]
}
