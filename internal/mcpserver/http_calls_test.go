package mcpserver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
)

// A notification right before the answer arrives, and before it, every time.
func TestLastNotification(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, stream("one ", "two ", "three"))})
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	c := (&httpClient{t: t, url: url, key: keyA}).open()
	other := (&httpClient{t: t, url: url, key: keyA}).open()
	// A stream of the same session, and one of another, hear nothing of it.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var streams []*http.Response
	for _, listener := range []*httpClient{c, other} {
		response := listener.do(ctx, http.MethodGet, "")
		if response.StatusCode != 200 {
			t.Fatalf("GET: %d", response.StatusCode)
		}
		streams = append(streams, response)
	}
	for i := range 50 {
		_, all := c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"chat_completions","arguments":%s,"_meta":{"progressToken":"t%d"}}}`, i+10, chatArgs, i))
		if len(all) < 2 || all[len(all)-1].Result == nil {
			t.Fatalf("%d: %d messages", i, len(all))
		}
		if got := said(t, all[:len(all)-1], fmt.Sprintf(`"t%d"`, i)); got != "one two three" {
			t.Fatalf("%d: %q was said", i, got)
		}
		wantText(t, toResult(t, all[len(all)-1]).Text, "one two three")
	}
	cancel()
	for i, response := range streams {
		if content, _ := io.ReadAll(response.Body); strings.Contains(string(content), "progress") {
			t.Errorf("stream %d heard of a call that is not its own: %s", i, content)
		}
		response.Body.Close()
	}
}

// hanging is a gateway that answers only when it is told to, or not at all.
type hanging struct{ arrived, left chan string }

func newHanging() hanging {
	return hanging{make(chan string, 4), make(chan string, 4)}
}

// receive waits for what must come.
func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("it did not come")
		panic("unreachable")
	}
}

func (h hanging) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	who := r.Header.Get("Authorization")
	h.arrived <- who
	<-r.Context().Done()
	h.left <- who
}

// One client's cancellation ends its own call and no other's, although both have
// the same number.
func TestCancelAcrossClients(t *testing.T) {
	h := newHanging()
	s := newServer(t, Options{Client: fake(t, h.ServeHTTP)})
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	const (
		callOne   = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"models_list"}}`
		cancelOne = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`
		modernOne = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"_meta":` + modernMeta + `}}`
	)
	modern := http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"models_list"}}
	ctx, hangUp := context.WithCancel(context.Background())
	defer hangUp()
	var running []chan struct{}
	start := func(c *httpClient, body string) {
		done := make(chan struct{})
		running = append(running, done)
		go func() {
			defer close(done)
			if response := c.do(ctx, http.MethodPost, body); response != nil {
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		}()
		receive(t, h.arrived)
	}
	a := (&httpClient{t: t, url: url, key: keyA}).open()
	b := (&httpClient{t: t, url: url, key: keyB}).open()
	start(a, callOne)
	// A's other call is of 2026-07-28, which knows no sessions.
	start(&httpClient{t: t, url: url, key: keyA, header: modern},
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"models_list","_meta":`+modernMeta+`}}`)
	start(b, callOne)

	for name, c := range map[string]*httpClient{
		"without a session": {t: t, url: url, key: keyB},
		"of A's session":    {t: t, url: url, key: keyB, session: a.session},
		"of 2026-07-28":     {t: t, url: url, key: keyB, header: http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"notifications/cancelled"}}},
	} {
		for _, body := range []string{cancelOne, modernOne} {
			response := c.do(context.Background(), http.MethodPost, body)
			response.Body.Close()
			select {
			case who := <-h.left:
				t.Fatalf("%s: the call of %s was cancelled", name, who)
			default:
			}
		}
	}
	b.post(cancelOne)
	if who := receive(t, h.left); who != "Bearer "+keyB {
		t.Fatalf("B cancelled the call of %s", who)
	}
	hangUp()
	receive(t, h.left)
	receive(t, h.left)
	for _, done := range running {
		<-done
	}
}

func TestElicitationOverHTTP(t *testing.T) {
	g := sandbox.New()
	s := newServer(t, Options{Client: fake(t, g.ServeHTTP)})
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	c := &httpClient{t: t, url: url, key: sandbox.MasterKey}
	if status, _ := c.post(strings.Replace(hello, `"capabilities":{}`, `"capabilities":{"elicitation":{}}`, 1)); status != 200 {
		t.Fatal(status)
	}
	c.call("keys_generate", `{"key_alias":"victim"}`)
	response := c.do(context.Background(), http.MethodPost, `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"keys_delete","arguments":{"key_aliases":["victim"]}}}`)
	defer response.Body.Close()
	events := newEvents(t, response.Body)
	question := events.next()
	if question.Method != "elicitation/create" {
		t.Fatalf("%+v", question)
	}
	yes := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"action":"accept","content":{"confirm":true}}}`, question.ID)
	thief := &httpClient{t: t, url: url, key: keyB, session: c.session}
	if status, _ := thief.post(yes); status != http.StatusNotFound {
		t.Errorf("another client's answer: %d", status)
	}
	if status, _ := c.post(yes); status != http.StatusAccepted {
		t.Errorf("the answer: %d", status)
	}
	if r := toResult(t, events.next()); r.IsError {
		t.Errorf("%s", r.Text)
	}
}

// TestUnreadableOverHTTP: what comes back instead of an answer is told as over stdio.
func TestUnreadableOverHTTP(t *testing.T) {
	g := sandbox.New()
	s := newServer(t, Options{Client: fake(t, g.ServeHTTP)})
	c := &httpClient{t: t, url: listen(t, s, HTTPOptions{}) + "/mcp", key: sandbox.MasterKey}
	if status, _ := c.post(strings.Replace(hello, `"capabilities":{}`, `"capabilities":{"elicitation":{}}`, 1)); status != 200 {
		t.Fatal(status)
	}
	c.call("keys_generate", `{"key_alias":"victim"}`)
	for reply, says := range map[string]string{
		`"error":{"code":-32601,"message":"secret words"}`: "the client answered the question with an error",
		`"error":"secret words"`:                           "cannot be read: it is no object",
		`"result":"secret words"`:                          "cannot be read: it is no object",
		`"result":{"action":"perhaps"}`:                    "cannot be read: its action",
		`"result":{"action":"decline"}`:                    "the client answered decline after",
	} {
		response := c.do(context.Background(), http.MethodPost, `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"keys_delete","arguments":{"key_aliases":["victim"]}}}`)
		events := newEvents(t, response.Body)
		question := events.next()
		c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,%s}`, question.ID, reply))
		r := toResult(t, events.next())
		wantText(t, r.Text, says)
		if strings.Contains(r.Text, "secret words") {
			t.Errorf("the client's own words are repeated: %s", r.Text)
		}
		response.Body.Close()
	}
}
