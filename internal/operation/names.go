package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// An argument that names a thing takes its ID or its name: team research, user
// ann@example.com, key ci. [Prepare] replaces names by IDs.
//
// A field has the gateway's name, and may have a public one (the tag name:"team" of
// team_id): the tool's property and the flag. Both surfaces accept the gateway's name too.

// Canonical returns the arguments by the gateway's names. The error names an argument that
// is given under two names.
func (op *Operation) Canonical(args Args) (Args, error) {
	out, copied := args, false
	for _, f := range op.Fields() {
		for _, name := range f.Known() {
			value, given := args[name]
			if !given {
				continue
			}
			if !copied {
				out, copied = maps.Clone(args), true
			}
			delete(out, name)
			if value, given = joined(f, out[f.Name], value); !given {
				return nil, Usage(fmt.Sprintf("%s and %s are two names of one argument; give one", name, another(args, f, name)))
			}
			out[f.Name] = value
		}
	}
	if list := out.List(clearField); len(list) > 0 && !isText(out[clearField]) {
		for i, name := range list {
			if f, ok := op.known(name); ok {
				list[i] = f.Name
			}
		}
		out = out.With(clearField, list)
	}
	return out, nil
}

// another returns the other name under which an argument is given.
func another(args Args, f Field, name string) string {
	for _, other := range append([]string{f.Name}, f.Known()...) {
		if other != name && args[other] != nil {
			return other
		}
	}
	return f.Name
}

// joined returns the value of an argument that is given under two names, if that is possible:
// one is empty, both are the same, or they are lists. One text is a list of one: {team} of
// {team_ids}.
func joined(f Field, one, another json.RawMessage) (value json.RawMessage, ok bool) {
	if f.Kind == KindStrings && isText(another) && !strings.HasPrefix(textOf(another), "[") {
		another = Encode([]json.RawMessage{another})
	}
	var first, second []json.RawMessage
	switch {
	case one == nil || isBlank(string(one)):
		return another, true
	case isBlank(string(another)) || string(one) == string(another):
		return one, true
	case f.Kind == KindStrings && json.Unmarshal(one, &first) == nil && json.Unmarshal(another, &second) == nil:
		return Encode(append(first, second...)), true
	}
	return nil, false
}

func textOf(value json.RawMessage) (text string) {
	_ = json.Unmarshal(value, &text)
	return text
}

func isText(value json.RawMessage) bool { return textOf(value) != "" }

// Public returns the arguments by the names that the operation shows.
func (op *Operation) Public(args Args) Args {
	if args == nil {
		return nil
	}
	out := make(Args, len(args))
	for name, value := range args {
		out[op.PublicName(name)] = value
	}
	return out
}

// PublicName returns the name that the operation shows for an argument of the gateway's
// name.
func (op *Operation) PublicName(name string) string {
	if f, ok := op.Field(name); ok {
		return f.Property
	}
	return name
}

// Takes reports whether the operation has an argument of this name, public or not.
func (op *Operation) Takes(name string) bool {
	_, ok := op.known(name)
	return ok
}

// known returns the field that has one of its names.
func (op *Operation) known(name string) (Field, bool) {
	if f, ok := op.Field(name); ok {
		return f, true
	}
	for _, f := range op.fields {
		if slices.Contains(f.Known(), name) {
			return f, true
		}
	}
	return Field{}, false
}

// Known returns the names of the argument beside the gateway's own: the public one, and
// the flags' aliases.
func (f *Field) Known() []string { return f.known }

// FlagAliases returns the flags that do the same as the field's and are not shown: those of
// the Python CLI, and the gateway's name.
func (f *Field) FlagAliases() []string { return f.flags }

// addNames sets the further names of all fields. Of two fields that could have a name, it
// is that of the field that it fits better.
func addNames(fields []Field) {
	properties, flags := map[string]bool{}, map[string]bool{}
	for _, f := range fields {
		properties[f.Name], flags[f.Flag] = true, true
	}
	add := func(taken map[string]bool, to *[]string, name string) {
		if !taken[name] {
			taken[name] = true
			*to = append(*to, name)
		}
	}
	for i := range fields {
		add(properties, &fields[i].known, fields[i].Property)
	}
	for i := range fields {
		for _, alias := range fields[i].Aliases {
			add(properties, &fields[i].known, strings.ReplaceAll(alias, "-", "_"))
			add(flags, &fields[i].flags, alias)
		}
	}
	for i := range fields {
		add(flags, &fields[i].flags, strings.ReplaceAll(fields[i].Name, "_", "-"))
		add(flags, &fields[i].flags, strings.ReplaceAll(fields[i].Property, "_", "-"))
	}
}

// resolve replaces names by identifiers in the arguments that identify something.
func (c *Call) resolve(ctx context.Context) error {
	if c.env.Identified {
		return nil
	}
	for _, f := range c.op.Fields() {
		value, given := c.args[f.Name]
		if f.Collection == nil && c.op.Chosen != nil {
			f.Collection = c.op.Chosen(c.args, f.Name)
		}
		if f.Collection == nil || !given || string(value) == `""` && f.Empty != "" {
			continue
		}
		if string(value) == `""` { // such as an unset variable: as a filter, it would leave nothing out
			return Usage("{" + f.Name + "} is empty; nothing was sent")
		}
		ids, changed := c.args.List(f.Name), false
		for i, text := range ids {
			thing, err := f.Collection.Resolve(ctx, c, text, f.Name)
			if f.Unknown != "" && IsNotFound(err) && strings.Contains(text, "@") {
				c.args = c.args.With(f.Unknown, append(c.args.List(f.Unknown), text))
				ids[i], changed = "", true
				continue
			}
			if err != nil {
				return f.Collection.Guess(ctx, c, text, err)
			}
			if id := Word(thing.ID); id != text {
				ids[i], changed = id, true
				c.called[id] = thing.Name
			}
			if thing.Item != nil && len(ids) == 1 {
				c.named[f.Name] = thing
			}
		}
		switch {
		case !changed:
		case f.Kind == KindStrings:
			ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
			if c.args = c.args.With(f.Name, ids); len(ids) == 0 {
				delete(c.args, f.Name)
			}
		default:
			c.args = c.args.With(f.Name, ids[0])
		}
	}
	return nil
}

// Resolve returns the item with this identifier, or else the only one with exactly this
// name. A text of the form of an identifier is taken as one, unseen, and so is any text
// where the caller may not read the list; the [Thing] then has no Item. Errors are those
// of [Collection.Find]. argument is the argument that has the text.
func (c *Collection) Resolve(ctx context.Context, call *Call, text, argument string) (Thing, error) {
	if text == "" {
		return Thing{}, Usage("the name of a " + c.What + " is empty")
	}
	if id, is := c.form(text); is {
		return Thing{ID: Encode(id)}, nil
	}
	found, err := c.look(ctx, call, "either "+text, func() ([]json.RawMessage, error) { return c.either(ctx, call, text) })
	if e := AsError(err); closed(err) || e != nil && e.Code == proxyclient.CodeEnterprise {
		if call.op.Lists() && !closed(err) { // its answer would not tell
			call.Note(fmt.Sprintf("%s was used as the ID of the %s, because looking up names needs LiteLLM Enterprise", Shown(text), c.What))
		}
		return Thing{ID: Encode(text)}, nil
	}
	if err != nil {
		return Thing{}, proxyclient.Wrap("look up "+c.What+" "+Shown(text), err)
	}
	for _, item := range found {
		if Word(Lookup(item, c.ID)) == text {
			if len(found) > 1 {
				call.Note(fmt.Sprintf("%s is the ID of one %s and the %s of another; the ID was used", Shown(text), c.What, c.nameWord()))
			}
			return c.keep(call, item), nil
		}
	}
	found = c.preferred(found, text)
	if len(found) == 0 && (call.own[c.Path] != nil || c.Open && !(c.nameWord() == "email" && strings.Contains(text, "@"))) {
		return Thing{ID: Encode(text)}, nil // the list has only what is the caller's own
	}
	if c.past {
		if found, err = c.withDeleted(ctx, call, text, argument, found); err != nil {
			return Thing{}, proxyclient.Wrap("look up "+c.What+" "+Shown(text), err)
		}
	}
	return c.only(ctx, call, lookup{text, argument, c.eitherWord()}, found)
}

// form returns the identifier that a text is by its form alone: a key, a hash, or a UUID.
func (c *Collection) form(text string) (id string, is bool) {
	if c.Form != nil {
		return c.Form(text)
	}
	if len(text) == 64 && strings.Trim(text, "0123456789abcdef") == "" {
		return text, true
	}
	if len(text) != 36 {
		return "", false
	}
	for i, r := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return "", false
		}
	}
	return text, true
}

// either returns the items that have the text as their identifier or as their name.
func (c *Collection) either(ctx context.Context, call *Call, text string) (found []json.RawMessage, err error) {
	is := func(item json.RawMessage) bool { return Word(Lookup(item, c.ID)) == text }
	if call.Shares() {
		if found, err = c.known(ctx, call, text); err == nil && len(found) == 0 {
			found, err = c.named(ctx, call, text, nil)
		}
		return found, err
	}
	if c.Name == c.ID || c.ID == "" || c.Page == "" || c.Either != "" {
		filter := narrow(c.Either, text)
		if c.Fold && !isASCII(text) { // the gateway's search folds only ASCII
			filter = nil
		}
		return c.matching(ctx, call, filter, func(item json.RawMessage) bool { return is(item) || c.hasName(item, text) })
	}
	if c.Form == nil { // a text of another form is no identifier
		if found, err = c.matching(ctx, call, narrow(c.ByID, text), is); err != nil || len(found) > 0 {
			return found, err
		}
	}
	return c.named(ctx, call, text, nil)
}

// hasName reports whether a name of the item matches the one that is looked up.
func (c *Collection) hasName(item json.RawMessage, name string) bool {
	return slices.ContainsFunc(c.names(item), func(got string) bool { return c.same(got, name) })
}

// matching returns the items of a filter that match, each identifier once.
func (c *Collection) matching(ctx context.Context, call *Call, filter url.Values, match func(json.RawMessage) bool) ([]json.RawMessage, error) {
	found, ids := []json.RawMessage{}, map[string]bool{}
	for item, err := range c.All(ctx, call, filter) {
		if err != nil {
			return nil, err
		}
		if id := string(Lookup(item, c.ID)); match(item) && !ids[id] {
			found, ids[id] = append(found, item), true
		}
	}
	return found, nil
}

// keep returns a found item, which the call need not look up again.
func (c *Collection) keep(call *Call, item json.RawMessage) Thing {
	thing := c.thing(item)
	call.seen[c.seenAs(Word(thing.ID))] = thing.Item
	return thing
}
