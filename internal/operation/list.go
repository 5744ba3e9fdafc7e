package operation

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/proxyclient"
)

// List is an operation that answers with a page of a [Collection].
type List[In any] struct {
	Of *Collection
	// Prepare translates the arguments into what is sent and describes the answer; nil
	// sends them as they came.
	Prepare func(*Call, Args) (Args, About, error)
	// Follow is set if the list is a log that can be followed.
	Follow *Follow
}

// lister is an action that answers with a list.
type lister interface{ collection() *Collection }

func (l List[In]) collection() *Collection { return l.Of }

// Input implements [Action].
func (List[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action]. It fetches the page that the arguments name. If the gateway
// splits items at the edges of pages, it adds up all pages unless one is named.
func (l List[In]) Run(ctx context.Context, call *Call) (Result, error) {
	if l.Of.Split != nil && call.args[l.Of.Page] == nil {
		return l.sum(ctx, call)
	}
	q, about, err := l.query(call)
	if err != nil {
		return Result{}, err
	}
	body, page, err := l.Of.fetch(ctx, call, q)
	switch {
	case proxyclient.CodeOf(err) == proxyclient.CodeTooLarge:
		return Result{}, err
	case err != nil:
		return Result{Body: body}, err
	}
	next := l.Of.next(q, page)
	if sent := len(page.Items); l.Of.NoTotal {
		if next, err = l.Of.onePage(ctx, call, q, page, &about); err != nil {
			return Result{}, err
		}
		if len(page.Items) < sent { // cut out of the whole list
			body = Encode(page.Items)
		}
	}
	if next != nil {
		args := call.args
		if about.Resolved != nil {
			args = about.Resolved
		}
		page.Next = args.With(l.Of.Page, json.RawMessage(next.values.Get(l.Of.Page)))
	}
	about.keep(page)
	page.About = about.Members
	result := Result{Body: body, Page: page, Notes: append(about.Notes, l.Of.empty(call, q, page)...)}
	if note := l.Of.Narrowed(call); note != "" {
		result.Notes = append(result.Notes, note)
	}
	if l.Of.Split != nil {
		result.Body = l.mark(call, q, body, &result)
	}
	return result, nil
}

// Unpattern escapes a text for a filter that the gateway's database reads as a pattern.
func Unpattern(text string) string { return unpattern.Replace(text) }

var unpattern = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// query returns the arguments as a request for a page.
func (l List[In]) query(call *Call) (query, About, error) {
	sent, about := call.args, About{}
	if l.Prepare != nil {
		var err error
		if sent, about, err = l.Prepare(call, sent); err != nil {
			return query{}, about, err
		}
	}
	q := query{params: map[string]string{}, values: url.Values{}}
	for name, values := range l.Of.Fixed {
		if call.args[name] == nil {
			q.values[name] = values
		}
	}
	for name, value := range sent {
		if slices.Contains(l.Of.Escapes, name) {
			value = Encode(Unpattern(Word(value)))
		}
		if proxyclient.InPath(l.Of.Path, name) {
			q.params[name] = Word(value)
		} else {
			addQuery(q.values, name, value)
		}
	}
	if f, _ := call.op.Field(l.Of.Size); f.toolHelp != "" && !call.whole && !q.values.Has(l.Of.Size) {
		q.values.Set(l.Of.Size, strconv.Itoa(l.Of.sizeFor(call.env.PageSize)))
	}
	return q, about, nil
}

// walk yields the pages of the whole list, each item once. If the caller sorts, the first
// page comes after the whole list was read.
func (l List[In]) walk(ctx context.Context, call *Call) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		q, about, err := l.query(call)
		if err != nil {
			yield(Result{}, err)
			return
		}
		pages, noted := l.Of.sorted(ctx, call, q), false
		if l.Of.Split != nil {
			pages = l.Of.Split.whole(pages)
		}
		for page, err := range pages {
			if err != nil {
				yield(Result{}, err)
				return
			}
			if l.Of.Split != nil {
				page.Columns = l.complete(call)
			}
			about.keep(page)
			if !noted && !page.More {
				about.Notes = append(about.Notes, l.Of.empty(call, q, page)...)
			}
			page.About = about.Members
			if note := l.Of.Narrowed(call); note != "" && !noted {
				about.Notes = append(about.Notes, note)
			}
			if !yield(Result{Page: page, Notes: about.Notes}, nil) {
				return
			}
			about.Notes, noted = nil, true
		}
	}
}

// walker is a list that can be walked.
type walker interface {
	walk(context.Context, *Call) iter.Seq2[Result, error]
}
