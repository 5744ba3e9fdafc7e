package mcpserver

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
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
	return c.s.signer.hash("call", c.caller.owner, c.op.Tool(), string(encode(c.args)))
}

func (r refusals) put(c *call, plan *operation.Plan) {
	r.store(c.identity(), plan, time.Now(), memoryTime)
}

func (r refusals) take(c *call) *operation.Plan { return r.remove(c.identity(), time.Now()) }

// questions are those that clients of the stateless protocol were given to ask: such a
// client hands back a state, which any process with the key can judge. The memory holds
// the plans for the words about what changed, and used the states that were answered.
type questions struct {
	*memory
	used *recent[struct{}]
}

const purposeQuestion = "question"

// add makes the state: a number used once, the end of its time and the plan's digest,
// signed for this caller and call.
func (q questions) add(c *call, plan *operation.Plan) string {
	number, now := rand.Text(), time.Now()
	q.store(number, plan, now, c.s.answerWait)
	payload := fmt.Sprintf("%s.%d.%s", number, now.Add(c.s.answerWait).UnixMilli(), plan.Digest([]byte(c.s.signer.keys[0])))
	return c.s.signer.sign(purposeQuestion, payload, c.bound()...)
}

// bound is what a state is good for.
func (c *call) bound() []string {
	return []string{c.client.BaseURL(), c.caller.key, c.op.Tool(), string(encode(c.args))}
}

// check returns when the question of a state was asked, and why the state is no consent to
// the plan, or "". A state is
// used up by the call that it belongs to, whatever comes of it: once in each process, so
// its time is short, and the plan must still be the one that was shown.
func (q questions) check(c *call, state string, plan *operation.Plan) (asked time.Time, why string) {
	payload, key := c.s.signer.verify(purposeQuestion, state, c.bound()...)
	parts := strings.Split(payload, ".")
	if key == "" || len(parts) != 3 {
		return asked, "the answer belongs to another question, or to one of another server"
	}
	milliseconds, err := strconv.ParseInt(parts[1], 10, 64)
	now, expires := time.Now(), time.UnixMilli(milliseconds)
	asked = expires.Add(-c.s.answerWait)
	shown := q.remove(parts[0], now)
	switch {
	case !q.used.put(parts[0], struct{}{}):
		return asked, "the answer was used before"
	case err != nil || now.After(expires):
		return asked, "the answer came too late"
	case equal(parts[2], plan.Digest([]byte(key))):
		return asked, ""
	case shown != nil:
		return asked, changedSince + shown.Difference(plan)
	}
	return asked, changedSince + "it would send other requests now"
}

const changedSince = "it is not what was confirmed any more: "
