package mcpserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// events reads the messages of an event stream.
type events struct {
	t *testing.T
	s *bufio.Scanner
}

func newEvents(t *testing.T, r io.Reader) *events {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	return &events{t, s}
}

func (e *events) data() string {
	for e.s.Scan() {
		if data, ok := strings.CutPrefix(e.s.Text(), "data:"); ok {
			return strings.TrimSpace(data)
		}
	}
	return ""
}

func (e *events) next() message {
	e.t.Helper()
	data := e.data()
	if data == "" {
		e.t.Fatal("the stream ended")
	}
	return parseMessage(e.t, data)
}

// sseClient is a client of the older transport.
type sseClient struct {
	*httpClient
	events *events
	hangUp func()
}

func openSSE(t *testing.T, url, key string) *sseClient {
	t.Helper()
	return openSSEWith(t, url+"/sse", key, nil)
}

// openSSEWith opens the stream at an address with these headers. The endpoint is resolved
// as clients do it.
func openSSEWith(t *testing.T, address, key string, header http.Header) *sseClient {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	get := &httpClient{t: t, url: address, key: key, header: header}
	response := get.do(ctx, http.MethodGet, "")
	if response.StatusCode != 200 {
		t.Fatalf("GET %s: %d", address, response.StatusCode)
	}
	wantEventStream(t, address, response.Header)
	t.Cleanup(func() { response.Body.Close() })
	c := &sseClient{events: newEvents(t, response.Body), hangUp: cancel}
	endpoint, err := response.Request.URL.Parse(c.events.data())
	if err != nil {
		t.Fatal(err)
	}
	c.httpClient = &httpClient{t: t, url: endpoint.String(), key: key}
	c.post(hello)
	c.events.next()
	return c
}

func TestSSE(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chat/completions" {
			stream("one ", "two ", "three")(w, r)
			return
		}
		echo(w, r)
	})})
	url := listen(t, s, HTTPOptions{Transport: "sse"})
	a, b := openSSE(t, url, keyA), openSSE(t, url, keyB)
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"keys_list"}}`
	a.post(list)
	b.post(list)
	wantText(t, toResult(t, a.events.next()).Text, strings.ReplaceAll(keyA, "-", "_"))
	wantText(t, toResult(t, b.events.next()).Text, strings.ReplaceAll(keyB, "-", "_"))

	for name, thief := range map[string]*httpClient{
		"another key": {t: t, url: a.url, key: keyB}, "no key": {t: t, url: a.url},
		"no session": {t: t, url: url + "/message", key: keyA}, "a made-up session": {t: t, url: url + "/message?sessionId=x", key: keyA},
	} {
		if status, _ := thief.post(list); status != http.StatusNotFound {
			t.Errorf("%s: %d", name, status)
		}
	}
	big := &httpClient{t: t, url: a.url, key: keyA}
	if status, _ := big.post(`{"x":"` + strings.Repeat("x", maxBody) + `"}`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body of more than 4 MiB: %d", status)
	}

	for i := range 20 {
		a.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"chat_completions","arguments":%s,"_meta":{"progressToken":1}}}`, i+10, chatArgs))
		var notes []message
		m := a.events.next()
		for ; m.Method != ""; m = a.events.next() {
			notes = append(notes, m)
		}
		if got := said(t, notes, "1"); got != "one two three" {
			t.Fatalf("%d: %q was said before the answer", i, got)
		}
	}
	// The library cannot ask over this transport.
	a.post(`{"jsonrpc":"2.0","id":99,"method":"tools/call","params":{"name":"cache_flush","arguments":{}}}`)
	wantText(t, toResult(t, a.events.next()).Text, "confirm: true")
	// A newer client says its protocol; the library would then demand headers
	// that belong to streamable HTTP.
	newer := &httpClient{t: t, url: a.url, key: keyA, header: http.Header{"Mcp-Protocol-Version": {"2026-07-28"}}}
	newer.post(`{"jsonrpc":"2.0","id":100,"method":"tools/list","params":{"_meta":` + modernMeta + `}}`)
	if m := a.events.next(); m.Error != nil {
		t.Errorf("a client that says its protocol: %+v", m.Error)
	}
}

// reader is the rest of the stream.
func (e *events) reader() io.Reader {
	r, w := io.Pipe()
	go func() {
		for e.s.Scan() {
		}
		w.Close()
	}()
	return r
}
