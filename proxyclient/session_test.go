package proxyclient

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// signedAnswers are those of a live LiteLLM 1.110.2 to a sign-in token.
var signedAnswers = []struct {
	status int
	body   string
	code   Code
	hint   string
}{
	{401, `{"error":{"message":"Authentication Error - Expired Key. Key Expiry time 2026-11-25 18:29:45.563000+00:00 and current time 2026-11-26 05:29:45.563000+00:00","type":"expired_key","param":"sk-...Czvi","code":"401"}}`, CodeUnauthorized, "the session has expired; sign in again: {login}"},
	{401, `{"error":{"message":"Authentication Error, user 'cleo' no longer exists.","type":"auth_error","param":"user_id","code":"401"}}`, CodeUnauthorized, "sign in: {login}"},
	{403, `{"error":{"message":"Team 'team-blue' is not in your team memberships.","type":"auth_error","param":null,"code":"403"}}`, CodeForbidden, "sign in again: {login}"},
	{401, "{\"error\":{\"message\":\"Authentication Error, Team=team-blue is blocked. Update via `/team/unblock` if you're an admin.\",\"type\":\"auth_error\",\"param\":null,\"code\":\"401\"}}", CodeUnauthorized, "teams unblock"},
	{401, `{"error":{"message":"LiteLLM Virtual Key expected. Received=lite****4zAx, expected to start with 'sk-'.","type":"auth_error","param":null,"code":"401"}}`, CodeUnauthorized, "EXPERIMENTAL_UI_LOGIN=false"},
	{401, `{"error":{"message":"something new","type":"auth_error","param":null,"code":"401"}}`, CodeUnauthorized, "sign in again: {login}"},
}

// TestSignedAnswers: only the holder of a token is told to sign in again.
func TestSignedAnswers(t *testing.T) {
	var status int
	var body string
	plain := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	token := TokenPrefix + strings.Repeat("Ab3_", 190)
	signed := plain.WithKey(token, "the stored session")
	for _, tt := range signedAnswers {
		status, body = tt.status, tt.body
		e := asError(t, second(signed.Do(t.Context(), Request{Method: "GET", Path: "/models"})))
		if e.Code != tt.code || !strings.Contains(e.Hint, tt.hint) || !strings.Contains(e.Hint, "{login}") {
			t.Errorf("%d %.80s\n got %s, hint %q\nwant %s, hint %q", tt.status, tt.body, e.Code, e.Hint, tt.code, tt.hint)
		}
		if text := e.Error() + e.Hint; strings.Contains(text, token[:40]) || !strings.Contains(text, "a sign-in token from the stored session") {
			t.Errorf("the text of the error: %s", text)
		}
		if e := asError(t, second(plain.Do(t.Context(), Request{Method: "GET", Path: "/models"}))); strings.Contains(e.Hint, "{login}") {
			t.Errorf("a virtual key is told to sign in: %s", e.Hint)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSession(t *testing.T) {
	known := Session{TeamID: "t", TeamAlias: "red", Expires: time.Unix(1, 0)}
	c, err := New(Config{BaseURL: "http://127.0.0.1:1", APIKey: TokenPrefix + "x", Session: known})
	if err != nil {
		t.Fatal(err)
	}
	if !c.SignedIn() || c.Session() != known {
		t.Errorf("signed in %v, session %+v", c.SignedIn(), c.Session())
	}
	other := c.WithKey("sk-1234", "")
	if other.SignedIn() || other.Session() != (Session{}) {
		t.Errorf("another key still has the session %+v", other.Session())
	}
	if again := other.WithSession(known); again.Session() != known {
		t.Errorf("session %+v", again.Session())
	}
}
