package output

import (
	"encoding/json"
	"fmt"
	"strings"

	"litellm-proxy/internal/operation"
)

// newKey is a key that is shown once, with its owner.
type newKey struct{ key, owner string }

// newKeys are the keys at the paths that the operation reveals. Masked ones are none.
func newKeys(body json.RawMessage, reveal []string) []newKey {
	var keys []newKey
	add := func(holder json.RawMessage, field string) {
		k := newKey{key: cell(operation.Lookup(holder, field), operation.Plain)}
		if !strings.HasPrefix(k.key, "sk-") || strings.Contains(k.key, "...") || strings.ContainsAny(k.key, " \t\n") {
			return
		}
		k.owner = cell(operation.LookupAny(holder, "user_email|user_id|key_alias"), operation.Plain)
		keys = append(keys, k)
	}
	for _, path := range reveal {
		list, field, many := strings.Cut(path, ".*.")
		switch {
		case path != "key" && !strings.HasSuffix(path, ".key"):
		case !many:
			add(body, path)
		default:
			for holder := range valuesAt(body, list+".*") {
				add(holder, field)
			}
		}
	}
	return keys
}

// newKeys writes the new keys, one on a line.
func (c *viewCodec) newKeys() {
	switch len(c.keys) {
	case 0:
		return
	case 1:
		c.section()
		fmt.Fprintf(&c.paper, "The key is shown only once. Store it now.\n%s\n", visible(c.keys[0].key))
		return
	}
	c.section()
	c.paper.WriteString("The keys are shown only once. Store them now.\n")
	for _, k := range c.keys {
		fmt.Fprintln(&c.paper, strings.TrimSpace(visible(k.key)+"  "+visible(k.owner)))
	}
}
