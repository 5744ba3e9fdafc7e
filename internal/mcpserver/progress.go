package mcpserver

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
)

// progress tells a caller that gave a progress token how far its call is, and that it goes
// on. The caller's notify returns when the notification is on its way, so that none can
// come behind the answer or be lost to it.
type progress struct {
	token json.RawMessage
	send  func(method string, params any)
	pause time.Duration // between two pieces of an answer
	every time.Duration // at most between two notifications
	begun time.Time

	mu sync.Mutex
	// at is the last progress. It grows with each notification: by whole numbers for what
	// is done, and in between by parts of one for the time.
	at      float64
	beats   int // since the last whole number
	total   int
	waits   string // for what
	pending strings.Builder
	last    time.Time
	timer   *time.Timer
	ended   bool
}

// progress returns nil when nobody wants to be told. It must be ended before the call's
// result leaves.
func (c *call) progress() *progress {
	if !c.told() {
		return nil
	}
	p := &progress{token: c.caller.token, send: c.caller.notify, pause: c.s.deltaPause, every: c.s.beat, begun: time.Now(), waits: waitsGateway}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(p.every, p.tick)
	return p
}

const (
	waitsGateway = "waiting for the gateway"
	waitsAnswer  = "waiting for an answer to the question"
)

type progressParams struct {
	ProgressToken json.RawMessage `json:"progressToken"`
	Progress      float64         `json:"progress"`
	Total         int             `json:"total,omitempty"`
	Message       string          `json:"message,omitempty"`
}

const methodProgress = "notifications/progress"

// tell sends a notification. p.mu is held.
func (p *progress) tell(total int, message string) {
	p.send(methodProgress, progressParams{p.token, p.at, total, message})
	p.timer.Reset(p.every)
}

// tick tells that the call goes on, when nothing else did for a while.
func (p *progress) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.beats++
	p.at = math.Floor(p.at) + float64(p.beats)/float64(p.beats+1)
	p.tell(p.total, fmt.Sprintf("%s, %.0f s", p.waits, time.Since(p.begun).Seconds()))
}

// waitFor says what the call waits for, until the function is called.
func (p *progress) waitFor(what string) func() {
	if p == nil {
		return func() {}
	}
	set := func(what string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.waits = what
	}
	set(what)
	return func() { set(waitsGateway) }
}

// step is the Progress of an Env.
func (p *progress) step() func(done, total int) {
	if p == nil {
		return nil
	}
	return func(done, total int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.ended || float64(done) <= p.at && p.at > 0 {
			return
		}
		p.at, p.beats, p.total = float64(done), 0, total
		p.tell(total, "")
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

// end sends what is left; nothing follows it.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say()
	p.ended = true
	p.timer.Stop()
}

func (p *progress) say() {
	if p.pending.Len() == 0 || p.ended {
		return
	}
	p.at, p.beats = math.Floor(p.at)+1, 0
	p.tell(0, p.pending.String())
	p.pending.Reset()
	p.last = time.Now()
}
