package mcpserver

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// underway are the requests of a transport that are not answered yet, by which clients
// cancel them. The library knows requests of the stateless protocol by their ID alone
// and would cancel that of another client.
type underway struct {
	mu   sync.Mutex
	all  map[*incoming]*running
	byID map[string]*running
}

// running is one of them.
type running struct {
	m       *incoming
	session string
	key     string
	cancel  context.CancelCauseFunc
	say     func(*fault) // answers in place of the request's own answer
	// said is closed when that has happened; nil: it does not happen.
	said chan struct{}
}

func newUnderway() *underway {
	return &underway{all: map[*incoming]*running{}, byID: map[string]*running{}}
}

var errCanceled = errors.New("canceled by the client")

// begin registers a request of a session, "" where no other message can cancel it. The
// context ends when the request is canceled; the function must be called when it is over.
func (u *underway) begin(ctx context.Context, session string, m *incoming, say func(*fault)) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &running{m: m, session: session, cancel: cancel, say: say}
	if session != "" && !m.is(mcp.MethodInitialize) {
		r.key = session + "\x00" + sameID(m.ID)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all[m] = r
	if r.key != "" {
		u.byID[r.key] = r
	}
	return ctx, func() {
		cancel(nil)
		if said := u.remove(r); said != nil {
			<-said // what carries the answer is in use until then
		}
	}
}

func (u *underway) remove(r *running) (said chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.all, r.m)
	if u.byID[r.key] == r {
		delete(u.byID, r.key)
	}
	return r.said
}

// cancel ends a request of the session: it gets no answer.
func (u *underway) cancel(session string, id json.RawMessage) {
	u.mu.Lock()
	r := u.byID[session+"\x00"+sameID(id)]
	u.mu.Unlock()
	if r != nil && r.m.claim() {
		r.cancel(errCanceled)
	}
}

// abandon answers all requests that are not answered yet. Clients that do not read do not
// keep the others waiting, and nobody for longer than the given time.
func (u *underway) abandon(answer func(*incoming) *fault, within time.Duration) {
	var saying sync.WaitGroup
	u.mu.Lock()
	for m, r := range u.all {
		if m.claim() {
			r.said = make(chan struct{})
			saying.Go(func() {
				defer close(r.said)
				r.say(answer(m))
			})
		}
	}
	u.mu.Unlock()
	all := make(chan struct{})
	go func() { saying.Wait(); close(all) }()
	select {
	case <-all:
	case <-time.After(within):
	}
}

// idle waits until no request of the session runs, or ctx ends.
func (u *underway) idle(ctx context.Context, session string) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for u.busy(session) {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

func (u *underway) busy(session string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, r := range u.all {
		if r.session == session {
			return true
		}
	}
	return false
}
