package mcpserver

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// A server is shut down in steps: no new calls are taken and open questions end; after
// Server.grace the calls that still run are ended and have Server.lastWords to say what
// they know; a call that does not come back is answered without it. The times add up to
// less than the 10 s after which Docker kills a container.

const (
	graceWait     = 8 * time.Second
	lastWordsWait = time.Second
	// flushWait is for what was written to leave.
	flushWait = 200 * time.Millisecond
)

var errShutdown = &proxyclient.Stop{Code: proxyclient.CodeCanceled, Reason: "the server is shutting down"}

// ending is how far the shutdown of a transport is.
type ending struct {
	closing context.Context // no new calls are taken
	close   func()
	stopped context.Context // the calls end
	stop    func()
	ended   context.Context // the streams end
	finish  func()
}

func newEnding() *ending {
	e := &ending{}
	step := func() (context.Context, func()) {
		ctx, cancel := context.WithCancelCause(context.Background())
		return ctx, func() { cancel(errShutdown) }
	}
	e.closing, e.close = step()
	e.stopped, e.stop = step()
	e.ended, e.finish = step()
	return e
}

// all ends everything at once.
func (e *ending) all() {
	e.close()
	e.stop()
	e.finish()
}

// closed refuses a request that came too late.
func (m *incoming) closed() *fault {
	return m.refuse(mcp.INTERNAL_ERROR, "The server is shutting down. Nothing was sent.")
}

// lost answers a request whose call did not come back before the end.
func (s *Server) lost(m *incoming) *fault {
	if !m.runs.Load() {
		return m.closed()
	}
	text := "The server was shut down before the request was answered."
	if t := s.tool(m.Params.Name); m.is(mcp.MethodToolsCall) && t != nil && t.op.Effect != operation.Read {
		text = fmt.Sprintf("Outcome unknown: the server was shut down before %s ended. It may or may not have been applied. Check before you call it again.", t.op.Tool())
	}
	return m.refuse(mcp.INTERNAL_ERROR, text)
}

// drain shuts an HTTP server down.
func (f *front) drain(h *http.Server) {
	within := func(d time.Duration) bool {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		return h.Shutdown(ctx) == nil
	}
	defer f.end()
	f.close()
	if within(f.s.grace) {
		return
	}
	f.stop()
	if within(f.s.lastWords) {
		return
	}
	f.underway.abandon(f.s.lost, flushWait)
	f.finish()
	if !within(flushWait) {
		_ = h.Close()
	}
}
