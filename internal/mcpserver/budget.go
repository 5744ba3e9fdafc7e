package mcpserver

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"litellm-proxy/proxyclient"
)

// budget is an amount of memory that concurrent requests share. It counts bytes;
// the memory itself is the caller's.
type budget struct {
	size int64
	free *semaphore.Weighted
	held atomic.Int64
}

func newBudget(size int64) *budget {
	return &budget{size: size, free: semaphore.NewWeighted(size)}
}

// Acquire takes n bytes and waits for them, first come first served, until ctx
// ends. A request larger than the whole budget gets all of it, so that it runs
// alone instead of never. Whoever holds bytes must not acquire more: two such
// callers could wait for each other.
func (b *budget) Acquire(ctx context.Context, n int64) error {
	n = min(n, b.size)
	if err := b.free.Acquire(ctx, n); err != nil {
		return err
	}
	b.held.Add(n)
	return nil
}

// TryAcquire takes n bytes if they are free at once. It may be called by a holder.
func (b *budget) TryAcquire(n int64) bool {
	n = min(n, b.size)
	if !b.free.TryAcquire(n) {
		return false
	}
	b.held.Add(n)
	return true
}

// Release gives back what the same number of bytes acquired.
func (b *budget) Release(n int64) {
	n = min(n, b.size)
	b.held.Add(-n)
	b.free.Release(n)
}

// answersSize is the budget of all answers: one of the largest that the gateway's
// client takes, or many of the usual size.
const answersSize = proxyclient.DefaultMaxBytes

// share is what one request holds of a budget.
type share struct {
	mu   sync.Mutex
	from *budget
	n    int64
}

// reserve takes n bytes of the budget that all answers share for the request of
// ctx, and waits while they are in use. The transport gives them back when the
// answer has left the process. keep returns all but m bytes at once, for a caller
// that has learned how large its answer is. Reserve once for each request.
func (s *Server) reserve(ctx context.Context, n int64) (keep func(m int64), err error) {
	n = min(n, s.answers.size)
	if err := s.answers.Acquire(ctx, n); err != nil {
		return nil, err
	}
	held := &callerOf(ctx).answer
	held.mu.Lock()
	held.from, held.n = s.answers, held.n+n
	held.mu.Unlock()
	return held.keep, nil
}

// keep gives back all but m bytes.
func (h *share) keep(m int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if back := h.n - max(m, 0); h.from != nil && back > 0 {
		h.from.Release(back)
		h.n -= back
	}
}
