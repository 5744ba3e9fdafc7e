package proxyclient

import (
	"context"
	"slices"
	"sync"
)

// Budget bounds the memory that large answers take at the same time in a process
// that serves many callers. What one caller reads is counted on its [Budget.Lease]
// until that is released; an answer that does not fit waits before it is read.
type Budget struct {
	total int64
	cost  func(size int64) int64

	mu      sync.Mutex
	used    int64
	waiting []*claim
	over    *lease // the one that may exceed the total
}

// NewBudget returns a budget of total bytes. The function cost tells how many of
// them an answer of a size takes; one that costs 0 never waits.
func NewBudget(total int64, cost func(size int64) int64) *Budget {
	return &Budget{total: total, cost: cost}
}

// lease is what one caller holds.
type lease struct {
	budget *Budget
	held   int64
	ended  bool
}

type leaseKey struct{}

// claim is a lease that waits for bytes; granted is closed when it has them.
type claim struct {
	lease   *lease
	bytes   int64
	granted chan struct{}
}

// Lease returns a context whose requests draw on the budget. The caller calls the
// function when the answers are no longer needed. Within a lease of this budget
// that has not ended, it does nothing.
func (b *Budget) Lease(ctx context.Context) (context.Context, func()) {
	if l := leaseOf(ctx); l != nil && l.budget == b && !l.over() {
		return ctx, func() {}
	}
	l := &lease{budget: b}
	return context.WithValue(ctx, leaseKey{}, l), l.release
}

// leaseOf is the lease of a context, or nil.
func leaseOf(ctx context.Context) *lease {
	l, _ := ctx.Value(leaseKey{}).(*lease)
	return l
}

// Reserve takes more bytes for the lease of a context, for what the caller makes of its
// answers, and waits until they are free. Without a lease it does nothing.
func Reserve(ctx context.Context, bytes int64) error {
	l := leaseOf(ctx)
	if l == nil {
		return nil
	}
	return l.take(ctx, min(bytes, l.budget.total))
}

// over tells whether the lease has ended.
func (l *lease) over() bool {
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	return l.ended
}

// costs is what an answer of a size takes; without a lease, nothing.
func (l *lease) costs(size int64) int64 {
	if l == nil {
		return 0
	}
	return min(l.budget.cost(size), l.budget.total)
}

// take waits until the bytes are free. A lease that already holds some could wait
// for others that wait for it; so one such lease at a time may exceed the total.
func (l *lease) take(ctx context.Context, bytes int64) error {
	if bytes <= 0 {
		return nil
	}
	b := l.budget
	c := &claim{l, bytes, make(chan struct{})}
	b.mu.Lock()
	if l.ended {
		b.mu.Unlock()
		return context.Canceled
	}
	b.waiting = append(b.waiting, c)
	b.grant()
	b.mu.Unlock()
	select {
	case <-c.granted:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, c); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
		b.grant() // those behind it
		return ctx.Err()
	}
	return nil
}

// grant gives bytes to those who wait, in their order.
func (b *Budget) grant() {
	blocked := false
	b.waiting = slices.DeleteFunc(b.waiting, func(c *claim) bool {
		switch {
		case !blocked && b.used+c.bytes <= b.total:
		case c.lease.held > 0 && (b.over == nil || b.over == c.lease):
			b.over = c.lease
		default:
			blocked = true
			return false
		}
		b.used += c.bytes
		c.lease.held += c.bytes
		close(c.granted)
		return true
	})
}

// give returns bytes before the lease ends.
func (l *lease) give(bytes int64) {
	if bytes <= 0 {
		return
	}
	b := l.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	bytes = min(bytes, l.held)
	b.used -= bytes
	l.held -= bytes
	b.grant()
}

// release returns everything.
func (l *lease) release() {
	b := l.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= l.held
	l.held, l.ended = 0, true
	if b.over == l {
		b.over = nil
	}
	b.grant()
}
