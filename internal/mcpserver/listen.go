package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// subscriptions/listen is served here and not by mcp-go's transport, whose forwarder
// takes the acknowledgment off its channel and then drops it when the answer is ready
// first. It works the same way on every transport.

// listenSession is what the library tells one subscription.
type listenSession struct {
	clientState
	id    string
	notes chan mcp.JSONRPCNotification

	mu     sync.Mutex
	filter mcp.SubscriptionFilter
}

var _ server.SessionWithSubscriptionFilter = (*listenSession)(nil)

// SessionID implements [server.ClientSession].
func (l *listenSession) SessionID() string { return l.id }

// NotificationChannel implements [server.ClientSession].
func (l *listenSession) NotificationChannel() chan<- mcp.JSONRPCNotification { return l.notes }

// SetSubscriptionFilter implements [server.SessionWithSubscriptionFilter].
func (l *listenSession) SetSubscriptionFilter(filter mcp.SubscriptionFilter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.filter = filter
}

// SubscriptionFilter implements [server.SessionWithSubscriptionFilter].
func (l *listenSession) SubscriptionFilter() (mcp.SubscriptionFilter, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.filter, true
}

// listen serves subscriptions/listen until the client cancels it or ctx ends, and returns
// the answer. What the client subscribed to goes to notify before that.
func (s *Server) listen(ctx context.Context, m *incoming, notify func(method string, params any)) [][]byte {
	session := &listenSession{id: m.own, notes: make(chan mcp.JSONRPCNotification, 64)}
	ctx = s.mcp.WithContext(ctx, session)
	if err := s.mcp.RegisterSession(ctx, session); err == nil {
		defer s.mcp.UnregisterSession(ctx, session.id)
	}
	tell := func(n mcp.JSONRPCNotification) {
		meta := map[string]any{}
		maps.Copy(meta, n.Params.Meta)
		meta[mcp.MetaKeySubscriptionID] = m.ID
		params := map[string]any{"_meta": meta}
		maps.Copy(params, n.Params.AdditionalFields)
		notify(n.Method, params)
	}
	answered := make(chan [][]byte, 1)
	go func() { answered <- s.dispatch(ctx, m) }()
	for {
		select {
		case n := <-session.notes:
			tell(n)
		case answer := <-answered:
			for len(session.notes) > 0 {
				tell(<-session.notes)
			}
			own := encode(m.own)
			for i, part := range answer {
				answer[i] = bytes.ReplaceAll(part, own, m.ID)
			}
			return answer
		}
	}
}

// isError tells whether an answer is an error.
func isError(answer [][]byte) bool {
	return len(answer) == 3 && bytes.HasPrefix(answer[2], []byte(`,"error":`))
}

// headerFault compares the headers of a request with its body, which the library does
// for the requests that it serves.
func headerFault(h http.Header, m *incoming) *fault {
	for _, one := range []struct{ name, want string }{
		{mcp.HeaderProtocolVersion, m.protocol()}, {mcp.HeaderMethod, m.Method},
	} {
		if got := h.Get(one.name); got != one.want {
			return m.refuse(mcp.HEADER_MISMATCH, "The header "+one.name+" is "+quoted(got)+" and the body says "+quoted(one.want)+": they must be the same.")
		}
	}
	return nil
}

// plain writes an answer that is no event stream.
func plain(w http.ResponseWriter, modern bool, code int, answer ...[]byte) {
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	switch {
	case code == mcp.PARSE_ERROR || code == mcp.INVALID_REQUEST:
		status = http.StatusBadRequest
	case !modern:
	case code == mcp.METHOD_NOT_FOUND:
		status = http.StatusNotFound
	case code == mcp.INVALID_PARAMS || code == mcp.HEADER_MISMATCH || code == mcp.UNSUPPORTED_PROTOCOL_VERSION:
		status = http.StatusBadRequest
	}
	w.WriteHeader(status)
	for _, part := range answer {
		_, _ = w.Write(part)
	}
}

// codeOf is the code of an answer that is an error.
func codeOf(answer [][]byte) int {
	var e struct {
		Error struct{ Code int }
	}
	_ = json.Unmarshal(bytes.Join(answer, nil), &e)
	return e.Error.Code
}
