package mcpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"litellm-proxy/internal/excerpt"
)

// wantBounded checks what every answer keeps, whatever the tool: it fits each client, and
// either channel alone is enough.
func wantBounded(t *testing.T, r result, most int) {
	t.Helper()
	if n := excerpt.WireText([]byte(r.Text)); n > most {
		t.Errorf("the text takes %d bytes, at most %d are meant: %.300s", n, most, r.Text)
	}
	if n := excerpt.WireJSON(r.Structured); n > most {
		t.Errorf("the structured content takes %d bytes, at most %d are meant: %.300s", n, most, r.Structured)
	}
	for line := range strings.Lines(r.Text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > excerpt.MaxLine {
			t.Errorf("a line of the text has %d characters: %.300s", n, line)
		}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(r.Structured, &object); err != nil || len(object) == 0 {
		t.Errorf("the structured content is %s, %v", r.Structured, err)
	}
	if strings.Contains(r.Text, "structured content") {
		t.Errorf("the text points to the structured content: %.300s", r.Text)
	}
	var said struct {
		Done    string
		Notes   []string
		LeftOut []string `json:"left_out"`
		Total   *json.Number
	}
	if err := json.Unmarshal(r.Structured, &said); err != nil {
		t.Errorf("%v: %.300s", err, r.Structured)
	}
	said.Notes = append(append(said.Notes, said.LeftOut...), said.Done)
	for _, sentence := range said.Notes {
		if !strings.Contains(excerpt.Fold(r.Text), sentence) && len(sentence) < excerpt.MaxLine {
			t.Errorf("%q is only in the structured content: %.500s", sentence, r.Text)
		}
	}
}

// TestResultsAreBounded: an answer of any size and kind fits, and says what is missing.
func TestResultsAreBounded(t *testing.T) {
	page := keyPage(8000) // 18 MiB
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RawQuery {
		case "binary":
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(bytes.Repeat([]byte{0xff}, 1<<20))
		case "text":
			_, _ = io.WriteString(w, strings.Repeat("words ", 1<<20))
		case "control": // six times as large on the wire
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write(bytes.Repeat([]byte{1}, 1<<20))
		case "html":
			_, _ = io.WriteString(w, `{"page":"`+strings.Repeat("<", 1<<20)+`"}`)
		case "error":
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":{"message":"`+strings.Repeat("<no> ", 1<<18)+`"}}`)
		case "deep":
			_, _ = io.WriteString(w, strings.Repeat("[", 5000)+`"`+strings.Repeat("x", 50000)+`"`+strings.Repeat("]", 5000))
		case "facts":
			_, _ = io.WriteString(w, "{")
			for i := range 50000 {
				_, _ = fmt.Fprintf(w, `"fact_%d":%d,`, i, i)
			}
			_, _ = io.WriteString(w, `"id":"the-id"}`)
		case "name":
			_, _ = io.WriteString(w, `{"`+strings.Repeat("n", 100000)+`":1,"`+strings.Repeat("m", 5000)+`":{"x":1}}`)
		case "number":
			_, _ = io.WriteString(w, `{"n":`+strings.Repeat("1", 6000)+`}`)
		default:
			_, _ = w.Write(page)
		}
	}), Confirm: confirmNever}), `{}`, nil)
	for _, query := range []string{"binary", "text", "control", "html", "error", "deep", "facts", "name", "number", "huge"} {
		for _, full := range []string{"", `,"full":true`} {
			for _, method := range []string{"GET", "POST"} {
				r := c.call("http_request", `{"method":"`+method+`","uri":"/key/list?`+query+`"`+full+`}`)
				if r.IsError != (query == "error" || query == "huge" && method == "GET") {
					t.Errorf("%s %s: an error is %v: %.300s", method, query, r.IsError, r.Text)
				}
				switch query {
				case "huge":
					wantText(t, r.Text, "above the 8 MiB")
					wantText(t, string(r.Structured), `"too_large"`)
				case "facts":
					wantText(t, r.Text, `id: "the-id"`, "Left out: ")
				}
			}
		}
	}
	r := c.call("http_request", `{"method":"POST","uri":"/key/list"}`)
	wantText(t, r.Text, "the request was sent, but its answer is left out", "Do not repeat the call")
	for _, arguments := range []string{`{}`, `{"full":true}`} {
		r := c.call("keys_list", arguments)
		wantText(t, r.Text, " of 8000 keys; next: {", "on this page shown, see next")
		if strings.Contains(arguments, "full") != strings.Contains(string(r.Structured), "some_field") {
			t.Errorf("%s: the items are not slim, or not whole: %.500s", arguments, r.Structured)
		}
	}
}

// TestNewKeysAreNeverLost: however large the answer to a write is, its new keys are shown.
func TestNewKeysAreNeverLost(t *testing.T) {
	const key = "sk-new-Zm9vYmFyYmF6cXV4QUJD"
	size := 0
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, r *http.Request) {
		holder := `{"metadata":{"x":"` + strings.Repeat("y", size) + `"},"key_alias":"ci","token":"88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b","success":true,"key":"` + key + `"}`
		if strings.HasPrefix(r.URL.Path, "/management") {
			holder = `{"data":[` + holder
			for i := range size / 10000 {
				holder += fmt.Sprintf(`,{"success":true,"user_email":"a%d@example.com","key":"%s%d"}`, i, key, i)
			}
			holder += `,{"success":true,"key":"` + key + `-last"}]}`
		}
		_, _ = io.WriteString(w, holder)
	}), Confirm: confirmNever}), `{}`, nil)
	for _, call := range []string{
		`keys_generate {"key_alias":"ci"}`,
		`http_request {"method":"POST","uri":"/key/generate"}`,
		`users_bulk_create {"user_emails":["a@example.com"],"auto_create_key":true}`,
	} {
		name, arguments, _ := strings.Cut(call, " ")
		for _, size = range []int{0, 200 << 10, maxAnswer} {
			r := toResult(t, c.request("tools/call", fmt.Sprintf(`{"name":%q,"arguments":%s}`, name, arguments)))
			wantBounded(t, r, fullBound)
			wantText(t, r.Text, key)
			wantText(t, string(r.Structured), `"key":"`+key+`"`)
			if strings.HasPrefix(name, "users") {
				wantText(t, r.Text, key+"-last")
				wantText(t, string(r.Structured), `"`+key+`-last"`)
				if size > 0 {
					wantText(t, r.Text, "New key of a7@example.com: "+key+"7\n")
					wantText(t, string(r.Structured), `"key":"`+key+`7"`, `"user":"a7@example.com"`)
				}
			}
			if r.IsError {
				t.Errorf("%s with %d bytes: %.300s", call, size, r.Text)
			}
			if size == maxAnswer {
				wantText(t, r.Text, "New key ci: "+key+"\n", "the request was sent, but its answer is left out", "Do not repeat the call")
			}
		}
	}
}

// TestEmptyAnswers: an answer without content is not nothing at all to the reader.
func TestEmptyAnswers(t *testing.T) {
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}), Confirm: confirmNever}), `{}`, nil)
	r := c.call("http_request", `{"method":"DELETE","uri":"/x"}`)
	if r.IsError || r.Text != "The gateway's answer is empty." {
		t.Errorf("the text is %q", r.Text)
	}
	wantText(t, string(r.Structured), `"notes":["The gateway's answer is empty."]`)
}

// TestOldKeysAreNotRevealed: a read has no new key, however large its answer is.
func TestOldKeysAreNotRevealed(t *testing.T) {
	const key = "sk-old-Zm9vYmFyYmF6cXV4QUJD"
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"key":"`+key+`","x":"`+strings.Repeat("y", 200<<10)+`"}`)
	}), Confirm: confirmNever}), `{}`, nil)
	r := c.call("http_request", `{"method":"GET","uri":"/key/info"}`)
	if strings.Contains(r.Text+string(r.Structured), key) {
		t.Errorf("the key is shown: %.300s", r.Text)
	}
}

// TestPlansAreBounded: a dry run shows as much as fits, and a question that nobody would
// read is not asked.
func TestPlansAreBounded(t *testing.T) {
	for _, tt := range []struct {
		confirm, arguments string
		count              int
		want               string
	}{
		{confirmNever, `"dry_run":true,`, 200 << 10, "Left out: requests"},
		{confirmNever, `"dry_run":true,"full":true,`, 2 << 20, "Left out: requests"},
		{confirmArgument, ``, 2 << 20, "nothing was sent: the question would have"},
		{confirmArgument, ``, 5000, "Send POST /x to the gateway?"},
	} {
		c := dial(t, newServer(t, Options{Client: fake(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }), Confirm: tt.confirm}), `{}`, nil)
		r := c.call("http_request", `{"method":"POST","uri":"/x",`+tt.arguments+`"json":{"a":"`+strings.Repeat("<", tt.count)+`"}}`)
		wantText(t, r.Text, tt.want)
	}
}
