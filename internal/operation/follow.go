package operation

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"litellm-proxy/proxyclient"
)

// Follow is how a log is followed: what is new in it is read again and again.
type Follow struct {
	// By is the value of Sort for the time at which an item ended, and its path in the item.
	// The gateway logs an item when it ended, so that new ones are at that end of the list.
	By string
	// Since returns the arguments for what began at this time or later, and whether those
	// given name a period by themselves.
	Since func(Args, time.Time) (args Args, period bool)
}

const (
	// late is how much later than others an item may come that ended before them: each of
	// the gateway's workers writes its items at times of its own.
	late = 2 * time.Minute
	// longest is how long an item may take from its beginning to its end.
	longest = time.Hour
)

// Follows reports whether the list of the operation can be followed; see [Call.Follow].
func (op *Operation) Follows() bool {
	f, ok := op.Do.(follower)
	return ok && f.followed() != nil
}

// follower is a list that may be followed.
type follower interface {
	followed() *Follow
	poll(context.Context, *following) ([]json.RawMessage, error)
	begin(context.Context, *following, func([]json.RawMessage) bool) error
}

func (l List[In]) followed() *Follow { return l.Follow }

// following is the state of a call that is followed.
type following struct {
	call   *Call
	start  time.Time
	begun  bool                 // what is new is wanted
	newest time.Time            // the latest end of an item so far
	seen   map[string]time.Time // identifiers of the items that ended lately, with their ends
}

// Follow yields the items that the list gets, those that ended first first, each once. If
// the arguments name a period, it begins with the items of that. It waits before it reads
// again; an error of wait is the end. After an error of a later reading it goes on if the
// consumer does: the next reading has what is missing. A result may have no items.
func (c *Call) Follow(ctx context.Context, wait func(context.Context) error) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		l := c.op.Do.(follower)
		f := &following{call: c.run(), start: c.now, seen: map[string]time.Time{}}
		joined := newJoined(f.call)
		pass := func(items []json.RawMessage) bool {
			notes := f.call.notes.said
			f.call.notes.said = nil
			return yield(Result{Page: &Page{Items: items, Total: -1}, Notes: notes, Joined: joined}, nil)
		}
		err := l.begin(ctx, f, pass)
		f.call.part(ctx, err)
		if err != nil {
			yield(Result{}, proxyclient.Wrap(c.doing(), err))
			return
		}
		f.begun = true
		for wait(ctx) == nil {
			f.call.now = f.call.clock().UTC()
			items, err := l.poll(ctx, f)
			if err != nil && !yield(Result{}, proxyclient.Wrap(c.doing(), err)) || err == nil && !pass(items) {
				return
			}
		}
	}
}

// begin reads what is there: it passes on the items of the period, or only remembers those
// that ended lately.
func (l List[In]) begin(ctx context.Context, f *following, pass func([]json.RawMessage) bool) error {
	if _, period := l.Follow.Since(f.call.args, f.start); !period {
		_, err := l.poll(ctx, f)
		if err == nil {
			pass(nil)
		}
		return err
	}
	q, about, err := l.query(f.call)
	if err != nil {
		return err
	}
	q = l.Of.first(q).with(l.Of.Sort, l.Follow.By).with(l.Of.Order, "asc")
	f.call.notes.said = append(f.call.notes.said, about.Notes...)
	for next := &q; next != nil; {
		_, page, err := l.Of.fetch(ctx, f.call, *next)
		if err != nil {
			return err
		}
		next = l.Of.next(*next, page)
		about.keep(page)
		items, _ := l.unseen(f, page.Items)
		if !pass(f.remember(items)) {
			return nil
		}
	}
	return nil
}

// poll returns the items that are new, those that ended first first. It remembers them if
// it has read all of them.
func (l List[In]) poll(ctx context.Context, f *following) ([]json.RawMessage, error) {
	since := f.newest
	if since.IsZero() {
		since = f.start
	}
	run := *f.call
	run.args, _ = l.Follow.Since(f.call.args, since.Add(-longest))
	q, about, err := l.query(&run)
	if err != nil {
		return nil, err
	}
	q = l.Of.first(q).with(l.Of.Sort, l.Follow.By).with(l.Of.Order, "desc")
	var fresh []ended
	for next := &q; next != nil; {
		_, page, err := l.Of.fetch(ctx, f.call, *next)
		if err != nil {
			return nil, err
		}
		next = l.Of.next(*next, page)
		about.keep(page)
		items, past := l.unseen(f, page.Items)
		fresh = append(fresh, items...)
		if past || !f.begun && len(fresh) > 0 && fresh[len(fresh)-1].at.Before(fresh[0].at.Add(-late)) {
			break
		}
	}
	slices.SortStableFunc(fresh, func(a, b ended) int { return a.at.Compare(b.at) })
	return f.remember(fresh), nil
}

// ended is an item with its identifier and the time at which it ended.
type ended struct {
	item json.RawMessage
	id   string
	at   time.Time
}

// unseen returns the items that are new, and whether some are so old that what follows in
// the list, latest first, cannot be new.
func (l List[In]) unseen(f *following, items []json.RawMessage) (fresh []ended, past bool) {
	for _, item := range items {
		at, err := time.Parse(time.RFC3339, Word(Lookup(item, l.Follow.By)))
		if err != nil {
			at = f.newest
		}
		id := string(l.Of.id(item))
		if _, came := f.seen[id]; came {
			continue
		}
		if at.Before(f.newest.Add(-late)) {
			past = true
			continue
		}
		fresh = append(fresh, ended{item, id, at})
	}
	return fresh, past
}

// remember returns the items, which will not be new again.
func (f *following) remember(fresh []ended) (items []json.RawMessage) {
	for _, e := range fresh {
		if _, twice := f.seen[e.id]; twice {
			continue
		}
		f.seen[e.id] = e.at
		items = append(items, e.item)
		if e.at.After(f.newest) {
			f.newest = e.at
		}
	}
	for id, at := range f.seen {
		if at.Before(f.newest.Add(-late)) {
			delete(f.seen, id)
		}
	}
	return items
}
