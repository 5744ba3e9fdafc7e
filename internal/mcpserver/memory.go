package mcpserver

import (
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"

	"litellm-proxy/internal/operation"
)

// maxRemembered and maxRememberedBytes bound how many plans are kept, and memoryTime how
// long one is good for.
const (
	maxRemembered      = 1000
	maxRememberedBytes = 8 << 20
	memoryTime         = 10 * time.Minute
)

// memory keeps plans that were shown until somebody agrees to them. A full memory
// forgets the oldest.
type memory struct {
	mu    sync.Mutex
	plans map[string]remembered
	order []string
	bytes int
}

type remembered struct {
	plan    *operation.Plan
	expires time.Time
	size    int
}

func newMemory() *memory { return &memory{plans: map[string]remembered{}} }

func (m *memory) store(key string, plan *operation.Plan, now time.Time, good time.Duration) {
	size := 0
	for _, r := range plan.Requests {
		size += r.Size()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(key)
	m.plans[key] = remembered{plan, now.Add(good), size}
	m.order, m.bytes = append(m.order, key), m.bytes+size
	for len(m.order) > maxRemembered || m.bytes > maxRememberedBytes {
		m.forget(m.order[0])
	}
}

// forget removes a plan; the caller holds the lock.
func (m *memory) forget(key string) {
	kept, known := m.plans[key]
	if !known {
		return
	}
	delete(m.plans, key)
	m.bytes -= kept.size
	i := slices.Index(m.order, key)
	m.order = slices.Delete(m.order, i, i+1)
}

// peek returns a plan, whether it is still good or not.
func (m *memory) peek(key string) *operation.Plan {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.plans[key].plan
}

// remove returns a plan that is still good, and forgets it.
func (m *memory) remove(key string, now time.Time) *operation.Plan {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.plans[key]
	m.forget(key)
	if now.After(kept.expires) {
		return nil
	}
	return kept.plan
}

// refusals are the plans that refusals showed, by caller, tool and arguments.
type refusals struct{ *memory }

func (c *call) identity() string {
	return c.s.hash("call", c.caller.owner, c.op.Tool(), string(encode(c.args)))
}

func (r refusals) put(c *call, plan *operation.Plan) {
	r.store(c.identity(), plan, time.Now(), memoryTime)
}

func (r refusals) take(c *call) *operation.Plan { return r.remove(c.identity(), time.Now()) }

// questions are those that clients of the stateless protocol were given to ask: such a
// client hands back a state, which is good for one answer.
type questions struct{ *memory }

// add makes the state: a number used once, and a proof that it belongs to this caller,
// call and plan.
func (q questions) add(c *call, plan *operation.Plan) string {
	state := rand.Text()
	state += "." + c.proof(state, plan)
	q.store(state, plan, time.Now(), c.s.answerWait)
	return state
}

func (c *call) proof(number string, plan *operation.Plan) string {
	return c.s.hash("confirm", number, c.identity(), plan.Digest())
}

// take is the plan that a state belongs to, once; nil when it is not this call's. What
// another call presents does not use it up.
func (q questions) take(c *call, state string) *operation.Plan {
	number, proof, _ := strings.Cut(state, ".")
	if plan := q.peek(state); plan == nil || !equal(proof, c.proof(number, plan)) {
		return nil
	}
	return q.remove(state, time.Now())
}
