package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"litellm-proxy/proxyclient"
)

// Consent declares what an operation asks a person before it runs. Two things are
// asked without being declared: an operation that destroys something asks, and so do
// arguments that any write is sensitive to (see [Call.Dangers]).
type Consent struct {
	// Ask words the question: the things by name, then what follows. "Delete team
	// research (0c95…)? Its 6 keys stop working and 5 members lose access." Names in
	// it are written by [Name] or [Thing.Label]. It may read. nil: "Update key
	// ci?", or the summary with the targets.
	Ask func(context.Context, *Call) (string, error)
	// Sensitive says what makes this call sensitive, a phrase each: "raises the budget
	// of key ci from 10 to 50 US dollars". It may read.
	Sensitive func(context.Context, *Call) ([]string, error)
	// Often says that the arguments alone often make a call sensitive, so that a tool
	// shows the argument for consent.
	Often bool
	// Effect is what the call does with these arguments, where that is less than the
	// operation does at most.
	Effect func(Args) Effect
	// Typed says that a person who types the command has consented by that.
	Typed bool
	// Sweeping says that the operation names no target: where nobody can be asked,
	// consent must be given beforehand.
	Sweeping bool
	// Count counts what the filters of a call select. selects is false for a call that
	// names its targets. Whoever agrees to a selection must give the number: type it, or
	// pass it as the argument {expect}, with which the operation compares it.
	Count func(context.Context, *Call) (n int, selects bool, err error)
}

// ExpectField is the argument for the number of things that filters must match.
const ExpectField = "expect"

// Selected counts what the filters of the call select; see [Consent].Count.
func (c *Call) Selected(ctx context.Context) (n int, selects bool, err error) {
	if c.op.Consent.Count == nil {
		return 0, false, nil
	}
	n, selects, err = c.op.Consent.Count(ctx, c)
	return n, selects, proxyclient.Wrap(c.doing(), err)
}

// Asks tells whether calls of the operation are often confirmed.
func (op *Operation) Asks() bool {
	return op.Effect == Destructive || op.Consent.Sensitive != nil || op.Consent.Often
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
	// Text names the things and the consequence, on one line.
	Text string
	// Dangers are what makes the call sensitive, a phrase each.
	Dangers []string
	// Destructive says that the call destroys something: the things come first in the
	// question then, and the dangers before them otherwise.
	Destructive bool
	// Gateway is where the requests go, with the profile that it is from.
	Gateway string
	// Selected is the number of things that filters select, or 0.
	Selected int
	// Plan is what is sent after a yes. A call that would send nothing need not be
	// asked for.
	Plan *Plan
}

// MaxQuestion is how many characters a person is given to read. What decides is never
// cut: a longer question is not asked.
const MaxQuestion = 6000

// String is the question as it is shown, with every request. What cannot be seen in a
// request is escaped.
func (q *Question) String() string {
	lines := q.lines()
	if q.Selected > 0 {
		first := q.Plan.Requests[0]
		return strings.Join(append(lines, fmt.Sprintf("Sends: %s %s with %s by ID, in %s", first.Method, first.Path,
			Counted(q.Selected, "target"), Counted(len(q.Plan.Requests), "request"))), "\n")
	}
	for _, r := range q.Plan.Requests {
		lines = append(lines, "Sends: "+visible(r.String()))
	}
	return strings.Join(lines, "\n")
}

// Brief is the question for a person who typed the command: without the requests.
func (q *Question) Brief() string { return strings.Join(q.lines(), "\n") }

func (q *Question) lines() []string {
	lines := []string{q.Text}
	for _, d := range q.Dangers {
		lines = append(lines, "Careful: this "+d+".")
	}
	if !q.Destructive && len(q.Dangers) > 0 {
		lines = append(lines[1:], q.Text)
	}
	for _, note := range q.Plan.Notes {
		lines = append(lines, "Note: "+visible(note))
	}
	return append(lines, "Gateway: "+visible(q.Gateway))
}

// Dangers are what makes the call sensitive, a phrase each: where secrets would go,
// what of the gateway's environment or files would be read, who would get a role or a
// permission, and what the operation declares. A call that only reads has none.
func (c *Call) Dangers(ctx context.Context) ([]string, error) {
	if c.effect == Read {
		return nil, nil
	}
	if c.dangers != nil {
		return *c.dangers, nil
	}
	found := append(scan(c.op, c.args), c.env.Sensitive...)
	if c.op.Consent.Sensitive != nil {
		more, err := c.op.Consent.Sensitive(ctx, c)
		if err != nil {
			return nil, proxyclient.Wrap(c.doing(), err)
		}
		found = append(found, more...)
	}
	found = Unique(found)
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
	q := &Question{Destructive: c.effect == Destructive, Gateway: c.env.Client.BaseURL(), Plan: plan}
	if c.env.Profile != "" {
		q.Gateway += " (profile " + c.env.Profile + ")"
	}
	if len(plan.Requests) == 0 {
		return q, nil
	}
	if q.Dangers, err = c.Dangers(ctx); err != nil {
		return nil, err
	}
	if q.Selected, _, err = c.Selected(ctx); err != nil {
		return nil, err
	}
	if q.Text, err = c.ask(ctx); err != nil {
		return nil, proxyclient.Wrap(c.doing(), err)
	}
	q.Text += apart(plan)
	if n := utf8.RuneCountInString(q.String()); n > MaxQuestion {
		return nil, &proxyclient.Error{Code: proxyclient.CodeUsage,
			Message: fmt.Sprintf("%s: nothing was sent: the question would have %d characters, and a person is given at most %d to read", c.op.Path, n, MaxQuestion),
			Hint:    "name fewer things in one call, or send less"}
	}
	return q, nil
}

// apart tells apart what looks the same when it is masked, such as two keys with the
// same last digits: each masked part of a request that may name a target by its hash.
func apart(plan *Plan) string {
	var text strings.Builder
	for _, r := range plan.Requests {
		for _, part := range r.Hidden() {
			fmt.Fprintf(&text, " The masked %s (%s) has the SHA-256 hash %s.", Name(part.Shown), Name(part.Where), part.SHA256)
		}
	}
	return text.String()
}

func (c *Call) ask(ctx context.Context) (string, error) {
	if c.op.Consent.Ask != nil {
		text, err := c.op.Consent.Ask(ctx, c)
		return visible(text), err
	}
	switch targets := strings.Join(c.targets(), ", "); {
	case targets == "":
		return c.op.Summary + "?", nil
	case c.op.Update != nil:
		return "Update " + c.op.What() + " " + targets + "?", nil
	default:
		return c.op.Summary + ": " + targets + "?", nil
	}
}

// targets are what the call is about: the things that were named, and the positional
// arguments.
func (c *Call) targets() (words []string) {
	for _, f := range c.op.Fields() {
		if thing, named := c.named[f.Name]; named {
			words = append(words, thing.Label())
		} else if value := c.args[f.Name]; value != nil && f.Arg > 0 && !f.rule.Prose {
			words = append(words, NameList(value))
		}
	}
	return words
}

// NameList is the names in a value, which is a text or a list of them, for a question.
func NameList(value json.RawMessage) string {
	var list []string
	if json.Unmarshal(value, &list) != nil {
		list = []string{Word(value)}
	}
	for i, name := range list {
		list[i] = Name(name)
	}
	return strings.Join(list, ", ")
}
