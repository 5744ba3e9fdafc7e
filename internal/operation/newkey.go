package operation

import (
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/secret"
)

// NewKey is a key that an answer shows once.
type NewKey struct {
	// Key is the key itself, Hash its identifier, and Alias its name or "".
	Key, Hash, Alias string
}

// A gateway makes fewer keys at once, and shorter ones.
const (
	maxNewKeys = 10_000
	maxNewKey  = 4 << 10
)

// NewKeys returns the keys that the operation reveals in the result of a write.
func (op *Operation) NewKeys(r Result) []NewKey {
	if r.Conceal {
		return nil
	}
	var keys []NewKey
	add := func(holder json.RawMessage, field string) {
		value := Lookup(holder, field)
		if len(value) > maxNewKey || len(keys) == maxNewKeys {
			return
		}
		if key := Word(value); strings.HasPrefix(key, "sk-") {
			keys = append(keys, NewKey{Key: key, Hash: KeyHash(key), Alias: Shown(shortWord(Lookup(holder, "key_alias")))})
		}
	}
	for _, path := range op.Reveal {
		list, field, many := strings.Cut(path, ".*.")
		if !many {
			add(r.Body, path)
			continue
		}
		for holder := range secret.Elements(Lookup(r.Body, list)) {
			add(holder, field)
		}
	}
	return slices.Compact(keys)
}

// KeyHash returns the hash under which the gateway stores a key, as 64 hexadecimal digits.
// Anything that does not begin with sk- is returned as it is: it is a hash already.
func KeyHash(key string) string {
	if !strings.HasPrefix(key, "sk-") {
		return key
	}
	return secret.Hash(key)
}

// shortWord is Word, or "" for what is too long for a name.
func shortWord(value json.RawMessage) string {
	if len(value) > maxNewKey {
		return ""
	}
	return Word(value)
}
