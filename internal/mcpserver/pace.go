package mcpserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/server"
	"golang.org/x/time/rate"

	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// pace bounds how many calls of a session change something in a minute, so that a model
// that runs away is stopped early. A session begins with a whole minute's calls.
type pace struct {
	perMinute int // 0: no bound
	now       func() time.Time

	mu sync.Mutex
	of map[string]*rate.Limiter
}

func newPace(perMinute int) *pace {
	return &pace{perMinute: perMinute, now: time.Now, of: map[string]*rate.Limiter{}}
}

// manyPaces is how many sessions are remembered before those that are at rest are forgotten.
const manyPaces = 1000

// limiter returns that of a session.
func (p *pace) limiter(who string, now time.Time) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.of[who]
	if l == nil {
		if len(p.of) >= manyPaces {
			for other, l := range p.of {
				if l.TokensAt(now) >= float64(p.perMinute) {
					delete(p.of, other)
				}
			}
		}
		l = rate.NewLimiter(rate.Limit(float64(p.perMinute)/60), p.perMinute)
		p.of[who] = l
	}
	return l
}

// wait is how long the session must wait for its next write.
func (p *pace) wait(who string) time.Duration {
	if p.perMinute <= 0 {
		return 0
	}
	now := p.now()
	l := p.limiter(who, now)
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(l.Limit()) * float64(time.Second))
}

// take counts a write, unless the session must wait.
func (p *pace) take(who string) bool {
	if p.perMinute <= 0 {
		return true
	}
	now := p.now()
	return p.limiter(who, now).AllowN(now, 1)
}

// paced is whose writes the call counts among: its session's, or its key's where there is
// no session.
func (c *call) paced(ctx context.Context) string {
	if session := server.ClientSessionFromContext(ctx); session != nil && session.SessionID() != "" {
		return "session " + session.SessionID()
	}
	return "key " + c.caller.owner
}

// tooFast is the error of a write that would come too soon; nil for others.
func (c *call) tooFast(ctx context.Context) error {
	if wait := c.s.pace.wait(c.paced(ctx)); wait > 0 {
		return c.s.pace.refusal(wait)
	}
	return nil
}

// refusal is the error of a write that comes too soon.
func (p *pace) refusal(wait time.Duration) error {
	seconds := max(1, int((wait+time.Second-time.Millisecond)/time.Second))
	return &proxyclient.Error{Code: proxyclient.CodeRateLimited, RetryAfter: time.Duration(seconds) * time.Second,
		Message: fmt.Sprintf("nothing was sent: the limit of this server is %s per minute and session; the next one is possible in %d s", plural.Count(p.perMinute, "write"), seconds),
		Hint:    "check that all these separate changes are wanted; a tool that takes a list makes them in one call. The person who runs this server sets the limit (--max-writes)"}
}
