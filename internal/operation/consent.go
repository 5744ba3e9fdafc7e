package operation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// Consent declares when and what an operation asks before it runs. Destructive
// operations, and arguments that are dangerous in any write (see [Call.Dangers]), ask
// without a declaration.
type Consent struct {
	// Ask returns the question: the things by name, then the consequence. "Delete team
	// research (0c95…)? Its 6 keys stop working and 5 members lose access." It may send
	// reads. nil means the summary with the arguments.
	Ask func(context.Context, *Call) (string, error)
	// Sensitive returns what makes this call sensitive, one phrase each: "raises the
	// budget from 10 to 50 US dollars". It may send reads.
	Sensitive func(context.Context, *Call) ([]string, error)
	// Effect returns the effect with these arguments, if that can be less than the
	// operation's Effect.
	Effect func(Args) Effect
	// Typed means that typing the command is the consent.
	Typed bool
	// Sweeping means that the operation names no target. Without a terminal, it needs
	// consent in advance.
	Sweeping bool
}

// Asks reports whether calls of the operation are usually confirmed: it is destructive,
// or declares that its arguments can be sensitive.
func (op *Operation) Asks() bool {
	return op.Effect == Destructive || op.Consent.Sensitive != nil
}

// EffectFor returns the effect with these arguments.
func (op *Operation) EffectFor(args Args) Effect {
	if op.Consent.Effect != nil {
		return op.Consent.Effect(args)
	}
	return op.Effect
}

// Question is what a person confirms before a call runs.
type Question struct {
	// Text names the things and the consequence.
	Text string
	// Dangers is what makes the call sensitive, one phrase each.
	Dangers []string
	// Gateway is the URL that the requests go to.
	Gateway string
	// Plan is what is sent after a yes.
	Plan *Plan
}

// MaxQuestion is the limit of a question in bytes. Nothing is cut from a question: a
// longer one is an error.
const MaxQuestion = 6000

// String returns the question as it is shown, with every request.
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

// Dangers returns what makes the call sensitive: where secrets would go, what the
// gateway would read from its environment or files, who would get a role, and what the
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

// NeedsConsent returns why the call must be confirmed, or "" if it need not be.
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

// Question returns what a person is to confirm; see [Call.Approve]. A question that
// cannot be shown in full is an error.
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
			Message: fmt.Sprintf("%s: the question would have %d characters, more than the %d that can be shown; nothing was sent", c.op.Path, n, MaxQuestion),
			Hint:    "name fewer things at once, or send less data"}
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
