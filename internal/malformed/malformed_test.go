package malformed

import (
	"strings"
	"testing"
)

func TestKey(t *testing.T) {
	for text, want := range map[string]string{
		"${LITELLM_PROXY_API_KEY}": "is the placeholder ${LITELLM_PROXY_API_KEY}, which nothing filled in",
		"${LITELLM_KEY:-}":         "is the placeholder ${…}",
		"$LITELLM_PROXY_API_KEY":   "placeholder $LITELLM_PROXY_API_KEY",
		"$V":                       "placeholder $V",
		"$env:LITELLM_KEY":         "placeholder $env:LITELLM_KEY",
		"$(LITELLM_KEY)":           "placeholder $(LITELLM_KEY)",
		"%LITELLM_PROXY_API_KEY%":  "placeholder %LITELLM_PROXY_API_KEY%",
		"<your-key>":               "placeholder <your-key>",
		"<Your LiteLLM Key>":       "placeholder <Your LiteLLM Key>",
		"<hunter2secret>":          "placeholder <…>",
		"{{LITELLM_KEY}}":          "placeholder {{LITELLM_KEY}}",
		"{{api_key}}":              "placeholder {{…}}",
		"${{ secrets.KEY }}":       "placeholder ${{ … }}",
		"${env:LITELLM_KEY}":       "placeholder ${env:LITELLM_KEY}",
		"${input:litellm-key}":     "placeholder ${input:litellm-key}",
		"{env:LITELLM_KEY}":        "placeholder {env:LITELLM_KEY}",
		"${hunter2secret}":         "placeholder ${…}",
		"sk-...":                   "placeholder sk-...",
		`"sk-1234"`:                "is in quotation marks",
		"'sk-1234'":                "is in quotation marks",
		"“sk-1234”":                "is in quotation marks",
		"„sk-1234“":                "is in quotation marks",
		"Bearer sk-1234":           `starts with "Bearer "`,
		"bearer ${X}":              `starts with "Bearer "`,
		"\ufeffsk-1234":            "byte order mark",
		"sk-12\n34":                "contains a line break",
		"${A}\n":                   "placeholder ${A}",
	} {
		f := Key(text)
		if f == nil || !strings.Contains(f.Why, want) {
			t.Errorf("%q: %+v, want %q", text, f, want)
			continue
		}
		for _, hidden := range []string{"sk-1234", "hunter2"} {
			if strings.Contains(f.Why+f.Fix, hidden) {
				t.Errorf("%q is repeated: %+v", text, f)
			}
		}
	}
}

// TestRealKeys: no key that a gateway may have is refused.
func TestRealKeys(t *testing.T) {
	for _, key := range []string{
		"", "sk-1234", "sk-aB3_dEfGhIjKlMnOpQrSt-", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
		"changeme", "your-key", "$ecret", "$1000", "pa$$word", "pa${x", "a${B}c", "{}", "<", "<>", "${}", "%%", "%a%", "100%", "it's", `say "hi"`, `"`, "''",
		"bearer", "Bearer", "bearer-token", "token<1>", "{x}", "p@ss#w0rd!", "~`^*()[]|\\;:,.?/", "$", "$(", "/run/secrets/key",
	} {
		if f := Key(key); f != nil {
			t.Errorf("%q: %+v", key, f)
		}
	}
}

func TestURL(t *testing.T) {
	for text, want := range map[string]string{
		"${LITELLM_PROXY_URL}":         "is the placeholder ${LITELLM_PROXY_URL}",
		`"http://localhost:4000"`:      "is in quotation marks",
		"\ufeffhttp://localhost:4000":  "byte order mark",
		"https://<your-gateway>":       "contains the placeholder <your-gateway>",
		"https://${HOST}:4000":         "contains the placeholder ${HOST}",
		"http://{{HOST}}/x":            "contains the placeholder {{HOST}}",
		"http://$HOST:4000":            "contains the placeholder $HOST",
		"https://%GATEWAY%/v":          "contains the placeholder %GATEWAY%",
		"https://gw.example/${PREFIX}": "contains the placeholder ${PREFIX}",
		"<gateway-url>":                "is the placeholder <gateway-url>",
	} {
		if f := URL(text); f == nil || !strings.Contains(f.Why, want) {
			t.Errorf("%q: %+v, want %q", text, f, want)
		}
	}
	for _, text := range []string{
		"", "http://localhost:4000", "https://gw.example/pre%20fix", "https://user:pa$WORD@gw.example", "http://[fe80::1%25eth0]:4000", "https://gw.example/a$B/c", "sandbox:",
		"https://your-gateway.example.com", "localhost:4000",
	} {
		if f := URL(text); f != nil {
			t.Errorf("%q: %+v", text, f)
		}
	}
}

// FuzzKey: a fault never repeats a key, and what is a placeholder stays one between blanks.
func FuzzKey(f *testing.F) {
	for _, seed := range []string{"${X}", `"sk-1234"`, "<your-key>", "{{a}}", "%A%", "$(", "„“"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		const key = "sk-0123456789abcdef0123"
		for _, wrapped := range []string{"${" + key + "}", "<" + key + ">", `"` + key + `"`, text + key} {
			if fault := Key(wrapped); fault != nil && strings.Contains(fault.Why+fault.Fix, key) {
				t.Errorf("%q is repeated: %+v", wrapped, fault)
			}
		}
		if (Key(text) == nil) != (Key(" "+text+"\n") == nil) {
			t.Errorf("%q: blanks around it matter", text)
		}
		URL(text)
		Value(text)
	})
}
