package operation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"litellm-proxy/proxyclient"
)

// Plan is the requests that a call would send to change something, in order. Where a
// later request needs an identifier out of an earlier answer, a placeholder such as
// "<team_id of the new team>" stands for it.
type Plan struct {
	Requests []proxyclient.Recorded
}

// Digest identifies the requests as they would be sent, secrets included: two plans
// with one digest send the same.
func (p *Plan) Digest() string {
	h := sha256.New()
	for _, r := range p.Requests {
		fmt.Fprintf(h, "%s\n", r.Digest())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Difference says in one sentence what another plan would send otherwise; "" when
// both send the same.
func (p *Plan) Difference(other *Plan) string {
	for i, r := range p.Requests {
		if i >= len(other.Requests) {
			return "it would no longer send " + r.String()
		}
		if o := other.Requests[i]; r.Digest() != o.Digest() {
			return differs(r, o)
		}
	}
	if n := len(p.Requests); n < len(other.Requests) {
		return "it would also send " + other.Requests[n].String()
	}
	return ""
}

func differs(shown, now proxyclient.Recorded) string {
	if shown.String() == now.String() {
		return shown.String() + " would carry another secret or header"
	}
	return "it would send " + now.String() + " instead of " + shown.String()
}

// Plan runs the call with its writes recorded instead of sent, once. Its reads are
// sent.
func (c *Call) Plan(ctx context.Context) (*Plan, error) {
	if c.plan == nil {
		plan, err := c.record(ctx)
		if err != nil {
			return nil, err
		}
		c.plan = plan
	}
	return c.plan, nil
}

func (c *Call) record(ctx context.Context) (*Plan, error) {
	client, recorder := c.env.Client.Recording()
	run := *c
	run.client, run.planning = client, true
	if _, err := c.op.Do.Run(ctx, &run); err != nil {
		return nil, proxyclient.Wrap(c.op.doing(c.args), err)
	}
	return &Plan{recorder.Requests()}, nil
}

// Approve binds the call to the plan that was shown and agreed to.
func (c *Call) Approve(p *Plan) { c.approved = p }

// Waive lets the call run unasked: a person typed it, or whoever runs the server wants
// no questions.
func (c *Call) Waive() { c.waived = true }

// gate lets the approved requests pass, in their order.
func (c *Call) gate() func(proxyclient.Recorded) error {
	next := 0
	return func(r proxyclient.Recorded) error {
		if next < len(c.approved.Requests) {
			approved := c.approved.Requests[next].Fill(c.promised)
			if approved.Digest() == r.Digest() {
				next++
				return nil
			}
			return c.strayed(next, differs(approved, r))
		}
		return c.strayed(next, "it would also send "+r.String())
	}
}

func (c *Call) strayed(sent int, how string) error {
	done := "nothing was sent"
	if sent > 0 {
		done = fmt.Sprintf("%d of %d requests were sent, no further one", sent, len(c.approved.Requests))
	}
	return &proxyclient.Error{Code: proxyclient.CodeConflict, Message: done + ", because it is not what was confirmed any more: " + how,
		Hint: "look at it again and confirm it anew"}
}
