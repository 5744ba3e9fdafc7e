package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"litellm-proxy/proxyclient"
)

// Shared is what the calls of a bulk run look up once for all of them: each list whose
// items they name. A call without it asks the gateway about each name. It does not see what
// the run itself creates. It is safe for concurrent use.
type Shared struct {
	mu    sync.Mutex
	lists map[string]*sharedList
}

// NewShared returns a Shared that knows nothing yet.
func NewShared() *Shared { return &Shared{lists: map[string]*sharedList{}} }

// sharedList is a list of the gateway, read once.
type sharedList struct {
	once   sync.Once
	err    error
	answer json.RawMessage   // of a list that comes at once
	items  []json.RawMessage // of a list that is looked into
	byID   map[string]json.RawMessage
	byName map[string][]json.RawMessage // names folded as the collection does
}

func (s *Shared) list(key string) *sharedList {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lists[key] == nil {
		s.lists[key] = &sharedList{}
	}
	return s.lists[key]
}

// Shares reports whether the call is one of a bulk run. Such a call sends no reads that are
// only about itself, and says nothing that is the same for all of them.
func (c *Call) Shares() bool { return c.env.Shared != nil }

// shared is [Call.Read] for a list that comes at once.
func (c *Call) shared(ctx context.Context, r proxyclient.Request) (json.RawMessage, error) {
	if !c.Shares() {
		return c.Read(ctx, r)
	}
	l := c.env.Shared.list(fmt.Sprint("answer ", r.Path, " ", r.Params, " ", r.Query.Encode()))
	l.once.Do(func() { l.answer, l.err = c.read(ctx, r) })
	return l.answer, l.err
}

// index returns the items of the list by identifier and by name.
func (c *Collection) index(ctx context.Context, call *Call) (*sharedList, error) {
	l := call.env.Shared.list("items " + c.Path)
	l.once.Do(func() {
		l.byID, l.byName = map[string]json.RawMessage{}, map[string][]json.RawMessage{}
		for page, err := range c.Walk(ctx, call, nil, nil) {
			if err != nil {
				l.err = err
				return
			}
			for _, item := range page.Items {
				l.add(Word(Lookup(item, c.ID)), c.names(item), c.folded, item)
			}
		}
	})
	return l, l.err
}

func (l *sharedList) add(id string, names []string, folded func(string) string, item json.RawMessage) {
	if _, twice := l.byID[id]; twice {
		return
	}
	l.items, l.byID[id] = append(l.items, item), item
	for i, name := range names {
		names[i] = folded(name)
	}
	for _, name := range Unique(names) {
		l.byName[name] = append(l.byName[name], item)
	}
}

// known returns the item with an identifier, out of the shared list.
func (c *Collection) known(ctx context.Context, call *Call, id string) ([]json.RawMessage, error) {
	l, err := c.index(ctx, call)
	if item := l.byID[id]; err == nil && item != nil {
		return []json.RawMessage{item}, nil
	}
	return nil, err
}

// SharedItem returns the item with an identifier, or nil, and the items with a name, out of
// the list that the calls of a bulk run share.
func (c *Collection) SharedItem(ctx context.Context, call *Call, id, name string) (item json.RawMessage, named []json.RawMessage, err error) {
	l, err := c.index(ctx, call)
	if err != nil {
		return nil, nil, err
	}
	if name != "" {
		named = l.byName[c.folded(name)]
	}
	return l.byID[id], named, nil
}
