package mcpserver

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// follow calls a tool, then again with next as it was given, to the end, and returns the
// values of a field of all items, or the items, in their order.
func follow(t *testing.T, c *stdioClient, tool, args, name string) (values []string, calls int) {
	t.Helper()
	for args != "" {
		if calls++; calls > 500 {
			t.Fatalf("%s goes on for ever: %s", tool, args)
		}
		r := c.call(tool, args)
		if r.IsError {
			t.Fatalf("%s %s: %s", tool, args, r.Text)
		}
		var items []json.RawMessage
		if err := json.Unmarshal([]byte(field(r.Structured, "items")), &items); err != nil || len(items) == 0 {
			t.Fatalf("%s %s: no items: %.300s", tool, args, r.Structured)
		}
		for _, item := range items {
			if name == "" {
				values = append(values, string(item))
				continue
			}
			value := field(item, name)
			values = append(values, value)
			if !strings.Contains(r.Text, value) {
				t.Errorf("%s is not in the text of %s", value, args)
			}
		}
		args = field(r.Structured, "next")
		if args != "" && !strings.Contains(r.Text, "next: "+args) {
			t.Errorf("the text lacks the next page: %.300s", r.Text)
		}
	}
	return values, calls
}

// wantOnce checks that there are n different values.
func wantOnce(t *testing.T, what string, values []string, n int) {
	t.Helper()
	unique := slices.Compact(slices.Sorted(slices.Values(values)))
	if len(values) != n || len(unique) != n {
		t.Errorf("%s: %d items, %d different ones, want %d", what, len(values), len(unique), n)
	}
}

// TestNextGivesEachItemOnce: whatever the size of a page and of its items, and however they
// are shown.
func TestNextGivesEachItemOnce(t *testing.T) {
	const n = 230
	_, client := gateway(t)
	for i := range n {
		body := fmt.Sprintf(`{"key_alias":"key-%03d","models":["m-%s"],"metadata":{"note":%q}}`, i, strings.Repeat("x", i%7*100), strings.Repeat("<n>", i%5*60))
		post(t, client, "/key/generate", body)
	}
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	for _, args := range []string{
		`{}`, `{"size":100}`, `{"size":100,"page":1,"sort_by":"key_alias"}`, `{"size":100,"full":true}`,
		`{"size":100,"fields":["metadata","models"]}`, `{"size":37,"fields":["metadata"],"full":true}`,
	} {
		values, calls := follow(t, c, "keys_list", args, "key_alias")
		wantOnce(t, "keys_list "+args, values, n)
		if args == `{"size":100}` && calls < 5 {
			t.Errorf("the pages of 100 were not cut: %d calls", calls)
		}
	}
}

// TestCodexReadsOn: what Codex is answered fits what it shows its model, and next goes on
// after that.
func TestCodexReadsOn(t *testing.T) {
	const n = 120
	_, client := gateway(t)
	for i := range n {
		post(t, client, "/key/generate", fmt.Sprintf(`{"key_alias":"key-%03d","models":["m-%s"]}`, i, strings.Repeat("x", 200)))
	}
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	c.request("initialize", `{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"codex-mcp-client","version":"0.171.0"}}`)
	r := c.call("keys_list", `{"size":100}`)
	if size := max(len(r.Text), len(r.Structured)); size > 11<<10 || size < 8<<10 {
		t.Errorf("an answer to Codex: %d bytes", size)
	}
	values, _ := follow(t, c, "keys_list", `{"size":100}`, "key_alias")
	wantOnce(t, "keys_list", values, n)
}

// TestNextWithoutPages: a list that the gateway sends whole is read on as well.
func TestNextWithoutPages(t *testing.T) {
	const n = 700
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf(`{"team_id":"team-%d","team_alias":"Team %d","models":["%s"]}`, i, i, strings.Repeat("m", i))
		}
		_, _ = io.WriteString(w, "["+strings.Join(rows, ",")+"]")
	})}), `{}`, nil)
	for _, args := range []string{`{}`, `{"full":true}`, `{"fields":["models"]}`} {
		values, calls := follow(t, c, "teams_available", args, "team_id")
		wantOnce(t, "teams_available "+args, values, n)
		if calls < 2 && !strings.Contains(args, "full") {
			t.Errorf("%s: one answer has all", args)
		}
	}
}

// TestLongItems: an item that is too long for an answer is cut with a mark, and the rest of
// it can be read.
func TestLongItems(t *testing.T) {
	text := func(i int) string { return fmt.Sprint(i) + strings.Repeat("äb\"<", 25000) + fmt.Sprint(i) }
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		rows := make([]string, 5)
		for i := range rows {
			rows[i] = string(encode(map[string]any{"team_id": fmt.Sprint("t", i), "team_alias": text(i)}))
		}
		_, _ = io.WriteString(w, "["+strings.Join(rows, ",")+"]")
	})}), `{}`, nil)
	values, _ := follow(t, c, "teams_available", `{}`, "team_id")
	wantOnce(t, "teams_available", values, 5)
	r := c.call("teams_available", `{}`)
	wantText(t, r.Text, "items[0].team_alias: ", "of 100002 characters shown")
	pieces := rest(t, c, "teams_available", r)
	whole := field(r.Structured, "items")
	var items []struct {
		Alias string `json:"team_alias"`
	}
	if err := json.Unmarshal([]byte(whole), &items); err != nil {
		t.Fatal(err)
	}
	for i, item := range items {
		shown, _, _ := strings.Cut(item.Alias, "… (")
		if got := shown + pieces[fmt.Sprintf("items[%d].team_alias", i)]; got != text(i) {
			t.Errorf("item %d is not whole: %d bytes of %d", i, len(got), len(text(i)))
		}
	}
}

// rest reads what was left out of an answer, and returns texts by their paths, put together,
// and other values as they are.
func rest(t *testing.T, c *stdioClient, tool string, r result) map[string]string {
	t.Helper()
	found := map[string]string{}
	for calls := 0; ; calls++ {
		args := field(r.Structured, "rest")
		if args == "" {
			return found
		}
		if calls > 5000 {
			t.Fatalf("%s goes on for ever", tool)
		}
		if !strings.Contains(r.Text, "rest: "+args) {
			t.Errorf("the text lacks the rest: %.300s", r.Text)
		}
		if r = c.call(tool, args); r.IsError {
			t.Fatalf("%s %s: %s", tool, args, r.Text)
		}
		var parts []struct {
			Path  string
			From  *int
			Value json.RawMessage
		}
		if err := json.Unmarshal([]byte(field(r.Structured, "parts")), &parts); err != nil || len(parts) == 0 {
			t.Fatalf("%s: no parts: %v: %.300s", tool, err, r.Structured)
		}
		for _, p := range parts {
			var text string
			switch {
			case p.From == nil && found[p.Path] != "":
				t.Errorf("%s came twice", p.Path)
			case p.From == nil:
				found[p.Path] = string(p.Value)
			case json.Unmarshal(p.Value, &text) == nil:
				found[p.Path] += text
			}
		}
	}
}

// TestRestOfAThing: a team with more keys than an answer holds shows its facts first, names
// the list of its keys, and can be read on.
func TestRestOfAThing(t *testing.T) {
	const n = 5000
	reads := atomic.Int32{}
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		reads.Add(1)
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprintf(`{"token":"%064d","key_alias":"key-%d","spend":0.5}`, i, i)
		}
		fmt.Fprintf(w, `{"keys":[%s],"team_memberships":[],"team_id":"00000000-0000-4000-8000-000000000001","team_info":{"members_with_roles":[{"user_id":"u1"}],"metadata":{"about":%q},"team_alias":"Big"}}`,
			strings.Join(keys, ","), strings.Repeat("long ", 20000))
	})}), `{}`, nil)
	for _, full := range []string{"", `,"full":true`} {
		r := c.call("teams_get", `{"team":"00000000-0000-4000-8000-000000000001"`+full+`}`)
		wantText(t, r.Text, "of 5000 shown, see keys_list team=00000000-0000-4000-8000-000000000001")
		if full == "" {
			wantText(t, r.Text, "team_info.metadata.about: ", "of 100000 characters shown")
		}
		if at := strings.Index(string(r.Structured), `"team_alias"`); at < 0 || at > strings.Index(string(r.Structured), `"keys"`) {
			t.Errorf("the keys come before the facts: %.300s", r.Structured)
		}
		parts := rest(t, c, "teams_get", r)
		var shown []json.RawMessage
		_ = json.Unmarshal([]byte(field(r.Structured, "keys")), &shown)
		for i := range n {
			if part, has := parts[fmt.Sprintf("keys[%d]", i)]; has != (i >= len(shown)) || has && !strings.Contains(part, fmt.Sprintf(`"key-%d"`, i)) {
				t.Fatalf("key %d of %d, %d shown: %q", i, n, len(shown), part)
			}
		}
	}
}

// TestRestOfAWrite: what a write answered is read on without another write, by its caller
// alone, and what is no longer kept is told from what was not done.
func TestRestOfAWrite(t *testing.T) {
	writes := atomic.Int32{}
	s := newServer(t, Options{Confirm: confirmNever, Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		writes.Add(1)
		_, _ = io.WriteString(w, `{"rows":[`+strings.Repeat(`"row",`, 20000)+`"last"]}`)
	})})
	c := dial(t, s, `{}`, nil)
	r := c.call("http_request", `{"method":"POST","uri":"/x"}`)
	args := field(r.Structured, "rest")
	parts := rest(t, c, "http_request", r)
	if parts["rows[20000]"] != `"last"` || writes.Load() != 1 {
		t.Errorf("%d parts, %d writes", len(parts), writes.Load())
	}
	for _, wrong := range []string{
		strings.Replace(args, `"cursor":"`, `"cursor":"x`, 1), `{"cursor":""}`, `{"cursor":"x.y"}`,
		strings.TrimSuffix(args, "}") + `,"method":"POST","uri":"/y","cursor":"a.b"}`,
	} {
		if wrong == `{"cursor":""}` {
			continue // not given
		}
		if r := c.call("http_request", wrong); !r.IsError || field(r.Structured, "error", "code") != `"usage"` {
			t.Errorf("%s: %.300s", wrong, r.Text)
		}
	}
	if r := c.call("keys_generate", args); !r.IsError {
		t.Errorf("another tool takes the cursor: %.300s", r.Text)
	}
	s.rests = rests{}
	r = c.call("http_request", args)
	wantText(t, r.Text, "no longer kept", "The write itself was sent before", "Do not repeat the write")
	if !r.IsError || writes.Load() != 1 {
		t.Errorf("%d writes: %s", writes.Load(), r.Text)
	}
}

// TestLongArguments: next does not fill an answer with the arguments of its call; they are
// given again beside it.
func TestLongArguments(t *testing.T) {
	page := keyPage(200)
	c := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })}), `{}`, nil)
	long := `"search":"` + strings.Repeat("s", 30000) + `"`
	r := c.call("keys_list", `{`+long+`}`)
	wantText(t, r.Text, "too long to repeat; give them again beside it", `next: {"cursor":"`)
	values := []string{}
	for next := "{"; next != ""; next = strings.TrimSuffix(field(r.Structured, "next"), "}") {
		if next != "{" {
			next += ","
		}
		r = c.call("keys_list", next+long+`}`)
		var items []json.RawMessage
		_ = json.Unmarshal([]byte(field(r.Structured, "items")), &items)
		for _, item := range items {
			values = append(values, field(item, "key_alias"))
		}
	}
	wantOnce(t, "keys_list", values, 200)
}

// TestAnotherProcess: a read goes on in a process with the same state key.
func TestAnotherProcess(t *testing.T) {
	client := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"rows":[`+strings.Repeat(`"row",`, 30000)+`"last"]}`)
	})
	file := keyFile(t, stateKey)
	one := dial(t, newServer(t, Options{Client: client, StateKeyFile: file}), `{}`, nil)
	two := dial(t, newServer(t, Options{Client: client, StateKeyFile: file}), `{}`, nil)
	r := one.call("http_request", `{"method":"GET","uri":"/test"}`)
	if parts := rest(t, two, "http_request", r); parts["rows[30000]"] != `"last"` {
		t.Errorf("%d parts", len(parts))
	}
}

// TestCursorsAreBound: to their caller, tool and arguments; an answer that has changed is
// not read on in the middle.
func TestCursorsAreBound(t *testing.T) {
	rows := 3000
	s := newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"rows":[`+strings.Repeat(`"row",`, rows)+`"last"]}`)
	})})
	url := listen(t, s, HTTPOptions{})
	ann, bob := (&httpClient{t: t, url: url + "/mcp", key: keyA}).open(), (&httpClient{t: t, url: url + "/mcp", key: keyB}).open()
	args := field(ann.call("http_request", `{"method":"GET","uri":"/test"}`).Structured, "rest")
	if r := ann.call("http_request", args); r.IsError {
		t.Errorf("her own cursor: %s", r.Text)
	}
	for who, r := range map[string]result{
		"another caller": bob.call("http_request", args),
		"another URI":    ann.call("http_request", strings.Replace(args, "/test", "/team", 1)),
	} {
		if !r.IsError || field(r.Structured, "error", "code") != `"usage"` {
			t.Errorf("%s: %.300s", who, r.Text)
		}
	}
	rows = 4000
	r := ann.call("http_request", args)
	wantText(t, r.Text, "the answer has changed", "Call again without cursor")
}

// TestOwnWordsAndTheGateways: members of the gateway's answer that are called as ours do not
// hide them, and are not hidden.
func TestOwnWordsAndTheGateways(t *testing.T) {
	c := dial(t, newServer(t, Options{Confirm: confirmNever, Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"done":true,"notes":"theirs","rest":[1],"left_out":2,"answer":3,"x":4}`)
	})}), `{}`, nil)
	r := c.call("http_request", `{"method":"POST","uri":"/x"}`)
	for name, want := range map[string]string{"done": "true", "notes": `"theirs"`, "rest": "[1]", "left_out": "2", "answer": "3", "x": "4"} {
		if got := field(r.Structured, "answer", name); got != want {
			t.Errorf("%s is %s in %s", name, got, r.Structured)
		}
	}
}

// TestFields: an answer has the fields that were asked for and identifiers; unknown ones are
// refused, of a write before it is sent.
func TestFields(t *testing.T) {
	g, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client, Confirm: confirmNever}), `{}`, nil)
	c.call("keys_generate", `{"key_alias":"a","metadata":{"owner":"ann"},"fields":["metadata.owner"]}`)
	r := c.call("keys_list", `{"fields":["metadata.owner","spend"]}`)
	wantText(t, field(r.Structured, "items"), `"key_alias":"a"`, `"token":"`, `"metadata.owner":"ann"`, `"spend":0`)
	if strings.Contains(field(r.Structured, "items"), "key_name") {
		t.Errorf("more than was asked for: %s", r.Structured)
	}
	r = c.call("keys_list", `{"fields":["spnd"]}`)
	wantText(t, r.Text, "there is no field spnd; did you mean spend?", "Known fields: ", "metadata")
	g.ClearRequests()
	r = c.call("keys_generate", `{"key_alias":"b","fields":["max_budgett"]}`)
	wantText(t, r.Text, "there is no field max_budgett; did you mean max_budget?")
	if !r.IsError || slices.ContainsFunc(requests(g), func(r string) bool { return strings.HasPrefix(r, "POST") }) {
		t.Errorf("%s: %v", r.Text, requests(g))
	}
	r = c.call("keys_generate", `{"key_alias":"b","fields":["max_budget"]}`)
	if r.IsError || !strings.Contains(field(r.Structured, "key"), "sk-") || field(r.Structured, "token") == "" {
		t.Errorf("the new key is left out: %s", r.Structured)
	}
	r = c.call("http_request", `{"method":"POST","uri":"/key/info","fields":["nonsense"],"json":{}}`)
	if field(r.Structured, "error", "code") == `"usage"` {
		t.Errorf("a write whose fields nobody knows was refused: %s", r.Text)
	}
}
