package operation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"litellm-proxy/proxyclient"
)

// Plan is the writes that a call would send, in order. A placeholder such as "<team_id of
// the new team>" stands for an identifier from an earlier answer.
type Plan struct {
	Requests []proxyclient.Recorded
	// Notes are what the call says next to its requests: see [Call.Note].
	Notes []string
	// Report is the gateway's own report on what the call would do, if it gives one.
	Report json.RawMessage
}

// Digest returns a keyed hash of the requests, secrets included: two plans with one digest
// send the same.
func (p *Plan) Digest(key []byte) string {
	h := sha256.New()
	for _, r := range p.Requests {
		fmt.Fprintf(h, "%s\n", r.KeyedDigest(key))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Difference describes in one sentence what another plan would send instead, or returns
// "" if both send the same.
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
		return shown.String() + " would carry a different secret or header"
	}
	return "it would send " + now.String() + " instead of " + shown.String()
}

// Plan runs the call once with its writes recorded instead of sent. Its reads are sent.
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
	run := c.run()
	run.client, run.planning = client, true
	if _, err := c.op.Do.Run(ctx, run); err != nil {
		return nil, c.failed(err)
	}
	var said []string
	for _, sentence := range run.notes.said {
		said = append(said, withoutKey(c.env.Client, sentence))
	}
	return &Plan{Requests: recorder.Requests(), Notes: said, Report: run.notes.forecast}, nil
}

// Approve binds the call to the plan that was confirmed.
func (c *Call) Approve(p *Plan) { c.approved = p }

// Waive lets the call run without confirmation: a person typed it, or the server is
// configured not to ask.
func (c *Call) Waive() { c.waived = true }

// gate returns a check that passes the approved requests, in order.
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
		done = fmt.Sprintf("%d of %s sent, then it stopped", sent, Counted(len(c.approved.Requests), "request"))
	}
	return &proxyclient.Error{Code: proxyclient.CodeConflict, Message: done + ", because the call no longer matches what was confirmed: " + how,
		Hint: "review the call and confirm it again"}
}
