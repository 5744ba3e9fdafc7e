package mcpserver

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// eventWriter is the answer to one request, to which the library writes and we
// too: notifications go straight into it, and [eventWriter.notify] returns when
// they have left. mcp-go's own way, a channel for each session, drops the last
// one before an answer and hands those of one call to the stream of another.
//
// A notification that comes before the library wrote anything makes the answer an
// event stream; the JSON answer that the library writes later becomes an event.
type eventWriter struct {
	w http.ResponseWriter
	// The client has patience to accept one event, and stall for each piece of it: an
	// answer holds memory that others wait for, so a client that has stopped reading is
	// cut off before one that reads slowly.
	patience, stall time.Duration

	mu      sync.Mutex
	header  http.Header // the library's, taken over when it writes the first time
	sent    bool        // the status is on its way
	stream  bool        // what was sent is an event stream
	wrap    bool        // the library believes that it writes plain JSON into our stream
	closed  bool
	library bool        // the library has written its header
	beat    *time.Timer // until the next comment; nil: there are none
}

// eventPiece is the part of an event that a client must accept without a stall.
const eventPiece = 256 << 10

func newEventWriter(w http.ResponseWriter, s *Server) *eventWriter {
	return &eventWriter{w: w, patience: s.writeLimit, stall: s.stallLimit, header: http.Header{}}
}

// Header implements [http.ResponseWriter].
func (e *eventWriter) Header() http.Header { return e.header }

// CanStream implements [server.HTTPResponseWriter].
func (e *eventWriter) CanStream() bool { return true }

// Unwrap serves [http.ResponseController].
func (e *eventWriter) Unwrap() http.ResponseWriter { return e.w }

// WriteHeader implements [http.ResponseWriter].
func (e *eventWriter) WriteHeader(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.writeHeader(status)
}

func (e *eventWriter) writeHeader(status int) {
	if e.library {
		return
	}
	e.library = true
	events := strings.HasPrefix(e.header.Get("Content-Type"), "text/event-stream")
	if e.sent {
		e.wrap = !events
		return
	}
	for name, values := range e.header {
		e.w.Header()[name] = values
	}
	if events {
		eventHeader(e.w.Header())
	}
	e.sent, e.stream = true, events
	e.w.WriteHeader(status)
}

// Write implements [http.ResponseWriter]. The library writes an event, or a whole
// JSON answer, at a time.
func (e *eventWriter) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.writeHeader(http.StatusOK)
	if !e.wrap {
		return e.send(p)
	}
	if err := event(sender{e}, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush implements [http.Flusher].
func (e *eventWriter) Flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flush()
}

func (e *eventWriter) flush() { _ = http.NewResponseController(e.w).Flush() }

// send writes p piece by piece and gives the client a fresh time for each; without it
// one that stopped reading would hold its call for ever.
func (e *eventWriter) send(p []byte) (n int, err error) {
	control, end := http.NewResponseController(e.w), time.Now().Add(e.patience)
	for err == nil && n < len(p) {
		deadline := time.Now().Add(e.stall)
		if deadline.After(end) {
			deadline = end
		}
		_ = control.SetWriteDeadline(deadline)
		var wrote int
		wrote, err = e.w.Write(p[n:min(len(p), n+eventPiece)])
		n += wrote
	}
	return n, err
}

// sender writes with [eventWriter.send].
type sender struct{ *eventWriter }

// Write implements [io.Writer].
func (s sender) Write(p []byte) (int, error) { return s.send(p) }

// notify writes a notification into the stream. One that comes too late, or to an
// answer that is plain JSON already, is dropped.
func (e *eventWriter) notify(method string, params any) {
	e.message(encode(notification{mcp.JSONRPC_VERSION, method, params}))
}

// message writes a message into the stream as notify does.
func (e *eventWriter) message(content []byte) {
	e.write(func() error { return event(sender{e}, content) })
}

// raw writes text that is no message: what opens a stream and keeps it alive.
func (e *eventWriter) raw(text string) {
	e.write(func() error { _, err := e.send([]byte(text)); return err })
}

// keepAlive writes a comment at every interval until the answer is closed, so that
// nothing on the way takes a call that waits for a dead connection. The first comment
// makes the answer an event stream.
func (e *eventWriter) keepAlive(interval time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.beat = time.AfterFunc(interval, func() {
		e.raw(": alive\n\n")
		e.mu.Lock()
		defer e.mu.Unlock()
		if !e.closed {
			e.beat.Reset(interval)
		}
	})
}

// eventHeader says what an answer is to all on the way: an event stream, to be passed
// on as it comes.
func eventHeader(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no") // nginx would wait for the end of the stream
}

// write makes the answer an event stream and writes into it. A client that does
// not read makes the write fail in the end, which net/http takes for a client that
// has gone: it cancels the request's context.
func (e *eventWriter) write(into func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.sent && !e.stream {
		return
	}
	if !e.sent {
		eventHeader(e.w.Header())
		e.sent, e.stream = true, true
		e.w.WriteHeader(http.StatusOK)
	}
	if into() == nil {
		e.flush()
	}
}

// close ends the use of the answer: its handler returns.
func (e *eventWriter) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.beat != nil {
		e.beat.Stop()
	}
}

// event writes the parts of an event one by one: a message may be large.
func event(w io.Writer, message []byte) error {
	for _, part := range [][]byte{[]byte("event: message\ndata: "), bytes.TrimSpace(message), []byte("\n\n")} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
