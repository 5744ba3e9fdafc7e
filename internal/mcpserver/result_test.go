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
		case "control": // six times as large on the wire
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write(bytes.Repeat([]byte{1}, maxResult/6+1))
		case "html":
			_, _ = io.WriteString(w, `{"page":"`+strings.Repeat("<", maxResult/6)+`"}`)
		case "fits":
			_, _ = io.WriteString(w, `{"page":"`+strings.Repeat("<", maxResult/6-10)+`"}`)
		default:
			_, _ = w.Write(page)
		}
	}), Confirm: confirmNever}), `{}`, nil)
	for call, fits := range map[string]bool{
		`keys_list {}`:            true,
		`keys_list {"full":true}`: false,
		`http_request {"method":"GET","uri":"/key/list?binary"}`:  false,
		`http_request {"method":"GET","uri":"/key/list?text"}`:    false,
		`http_request {"method":"GET","uri":"/key/list?control"}`: false,
		`http_request {"method":"GET","uri":"/key/list?html"}`:    false,
		`http_request {"method":"GET","uri":"/key/list?fits"}`:    true,
		`http_request {"method":"GET","uri":"/key/list"}`:         false,
		`http_request {"method":"POST","uri":"/key/list"}`:        true,
	} {
		name, arguments, _ := strings.Cut(call, " ")
		r := c.call(name, arguments)
		if r.IsError == fits {
			t.Errorf("%s: an error is %v: %.300s", call, r.IsError, r.Text)
		}
		if wireJSON(r.Structured) > maxResult || wireText([]byte(r.Text)) > maxText+1000 {
			t.Errorf("%s: a result of %d bytes with a text of %d", call, len(r.Structured), len(r.Text))
		}
		if !fits || strings.Contains(call, "POST") {
			hint := "Ask for less"
			if fits {
				hint = "Do not repeat the call"
			}
			wantText(t, r.Text, "above the 8 MiB", hint)
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

// TestNewKeysAreNeverLost: where the answer to a write is cut or left out, its text
// begins with the keys that it has.
func TestNewKeysAreNeverLost(t *testing.T) {
	const key = "sk-new-Zm9vYmFyYmF6cXV4QUJD"
	size := 0
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, r *http.Request) {
		holder := `{"metadata":{"x":"` + strings.Repeat("y", size) + `"},"key_alias":"ci","token":"88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b","success":true,"key":"` + key + `"}`
		if strings.HasPrefix(r.URL.Path, "/management") {
			holder = `{"data":[` + holder + `,{"success":true,"key":"` + key + `2"}]}`
		}
		_, _ = io.WriteString(w, holder)
	}), Confirm: confirmNever}), `{}`, nil)
	for _, call := range []string{
		`keys_generate {"key_alias":"ci"}`,
		`http_request {"method":"POST","uri":"/key/generate"}`,
		`users_bulk_create {"user_emails":["a@example.com"],"auto_create_key":true}`,
	} {
		name, arguments, _ := strings.Cut(call, " ")
		for _, size = range []int{0, maxText, maxResult} {
			r := c.call(name, arguments)
			wantText(t, r.Text, key)
			wantText(t, string(r.Structured), `"key":"`+key+`"`)
			if r.IsError {
				t.Errorf("%s with %d bytes: %.300s", call, size, r.Text)
			}
			if size == 0 {
				continue
			}
			if !strings.HasPrefix(r.Text, "New key ci: "+key+"\n") || !strings.Contains(r.Text, "too large") {
				t.Errorf("%s with %d bytes: the text does not begin with the key: %.300s", call, size, r.Text)
			}
			if size == maxResult {
				wantText(t, r.Text, "the request was sent, but its answer is left out", "Do not repeat the call")
			}
		}
	}
}

// TestOldKeysAreNotRevealed: a read has no new key, however large its answer is.
func TestOldKeysAreNotRevealed(t *testing.T) {
	const key = "sk-old-Zm9vYmFyYmF6cXV4QUJD"
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"key":"`+key+`","x":"`+strings.Repeat("y", maxText)+`"}`)
	}), Confirm: confirmNever}), `{}`, nil)
	r := c.call("http_request", `{"method":"GET","uri":"/key/info"}`)
	if strings.Contains(r.Text+string(r.Structured), key) {
		t.Errorf("the key is shown: %.300s", r.Text)
	}
}

// TestPlansAreBounded: a dry run, or a question, with more than a result holds is
// refused.
func TestPlansAreBounded(t *testing.T) {
	for _, tt := range []struct {
		confirm, arguments string
		count              int
		want               string
	}{
		{confirmNever, `"dry_run":true,`, maxText, "truncated"},
		{confirmNever, `"dry_run":true,`, maxResult/6 + 1, "nothing was sent: the requests are above the 8 MiB"},
		{confirmArgument, ``, maxResult/6 + 1, "nothing was sent: the question would have"},
	} {
		c := dial(t, newServer(t, Options{Client: fake(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }), Confirm: tt.confirm}), `{}`, nil)
		r := c.call("http_request", `{"method":"POST","uri":"/x",`+tt.arguments+`"json":{"a":"`+strings.Repeat("<", tt.count)+`"}}`)
		wantText(t, r.Text, tt.want)
		if wireJSON(r.Structured) > maxResult || wireText([]byte(r.Text)) > maxText+1000 {
			t.Errorf("a result of %d bytes with a text of %d", len(r.Structured), len(r.Text))
		}
	}
}
