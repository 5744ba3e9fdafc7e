package operation

import (
	"context"
	"encoding/json"
	"slices"

	"litellm-proxy/proxyclient"
)

// Check looks at a call before anything is sent. It may read, and may leave a
// [Call.Note]. An error refuses the call.
type Check func(context.Context, *Call) error

// notes are the sentences that a call leaves for its reader, and its forecast.
type notes struct {
	said     []string
	forecast json.RawMessage
}

// Note adds a sentence to what is shown next to the result, or next to a plan. It names
// arguments as {max_budget}. A sentence is shown once.
func (c *Call) Note(sentence string) {
	if c.notes != nil && !slices.Contains(c.notes.said, sentence) {
		c.notes.said = append(c.notes.said, sentence)
	}
}

// Forecast adds the gateway's own report on what the call would do to its plan.
func (c *Call) Forecast(report json.RawMessage) { c.notes.forecast = report }

// check runs the checks of a call that may change something.
func (c *Call) check(ctx context.Context) error {
	if c.effect == Read {
		return nil
	}
	for _, check := range c.op.Checks {
		if err := check(ctx, c); err != nil {
			return proxyclient.Wrap(c.op.Path, err)
		}
	}
	return nil
}

// run returns a copy of the call for one run of its action, with the notes of the checks
// and none of an earlier run.
func (c *Call) run() *Call {
	run := *c
	run.notes = &notes{said: slices.Clone(c.notes.said)}
	return &run
}

// verify checks that an accepted write had the requested effect.
func (c *Call) verify(ctx context.Context, result *Result) error {
	if c.op.Verify == nil || c.effect == Read {
		return nil
	}
	return c.op.Verify(ctx, c, result)
}

// part says whether the answer to a read may be a part only.
func (c *Call) part(ctx context.Context, err error) {
	if err == nil && c.op.Part != nil && c.effect == Read {
		c.op.Part(ctx, c)
	}
}
