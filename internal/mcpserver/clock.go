package mcpserver

import (
	"context"
	"sync"
	"time"

	"litellm-proxy/proxyclient"
)

// callLimit is how long a call may take. Some clients give up after 60 s, and then only
// they can tell the model something: "outcome unknown" is known here alone.
const callLimit = 45 * time.Second

// clock ends a call: after its time, or when the server is shut down. The time that a
// person takes for an answer does not count.
type clock struct {
	ctx context.Context
	end context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer // nil: the call has no limit
	left  time.Duration
	since time.Time
}

// begin starts the clock of a call. A caller that is told of progress waits as long as
// that goes on: then the limit is for each request alone, see [call.limited]. The function
// must be called when the call has ended.
func (c *call) begin(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	k := &clock{ctx: ctx, end: end}
	c.clock = k
	unhook := func() bool { return true }
	if c.caller.stop != nil {
		unhook = context.AfterFunc(c.caller.stop, func() { end(context.Cause(c.caller.stop)) })
	}
	if !c.told() {
		k.left, k.since = c.s.callLimit, time.Now()
		k.timer = time.AfterFunc(k.left, func() { end(c.late()) })
	}
	return ctx, func() {
		k.pause()
		unhook()
		end(nil)
	}
}

// late is why a call is ended after its time.
func (c *call) late() *proxyclient.Stop {
	span := proxyclient.Span(c.s.callLimit)
	stop := &proxyclient.Stop{Code: proxyclient.CodeUnreachable, Reason: "the gateway did not answer within " + span,
		Hint: "to allow more time, use {timeout}"}
	if c.trail.many() {
		stop.Reason = "the call reached its time limit of " + span
		stop.Hint += ", or a client that asks for progress"
	}
	return stop
}

// limited is a client whose requests end in time, with their retries, where the call as a
// whole does not.
func (c *call) limited(client *proxyclient.Client) *proxyclient.Client {
	if !c.told() {
		return client
	}
	return client.WithLimit(c.s.callLimit)
}

// told tells whether the caller is told of progress.
func (c *call) told() bool { return c.caller.token != nil && c.caller.notify != nil }

// pause stops the time, and resume lets it go on.
func (k *clock) pause() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer != nil && k.timer.Stop() {
		k.left -= time.Since(k.since)
	}
}

func (k *clock) resume() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer != nil {
		k.since = time.Now()
		k.timer.Reset(max(k.left, 0))
	}
}

// stopped is why the clock ended the call, or nil.
func (k *clock) stopped() *proxyclient.Stop {
	if k == nil {
		return nil
	}
	return proxyclient.StopOf(k.ctx)
}
