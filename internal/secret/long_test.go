package secret

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestLongStrings: a long string with escapes is redacted in windows as it would be
// at once, wherever in it the secrets stand.
func TestLongStrings(t *testing.T) {
	const token, own = "sk-abcdefghijklmnop1234567890", "own-key-of-the-caller"
	secrets := []string{
		token, own, `password="` + strings.Repeat("hidden words ", 10) + `"`, "Authorization: Basic dXNlcjpwYXNzd29yZA==\n",
		"-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("AAAA", 20_000) + "\n-----END PRIVATE KEY-----", "https://user:" + "pass@host/",
	}
	for _, tt := range []struct {
		filler, form string
		encode       func(string) string
	}{
		{"some words\n", `{"note":%s,"x":1}`, func(s string) string { return string(Encode(s)) }},
		{"é \U0001F600 \u202e", `{"x":1,%s:true}`, ascii},
	} {
		var text strings.Builder
		for n := 0; text.Len() < longString+window; n++ {
			// Around the end of a window they stand closer.
			next := text.Len() + 40_000
			if text.Len()%window > window-2*ahead {
				next = text.Len() + 1500
			}
			for text.Len() < next {
				text.WriteString(tt.filler)
			}
			fmt.Fprintf(&text, "\n%s\n", secrets[n%len(secrets)])
		}
		r := Redactor{Own: []string{own}}
		want, err := r.Text(context.Background(), text.String())
		if err != nil || want == text.String() {
			t.Fatal(err)
		}
		got, err := r.JSON(context.Background(), fmt.Appendf(nil, tt.form, tt.encode(text.String())))
		if err != nil {
			t.Fatal(err)
		}
		if !same(got, fmt.Appendf(nil, tt.form, Encode(want))) {
			t.Errorf("a text of %q is redacted in another way", tt.filler)
		}
	}
}

// ascii is a JSON string as Python's json writes it.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range string(Encode(s)) {
		switch {
		case r > 0xffff:
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		case r > 0x7e:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func same(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// TestLongStringsByPlace: a long string that its place, or its beginning, makes a
// secret is masked as a whole, and a secret without an end masks the rest.
func TestLongStringsByPlace(t *testing.T) {
	words := strings.Repeat(`words \n`, longString/8+1)
	for in, want := range map[string]string{
		`{"api_key":"` + words + `"}`:                             `{"api_key":"****"}`,
		`{"env":{"a":"` + words + `"}}`:                           `{"env":{"a":"****"}}`,
		`{"key":"sk-abcdef` + words + `"}`:                        `{"key":"****"}`,
		`{"alert_url":"https://a/` + words + `","b":1}`:           `{"alert_url":"https://a/` + words + `","b":1}`,
		`{"a":"\n-----BEGIN PRIVATE KEY-----` + words + `"}`:      `{"a":"\n****"}`,
		`{"` + words + `api_key":"hidden"}`:                       `{"` + words + `api_key":"****"}`,
		`{"name":"` + words + `","value":"shown"}`:                `{"name":"` + words + `","value":"shown"}`,
		`{"a":"` + words + `","b":"sk-abcdefghijklmnop12345678"}`: `{"a":"` + words + `","b":"sk-...5678"}`,
	} {
		if got := string(JSON([]byte(in))); got != want {
			t.Errorf("%.40s…: got %.60s…%s", in, got, got[max(0, len(got)-40):])
		}
	}
}
