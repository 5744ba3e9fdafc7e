package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"litellm-proxy/proxyclient"
)

// Referring is a type of input fields that hold identifiers of items of a collection. A
// write with one that does not exist is refused.
type Referring interface{ Refers() *Collection }

// reference is an identifier in the arguments of a call.
type reference struct {
	where, id string
	of        *Collection
}

// references returns the identifiers of other things in the arguments: those of fields
// whose type says so, and those in further fields and in parameters, by name.
func (c *Call) references() (found []reference) {
	for _, f := range c.op.Fields() {
		value := c.args[f.Name]
		switch {
		case value == nil:
		case f.Refers != nil:
			if _, named := c.named[f.Name]; named {
				continue
			}
			for _, id := range c.args.List(f.Name) {
				found = append(found, reference{"{" + f.Name + "}", id, f.Refers})
			}
		case f.Name == ExtraField || f.Kind == KindPairs:
			var object Args
			_ = json.Unmarshal(value, &object)
			for _, name := range slices.Sorted(maps.Keys(object)) {
				for _, id := range object.List(name) {
					if of := c.op.Identifies[name]; of != nil {
						found = append(found, reference{name, id, of})
					}
				}
			}
		}
	}
	return found
}

// checkReferences refuses a write that names something missing. Most gateways accept any
// identifier, and the result does not work or is not limited.
func (c *Call) checkReferences(ctx context.Context) error {
	if c.effect == Read {
		return nil
	}
	for _, r := range c.references() {
		if r.id == "" {
			continue
		}
		there, err := r.of.Exists(ctx, c, r.id)
		if err != nil {
			return proxyclient.Wrap(c.doing(), err)
		}
		if !there {
			return proxyclient.Wrap(c.doing(), r.absent(ctx, c))
		}
	}
	return nil
}

// Exists reports whether an item with this identifier exists. It is also true if the
// caller's key may not look: a refusal is not absence. A call looks once for each.
func (c *Collection) Exists(ctx context.Context, call *Call, id string) (bool, error) {
	key := c.Path + " exists " + id
	if found, known := call.found[key]; known {
		return found != nil, nil
	}
	there, err := c.exists(ctx, call, id)
	if err == nil {
		call.found[key] = nil
		if there {
			call.found[key] = []json.RawMessage{}
		}
	}
	return there, err
}

func (c *Collection) exists(ctx context.Context, call *Call, id string) (bool, error) {
	if c.ByID != "" || c.Info == "" || call.Shares() {
		_, err := c.FindID(ctx, call, id)
		if there, err := verdict(err); there || err != nil || c.Info == "" {
			return there, err
		}
		// The list may have only what the caller sees.
	}
	_, err := call.Read(ctx, proxyclient.Request{Path: c.Info, Query: url.Values{c.ID: {id}}})
	return verdict(err)
}

// verdict interprets the outcome of a look-up: whether the item exists, as far as the
// gateway tells.
func verdict(err error) (there bool, failed error) {
	e := AsError(err)
	switch {
	case err == nil:
		return true, nil
	case IsNotFound(err):
		return false, nil
	case e != nil && (e.Status != 0 || e.Code == proxyclient.CodeBadAnswer):
		return true, nil
	}
	return false, err
}

// absent returns the error for a reference to a missing item. It suggests the item with that
// name, or similar names.
func (r reference) absent(ctx context.Context, call *Call) error {
	e := &proxyclient.Error{Code: proxyclient.CodeNotFound,
		Message: r.of.What + " " + Shown(r.id) + " does not exist",
		Hint:    "nothing was sent; to see what exists, use " + r.of.list()}
	if r.of.Name == r.of.ID {
		return r.of.Guess(ctx, call, r.id, e)
	}
	named, err := r.of.named(ctx, call, r.id, nil)
	if err != nil || len(named) == 0 {
		return e
	}
	e.Message += fmt.Sprintf("; the %s with that %s has the ID %s", r.of.What, r.of.nameWord(), Shown(Word(Lookup(named[0], r.of.ID))))
	e.Hint = "nothing was sent; " + "give that ID"
	return e
}

// failed names the call in an error.
func (c *Call) failed(err error) error { return proxyclient.Wrap(c.doing(), err) }
