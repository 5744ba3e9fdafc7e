package mcpserver

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

// counted is a gateway that counts the checks of keys, and how many run at once.
type counted struct {
	http.Handler
	all, now, most atomic.Int64
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == pathKeyCheck {
		c.all.Add(1)
		now := c.now.Add(1)
		defer c.now.Add(-1)
		for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
		}
	}
	c.Handler.ServeHTTP(w, r)
}

// counting is a server before a sandbox whose checks are counted.
func counting(t *testing.T) (*sandbox.Gateway, *counted, *Server) {
	t.Helper()
	g := sandbox.New()
	c := &counted{Handler: g}
	h := httptest.NewServer(c)
	t.Cleanup(h.Close)
	return g, c, newServer(t, Options{Client: clientOf(t, h.URL, sandbox.MasterKey)})
}

// Invented tokens open nothing, leave room for a real client, and reach the gateway
// a few at a time.
func TestInventedTokens(t *testing.T) {
	for transport, path := range map[string]string{"http": "/mcp", "sse": "/sse"} {
		t.Run(transport, func(t *testing.T) {
			_, checks, s := counting(t)
			f, url := listenFront(t, s, HTTPOptions{Transport: transport})
			method := map[string]string{"http": http.MethodPost, "sse": http.MethodGet}[transport]
			var wg sync.WaitGroup
			next := make(chan int)
			for range 50 {
				wg.Go(func() {
					for i := range next {
						c := &httpClient{t: t, url: url + path, key: fmt.Sprintf("sk-invented-%016d", i)}
						response := c.do(context.Background(), method, hello)
						response.Body.Close()
						switch response.StatusCode {
						case http.StatusUnauthorized:
							if response.Header.Get("WWW-Authenticate") == "" {
								t.Error("a 401 without WWW-Authenticate")
							}
						case http.StatusServiceUnavailable:
						default:
							t.Errorf("token %d: status %d", i, response.StatusCode)
						}
					}
				})
			}
			for i := range 1000 {
				next <- i
			}
			close(next)
			wg.Wait()
			if n := f.sessions.count(); n != 0 {
				t.Errorf("%d sessions are open", n)
			}
			if most := checks.most.Load(); most > checksAtOne {
				t.Errorf("%d checks at the same time", most)
			}
			if transport == "http" {
				(&httpClient{t: t, url: url + path, key: sandbox.MasterKey}).open()
			} else {
				openSSE(t, url, sandbox.MasterKey)
			}
		})
	}
}

// Without a session, as since 2026-07-28, an invented key gets nothing either.
func TestInventedTokenWithoutSession(t *testing.T) {
	_, checks, s := counting(t)
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	modern := http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/list"}}
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":` + modernMeta + `}}`
	for key, want := range map[string]int{"sk-invented-0000000000": 401, sandbox.MasterKey: 200, "": 200} {
		for range 20 {
			if status, _ := (&httpClient{t: t, url: url, key: key, header: modern}).post(list); status != want {
				t.Errorf("%q: status %d, want %d", key, status, want)
			}
		}
	}
	if n := checks.all.Load(); n != 2 {
		t.Errorf("%d checks of two keys", n)
	}
}

// Many requests with one key are one check, and an open session needs none.
func TestOneCheck(t *testing.T) {
	_, checks, s := counting(t)
	f, url := listenFront(t, s, HTTPOptions{})
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() { (&httpClient{t: t, url: url + "/mcp", key: sandbox.MasterKey}).post(hello) })
	}
	wg.Wait()
	c := (&httpClient{t: t, url: url + "/mcp", key: sandbox.MasterKey}).open()
	if n := checks.all.Load(); n != 1 {
		t.Errorf("%d checks of one key", n)
	}
	f.keys.mu.Lock()
	clear(f.keys.verdicts)
	f.keys.mu.Unlock()
	c.call("keys_list", `{}`)
	if n := checks.all.Load(); n != 1 {
		t.Errorf("%d checks: the session's key was checked again", n)
	}
	// A verdict does not stand for ever.
	f.keys.accepted = -1
	for range 2 {
		(&httpClient{t: t, url: url + "/mcp", key: sandbox.MasterKey}).post(hello)
	}
	if n := checks.all.Load(); n != 3 {
		t.Errorf("%d checks, want 3", n)
	}
}

// What the gateway answers, and whether the key is let in.
func TestKeyVerdicts(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   int
	}{
		"accepted":     {200, `{"data":[]}`, 200},
		"unknown":      {401, `{"error":{"message":"Authentication Error, Invalid proxy server token passed","type":"token_not_found_in_db","code":"401"}}`, 401},
		"no key form":  {401, `{"error":{"message":"LiteLLM Virtual Key expected. Received=hell****oken, expected to start with 'sk-'.","type":"auth_error"}}`, 401},
		"expired":      {401, `{"error":{"message":"Authentication Error - Expired Key.","type":"expired_key","code":"401"}}`, 401},
		"blocked":      {401, `{"error":{"message":"Authentication Error, Key is blocked. Update via /key/unblock","type":"auth_error","code":"401"}}`, 200},
		"over budget":  {422, `{"error":{"message":"Budget has been exceeded!","type":"budget_exceeded","code":"422"}}`, 200},
		"other routes": {403, `{"detail":"Virtual key is not allowed to call this route."}`, 200},
		"rate limit":   {429, `{"error":{"message":"Rate limit","type":"throttling_error","code":"429"}}`, 200},
		"a firewall":   {403, `<html>Forbidden</html>`, 503},
		"a proxy":      {502, `<html>Bad Gateway</html>`, 503},
		"no gateway":   {404, `{"detail":"Not Found"}`, 503},
	} {
		t.Run(name, func(t *testing.T) {
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer h.Close()
			f, url := listenFront(t, newServer(t, Options{Client: clientOf(t, h.URL, "")}), HTTPOptions{})
			response := (&httpClient{t: t, url: url + "/mcp", key: keyA}).do(context.Background(), http.MethodPost, hello)
			defer response.Body.Close()
			if response.StatusCode != tt.want {
				t.Fatalf("status %d, want %d", response.StatusCode, tt.want)
			}
			if (response.Header.Get("Retry-After") != "") != (tt.want == 503) {
				t.Errorf("Retry-After: %q", response.Header.Get("Retry-After"))
			}
			if tt.want == 503 && len(f.keys.verdicts) != 0 {
				t.Error("an answer that says nothing of the key is remembered")
			}
		})
	}
}

// The sandbox knows these keys, although they may do little.
func TestKnownKeys(t *testing.T) {
	g, _, s := counting(t)
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	admin := (&httpClient{t: t, url: url, key: sandbox.MasterKey}).open()
	for name, args := range map[string]string{
		"plain":   `{"key_alias":"plain"}`,
		"routes":  `{"key_alias":"routes","allowed_routes":["/key/info"],"confirm":true}`,
		"budget":  `{"key_alias":"budget","max_budget":0}`,
		"blocked": `{"key_alias":"blocked","extra":{"blocked":true}}`,
	} {
		r := admin.call("keys_generate", args)
		key := strings.Trim(field(r.Structured, "key"), `"`)
		if !g.Knows(key) {
			t.Fatalf("%s: no key was made: %s", name, r.Text)
		}
		if status, _ := (&httpClient{t: t, url: url, key: key}).post(hello); status != 200 {
			t.Errorf("%s: status %d", name, status)
		}
	}
}

// A gateway that comes back is asked again at once.
func TestGatewayComesBack(t *testing.T) {
	g, _, s := counting(t)
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	remove := g.Inject(sandbox.Fault{Path: pathKeyCheck, Status: 502, Body: "<html>"})
	c := &httpClient{t: t, url: url, key: sandbox.MasterKey}
	response := c.do(context.Background(), http.MethodPost, hello)
	response.Body.Close()
	if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", response.StatusCode, response.Header.Get("Retry-After"))
	}
	remove()
	c.open()
}

// Too many new keys, or too many requests with one, do not pile up.
func TestChecksAreBounded(t *testing.T) {
	arrived, release := make(chan struct{}, checksAtOne+checksWait), make(chan struct{})
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		_, _ = w.Write([]byte(`{"data":[]}`))
	}))
	defer h.Close()
	k := newKeyring(clientOf(t, h.URL, ""))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(release)
	for i := range checksAtOne + checksWait {
		wg.Go(func() { k.ask(context.Background(), fmt.Sprint("hash", i), "sk-some-key-of-somebody") })
	}
	for range checksAtOne {
		receive(t, arrived)
	}
	waitFor(t, "all checks", func() bool { k.mu.Lock(); defer k.mu.Unlock(); return len(k.verdicts) == checksAtOne+checksWait })
	if no := k.ask(context.Background(), "one more", "sk-some-key-of-somebody"); no != refuseBusy {
		t.Errorf("one key more than may wait: %v", no)
	}
	waitFor(t, "a request for each", func() bool { return open(k.askers) == checksAtOne+checksWait })
	for k.askers.take("hash0") { // more requests with the same key
	}
	if no := k.ask(context.Background(), "hash0", "sk-some-key-of-somebody"); no != refuseBusy {
		t.Errorf("one request more than may wait: %v", no)
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if no := k.ask(gone, "hash1", "sk-some-key-of-somebody"); no != refuseGone {
		t.Errorf("a client that has gone: %v", no)
	}
}

// The keyring forgets, refused keys first.
func TestKeyringIsBounded(t *testing.T) {
	k := newKeyring(clientOf(t, "http://127.0.0.1:1", ""))
	done := make(chan struct{})
	close(done)
	good := &verdict{done: done, until: time.Now().Add(time.Hour)}
	k.verdicts["good"] = good
	for i := range 3 * maxVerdicts {
		k.makeRoom()
		k.verdicts[fmt.Sprint(i)] = &verdict{done: done, refused: refuseUnknown, until: time.Now().Add(time.Hour)}
		if len(k.verdicts) > maxVerdicts {
			t.Fatalf("%d keys are remembered", len(k.verdicts))
		}
	}
	if k.verdicts["good"] != good {
		t.Error("an accepted key was forgotten for refused ones")
	}
}

// waitFor waits until something is so.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: it did not happen", what)
		}
	}
}

// TestOwnKeyInNames: what the caller wrote is not repeated with the caller's own key in it.
func TestOwnKeyInNames(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client, Confirm: "argument"}), `{}`, nil)
	for _, call := range [][2]string{
		{"keys_block", `{"alias":"x` + sandbox.MasterKey + `y"}`}, {"teams_create", `{"team_alias":"x` + sandbox.MasterKey + `y"}`},
		{"teams_delete", `{"team":"x` + sandbox.MasterKey + `y"}`}, {"tags_delete", `{"name":"x` + sandbox.MasterKey + `y"}`},
	} {
		r := c.call(call[0], call[1])
		if strings.Contains(r.Text+string(r.Structured), sandbox.MasterKey) {
			t.Errorf("%s %s:\n%s\n%s", call[0], call[1], r.Text, r.Structured)
		}
	}
}
