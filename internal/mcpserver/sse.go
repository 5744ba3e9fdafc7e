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
	peer.id = f.sessions.add(&httpSession{owner: c.owner, stream: stream, gone: ctx, only: c.only, peer: peer})
	defer f.sessions.remove(peer.id)
	stream.raw("event: endpoint\ndata: " + endpointReference(r.URL.Path) + "?sessionId=" + peer.id + "\n\n")
	stream.keepAlive(f.s.heartbeat)
	select {
	case <-ctx.Done():
	case <-f.closing.Done():
		f.underway.idle(ctx, peer.id)
	}
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
	c.only = c.only.and(session.only)
	m := f.receive(w, r, c)
	if m != nil && !f.post(w, c, session, m) {
		m.release()
	}
}

// post takes a message and tells whether its request runs on.
func (f *front) post(w http.ResponseWriter, c *caller, session *httpSession, m *received) bool {
	c.notify, c.token, m.caller = session.stream.notify, m.token(), c
	no := f.s.objection(m.incoming)
	if no != nil && no.id == nil {
		plain(w, false, no.code, no.wire())
		return false
	}
	ctx := withCaller(f.s.mcp.WithContext(session.gone, session.peer), c)
	if no == nil && !m.request() {
		if m.is(mcp.MethodNotificationCancelled) {
			f.underway.cancel(session.peer.id, m.Params.RequestID)
		} else {
			f.s.dispatch(ctx, m.incoming)
		}
		w.WriteHeader(http.StatusAccepted)
		return false
	}
	ctx, over := f.underway.begin(ctx, session.peer.id, m.incoming, func(no *fault) { session.stream.message(no.wire()) })
	places := f.enter(c, session.peer.id, m)
	if places == nil {
		over()
		if m.claim() {
			refuse(w, refuseCalls)
		}
		return false
	}
	w.WriteHeader(http.StatusAccepted)
	go func() {
		defer over()
		f.answer(ctx, session.stream, places, m, no)
	}()
	return true
}

// answer runs one request of an SSE client and writes the answer into its stream.
// It ends with the stream, whatever it waits for.
func (f *front) answer(ctx context.Context, stream *eventWriter, places turns, m *received, no *fault) {
	defer m.release()
	defer places.leave()
	c := callerOf(ctx)
	defer c.answer.end()
	if places.wait(ctx) != nil {
		return
	}
	m.runs.Store(true)
	var answer [][]byte
	switch {
	case no != nil:
		answer = [][]byte{no.wire()}
	case m.is(mcp.MethodSubscriptionsListen):
		listening, stop := until(ctx, c.deaf)
		defer stop()
		answer = f.s.listen(listening, m.incoming, c.notify)
	default:
		answer = f.s.dispatch(ctx, m.incoming)
	}
	if answer != nil && m.claim() {
		stream.message(answer...)
	}
}
