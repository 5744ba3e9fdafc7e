package mcpserver

import (
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// How much runs at the same time over HTTP. Notifications, and answers to our
// questions, do not count.
const (
	sessionCalls, sessionWaits = 16, 48
	keyCalls, keyWaits         = 64, 192
	// A shared token is the key of every client.
	sharedCalls, sharedWaits = 512, 512
	sessionStreams           = 8
)

// enter takes the places for one request of a session or, without one, of a key.
// It returns nil when there are none.
func (f *front) enter(c *caller, session string, m *received) turns {
	if session == "" {
		session = c.owner
	}
	inSession := f.calls.enter(session, string(m.ID))
	if inSession == nil {
		return nil
	}
	ofKey := f.callers.enter(c.owner, "")
	if ofKey == nil {
		inSession.leave()
		return nil
	}
	return turns{inSession, ofKey}
}

var refuseCalls = &refusal{status: http.StatusTooManyRequests, retry: "1",
	text: "Too many calls of this client are running. Wait for some of them to end."}

// canceled ends the requests that wait for their turn; the library ends those that
// run.
func (f *front) canceled(session string, m *received) {
	if m.Method == string(mcp.MethodNotificationCancelled) {
		f.calls.drop(session, string(m.Params.RequestID))
	}
}

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
		m := &received{}
		if r.Method == http.MethodPost {
			if m = f.receive(w, r, c); m == nil {
				return
			}
			defer m.release()
		}
		modern := mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)) || mcp.IsModernProtocol(m.Params.Meta.ProtocolVersion())
		if modern && m.Method == string(mcp.MethodNotificationCancelled) {
			// Without sessions the library knows requests by their number alone,
			// and would cancel that of another client. Hanging up cancels too.
			w.WriteHeader(http.StatusAccepted)
			return
		}
		opens := !modern && m.Method == string(mcp.MethodInitialize)
		session, no := f.session(c, r, modern, opens)
		if no != nil {
			refuse(w, no)
			return
		}
		if opens {
			defer func() {
				if c.room { // the library opened none
					f.sessions.give(c.group)
				}
			}()
		}
		f.canceled(session, m)
		if why := misshapen(m.content); why != "" && m.request() {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(wire(invalid(m.ID, why)))
			return
		}
		f.serve(library, w, r, session, m, opens)
	}
}

// session is the session in which a request runs, "" for one without. It takes
// room for one that the request opens.
func (f *front) session(c *caller, r *http.Request, modern, opens bool) (string, *refusal) {
	switch {
	case modern:
		return "", nil
	case opens:
		if c.room = f.sessions.take(c.group); !c.room {
			return "", tooMany("sessions")
		}
		return "", nil
	case r.Method == http.MethodHead:
		return "", nil
	}
	id := r.Header.Get(server.HeaderKeySessionID)
	if id == "" {
		return "", &refusal{status: http.StatusBadRequest, text: "The header " + server.HeaderKeySessionID + " is missing: initialize first."}
	}
	if f.sessions.get(id, c.owner) == nil {
		return "", &refusal{status: http.StatusNotFound, text: "No such session: initialize again."}
	}
	return id, nil
}

// serve hands a request to the library when it is its turn.
func (f *front) serve(library *server.StreamableHTTPServer, w http.ResponseWriter, r *http.Request, session string, m *received, opens bool) {
	c, ctx := callerOf(r.Context()), r.Context()
	var turn turns
	switch {
	case r.Method == http.MethodGet, m.Method == string(mcp.MethodSubscriptionsListen):
		name := session
		if name == "" {
			name = c.owner
		}
		place := f.streams.enter(name, "")
		if place == nil {
			refuse(w, tooMany("streams"))
			return
		}
		defer place.leave()
		// It lasts as long as both sides do.
		listening, stop := until(ctx, f.ended)
		defer stop()
		ctx = listening
	case m.request():
		places := f.enter(c, session, m)
		if places == nil {
			refuse(w, refuseCalls)
			return
		}
		defer places.leave()
		turn = places
	}
	e := newEventWriter(w, f.s)
	defer c.answer.end()
	defer e.close()
	if r.Method == http.MethodGet || m.request() && !opens && acceptsEvents(r) {
		e.keepAlive(f.s.heartbeat)
	}
	if turn.wait(ctx) != nil {
		e.WriteHeader(http.StatusAccepted)
		return
	}
	// The library registers a session after it answered: the next request must
	// not overtake that.
	e.hold = opens
	if r.Method == http.MethodPost && acceptsEvents(r) {
		c.notify = e.notify
	}
	library.Handle(e, &server.HTTPRequest{Method: r.Method, URL: r.URL, Header: r.Header, Body: m.content, Context: ctx})
}

// acceptsEvents tells whether the answer may be an event stream.
func acceptsEvents(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return accept == "" || strings.Contains(accept, "text/event-stream") || strings.Contains(accept, "*/*")
}
