package operation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// Thing is an item of a collection, found by name.
type Thing struct {
	ID   json.RawMessage
	Name string
	Item json.RawMessage // as it is in the list
}

// Find returns the only item with exactly this name in the whole list. The error has
// [proxyclient.CodeNotFound] for an unknown name, and [proxyclient.CodeInvalid] for
// several items, which it lists. ref is the argument that takes an identifier instead.
// A call looks up each name once.
func (c *Collection) Find(ctx context.Context, call *Call, name, ref string) (Thing, error) {
	if name == "" {
		return Thing{}, Usage("the name of a " + c.What + " is empty")
	}
	found, err := c.look(ctx, call, "name "+name, func() ([]json.RawMessage, error) { return c.named(ctx, call, name, nil) })
	if err == nil && c.past {
		found, err = c.withDeleted(ctx, call, name, ref, found)
	}
	if err != nil {
		return Thing{}, proxyclient.Wrap("look up "+c.What+" "+Shown(name), err)
	}
	return c.only(ctx, call, lookup{name, ref, c.nameWord()}, found)
}

// lookup is a text to look up, the argument that has it, and what it may be: "email or ID".
type lookup struct{ text, argument, word string }

// only returns the item that was found under a name, or the error for none or several.
func (c *Collection) only(ctx context.Context, call *Call, sought lookup, found []json.RawMessage) (Thing, error) {
	switch len(found) {
	case 0:
		if c.Explain != nil {
			if err := c.Explain(ctx, call, sought.text); err != nil {
				return Thing{}, err
			}
		}
		return Thing{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: fmt.Sprintf("no %s has the %s %q", c.What, sought.word, Shown(sought.text)),
			Hint: unchanged(call) + "to see what exists, use " + c.list()}
	case 1:
		return c.keep(call, found[0]), nil
	}
	return Thing{}, c.ambiguous(call, sought.text, sought.argument, found)
}

// list mentions the operation that lists the items: {op:access-groups list}.
func (c *Collection) list() string {
	return "{op:" + cmp.Or(c.Listed, strings.ReplaceAll(strings.ToLower(plural.Of(c.What)), " ", "-")+" list") + "}"
}

// withDeleted returns the items that have the name, or else the deleted ones that had it. It
// notes deleted ones that an item of the same name hides.
func (c *Collection) withDeleted(ctx context.Context, call *Call, name, ref string, found []json.RawMessage) ([]json.RawMessage, error) {
	deleted, err := c.look(ctx, call, "deleted "+name, func() ([]json.RawMessage, error) { return c.named(ctx, call, name, c.Deleted) })
	switch {
	case len(found) == 0:
		return deleted, err
	case err == nil && len(deleted) > 0:
		call.Note(fmt.Sprintf("%s also had the %s %s; to include one, give its ID with {%s}",
			Counted(len(deleted), "deleted "+c.What), c.nameWord(), Shown(name), ref))
	}
	return found, nil
}

// FindID returns the item with this identifier. The error has [proxyclient.CodeNotFound]
// for an unknown one. A call looks up each identifier once.
func (c *Collection) FindID(ctx context.Context, call *Call, id string) (Thing, error) {
	if item := call.seen[c.seenAs(id)]; item != nil {
		return c.thing(item), nil // found by its name, since the last write
	}
	found, err := c.look(ctx, call, "id "+id, func() ([]json.RawMessage, error) {
		if call.Shares() {
			return c.known(ctx, call, id)
		}
		for item, err := range c.All(ctx, call, narrow(c.ByID, id)) {
			if err != nil {
				return nil, err
			}
			if Word(Lookup(item, c.ID)) == id {
				return []json.RawMessage{item}, nil
			}
		}
		return nil, nil
	})
	switch {
	case err != nil:
		return Thing{}, err
	case len(found) == 0:
		return Thing{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: c.What + " " + Shown(id) + " does not exist"}
	}
	return c.thing(found[0]), nil
}

// seenAs is where a call keeps the item with this identifier that it found by name.
func (c *Collection) seenAs(id string) string { return "item " + id + " of " + c.Path }

// look runs find once per call.
func (c *Collection) look(ctx context.Context, call *Call, what string, find func() ([]json.RawMessage, error)) ([]json.RawMessage, error) {
	key := c.Path + " " + what
	if found, known := call.found[key]; known {
		return found, nil
	}
	found, err := find()
	if err == nil {
		call.found[key] = found
	}
	return found, err
}

func (c *Collection) thing(item json.RawMessage) Thing {
	return Thing{Lookup(item, c.ID), Word(Lookup(item, c.Name)), item}
}

// named returns the items with this name among those of a filter, each identifier once: the gateway repeats a
// deployment for every model that it could serve.
func (c *Collection) named(ctx context.Context, call *Call, name string, fixed url.Values) ([]json.RawMessage, error) {
	if call.Shares() && fixed == nil {
		l, err := c.index(ctx, call)
		return c.preferred(l.byName[c.folded(name)], name), err
	}
	filter := url.Values{}
	maps.Copy(filter, fixed)
	if !c.Fold || isASCII(name) { // the gateway's search folds only ASCII
		maps.Copy(filter, narrow(c.Search, name))
	}
	found, err := c.matching(ctx, call, filter, func(item json.RawMessage) bool { return c.hasName(item, name) })
	return c.preferred(found, name), err
}

// preferred returns the items whose name it is, if there are any, and else those that have it
// as a further name.
func (c *Collection) preferred(found []json.RawMessage, name string) []json.RawMessage {
	own := slices.DeleteFunc(slices.Clone(found), func(item json.RawMessage) bool { return !c.same(Word(Lookup(item, c.Name)), name) })
	if len(own) > 0 {
		return own
	}
	return found
}

// narrow returns the filter for a name, or nil to read the whole list if the gateway's
// search would miss the name: it treats a backslash as an escape (seen on 1.106.2; % and _
// only match more), fails on a NUL, and a proxy in between may reject a long URL.
func narrow(parameter, name string) url.Values {
	if parameter == "" || len(name) > 1000 || strings.ContainsAny(name, "\\\x00") {
		return nil
	}
	return url.Values{parameter: {name}}
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// maxGuesses bounds the names in a "did you mean".
const maxGuesses = 3

// Guess adds the names closest to the one that was typed to a not-found error.
func (c *Collection) Guess(ctx context.Context, call *Call, name string, err error) error {
	e := AsError(err)
	if e == nil || e.Code != proxyclient.CodeNotFound || e.Status != 0 {
		return err
	}
	if near := c.near(ctx, call, name); len(near) > 0 {
		e.Message += "; did you mean " + Or(near) + "?"
	}
	return err
}

// manyNames is how long a list may be to be read again for a suggestion.
const manyNames = 50_000

// near returns the names closest to the one that was typed, among the first thousand.
// It ignores errors, because a suggestion is optional.
func (c *Collection) near(ctx context.Context, call *Call, name string) []string {
	type guess struct {
		name     string
		distance int
	}
	if call.walked > manyNames {
		return nil // to read such a list again would cost more than it helps
	}
	var guesses []guess
	count := 0
	for item, err := range c.All(ctx, call, nil) {
		if count++; err != nil || count > 1000 {
			break
		}
		got := Word(Lookup(item, c.Name))
		d := nearest.Distance(name, got)
		if got != "" && d <= len(name)/3 && !slices.ContainsFunc(guesses, func(g guess) bool { return g.name == got }) {
			guesses = append(guesses, guess{got, d})
		}
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return a.distance - b.distance })
	var names []string
	for _, g := range guesses[:min(len(guesses), maxGuesses)] {
		names = append(names, fmt.Sprintf("%q", Shown(g.name)))
	}
	return names
}

// maxCandidates limits how many identifiers are listed for one name.
const maxCandidates = 20

// ambiguous returns the error for several items with one name and lists them. ref is the
// argument that takes an identifier.
func (c *Collection) ambiguous(call *Call, name, ref string, found []json.RawMessage) error {
	var ids []string
	for _, item := range found[:min(len(found), maxCandidates)] {
		ids = append(ids, Word(Lookup(item, c.ID)))
	}
	if more := len(found) - len(ids); more > 0 {
		ids = append(ids, fmt.Sprintf("and %d more", more))
	}
	return &proxyclient.Error{Code: proxyclient.CodeInvalid,
		Message: fmt.Sprintf("%s have the %s %q: %s", Counted(len(found), c.What), c.nameWord(), Shown(name), strings.Join(ids, ", ")),
		Hint:    unchanged(call) + fmt.Sprintf("give the ID of one with {%s}", ref)}
}

// unchanged reassures the caller of a write, and says nothing about a read.
func unchanged(call *Call) string {
	if call.op.EffectFor(call.args) == Read { // names are looked up before the effect is set
		return ""
	}
	return "nothing was changed; "
}

// Or joins alternatives: "a", "b" or "c".
func Or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
