package operation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// Consent declares what an operation asks a person before it runs. Two things are
// asked for without being declared: an operation that destroys something, and
// arguments that any write is sensitive to (see [Dangers]).
type Consent struct {
	// Ask words the question: the things by name, then what follows. "Delete team
	// research (0c95…)? Its 6 keys stop working and 5 members lose access." It may
	// read. nil: the summary with the arguments.
	Ask func(context.Context, *Call) (string, error)
	// Sensitive says what makes this call sensitive, a phrase each: "raises the budget
	// from 10 to 50 US dollars". It may read.
	Sensitive func(context.Context, *Call) ([]string, error)
	// Effect is what the call does with these arguments, where that is less than the
	// operation does at most.
	Effect func(Args) Effect
	// Typed says that a person who types the command has consented by that.
	Typed bool
	// Sweeping says that the operation names no target: where nobody can be asked,
	// consent must be given beforehand.
	Sweeping bool
}

// Asks tells whether calls of the operation are usually confirmed: it destroys
// something, or is declared to be sensitive to its arguments.
func (op *Operation) Asks() bool {
	return op.Effect == Destructive || op.Consent.Sensitive != nil
}

// EffectFor is the effect with these arguments.
func (op *Operation) EffectFor(args Args) Effect {
	if op.Consent.Effect != nil {
		return op.Consent.Effect(args)
	}
	return op.Effect
}

// Question is what a person is asked before a call runs.
type Question struct {
	// Text names the things and the consequence.
	Text string
	// Dangers are what makes the call sensitive, a phrase each.
	Dangers []string
	// Gateway is where the requests go.
	Gateway string
	// Plan is what is sent after a yes.
	Plan *Plan
}

// MaxQuestion is how many characters a person is given to read. What decides is never
// cut: a longer question is not asked.
const MaxQuestion = 6000

// String is the question as it is shown, with every request.
func (q *Question) String() string {
	var b strings.Builder
	b.WriteString(q.Text)
	for _, d := range q.Dangers {
		b.WriteString("\n! This " + d + ".")
	}
	b.WriteString("\nGateway: " + q.Gateway)
	for _, r := range q.Plan.Requests {
		b.WriteString("\nSends: " + r.String())
	}
	return b.String()
}

// Dangers are what makes the call sensitive: where secrets would go, what of the
// gateway's environment or files would be read, who would get a role, and what the
// operation declares. A call that only reads has none.
func (c *Call) Dangers(ctx context.Context) ([]string, error) {
	if c.effect == Read {
		return nil, nil
	}
	if c.dangers != nil {
		return *c.dangers, nil
	}
	found := scan(c.op, c.args)
	if c.op.Consent.Sensitive != nil {
		more, err := c.op.Consent.Sensitive(ctx, c)
		if err != nil {
			return nil, proxyclient.Wrap(c.op.doing(c.args), err)
		}
		found = append(found, more...)
	}
	found = slices.Compact(found)
	c.dangers = &found
	return found, nil
}

// NeedsConsent says why somebody must agree to the call first; "" when nobody need.
func (c *Call) NeedsConsent(ctx context.Context) (string, error) {
	dangers, err := c.Dangers(ctx)
	switch {
	case err != nil:
		return "", err
	case len(dangers) > 0:
		return "it " + strings.Join(dangers, "; it "), nil
	case c.effect == Destructive:
		return "it cannot be undone", nil
	}
	return "", nil
}

// Question is what a person is asked before the call runs: see [Call.Approve]. One
// that cannot be shown whole is an error.
func (c *Call) Question(ctx context.Context) (*Question, error) {
	plan, err := c.Plan(ctx)
	if err != nil {
		return nil, err
	}
	dangers, err := c.Dangers(ctx)
	if err != nil {
		return nil, err
	}
	q := &Question{Dangers: dangers, Gateway: c.env.Client.BaseURL(), Plan: plan}
	if q.Text, err = c.ask(ctx); err != nil {
		return nil, proxyclient.Wrap(c.op.doing(c.args), err)
	}
	if n := len(q.String()); n > MaxQuestion {
		return nil, &proxyclient.Error{Code: proxyclient.CodeUsage,
			Message: fmt.Sprintf("%s: the question would be %d characters long, more than the %d that a person is given to read; nothing was sent", c.op.Path, n, MaxQuestion),
			Hint:    "name fewer things at once, or send less"}
	}
	return q, nil
}

func (c *Call) ask(ctx context.Context) (string, error) {
	if c.op.Consent.Ask != nil {
		text, err := c.op.Consent.Ask(ctx, c)
		return Shown(text), err
	}
	text := c.op.Summary + "?"
	if target := strings.TrimPrefix(c.op.doing(c.args), c.op.Path); target != "" {
		text = c.op.Summary + ":" + target + "?"
	}
	return text, nil
}
