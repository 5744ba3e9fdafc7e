package mcpserver

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// quota limits how many of a thing are open: all, and for each group. A group is a
// key that the gateway accepts; those without one are the group "" and share a small
// part, so that they cannot shut out the others.
type quota struct {
	max, each, anonymous int

	mu  sync.Mutex
	all int
	of  map[string]int
}

// newQuota: where every client presents a credential of its own, each group gets up
// to a quarter.
func newQuota(most int, shared bool) *quota {
	q := &quota{max: most, each: most, anonymous: min(most, max(2, most/16)), of: map[string]int{}}
	if !shared {
		q.each = max(1, most/4)
	}
	return q
}

// take opens one more for the group, or returns false when there is no room.
func (q *quota) take(group string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	each := q.each
	if group == "" {
		each = min(each, q.anonymous)
	}
	if q.all >= q.max || q.of[group] >= each {
		return false
	}
	q.all++
	q.of[group]++
	return true
}

func (q *quota) give(group string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all--
	if q.of[group]--; q.of[group] <= 0 {
		delete(q.of, group)
	}
}

// sessions are those of one HTTP server: who opened each. mcp-go's own managers
// take any well-formed identifier from anybody.
type sessions struct {
	*quota

	mu   sync.Mutex
	open map[string]*httpSession
}

type httpSession struct {
	owner, group string
	stream       *eventWriter    // of an SSE session
	gone         context.Context // of an SSE session: ends with its stream
	peer         *sseSession     // of an SSE session
}

func newSessions(most int, shared bool) *sessions {
	return &sessions{quota: newQuota(most, shared), open: map[string]*httpSession{}}
}

// add opens a session, for which there is room, under a new identifier that cannot
// be guessed.
func (s *sessions) add(h *httpSession) string {
	// The form is the one that mcp-go makes, less the UUID's fixed digits.
	id := "mcp-session-" + rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = h
	return id
}

func (s *sessions) remove(id string) {
	s.mu.Lock()
	h := s.open[id]
	delete(s.open, id)
	s.mu.Unlock()
	if h != nil {
		s.give(h.group)
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
	if m.caller == nil || !m.caller.room {
		return "" // the guard took room for initialize alone
	}
	m.caller.room = false
	return m.add(&httpSession{owner: m.caller.owner, group: m.caller.group})
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

// clientState is what a session of ours remembers of its client.
type clientState struct {
	mu           sync.Mutex
	initialized  bool
	info         mcp.Implementation
	capabilities mcp.ClientCapabilities
}

// Initialize implements [server.ClientSession].
func (s *clientState) Initialize() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.initialized = true
}

// Initialized implements [server.ClientSession].
func (s *clientState) Initialized() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.initialized
}

// NotificationChannel implements [server.ClientSession]. Nothing is broadcast
// here; what comes in spite of that is dropped.
func (s *clientState) NotificationChannel() chan<- mcp.JSONRPCNotification { return nil }

// GetClientInfo implements [server.SessionWithClientInfo].
func (s *clientState) GetClientInfo() mcp.Implementation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

// SetClientInfo implements [server.SessionWithClientInfo].
func (s *clientState) SetClientInfo(info mcp.Implementation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info = info
}

// GetClientCapabilities implements [server.SessionWithClientInfo].
func (s *clientState) GetClientCapabilities() mcp.ClientCapabilities {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.capabilities
}

// SetClientCapabilities implements [server.SessionWithClientInfo].
func (s *clientState) SetClientCapabilities(capabilities mcp.ClientCapabilities) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capabilities = capabilities
}

// equal compares without telling how much of it is the same.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
