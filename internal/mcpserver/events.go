package mcpserver

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
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

	// restore returns what leaves for what the library wrote, and whether that is the
	// answer to the request; claim, whether it may still be answered. nil: there is none.
	restore func(written []byte) ([][]byte, bool)
	claim   func() bool

	mu      sync.Mutex
	header  http.Header // the library's, taken over when it writes the first time
	status  int         // the library's; 0: it has none yet
	library bool        // header and status of the library were taken over
	sent    bool        // the status is on its way
	stream  bool        // what was sent is an event stream
	wrap    bool        // the library believes that it writes plain JSON into our stream
	dropped bool        // nobody waits for what the library writes
	closed  bool
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

// WriteHeader implements [http.ResponseWriter]. The status leaves with what follows it:
// it may turn out that nobody waits for that.
func (e *eventWriter) WriteHeader(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.status == 0 {
		e.status = status
	}
}

// takeOver sends the library's header, unless an event stream has begun.
func (e *eventWriter) takeOver() {
	if e.library {
		return
	}
	e.library = true
	events := e.events()
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
	e.w.WriteHeader(max(e.status, http.StatusOK))
}

// events tells whether the library answers with an event stream.
func (e *eventWriter) events() bool {
	return strings.HasPrefix(e.header.Get("Content-Type"), "text/event-stream")
}

// Write implements [http.ResponseWriter]. The library writes an event, or a whole
// JSON answer, at a time.
func (e *eventWriter) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	parts, answer := [][]byte{p}, false
	if e.restore != nil {
		parts, answer = e.restore(p)
	}
	if answer && !e.claim() {
		e.dropped = true
	}
	if e.dropped {
		return len(p), nil
	}
	e.takeOver()
	var err error
	if e.wrap {
		err = event(sender{e}, parts...)
	} else {
		err = e.pieces(parts)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (e *eventWriter) pieces(parts [][]byte) error {
	for _, part := range parts {
		if _, err := e.send(part); err != nil {
			return err
		}
	}
	return nil
}

// refuse answers a request that was not begun, unless it has been canceled.
func (e *eventWriter) refuse(no *refusal) {
	if !e.claim() {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sent, e.library, e.dropped = true, true, true
	refuse(e.w, no)
}

// instead answers in place of the library, whose answer is dropped.
func (e *eventWriter) instead(answer []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return
	case e.stream:
		_ = event(sender{e}, answer)
	case !e.sent:
		e.sent, e.library = true, true
		e.w.Header().Set("Content-Type", "application/json")
		e.w.Header().Set("Content-Length", strconv.Itoa(len(answer))) // complete, though the handler does not return
		_, _ = e.send(answer)
	}
	e.dropped = true
	e.flush()
}

// Flush implements [http.Flusher].
func (e *eventWriter) Flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.dropped {
		e.takeOver()
		e.flush()
	}
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
func (e *eventWriter) message(content ...[]byte) {
	e.write(func() error { return event(sender{e}, content...) })
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
	if e.closed || e.sent && !e.stream || e.status != 0 && !e.library && !e.events() {
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

// close ends the use of the answer: its handler returns. A request that was canceled has
// no answer.
func (e *eventWriter) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.beat != nil {
		e.beat.Stop()
	}
	switch {
	case e.sent:
	case e.status == 0 || e.dropped:
		e.w.WriteHeader(http.StatusAccepted)
	default:
		e.takeOver()
	}
}

// event writes the parts of an event one by one: a message may be large.
func event(w io.Writer, message ...[]byte) error {
	if last := len(message) - 1; last >= 0 {
		message[last] = bytes.TrimSpace(message[last])
	}
	parts := append(append([][]byte{[]byte(eventLead)}, message...), []byte("\n\n"))
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}
