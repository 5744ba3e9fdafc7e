package mcpserver

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
)

// quota limits how many requests are open: all, and for each group. A group is a key that
// the gateway accepts; those without one are the group "" and share a small part, so that
// they cannot shut out the others.
type quota struct {
	max, anonymous int
	shared         bool // one credential is that of all clients

	mu  sync.Mutex
	all int
	of  map[string]int
}

func newQuota(most int, shared bool) *quota {
	return &quota{max: most, anonymous: min(most, max(2, most/16)), shared: shared, of: map[string]int{}}
}

// take opens one more for the group, or returns false when there is no room. A group may
// have as many as are free: one alone gets half of all, two get a third each, and however
// many there are, another one finds room.
func (q *quota) take(group string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	free, of := q.max-q.all, q.of[group]
	switch {
	case free == 0, !q.shared && of >= free, group == "" && of >= q.anonymous:
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

// sessions are the SSE sessions of one server: each is a stream that is open. Those of
// streamable HTTP are a [ticket].
type sessions struct {
	mu   sync.Mutex
	open map[string]*httpSession
}

type httpSession struct {
	owner  string
	stream *eventWriter
	gone   context.Context // ends with the stream
	only   narrowed        // by the headers that opened it
	peer   *sseSession
}

func newSessions() *sessions { return &sessions{open: map[string]*httpSession{}} }

// add opens a session under a new identifier that cannot be guessed.
func (s *sessions) add(h *httpSession) string {
	id := rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = h
	return id
}

func (s *sessions) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
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

// clientState is what a session of ours remembers of its client.
type clientState struct {
	logLevel

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
