package mcpserver

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

func requests(g *sandbox.Gateway) []string {
	var out []string
	for _, r := range g.Requests() {
		out = append(out, r.Method+" "+r.Path)
	}
	return out
}

func TestWriteSaysWhatItDid(t *testing.T) {
	g, client := gateway(t)
	var log logBuffer
	s := newServer(t, Options{Client: client, Log: slog.New(slog.NewTextHandler(&log, nil))})
	c := dial(t, s, `{}`, nil)
	r := c.call("keys_generate", `{"key_alias":"ann-dev","max_budget":2.50}`)
	key := strings.Trim(field(r.Structured, "key"), `"`)
	if r.IsError || !strings.HasPrefix(key, "sk-") || strings.Contains(key, "...") {
		t.Fatalf("no key in %s", r.Text)
	}
	wantText(t, r.Text, "generated key ann-dev", key, "2.5")
	all := g.Requests()
	last := all[len(all)-1]
	if got := last.Header.Get("litellm-changed-by"); got != "test/1.0" {
		t.Errorf("litellm-changed-by is %q", got)
	}
	wantText(t, string(last.Body), `"max_budget":2.50`)
	// One line, with who and what and without what was in it.
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 1 {
		t.Fatalf("log:\n%s", log.String())
	}
	wantText(t, lines[0], "tool=keys_generate", "client=test/1.0", "session=stdio", "outcome=done")
	if strings.Contains(lines[0], "ann-dev") || strings.Contains(lines[0], "sk-") {
		t.Errorf("the log holds arguments: %s", lines[0])
	}
	c.call("keys_list", `{}`)
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("a read was logged as a write:\n%s", log.String())
	}
}

func TestList(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	for i := range 5 {
		c.call("keys_generate", fmt.Sprintf(`{"key_alias":"key-%d","models":[],"metadata":{}}`, i))
	}
	r := c.call("keys_list", `{"size":2,"sort_by":"key_alias","sort_order":"asc"}`)
	var page struct {
		Items []map[string]json.RawMessage
		Total int
		Next  map[string]any
	}
	if err := json.Unmarshal(r.Structured, &page); err != nil || len(page.Items) != 2 || page.Total != 5 {
		t.Fatalf("%v: %s", err, r.Structured)
	}
	if fmt.Sprint(page.Next) != "map[page:2 page_size:2 sort_by:key_alias sort_order:asc]" {
		t.Errorf("next is %v", page.Next)
	}
	wantText(t, r.Text, `2 of 5 keys; next: {"page":2,`, "key-0", "key-1")
	for _, name := range []string{"models", "metadata", "max_budget", "created_at"} {
		if page.Items[0][name] != nil {
			t.Errorf("the slim item has %s", name)
		}
	}
	if page.Items[0]["token"] == nil || page.Items[0]["spend"] == nil {
		t.Errorf("the slim item lacks an identifier or a number: %v", page.Items[0])
	}

	full := c.call("keys_list", `{"size":2,"full":true}`)
	page.Items, page.Next = nil, nil
	_ = json.Unmarshal(full.Structured, &page)
	if page.Items[0]["metadata"] == nil || fmt.Sprint(page.Next["full"]) != "true" {
		t.Errorf("not whole, or the next page is not: %s", full.Structured)
	}
	if _, ok := page.Items[0]["max_budget"]; !ok {
		t.Error("a null was left out of a whole item")
	}

	last := c.call("keys_list", `{"size":2,"page":3}`)
	if field(last.Structured, "next") != "" {
		t.Errorf("the last page has a next one: %s", last.Structured)
	}
	empty := c.call("keys_list", `{"search":"no such"}`)
	if empty.IsError || field(empty.Structured, "items") != "[]" || field(empty.Structured, "total") != "0" {
		t.Errorf("an empty list is %s", empty.raw)
	}
	wantText(t, empty.Text, "0 of 0 keys")
	// Items that are bare strings stay.
	hashes := c.call("keys_list", `{"return_full_object":false}`)
	var bare []string
	if json.Unmarshal([]byte(field(hashes.Structured, "items")), &bare) != nil || len(bare) != 5 || len(bare[0]) != 64 {
		t.Errorf("bare items are %s", field(hashes.Structured, "items"))
	}
}

func TestReadLeavesOutTheEmpty(t *testing.T) {
	body := `{"a":null,"b":"","c":[],"d":{},"e":{"f":null,"g":[{}]},"h":0,"i":false,"j":12345678901234567890.10,"k":[null,{"l":""}],"m":{"n":{"o":null}}}`
	client := fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	r := c.call("http_request", `{"method":"GET","uri":"/test"}`)
	want, lines := `{"h":0,"i":false,"j":12345678901234567890.10,"e":{"g":[{}]},"k":[null,{}]}`, "h: 0\ni: false\nj: 12345678901234567890.10\ne: {\"g\":[{}]}\nk: [null,{}]"
	if string(r.Structured) != want || r.Text != lines {
		t.Errorf("got  %s\nwant %s", r.Structured, want)
	}
}

func TestOtherAnswers(t *testing.T) {
	for _, tt := range []struct{ kind, body, structured string }{
		{"application/json", `[1, 2]`, `{"result":[1,2]}`},
		{"application/json", `null`, `{"result":null}`},
		{"application/json", `9007199254740993`, `{"result":9007199254740993}`},
		{"application/json", `"yes"`, `{"result":"yes"}`},
		{"text/plain", `I'm alive & <well>`, `{"result":"I'm alive & <well>"}`},
		{"image/png", "\x89PNG\x00", `{"bytes":5,"content_base64":"iVBORwA="}`},
		{"application/json", `{"api_key":"sk-abcdefghijklmnopqrstuvwx","x":1}`, `{"api_key":"****","x":1}`},
	} {
		t.Run(tt.body, func(t *testing.T) {
			client := fake(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				_, _ = io.WriteString(w, tt.body)
			})
			c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
			r := c.call("http_request", `{"method":"GET","uri":"/test"}`)
			// mcp-go escapes < and > on the wire.
			var got, want any
			_ = json.Unmarshal(r.Structured, &got)
			_ = json.Unmarshal([]byte(tt.structured), &want)
			if r.IsError || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got  %s\nwant %s", r.Structured, tt.structured)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	g, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	for _, params := range []string{
		`{"name":"models_list"}`, `{"name":"models_list","arguments":null}`, `{"name":"models_list","arguments":{}}`,
	} {
		if r := toResult(t, c.request("tools/call", params)); r.IsError {
			t.Errorf("%s: %s", params, r.Text)
		}
	}
	for args, want := range map[string]string{
		`"x"`:                                 "must be a JSON object",
		`{"max_budgett":1}`:                   `did you mean "max_budget"`,
		`{"max_budget":"one"}`:                "max_budget must be a number",
		`{"dry_run":"yes"}`:                   "dry_run must be true or false",
		`{"extra":{"max_budget":1}}`:          "use max_budget",
		`{"confirm":1,"key_alias":"ignored"}`: "confirm must be true or false",
	} {
		g.ClearRequests()
		r := c.call("keys_generate", args)
		if !r.IsError || field(r.Structured, "error", "code") != `"usage"` || len(g.Requests()) > 0 {
			t.Errorf("%s: %s, requests %v", args, r.Text, requests(g))
		}
		wantText(t, r.Text, want)
		if strings.ContainsAny(r.Text, "{}") && !strings.Contains(args, "[") {
			t.Errorf("%s: a placeholder stands in %q", args, r.Text)
		}
	}
	// Digits stay as they came: 2^53+1 and a trailing zero.
	r := c.call("keys_generate", `{"key_alias":"digits","max_budget":1.10,"extra":{"my_metadata":9007199254740993},"metadata":{"big":9007199254740993,"f":1.0e2}}`)
	if r.IsError {
		t.Fatal(r.Text)
	}
	all := g.Requests()
	wantText(t, string(all[len(all)-1].Body), "9007199254740993", "1.10", "1.0e2")
}

func TestDryRun(t *testing.T) {
	g, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	g.ClearRequests()
	r := c.call("keys_generate", `{"key_alias":"a","dry_run":true}`)
	if r.IsError || field(r.Structured, "dry_run") != "true" || len(g.Requests()) > 0 {
		t.Fatalf("%s; requests %v", r.raw, requests(g))
	}
	wantText(t, field(r.Structured, "requests"), `"method":"POST"`, `"path":"/key/generate"`, `"key_alias":"a"`)
	wantText(t, field(r.Structured, "notes"), "Dry run: no changes were sent.")
	wantText(t, r.Text, "no changes were sent", `POST /key/generate {"key_alias":"a"}`)
	// Secrets are masked in a plan, and a destructive one asks nothing.
	secret := "sk-abcdefghijklmnopqrstuvwx"
	r = c.call("http_request", `{"method":"POST","uri":"/x","json":{"api_key":"`+secret+`"},"dry_run":true}`)
	if r.IsError || strings.Contains(string(r.raw), secret) {
		t.Errorf("dry run: %s", r.raw)
	}
	// What only reads is not sent for a plan either.
	g.ClearRequests()
	r = c.call("http_request", `{"method":"GET","uri":"/models","dry_run":true}`)
	if r.IsError || field(r.Structured, "requests") != "[]" || len(g.Requests()) > 0 {
		t.Errorf("%s; requests %v", r.raw, requests(g))
	}
	if c.call("keys_generate", `{"key_alias":"a","dry_run":false}`).IsError {
		t.Error("dry_run: false did not run the call")
	}
}

func TestErrors(t *testing.T) {
	g, client := gateway(t)
	s := newServer(t, Options{Client: client})
	c := dial(t, s, `{}`, nil)
	r := c.call("users_get", `{"user_id":"nobody"}`)
	if !r.IsError || field(r.Structured, "error", "code") != `"not_found"` {
		t.Fatalf("%s", r.raw)
	}
	wantText(t, r.Text, `users get: not found: no user has the email or ID "nobody"`, "\nTo see what exists, use users_list.")
	r = c.call("keys_generate", `{"team_id":"nowhere"}`)
	if wantText(t, r.Text, `no team has the alias or ID "nowhere"`, "teams_list"); strings.Contains(r.Text, "keys_list") {
		t.Errorf("a missing team is looked for among the keys: %s", r.Text)
	}
	m := c.request("tools/call", `{"name":"nope","arguments":{}}`)
	if m.Error == nil || m.Error.Code != -32602 {
		t.Errorf("an unknown tool is answered with %+v", m)
	}
	g.Inject(sandbox.Fault{Path: "/models", Status: 429, Body: `{"error":{"message":"slow down"}}`, Times: 1})
	if r := c.call("models_list", `{}`); field(r.Structured, "error", "code") != `"rate_limited"` {
		t.Errorf("%s", r.raw)
	}

	down := dial(t, newServer(t, Options{Client: clientOf(t, "http://127.0.0.1:9", "sk-x")}), `{}`, nil)
	r = down.call("models_list", `{}`)
	wantText(t, r.Text, "http://127.0.0.1:9", "LITELLM_PROXY_URL")
	if field(r.Structured, "error", "code") != `"unreachable"` {
		t.Errorf("%s", r.raw)
	}

	keyless := dial(t, newServer(t, Options{Client: client.WithKey("", "")}), `{}`, nil)
	r = keyless.call("models_list", `{}`)
	wantText(t, r.Text, "he person who runs this server sets LITELLM_PROXY_API_KEY")
	if field(r.Structured, "error", "code") != `"unauthorized"` {
		t.Errorf("%s", r.raw)
	}

	nowhere := dial(t, newServer(t, Options{}), `{}`, nil)
	if m := nowhere.request("tools/list", `{}`); m.Error != nil {
		t.Error("tools are not listed without a gateway")
	}
	wantText(t, nowhere.call("status", `{}`).Text, "no gateway", "LITELLM_PROXY_URL")
}

// What was done before or beside a failure is not hidden by it.
func TestPartlyDone(t *testing.T) {
	_, client := gateway(t)
	s := newServer(t, Options{Client: client, Confirm: confirmNever})
	c := dial(t, s, `{}`, nil)
	c.call("keys_generate", `{"key_alias":"here"}`)
	r := c.call("keys_delete", `{"key_aliases":["here","gone"]}`)
	if !r.IsError || field(r.Structured, "failed") == "" || !strings.Contains(field(r.Structured, "deleted_key_aliases"), "here") {
		t.Fatalf("%s", r.raw)
	}
	wantText(t, r.Text, "deleted key alias here", "failed: key alias gone: not found")

	words := dial(t, newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half an ans\"}}]}\n\n")
	})}), `{}`, nil)
	r = words.call("chat_completions", `{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true}`)
	if !r.IsError || field(r.Structured, "error", "code") == "" || field(r.Structured, "choices") == "" {
		t.Fatalf("%s", r.raw)
	}
	wantText(t, r.Text, "Done before that", "half an ans")
}

func stream(words ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, word := range words {
			fmt.Fprintf(w, "data: {\"id\":\"1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", word)
		}
		_, _ = io.WriteString(w, "data: [DONE]\n\n")
	}
}

// said puts the words of progress notifications together, and checks that they
// grow and carry the token.
func said(t *testing.T, notes []message, token string) string {
	t.Helper()
	var words strings.Builder
	last := 0
	for _, n := range notes {
		if n.Method != "notifications/progress" {
			continue
		}
		var p struct {
			ProgressToken json.RawMessage
			Progress      int
			Message       string
		}
		if err := json.Unmarshal(n.Params, &p); err != nil || string(p.ProgressToken) != token || p.Progress <= last {
			t.Errorf("%v: progress %s after %d", err, n.Params, last)
		}
		last = p.Progress
		words.WriteString(p.Message)
	}
	return words.String()
}

const chatArgs = `{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true}`

func TestStreamedWords(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, stream("one ", "two ", "three"))})
	c := dial(t, s, `{}`, nil)
	_, reply := c.send("tools/call", `{"name":"chat_completions","arguments":`+chatArgs+`,"_meta":{"progressToken":"tok"}}`)
	m, before := c.wait(reply)
	if got := said(t, before, `"tok"`); got != "one two three" {
		t.Errorf("before the answer came %q", got)
	}
	wantText(t, toResult(t, m).Text, "one two three")
	// Nobody asked: nobody is told.
	_, reply = c.send("tools/call", `{"name":"chat_completions","arguments":`+chatArgs+`}`)
	if _, after := c.wait(reply); len(after) != len(before) {
		t.Error("a notification came without a token")
	}
}

// Pieces that come faster than anybody reads are put together.
func TestStreamedWordsAreFew(t *testing.T) {
	words := slices.Repeat([]string{"x"}, 500)
	s := newServer(t, Options{Client: fake(t, stream(words...))})
	s.deltaPause = patience
	c := dial(t, s, `{}`, nil)
	_, reply := c.send("tools/call", `{"name":"chat_completions","arguments":`+chatArgs+`,"_meta":{"progressToken":7}}`)
	_, before := c.wait(reply)
	if got := said(t, before, "7"); got != strings.Repeat("x", 500) || len(before) != 2 {
		t.Errorf("%d notifications with %d letters", len(before), len(got))
	}
}

func TestPrompts(t *testing.T) {
	c := dial(t, newServer(t, Options{Tools: []string{"status"}}), `{}`, nil)
	m := c.request("prompts/get", `{"name":"onboard-developer","arguments":{"email":"{{team}} ann@example.com"}}`)
	if m.Error != nil {
		t.Fatal(m.Error)
	}
	wantText(t, string(m.Result), "{{team}} ann@example.com", "`users_onboard ")
	if m := c.request("prompts/get", `{"name":"onboard-developer"}`); m.Error == nil || !strings.Contains(m.Error.Message, "email") {
		t.Errorf("a missing argument is answered with %+v", m.Error)
	}
}

func TestOutcomeHoldsNoWords(t *testing.T) {
	if got := outcome(proxyclient.Wrap("x", usage("secret words"))); got != "usage" {
		t.Errorf("outcome is %q", got)
	}
	if got := outcome(fmt.Errorf("secret words")); got != "error" {
		t.Errorf("outcome is %q", got)
	}
}

// TestPathsInWords: a parameter in a path is no argument of the tool.
func TestPathsInWords(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client, Toolsets: []string{"api"}}), `{}`, nil)
	r := c.call("api_write", `{"method":"POST","path":"/key/{key}/regenerate","confirm":true}`)
	wantText(t, r.Text, "api_describe POST /key/{key}/regenerate")
}
