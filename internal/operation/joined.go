package operation

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// Joined finds the names of the identifiers in the columns that declare [Column.Names]. It
// asks for them only when a table, CSV or a tool shows such a column, with at most one
// request for each page and collection, and remembers them for the whole call. A list that
// is refused or fails leaves the identifiers as they are. It is not safe for concurrent
// use.
type Joined struct {
	call  *Call
	known map[*Collection]*names
}

// names is what is known of the names in one collection.
type names struct {
	byID   map[string]string // "" for an identifier without a name
	next   *query            // the next page of a list that cannot be narrowed; nil is the first
	closed bool              // the list cannot be read, or all of it was
}

// maxNames bounds the names that are remembered.
const maxNames = 20_000

func newJoined(call *Call) *Joined { return &Joined{call: call, known: map[*Collection]*names{}} }

// now returns the clock of the call.
func (n *Joined) now() time.Time {
	if n == nil {
		return time.Now()
	}
	return n.call.now
}

// Find looks up the names for these items of a page.
func (n *Joined) Find(ctx context.Context, columns []Column, items []json.RawMessage) {
	if n == nil {
		return
	}
	for _, of := range collectionsOf(columns) {
		known := n.known[of]
		if known == nil || len(known.byID) > maxNames {
			known = &names{byID: map[string]string{}}
			n.known[of] = known
		}
		if ids := known.missing(of, columns, items); len(ids) > 0 && !known.closed {
			n.fetch(ctx, of, known, ids)
		}
	}
}

// collectionsOf returns the collections that the columns take names from.
func collectionsOf(columns []Column) (found []*Collection) {
	for _, c := range columns {
		if c.Names != nil && !slices.Contains(found, c.Names) {
			found = append(found, c.Names)
		}
	}
	return found
}

// missing returns the identifiers in the items whose names are unknown.
func (k *names) missing(of *Collection, columns []Column, items []json.RawMessage) (ids []string) {
	seen := map[string]bool{}
	for _, c := range columns {
		if c.Names != of {
			continue
		}
		for _, item := range items {
			for _, id := range identifiers(LookupAny(item, strings.Join(c.paths(), "|"))) {
				if _, asked := k.byID[id]; asked || seen[id] {
					continue
				}
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// identifiers returns the identifier in a value, or those in a list.
func identifiers(value json.RawMessage) (ids []string) {
	if len(value) == 0 || value[0] != '[' {
		value = slices.Concat(json.RawMessage("["), value, json.RawMessage("]"))
	}
	for id := range secret.Elements(value) {
		if text := Word(id); len(id) > 0 && id[0] == '"' && text != "" {
			ids = append(ids, text)
		}
	}
	return ids
}

// fetch asks for the names of these identifiers, with one request. A list that cannot be
// narrowed to them is read a page at a time, as long as names are missing.
func (n *Joined) fetch(ctx context.Context, of *Collection, known *names, ids []string) {
	q, narrowed := of.queryFor(ids)
	if !narrowed && known.next != nil {
		q = *known.next
	}
	plain := *of
	plain.Own, plain.Else, plain.Owner = nil, nil, nil // they would ask more
	_, page, err := plain.fetch(ctx, n.call, q)
	if IsRefused(err) && len(ids) == 1 && of.Info != "" {
		page, err = of.single(ctx, n.call, ids[0])
		narrowed = true
	}
	if err != nil {
		known.closed = ctx.Err() == nil
		return
	}
	if !narrowed {
		known.next = of.next(q, page)
		known.closed = known.next == nil
	} else {
		for _, id := range ids {
			known.byID[id] = ""
		}
	}
	for _, item := range page.Items {
		if name := of.names(item)[0]; name != "" {
			known.byID[Word(Lookup(item, of.ID))] = withoutKey(n.call.env.Client, name)
		}
	}
}

// single reads one item, which a caller may do who may not list the others.
func (c *Collection) single(ctx context.Context, call *Call, id string) (*Page, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: c.Info, Query: url.Values{c.ID: {id}}})
	page := &Page{}
	for _, item := range secret.Members(body) {
		if Word(Lookup(item, c.ID)) == id {
			page.Items = append(page.Items, item)
		}
	}
	return page, err
}

// queryFor returns the request for the items with these identifiers, or for the largest
// page if the list cannot be narrowed to them.
func (c *Collection) queryFor(ids []string) (q query, narrowed bool) {
	q = query{values: url.Values{}}
	maps.Copy(q.values, c.Fixed)
	q = c.ordered(c.first(q))
	switch {
	case c.ByIDs != "" && len(ids) == 1:
		q.values.Set(c.ByIDs, ids[0]+","+ids[0])
	case c.ByIDs != "":
		q.values.Set(c.ByIDs, strings.Join(ids[:min(len(ids), c.most())], ","))
	case c.ByID != "" && len(ids) == 1:
		q.values.Set(c.ByID, ids[0])
	default:
		return q, false
	}
	return q, true
}

// name returns a value with names in place of the identifiers that have one.
func (n *Joined) name(of *Collection, value json.RawMessage) json.RawMessage {
	if n == nil || n.known[of] == nil || len(value) == 0 {
		return value
	}
	byID := n.known[of].byID
	if value[0] != '[' {
		if name := byID[Word(value)]; name != "" {
			return Encode(name)
		}
		return value
	}
	var named []json.RawMessage
	for id := range secret.Elements(value) {
		if name := byID[Word(id)]; name != "" {
			id = Encode(name)
		}
		named = append(named, id)
	}
	return Encode(named)
}
