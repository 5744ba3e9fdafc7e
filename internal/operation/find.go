package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

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
	key := c.Path + "\x00" + name
	found, known := call.found[key]
	if !known {
		var err error
		if found, err = c.named(ctx, call, name); err != nil {
			return Thing{}, proxyclient.Wrap("look up "+c.What+" "+Shown(name), err)
		}
		call.found[key] = found
	}
	switch len(found) {
	case 0:
		return Thing{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: fmt.Sprintf("no %s has the %s %q", c.What, c.nameWord(), Shown(name)),
			Hint: fmt.Sprintf("nothing was changed; to give an ID, use {%s}", ref)}
	case 1:
		return Thing{Lookup(found[0], c.ID), Word(Lookup(found[0], c.Name)), found[0]}, nil
	}
	return Thing{}, Ambiguous(c.What, name, ref, found, c.ID)
}

// named returns the items with this name.
func (c *Collection) named(ctx context.Context, call *Call, name string) ([]json.RawMessage, error) {
	filter := url.Values{}
	// The gateway's search treats these characters as a pattern.
	if c.Search != "" && !strings.ContainsAny(name, `\%_`) {
		filter.Set(c.Search, name)
	}
	found := []json.RawMessage{}
	for item, err := range c.All(ctx, call, filter) {
		if err != nil {
			return nil, err
		}
		if c.same(Word(Lookup(item, c.Name)), name) {
			found = append(found, item)
		}
	}
	return found, nil
}

// maxGuesses bounds the names in a "did you mean".
const maxGuesses = 3

// guess adds the closest names to a not-found error.
func (c *Collection) guess(ctx context.Context, call *Call, name string, err error) error {
	e := AsError(err)
	if e == nil || e.Code != proxyclient.CodeNotFound || e.Status != 0 {
		return err
	}
	if near := c.near(ctx, call, name); len(near) > 0 {
		e.Message += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return err
}

// near returns the names closest to the one that was typed, among the first thousand.
// It ignores errors, because a suggestion is optional.
func (c *Collection) near(ctx context.Context, call *Call, name string) []string {
	type guess struct {
		name     string
		distance int
	}
	var guesses []guess
	count := 0
	for item, err := range c.All(ctx, call, nil) {
		if count++; err != nil || count > 1000 {
			break
		}
		got := Word(Lookup(item, c.Name))
		d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(got))
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

// Ambiguous returns the error for several items with one name and lists them. id is the
// dotted path of their identifier; ref is the argument that takes one.
func Ambiguous(what, name, ref string, found []json.RawMessage, id string) error {
	var candidates strings.Builder
	for _, item := range found {
		fmt.Fprintf(&candidates, "\n  %s", Word(Lookup(item, id)))
	}
	return &proxyclient.Error{Code: proxyclient.CodeInvalid,
		Message: fmt.Sprintf("%d %ss are named %q:%s", len(found), what, Shown(name), candidates.String()),
		Hint:    fmt.Sprintf("nothing was changed; give the ID of one with {%s}", ref)}
}
