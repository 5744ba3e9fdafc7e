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

// Thing is one item of a collection that a name stands for.
type Thing struct {
	ID   json.RawMessage
	Name string
	Item json.RawMessage // as the list shows it
}

// Find returns the one item with exactly this name, looked for in the whole list.
// An unknown name is [proxyclient.CodeNotFound]; several items of that name are [proxyclient.CodeInvalid] and are listed. ref is the
// argument that takes an identifier instead. One call looks a name up once.
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
		return Thing{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: fmt.Sprintf("no %s is called %q", c.What, Shown(name)),
			Hint: fmt.Sprintf("nothing was changed; an identifier goes into {%s}", ref)}
	case 1:
		return Thing{Lookup(found[0], c.ID), Word(Lookup(found[0], c.Name)), found[0]}, nil
	}
	return Thing{}, Ambiguous(c.What, name, ref, found, c.ID)
}

// named are the items with this name.
func (c *Collection) named(ctx context.Context, call *Call, name string) ([]json.RawMessage, error) {
	filter := url.Values{}
	// What the gateway's search takes for a pattern would hide the name.
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

// guess adds the nearest names to the error for a name that nothing has.
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

// near are the names that differ little from the one that was typed. It reads at
// most the first thousand names, and nothing where that fails: it is help, no answer.
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

// Ambiguous lists the things that share a name; id is the dotted path of their
// identifier.
func Ambiguous(what, name, ref string, found []json.RawMessage, id string) error {
	var candidates strings.Builder
	for _, item := range found {
		fmt.Fprintf(&candidates, "\n  %s", Word(Lookup(item, id)))
	}
	return &proxyclient.Error{Code: proxyclient.CodeInvalid,
		Message: fmt.Sprintf("%d %ss are called %q:%s", len(found), what, Shown(name), candidates.String()),
		Hint:    fmt.Sprintf("nothing was changed; name one with {%s}", ref)}
}
