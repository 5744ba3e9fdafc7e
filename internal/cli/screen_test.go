package cli

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// seen is what a terminal gets when the pieces are written to a screen one by one.
func seen(t *testing.T, pieces ...string) string {
	t.Helper()
	var out bytes.Buffer
	s := &screen{w: &out, before: func() {}}
	for _, piece := range pieces {
		if n, err := s.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("Write(%q) = %d, %v; want %d", piece, n, err, len(piece))
		}
	}
	s.flush()
	return out.String()
}

func TestScreen(t *testing.T) {
	for in, want := range map[string]string{
		"a\tb\n":                     "a\tb\n",
		"Grüße 日本 👩‍💻":               "Grüße 日本 👩‍💻",
		"\x1b]0;title\x07":           `\u001b]0;title\u0007`,
		"\x1b[2J\x7f":                `\u001b[2J\u007f`,
		"\u009b31m":                  `\u009b31m`,
		"user\u202etxt.exe":          `user\u202etxt.exe`,
		"\u2066a\u2069\u200e\u200fb": `\u2066a\u2069\u200e\u200fb`,
		"\ufeffx\u2028y":             `\ufeffx\u2028y`,
		"one\r\ntwo\rthree":          "one\ntwo" + `\u000d` + "three",
		"end\r":                      `end\u000d`,
		"\xed\xa0\x80":               "���", // a surrogate
		"\xff\xc3":                   "��",
	} {
		if got := seen(t, in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
		if got := seen(t, strings.Split(in, "")...); got != want {
			t.Errorf("%q in single characters is shown as %q, want %q", in, got, want)
		}
	}
}

// FuzzScreen: whatever is written, and however it is cut, nothing that drives a
// terminal comes out, and plain text stays as it is.
func FuzzScreen(f *testing.F) {
	f.Add("\x1b]8;;http://x\x1b\\", 3)
	f.Add("é\r\n\u202e", 1)
	f.Add("\xf0\x9f\x91", 2)
	f.Fuzz(func(t *testing.T, in string, at int) {
		whole := seen(t, in)
		if !utf8.ValidString(whole) {
			t.Errorf("%q is shown as %q, which is no UTF-8", in, whole)
		}
		for _, r := range whole {
			if r != '\n' && r != '\t' && drives(r) {
				t.Errorf("%q is shown as %q with %U", in, whole, r)
			}
		}
		if !strings.ContainsFunc(in, func(r rune) bool { return !plain(r) }) && whole != in {
			t.Errorf("%q became %q", in, whole)
		}
		if at >= 0 && at <= len(in) {
			if cut := seen(t, in[:at], in[at:]); cut != whole {
				t.Errorf("%q cut at %d is shown as %q, whole as %q", in, at, cut, whole)
			}
		}
	})
}
