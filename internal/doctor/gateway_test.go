package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/proxyclient"
)

var quiet = log.New(io.Discard, "", 0)

func TestAddress(t *testing.T) {
	for text, tt := range map[string]struct {
		status Status
		words  string
	}{
		"${LITELLM_PROXY_URL}":           {Failed, "the placeholder ${LITELLM_PROXY_URL}"},
		"https://your-gateway.internal":  {Failed, "the placeholder your-gateway"},
		"https://<host>:4000":            {Failed, "the placeholder <host>"},
		`"https://gw.invalid"`:           {Failed, "quotation marks"},
		"gw.invalid:4000":                {Failed, "http://gw.invalid:4000"},
		"https://ann:hunter2@gw.invalid": {Failed, "user name or password"},
		"https://gw.invalid/v1":          {Warning, "ends in /v1"},
		"https://gw.invalid/v1/":         {Warning, "ends in /v1"},
		"https://gw.invalid/litellm":     {OK, "https://gw.invalid/litellm"},
	} {
		r := examine(t, Subject{Settings: config.Settings{BaseURL: text}}, func(e *exam) { e.Limit = time.Millisecond })
		expect(t, r, "url", tt.status, tt.words)
		if all, _ := json.Marshal(r); strings.Contains(string(all), "hunter2") {
			t.Errorf("a password is in the report: %s", all)
		}
		if tt.status == Failed {
			expect(t, r, "gateway", Skipped, "because of url")
		}
	}
}

// TestNotReady: what answers is no gateway, or one without a database.
func TestNotReady(t *testing.T) {
	for name, tt := range map[string]struct {
		status       int
		body         string
		gateway, db  Status
		words, dbHas string
	}{
		"another page":    {200, "<html>Welcome to nginx</html>", Failed, Skipped, "", ""},
		"not now":         {503, "<html>Service Unavailable</html>", Failed, Skipped, "the answer was HTTP 503: an HTML page", ""},
		"another service": {200, `{"ok": true}`, Failed, Skipped, "not a LiteLLM gateway", ""},
		"nothing there":   {404, `{"detail": "Not Found"}`, Failed, Skipped, "not a LiteLLM gateway", ""},
		"no database":     {200, `{"status": "healthy", "db": "Not connected"}`, OK, Warning, "", "DATABASE_URL"},
		"database down":   {503, `{"status": "unhealthy", "db": "disconnected"}`, OK, Failed, "", "disconnected"},
	} {
		t.Run(name, func(t *testing.T) {
			gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			}))
			defer gateway.Close()
			r := examine(t, Subject{Settings: config.Settings{BaseURL: gateway.URL}}, nil)
			expect(t, r, "gateway", tt.gateway, tt.words)
			expect(t, r, "database", tt.db, tt.dbHas)
		})
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string]Status{"1.83.14": Warning, "1.106.2": OK, "1.110.2": OK, "1.111.0": OK, "": Skipped} {
		gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/health/readiness/details" {
				fmt.Fprintf(w, `{"litellm_version": %q}`, version)
				return
			}
			ready(w, r)
		}))
		expect(t, examine(t, Subject{Settings: config.Settings{BaseURL: gateway.URL}}, nil), "version", want, version)
		gateway.Close()
	}
}

// TestKeys: what a key looks like, without a gateway.
func TestKeys(t *testing.T) {
	for key, tt := range map[string]struct {
		status Status
		words  string
	}{
		testKey:                    {OK, "sk-...klmn (from LITELLM_PROXY_API_KEY)"},
		"sk-your-key":              {Failed, "placeholder"},
		"${LITELLM_PROXY_API_KEY}": {Failed, "placeholder"},
		"<key>":                    {Failed, "placeholder"},
		`"` + testKey + `"`:        {Failed, "quotation marks"},
		"Bearer " + testKey:        {Failed, "Bearer"},
		testKey + "\u00a0x":        {Failed, "outside ASCII"},
		`sk-a"b$Cd%e%<f>`:          {OK, "sk-..."},
		"eyJhbGciOi.abc":           {Warning, "does not start with sk-"},
	} {
		r := examine(t, Subject{Settings: config.Settings{BaseURL: "http://gw.invalid", APIKey: key, APIKeySource: config.KeyVariable}}, func(e *exam) { e.Limit = time.Millisecond })
		expect(t, r, "key", tt.status, tt.words)
		if tt.status == Failed && r.Code() != proxyclient.CodeUnauthorized {
			t.Errorf("code %q", r.Code())
		}
		if all, _ := json.Marshal(r); strings.Contains(string(all), "0123456789abc") {
			t.Errorf("%q is in the report: %s", key, all)
		}
	}
}

func TestAccess(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(ready))
	defer gateway.Close()
	tomorrow := time.Now().Add(30*time.Hour + time.Minute).UTC().Format(time.RFC3339)
	refused := &proxyclient.Error{Code: proxyclient.CodeUnauthorized, Message: "the key is blocked", Hint: "unblock it"}
	for name, tt := range map[string]struct {
		body   string
		err    error
		status Status
		words  string
		code   proxyclient.Code
	}{
		"no user":      {`{"key": {"status": "accepted"}}`, nil, OK, "no role", ""},
		"expires soon": {`{"key": {"status": "accepted", "expires": "` + tomorrow + `"}}`, nil, Warning, "expires in 30 hours", ""},
		"blocked":      {`{"key": {"status": "blocked"}}`, refused, Failed, "the key is blocked", proxyclient.CodeUnauthorized},
		"unreachable":  {``, &proxyclient.Error{Code: proxyclient.CodeUnreachable, Message: "gone"}, Failed, "gone", proxyclient.CodeUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			account := func(context.Context) (json.RawMessage, error) { return json.RawMessage(tt.body), tt.err }
			r := examine(t, Subject{Settings: config.Settings{BaseURL: gateway.URL}, Account: account}, nil)
			expect(t, r, "access", tt.status, tt.words)
			if r.Code() != tt.code {
				t.Errorf("code %q, want %q", r.Code(), tt.code)
			}
		})
	}
}
