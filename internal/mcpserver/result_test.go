package mcpserver

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestResultsAreBounded: what does not fit into a result is an error that says what
// to do, but for a write: what that did is not lost.
func TestResultsAreBounded(t *testing.T) {
	page := keyPage(8000) // 18 MiB
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RawQuery {
		case "binary":
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(bytes.Repeat([]byte{0xff}, maxResult))
		case "text":
			_, _ = io.WriteString(w, strings.Repeat("words ", maxResult/6+1))
		default:
			_, _ = w.Write(page)
		}
	}), Confirm: confirmNever}), `{}`, nil)
	for call, fits := range map[string]bool{
		`keys_list {}`:            true,
		`keys_list {"full":true}`: false,
		`http_request {"method":"GET","uri":"/key/list?binary"}`: false,
		`http_request {"method":"GET","uri":"/key/list?text"}`:   false,
		`http_request {"method":"GET","uri":"/key/list"}`:        false,
		`http_request {"method":"POST","uri":"/key/list"}`:       true,
	} {
		name, arguments, _ := strings.Cut(call, " ")
		r := c.call(name, arguments)
		if r.IsError == fits {
			t.Errorf("%s: an error is %v: %.300s", call, r.IsError, r.Text)
		}
		if len(r.Structured) > maxResult || len(r.Text) > maxText+1000 {
			t.Errorf("%s: a result of %d bytes with a text of %d", call, len(r.Structured), len(r.Text))
		}
		if !fits || strings.Contains(call, "POST") {
			wantText(t, r.Text, "above the 8 MiB", "Ask for less")
			wantText(t, string(r.Structured), `"too_large"`)
		}
	}
}

// TestSlimListIsWhole: the text of a long list is cut, its object is not.
func TestSlimListIsWhole(t *testing.T) {
	page := keyPage(3000)
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })}), `{}`, nil)
	r := c.call("keys_list", `{}`)
	wantText(t, r.Text, "3000 of 3000 keys\n[{", "truncated; the structured content has all of it")
	wantText(t, string(r.Structured), `"key_alias":"key-2999"`, `"total":3000`)
	if strings.Contains(string(r.Structured), "some_field") || strings.Contains(string(r.Structured), "null") {
		t.Errorf("the items are not slim: %.500s", r.Structured)
	}
}
