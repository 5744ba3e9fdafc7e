package login

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// home is the environment of a person of this test alone.
func home(t *testing.T) func(string) string {
	t.Helper()
	dir := t.TempDir()
	return func(name string) string {
		if name == "HOME" || name == "USERPROFILE" || name == "XDG_CONFIG_HOME" {
			return dir
		}
		return ""
	}
}

func open(t *testing.T, getenv func(string) string) *Store {
	t.Helper()
	s, err := Open(getenv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func save(t *testing.T, s *Store, session *Session) {
	t.Helper()
	if err := s.Save(t.Context(), session); err != nil {
		t.Fatal(err)
	}
}

func TestSessionsAreOfOneAddress(t *testing.T) {
	getenv := home(t)
	s := open(t, getenv)
	now := time.Now().Round(0)
	save(t, s, &Session{BaseURL: "http://127.0.0.1:4000", UserID: "ann", Key: "litellm_login_ann", Expires: now})
	save(t, s, &Session{BaseURL: "https://gw.example/prefix", UserID: "bob", Key: "litellm_login_bob", Expires: now})
	for url, want := range map[string]string{
		"http://127.0.0.1:4000": "litellm_login_ann", "HTTP://127.0.0.1:4000/": "litellm_login_ann",
		"https://GW.example:443/prefix/": "litellm_login_bob",
		"http://localhost:4000":          "", "http://127.0.0.1:4001": "", "https://127.0.0.1:4000": "", "http://127.0.0.1:4000/v1": "",
		"https://gw.example": "", "https://gw.example/Prefix": "", "https://gw.example.evil.example/prefix": "",
	} {
		session, err := open(t, getenv).Load(url)
		if got := ""; err != nil || session != nil && session.Key != want || session == nil && got != want {
			t.Errorf("%s: %+v, %v, want %q", url, session, err, want)
		}
	}
	list, err := os.ReadFile(s.path)
	if err != nil || strings.Contains(string(list), "litellm_login_") {
		t.Errorf("the list of sessions: %s, %v", list, err)
	}
	if err := s.Remove(t.Context(), "http://127.0.0.1:4000/"); err != nil {
		t.Fatal(err)
	}
	if left, err := s.List(); len(left) != 1 || left[0] != "https://gw.example/prefix" || err != nil {
		t.Errorf("left: %v, %v", left, err)
	}
	if data, _ := os.ReadFile(filepath.Join(filepath.Dir(s.path), "credentials.json")); strings.Contains(string(data), "ann") || !strings.Contains(string(data), "bob") {
		t.Errorf("the secrets: %s", data)
	}
}

func TestDamagedSessions(t *testing.T) {
	s := open(t, home(t))
	save(t, s, &Session{BaseURL: "http://gw.example", Key: "litellm_login_x"})
	if err := s.keys.Delete("session http://gw.example"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Load("http://gw.example")
	wants(t, "its secret is gone", err, proxyclient.CodeUnauthorized, "not in", "any more")
	if err := s.keys.Set("session http://gw.example", "{}"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Load("http://gw.example")
	wants(t, "its secret is empty", err, proxyclient.CodeUnauthorized, "damaged")
	for _, list := range []string{"[]", "{", `{"http://gw.example/": {}}`, `{"http://gw.example": null}`} {
		if err := os.WriteFile(s.path, []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.Find("http://gw.example")
		wants(t, list, err, proxyclient.CodeLocal, "sessions.json")
		if err := s.Save(t.Context(), &Session{BaseURL: "http://gw.example", Key: "litellm_login_y"}); err == nil {
			t.Errorf("%s was replaced", list)
		}
	}
}

func TestWarnedOnce(t *testing.T) {
	p, getenv := serve(t), home(t)
	s := open(t, getenv)
	end := time.Now().Add(24 * time.Hour)
	save(t, s, &Session{BaseURL: p.server.URL, Key: "litellm_login_x", Expires: end, Assumed: true})
	use := func(left time.Duration) (string, error) {
		s := open(t, getenv)
		s.now = func() time.Time { return end.Add(-left) }
		session, note, err := s.Use(t.Context(), p.Gateway)
		if err == nil && session.Key != "litellm_login_x" {
			t.Errorf("%s before the end: %+v", left, session)
		}
		return note, err
	}
	for _, c := range []struct {
		left time.Duration
		told bool
	}{{2 * time.Hour, false}, {50 * time.Minute, true}, {40 * time.Minute, false}, {-time.Hour, false}} {
		note, err := use(c.left)
		if told := strings.Contains(note, "sign in again"); told != c.told || err != nil {
			t.Errorf("%s before the end: %q, %v", c.left, note, err)
		}
	}
	// When the gateway said so, the end is the end.
	save(t, s, &Session{BaseURL: p.server.URL, Key: "litellm_login_x", Expires: end})
	_, err := use(-time.Second)
	wants(t, "after the end", err, proxyclient.CodeUnauthorized, "expired at")
}

// TestRenewedOnce: a refresh token works once, so of several processes one renews.
func TestRenewedOnce(t *testing.T) {
	p, getenv := serve(t), home(t)
	first, err := p.visit(t, sandbox.Browser{Email: "ann@example.com"}, "")
	if err != nil {
		t.Fatal(err)
	}
	first.Expires = time.Now().Add(time.Minute)
	save(t, open(t, getenv), first)
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := open(t, getenv).Use(interrupted, p.Gateway); err == nil {
		t.Error("an interrupted command renewed the session")
	}
	var told []bool
	watched := open(t, getenv)
	watched.Renewing = func(on bool) { told = append(told, on) }
	if _, _, err := watched.Use(t.Context(), p.Gateway); err != nil || !slices.Equal(told, []bool{true, false}) {
		t.Errorf("a renewal was announced as %v, %v", told, err)
	}
	if first, err = watched.Load(p.server.URL); err != nil {
		t.Fatal(err)
	}
	first.Expires = time.Now().Add(time.Minute)
	save(t, open(t, getenv), first)
	var group sync.WaitGroup
	keys := make(chan string, 8)
	for range cap(keys) {
		group.Go(func() {
			session, note, err := open(t, getenv).Use(t.Context(), p.Gateway)
			if err != nil || note != "" {
				t.Errorf("%q, %v", note, err)
				return
			}
			keys <- session.Key
		})
	}
	group.Wait()
	close(keys)
	fresh := ""
	for key := range keys {
		if fresh == "" {
			fresh = key
		}
		if key != fresh || key == first.Key {
			t.Error("the processes have several tokens, or the old one")
		}
	}
	stored, err := open(t, getenv).Load(p.server.URL)
	if err != nil || stored.Key != fresh || stored.RefreshToken == first.RefreshToken || stored.TeamID != "team-red" {
		t.Errorf("stored for %s, team %s, %v", stored.UserID, stored.TeamID, err)
	}
}

func TestRenewalRefused(t *testing.T) {
	p, getenv := serve(t), home(t)
	session, err := p.visit(t, sandbox.Browser{Email: "ann@example.com"}, "")
	if err != nil {
		t.Fatal(err)
	}
	save(t, open(t, getenv), session)
	use := func(left time.Duration) (string, error) {
		s := open(t, getenv)
		s.now = func() time.Time { return session.Expires.Add(-left) }
		_, note, err := s.Use(t.Context(), p.Gateway)
		return note, err
	}
	remove := p.sandbox.Inject(sandbox.Fault{Path: "/token", Status: http.StatusServiceUnavailable, Body: `{"error":"temporarily_unavailable","error_description":"busy"}`})
	if note, err := use(time.Minute); err != nil || !strings.Contains(note, "could not be renewed (busy)") {
		t.Errorf("for now: %q, %v", note, err)
	}
	remove()
	if revoked, err := p.Revoke(t.Context(), session); !revoked || err != nil {
		t.Fatal(revoked, err)
	}
	if note, err := use(time.Minute); err != nil || !strings.Contains(note, "was revoked") || !strings.Contains(note, "sign in again") {
		t.Errorf("revoked: %q, %v", note, err)
	}
	if note, err := use(time.Minute); err != nil || note != "" {
		t.Errorf("told again: %q, %v", note, err)
	}
	_, err = use(0)
	wants(t, "after the end", err, proxyclient.CodeUnauthorized, "expired at")
}

// TestLive: a process that runs for long follows what others do.
func TestLive(t *testing.T) {
	p, getenv := serve(t), home(t)
	live := open(t, getenv).Watch(p.Gateway)
	other := open(t, getenv)
	has := func(what, want string) {
		t.Helper()
		session, err := live.Session(t.Context())
		key := ""
		if session != nil {
			key = session.Key
		}
		if key != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", what, key, err, want)
		}
	}
	has("before", "")
	save(t, other, &Session{BaseURL: p.server.URL, Key: "litellm_login_1", Expires: time.Now().Add(time.Hour * 5)})
	has("signed in", "litellm_login_1")
	save(t, other, &Session{BaseURL: p.server.URL, Key: "litellm_login_2", Expires: time.Now().Add(time.Hour * 5)})
	has("signed in again", "litellm_login_2")
	save(t, other, &Session{BaseURL: "http://gw.example", Key: "litellm_login_3", Expires: time.Now().Add(time.Hour * 5)})
	has("signed in elsewhere", "litellm_login_2")
	if err := other.Remove(t.Context(), p.server.URL); err != nil {
		t.Fatal(err)
	}
	has("signed out", "")
}

func TestPython(t *testing.T) {
	getenv := home(t)
	dir := filepath.Join(getenv("HOME"), ".litellm")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	for _, c := range []struct{ url, file, want string }{
		{"http://gw.example", `{"base_url":"http://gw.example","key":"litellm_login_p"}`, "litellm_login_p"},
		{"http://gw.example/", `{"base_url":"http://gw.example","key":"litellm_login_p"}`, "litellm_login_p"},
		{"http://gw.example", `{"base_url":"http://gw.example","key":"litellm_login_p","expires_at":1800000001.5}`, "litellm_login_p"},
		{"http://gw.example", `{"base_url":"http://gw.example","key":"litellm_login_p","expires_at":1800000000}`, ""},
		{"http://gw.example:8080", `{"base_url":"http://gw.example","key":"litellm_login_p"}`, ""},
		{"http://gw.example", `{"base_url":"","key":"litellm_login_p"}`, ""},
		{"http://gw.example", `{"base_url":"http://gw.example"}`, ""},
		{"http://gw.example", `{`, ""},
	} {
		if err := os.WriteFile(filepath.Join(dir, "token.json"), []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := Python(c.url, getenv, now); got != c.want {
			t.Errorf("%s with %s: %q, want %q", c.url, c.file, got, c.want)
		}
	}
}

func TestBrowserCommand(t *testing.T) {
	out := filepath.Join(t.TempDir(), "opened")
	script := filepath.Join(t.TempDir(), "open it")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf '%s|' \"$@\" > '"+out+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if os.PathSeparator != '/' {
		t.Skip("needs a shell")
	}
	env := map[string]string{"BROWSER": "/nowhere/at/all:'" + script + "' --url=%s 'two words'"}
	getenv := func(name string) string { return env[name] }
	if err := OpenBrowser(getenv, "http://gw.example/?a=1&b=$HOME"); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(out); string(got) != "--url=http://gw.example/?a=1&b=$HOME|two words|" {
		t.Errorf("opened with %s", got)
	}
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"BROWSER": "x", "SSH_TTY": "y"}, true},
		{map[string]string{"DISPLAY": ":0", "SSH_CONNECTION": "y"}, false},
	} {
		if got := HasBrowser(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %v", c.env, got)
		}
	}
}

// TestLifeOfToken: a life that no token has is not believed.
func TestLifeOfToken(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for seconds, assumed := range map[float64]bool{60: false, 0: true, -1: true, 1e300: true} {
		var s Session
		s.take(&pair{Token: "t", Seconds: seconds}, now)
		if s.Assumed != assumed || !s.Expires.After(now) {
			t.Errorf("%g seconds: expires %s, assumed %v", seconds, s.Expires, s.Assumed)
		}
	}
}

// TestReady: where no session can be stored, that is known before anybody signs in.
func TestReady(t *testing.T) {
	getenv := home(t)
	s := open(t, getenv)
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	dir := filepath.Dir(s.path)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, "a file in the way", s.Ready(t.Context()), proxyclient.CodeLocal)
}
