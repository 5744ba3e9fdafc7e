package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"iter"
	"maps"
	"net/http"
	"net/url"

	"litellm-proxy/proxyclient"
)

// All yields each item of the list once. The filter is added to the query. If the last
// error is [proxyclient.CodeIncomplete], the items before it are good but not all there
// are.
func (c *Collection) All(ctx context.Context, call *Call, filter url.Values) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		if call.Shares() && len(filter) == 0 {
			l, err := c.index(ctx, call)
			for _, item := range l.items {
				if !yield(item, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
			}
			return
		}
		for page, err := range c.Walk(ctx, call, nil, filter) {
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

// Walk is [Collection.All] page by page. params fill the path.
func (c *Collection) Walk(ctx context.Context, call *Call, params map[string]string, filter url.Values) iter.Seq2[*Page, error] {
	values := url.Values{}
	maps.Copy(values, c.Fixed)
	maps.Copy(values, filter)
	return c.walk(ctx, call, query{params: params, values: values})
}

// walk yields the pages from the first to the last, in an order without ties if there is
// one, without repeated items. If items are missing because the list changed meanwhile, it
// reads the list a second time. If the number of distinct items is still not the gateway's
// total, the last yield is an error with [proxyclient.CodeIncomplete].
func (c *Collection) walk(ctx context.Context, call *Call, q query) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		w := &walking{c: c, call: call, plain: c.first(q), seen: map[uint64]struct{}{}, total: -1, yield: yield}
		w.q = c.ordered(w.plain)
		defer func() { call.walked += w.count }()
		if !w.pass(ctx) {
			return
		}
		if c.ID != "" && c.Page != "" && (w.count < w.total || w.shrunk) && !w.pass(ctx) {
			return
		}
		if c.ID != "" && w.total >= 0 && (w.count < w.total || w.count > w.most) {
			yield(nil, c.incomplete(w.count, w.total))
		}
	}
}

// first returns the query for the first page, with the largest size by default.
func (c *Collection) first(q query) query {
	if c.Size != "" && !q.values.Has(c.Size) {
		q = q.with(c.Size, fmt.Sprint(c.most()))
	}
	switch {
	case c.Page == "":
	case c.Offset:
		q = q.with(c.Page, "0")
	default:
		q = q.with(c.Page, "1")
	}
	return q
}

// ordered returns the query in an order without ties.
func (c *Collection) ordered(q query) query {
	if c.Unique == "" || q.asIs {
		return q
	}
	down := c.Latest
	if q.values.Get(c.Sort) == c.Unique {
		down = c.descending(q)
	}
	order := "asc"
	if down {
		order = "desc"
	}
	return q.with(c.Sort, c.Unique).with(c.Order, order)
}

func (c *Collection) incomplete(count, total int) error {
	return &proxyclient.Error{Code: proxyclient.CodeIncomplete,
		Message: fmt.Sprintf("the gateway reports %s but sent %d", Counted(total, c.What), count),
		Hint:    "the list may have changed while it was read; run the command again"}
}

// walking is the state of a walk.
type walking struct {
	c        *Collection
	call     *Call
	q, plain query               // plain has the caller's order
	seen     map[uint64]struct{} // hashes of the identifiers: all that grows with the list
	count    int                 // distinct items so far
	total    int                 // of the last page; -1 if unknown
	most     int                 // the largest total so far
	shrunk   bool                // the total went down in the last pass, so items may have been skipped
	yield    func(*Page, error) bool
}

// pass walks the pages; a second pass ends when nothing is missing. It returns false if the
// walk is over: after an error, which it yields, or because the consumer stopped.
func (w *walking) pass(ctx context.Context) bool {
	again, gone := w.count > 0, w.shrunk
	w.shrunk = false
	n := 0
	for next := &w.q; next != nil; {
		page, err := w.fetch(ctx, next)
		if err != nil {
			w.yield(nil, err)
			return false
		}
		n++
		sent := len(page.Items)
		next = w.c.next(*next, page)
		page.Items = w.fresh(page.Items)
		if sent > 0 && len(page.Items) == 0 && page.Pages == 0 {
			next = nil // it repeats itself
		}
		w.count += len(page.Items)
		w.shrunk = w.shrunk || page.Total < w.total && page.Total >= 0
		w.total, w.most = page.Total, max(w.most, page.Total)
		page.More = next != nil
		w.report(n, page)
		if !w.yield(page, nil) {
			return false
		}
		if again && !gone && w.count >= w.total {
			return true
		}
	}
	return true
}

// fetch gets a page. If the gateway does not know the order without ties, it asks again
// without it.
func (w *walking) fetch(ctx context.Context, q *query) (*Page, error) {
	_, page, err := w.c.fetch(ctx, w.call, *q)
	e := AsError(err)
	refused := e != nil && (e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity)
	if !refused || w.count > 0 || w.c.Unique == "" || w.plain.asIs {
		return page, err
	}
	w.plain.asIs = true
	w.q = w.plain
	*q = w.plain
	_, page, err = w.c.fetch(ctx, w.call, w.q)
	return page, err
}

// report tells the progress in items, or in pages if the gateway counts only those.
func (w *walking) report(n int, page *Page) {
	if page.Total < 0 && page.Pages > 0 {
		w.call.Progress(n, page.Pages)
		return
	}
	total := 0
	if page.Total >= 0 {
		total = w.call.walked + max(page.Total, w.count)
	}
	w.call.Progress(w.call.walked+w.count, total)
}

var seed = maphash.MakeSeed()

// fresh drops the items that were already seen.
func (w *walking) fresh(items []json.RawMessage) []json.RawMessage {
	if w.c.ID == "" || w.c.Page == "" {
		return items
	}
	kept := items[:0]
	for _, item := range items {
		if id := w.c.id(item); id != nil {
			sum := maphash.Bytes(seed, id)
			if _, came := w.seen[sum]; came {
				continue
			}
			w.seen[sum] = struct{}{}
		}
		kept = append(kept, item)
	}
	return kept
}
