package operation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"os"
	"slices"
	"strconv"

	"litellm-proxy/proxyclient"
)

// sorted is walk in the order that the query asks for. It sorts an order that may have
// ties itself, with the items in a temporary file, so memory does not grow with them.
func (c *Collection) sorted(ctx context.Context, call *Call, q query) iter.Seq2[*Page, error] {
	by := q.values.Get(c.Sort)
	if c.Unique == "" || by == "" || by == c.Unique {
		return c.walk(ctx, call, q)
	}
	return func(yield func(*Page, error) bool) {
		known, err := c.sortable(ctx, call, q)
		if err != nil {
			yield(nil, err)
			return
		}
		if !known {
			q.asIs = true
			c.walk(ctx, call, q)(yield)
			return
		}
		s, err := newSpool()
		if err != nil {
			yield(nil, err)
			return
		}
		defer s.close()
		last := &Page{Total: -1}
		var incomplete error
		for page, err := range c.walk(ctx, call, q) {
			if err == nil {
				last = page
				err = s.add(page.Items, by)
			}
			if proxyclient.CodeOf(err) == proxyclient.CodeIncomplete {
				incomplete = err
			} else if err != nil {
				yield(nil, err)
				return
			}
		}
		s.sort(c.descending(q))
		if s.yield(c.most(), last, yield) && incomplete != nil {
			yield(nil, incomplete)
		}
	}
}

// sortable lets the gateway reject a field that it cannot sort by. It returns false if the
// items do not show the field, so that only the gateway can sort by it.
func (c *Collection) sortable(ctx context.Context, call *Call, q query) (bool, error) {
	_, page, err := c.fetch(ctx, call, c.first(q).with(c.Size, "1"))
	if err != nil || len(page.Items) == 0 {
		return true, err
	}
	var item map[string]json.RawMessage
	_ = json.Unmarshal(page.Items[0], &item)
	_, known := item[q.values.Get(c.Sort)]
	return known, nil
}

// spool keeps items in a private file and their sort keys in memory.
type spool struct {
	file  *os.File
	end   int64
	index []spooled
}

type spooled struct {
	key    json.RawMessage
	offset int64
	size   int
}

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "litellm-proxy-*")
	if err != nil {
		return nil, spoolError(err)
	}
	// An unlinked file disappears with the process. Systems that do not allow this
	// remove it in close.
	_ = os.Remove(f.Name())
	return &spool{file: f}, nil
}

func spoolError(err error) error {
	return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "sort the list in a temporary file: " + err.Error(),
		Hint: "omit {sort_by}, or free space where TMPDIR points"}
}

func (s *spool) close() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
}

func (s *spool) add(items []json.RawMessage, by string) error {
	var page []byte
	for _, item := range items {
		s.index = append(s.index, spooled{bytes.Clone(Lookup(item, by)), s.end, len(item)})
		s.end += int64(len(item))
		page = append(page, item...)
	}
	if _, err := s.file.Write(page); err != nil {
		return spoolError(err)
	}
	return nil
}

// sort is stable: equal items stay in the order of their identifiers. As in the gateway's
// database, a missing value sorts as the largest.
func (s *spool) sort(descending bool) {
	slices.SortStableFunc(s.index, func(a, b spooled) int {
		n := compareValues(a.key, b.key)
		if descending {
			return -n
		}
		return n
	})
}

func compareValues(a, b json.RawMessage) int {
	if a == nil || b == nil {
		return cmp.Compare(len(b), len(a))
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(Word(a), Word(b))
}

// yield yields the items in pages that are otherwise like this one. It returns false if the
// consumer stopped.
func (s *spool) yield(size int, like *Page, yield func(*Page, error) bool) bool {
	for part := range slices.Chunk(s.index, size) {
		page := *like
		page.Items, page.More = make([]json.RawMessage, len(part)), false
		for i, at := range part {
			page.Items[i] = make([]byte, at.size)
			if _, err := s.file.ReadAt(page.Items[i], at.offset); err != nil {
				yield(nil, spoolError(err))
				return false
			}
		}
		if !yield(&page, nil) {
			return false
		}
	}
	return true
}
