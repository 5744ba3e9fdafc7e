package mcpserver

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// progress tells a caller that gave a progress token how far its call is. The
// caller's notify returns when the notification is on its way, so that none can
// come behind the answer or be lost to it.
type progress struct {
	token json.RawMessage
	send  func(method string, params any)
	pause time.Duration

	mu      sync.Mutex
	count   int
	pending strings.Builder
	last    time.Time
}

// progress returns nil when nobody wants to be told.
func (c *call) progress(context.Context) *progress {
	if c.caller.token == nil || c.caller.notify == nil {
		return nil
	}
	return &progress{token: c.caller.token, send: c.caller.notify, pause: c.s.deltaPause}
}

type progressParams struct {
	ProgressToken json.RawMessage `json:"progressToken"`
	Progress      int             `json:"progress"`
	Total         int             `json:"total,omitempty"`
	Message       string          `json:"message,omitempty"`
}

const methodProgress = "notifications/progress"

// step is the Progress of an Env.
func (p *progress) step() func(done, total int) {
	if p == nil {
		return nil
	}
	return func(done, total int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		// It must grow with each notification.
		if done <= p.count && p.count > 0 {
			return
		}
		p.count = done
		p.send(methodProgress, progressParams{ProgressToken: p.token, Progress: done, Total: total})
	}
}

// words is the Delta of an Env. Pieces are put together for a while: a
// notification for each word would be ten times the answer.
func (p *progress) words() func(text string) {
	if p == nil {
		return nil
	}
	return func(text string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.pending.WriteString(text)
		if time.Since(p.last) >= p.pause {
			p.say()
		}
	}
}

// flush sends what is left.
func (p *progress) flush() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say()
}

func (p *progress) say() {
	if p.pending.Len() == 0 {
		return
	}
	p.count++
	p.send(methodProgress, progressParams{ProgressToken: p.token, Progress: p.count, Message: p.pending.String()})
	p.pending.Reset()
	p.last = time.Now()
}
