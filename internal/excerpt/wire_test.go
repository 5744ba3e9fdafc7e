package excerpt

import (
	"encoding/json"
	"strings"
	"testing"

	"litellm-proxy/internal/secret"
)

// TestWire: what is counted is what encoding/json writes.
func TestWire(t *testing.T) {
	var all strings.Builder
	for r := range rune(0x3000) {
		all.WriteRune(r)
	}
	for _, text := range []string{"", "words", "a\"b\\c\n\r\t\b\f\x00\x1f\x7f", "<a href=\"b\">&amp;", "\u2028\u2029\u202e é 😀 \ufffd", "\xff\xc3 \xe2\x80", all.String()} {
		encoded, _ := json.Marshal(text)
		if got := WireText([]byte(text)) + 2; got != len(encoded) {
			t.Errorf("%q takes %d bytes, counted %d", text, len(encoded), got)
		}
		value := secret.Encode(map[string]string{text: text})
		encoded, _ = json.Marshal(value)
		if got := WireJSON(value); got != len(encoded) {
			t.Errorf("%s takes %d bytes, counted %d", value, len(encoded), got)
		}
		for most := range min(len(encoded), 100) {
			n, wire := textUpTo([]byte(text), most)
			if part, _ := json.Marshal(text[:n]); wire > most || len(part)-2 != wire {
				t.Errorf("%q up to %d: %d bytes take %d", text, most, n, wire)
			}
		}
	}
}
