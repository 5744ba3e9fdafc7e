package login

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// visit signs somebody in by PKCE.
func (p *place) visit(t *testing.T, b sandbox.Browser, team string) (*Session, error) {
	t.Helper()
	v, err := p.Visit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	seen := make(chan sandbox.Visited, 1)
	go func() { seen <- browse(t, b, v.URL) }()
	s, err := p.Finish(t.Context(), v, team)
	if page := <-seen; !strings.Contains(page.Text, "You can close this window") {
		t.Errorf("the browser ends at %+v", page)
	}
	return s, err
}

func TestPKCE(t *testing.T) {
	p := serve(t)
	s, err := p.visit(t, sandbox.Browser{Email: "bob@example.com", Team: "team-blue"}, "blue")
	if err != nil {
		t.Fatal(err)
	}
	if s.UserID != "bob" || s.Team() != (Team{"team-blue", "blue"}) || s.Assumed || s.RefreshToken == "" {
		t.Errorf("%+v", s)
	}
	_, err = p.visit(t, sandbox.Browser{Email: "bob@example.com", Team: "team-blue"}, "red")
	wants(t, "another team", err, proxyclient.CodeUsage, `the team blue (team-blue), not for "red"`)
	_, err = p.visit(t, sandbox.Browser{Email: "olga@example.com"}, "red")
	wants(t, "no team", err, proxyclient.CodeUsage, "in no team")
	remove := p.sandbox.Inject(sandbox.Fault{Path: "/token", Status: 500, Body: `{"error": {"message": "Internal server error"}}`})
	_, err = p.visit(t, sandbox.Browser{Email: "bob@example.com", Team: "team-blue"}, "")
	remove()
	wants(t, "a token that would be expired", err, proxyclient.CodeInternal, "Internal server error")
	if e := err.(*proxyclient.Error); !strings.Contains(e.Hint, "LITELLM_CLI_JWT_EXPIRATION_HOURS") {
		t.Errorf("the hint is %q", e.Hint)
	}
	_, err = p.visit(t, sandbox.Browser{Email: "ann@example.com", Deny: true}, "")
	wants(t, "denied", err, proxyclient.CodeForbidden, "denied in the browser")
}

// TestDocument: nothing is sent to an address that is not the gateway's.
func TestDocument(t *testing.T) {
	p := serve(t)
	base := p.server.URL
	document := func(issuer, token string) string {
		return `{"issuer":"` + issuer + `","authorization_endpoint":"` + base + `/authorize","token_endpoint":"` + token +
			`","registration_endpoint":"` + base + `/register","resource":"` + base + `","code_challenge_methods_supported":["S256"]}`
	}
	for _, c := range []struct {
		what, body string
		status     int
		code       proxyclient.Code
		words      string
	}{
		{"another issuer", document("http://gw.example", base+"/token"), 0, proxyclient.CodeUsage, "use --base-url http://gw.example"},
		{"tokens elsewhere", document(base, "http://gw.example/token"), 0, proxyclient.CodeBadAnswer, "another address"},
		{"tokens at a longer host", document(base, base+"0/token"), 0, proxyclient.CodeBadAnswer, "another address"},
		{"tokens with a user", document(base, strings.Replace(base, "://", "://u@", 1)+"/token"), 0, proxyclient.CodeBadAnswer, "another address"},
		{"tokens with a query", document(base, base+"/token?to=x"), 0, proxyclient.CodeBadAnswer, "another address"},
		{"no PKCE", `{"detail":"Not Found"}`, 404, proxyclient.CodeUnsupported, "no sign-in by PKCE"},
		{"no S256", strings.Replace(document(base, base+"/token"), "S256", "plain", 1), 0, proxyclient.CodeUnsupported, "S256"},
	} {
		remove := p.sandbox.Inject(sandbox.Fault{Path: "/.well-known/litellm-cli-auth", Status: c.status, Body: c.body})
		_, err := p.Visit(t.Context())
		wants(t, c.what, err, c.code, c.words)
		remove()
	}
}

// TestCallbackRefuses: what is not the browser of this sign-in changes nothing.
func TestCallbackRefuses(t *testing.T) {
	c, err := listen("the-state")
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	host := c.listener.Addr().String()
	ask := func(method, host, target string) int {
		r := httptest.NewRequest(method, "http://"+host+target, nil)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		return w.Code
	}
	for _, bad := range []struct {
		method, host, target string
		status               int
	}{
		{"GET", host, "/", 404},
		{"GET", host, "/callback/?code=x&state=the-state", 404},
		{"GET", "evil.example", "/callback?code=x&state=the-state", 404},
		{"POST", host, "/callback?code=x&state=the-state", 405},
		{"GET", host, "/callback?code=x", 400},
		{"GET", host, "/callback?code=x&state=other", 400},
		{"GET", host, "/callback?state=the-state", 400},
	} {
		if got := ask(bad.method, bad.host, bad.target); got != bad.status {
			t.Errorf("%+v: %d", bad, got)
		}
	}
	if len(c.came) != 0 {
		t.Fatal("a refused request was taken")
	}
	if got := ask("GET", host, "/callback?code=right&state=the-state"); got != http.StatusOK {
		t.Errorf("the right one: %d", got)
	}
	if got := ask("GET", host, "/callback?code=later&state=the-state"); got != http.StatusConflict {
		t.Errorf("a second one: %d", got)
	}
	if a, err := c.wait(t.Context()); a.code != "right" || err != nil {
		t.Errorf("%+v, %v", a, err)
	}
	if got := ask("GET", host, "/callback?code=later&state=the-state"); got != http.StatusConflict {
		t.Errorf("one after that: %d", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.wait(ended); err == nil {
		t.Error("nothing came, and no error")
	}
}

func FuzzCallback(f *testing.F) {
	f.Add("/callback?code=x&state=the-state")
	f.Add("/callback?error=access_denied&state=")
	f.Add("/callback?%zz")
	c, err := listen("the-state")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(c.close)
	host := c.listener.Addr().String()
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.Parse("http://" + host + target)
		if err != nil || u.Host != host {
			return
		}
		c.used.Store(false)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: u, Host: u.Host})
		select {
		case a := <-c.came:
			if u.Query().Get("state") != "the-state" || a == (arrival{}) || strings.ContainsAny(a.problem, "\n\x1b") {
				t.Errorf("%s brought %+v", target, a)
			}
		default:
			if w.Code == http.StatusOK {
				t.Errorf("%s: nothing came, and the page says yes", target)
			}
		}
	})
}
