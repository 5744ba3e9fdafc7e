package operation

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// NewKey is a key that an answer shows once.
type NewKey struct {
	// Key is the key itself, Hash its identifier, and Alias its name or "".
	Key, Hash, Alias string
	// User is the email address, or else the ID, of the user that it is for, or "".
	User string
}

// newKey is a key that stands in an object of an answer.
func newKey(key string, holder json.RawMessage) NewKey {
	k := NewKey{Key: key, Hash: KeyHash(key), Alias: Shown(shortWord(Lookup(holder, "key_alias")))}
	for _, name := range []string{"user_email", "user_id"} {
		if k.User == "" {
			k.User = Shown(shortWord(NoNull(Lookup(holder, name))))
		}
	}
	return k
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
			keys = append(keys, newKey(key, holder))
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

// MakesKeys reports whether the operation may generate keys, which it reveals.
func (op *Operation) MakesKeys() bool {
	return slices.ContainsFunc(op.Reveal, func(path string) bool { return path == "key" || strings.HasSuffix(path, ".key") })
}

// ReplaceKeys returns the result of a write with something else in place of each new key: the
// members that replace returns stand in front of those of the object that has the key, and
// the key itself is masked. Of the caller, nothing else in the result is changed.
func (op *Operation) ReplaceKeys(r Result, replace func(NewKey) secret.Object) Result {
	if !r.Conceal {
		for _, path := range op.Reveal {
			r.Body = replaceKeys(r.Body, strings.Split(path, "."), replace)
		}
	}
	r.Conceal = true
	return r
}

// replaceKeys does it in the value that a path leads to.
func replaceKeys(value json.RawMessage, path []string, replace func(NewKey) secret.Object) json.RawMessage {
	if path[0] == "*" {
		list := []json.RawMessage{}
		for item := range secret.Elements(value) {
			list = append(list, replaceKeys(item, path[1:], replace))
		}
		return secret.Encode(list)
	}
	next := Lookup(value, path[0])
	if next == nil {
		return value
	}
	var added, object secret.Object
	if len(path) > 1 {
		next = replaceKeys(next, path[1:], replace)
	} else if key := Word(next); strings.HasPrefix(key, "sk-") {
		added = replace(newKey(key, value))
		next = Encode(secret.Mask(key))
	}
	for name, member := range secret.Members(value) {
		if string(name) == path[0] {
			member = next
		}
		object = append(object, secret.Member{Name: string(name), Value: member})
	}
	return secret.Encode(append(added, object...))
}

// MakesKey reports whether a request makes a key (LiteLLM 1.110.2).
func MakesKey(r proxyclient.Recorded) bool {
	path, err := url.PathUnescape(r.Path)
	if err != nil {
		path = r.Path
	}
	path = strings.Trim(path, "/")
	switch {
	case r.Method != http.MethodPost:
		return false
	case path == "user/new":
		return string(Lookup(r.Body, "auto_create_key")) != "false"
	case path == "management/v1/users/bulk":
		for user := range secret.Elements(Lookup(r.Body, "users")) {
			if string(Lookup(user, "auto_create_key")) == "true" {
				return true
			}
		}
		return false
	}
	return KeyRoute(path)
}

// KeyRoute reports whether a POST to the path, without slashes around it, makes a key
// whatever its body says.
func KeyRoute(path string) bool {
	switch path {
	case "key/generate", "key/service-account/generate", "key/regenerate":
		return true
	}
	parts := strings.Split(path, "/")
	return len(parts) == 3 && parts[0] == "key" && parts[2] == "regenerate"
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

// Keep hands the object with a new key to the surface before the call does anything to the
// key that it replaces. An error means that it could not be stored.
func (c *Call) Keep(holder json.RawMessage) error {
	if c.env.Keep == nil || c.planning {
		return nil
	}
	return c.env.Keep(holder)
}
