package mcpserver

import (
	"context"
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
	waiting  int
}

func newLanes(running, waiting int) *lanes {
	return &lanes{running: running, waiting: waiting, open: map[string]*lane{}}
}

// turn is the place of one request in a lane.
type turn struct {
	lanes *lanes
	lane  *lane
	name  string
	// waited: it waits no more; runs: it has a slot.
	waited, runs bool
}

// enter takes a place for a request, or returns nil when the lane is full. The place
// must be left.
func (l *lanes) enter(name string) *turn {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.open[name]
	if at == nil {
		at = &lane{slots: make(chan struct{}, l.running)}
		l.open[name] = at
	}
	if at.admitted >= l.running+l.waiting {
		return nil
	}
	at.admitted++
	at.waiting++
	return &turn{lanes: l, lane: at, name: name}
}

// wait returns nil when the request may run. It fails when ctx ends first.
func (t *turn) wait(ctx context.Context) error {
	var err error
	select {
	case t.lane.slots <- struct{}{}:
		t.runs = true
		err = ctx.Err() // it may have ended at the same moment
	case <-ctx.Done():
		err = ctx.Err()
	}
	t.lanes.mu.Lock()
	defer t.lanes.mu.Unlock()
	t.lane.waiting--
	t.waited = true
	return err
}

// leave frees the place.
func (t *turn) leave() {
	if t.runs {
		<-t.lane.slots
	}
	t.lanes.mu.Lock()
	defer t.lanes.mu.Unlock()
	if !t.waited {
		t.lane.waiting--
	}
	if t.lane.admitted--; t.lane.admitted == 0 {
		delete(t.lanes.open, t.name)
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
