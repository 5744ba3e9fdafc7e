package mcpserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"litellm-proxy/internal/audit"
	"litellm-proxy/internal/metrics"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// Watch says what is told of calls, beside the log's line for each.
type Watch struct {
	// Audit gets each call, and each write before it is sent; nil: none. A write that it
	// cannot be told is refused.
	Audit *audit.Log
	// Slow is how long a call may take before the log has a warning; 0: as long as it likes.
	Slow time.Duration
	// Metrics count calls; nil: nobody does.
	Metrics *metrics.Metrics
}

// trail is what is told of one call while it runs and when it has ended.
type trail struct {
	c       *call
	ctx     context.Context
	id      string
	started time.Time

	mu       sync.Mutex
	begun    bool // a write was announced
	requests []audit.Request
	left     int // requests that are not in the list
	slowest  proxyclient.Exchange
	slowTook time.Duration
	running  int // requests to the gateway under way, since since
	since    time.Time
	gateway  time.Duration // while at least one was
	person   time.Duration // waiting for an answer
}

// follow begins the trail of the call.
func (c *call) follow(ctx context.Context) *trail {
	c.s.watch.Metrics.Begin()
	return &trail{c: c, ctx: ctx, id: rand.Text()[:16], started: time.Now()}
}

// waited adds time that a person took to answer.
func (t *trail) waited(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.person += d
}

// many tells whether the call sent more than one request.
func (t *trail) many() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.running+t.left+len(t.requests) > 1
}

// request follows one request to the gateway, and announces a write; see
// [proxyclient.Client.Observed].
func (t *trail) request(e *proxyclient.Exchange) (end func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !e.Read {
		if err := t.announce(e); err != nil {
			return nil, err
		}
	}
	started := time.Now()
	if t.running++; t.running == 1 {
		t.since = started
	}
	return func() { t.answered(e, time.Since(started)) }, nil
}

// announce counts the first write, and tells the audit log of each before it is sent.
func (t *trail) announce(e *proxyclient.Exchange) error {
	first := !t.begun
	if who := t.c.paced(t.ctx); first && !t.c.s.pace.take(who) {
		return t.c.s.pace.refusal(t.c.s.pace.wait(who))
	}
	t.begun = true
	if t.c.s.watch.Audit == nil {
		return nil
	}
	entry := &audit.Entry{Event: audit.Send}
	if first {
		entry = t.entry(audit.Begin)
	}
	entry.Time, entry.Call, entry.Tool = audit.Time(time.Now()), t.id, t.c.op.Tool()
	entry.Request = &audit.Request{Method: e.Method, Path: e.Path}
	if err := t.c.s.watch.Audit.Append(entry, true); err != nil {
		return &proxyclient.Error{Code: proxyclient.CodeLocal,
			Message: e.Method + " " + e.Path + " was not sent, because the server's audit log cannot be written",
			Hint:    "only reads work until the person who runs this server repairs the audit log"}
	}
	return nil
}

// answered ends the following of a request.
func (t *trail) answered(e *proxyclient.Exchange, took time.Duration) {
	t.c.s.watch.Metrics.Request(e.Method, e.Status, took)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running--; t.running == 0 {
		t.gateway += time.Since(t.since)
	}
	if took > t.slowTook {
		t.slowest, t.slowTook = *e, took
	}
	if len(t.requests) == audit.MaxRequests {
		t.left++
		return
	}
	r := audit.Request{Method: e.Method, Path: e.Path, Status: e.Status, ID: e.RequestID}
	if e.Status == 0 {
		r.Code = string(e.Code)
	}
	t.requests = append(t.requests, r)
}

// end tells what came of the call.
func (t *trail) end(outcome string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	took, s := time.Since(t.started), t.c.s
	s.watch.Metrics.End(t.c.op.Tool(), t.effect().String(), outcome, took-t.person)
	if s.watch.Audit != nil {
		entry := t.entry(audit.End)
		entry.Time, entry.Call = audit.Time(time.Now()), t.id
		entry.Requests, entry.Left, entry.Outcome = t.requests, t.left, outcome
		entry.Took, entry.Person = audit.Milliseconds(took), audit.Milliseconds(t.person)
		_ = s.watch.Audit.Append(entry, false) // the log's owner is told
	}
	level := slog.LevelInfo
	if t.effect() == operation.Read {
		level = slog.LevelDebug
	}
	s.log.Log(t.ctx, level, "tool call", "tool", t.c.op.Tool(), "client", clientName(t.ctx),
		"session", sessionName(t.ctx, s), "outcome", outcome)
	if s.watch.Slow > 0 && took >= s.watch.Slow {
		t.warn(took, outcome)
	}
}

// warn logs a slow call, and where the time went.
func (t *trail) warn(took time.Duration, outcome string) {
	words := []any{"tool", t.c.op.Tool(), "took", rounded(took), "gateway", rounded(t.gateway), "person", rounded(t.person),
		"requests", len(t.requests) + t.left, "outcome", outcome}
	if t.slowTook > 0 {
		words = append(words, "slowest", t.slowest.Method+" "+t.slowest.Path+" "+rounded(t.slowTook).String())
	}
	t.c.s.log.Warn("slow call", words...)
}

func rounded(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// effect is what the call does, as far as that is known.
func (t *trail) effect() operation.Effect {
	if t.c.prepared != nil {
		return t.c.prepared.Effect()
	}
	return t.c.op.Effect
}

// entry is a line of the audit log with who calls what.
func (t *trail) entry(event string) *audit.Entry {
	c := t.c
	own := t.redactor()
	e := &audit.Entry{
		Event: event, Client: string(own.Binary([]byte(clientName(t.ctx)))), Session: sessionName(t.ctx, c.s),
		Tool: c.op.Tool(), Effect: t.effect().String(), Secrets: c.secretNames(),
	}
	switch {
	case c.client != nil:
		e.Key = c.client.KeyHash()
	case c.caller.key != "":
		e.Key = secret.Hash(c.caller.key)
	}
	if masked, err := own.JSON(context.WithoutCancel(t.ctx), rawArguments(c)); err == nil && len(masked) > 0 {
		e.Arguments = audit.Bounded(masked)
	}
	return e
}

// redactor masks secrets and the key of the call, also before it has a client.
func (t *trail) redactor() secret.Redactor {
	var own secret.Redactor
	switch c := t.c; {
	case c.client != nil:
		own = c.client.Redactor()
	case c.s.client != nil && !c.caller.remote:
		own = c.s.client.Redactor()
	}
	if key := t.c.caller.key; key != "" {
		own.Own = append(own.Own, key)
	}
	return own
}

// rawArguments are the arguments as they came.
func rawArguments(c *call) json.RawMessage {
	raw := bytes.TrimSpace(c.request.Params.RawArguments)
	if len(raw) == 0 && c.request.Params.Arguments != nil {
		raw = encode(c.request.Params.Arguments)
	}
	if string(raw) == "null" {
		return nil
	}
	return raw
}
