package mcpserver

import (
	"context"
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// This is the older transport: one stream for all answers, and a POST for each
// message. mcp-go's own is not used: it starts a goroutine for each message, which
// waits with its answer until the client reads.

// sseSession is one SSE client.
type sseSession struct {
	clientState
	id string
}

var _ server.SessionWithClientInfo = (*sseSession)(nil)

// SessionID implements [server.ClientSession].
func (s *sseSession) SessionID() string { return s.id }

// sse serves the stream of an SSE client, which is its session.
func (f *front) sse(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r.Context())
	ctx, cancel := until(r.Context(), f.ended)
	defer cancel()
	stream := newEventWriter(w, f.s)
	defer stream.close()
	peer := &sseSession{}
	peer.id = f.sessions.add(&httpSession{owner: c.owner, stream: stream, gone: ctx, peer: peer})
	defer f.sessions.remove(peer.id)
	stream.raw("event: endpoint\ndata: " + endpointReference(r.URL.Path) + "?sessionId=" + peer.id + "\n\n")
	stream.keepAlive(f.s.heartbeat)
	<-ctx.Done()
}

// endpointReference is /message relative to the path of the stream. A client resolves
// it against the address it used, which holds the prefix of a proxy in front.
func endpointReference(stream string) string {
	if strings.HasSuffix(stream, "/") {
		return ".." + pathMessage
	}
	return strings.TrimPrefix(pathMessage, "/")
}

// message takes what an SSE client posts: the credential of each post counts.
func (f *front) message(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r.Context())
	session := f.sessions.get(r.URL.Query().Get("sessionId"), c.owner)
	if session == nil {
		refuse(w, &refusal{status: http.StatusNotFound, text: "No such session: open " + pathSSE + " again."})
		return
	}
	m := f.receive(w, r, c)
	if m != nil && !f.post(w, c, session, m) {
		m.release()
	}
}

// post takes a message and tells whether its request runs on.
func (f *front) post(w http.ResponseWriter, c *caller, session *httpSession, m *received) bool {
	switch {
	case !m.valid:
		refuse(w, &refusal{status: http.StatusBadRequest, text: "The body is not a JSON-RPC message."})
		return false
	case m.Method == string(mcp.MethodSubscriptionsListen):
		refuse(w, &refusal{status: http.StatusBadRequest, text: "Subscriptions are not available over SSE."})
		return false
	}
	c.notify = session.stream.notify
	ctx := withCaller(f.s.mcp.WithContext(session.gone, session.peer), c)
	if m.Method != "" && isNull(m.ID) {
		f.canceled(session.peer.id, m)
		f.s.dispatch(ctx, m.content, nil)
		w.WriteHeader(http.StatusAccepted)
		return false
	}
	places := f.enter(c, session.peer.id, m)
	if places == nil {
		refuse(w, refuseCalls)
		return false
	}
	w.WriteHeader(http.StatusAccepted)
	go f.answer(ctx, session.stream, places, m)
	return true
}

// answer runs one request of an SSE client and writes the answer into its stream.
// It ends with the stream, whatever it waits for.
func (f *front) answer(ctx context.Context, stream *eventWriter, places turns, m *received) {
	defer m.release()
	defer places.leave()
	defer callerOf(ctx).answer.end()
	if places.wait(ctx) == nil {
		if answer := f.s.dispatch(ctx, m.content, m.ID); answer != nil && ctx.Err() == nil {
			stream.message(wire(answer))
		}
	}
}
