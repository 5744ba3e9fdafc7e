package mcpserver

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/excerpt"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
	"litellm-proxy/internal/secret"
)

// listing is a page of a list, from one of its items on.
type listing struct {
	c    *call
	page *operation.Page
	// from is where in the page it begins, made are its items from there on, as a tool
	// answers them: as many as an answer can have.
	from int
	made []json.RawMessage
}

// newListing makes the items of a page.
func (c *call) newListing(r operation.Result) (*listing, error) {
	p := r.Page
	l := &listing{c: c, page: p, from: min(c.at.From, len(p.Items))}
	picker := operation.NewPicker(c.pickedColumns())
	picker.Join(c.ctx, r.Joined, p.Items[l.from:])
	left := c.most()
	found := map[string]bool{}
	for _, item := range p.Items[l.from:] {
		made, err := c.item(picker, item, found)
		if err != nil {
			return nil, err
		}
		l.made = append(l.made, made)
		if left -= excerpt.WireText(made); left < 0 {
			break
		}
	}
	return l, c.unknownFields(found, p.Items)
}

// take returns the first items that fit, whole but for one that would take all the room.
func (l *listing) take(left int) (items []json.RawMessage, gaps []excerpt.Gap) {
	each := left / max(1, min(3, len(l.made)))
	for i, item := range l.made {
		item, gap := excerpt.Cut(item, fmt.Sprintf("items[%d]", i), each, l.c.first())
		if left -= excerpt.WireText(item) + 2; left < 0 && i > 0 {
			break
		}
		items, gaps = append(items, item), append(gaps, gap...)
	}
	return items, gaps
}

// remain is how many items of the page come after the shown ones.
func (l *listing) remain(shown int) int { return len(l.page.Items) - l.from - shown }

// head says how many items there are, and how to get more.
func (l *listing) head(shown int) string {
	noun := plural.Singular(nounOf(l.c.op))
	text := plural.Count(shown, noun)
	if l.page.Total >= 0 {
		text = fmt.Sprintf("%d of %s", shown, plural.Count(l.page.Total, noun))
	}
	if next := l.next(shown); next != nil {
		text += "; next: " + string(encode(next))
	}
	return text
}

// nounOf returns the word for the items of an operation's answer: that of the collection it
// lists, else the last word of its path or its resource if that is a plural, else rows.
func nounOf(op *operation.Operation) string {
	if of := op.Collection(); of != nil && of.What != "" {
		return plural.Of(of.What)
	}
	resource := op.Resource()
	switch last := op.Path[strings.LastIndex(op.Path, " ")+1:]; {
	case !strings.HasSuffix(resource, "s"):
		return "rows"
	case strings.HasSuffix(last, "s"):
		return strings.ReplaceAll(last, "-", " ")
	}
	return strings.ReplaceAll(resource, "-", " ")
}

// facts are the members beside the items.
func (l *listing) facts(shown int) []member {
	var top []member
	if l.page.Total >= 0 {
		top = append(top, member{"total", encode(l.page.Total)})
	}
	if next := l.next(shown); next != nil {
		top = append(top, member{"next", encode(next)})
	}
	return top
}

// next are the arguments for the items after the shown ones: on the same page, if it has
// more of them, and else on the next one.
func (l *listing) next(shown int) operation.Args {
	if l.remain(shown) == 0 {
		if l.page.Next == nil {
			return nil
		}
		if name := l.c.op.PageArgument(); tooLong(l.page.Next) {
			return operation.Args{name: l.page.Next[name]}
		}
		return l.c.reading(l.page.Next)
	}
	args := l.c.prepared.Args()
	if l.page.Next != nil { // has what was relative as it was read
		args = maps.Clone(l.page.Next)
		name := l.c.op.PageArgument()
		delete(args, name)
		if page := l.c.prepared.Arg(name); page != nil {
			args[name] = page
		}
	}
	at := place{From: l.from + shown}
	if tooLong(args) { // it stands beside the arguments that the caller has
		return operation.Args{}.With(argCursor, l.c.token(at, l.c.args))
	}
	return l.c.reading(args).With(argCursor, l.c.token(at, args))
}

// tooLong reports whether arguments would take too much of an answer.
func tooLong(args operation.Args) bool { return excerpt.WireText(operation.Encode(args)) > 2*room }

// reading returns arguments with those that say how the answer is shown.
func (c *call) reading(args operation.Args) operation.Args {
	args = c.op.Public(args)
	if c.flags[argFull] {
		args = args.With(argFull, true)
	}
	if len(c.fields) > 0 {
		args = args.With(argFields, c.fields)
	}
	return args
}

// about is what a page says beside its items, and the notes among it.
func about(p *operation.Page) (body json.RawMessage, notes []string) {
	var top []member
	for _, name := range slices.Sorted(maps.Keys(p.About)) {
		if name == "notes" && json.Unmarshal(p.About[name], &notes) == nil {
			continue
		}
		top = append(top, member{name, p.About[name]})
	}
	if top == nil {
		return nil, notes
	}
	return object(top), notes
}

// pickedColumns are those that items are made of: the fields that an operation shows in a
// table and those that identify an item, or of the fields that were asked for those that
// the gateway's answer lacks.
func (c *call) pickedColumns() []operation.Column {
	return slices.DeleteFunc(slices.Clone(c.op.Columns), func(column operation.Column) bool {
		switch {
		case len(c.fields) > 0:
			return !slices.Contains(c.fields, column.Name) || column.Derive == nil && column.Names == nil
		case c.flags[argFull] || !slimmable(c.op):
			return true
		}
		return column.Optional && !column.ID
	})
}

// item is an item as a tool answers it: slim unless full was given, or with the fields that
// were asked for. One that is no object stays.
func (c *call) item(picker *operation.Picker, item json.RawMessage, found map[string]bool) (json.RawMessage, error) {
	masked, err := c.redactor().JSON(c.ctx, item)
	switch {
	case err != nil:
		return nil, err
	case len(c.fields) > 0 && len(item) > 0 && item[0] == '{':
		own := map[string]json.RawMessage{}
		for i, value := range picker.Pick(masked) {
			own[picker.Names()[i]] = value
		}
		return c.pick(masked, own, found), nil
	case c.flags[argFull]:
		return secret.Compact(masked), nil
	case !slimmable(c.op) || len(item) == 0 || item[0] != '{':
		return secret.Dense(masked), nil
	}
	slim := secret.Object{}
	for i, value := range picker.Pick(masked) {
		if value == nil {
			continue
		}
		if value = secret.Dense(value); !isEmpty(value) {
			slim = append(slim, secret.Member{Name: picker.Names()[i], Value: value})
		}
	}
	return slim.MarshalJSON()
}

// isEmpty tells whether a value says nothing: null, "", [] or {}. 0 and false
// say something.
func isEmpty(value json.RawMessage) bool {
	switch string(value) {
	case "null", `""`, "[]", "{}":
		return true
	}
	return false
}
