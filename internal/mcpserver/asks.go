package mcpserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// asks are the questions of older clients that wait for their answers. A question goes into
// the answer to the call that it belongs to, and its answer comes as a message of its own.
// mcp-go's own way over HTTP finds the question by a session that it registers for the time
// of one request: with two requests of a session, answers were lost.
type asks struct {
	mu      sync.Mutex
	last    int64
	waiting map[askID]chan *head
}

type askID struct {
	session string
	number  int64
}

// What comes back instead of an answer.
var (
	errAnswered   = errors.New("the client answered with an error")
	errUnreadable = errors.New("the answer cannot be read")
	errGone       = errors.New("the client ended its session")
)

// ask sends a request of ours into a session and waits for its result.
func (a *asks) ask(ctx context.Context, session string, send func(message ...[]byte), method string, params any) (json.RawMessage, error) {
	reply := make(chan *head, 1)
	a.mu.Lock()
	if a.waiting == nil {
		a.waiting = map[askID]chan *head{}
	}
	a.last++
	id := askID{session, a.last}
	a.waiting[id] = reply
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.waiting, id)
	}()
	send(encode(map[string]any{"jsonrpc": mcp.JSONRPC_VERSION, "id": id.number, "method": method, "params": params}))
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-reply:
		if r == nil {
			return nil, errGone
		}
		if !isNull(r.Error) {
			if r.Error[0] != '{' {
				return nil, errUnreadable
			}
			return nil, errAnswered
		}
		return r.Result, nil
	}
}

// elicited reads the answer to a question to a person.
func elicited(answer json.RawMessage, err error) (*mcp.ElicitationResult, error) {
	if err != nil {
		return nil, err
	}
	var result mcp.ElicitationResult
	if json.Unmarshal(answer, &result) != nil {
		return nil, errUnreadable
	}
	return &result, nil
}

// deliver gives an answer to the question that it belongs to, and reports whether there is
// one.
func (a *asks) deliver(session string, m *head) bool {
	var number int64
	if json.Unmarshal(m.ID, &number) != nil {
		return false
	}
	id := askID{session, number}
	a.mu.Lock()
	reply := a.waiting[id]
	delete(a.waiting, id)
	a.mu.Unlock()
	if reply == nil {
		return false
	}
	reply <- m
	return true
}

// end ends the questions of a session: nobody can answer them any more.
func (a *asks) end(session string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, reply := range a.waiting {
		if id.session == session {
			delete(a.waiting, id)
			close(reply)
		}
	}
}

// nowhere is an HTTP answer that nobody gets.
type nowhere struct{ header http.Header }

// Header implements [server.HTTPResponseWriter].
func (n nowhere) Header() http.Header { return n.header }

// WriteHeader implements [server.HTTPResponseWriter].
func (nowhere) WriteHeader(int) {}

// Write implements [server.HTTPResponseWriter].
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// Flush implements [server.HTTPResponseWriter].
func (nowhere) Flush() {}

// CanStream implements [server.HTTPResponseWriter].
func (nowhere) CanStream() bool { return false }
