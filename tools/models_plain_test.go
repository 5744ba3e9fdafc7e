package tools

import (
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

// TestPlainParams: an answer of the gateway with encrypted texts shows what was sent, and
// none of the others.
func TestPlainParams(t *testing.T) {
	const cipher = "SXkuv3xNBoGY3D4tValcuSintJAnRB-snMqdP8hWOosGUVkKdO0pW2oZ5lNIeDEeCNibNhA_TSa8dQ=="
	body := `{"model_id":"7","litellm_params":{"rpm":10,"model":"` + cipher + `","api_base":"` + cipher + `","api_version":"2024-10-21","region_name":"` + cipher + `"},"blocked":false}`
	sent := operation.Args{"model": operation.Encode("openai/gpt-4o"), "api_base": operation.Encode("https://x"), "region_name": []byte("null")}
	got := string(plainParams([]byte(body), sent))
	want := `{"model_id":"7","litellm_params":{"rpm":10,"model":"openai/gpt-4o","api_base":"https://x","api_version":"2024-10-21"},"blocked":false}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, odd := range []string{"", "null", "[]", `{"litellm_params":null}`, `{"litellm_params":"` + cipher + `"}`} {
		if got := string(plainParams([]byte(odd), sent)); got != odd {
			t.Errorf("%s became %s", odd, got)
		}
	}
	for text, want := range map[string]bool{cipher: true, "gpt-4o": false, strings.Repeat("a", 64): true, "openai/" + strings.Repeat("a", 57): false} {
		if encrypted(operation.Encode(text)) != want {
			t.Errorf("encrypted(%s) is not %v", text, want)
		}
	}
}
