package operation

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// Collection is one of the gateway's lists, declared once for list operations, look-ups
// by name, duplicate checks and reviews.
type Collection struct {
	// What is the word for one item, such as "team". Listed is the operation that lists the
	// items, if that is not "teams list".
	What, Listed string
	// Path is the path of the GET. A {parameter} is taken from the arguments.
	Path string
	// Items is the dotted path of the list in the answer; empty if the answer is the
	// list. Total and Pages are the paths of the numbers of items and pages; without Pages,
	// Fixed has the size of a page. Capped is the path of a boolean that marks both as
	// incomplete.
	Items, Total, Pages, Capped string
	// Page and Size are the paging parameters; empty if the gateway sends everything at
	// once. With Offset, Page counts items from 0 instead of pages from 1. Most is the
	// largest size; 0 means 100.
	Page, Size string
	Offset     bool
	Most       int
	// NoTotal means that the gateway gives no total: a page that is not full is the last.
	// Older gateways ignore the paging parameters and send everything.
	NoTotal bool
	// ID and Name are the dotted paths of the identifier and the name in an item.
	// Without an ID, nothing can be looked up and repeats go unnoticed. Version is the
	// path of what tells apart items with one ID: a key can be deleted several times.
	ID, Name, Version string
	// IDWord is the word for an identifier, if that is not "ID".
	IDWord string
	// Also is the paths of further names of an item. The name of another item wins.
	Also []string
	// Fold makes names match regardless of case.
	Fold bool
	// Search is the parameter that narrows the list to names that contain a text, ByID the
	// one that narrows it to an identifier, and Either one that narrows it to items that have
	// the text as either, if there are such. Look-ups compare the results exactly.
	Search, ByID, Either string
	// Partly is sent with Search to find names that contain the text, for a list in which
	// Search alone finds whole names only.
	Partly url.Values
	// Form returns the identifier that a text is by its form, for a collection in which no
	// other text is one. Elsewhere, UUIDs and hashes are identifiers, and others may be.
	Form func(text string) (id string, is bool)
	// ByIDs is the parameter that narrows the list to several identifiers, separated by
	// commas. One alone is given twice, because the gateway takes it as a part of one.
	ByIDs string
	// Open means that a text which no item has may be the identifier of a new one. An email
	// address is none.
	Open bool
	// Info is the path of the GET for one item. It takes the ID as a query parameter of the
	// name ID and answers 404 for a missing item.
	Info string
	// Escapes is the filters that the gateway's database reads as patterns: _ and % stand
	// for other characters, \ is an escape.
	Escapes []string
	// Sort and Order are the sorting parameters. Ascending means that Order defaults to
	// asc. Unique is the value of Sort for an order without ties; with ties, the gateway
	// repeats items and leaves out others. Latest walks that order downward, for logs.
	Sort, Order, Unique string
	Ascending, Latest   bool
	// Fixed is sent with every request, unless an argument overrides it.
	Fixed url.Values
	// Deleted is the filter that lists deleted items instead, if the gateway keeps them.
	Deleted url.Values
	past    bool // names of deleted items are found too
	// Else is the list to read instead where the gateway refuses this one to the caller.
	Else *Collection
	// Settle converts the items of an answer to those of the list, if they differ.
	Settle func(context.Context, *Call, []json.RawMessage) ([]json.RawMessage, error)
	// Owner returns an error if what the list is about does not exist. It is asked if the list
	// is empty, which is all that the gateway says then.
	Owner func(context.Context, *Call) error
	// Explain returns an error about a name that no item has, or nil for the usual one.
	Explain func(ctx context.Context, call *Call, name string) error
	// Own returns the filter for the caller's own items, for a list that the gateway refuses
	// to ordinary users; nil if the caller owns nothing.
	Own func(context.Context, *Call) url.Values
	// Empty is a note on an empty list: why it may be empty although there is something.
	Empty string
	// Split is set if a page may have a part of an item only.
	Split *Split
	// Bare prints the items alone as JSON, as the Python CLI does for OpenAI-style lists
	// ({"data": […]}).
	Bare bool
}

// AndDeleted returns a copy of the collection that finds the names of deleted items too,
// for reports on the past.
func (c *Collection) AndDeleted() *Collection {
	both := *c
	both.past = true
	return &both
}

// query is a request for one page of a collection.
type query struct {
	params map[string]string // of the path
	values url.Values
	asIs   bool // keep the order of the values, ties or not
}

func (q query) with(name, value string) query {
	q.values = maps.Clone(q.values)
	q.values.Set(name, value)
	return q
}

// most returns the largest page size.
func (c *Collection) most() int {
	if c.Most > 0 {
		return c.Most
	}
	return 100
}

// sizeFor returns the page size for a caller who wants this number of items; 0 is the
// largest.
func (c *Collection) sizeFor(wanted int) int {
	if wanted == 0 {
		return c.most()
	}
	return min(wanted, c.most())
}

// fetch gets one page.
func (c *Collection) fetch(ctx context.Context, call *Call, q query) (json.RawMessage, *Page, error) {
	q = q.within(call.own[c.Path])
	read := call.read
	if c.Page == "" {
		read = call.shared // the whole list, which several checks may want
	}
	body, err := read(ctx, proxyclient.Request{Path: c.Path, Params: q.params, Query: q.values})
	if c.narrowed(ctx, call, err) {
		return c.fetch(ctx, call, q)
	}
	if c.Else != nil && closed(err) {
		return c.Else.fetch(ctx, call, c.otherwise(q))
	}
	if err != nil {
		return nil, nil, err
	}
	page, err := c.page(body)
	if err == nil && c.Split != nil {
		page.rest = Encode(without(body, c.Items))
	}
	if err == nil && c.Owner != nil && len(page.Items) == 0 {
		if err := c.Owner(ctx, call); err != nil {
			return nil, nil, err
		}
	}
	if err != nil || c.Settle == nil {
		return body, page, err
	}
	items, err := c.Settle(ctx, call, page.Items)
	if err != nil {
		return body, page, err
	}
	page.Items, page.Total = items, len(items)
	return body, page, nil
}

// narrowed reports whether a refused list is to be read again for the caller's own items.
func (c *Collection) narrowed(ctx context.Context, call *Call, err error) bool {
	if _, known := call.own[c.Path]; known || c.Own == nil || !IsRefused(err) {
		return false
	}
	call.own[c.Path] = c.Own(ctx, call)
	return call.own[c.Path] != nil
}

// Narrowed returns the note on a list that has only the caller's own items, or "".
func (c *Collection) Narrowed(call *Call) string {
	if call.own[c.Path] == nil {
		return ""
	}
	return "Only your own " + plural.Of(c.What) + " are shown; your key may not list all"
}

// within returns the query narrowed by a filter. What it asks for itself stays.
func (q query) within(filter url.Values) query {
	for name, values := range filter {
		if !q.values.Has(name) {
			q = q.with(name, values[0])
		}
	}
	return q
}

// closed reports whether the gateway does not give a list to this caller, or has none:
// the route is refused or unknown, or needs a database that the gateway runs without.
func closed(err error) bool {
	e := AsError(err)
	return IsRefused(err) || e != nil && (e.Code == proxyclient.CodeUnsupported ||
		e.Status == http.StatusInternalServerError && strings.Contains(strings.ToLower(e.Message), "db not connected"))
}

// otherwise translates a query for Else.
func (c *Collection) otherwise(q query) query {
	values := maps.Clone(c.Else.Fixed)
	if values == nil {
		values = url.Values{}
	}
	if id, given := q.values[c.ByID]; given && c.ByID != "" {
		values[c.Else.ByID] = id
	}
	q.values = values
	return q
}

// page reads the list and its totals out of an answer. Every list of the gateway is there
// when it is empty, so an answer without one is none, and says nothing of what exists.
func (c *Collection) page(body json.RawMessage) (*Page, error) {
	found, ok, err := items(Lookup(body, c.Items))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, noList(c.Path)
	}
	p := &Page{Items: found, Total: -1, Bare: c.Bare}
	if n, ok := numberAt(body, c.Total); ok {
		p.Total = n
	} else if c.Page == "" {
		p.Total = len(p.Items)
	}
	if c.Capped != "" && string(Lookup(body, c.Capped)) == "true" {
		p.Total, p.capped = -1, true
	}
	if n, ok := numberAt(body, c.Pages); ok && !p.capped {
		p.Pages = n
	}
	return p, nil
}

// numberAt returns the whole number at a path; an empty path has none. The answer may be
// large: it is not copied.
func numberAt(body json.RawMessage, path string) (int, bool) {
	if path == "" {
		return 0, false
	}
	n, err := strconv.Atoi(string(Lookup(body, path)))
	return n, err == nil
}

// DecodeList decodes the list at a path of the answer to a request into a slice. An
// answer without the list is an error with [proxyclient.CodeBadAnswer]: an empty list is
// there.
func DecodeList(answer json.RawMessage, path, request string, into any) error {
	list := Lookup(answer, path)
	if list == nil || json.Unmarshal(list, into) != nil {
		return noList(request)
	}
	return nil
}

func noList(path string) error {
	return &proxyclient.Error{Code: proxyclient.CodeBadAnswer,
		Message: "the gateway's answer has no list (" + path + ")"}
}

// next returns the request for the page after this one, or nil.
func (c *Collection) next(q query, p *Page) *query {
	if c.Page == "" {
		return nil
	}
	at, _ := strconv.Atoi(q.values.Get(c.Page))
	step := 1
	switch {
	case c.Offset || c.NoTotal || p.capped: // no page count: a short page is the last
		size, err := strconv.Atoi(q.values.Get(c.Size))
		if err != nil && c.Offset {
			size = 100
		}
		if len(p.Items) == 0 || len(p.Items) < size || c.NoTotal && len(p.Items) > size {
			return nil
		}
		if c.Offset {
			step = len(p.Items)
		}
	case c.Pages == "":
		if size, _ := strconv.Atoi(q.values.Get(c.Size)); max(at, 1)*size >= p.Total {
			return nil
		}
	case max(at, 1) >= p.Pages:
		return nil
	}
	if !c.Offset {
		at = max(at, 1)
	}
	next := q.with(c.Page, strconv.Itoa(at+step))
	return &next
}

// descending reports whether the query asks for the largest first.
func (c *Collection) descending(q query) bool {
	if order := q.values.Get(c.Order); order != "" {
		return !strings.EqualFold(order, "asc")
	}
	return !c.Ascending
}

// id returns the identifier of an item. An item that is not an object is its own.
func (c *Collection) id(item json.RawMessage) json.RawMessage {
	if len(item) > 0 && item[0] != '{' {
		return item
	}
	id := Lookup(item, c.ID)
	if version := Lookup(item, c.Version); c.Version != "" && id != nil && version != nil {
		return slices.Concat(id, version)
	}
	return id
}

// byName describes a field that takes an item: "Team, by alias or ID".
func (c *Collection) byName() string {
	what := strings.ToUpper(c.What[:1]) + c.What[1:]
	if c.Name == c.ID {
		return what
	}
	return what + ", by " + c.eitherWord()
}

// eitherWord returns the words for what identifies an item: "email or ID".
func (c *Collection) eitherWord() string {
	if c.Name == c.ID {
		return c.nameWord()
	}
	return c.nameWord() + " or " + cmp.Or(c.IDWord, "ID")
}

// nameWord returns the word for the name of an item: alias, email, name.
func (c *Collection) nameWord() string { return c.Name[strings.LastIndexByte(c.Name, '_')+1:] }

// same reports whether a name matches the one that is looked up.
func (c *Collection) same(got, name string) bool {
	return got == name || c.Fold && strings.EqualFold(got, name)
}

// names returns the names of an item, without repeats.
func (c *Collection) names(item json.RawMessage) []string {
	names := []string{Word(Lookup(item, c.Name))}
	for _, path := range c.Also {
		if name := Word(Lookup(item, path)); name != "" {
			names = append(names, name)
		}
	}
	return Unique(names)
}

// folded returns what names that are the same have in common.
func (c *Collection) folded(name string) string {
	if c.Fold {
		return strings.ToLower(name)
	}
	return name
}
