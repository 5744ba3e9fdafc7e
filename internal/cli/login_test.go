package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/tools"
)

// person is somebody at a command line, with a home of their own and no key.
type person struct {
	t   *testing.T
	env map[string]string
}

func newPerson(t *testing.T, baseURL string) *person {
	return &person{t, map[string]string{"HOME": t.TempDir(), "LITELLM_PROXY_URL": baseURL, "LITELLM_PROXY_KEYSTORE": "file"}}
}

// lines is what a command has written so far.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// run runs a command and returns what it wrote.
func (p *person) run(args ...string) (stdout, stderr string, status int) {
	return p.browse(p.t.Context(), sandbox.Browser{}, args...)
}

// browse runs a sign-in with somebody at the browser.
func (p *person) browse(ctx context.Context, b sandbox.Browser, args ...string) (stdout, stderr string, status int) {
	p.t.Helper()
	return p.with(ctx, b, strings.NewReader(""), &lines{}, args...)
}

var shownPage, shownCode = regexp.MustCompile(`\n  (http\S+)\n`), regexp.MustCompile(`Code: (\S+)\n`)

func (p *person) with(ctx context.Context, b sandbox.Browser, stdin io.Reader, out *lines, args ...string) (stdout, stderr string, status int) {
	p.t.Helper()
	var notes lines
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(ctx, cli.System{Operations: tools.All(), Args: args, Stdin: stdin, Stdout: out, Stderr: &notes,
			Getenv: func(name string) string { return p.env[name] }})
	}()
	for opened := b.Email == ""; !opened; time.Sleep(5 * time.Millisecond) {
		select {
		case status := <-done:
			return out.String(), notes.String(), status
		default:
		}
		text := notes.String()
		page, code := shownPage.FindStringSubmatch(text), shownCode.FindStringSubmatch(text)
		if page == nil || code == nil && !strings.Contains(page[1], "/authorize?") {
			continue
		}
		opened = true
		if code != nil && b.Code == "" {
			b.Code = code[1]
		}
		if _, err := b.Open(p.t.Context(), page[1]); err != nil {
			p.t.Error(err)
		}
	}
	status = <-done
	return out.String(), notes.String(), status
}

// expect runs a command and fails unless it ends with this status and says these words.
func (p *person) expect(status int, words string, args ...string) string {
	p.t.Helper()
	stdout, stderr, got := p.run(args...)
	if got != status || !strings.Contains(stderr, words) {
		p.t.Errorf("%v: status %d, want %d with %q: %s", args, got, status, words, stderr)
	}
	return stdout
}

// recording is another gateway, which keeps the headers it gets.
func recording(t *testing.T) (url string, seen func() string) {
	var mu sync.Mutex
	var log strings.Builder
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(&log, "%s %s %v %s\n", r.Method, r.URL, r.Header, body)
		http.Error(w, `{"error":{"message":"no","type":"auth_error","code":"401"}}`, http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() string { mu.Lock(); defer mu.Unlock(); return log.String() }
}

// signInGateway is a sandbox with single sign-on, below a path as in production.
func signInGateway(t *testing.T) (string, *sandbox.Gateway) {
	t.Helper()
	g := sandbox.NewWithSignIn()
	server := httptest.NewServer(http.StripPrefix("/prefix", g))
	t.Cleanup(server.Close)
	return server.URL + "/prefix", g
}

func TestLoginSandbox(t *testing.T) {
	url, _ := signInGateway(t)
	loginAndOut(t, url)
}

// TestLoginLive is the same on a real gateway with single sign-on.
func TestLoginLive(t *testing.T) {
	loginAndOut(t, liveSignIn(t))
}

// liveSignIn is the address of a real gateway with single sign-on.
func liveSignIn(t *testing.T) string {
	t.Helper()
	url := strings.TrimSuffix(os.Getenv("LITELLM_TEST_URL"), "/")
	if url == "" {
		t.Skip("live: set LITELLM_TEST_URL to a gateway with single sign-on")
	}
	answer, err := http.Get(url + "/.well-known/litellm-ui-config")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var facts struct {
		SSO bool `json:"sso_configured"`
	}
	if json.NewDecoder(answer.Body).Decode(&facts) != nil || !facts.SSO {
		t.Skip("live: the gateway has no single sign-on (sso_configured is false)")
	}
	return url
}

// loginAndOut signs people in and out, and watches another gateway meanwhile.
func loginAndOut(t *testing.T, url string) {
	other, seen := recording(t)
	ann := newPerson(t, url)
	ann.expect(4, "sign in with litellm-proxy login", "models", "list")
	ann.expect(4, "you are not signed in to "+url, "auth", "print-token")
	ann.expect(0, "nothing was removed", "logout")

	stdout, stderr, status := ann.browse(t.Context(), sandbox.Browser{Email: "ann@example.com"}, "login")
	if status != 0 || stdout != "" || !strings.Contains(stderr, "as ann (internal_user), team red (team-red)") || !strings.Contains(stderr, "expires about") {
		t.Fatalf("login: status %d, %q, %s", status, stdout, stderr)
	}
	token := strings.TrimSpace(ann.expect(0, "", "auth", "print-token"))
	if !strings.HasPrefix(token, "litellm_login_") || strings.ContainsAny(token, " \n") || strings.Contains(stderr, token) {
		t.Errorf("print-token: %d characters", len(token))
	}
	if list := ann.expect(0, "", "models", "list", "--format", "csv"); !strings.Contains(list, "gpt-4o-mini") || strings.Contains(list, "claude-haiku") {
		t.Errorf("ann's models: %s", list)
	}
	ann.expect(0, "", "keys", "list")

	// The token goes nowhere else.
	for _, away := range []string{other, strings.Replace(other, "127.0.0.1", "localhost", 1), other + "/prefix"} {
		ann.expect(4, "", "models", "list", "--base-url", away)
		ann.expect(4, "", "auth", "print-token", "--base-url", away)
		ann.expect(0, "You are signed in to: "+url, "logout", "--base-url", away)
		ann.env["LITELLM_PROXY_URL"] = away
		ann.expect(4, "", "keys", "list")
		ann.expect(4, "", "login")
	}
	ann.env["LITELLM_PROXY_URL"] = url
	if log := seen(); !strings.Contains(log, "/models") || strings.Contains(log, token) || strings.Contains(log, "litellm_login") {
		t.Errorf("the other gateway was sent the token, or nothing:\n%s", log)
	}

	// A key takes precedence.
	ann.env["LITELLM_PROXY_API_KEY"] = "sk-of-the-environment-1234"
	ann.expect(4, "from LITELLM_PROXY_API_KEY", "models", "list")
	delete(ann.env, "LITELLM_PROXY_API_KEY")

	ann.expect(0, "it works until it expires", "logout")
	ann.expect(4, "", "models", "list")
	ann.expect(4, "", "auth", "print-token")

	bob := newPerson(t, url)
	at := sandbox.Browser{Email: "bob@example.com"}
	if _, stderr, status := bob.browse(t.Context(), at, "login"); status != 2 || !strings.Contains(stderr, "--team: red (team-red), blue (team-blue)") {
		t.Errorf("several teams: status %d, %s", status, stderr)
	}
	bob.expect(4, "", "auth", "print-token")
	if _, stderr, status := bob.browse(t.Context(), at, "login", "--team", "nope"); status != 2 || !strings.Contains(stderr, "blue (team-blue)") {
		t.Errorf("no such team: status %d, %s", status, stderr)
	}
	if _, stderr, status := bob.browse(t.Context(), at, "login", "--team", "blue"); status != 0 {
		t.Errorf("a team: status %d, %s", status, stderr)
	}
	if list := bob.expect(0, "", "models", "list", "--format", "csv"); !strings.Contains(list, "claude-haiku") || strings.Contains(list, "gpt-4o-mini") {
		t.Errorf("bob's models: %s", list)
	}
	at.Team = "team-red"
	if _, stderr, status := bob.browse(t.Context(), at, "login", "--pkce", "--team", "red"); status != 0 || !strings.Contains(stderr, "is renewed automatically") {
		t.Errorf("PKCE: status %d, %s", status, stderr)
	}
	bob.expect(0, "", "models", "list")
	bob.expect(0, "revoked the renewal", "logout")
	at.Deny = true
	if _, stderr, status := bob.browse(t.Context(), at, "login", "--pkce"); status != 4 || !strings.Contains(stderr, "denied in the browser") {
		t.Errorf("PKCE denied: status %d, %s", status, stderr)
	}
}

// TestLoginInterrupted: an interrupt ends it, and nothing is stored.
func TestLoginInterrupted(t *testing.T) {
	url, _ := signInGateway(t)
	for _, flag := range []string{"--no-browser", "--pkce"} {
		p := newPerson(t, url)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(200*time.Millisecond, cancel)
		_, stderr, status := p.browse(ctx, sandbox.Browser{}, "login", flag)
		if status != 130 || !strings.Contains(stderr, "Interrupted") {
			t.Errorf("%s: status %d, %s", flag, status, stderr)
		}
		p.expect(4, "", "auth", "print-token")
	}
}

// TestLoginFails: what cannot succeed fails at once, on one line and a hint.
func TestLoginFails(t *testing.T) {
	url, g := signInGateway(t)
	p := newPerson(t, url)
	ann := sandbox.Browser{Email: "ann@example.com"}
	for _, c := range []struct {
		how    sandbox.SignIn
		status int
		words  string
	}{
		{sandbox.SignIn{People: sandbox.People(), TokensOff: true}, 4, "switched off"},
		{sandbox.SignIn{People: sandbox.People(), Lifetime: -time.Hour}, 4, "already expired"},
		{sandbox.SignIn{People: sandbox.People(), BaseURL: "http://gw.example"}, 2, "use --base-url http://gw.example"},
	} {
		g.SignIn(c.how)
		_, stderr, status := p.browse(t.Context(), ann, "login")
		_, own, _ := strings.Cut(stderr, "\n\n  http")
		if own == "" {
			own = stderr
		}
		if status != c.status || !strings.Contains(own, c.words) || strings.Count(own, "litellm-proxy: ") > 2 {
			t.Errorf("%s: status %d, %s", c.words, status, stderr)
		}
	}
	p.env["LITELLM_PROXY_URL"] = signInOff(t)
	p.expect(1, "no single sign-on configured", "login")
	p.env["LITELLM_PROXY_URL"] = "sandbox:"
	p.expect(2, "needs no sign-in", "login")
	p.env["LITELLM_PROXY_URL"] = "http://127.0.0.1:1"
	p.expect(5, "cannot reach the gateway", "login")
	p.expect(4, "", "auth", "print-token")
	p.env["LITELLM_PROXY_KEYSTORE"] = "cloud"
	p.expect(2, `LITELLM_PROXY_KEYSTORE: "cloud" is not file or system`, "models", "list")
	p.expect(2, "is not file or system", "login")
}

func signInOff(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(sandbox.New())
	t.Cleanup(server.Close)
	return server.URL
}

// TestSessionExpired: the gateway's refusal names the way on.
func TestSessionExpired(t *testing.T) {
	url, g := signInGateway(t)
	p := newPerson(t, url)
	if _, stderr, status := p.browse(t.Context(), sandbox.Browser{Email: "ann@example.com"}, "login"); status != 0 {
		t.Fatal(stderr)
	}
	g.Inject(sandbox.Fault{Status: http.StatusUnauthorized, Body: `{"error":{"message":"Authentication Error - Expired Key. Key Expiry time 2026-11-25","type":"expired_key","param":"None","code":"401"}}`})
	p.expect(4, "sign in again: litellm-proxy login", "models", "list")
	p.expect(4, "from the stored session", "models", "list")
}

// TestServersAndSessions: an MCP server over stdio uses the session, one over http never
// does.
func TestServersAndSessions(t *testing.T) {
	url, _ := signInGateway(t)
	p := newPerson(t, url)
	in, typed := io.Pipe()
	var out lines
	ended := make(chan string, 1)
	go func() {
		_, stderr, _ := p.with(t.Context(), sandbox.Browser{}, in, &out, "mcp", "--toolsets", "all")
		ended <- stderr
	}()
	id := 0
	ask := func(method, params string) string {
		t.Helper()
		id++
		fmt.Fprintf(typed, `{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`+"\n", id, method, params)
		mark := fmt.Sprintf(`"id":%d,`, id)
		for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(2 * time.Millisecond) {
			for line := range strings.Lines(out.String()) {
				if strings.Contains(line, mark) {
					return line
				}
			}
		}
		t.Fatalf("no answer to %s", method)
		return ""
	}
	const call = `{"name":"models_list","arguments":{}}`
	ask("initialize", `{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}`)
	if got := ask("tools/call", call); !strings.Contains(got, "signs in with litellm-proxy login") {
		t.Errorf("nobody signed in: %s", got)
	}
	if _, stderr, status := p.browse(t.Context(), sandbox.Browser{Email: "ann@example.com"}, "login"); status != 0 {
		t.Fatal(stderr)
	}
	if got := ask("tools/call", call); !strings.Contains(got, "gpt-4o-mini") || strings.Contains(got, "claude-haiku") {
		t.Errorf("ann: %s", got)
	}
	if _, stderr, status := p.browse(t.Context(), sandbox.Browser{Email: "bob@example.com"}, "login", "--team", "blue"); status != 0 {
		t.Fatal(stderr)
	}
	if got := ask("tools/call", call); !strings.Contains(got, "claude-haiku") {
		t.Errorf("bob in the place of ann: %s", got)
	}
	p.expect(0, "", "logout")
	if got := ask("tools/call", call); !strings.Contains(got, "signs in with litellm-proxy login") {
		t.Errorf("signed out: %s", got)
	}
	_ = typed.Close()
	<-ended
}

// TestHTTPServerHasNoSession: over http the session is not used, whoever asks.
func TestHTTPServerHasNoSession(t *testing.T) {
	url, _ := signInGateway(t)
	p := newPerson(t, url)
	if _, stderr, status := p.browse(t.Context(), sandbox.Browser{Email: "ann@example.com"}, "login"); status != 0 {
		t.Fatal(stderr)
	}
	const secret = "token-of-this-test-0123456789"
	file := p.env["HOME"] + "/token"
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var notes lines
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, cli.System{Operations: tools.All(), Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &notes,
			Args:   []string{"mcp", "--transport", "http", "--addr", "127.0.0.1:0", "--use-own-key", "--auth-token-file", file},
			Getenv: func(name string) string { return p.env[name] }})
	}()
	defer func() { stop(); <-ended }()
	var server string
	for limit := time.Now().Add(patience); server == "" && time.Now().Before(limit); time.Sleep(2 * time.Millisecond) {
		if found := regexp.MustCompile(`listening on (\S+)\n`).FindStringSubmatch(notes.String()); found != nil {
			server = found[1]
		}
	}
	if !strings.Contains(notes.String(), "never uses the stored session") {
		t.Errorf("the server does not say so: %s", &notes)
	}
	session := ""
	ask := func(body string) string {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, server, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "Authorization": {"Bearer " + secret}}
		if session != "" {
			r.Header.Set("Mcp-Session-Id", session)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		session = answer.Header.Get("Mcp-Session-Id")
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	ask(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}`)
	if got := ask(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"models_list","arguments":{}}}`); !strings.Contains(got, "no API key was given") || strings.Contains(got, "login") {
		t.Errorf("over http: %s", got)
	}
}

// TestLoginAgain: the renewal of the session that a sign-in replaces is revoked.
func TestLoginAgain(t *testing.T) {
	g := sandbox.NewWithSignIn()
	var revoked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/revoke" {
			revoked.Add(1)
		}
		g.ServeHTTP(w, r)
	}))
	defer server.Close()
	p := newPerson(t, server.URL)
	for i, args := range [][]string{{"login", "--no-browser", "--pkce"}, {"login", "--no-browser", "--pkce"}, {"login", "--no-browser"}, {"login", "--no-browser"}} {
		if _, stderr, status := p.browse(t.Context(), sandbox.Browser{Email: "ann@example.com"}, args...); status != 0 {
			t.Fatalf("%v: status %d, %s", args, status, stderr)
		}
		if got := int(revoked.Load()); got != min(i, 2) {
			t.Errorf("%d renewals are revoked after sign-in %d", got, i+1)
		}
	}
	p.expect(0, "", "whoami")
}
