package operation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
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
	if c.Unique == "" || by == "" || by == c.Unique && q.values.Get(c.Order) == "asc" {
		return c.walk(ctx, call, q)
	}
	return func(yield func(*Page, error) bool) {
		// Let the gateway reject a field that it cannot sort by.
		if _, _, err := c.fetch(ctx, call, q.with(c.Size, "1")); err != nil {
			yield(nil, err)
			return
		}
		s, err := newSpool()
		if err != nil {
			yield(nil, err)
			return
		}
		defer s.close()
		last := Page{Total: -1}
		for page, err := range c.walk(ctx, call, q) {
			if err == nil {
				last = *page
				err = s.add(page.Items, by)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
		s.sort(q.values.Get(c.Order) != "asc")
		for items, err := range s.pages(c.most()) {
			page := last
			page.Items, page.More = items, false
			if !yield(&page, err) || err != nil {
				return
			}
		}
	}
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
		return nil, &proxyclient.Error{Code: proxyclient.CodeInternal, Message: "cannot sort the list: " + err.Error()}
	}
	return &spool{file: f}, nil
}

func (s *spool) close() {
	_ = s.file.Close()
	_ = os.Remove(s.file.Name())
}

func (s *spool) add(items []json.RawMessage, by string) error {
	for _, item := range items {
		if _, err := s.file.Write(item); err != nil {
			return &proxyclient.Error{Code: proxyclient.CodeInternal, Message: "cannot sort the list: " + err.Error()}
		}
		s.index = append(s.index, spooled{bytes.Clone(Lookup(item, by)), s.end, len(item)})
		s.end += int64(len(item))
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

func (s *spool) pages(size int) iter.Seq2[[]json.RawMessage, error] {
	return func(yield func([]json.RawMessage, error) bool) {
		for part := range slices.Chunk(s.index, size) {
			items := make([]json.RawMessage, len(part))
			for i, at := range part {
				items[i] = make([]byte, at.size)
				if _, err := s.file.ReadAt(items[i], at.offset); err != nil && err != io.EOF {
					yield(nil, &proxyclient.Error{Code: proxyclient.CodeInternal, Message: "cannot sort the list: " + err.Error()})
					return
				}
			}
			if !yield(items, nil) {
				return
			}
		}
	}
}
