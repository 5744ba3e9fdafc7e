package mcpserver

import (
	"crypto/rand"
	"strings"
	"sync"
	"time"

	"litellm-proxy/internal/operation"
)

// maxRemembered bounds how many plans are kept, and memoryTime how long one is good for.
const (
	maxRemembered = 1000
	memoryTime    = 10 * time.Minute
)

// memory keeps plans that were shown until somebody agrees to them. A full memory
// forgets the oldest.
type memory struct {
	mu    sync.Mutex
	plans map[string]remembered
	order []string
}

type remembered struct {
	plan    *operation.Plan
	expires time.Time
}

func newMemory() *memory { return &memory{plans: map[string]remembered{}} }

func (m *memory) store(key string, plan *operation.Plan, now time.Time, good time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.plans[key]; !known {
		m.order = append(m.order, key)
	}
	m.plans[key] = remembered{plan, now.Add(good)}
	for len(m.order) > maxRemembered {
		delete(m.plans, m.order[0])
		m.order = m.order[1:]
	}
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
	kept, known := m.plans[key]
	if !known {
		return nil
	}
	delete(m.plans, key)
	for i, k := range m.order {
		if k == key {
			m.order = append(m.order[:i:i], m.order[i+1:]...)
			break
		}
	}
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
