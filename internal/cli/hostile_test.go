//go:build linux

package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile are names that set the title of a terminal, clear it, forge a line, turn the
// direction of writing, and hide.
const hostile = "evil\x1b]0;pwned\x07\x1b[2J\u009b31m\u202egnp.exe\u2066\ufeff\r\x7fend"

// malicious is a gateway whose every word is hostile.
func malicious() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := strings.NewReplacer("\x1b", `\u001b`, "\x07", `\u0007`, "\r", `\r`).Replace(hostile)
		switch r.URL.Path {
		case "/teapot":
			w.WriteHeader(418)
			fmt.Fprint(w, hostile)
		case "/text":
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, hostile)
		case "/chat/completions":
			w.Header().Set("Content-Type", "text/event-stream")
			// The runes come in pieces of a byte's meaning: one word, one event.
			for _, r := range hostile {
				word := strings.NewReplacer("\x1b", `\u001b`, "\x07", `\u0007`, "\r", `\r`).Replace(string(r))
				fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}\n\n", word)
			}
			fmt.Fprint(w, "data: [DONE]\n\n")
		case "/v2/team/list":
			fmt.Fprintf(w, `{"teams": [{"team_id": "%[1]s1", "team_alias": "dup"}, {"team_id": "%[1]s2", "team_alias": "dup"}], "total": 2, "total_pages": 1}`, text)
		default:
			w.Header().Set("X-Evil", hostile[:4]+"\u202e")
			fmt.Fprintf(w, `{"keys": [{"token": "t", "key_alias": "%[1]s"}], "total_count": 1, "total_pages": 1, "litellm_version": "%[1]s",
				"credential_name": "%[1]s", "key_alias": "%[1]s"}`, text)
		}
	})
}

// TestTerminalIsNotDriven: nothing that a gateway or an argument says moves the cursor,
// names the window or turns the direction of writing, wherever it is shown.
func TestTerminalIsNotDriven(t *testing.T) {
	server := httptest.NewServer(malicious())
	defer server.Close()
	for _, args := range [][]string{
		{"keys", "list", "--columns", "key_alias"},
		{"keys", "list", "--format", "json"},
		{"keys", "list", "--format", "jsonl"},
		{"keys", "list", "--format", "yaml"},
		{"keys", "list", "--format", "csv"},
		{"keys", "list", "--all", "--format", "csv"},
		{"keys", "generate", "--key-alias", "x"},
		{"keys", "generate", "--key-alias", "x", "--format", "table"},
		{"keys", "list", "--debug"},
		{"chat", "completions", "m", "-m", "user:x", "--stream"},
		{"http", "request", "GET", "/text"},
		{"http", "request", "GET", "/teapot"},
		{"keys", "generate", "--team", "dup"},
		{"keys", "generate", "--team", "dup", "--format", "json"},
		{"keys", "generate", "--" + hostile},
		{"evil" + hostile},
		{"version"},
		{"cache", "delete", hostile},
	} {
		c := atTerminal(t, server.URL, nil, args...)
		if args[0] == "cache" {
			c.expect("[y/N] ")
			c.kind("n\n")
		}
		_, text := c.end()
		if !strings.Contains(text, "evil") {
			t.Errorf("%q shows nothing of the gateway's words:\n%s", args, text)
		}
		if !utf8.ValidString(text) {
			t.Errorf("%q shows what is no UTF-8: %q", args, text)
		}
		for i, r := range text {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff') {
				t.Errorf("%q shows %U: %q", args, r, text[max(0, i-40):min(len(text), i+40)])
				break
			}
		}
	}
}

// TestPipedBytes: a pipe gets the gateway's bytes, for programs to judge.
func TestPipedBytes(t *testing.T) {
	server := httptest.NewServer(malicious())
	defer server.Close()
	if _, stdout, _ := run(t, server.URL, "sk-x", "http", "request", "GET", "/text"); stdout != hostile {
		t.Errorf("http request gives %q, want %q", stdout, hostile)
	}
	if _, stdout, _ := run(t, server.URL, "sk-x", "keys", "list", "--format", "json"); !strings.Contains(stdout, "\u202egnp.exe") {
		t.Errorf("JSON gives %q", stdout)
	}
}

// TestNamesAddNoLines: a name with line breaks cannot forge a line of a note or of a
// question.
func TestNamesAddNoLines(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"key": "sk-x", "key_alias": "a\nlitellm-proxy: forged", "token": "t"}`)
	}))
	defer server.Close()
	_, _, stderr := run(t, server.URL, "sk-x", "keys", "generate")
	if strings.Contains(stderr, "\nlitellm-proxy: forged") {
		t.Errorf("the alias adds a line: %q", stderr)
	}
	c := atTerminal(t, server.URL, nil, "cache", "delete", "a\nforged")
	c.expect("[y/N] ")
	c.kind("n\n")
	if _, text := c.end(); strings.Contains(text, "\nforged") {
		t.Errorf("the name adds a line to the question: %q", text)
	}
}
