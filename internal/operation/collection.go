package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"iter"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"litellm-proxy/proxyclient"
)

// Collection is one of the gateway's lists, declared once for list operations, look-ups
// by name, duplicate checks and reviews.
type Collection struct {
	// What is the word for one item, such as "team".
	What string
	// Path is the path of the GET. A {parameter} is taken from the arguments.
	Path string
	// Items is the dotted path of the list in the answer; empty if the answer is the
	// list. Total and Pages are the paths of the numbers of items and pages. Capped is
	// the path of a boolean that marks Total as incomplete.
	Items, Total, Pages, Capped string
	// Page and Size are the paging parameters; empty if the gateway sends everything at
	// once. With Offset, Page counts items from 0 instead of pages from 1. Most is the
	// largest size; 0 means 100.
	Page, Size string
	Offset     bool
	Most       int
	// ID and Name are the dotted paths of the identifier and the name in an item.
	// Without an ID, nothing can be looked up and repeats go unnoticed.
	ID, Name string
	// Fold makes names match regardless of case.
	Fold bool
	// Search is the parameter that narrows the list to names that contain a text, if
	// there is one.
	Search string
	// Sort and Order are the sorting parameters. Unique is the value of Sort for an order
	// without ties; with ties, the gateway repeats items and leaves out others.
	Sort, Order, Unique string
	// Fixed is sent with every request, unless an argument overrides it.
	Fixed url.Values
	// Bare prints the items alone as JSON, as the Python CLI does for OpenAI-style lists
	// ({"data": […]}).
	Bare bool
}

// query is a request for one page of a collection.
type query struct {
	params map[string]string // of the path
	values url.Values
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

// fetch gets one page.
func (c *Collection) fetch(ctx context.Context, call *Call, q query) (json.RawMessage, *Page, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: c.Path, Params: q.params, Query: q.values})
	if err != nil {
		return nil, nil, err
	}
	page, err := c.page(body)
	return body, page, err
}

// page reads the list and its totals out of an answer.
func (c *Collection) page(body json.RawMessage) (*Page, error) {
	p := &Page{Items: []json.RawMessage{}, Total: -1, Bare: c.Bare}
	list := NoNull(body)
	if c.Items != "" {
		list = Lookup(body, c.Items)
	}
	if list != nil {
		if err := json.Unmarshal(list, &p.Items); err != nil {
			return nil, noList(c.Path)
		}
	}
	if n, err := strconv.Atoi(string(Lookup(body, c.Total))); err == nil && c.Total != "" {
		p.Total = n
	} else if c.Page == "" {
		p.Total = len(p.Items)
	}
	if c.Capped != "" && string(Lookup(body, c.Capped)) == "true" {
		p.Total = -1
	}
	if n, err := strconv.Atoi(string(Lookup(body, c.Pages))); err == nil && c.Pages != "" {
		p.pages = n
	}
	return p, nil
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
	if c.Offset {
		size, err := strconv.Atoi(q.values.Get(c.Size))
		if err != nil {
			size = 100
		}
		if len(p.Items) < size {
			return nil
		}
		next := q.with(c.Page, strconv.Itoa(at+len(p.Items)))
		return &next
	}
	if at = max(at, 1); at >= p.pages {
		return nil
	}
	next := q.with(c.Page, strconv.Itoa(at+1))
	return &next
}

var seed = maphash.MakeSeed()

// walk yields the pages from the one that the query names to the last, in an order
// without ties if there is one, without repeated items. If the number of distinct items
// is not the gateway's total, the last yield is an error with
// [proxyclient.CodeIncomplete].
func (c *Collection) walk(ctx context.Context, call *Call, q query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		if c.Size != "" && !q.values.Has(c.Size) {
			q = q.with(c.Size, strconv.Itoa(c.most()))
		}
		if c.Page != "" && !c.Offset && !q.values.Has(c.Page) {
			q = q.with(c.Page, "1")
		}
		if c.Unique != "" {
			q = q.with(c.Sort, c.Unique).with(c.Order, "asc")
		}
		seen, count, total := map[uint64]struct{}{}, 0, -1
		for next := &q; next != nil; {
			_, page, err := c.fetch(ctx, call, *next)
			if err != nil {
				yield(nil, err)
				return
			}
			next = c.next(*next, page)
			page.Items = c.fresh(page.Items, seen)
			count, total = count+len(page.Items), page.Total
			page.More = next != nil
			call.Progress(count, max(total, 0))
			if !yield(page, nil) {
				return
			}
		}
		if c.ID != "" && total >= 0 && count != total {
			yield(nil, c.incomplete(count, total))
		}
	}
}

// fresh drops the items that were already seen.
func (c *Collection) fresh(items []json.RawMessage, seen map[uint64]struct{}) []json.RawMessage {
	if c.ID == "" || c.Page == "" {
		return items
	}
	kept := items[:0]
	for _, item := range items {
		id := c.id(item)
		if id == nil {
			kept = append(kept, item)
			continue
		}
		sum := maphash.Bytes(seed, id)
		if _, came := seen[sum]; !came {
			seen[sum] = struct{}{}
			kept = append(kept, item)
		}
	}
	return kept
}

// id returns the identifier of an item. An item that is not an object is its own.
func (c *Collection) id(item json.RawMessage) json.RawMessage {
	if len(item) > 0 && item[0] != '{' {
		return item
	}
	return Lookup(item, c.ID)
}

func (c *Collection) incomplete(count, total int) error {
	return &proxyclient.Error{Code: proxyclient.CodeIncomplete,
		Message: fmt.Sprintf("the list is incomplete: the gateway reported %d %ss and sent %d distinct ones", total, c.What, count),
		Hint:    "the list may have changed while it was read; run the command again"}
}

// All yields every item once. filter is added to the query. The last error may have
// [proxyclient.CodeIncomplete].
func (c *Collection) All(ctx context.Context, call *Call, filter url.Values) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		q := query{values: maps.Clone(c.Fixed)}
		if q.values == nil {
			q.values = url.Values{}
		}
		maps.Copy(q.values, filter)
		for page, err := range c.walk(ctx, call, q) {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// byName describes a field that takes the name of an item: "Team, by alias".
func (c *Collection) byName() string {
	return strings.ToUpper(c.What[:1]) + c.What[1:] + ", by " + c.nameWord()
}

// nameWord returns the word for the name of an item: alias, email, name.
func (c *Collection) nameWord() string { return c.Name[strings.LastIndexByte(c.Name, '_')+1:] }

// same reports whether a name matches the one that is looked up.
func (c *Collection) same(got, name string) bool {
	return got == name || c.Fold && strings.EqualFold(got, name)
}
