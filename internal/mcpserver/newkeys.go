package mcpserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// newKeys are the keys of an answer that must be told apart from it, because the answer
// is cut or left out.
func (c *call) newKeys(r operation.Result, apart bool) []operation.NewKey {
	if !apart || c.prepared.Effect() == operation.Read {
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
		b.WriteString(": " + k.Key + "\n")
	}
	if b.Len() > 0 {
		b.WriteString("A key is shown only once: store it now. The rest of the answer is too large to show whole.\n")
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
	}
	return encode(list)
}

// leftOut is the error of an answer that is too large for a result. After a write it
// says that the write was done: asking for less would do it again.
func (c *call) leftOut(err error) error {
	var e *proxyclient.Error
	if c.prepared.Effect() == operation.Read || !errors.As(err, &e) || e.Code != proxyclient.CodeTooLarge {
		return err
	}
	left := *e
	left.Message = fmt.Sprintf("the request was sent, but its answer is left out: it is above the %d MiB that a tool's result holds", maxResult>>20)
	left.Hint = "do not repeat the call"
	return &left
}
