package operation

import (
	"context"
	"iter"

	"litellm-proxy/proxyclient"
)

// Run runs the call. A destructive or sensitive call must be approved or waived first.
// An approved call sends exactly the requests that were shown; if they would differ now,
// it sends nothing and the error says what changed.
//
// If Run returns both a Result and an error, the Result says which parts were done.
func (c *Call) Run(ctx context.Context) (Result, error) {
	run, err := c.permitted(ctx)
	if err != nil {
		return Result{}, err
	}
	result, err := c.op.Do.Run(ctx, run)
	result.Joined = newJoined(run)
	run.endDelta()
	if err == nil && c.effect != Read {
		if err = run.complete(ctx, &result); err != nil {
			result.Done = "" // what the error denies
		}
	}
	run.part(ctx, err)
	result.Notes = append(result.Notes, run.notes.said...)
	result.tell(c.env.Client)
	if err != nil {
		return result, c.failed(err)
	}
	if c.effect == Read {
		return result, nil
	}
	if result.Done == "" && len(result.Failed) == 0 {
		result.Done = run.done(result.Body)
		result.maskDone(c.env.Client)
	}
	return result, nil
}

// complete checks the answer to a write: it has the expected members, and the gateway made
// the requested change.
func (c *Call) complete(ctx context.Context, result *Result) error {
	for _, path := range c.op.Returns {
		if !identifies(Lookup(result.Body, path)) && len(result.Failed) == 0 {
			return Lacks(path)
		}
	}
	return c.verify(ctx, result)
}

// permitted returns the call with a client that sends only approved requests.
func (c *Call) permitted(ctx context.Context) (*Call, error) {
	if !c.waived && c.approved == nil {
		if why, err := c.NeedsConsent(ctx); err != nil {
			return nil, err
		} else if why != "" {
			return nil, &proxyclient.Error{Code: proxyclient.CodeUsage, Message: c.op.Path + " was not confirmed; nothing was sent"}
		}
	}
	if c.approved == nil {
		return c.run(), nil
	}
	if len(c.approved.Requests) == 0 { // nothing can be sent, so nothing need be read again
		run := c.run()
		run.client = c.env.Client.Gated(run.gate())
		return run, nil
	}
	c.forget() // the answers are as old as the question
	again, err := c.record(ctx)
	if err != nil {
		return nil, err
	}
	if changed := c.approved.Difference(again); changed != "" {
		return nil, &proxyclient.Error{Code: proxyclient.CodeConflict,
			Message: c.op.Path + ": nothing was sent, because the call no longer matches what was confirmed: " + changed,
			Hint:    "review the call and confirm it again"}
	}
	run := c.run()
	run.client = c.env.Client.Gated(run.gate())
	return run, nil
}

// Pages yields a list page by page, from the first page to the last one, each item once.
// If the last error is [proxyclient.CodeIncomplete], the items before it are good but not
// all there are.
func (c *Call) Pages(ctx context.Context) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		l, ok := c.op.Do.(walker)
		if !ok {
			yield(c.Run(ctx))
			return
		}
		run := c.run()
		run.whole = true
		first, joined := true, newJoined(run)
		for result, err := range l.walk(ctx, run) {
			if first {
				run.part(ctx, err)
				first = false
			}
			result.Joined = joined
			result.Notes = append(result.Notes, run.notes.said...)
			run.notes.said = nil
			if err != nil {
				err = proxyclient.Wrap(c.doing(), err)
			}
			if !yield(result, err) {
				return
			}
		}
	}
}
