package mcpserver

import (
	"context"
	"errors"
	"sync"
)

// lanes limit what runs at the same time for each name: a session, a key. Beyond
// that a bounded number waits, and the rest is turned away.
type lanes struct {
	running, waiting int

	mu   sync.Mutex
	open map[string]*lane
}

type lane struct {
	slots    chan struct{}
	admitted int
	waiting  map[*turn]struct{}
}

func newLanes(running, waiting int) *lanes {
	return &lanes{running: running, waiting: waiting, open: map[string]*lane{}}
}

// turn is the place of one request in a lane.
type turn struct {
	lanes    *lanes
	lane     *lane
	name, id string
	dropped  chan struct{}
	runs     bool
}

// enter takes a place for the request with this JSON-RPC ID, or returns nil when
// the lane is full. The place must be left.
func (l *lanes) enter(name, id string) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.open[name]
	if at == nil {
		at = &lane{slots: make(chan struct{}, l.running), waiting: map[*turn]struct{}{}}
		l.open[name] = at
	}
	if at.admitted >= l.running+l.waiting {
		return nil
	}
	at.admitted++
	t := &turn{lanes: l, lane: at, name: name, id: id, dropped: make(chan struct{})}
	at.waiting[t] = struct{}{}
	return t
}

var errDropped = errors.New("canceled before it ran")

// wait returns nil when the request may run. It fails when ctx ends or the request
// is canceled first.
func (t *turn) wait(ctx context.Context) error {
	var err error
	select {
	case t.lane.slots <- struct{}{}:
		t.runs = true
		select {
		case <-t.dropped: // at the same moment
			err = errDropped
		default:
		}
	case <-t.dropped:
		err = errDropped
	case <-ctx.Done():
		err = ctx.Err()
	}
	t.lanes.mu.Lock()
	defer t.lanes.mu.Unlock()
	delete(t.lane.waiting, t)
	return err
}

// leave frees the place.
func (t *turn) leave() {
	if t.runs {
		<-t.lane.slots
	}
	t.lanes.mu.Lock()
	defer t.lanes.mu.Unlock()
	delete(t.lane.waiting, t)
	if t.lane.admitted--; t.lane.admitted == 0 {
		delete(t.lanes.open, t.name)
	}
}

// drop cancels the requests with this ID that still wait. mcp-go cancels those
// that run, and does not know the others yet.
func (l *lanes) drop(name, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := l.open[name]; at != nil {
		for t := range at.waiting {
			if t.id == id {
				delete(at.waiting, t)
				close(t.dropped)
			}
		}
	}
}

// turns are the places of one request in several lanes.
type turns []*turn

func (t turns) wait(ctx context.Context) error {
	for _, one := range t {
		if err := one.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t turns) leave() {
	for _, one := range t {
		one.leave()
	}
}
