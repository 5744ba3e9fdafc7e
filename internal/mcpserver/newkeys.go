package mcpserver

import (
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// newKeys are the keys of an answer, which is never cut or left out without them.
func (c *call) newKeys(r operation.Result) []operation.NewKey {
	if c.prepared.Effect() == operation.Read {
		return nil
	}
	own := c.client.Redactor() // the caller's own key is never shown
	return slices.DeleteFunc(c.op.NewKeys(r), func(k operation.NewKey) bool {
		return string(own.Binary([]byte(k.Key))) != k.Key
	})
}

// keyLines shows new keys to a reader, one a line.
func keyLines(keys []operation.NewKey) string {
	var b strings.Builder
	for _, k := range keys {
		b.WriteString("New key")
		if k.Alias != "" {
			b.WriteString(" " + operation.Name(k.Alias))
		}
		if k.User != "" {
			b.WriteString(" of " + operation.Name(k.User))
		}
		b.WriteString(": " + k.Key + "\n")
	}
	if b.Len() > 0 {
		b.WriteString("A key is shown only once: store it now. The answer is too large to show it whole.\n")
	}
	return b.String()
}

// keyList is new keys as a value.
func keyList(keys []operation.NewKey) json.RawMessage {
	list := make([]secret.Object, len(keys))
	for i, k := range keys {
		list[i] = secret.Object{{Name: "key", Value: k.Key}, {Name: "token", Value: k.Hash}}
		if k.Alias != "" {
			list[i] = append(list[i], secret.Member{Name: "key_alias", Value: k.Alias})
		}
		if k.User != "" {
			list[i] = append(list[i], secret.Member{Name: "user", Value: k.User})
		}
	}
	return encode(list)
}
