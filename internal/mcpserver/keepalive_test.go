package mcpserver

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/sandbox"
)

// wantEventStream checks that an answer tells proxies to pass it on as it comes.
func wantEventStream(t *testing.T, what string, h http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-cache, no-transform",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %s is %q, want %q", what, name, h.Get(name), want)
		}
	}
}

// comment reads a stream up to the next comment.
func (e *events) comment() {
	e.t.Helper()
	for e.s.Scan() {
		if strings.HasPrefix(e.s.Text(), ":") {
			return
		}
	}
	e.t.Fatal("the stream ended without a comment")
}

// held is a gateway that answers when it is told to.
func held(release <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, `{"data":[]}`)
	}
}

const listModels = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"models_list"}}`

// While a call waits, its stream is not silent; then the answer comes in it.
func TestCallThatWaits(t *testing.T) {
	release := make(chan struct{})
	s := newServer(t, Options{Client: fake(t, held(release))})
	s.heartbeat = time.Millisecond
	c := (&httpClient{t: t, url: listen(t, s, HTTPOptions{}) + "/mcp", key: keyA}).open()
	response := c.do(context.Background(), http.MethodPost, listModels)
	defer response.Body.Close()
	wantEventStream(t, "a POST", response.Header)
	stream := newEvents(t, response.Body)
	stream.comment()
	stream.comment()
	close(release)
	if m := stream.next(); string(m.ID) != "7" || m.Result == nil {
		t.Errorf("the answer: %+v", m)
	}

	listening := c.do(context.Background(), http.MethodGet, "")
	defer listening.Body.Close()
	wantEventStream(t, "a GET", listening.Header)
	newEvents(t, listening.Body).comment()
}

// So is that of a call that waits for its turn.
func TestCallThatWaitsForItsTurn(t *testing.T) {
	release := make(chan struct{})
	s := newServer(t, Options{Client: fake(t, held(release))})
	s.heartbeat = time.Millisecond
	f, url := listenFront(t, s, HTTPOptions{})
	f.calls.running = 1
	c := (&httpClient{t: t, url: url + "/mcp", key: keyA}).open()
	var streams []*events
	for range 2 {
		response := c.do(context.Background(), http.MethodPost, listModels)
		defer response.Body.Close()
		streams = append(streams, newEvents(t, response.Body))
		streams[len(streams)-1].comment()
	}
	close(release)
	for _, stream := range streams {
		if m := stream.next(); m.Result == nil {
			t.Errorf("%+v", m)
		}
	}
}

// A client that takes no events gets plain JSON, however long that takes.
func TestCallThatWaitsWithoutEvents(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(50 * time.Millisecond) // many heartbeats
		_, _ = io.WriteString(w, `{"data":[]}`)
	})})
	s.heartbeat = time.Millisecond
	c := (&httpClient{t: t, url: listen(t, s, HTTPOptions{}) + "/mcp", key: keyA}).open()
	c.header = http.Header{"Accept": {"application/json"}}
	response := c.do(context.Background(), http.MethodPost, listModels)
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	if kind := response.Header.Get("Content-Type"); kind != "application/json" || parseMessage(t, string(content)).Result == nil {
		t.Errorf("%s: %s", kind, content)
	}
}

// While a person thinks, the stream that holds the question is not silent, and the yes
// that comes late counts.
func TestQuestionThatWaits(t *testing.T) {
	_, client := gateway(t)
	s := newServer(t, Options{Client: client})
	s.heartbeat = time.Millisecond
	c := &httpClient{t: t, url: listen(t, s, HTTPOptions{}) + "/mcp", key: sandbox.MasterKey}
	if status, _ := c.post(strings.Replace(hello, `"capabilities":{}`, `"capabilities":`+canAsk, 1)); status != http.StatusOK {
		t.Fatalf("initialize: %d", status)
	}
	c.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	response := c.do(context.Background(), http.MethodPost, `{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"cache_flush","arguments":{}}}`)
	defer response.Body.Close()
	stream := newEvents(t, response.Body)
	question := stream.next()
	stream.comment()
	c.post(`{"jsonrpc":"2.0","id":` + string(question.ID) + `,"result":{"action":"accept","content":{}}}`)
	wantText(t, toResult(t, stream.next()).Text, "runs without a cache") // it was sent
}

// A client that ends its session leaves no question behind: nobody could answer it.
func TestQuestionOfDeletedSession(t *testing.T) {
	_, client := gateway(t)
	c := &httpClient{t: t, url: listen(t, newServer(t, Options{Client: client}), HTTPOptions{}) + "/mcp", key: sandbox.MasterKey}
	if status, _ := c.post(strings.Replace(hello, `"capabilities":{}`, `"capabilities":`+canAsk, 1)); status != http.StatusOK {
		t.Fatalf("initialize: %d", status)
	}
	response := c.do(context.Background(), http.MethodPost, `{"jsonrpc":"2.0","id":8,"method":"tools/call","params":{"name":"cache_flush","arguments":{}}}`)
	defer response.Body.Close()
	stream := newEvents(t, response.Body)
	if question := stream.next(); question.Method != string(mcp.MethodElicitationCreate) {
		t.Fatalf("no question: %+v", question)
	}
	ended := c.do(context.Background(), http.MethodDelete, "")
	ended.Body.Close()
	wantText(t, toResult(t, stream.next()).Text, "nothing was sent: the client ended its session before it answered")
}

// behindPrefix is a reverse proxy that has a server below /s/.
func behindPrefix(t *testing.T, server string) string {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(http.StripPrefix("/s", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
	}}))
	t.Cleanup(func() { proxy.CloseClientConnections(); proxy.Close() })
	return proxy.URL + "/s"
}

// The endpoint that a client is told works below the prefix of a proxy.
func TestBelowPrefix(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo)})
	c := openSSE(t, behindPrefix(t, listen(t, s, HTTPOptions{Transport: "sse"})), keyA)
	c.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"keys_list"}}`)
	if r := toResult(t, c.events.next()); r.IsError {
		t.Errorf("%s", r.Text)
	}
	streamable := &httpClient{t: t, url: behindPrefix(t, listen(t, s, HTTPOptions{})) + "/mcp", key: keyA}
	streamable.open().call("keys_list", `{}`)
}
