package operation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// Split is for a list whose items are sums of rows, when the gateway pages the rows: an item
// at the edge of a page may be a part of the sum.
type Split struct {
	// By is the path of what the parts of an item have in common. They are on pages in a row.
	By string
	// Join adds up two parts of an item, or of the answers around them.
	Join func(a, b json.RawMessage) json.RawMessage
}

// IncompleteColumn is the column that marks an item that is only partly on a page.
const IncompleteColumn = "incomplete"

// same reports whether two items are parts of one.
func (s *Split) same(a, b json.RawMessage) bool {
	return bytes.Equal(Lookup(a, s.By), Lookup(b, s.By))
}

// whole yields the pages of a walk with the parts of each item added up.
func (s *Split) whole(pages iter.Seq2[*Page, error]) iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		var open json.RawMessage // may go on on the next page
		for page, err := range pages {
			if err != nil {
				yield(nil, err)
				return
			}
			switch {
			case open == nil:
			case len(page.Items) > 0 && s.same(open, page.Items[0]):
				page.Items[0] = s.Join(open, page.Items[0])
			default:
				page.Items = slices.Insert(page.Items, 0, open)
			}
			open = nil
			if last := len(page.Items) - 1; page.More && last >= 0 {
				open, page.Items = bytes.Clone(page.Items[last]), page.Items[:last]
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// maxWhole bounds the items of all pages that are one answer.
const maxWhole = proxyclient.DefaultMaxBytes

// sum answers with the whole list on one page.
func (l List[In]) sum(ctx context.Context, call *Call) (Result, error) {
	q, about, err := l.query(call)
	if err != nil {
		return Result{}, err
	}
	all, size := &Page{}, 0
	var rest json.RawMessage
	for page, err := range l.Of.Split.whole(l.Of.walk(ctx, call, q)) {
		if err != nil {
			return Result{}, err
		}
		all.Items = append(all.Items, page.Items...)
		for _, item := range page.Items {
			size += len(item)
		}
		if size > maxWhole {
			return Result{}, &proxyclient.Error{Code: proxyclient.CodeTooLarge,
				Message: fmt.Sprintf("the answer is larger than %d MiB", maxWhole>>20), Hint: "use a shorter {period}, or one {page}"}
		}
		if rest == nil {
			rest = page.rest
		} else {
			rest = l.Of.Split.Join(rest, page.rest)
		}
	}
	all.Total, all.About, all.Columns = len(all.Items), about.Members, l.complete(call)
	if all.Items == nil {
		all.Items = []json.RawMessage{}
	}
	return Result{Body: replace(rest, l.Of.Items, all.Items), Page: all, Notes: about.Notes}, nil
}

// complete is the columns of items that are whole.
func (l List[In]) complete(call *Call) []string {
	var names []string
	for _, c := range call.op.Columns {
		if !c.Optional && c.Name != IncompleteColumn {
			names = append(names, c.Name)
		}
	}
	return names
}

// mark marks the items at the edges of a single page that may go on beyond it, and returns
// the answer with these marks.
func (l List[In]) mark(call *Call, q query, body json.RawMessage, result *Result) json.RawMessage {
	page := result.Page
	last := len(page.Items) - 1
	var marked []int
	if last >= 0 && q.values.Get(l.Of.Page) != "1" {
		marked = append(marked, 0)
	}
	if last >= 0 && page.Next != nil && !slices.Contains(marked, last) {
		marked = append(marked, last)
	}
	if marked == nil {
		page.Columns = l.complete(call)
		return body
	}
	var names []string
	for _, i := range marked {
		item := bytes.TrimSpace(page.Items[i])
		names = append(names, Word(Lookup(item, l.Of.Split.By)))
		page.Items[i] = slices.Concat(item[:len(item)-1], []byte(`,"`+IncompleteColumn+`":true}`))
	}
	result.Notes = append(result.Notes, strings.Join(names, " and ")+" may continue on another page; for complete sums, omit {"+l.Of.Page+"}")
	return replace(body, l.Of.Items, page.Items)
}

// replace returns an object with another list at this member.
func replace(object json.RawMessage, member string, list []json.RawMessage) json.RawMessage {
	return Encode(append(Row{{Name: member, Value: list}}, without(object, member)...))
}

// without returns the other members of an object.
func without(object json.RawMessage, member string) (rest Row) {
	for name, value := range secret.Fields(object) {
		if string(name) != member {
			rest = append(rest, Member{Name: string(name), Value: value})
		}
	}
	return rest
}
