package mcpserver

import (
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

// TryAcquire takes n bytes if they are free at once.
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

const (
	// answersSize is the memory that the answers of all callers may take. It is
	// enough for one of the largest that the gateway's client takes.
	answersSize = 112 << 20
	// freeAnswer is the size up to which an answer never waits.
	freeAnswer = 256 << 10
	// maxAnswer is the largest answer that is worked on: no client and no model reads more.
	maxAnswer = 8 << 20
	// maxResult is the largest result of a tool.
	maxResult = 1 << 20
	// copies is how often the result is in memory when it is most: as it is made,
	// and as mcp-go encodes it, within and around the message, into buffers that
	// double.
	copies = 8
)

// answerCost is the memory that an answer of a size takes until its result has
// left the process: without secrets and without what says nothing, it is there twice more.
func answerCost(size int64) int64 {
	if size <= freeAnswer {
		return 0
	}
	return size + 2*min(size, maxAnswer) + copies*min(size, maxResult)
}

func newAnswers() *proxyclient.Budget { return proxyclient.NewBudget(answersSize, answerCost) }

// share is the memory that one request holds until its answer has left the process.
type share struct {
	mu      sync.Mutex
	release func()
}

// hold takes what to call at the end.
func (h *share) hold(release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.release = release
}

// end gives the memory back. The transport calls it.
func (h *share) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.release != nil {
		h.release()
	}
	h.release = nil
}
