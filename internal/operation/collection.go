package operation

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
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
	// pages. Capped is that of a boolean that says that the gateway stopped counting:
	// then neither number is the whole.
	Items, Total, Pages, Capped string
	// Page and Size are the parameters that page; empty: the gateway sends everything
	// at once. Offset says that Page counts items from 0 and not pages from 1. Most is
	// the largest size (0: 100).
	Page, Size string
	Offset     bool
	Most       int
	// ID and Name are the dotted paths of the identifier and of the name in an item.
	// Without an ID nothing can be found in the list, and repeats cannot be told.
	// Version is that of what tells items of one ID apart, in a list that may have
	// several: deleted keys.
	ID, Name, Version string
	// Fold says that names that differ only by case are the same.
	Fold bool
	// Search is the parameter that narrows the list to names that contain a text, and
	// ByID the one that narrows it to an identifier; empty: there is none. What comes
	// back is compared exactly all the same.
	Search, ByID string
	// Sort and Order are the parameters that sort. Ascending says that asc is what
	// Order means when it is left out. Unique is the value of Sort for an order without
	// ties, in which the list is walked: over an order with ties the gateway sends
	// items twice and others never. Latest walks it downward: a log, the newest first.
	Sort, Order, Unique string
	Ascending, Latest   bool
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
	asIs   bool // in the order that the values ask for, ties or not
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
		p.Total, p.capped = -1, true
	}
	if n, err := strconv.Atoi(string(Lookup(body, c.Pages))); err == nil && c.Pages != "" && !p.capped {
		p.Pages = n
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
	step := 1
	switch {
	case c.Offset || p.capped: // nobody says how many pages there are: a short one is the last
		size, err := strconv.Atoi(q.values.Get(c.Size))
		if err != nil && c.Offset {
			size = 100
		}
		if len(p.Items) == 0 || len(p.Items) < size {
			return nil
		}
		if c.Offset {
			step = len(p.Items)
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

// descending tells whether the query asks for the largest first.
func (c *Collection) descending(q query) bool {
	if order := q.values.Get(c.Order); order != "" {
		return !strings.EqualFold(order, "asc")
	}
	return !c.Ascending
}

// id is the identifier of an item; an item that is no object is its own.
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

// same tells whether a name is the one that is looked for.
func (c *Collection) same(got, name string) bool {
	return got == name || c.Fold && strings.EqualFold(got, name)
}
