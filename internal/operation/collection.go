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

// Collection is one of the gateway's lists. It is declared once; list operations,
// look-ups by name, checks for duplicates and reviews all walk it.
type Collection struct {
	// What names one item, for messages: "team".
	What string
	// Path is that of the GET; a {parameter} is taken from the arguments.
	Path string
	// Items is the dotted path of the list in the answer; empty: the answer is the
	// list. Total is that of the number of all items, Pages that of the number of all
	// pages. Capped is that of a boolean that says that Total is not the whole.
	Items, Total, Pages, Capped string
	// Page and Size are the parameters that page; empty: the gateway sends everything
	// at once. Offset says that Page counts items from 0 and not pages from 1. Most is
	// the largest size (0: 100).
	Page, Size string
	Offset     bool
	Most       int
	// ID and Name are the dotted paths of the identifier and of the name in an item.
	// Without an ID nothing can be found in the list, and repeats cannot be told.
	ID, Name string
	// Fold says that two names differ by more than case.
	Fold bool
	// Search is the parameter that narrows the list to names that contain a text;
	// empty: there is none.
	Search string
	// Sort and Order are the parameters that sort. Unique is the value of Sort for an
	// order without ties: the gateway pages over an order with ties so that items come
	// twice and others never.
	Sort, Order, Unique string
	// Fixed is sent with every request, unless an argument of that name is given.
	Fixed url.Values
	// Page by page, Bare prints the items alone as the JSON answer: the OpenAI-style
	// lists {"data": […]}, which the Python CLI prints so.
	Bare bool
}

// query is a request for a page of a collection.
type query struct {
	params map[string]string // of the path
	values url.Values
}

func (q query) with(name, value string) query {
	q.values = maps.Clone(q.values)
	q.values.Set(name, value)
	return q
}

// most is the largest size of a page.
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
		found, ok, err := items(list)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, noList(c.Path)
		}
		p.Items = found
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
		Message: "the gateway's answer has no list where one was expected (" + path + ")"}
}

// next is the request for the page after this one, or nil.
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
// without ties where there is one. An item that came before is left out. When the
// number of different items is not the total that the gateway names, the last yield
// is an error with [proxyclient.CodeIncomplete].
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

// fresh keeps the items that did not come before.
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

// id is the identifier of an item; an item that is no object is its own.
func (c *Collection) id(item json.RawMessage) json.RawMessage {
	if len(item) > 0 && item[0] != '{' {
		return item
	}
	return Lookup(item, c.ID)
}

func (c *Collection) incomplete(count, total int) error {
	return &proxyclient.Error{Code: proxyclient.CodeIncomplete,
		Message: fmt.Sprintf("the list is not whole: the gateway names %d %ss and sent %d different ones", total, c.What, count),
		Hint:    "the list may have changed while it was read: run it again"}
}

// All yields every item that the filter leaves, each once. Filter is added to the
// query as it is. The last error may be [proxyclient.CodeIncomplete].
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

// same tells whether a name is the one that is looked for.
func (c *Collection) same(got, name string) bool {
	return got == name || c.Fold && strings.EqualFold(got, name)
}
