package proxyclient

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	prefix  = "/gate/way" // SERVER_ROOT_PATH: no test server stands at the root
	testKey = "sk-test-0123456789-abcd"
)

// naps records the waits of a client instead of waiting.
type naps struct {
	mu  sync.Mutex
	all []time.Duration
}

func (n *naps) sleep(ctx context.Context, d time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, d)
	return ctx.Err()
}

func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, h))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func newClient(t testing.TB, base string, change func(*Config)) *Client {
	t.Helper()
	cfg := Config{
		BaseURL: base + prefix + "/", BaseURLSource: "the test",
		APIKey: testKey, APIKeySource: "LITELLM_PROXY_API_KEY",
		Timeout: 20 * time.Second,
		Sleep:   (&naps{}).sleep,
	}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// gateway is a server under the prefix and a client for it.
func gateway(t testing.TB, h http.HandlerFunc) *Client {
	t.Helper()
	return newClient(t, serve(t, h).URL, nil)
}

func asError(t testing.TB, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T %v, want *Error", err, err)
	}
	return e
}

func wantCode(t testing.TB, err error, code Code, words ...string) *Error {
	t.Helper()
	e := asError(t, err)
	if e.Code != code {
		t.Errorf("code %q, want %q: %v", e.Code, code, err)
	}
	for _, w := range words {
		if !strings.Contains(e.Error()+" | "+e.Hint, w) {
			t.Errorf("no %q in: %v | %s", w, err, e.Hint)
		}
	}
	return e
}

var (
	read  = Request{Method: "GET", Path: "/models", Read: true}
	write = Request{Method: "POST", Path: "/key/delete", Body: []byte(`{"keys":["x"]}`)}
)
