package operation

import (
	"bytes"
	"context"
	"strconv"
)

// onePage makes one page of an answer without a total and returns the request for the next
// page, or nil. A gateway that ignores the paging
// parameters sent the whole list: the page is cut out of it. To tell such a gateway from one
// with a full page, or with a short later page, it asks for a single item.
func (c *Collection) onePage(ctx context.Context, call *Call, q query, p *Page, about *About) (*query, error) {
	size, _ := strconv.Atoi(q.values.Get(c.Size))
	at, _ := strconv.Atoi(q.values.Get(c.Page))
	at = max(at, 1)
	whole, last := len(p.Items) > size, len(p.Items) < size
	if !whole && len(p.Items) > 0 && (at > 1 || !last) {
		// The item after this page, or the first of all.
		probe := q.with(c.Size, "1").with(c.Page, "1")
		if !last {
			probe = probe.with(c.Page, strconv.Itoa(at*size+1))
		}
		_, one, err := c.fetch(ctx, call, probe)
		if err != nil {
			return nil, err
		}
		whole = len(one.Items) > 0 && bytes.Equal(c.id(one.Items[0]), c.id(p.Items[0]))
		last = last || len(one.Items) == 0
	}
	if whole {
		about.keep(p)
		p.Total = len(p.Items)
		from := min((at-1)*size, p.Total)
		p.Items = p.Items[from:min(from+size, p.Total)]
		last = from+size >= p.Total
	} else if last && at == 1 {
		p.Total = len(p.Items)
	}
	if last {
		return nil, nil
	}
	next := q.with(c.Page, strconv.Itoa(at+1))
	return &next, nil
}
