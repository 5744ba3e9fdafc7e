package operation

import (
	"fmt"
	"slices"
	"time"
)

// Expiry is the date or the time when something expires. The gateway takes only durations:
// see [Call.Lifetime].
type Expiry string

// Rule implements [Ruled].
func (Expiry) Rule() Rule { return Rule{Help: "Expiry: a date (its end, UTC) or RFC 3339 time"} }

const (
	expiresField  = "expires"
	durationField = "duration"
)

// readExpiry reads {expires}, which must be in the future and the only expiry.
func (c *Call) readExpiry() error {
	field, takes := c.op.Field(expiresField)
	if !takes || field.Collection != nil || c.args[expiresField] == nil || c.op.Effect == Read {
		return nil
	}
	if c.args[durationField] != nil {
		return Usage("{expires} and {duration} both set the expiry; give one")
	}
	if slices.Contains(c.args.List(clearField), durationField) {
		return Usage("{expires} sets an expiry and {clear} duration removes it; give one")
	}
	text := c.args.String(expiresField)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.Parse(time.DateOnly, text)
		at = at.Add(24*time.Hour - time.Second)
	}
	switch {
	case err != nil:
		return Usage(fmt.Sprintf("{expires}: %q is not a date such as 2027-01-31 or a time such as 2027-01-31T18:00:00Z", Shown(text)))
	case !at.After(c.now):
		return Usage(fmt.Sprintf("{expires}: %q is in the past", Shown(text)))
	case at.After(c.now.AddDate(maxYears, 0, 0)):
		return Usage(fmt.Sprintf("{expires}: %q is more than %d years away", Shown(text), maxYears))
	}
	c.until = at.UTC()
	c.args = c.args.With(expiresField, c.until.Format(time.RFC3339))
	return nil
}

// Lifetime replaces {expires} in the fields of a request by the duration until then. A plan
// shows a placeholder, because the duration is another one each second.
func (c *Call) Lifetime(fields Args) {
	delete(fields, expiresField)
	if c.until.IsZero() {
		return
	}
	placeholder := "<time until " + c.until.Format(time.RFC3339) + ">"
	if c.planning {
		fields[durationField] = Encode(placeholder)
		return
	}
	left := fmt.Sprintf("%ds", max(1, int(c.until.Sub(c.clock()).Seconds())))
	c.promised[placeholder] = left
	fields[durationField] = Encode(left)
}

// clock returns the present time.
func (c *Call) clock() time.Time {
	if c.env.Now != nil {
		return c.env.Now()
	}
	return time.Now()
}
