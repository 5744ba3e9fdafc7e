package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"litellm-proxy/proxyclient"
)

const (
	keyA = "sk-aaaaaaaaaaaaaaaaaaaaaaaa"
	keyB = "sk-bbbbbbbbbbbbbbbbbbbbbbbb"
)

// listen serves a server on a free port and returns its address.
func listen(t *testing.T, s *Server, o HTTPOptions) string {
	t.Helper()
	_, url := listenFront(t, s, o)
	return url
}

// listenFront is listen for a test that counts what the server holds.
func listenFront(t *testing.T, s *Server, o HTTPOptions) (*front, string) {
	t.Helper()
	f, err := s.open(o)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(f.handler)
	t.Cleanup(func() { f.end(); h.CloseClientConnections(); h.Close() })
	return f, h.URL
}

type httpClient struct {
	t       *testing.T
	url     string // of the endpoint
	key     string
	session string
	header  http.Header
}

func (c *httpClient) do(ctx context.Context, method, body string) *http.Response {
	c.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, c.url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if c.key != "" {
		r.Header.Set("Authorization", "Bearer "+c.key)
	}
	if c.session != "" {
		r.Header.Set("Mcp-Session-Id", c.session)
	}
	for name, values := range c.header {
		r.Header[name] = values
		if name == "Host" {
			r.Host = values[0]
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		c.t.Fatal(err)
	}
	return response
}

// post sends a message; the answer is the last message that comes, the others
// stand before it.
func (c *httpClient) post(body string) (int, []message) {
	c.t.Helper()
	response := c.do(context.Background(), http.MethodPost, body)
	defer response.Body.Close()
	if id := response.Header.Get("Mcp-Session-Id"); id != "" {
		c.session = id
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var all []message
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		for line := range strings.Lines(string(content)) {
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				all = append(all, parseMessage(c.t, data))
			}
		}
	} else if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		all = append(all, parseMessage(c.t, string(content)))
	}
	return response.StatusCode, all
}

func parseMessage(t *testing.T, text string) message {
	t.Helper()
	var m message
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	return m
}

func (c *httpClient) open() *httpClient {
	c.t.Helper()
	if status, all := c.post(hello); status != 200 || len(all) != 1 || c.session == "" {
		c.t.Fatalf("initialize: %d %v", status, all)
	}
	c.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return c
}

func (c *httpClient) call(name, args string) result {
	c.t.Helper()
	status, all := c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, name, args))
	if status != 200 || len(all) == 0 {
		c.t.Fatalf("status %d, %d messages", status, len(all))
	}
	return toResult(c.t, all[len(all)-1])
}

// echo is a gateway whose one key is the caller's.
func echo(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, `{"total_count":1,"keys":[{"key_alias":%q}]}`, strings.NewReplacer("Bearer ", "", "-", "_").Replace(r.Header.Get("Authorization")))
}

func TestEachRequestUsesItsOwnKey(t *testing.T) {
	url := listen(t, newServer(t, Options{Client: fake(t, echo)}), HTTPOptions{}) + "/mcp"
	a := (&httpClient{t: t, url: url, key: keyA}).open()
	b := (&httpClient{t: t, url: url, key: keyB}).open()
	none := (&httpClient{t: t, url: url}).open()
	wantText(t, a.call("keys_list", `{}`).Text, strings.ReplaceAll(keyA, "-", "_"))
	wantText(t, b.call("keys_list", `{}`).Text, strings.ReplaceAll(keyB, "-", "_"))
	if status, all := none.post(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`); status != 200 || all[0].Error != nil {
		t.Error("tools are not listed without a key")
	}
	r := none.call("keys_list", `{}`)
	if !r.IsError || field(r.Structured, "error", "code") != `"unauthorized"` || strings.Contains(string(r.raw), "of_the_server") {
		t.Errorf("%s", r.raw)
	}
	wantText(t, r.Text, "Authorization: Bearer")
	if strings.Contains(r.Text, "LITELLM_PROXY_API_KEY") {
		t.Errorf("a client over HTTP is told to set the server's environment: %s", r.Text)
	}

	// A session is its opener's, and looks to everybody else as if it were not.
	for name, thief := range map[string]*httpClient{
		"another key":   {t: t, url: url, key: keyB, session: a.session},
		"no key":        {t: t, url: url, session: a.session},
		"a session":     {t: t, url: url, key: keyA, session: "mcp-session-00000000-0000-4000-8000-000000000000"},
		"another's own": {t: t, url: url, key: keyA, session: none.session},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
			response := thief.do(context.Background(), method, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
			response.Body.Close()
			if response.StatusCode != http.StatusNotFound {
				t.Errorf("%s, %s: status %d, want 404", name, method, response.StatusCode)
			}
		}
	}
	lost := &httpClient{t: t, url: url, key: keyA}
	if status, _ := lost.post(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`); status != http.StatusBadRequest {
		t.Errorf("without a session: %d", status)
	}
	a.call("keys_list", `{}`) // nothing of that ended it
	response := a.do(context.Background(), http.MethodDelete, "")
	response.Body.Close()
	if status, _ := a.post(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`); response.StatusCode != 200 || status != http.StatusNotFound {
		t.Errorf("an ended session: DELETE %d, then %d", response.StatusCode, status)
	}
}

func tokenFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestOwnKey(t *testing.T) {
	const token = "token-of-the-clients"
	s := newServer(t, Options{Client: fake(t, echo)})
	url := listen(t, s, HTTPOptions{UseOwnKey: true, AuthTokenFile: tokenFile(t, token+"\n")}) + "/mcp"
	c := (&httpClient{t: t, url: url, key: token}).open()
	wantText(t, c.call("keys_list", `{}`).Text, "sk_of_the_server")
	for _, wrong := range []string{"", token + "x", token[1:], keyA} {
		bad := &httpClient{t: t, url: url, key: wrong, session: c.session}
		response := bad.do(context.Background(), http.MethodPost, hello)
		response.Body.Close()
		if response.StatusCode != 401 || !strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%q: %d %q", wrong, response.StatusCode, response.Header.Get("WWW-Authenticate"))
		}
	}
	for name, o := range map[string]HTTPOptions{
		"no file":         {UseOwnKey: true},
		"a missing file":  {UseOwnKey: true, AuthTokenFile: filepath.Join(t.TempDir(), "none")},
		"an empty file":   {UseOwnKey: true, AuthTokenFile: tokenFile(t, " \n")},
		"two tokens":      {UseOwnKey: true, AuthTokenFile: tokenFile(t, "token-of-somebody\ntoken-of-another")},
		"a file for what": {AuthTokenFile: tokenFile(t, token)},
		"a transport":     {Transport: "carrier pigeon"},
	} {
		if _, _, err := s.Handler(o); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGuards(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo)})
	for _, transport := range []struct{ name, path, method string }{{"http", "/mcp", "POST"}, {"http", "/mcp", "GET"}, {"sse", "/sse", "GET"}} {
		url := listen(t, s, HTTPOptions{Transport: transport.name, AllowedHosts: []string{"mcp.example.com"}}) + transport.path
		for _, tt := range []struct {
			header http.Header
			status int
		}{
			{http.Header{"Host": {"evil.example.com"}}, 403},
			{http.Header{"Host": {"127.0.0.1.evil.example.com"}}, 403},
			{http.Header{"Host": {""}}, 0},
			{http.Header{"Host": {"mcp.example.com"}}, 0},
			{http.Header{"Host": {"MCP.example.com:8808"}}, 0},
			{http.Header{"Host": {"localhost:1"}}, 0},
			{http.Header{"Host": {"[::1]:1"}}, 0},
			{http.Header{"Origin": {"https://evil.example.com"}}, 403},
			{http.Header{"Origin": {"null"}}, 403},
			{http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
			{http.Header{"Sec-Fetch-Site": {"same-origin"}}, 0},
		} {
			c := &httpClient{t: t, url: url, key: keyA, header: tt.header}
			ctx, cancel := context.WithCancel(context.Background())
			response := c.do(ctx, transport.method, hello)
			refused := response.StatusCode == 403
			if refused != (tt.status == 403) {
				t.Errorf("%v %v: status %d", transport, tt.header, response.StatusCode)
			}
			if response.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%v: pages of other origins may read the answer", transport)
			}
			cancel()
			response.Body.Close()
		}
	}
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	c := &httpClient{t: t, url: url, key: keyA}
	if status, _ := c.post(`{"x":"` + strings.Repeat("x", maxBody) + `"}`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of more than 4 MiB: %d", status)
	}
	if status, all := c.post(`no JSON`); status != 400 && (len(all) == 0 || all[0].Error == nil) {
		t.Errorf("no JSON: %d %v", status, all)
	}
	(&httpClient{t: t, url: url, key: keyA}).open()
}

// A client that hangs up leaves no call behind at the gateway.
func TestHangUp(t *testing.T) {
	for _, transport := range []string{"http", "sse"} {
		t.Run(transport, func(t *testing.T) {
			h := newHanging()
			s := newServer(t, Options{Client: fake(t, h.ServeHTTP)})
			url := listen(t, s, HTTPOptions{Transport: transport})
			const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"models_list"}}`
			if transport == "sse" {
				c := openSSE(t, url, keyA)
				c.post(call)
				receive(t, h.arrived)
				c.hangUp()
			} else {
				c := (&httpClient{t: t, url: url + "/mcp", key: keyA}).open()
				ctx, cancel := context.WithCancel(context.Background())
				go func() { <-h.arrived; cancel() }()
				c.do(ctx, http.MethodPost, call)
			}
			receive(t, h.left)
		})
	}
}

func TestPanicOverHTTP(t *testing.T) {
	var log logBuffer
	s := newServer(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	panics(s)
	c := (&httpClient{t: t, url: listen(t, s, HTTPOptions{}) + "/mcp", key: keyA}).open()
	_, all := c.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"boom"}}`)
	if all[0].Error == nil || all[0].Error.Message != "internal error" {
		t.Errorf("%+v", all[0])
	}
	sse := openSSE(t, listen(t, s, HTTPOptions{Transport: "sse"}), keyA)
	sse.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"boom"}}`)
	if m := sse.events.next(); m.Error == nil || m.Error.Message != "internal error" {
		t.Errorf("%+v", m)
	}
	if strings.Contains(log.String(), "sk-abc") {
		t.Errorf("the log holds the panic's words:\n%s", log.String())
	}
}

// The end of the context ends streams and sessions, and is no error.
func TestServeHTTP(t *testing.T) {
	for _, transport := range []string{"http", "sse"} {
		t.Run(transport, func(t *testing.T) {
			s := newServer(t, Options{Client: fake(t, echo)})
			s.grace = time.Hour // nothing needs it
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			ready, ended := make(chan string, 1), make(chan error, 1)
			go func() {
				ended <- s.ServeHTTP(ctx, HTTPOptions{Transport: transport, Addr: "127.0.0.1:0", Ready: func(url string) { ready <- url }})
			}()
			url := <-ready
			if transport == "http" {
				listening := &httpClient{t: t, url: url, key: keyA, header: http.Header{
					"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"subscriptions/listen"}}}
				response := listening.do(context.Background(), http.MethodPost,
					`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":`+modernMeta+`}}`)
				defer response.Body.Close()
				if newEvents(t, response.Body).data() == "" {
					t.Fatalf("the subscription is not acknowledged: %d", response.StatusCode)
				}
			}
			var body io.Reader
			if transport == "sse" {
				body = openSSE(t, strings.TrimSuffix(url, "/sse"), keyA).events.reader()
			} else {
				c := (&httpClient{t: t, url: url, key: keyA}).open()
				response := c.do(context.Background(), http.MethodGet, "")
				defer response.Body.Close()
				body = response.Body
			}
			cancel()
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(patience):
				t.Fatal("it does not end")
			}
			_, _ = io.Copy(io.Discard, body) // ends
			if err := s.ServeHTTP(context.Background(), HTTPOptions{Addr: "127.0.0.1:notaport"}); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
				t.Errorf("an address that is none: %v", err)
			}
		})
	}
}

// A call under way when the server is told to end gets its answer.
func TestCallAtTheEnd(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	s := newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		_, _ = io.WriteString(w, `{"data":[]}`)
	})})
	s.grace = patience
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- s.ServeHTTP(ctx, HTTPOptions{Addr: "127.0.0.1:0", Ready: func(url string) { ready <- url }})
	}()
	url := receive(t, ready)
	c := (&httpClient{t: t, url: url, key: keyA}).open()
	go func() {
		<-arrived
		cancel()
		// It is ending when it answers to nobody new.
		for {
			response, err := http.Get(url)
			if err != nil {
				break
			}
			response.Body.Close()
			if response.StatusCode == http.StatusServiceUnavailable {
				break
			}
		}
		close(release)
	}()
	if r := c.call("models_list", `{}`); r.IsError {
		t.Errorf("%s", r.Text)
	}
	if err := receive(t, ended); err != nil {
		t.Error(err)
	}
}

func TestTooManyRequests(t *testing.T) {
	h := newHanging()
	s := newServer(t, Options{Client: fake(t, h.ServeHTTP)})
	s.maxRequests = 4 // two requests of one client at a time
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	ctx, hangUp := context.WithCancel(context.Background())
	defer hangUp()
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"models_list","_meta":` + modernMeta + `}}`
	modern := &httpClient{t: t, url: url, key: keyA, header: http.Header{
		"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"models_list"}}}
	done := make(chan struct{}, 2)
	for range 2 {
		go func() { modern.do(ctx, http.MethodPost, body); done <- struct{}{} }()
		receive(t, h.arrived)
	}
	if status, _ := modern.post(body); status != http.StatusServiceUnavailable {
		t.Errorf("the third request: %d", status)
	}
	(&httpClient{t: t, url: url, key: keyB}).open()
	hangUp()
	for range 2 {
		receive(t, h.left)
		receive(t, done)
	}
}
