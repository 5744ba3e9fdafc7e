package output

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// viewCodec writes one thing as a short view for a person: what is wrong with it, its
// facts and limits, what belongs to it, and at the end a new key.
type viewCodec struct {
	*out
	now   time.Time
	body  json.RawMessage // without secrets
	keys  []newKey        // the new keys in it
	paper strings.Builder
}

func newView(o *out) codec {
	c := &viewCodec{out: o, now: o.Now}
	if c.now.IsZero() {
		c.now = time.Now()
	}
	return c
}

// maxView is the size of an answer that has a view.
const maxView = maxCell

func (c *viewCodec) object(d document) error {
	if len(d.raw) > maxView {
		return newJSON(c.out).object(d)
	}
	body, err := c.masked(d)
	if err != nil {
		return err
	}
	c.body = bytes.TrimSpace(body)
	c.keys = newKeys(c.body, d.keep)
	c.write()
	if c.paper.Len() == 0 {
		return newJSON(c.out).object(d)
	}
	_, err = c.w.WriteString(c.paper.String())
	return err
}

func (c *viewCodec) item(d document) error { return c.object(d) }

func (c *viewCodec) end() error { return nil }

// write writes the view of the body.
func (c *viewCodec) write() {
	facts, limits, rest := c.facts()
	problems := append(limits.problems(c.op.What(), c.now), c.overspent()...)
	if len(problems) > 0 {
		c.paper.WriteString("Problems:\n")
		for _, text := range problems {
			c.lines("  ", "  ", text)
		}
		c.section()
	}
	c.block("", facts)
	if view := c.op.View; view != nil {
		for _, list := range view.Lists {
			c.list(list)
		}
	}
	for _, f := range rest {
		c.below(f.label, f.value, "")
	}
	c.text()
	c.newKeys()
}

// section leaves a line free before what follows.
func (c *viewCodec) section() {
	if c.paper.Len() > 0 {
		c.paper.WriteByte('\n')
	}
}

// fact is a labeled value. What is no text for one line has a value instead.
type fact struct {
	label, text string
	value       json.RawMessage
}

// facts returns the facts of the thing with its limits among them, the limits, and the facts
// that need lines of their own.
func (c *viewCodec) facts() (facts []fact, limits limits, rest []fact) {
	columns, none := c.op.Columns, map[string]string(nil)
	if v := c.op.View; v != nil {
		none = v.None
		if v.Facts != nil {
			columns = v.Facts
		}
	}
	columns = withLimits(columns)
	limits = newLimits(columns)
	at := -1
	values := c.picker(columns, []json.RawMessage{c.body}).Pick(c.body)
	for i, column := range columns {
		value := values[i]
		switch {
		case limits.take(column.Name, value):
			if at < 0 {
				at = len(facts)
			}
		case c.apart(column, value):
		case c.plain(column, value) != "":
			facts = append(facts, fact{label: label(column.Name), text: c.plain(column, value)})
		case !empty(value) && !flat(value):
			rest = append(rest, fact{label: label(column.Name), value: slices.Clone(value)})
		case none[column.Name] != "":
			facts = append(facts, fact{label: label(column.Name), text: none[column.Name]})
		}
	}
	if len(facts)+len(rest) == 0 && !limits.any() && head(c.body) != 0 {
		facts, rest = c.members(c.body)
	}
	return slices.Insert(facts, max(at, 0), limits.lines(c.now)...), limits, rest
}

// apart tells whether a fact is shown at the end instead: a new key, or the text.
func (c *viewCodec) apart(column operation.Column, value json.RawMessage) bool {
	if c.op.Text != "" && column.Field == c.op.Text || c.op.Text == column.Name {
		return true
	}
	word := operation.Word(value)
	return word != "" && slices.ContainsFunc(c.keys, func(k newKey) bool { return k.key == word })
}

// members are the facts of an object whose columns nobody declared.
func (c *viewCodec) members(object json.RawMessage) (facts, rest []fact) {
	if head(object) == '[' {
		return nil, []fact{{value: object}}
	}
	if head(object) != '{' {
		if text := c.plain(operation.Column{}, object); text != "" {
			facts = append(facts, fact{text: text})
		}
		return facts, nil
	}
	for key, value := range secret.Members(object) {
		column := operation.Column{Name: string(key)}
		switch text := c.plain(column, value); {
		case c.apart(column, value):
		case text != "":
			facts = append(facts, fact{label: label(column.Name), text: text})
		case !empty(value) && !flat(value):
			rest = append(rest, fact{label: label(column.Name), value: slices.Clone(value)})
		}
	}
	return facts, rest
}

// text writes the text that the operation is for.
func (c *viewCodec) text() {
	if c.op.Text == "" {
		return
	}
	for value := range valuesAt(c.body, c.op.Text) {
		text := cell(value, operation.Plain)
		if text == "" {
			continue
		}
		c.section()
		c.paper.WriteString(c.safeText(strings.TrimRight(text, "\n")) + "\n")
	}
}
