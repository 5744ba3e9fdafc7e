package operation

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// Targets looks up the things that an argument names by their identifiers, for a
// question: with one walk of the list, or where it can be narrowed with one look for
// each. A thing that the gateway does not show to this key has its identifier only.
// absent are the identifiers that nothing has.
func (c *Collection) Targets(ctx context.Context, call *Call, argument string, ids []string) (things []Thing, absent []string, err error) {
	ids = Unique(ids)
	if len(ids) > 1 && c.ByID == "" || len(ids) > 20 {
		c.prefetch(ctx, call, ids)
	}
	for _, id := range ids {
		thing, named := call.named[argument]
		if !named || Word(thing.ID) != id {
			thing, err = c.FindID(ctx, call, id)
		}
		switch e := AsError(err); {
		case err == nil:
			things = append(things, thing)
		case IsNotFound(err):
			absent = append(absent, id)
		case e != nil && e.Status != 0:
			things = append(things, Thing{ID: Encode(id)})
		default:
			return nil, nil, err
		}
		err = nil
	}
	return things, absent, nil
}

// prefetch finds several things in one walk. What goes wrong shows when they are looked
// up one by one.
func (c *Collection) prefetch(ctx context.Context, call *Call, ids []string) {
	found := map[string][]json.RawMessage{}
	for item, err := range c.All(ctx, call, nil) {
		if err != nil {
			return
		}
		if id := Word(Lookup(item, c.ID)); slices.Contains(ids, id) && found[id] == nil {
			found[id] = []json.RawMessage{item}
		}
	}
	for _, id := range ids {
		call.found[c.Path+" id "+id] = found[id]
	}
}

// Missing returns the error for things that do not exist, with [proxyclient.CodeNotFound].
func (c *Collection) Missing(ids []string) error {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = Shown(id)
	}
	do := " does not exist"
	if len(ids) > 1 {
		do = " do not exist"
	}
	return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: c.What + " " + strings.Join(names, ", ") + do + "; nothing was sent"}
}

// List is the values of an argument that is a text or a list of texts.
func (a Args) List(name string) (values []string) {
	if json.Unmarshal(a[name], &values) != nil {
		values = nil
		if text := a.String(name); text != "" {
			values = []string{text}
		}
	}
	return values
}
