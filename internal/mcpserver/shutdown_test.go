package mcpserver

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// arriving is a gateway that says when a request came, and answers when it is told to, or
// never.
func arriving(t *testing.T, o Options) (s *Server, arrived, answer chan struct{}) {
	arrived, answer = make(chan struct{}, 10), make(chan struct{})
	o.Client = fake(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		select {
		case <-answer:
			_, _ = io.WriteString(w, `{"data":[]}`)
		case <-r.Context().Done():
		}
	})
	return newServer(t, o), arrived, answer
}

func sendSoon(t *testing.T, w *rawWire, message string) func() {
	sent := make(chan struct{})
	go func() { w.send(message); close(sent) }()
	return func() { receive(t, sent) }
}

// What ends within the grace period is answered, and nothing new is begun.
func TestShutdownAnswers(t *testing.T) {
	var arrived, answer chan struct{}
	for _, call := range []string{readCall, writeCall} {
		onEachWire(t, func(t *testing.T) *Server {
			var s *Server
			s, arrived, answer = arriving(t, Options{Confirm: "never"})
			s.grace, s.lastWords = patience, patience
			return s
		}, func(t *testing.T, w *rawWire) {
			sent := sendSoon(t, w, toolCall(1, call, ""))
			receive(t, arrived)
			w.shutDown()
			if w.name == "stdio" {
				waitFor(t, "new calls are refused", func() bool {
					w.send(toolCall(2, call, ""))
					return strings.Contains(w.next(), "The server is shutting down. Nothing was sent.")
				})
			}
			answer <- struct{}{}
			if r := toResult(t, parseMessage(t, w.next())); r.IsError {
				t.Errorf("%s", r.raw)
			}
			sent()
			if err := receive(t, w.ended); err != nil {
				t.Error(err)
			}
			if len(arrived) > 0 {
				t.Error("a call was begun after the signal")
			}
		})
	}
}

// What does not end is ended, and says what is known.
func TestShutdownEnds(t *testing.T) {
	var arrived chan struct{}
	for call, says := range map[string]string{
		readCall:  "canceled: the server is shutting down",
		writeCall: "outcome unknown: POST /key/block was sent, but the server is shutting down: it may or may not have been applied",
	} {
		onEachWire(t, func(t *testing.T) *Server {
			var s *Server
			s, arrived, _ = arriving(t, Options{Confirm: "never"})
			s.grace, s.lastWords = 10*time.Millisecond, patience
			return s
		}, func(t *testing.T, w *rawWire) {
			sent := sendSoon(t, w, toolCall(1, call, ""))
			receive(t, arrived)
			w.shutDown()
			r := toResult(t, parseMessage(t, w.next()))
			wantText(t, r.Text, says)
			if !r.IsError {
				t.Errorf("%s", r.raw)
			}
			sent()
			if err := receive(t, w.ended); err != nil {
				t.Error(err)
			}
		})
	}
}

// A call that does not come back is answered without it.
func TestShutdownAbandons(t *testing.T) {
	for _, accept := range []string{"", withToken} {
		stuck, in := make(chan struct{}), make(chan struct{}, 1)
		defer close(stuck)
		onEachWire(t, func(t *testing.T) *Server {
			s := newServer(t, Options{})
			s.grace, s.lastWords = 10*time.Millisecond, 10*time.Millisecond
			s.mcp.AddTool(mcp.NewTool("keys_delete"), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				if c := callerOf(ctx); c.token != nil { // the answer is an event stream
					c.notify(methodProgress, progressParams{ProgressToken: c.token})
				}
				in <- struct{}{}
				<-stuck
				return mcp.NewToolResultText("too late"), nil
			})
			return s
		}, func(t *testing.T, w *rawWire) {
			sent := sendSoon(t, w, toolCall(9, `{"name":"keys_delete"%s}`, accept))
			receive(t, in)
			w.shutDown()
			line := w.next()
			if accept != "" {
				line = w.next()
			}
			if want := `{"jsonrpc":"2.0","id":9,"error":{"code":-32603,"message":"Outcome unknown: the server was shut down before keys_delete ended. It may or may not have been applied. Check before you call it again."}}`; line != want {
				t.Errorf("got  %s\nwant %s", line, want)
			}
			sent()
			if err := receive(t, w.ended); err != nil {
				t.Error(err)
			}
		})
	}
}

// A question that is open when the server is shut down ends in words; nothing was sent.
func TestShutdownEndsQuestion(t *testing.T) {
	_, client := gateway(t)
	s := newServer(t, Options{Client: client})
	s.grace = patience
	w := &rawWire{t: t, name: "stdio", got: make(chan string, 100), ended: make(chan error, 1)}
	rawStdio(t, s, w)
	w.send(strings.Replace(hello, `"capabilities":{}`, `"capabilities":{"elicitation":{}}`, 1))
	w.next()
	w.send(toolCall(1, `{"name":"keys_generate","arguments":{"key_alias":"victim"}%s}`, ""))
	w.next()
	w.send(toolCall(2, `{"name":"keys_delete","arguments":{"key_aliases":["victim"]}%s}`, ""))
	if line := w.next(); !strings.Contains(line, "elicitation/create") {
		t.Fatalf("no question: %s", line)
	}
	w.shutDown()
	r := toResult(t, parseMessage(t, w.next()))
	wantText(t, r.Text, "nothing was sent: the server is shutting down")
	if err := receive(t, w.ended); err != nil {
		t.Error(err)
	}
}

// A client that only listens does not hold the server up.
func TestShutdownOfIdle(t *testing.T) {
	onEachWire(t, func(t *testing.T) *Server {
		s := newServer(t, Options{})
		s.grace = patience
		return s
	}, func(t *testing.T, w *rawWire) {
		w.wants(`{"jsonrpc":"2.0","id":1,"method":"ping"}`, `{"jsonrpc":"2.0","id":1,"result":{}}`)
		w.shutDown()
		if err := receive(t, w.ended); err != nil {
			t.Error(err)
		}
	})
}

// stuckWriter is a client that does not read.
type stuckWriter struct{ in, out chan struct{} }

// Write implements [io.Writer].
func (w *stuckWriter) Write(p []byte) (int, error) {
	w.in <- struct{}{}
	<-w.out
	return len(p), nil
}

// A stdio client that does not read, not even why its message is none, does not keep the
// server.
func TestShutdownOfStuckClient(t *testing.T) {
	s := newServer(t, Options{})
	s.grace, s.lastWords = 10*time.Millisecond, 10*time.Millisecond
	client := &stuckWriter{make(chan struct{}, 1), make(chan struct{})}
	defer close(client.out)
	in, feed := io.Pipe()
	defer feed.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.ServeStdio(ctx, in, client) }()
	_, _ = io.WriteString(feed, "no message\n")
	receive(t, client.in)
	cancel()
	if err := receive(t, ended); err != nil {
		t.Error(err)
	}
}
