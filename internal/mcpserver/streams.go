package mcpserver

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// How much runs at the same time over HTTP. Notifications, and answers to our
// questions, do not count.
const (
	sessionCalls, sessionWaits = 16, 48
	keyCalls, keyWaits         = 64, 4096
	// A shared token is the key of every client.
	sharedCalls, sharedWaits = 512, 4096
	sessionStreams           = 8
)

// enter takes the places for one request: of its key and, if it has one, of its session.
// It returns nil when there are none.
func (f *front) enter(c *caller, session string, m *received) turns {
	var places turns
	if session != "" {
		lane := f.calls
		if m.is(mcp.MethodSubscriptionsListen) {
			lane = f.streams
		}
		inSession := lane.enter(session)
		if inSession == nil {
			return nil
		}
		places = append(places, inSession)
	}
	ofKey := f.callers.enter(c.owner)
	if ofKey == nil {
		places.leave()
		return nil
	}
	return append(places, ofKey)
}

var refuseCalls = &refusal{status: http.StatusTooManyRequests, retry: "1",
	text: "Too many calls of this client are running. Wait for some of them to end."}

// receive reads a message.
func (f *front) receive(w http.ResponseWriter, r *http.Request, c *caller) *received {
	most := int64(maxBody)
	if c.group == "" {
		most = smallBody
	}
	return f.bodies.read(w, r, most)
}

// streamable guards /mcp.
func (f *front) streamable(library *server.StreamableHTTPServer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := callerOf(r.Context())
		m := &received{incoming: &incoming{}}
		if r.Method == http.MethodPost {
			if m = f.receive(w, r, c); m == nil {
				return
			}
			defer m.release()
		}
		modern := mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)) || mcp.IsModernProtocol(m.protocol())
		if m.fault != nil {
			plain(w, modern, m.fault.code, m.fault.wire())
			return
		}
		opens := !modern && m.is(mcp.MethodInitialize)
		session, no := f.session(c, r, modern, opens)
		if no != nil {
			refuse(w, no)
			return
		}
		if c.ticket != nil && !modern && f.closes(w, r, session) {
			return
		}
		if f.hears(library, w, r, session, m) {
			return
		}
		if no := f.s.objection(m.incoming); no != nil {
			plain(w, modern, no.code, no.wire())
			return
		}
		if !modern && f.setsLevel(w, c, m.incoming) {
			return
		}
		if modern && m.request() && m.is(mcp.MethodSubscriptionsListen) {
			f.listen(w, r, m)
			return
		}
		f.serve(library, w, r, session, m, opens)
	}
}

// hears takes an answer to a question or a cancellation, and reports whether the message was
// one.
func (f *front) hears(library *server.StreamableHTTPServer, w http.ResponseWriter, r *http.Request, session string, m *received) bool {
	switch {
	case session != "" && m.answers():
		// What is no answer to a question may be one to the library's.
		if !f.asks.deliver(session, &m.head) {
			library.Handle(nowhere{http.Header{}}, &server.HTTPRequest{Method: r.Method, URL: r.URL, Header: r.Header, Body: m.content, Context: r.Context()})
		}
	case !m.is(mcp.MethodNotificationCancelled):
		return false
	case session != "":
		// Without sessions a client would cancel the request of another one. There, hanging
		// up cancels.
		f.underway.cancel(session, m.Params.RequestID)
	}
	w.WriteHeader(http.StatusAccepted)
	return true
}

// session is the session in which a request runs, "" for one without.
func (f *front) session(c *caller, r *http.Request, modern, opens bool) (string, *refusal) {
	switch {
	case modern, opens, r.Method == http.MethodHead:
		return "", nil
	}
	id := r.Header.Get(server.HeaderKeySessionID)
	if id == "" {
		return "", &refusal{status: http.StatusBadRequest, text: "The header " + server.HeaderKeySessionID + " is missing: initialize first."}
	}
	if c.ticket == nil {
		return "", &refusal{status: http.StatusNotFound, text: "No such session: initialize again."}
	}
	c.level, _ = f.levels.get(c.ticket.Number)
	return id, nil
}

// closes answers GET and DELETE within a session, and reports whether it did: the library
// would keep a session for each stream, with four goroutines and channels, and has nothing
// to send on it.
func (f *front) closes(w http.ResponseWriter, r *http.Request, session string) bool {
	if version := r.Header.Get(mcp.HeaderProtocolVersion); version != "" && !mcp.IsValidProtocolVersion(version) {
		return false // the library refuses it
	}
	switch {
	case r.Method == http.MethodDelete && f.stateless:
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodDelete:
		f.deleted.put(callerOf(r.Context()).ticket.Number, struct{}{})
		f.asks.end(session)
		w.WriteHeader(http.StatusOK)
	case r.Method == http.MethodGet && f.stateless:
		w.Header().Set("Allow", "POST, DELETE")
		refuse(w, &refusal{status: http.StatusMethodNotAllowed,
			text: "This server is stateless: each answer comes with its POST, and nothing is sent on a stream of its own."})
	case r.Method == http.MethodGet:
		f.wait(w, r, session)
	default:
		return false
	}
	return true
}

// wait serves the stream on which a client waits for what does not belong to a request of
// its own. There is nothing of that kind, but clients take a stream that ends for a fault.
func (f *front) wait(w http.ResponseWriter, r *http.Request, session string) {
	place := f.streams.enter(session)
	if place == nil {
		refuse(w, tooMany("streams"))
		return
	}
	defer place.leave()
	// It lasts as long as both sides do.
	ctx, stop := until(r.Context(), f.closing)
	defer stop()
	e := newEventWriter(w, f.s)
	defer e.close()
	e.raw(": alive\n\n")
	e.keepAlive(f.s.heartbeat)
	<-ctx.Done()
}

// listen serves a subscription to a client of the stateless protocol.
func (f *front) listen(w http.ResponseWriter, r *http.Request, m *received) {
	if no := headerFault(r.Header, m.incoming); no != nil {
		plain(w, true, no.code, no.wire())
		return
	}
	// It lasts as long as both sides do.
	ctx, stop := until(r.Context(), f.closing)
	defer stop()
	e := newEventWriter(w, f.s)
	defer e.close()
	e.keepAlive(f.s.heartbeat)
	answer := f.s.listen(ctx, m.incoming, e.notify)
	if isError(answer) {
		plain(w, true, codeOf(answer), answer...)
		return
	}
	e.message(answer...)
}

// serve hands a request to the library when it is its turn.
func (f *front) serve(library *server.StreamableHTTPServer, w http.ResponseWriter, r *http.Request, session string, m *received, opens bool) {
	c, ctx := callerOf(r.Context()), r.Context()
	e := newEventWriter(w, f.s)
	var turn turns
	defer c.answer.end()
	defer e.close()
	if m.request() {
		e.restore = func(written []byte) ([][]byte, bool) { return f.s.restore(m.incoming, written) }
		e.claim, m.caller = m.claim, c
		// Registered before it waits for its turn, so that it can be canceled there.
		running, over := f.underway.begin(ctx, session, m.incoming, func(no *fault) { e.instead(no.wire()) })
		defer over()
		ctx = running
		if turn = f.enter(c, session, m); turn == nil {
			e.refuse(refuseCalls)
			return
		}
		defer turn.leave()
	}
	if m.request() && !opens && acceptsEvents(r) {
		e.keepAlive(f.s.heartbeat)
	}
	if turn.wait(ctx) != nil {
		return
	}
	m.runs.Store(true)
	if opens {
		e.Header().Set(server.HeaderKeySessionID, f.issue(c, m.content))
	}
	if r.Method == http.MethodPost && acceptsEvents(r) {
		c.notify, c.token = e.notify, m.token()
	}
	if session != "" {
		c.ask = func(ctx context.Context, method string, params any) (json.RawMessage, error) {
			return f.asks.ask(ctx, session, func(message ...[]byte) {
				e.message(message...)
				if _, ended := f.deleted.get(c.ticket.Number); ended { // while the call ran
					f.asks.end(session)
				}
			}, method, params)
		}
	}
	library.Handle(e, &server.HTTPRequest{Method: r.Method, URL: r.URL, Header: r.Header, Body: m.content, Context: ctx})
}

// acceptsEvents tells whether the answer may be an event stream.
func acceptsEvents(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return accept == "" || strings.Contains(accept, "text/event-stream") || strings.Contains(accept, "*/*")
}
