package mcpserver

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"sync"

	"github.com/mark3labs/mcp-go/server"
)

// sessions are those of one HTTP server: who opened each. mcp-go's own managers
// take any well-formed identifier from anybody.
type sessions struct {
	max, each int // of all, of one owner

	mu   sync.Mutex
	open map[string]*httpSession
	of   map[string]int // by owner
}

type httpSession struct {
	owner  string
	stream *eventWriter    // of an SSE session
	gone   context.Context // of an SSE session: ends with its stream
}

// newSessions: where every client presents a credential of its own, nobody gets
// more than a quarter of all, so that those without one cannot shut out the others.
func newSessions(most int, shared bool) *sessions {
	each := most
	if !shared {
		each = max(1, most/4)
	}
	return &sessions{max: most, each: each, open: map[string]*httpSession{}, of: map[string]int{}}
}

// room tells whether the owner may open one more.
func (s *sessions) room(owner string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open) < s.max && s.of[owner] < s.each
}

// add opens a session under a new identifier that cannot be guessed.
func (s *sessions) add(h *httpSession) string {
	// The form is the one that mcp-go makes, less the UUID's fixed digits.
	id := "mcp-session-" + rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = h
	s.of[h.owner]++
	return id
}

func (s *sessions) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.open[id]; h != nil {
		delete(s.open, id)
		if s.of[h.owner]--; s.of[h.owner] <= 0 {
			delete(s.of, h.owner)
		}
	}
}

// get returns the session if it exists and belongs to the owner: whether another
// one has it is not to be learned.
func (s *sessions) get(id, owner string) *httpSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.open[id]; h != nil && equal(h.owner, owner) {
		return h
	}
	return nil
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// ResolveSessionIdManager implements [server.SessionIdManagerResolver].
func (s *sessions) ResolveSessionIdManager(r *http.Request) server.SessionIdManager {
	m := manager{sessions: s}
	if r != nil {
		m.caller = callerOf(r.Context())
	}
	return m
}

// manager is the sessions as one request sees them; without a caller, as the
// sweeper does.
type manager struct {
	*sessions
	caller *caller
}

// Generate implements [server.SessionIdManager].
func (m manager) Generate() string {
	owner := ""
	if m.caller != nil {
		owner = m.caller.owner
	}
	return m.add(&httpSession{owner: owner})
}

// Validate implements [server.SessionIdManager].
func (m manager) Validate(id string) (bool, error) {
	if m.caller == nil || m.get(id, m.caller.owner) == nil {
		return false, errNoSession
	}
	return false, nil
}

// Terminate implements [server.SessionIdManager].
func (m manager) Terminate(id string) (bool, error) {
	if m.caller != nil && m.get(id, m.caller.owner) == nil {
		return false, errNoSession
	}
	m.remove(id)
	return false, nil
}

var errNoSession = errors.New("no such session")

// equal compares without telling how much of it is the same.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
