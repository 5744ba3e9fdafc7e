package login

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// place is a gateway with single sign-on for one test.
type place struct {
	*Gateway
	sandbox *sandbox.Gateway
	server  *httptest.Server
}

func serve(t *testing.T) *place {
	t.Helper()
	p := &place{sandbox: sandbox.NewWithSignIn()}
	p.server = httptest.NewServer(p.sandbox)
	t.Cleanup(p.server.Close)
	p.Gateway = at(t, p.server.URL)
	return p
}

func at(t *testing.T, url string) *Gateway {
	t.Helper()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: url, APIKey: "sk-of-somebody-else-1234567890"})
	if err != nil {
		t.Fatal(err)
	}
	g := New(client)
	g.pause = time.Millisecond
	return g
}

// browse plays the person at the browser.
func browse(t *testing.T, b sandbox.Browser, url string) sandbox.Visited {
	t.Helper()
	seen, err := b.Open(t.Context(), url)
	if err != nil {
		t.Error(err)
	}
	return seen
}

// start begins the code flow; the person finishes it at once.
func (p *place) start(t *testing.T, email string) *Code {
	t.Helper()
	code, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if seen := browse(t, sandbox.Browser{Email: email, Code: code.UserCode}, code.URL); seen.Status != http.StatusOK {
		t.Fatalf("the browser ends at %+v", seen)
	}
	return code
}

func nobody(context.Context, []Team) (Team, error) { return Team{}, errors.New("asked for a team") }

// wants fails unless the error has this code and these words.
func wants(t *testing.T, what string, err error, code proxyclient.Code, words ...string) {
	t.Helper()
	if proxyclient.CodeOf(err) != code {
		t.Errorf("%s: %v (%s), want %s", what, err, proxyclient.CodeOf(err), code)
	}
	for _, word := range words {
		if err != nil && !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %q lacks %q", what, err, word)
		}
	}
}

func TestCodeFlow(t *testing.T) {
	p := serve(t)
	if err := p.Check(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	s, err := p.Wait(t.Context(), p.start(t, "ann@example.com"), nobody)
	if err != nil {
		t.Fatal(err)
	}
	if s.UserID != "ann" || s.Team() != (Team{"team-red", "red"}) || !s.Assumed || s.BaseURL != p.server.URL || !strings.HasPrefix(s.Key, proxyclient.TokenPrefix) {
		t.Errorf("ann: %+v", s)
	}
	who, err := p.Try(t.Context(), s.Key)
	if who.ID != "ann" || who.Role != "internal_user" || err != nil {
		t.Errorf("the token speaks for %+v, %v", who, err)
	}

	blue := func(_ context.Context, teams []Team) (Team, error) { return Find(teams, "blue") }
	if s, err = p.Wait(t.Context(), p.start(t, "bob@example.com"), blue); err != nil || s.TeamID != "team-blue" || Names(s.Teams) != "red (team-red), blue (team-blue)" {
		t.Errorf("bob: %+v, %v", s, err)
	}
	if _, err = p.Wait(t.Context(), p.start(t, "bob@example.com"), nobody); err == nil || err.Error() != "asked for a team" {
		t.Errorf("bob without a choice: %v", err)
	}
	if s, err = p.Wait(t.Context(), p.start(t, "cleo@example.com"), nobody); err != nil || s.TeamID != "" || len(s.Teams) != 0 {
		t.Errorf("cleo: %+v, %v", s, err)
	}
}

func TestCodeFlowEnds(t *testing.T) {
	p := serve(t)
	code, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if seen := browse(t, sandbox.Browser{Email: "zoe@example.com", Code: code.UserCode}, code.URL); seen.Status == http.StatusOK {
		t.Errorf("the provider let zoe in: %+v", seen)
	}
	late := *p.Gateway
	late.now = func() time.Time { return code.Ends }
	_, err = late.Wait(t.Context(), code, nobody)
	wants(t, "refused by the provider, until the end", err, proxyclient.CodeUnauthorized, "expired before it was completed", "look alike")

	other := *code
	other.secret = "wrong"
	_, err = p.Wait(t.Context(), &other, nobody)
	wants(t, "wrong poll secret", err, proxyclient.CodeUnauthorized, "Invalid CLI polling secret")

	done := p.start(t, "ann@example.com")
	if _, err = p.Wait(t.Context(), done, nobody); err != nil {
		t.Fatal(err)
	}
	_, err = p.Wait(t.Context(), done, nobody)
	wants(t, "used up", err, proxyclient.CodeUnauthorized, "no longer knows this sign-in")
	late.now = func() time.Time { return code.Ends.Add(-time.Second) }
	_, err = late.Wait(t.Context(), done, nobody)
	wants(t, "the gateway's clock is ahead", err, proxyclient.CodeUnauthorized, "expired before it was completed")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err = p.Wait(ctx, code, nobody); err == nil || ctx.Err() == nil {
		t.Errorf("interrupted: %v", err)
	}
}

// TestPollsThatFail: the gateway's hiccups do not end a sign-in, an answer that makes no
// sense does.
func TestPollsThatFail(t *testing.T) {
	p := serve(t)
	code := p.start(t, "ann@example.com")
	path := "/sso/cli/poll/" + code.id
	p.sandbox.Inject(sandbox.Fault{Path: path, Times: 2, Status: http.StatusBadGateway, Body: "<html>"})
	p.sandbox.Inject(sandbox.Fault{Path: path, Times: 1, Status: http.StatusTooManyRequests, Body: `{"detail":"slow down"}`})
	if s, err := p.Wait(t.Context(), code, nobody); err != nil || s.UserID != "ann" {
		t.Errorf("after three bad answers: %+v, %v", s, err)
	}
	for _, body := range []string{`{"status":"ready","user_id":"ann"}`, `{"status":"ready","requires_team_selection":true}`, `{"status":"failed"}`} {
		code := p.start(t, "ann@example.com")
		p.sandbox.Inject(sandbox.Fault{Path: "/sso/cli/poll/" + code.id, Body: body})
		_, err := p.Wait(t.Context(), code, nobody)
		wants(t, body, err, proxyclient.CodeBadAnswer, "without a token")
	}
	// A poll that leads elsewhere, or cannot be sent, is not waited for.
	code = p.start(t, "ann@example.com")
	p.sandbox.Inject(sandbox.Fault{Path: "/sso/cli/poll/" + code.id, Status: http.StatusTemporaryRedirect, Header: map[string]string{"Location": "http://127.0.0.1:1/"}})
	_, err := p.Wait(t.Context(), code, nobody)
	wants(t, "redirected", err, proxyclient.CodeRedirected, "not followed")
	_, err = p.Wait(t.Context(), &Code{id: "cli-x", secret: "a\r\nX: y", Ends: code.Ends}, nobody)
	wants(t, "not to be sent", err, proxyclient.CodeUsage)
	// The answer with the token is lost on the way.
	code = p.start(t, "ann@example.com")
	p.sandbox.Inject(sandbox.Fault{Path: "/sso/cli/poll/" + code.id, Times: 1, Drop: true})
	_, err = p.Wait(t.Context(), code, nobody)
	wants(t, "lost", err, proxyclient.CodeUnauthorized, "its answer was lost on the way")
}

func TestCheck(t *testing.T) {
	p := serve(t)
	const path = "/.well-known/litellm-ui-config"
	for _, c := range []struct {
		what, body string
		pkce       bool
		code       proxyclient.Code
		words      string
	}{
		{"no sign-on", `{"sso_configured":false}`, false, proxyclient.CodeUnsupported, "no single sign-on"},
		{"no sign-on, PKCE", `{"sso_configured":false}`, true, "", ""},
		{"no admin UI", `{"sso_configured":true,"admin_ui_disabled":true}`, true, proxyclient.CodeUnsupported, "DISABLE_ADMIN_UI"},
		{"no admin UI, code", `{"sso_configured":true,"admin_ui_disabled":true}`, false, "", ""},
		{"another host", `{"sso_configured":true,"proxy_base_url":"https://gw.example/"}`, false, proxyclient.CodeUsage, "use --base-url https://gw.example"},
		{"another port", `{"sso_configured":true,"proxy_base_url":"http://127.0.0.1:1/"}`, false, "", ""},
		{"no gateway", `[]`, false, proxyclient.CodeBadAnswer, ""},
	} {
		remove := p.sandbox.Inject(sandbox.Fault{Path: path, Body: c.body})
		wants(t, c.what, p.Check(t.Context(), c.pkce), c.code, c.words)
		remove()
	}
	p.sandbox.Inject(sandbox.Fault{Path: path, Status: http.StatusNotFound, Body: `{"detail":"Not Found"}`})
	if err := p.Check(t.Context(), false); err != nil {
		t.Errorf("a gateway that does not tell: %v", err)
	}
}

func TestStartRefused(t *testing.T) {
	p := serve(t)
	for _, c := range []struct {
		status int
		body   string
		code   proxyclient.Code
		words  string
	}{
		{404, `{"detail":"Not Found"}`, proxyclient.CodeUnsupported, "no sign-in for command lines"},
		{405, `{"detail":"Method Not Allowed"}`, proxyclient.CodeUnsupported, "HTTP 405"},
		{429, `{"detail":"Too many CLI login attempts. Try again later."}`, proxyclient.CodeRateLimited, "too many sign-ins"},
		{0, `{"login_id":"cli-x"}`, proxyclient.CodeUnsupported, "another flow"},
	} {
		remove := p.sandbox.Inject(sandbox.Fault{Path: "/sso/cli/start", Status: c.status, Body: c.body})
		_, err := p.Start(t.Context())
		wants(t, c.body, err, c.code, c.words)
		remove()
	}
}

func TestTokensThatDoNotWork(t *testing.T) {
	for _, c := range []struct {
		how   sandbox.SignIn
		words string
	}{
		{sandbox.SignIn{People: sandbox.People(), TokensOff: true}, "switched off"},
		{sandbox.SignIn{People: sandbox.People(), Lifetime: -time.Hour}, "already expired"},
	} {
		p := serve(t)
		p.sandbox.SignIn(c.how)
		s, err := p.Wait(t.Context(), p.start(t, "ann@example.com"), nobody)
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Try(t.Context(), s.Key)
		wants(t, c.words, err, proxyclient.CodeUnauthorized, c.words, "you are not signed in")
	}
	p := serve(t)
	_, err := p.Try(t.Context(), "litellm_login_a\nb")
	wants(t, "a line end", err, proxyclient.CodeBadAnswer, "cannot be sent", "you are not signed in")
	p.sandbox.Inject(sandbox.Fault{Path: "/v2/user/info", Status: http.StatusServiceUnavailable})
	quick, err := proxyclient.New(proxyclient.Config{BaseURL: p.server.URL, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(quick).Try(t.Context(), "litellm_login_x"); !errors.Is(err, ErrUnchecked) {
		t.Errorf("no answer about the token: %v", err)
	}
}

func TestCodeInAddress(t *testing.T) {
	p := serve(t)
	p.sandbox.SignIn(sandbox.SignIn{People: sandbox.People(), CodeInURL: true})
	code, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if seen := browse(t, sandbox.Browser{Email: "ann@example.com"}, code.Full); seen.Status != http.StatusOK {
		t.Errorf("%s: %+v", code.Full, seen)
	}
	if s, err := p.Wait(t.Context(), code, nobody); err != nil || s.UserID != "ann" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, address := range []string{"https://elsewhere.example/", "httpx://127.0.0.1/", "javascript:alert(1)"} {
		remove := p.sandbox.Inject(sandbox.Fault{Path: "/sso/cli/start",
			Body: `{"login_id":"cli-x","poll_secret":"s","user_code":"c\nd","verification_uri_complete":"` + address + `"}`})
		if code, err = p.Start(t.Context()); err != nil || code.Full != "" || code.UserCode != "c d" {
			t.Errorf("%s: %+v, %v", address, code, err)
		}
		remove()
	}
}

func TestFind(t *testing.T) {
	if text := (Team{"t", "a\n\x1b[2Jb"}).String(); text != "a  [2Jb (t)" {
		t.Errorf("control characters: %q", text)
	}
	teams := []Team{{"t1", "red"}, {"t2", "blue"}, {"red", "green"}, {"t4", "two"}, {"t5", "two"}}
	for name, want := range map[string]string{"t2": "t2", "blue": "t2", "red": "red", "t5": "t5"} {
		if got, err := Find(teams, name); got.ID != want || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	_, err := Find(teams, "two")
	wants(t, "two teams of one alias", err, proxyclient.CodeUsage, "two (t4)", "use an ID")
	_, err = Find(teams, "Blue")
	wants(t, "no such team", err, proxyclient.CodeUsage, "blue (t2)")
}
