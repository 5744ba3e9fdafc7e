package mcpserver

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/internal/excerpt"
	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// paths are where a field may be: those of the column of this name, or the name itself.
func (c *call) paths(field string) []string {
	for _, column := range c.op.Columns {
		if column.Name == field && column.Field != "" {
			return append(strings.Split(column.Field, "|"), field)
		}
	}
	return []string{field}
}

// pick returns the fields of a value that were asked for, and notes which of them it has.
// Identifiers, and what a write made, are always among them. own has the fields that are not
// the gateway's.
func (c *call) pick(value json.RawMessage, own map[string]json.RawMessage, found map[string]bool) json.RawMessage {
	out := secret.Object{}
	for _, field := range operation.Unique(slices.Concat(c.identifying(), c.fields)) {
		if v := own[field]; v != nil {
			found[field] = true
			out = append(out, secret.Member{Name: field, Value: secret.Dense(v)})
			continue
		}
		for _, path := range c.paths(field) {
			v, has := excerpt.Pick(value, path)
			if !has {
				continue
			}
			found[field] = true
			if v = secret.Dense(v); slices.Contains(c.fields, field) || !isEmpty(v) {
				out = append(out, secret.Member{Name: field, Value: v})
				break
			}
		}
	}
	return encode(out)
}

// identifying are the names of the fields that identify the thing of an answer.
func (c *call) identifying() []string {
	names := slices.Clone(c.op.Returns)
	for _, path := range c.op.Reveal {
		if !strings.Contains(path, "*") {
			names = append(names, path)
		}
	}
	if of := c.op.Collection(); of != nil && of.ID != "" {
		return append(names, of.ID, of.Name)
	}
	return append(names, c.op.Identifiers()...)
}

// first tells which members of an answer come first.
func (c *call) first() excerpt.First {
	names := map[string]bool{"id": true}
	for _, name := range c.identifying() {
		names[name[strings.LastIndexByte(name, '.')+1:]] = true
	}
	return func(name string) bool { return names[name] }
}

// unknownFields is an error for the asked fields that nothing in an answer has. An answer
// to a write is not judged: what it did is done.
func (c *call) unknownFields(found map[string]bool, values []json.RawMessage) error {
	objects := slices.DeleteFunc(slices.Clone(values), func(v json.RawMessage) bool { return len(v) == 0 || v[0] != '{' })
	if len(objects) == 0 {
		return nil
	}
	for _, field := range c.fields {
		switch {
		case found[field] || c.declares(field):
		case c.prepared.Effect() != operation.Read:
			c.say("The answer has no field " + operation.Name(field))
		default:
			known := c.declared()
			for name := range secret.Fields(objects[0]) {
				known = append(known, string(name))
			}
			return unknownField(field, known)
		}
	}
	return nil
}

// declared are the fields that the operation itself knows.
func (c *call) declared() []string {
	names := slices.Concat(c.op.Returns, c.op.Reveal)
	for _, column := range c.op.Columns {
		names = append(names, column.Name)
	}
	if c.op.Effect != operation.Read {
		for _, f := range c.op.Fields() {
			names = append(names, f.Name)
		}
	}
	return names
}

// declares reports whether the operation knows a field, or what it is within or has within
// it.
func (c *call) declares(field string) bool {
	within := func(a, b string) bool { return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".") }
	names := c.declared()
	for _, column := range c.op.Columns {
		if column.Field != "" {
			names = append(names, strings.Split(column.Field, "|")...)
		}
	}
	return slices.ContainsFunc(names, func(name string) bool { return within(name, field) })
}

// checkView judges how the answer is to be shown, before a write is sent. Fields are judged
// by what the operation declares; one that declares nothing takes all.
func (c *call) checkView() error {
	if c.prepared.Effect() == operation.Read {
		return nil
	}
	if c.at != (place{}) { // no answer to a write gives such a cursor
		return usage("{%s} cannot repeat a write; nothing was sent", argCursor)
	}
	if len(c.op.Columns) == 0 {
		return nil
	}
	for _, field := range c.fields {
		if !c.declares(field) {
			return unknownField(field, c.declared())
		}
	}
	return nil
}

func unknownField(field string, known []string) error {
	known = operation.Unique(known)
	slices.Sort(known)
	message := fmt.Sprintf("{%s}: there is no field %s", argFields, operation.Name(clip(field, 200)))
	if near := nearest.Name(field, known, nearest.Limit(field)); near != "" {
		message += "; did you mean " + operation.Name(near) + "?"
	}
	if n := 60; len(known) > n {
		known = append(known[:n:n], fmt.Sprintf("and %d more", len(known)-n))
	}
	e := usage("%s", message)
	e.Hint = "known fields: " + strings.Join(known, ", ")
	return e
}
