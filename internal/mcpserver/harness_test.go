package mcpserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

// patience is how long a test waits for what must come; no test measures time.
const patience = 2 * time.Minute

// gateway is a sandbox behind a prefix, and a client of it.
func gateway(t *testing.T) (*sandbox.Gateway, *proxyclient.Client) {
	t.Helper()
	g := sandbox.New()
	h := httptest.NewServer(http.StripPrefix("/prefix", g))
	t.Cleanup(h.Close)
	return g, clientOf(t, h.URL+"/prefix", sandbox.MasterKey)
}

func clientOf(t *testing.T, url, key string) *proxyclient.Client {
	t.Helper()
	c, err := proxyclient.New(proxyclient.Config{
		BaseURL: url, BaseURLSource: "LITELLM_PROXY_URL", APIKey: key, APIKeySource: "LITELLM_PROXY_API_KEY", Retries: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fake is a gateway made of a function. It accepts every key.
func fake(t *testing.T, h http.HandlerFunc) *proxyclient.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc(pathKeyCheck, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"data":[]}`) })
	mux.Handle("/", h)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return clientOf(t, s.URL, "sk-of-the-server-0000000000")
}

func newServer(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Operations == nil {
		o.Operations = tools.All()
	}
	if o.Toolsets == nil && o.Tools == nil {
		o.Toolsets = []string{"all"}
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	// A test that leaves calls behind does not wait for them.
	s.grace, s.lastWords = 100*time.Millisecond, 100*time.Millisecond
	return s
}

// message is any JSON-RPC message.
type message struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// result is what a tool answers.
type result struct {
	Text       string
	Structured json.RawMessage
	IsError    bool
	// Before are the notifications that came before the answer.
	Before []message
	raw    json.RawMessage
}

func toResult(t *testing.T, m message) result {
	t.Helper()
	if m.Error != nil {
		t.Fatalf("protocol error %d: %s", m.Error.Code, m.Error.Message)
	}
	var r struct {
		Content           []struct{ Type, Text string }
		StructuredContent json.RawMessage
		IsError           bool
	}
	if err := json.Unmarshal(m.Result, &r); err != nil {
		t.Fatalf("%v: %s", err, m.Result)
	}
	for i, content := range r.Content {
		if (content.Type == "text") != (i == 0) {
			t.Fatalf("not one text, before any image: %s", m.Result)
		}
	}
	return result{Text: r.Content[0].Text, Structured: r.StructuredContent, IsError: r.IsError, raw: m.Result}
}

// stdioClient talks to a server over pipes.
type stdioClient struct {
	t     *testing.T
	in    *io.PipeWriter
	ended chan error
	// asked answers the questions of the server; nil: they stay unanswered.
	asked func(message) string

	mu      sync.Mutex
	last    int
	waiting map[string]chan result
	notes   []message
	lines   []string
}

// dial starts a server on pipes and says hello with these capabilities.
func dial(t *testing.T, s *Server, capabilities string, asked func(message) string) *stdioClient {
	t.Helper()
	c := &stdioClient{t: t, asked: asked, waiting: map[string]chan result{}, ended: make(chan error, 1)}
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	c.in = inW
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		c.ended <- s.ServeStdio(ctx, inR, outW)
		outW.Close()
	}()
	read := make(chan struct{})
	go c.read(outR, read)
	t.Cleanup(func() {
		inW.Close()
		cancel()
		<-read
	})
	c.request("initialize", `{"protocolVersion":"2025-11-25","capabilities":`+capabilities+`,"clientInfo":{"name":"test","version":"1.0"}}`)
	c.write(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return c
}

func (c *stdioClient) read(r io.Reader, done chan struct{}) {
	defer close(done)
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		var m message
		if err := json.Unmarshal(scanner.Bytes(), &m); err != nil || m.JSONRPC != "2.0" {
			c.t.Errorf("a line is no protocol message: %q", scanner.Text())
			continue
		}
		c.mu.Lock()
		c.lines = append(c.lines, scanner.Text())
		switch {
		case m.Method != "" && m.ID != nil:
			if c.asked != nil {
				if reply := c.asked(m); reply != "" {
					go c.write(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,%s}`, m.ID, reply))
				}
			}
		case m.Method != "":
			c.notes = append(c.notes, m)
		case c.waiting[string(m.ID)] != nil:
			c.waiting[string(m.ID)] <- result{raw: encode(m), Before: c.notes}
		}
		c.mu.Unlock()
	}
}

func (c *stdioClient) write(line string) {
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Logf("write: %v", err)
	}
}

// send sends a request and returns where its answer comes.
func (c *stdioClient) send(method, params string) (string, chan result) {
	c.mu.Lock()
	c.last++
	id := fmt.Sprint(c.last)
	reply := make(chan result, 1)
	c.waiting[id] = reply
	c.mu.Unlock()
	c.write(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":%s}`, id, method, params))
	return id, reply
}

func (c *stdioClient) wait(reply chan result) (message, []message) {
	c.t.Helper()
	select {
	case r := <-reply:
		var m message
		if err := json.Unmarshal(r.raw, &m); err != nil {
			c.t.Fatal(err)
		}
		return m, r.Before
	case <-time.After(patience):
		c.t.Fatal("no answer")
		panic("unreachable")
	}
}

func (c *stdioClient) request(method, params string) message {
	c.t.Helper()
	_, reply := c.send(method, params)
	m, _ := c.wait(reply)
	return m
}

// call calls a tool with arguments as they are to be sent.
func (c *stdioClient) call(name, args string) result {
	c.t.Helper()
	r := toResult(c.t, c.request("tools/call", fmt.Sprintf(`{"name":%q,"arguments":%s}`, name, args)))
	most := bound
	if strings.Contains(args, `"full":true`) {
		most = fullBound
	}
	wantBounded(c.t, r, most)
	return r
}

// field is a dotted member of a JSON value as it stands there.
func field(raw json.RawMessage, path ...string) string {
	for _, name := range path {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return ""
		}
		raw = object[name]
	}
	return string(raw)
}

func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

// logBuffer is a log that may be written while it is read.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
