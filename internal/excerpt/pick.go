package excerpt

import (
	"encoding/json"
	"strings"

	"litellm-proxy/internal/secret"
)

// Pick returns the value at a dotted path, and whether there is one. Through a list it is
// the list of what its items have there.
func Pick(value json.RawMessage, path string) (json.RawMessage, bool) {
	if path == "" {
		return value, true
	}
	if len(value) > 0 && value[0] == '[' {
		out, any := []byte{'['}, false
		for item := range secret.Elements(value) {
			v, found := Pick(item, path)
			if !found {
				v = json.RawMessage("null")
			}
			if len(out) > 1 {
				out = append(out, ',')
			}
			out, any = append(out, v...), any || found
		}
		return append(out, ']'), any
	}
	name, rest, _ := strings.Cut(path, ".")
	var whole, next json.RawMessage
	for n, v := range secret.Fields(value) {
		if string(n) == path {
			whole = v
		}
		if string(n) == name {
			next = v
		}
	}
	switch {
	case whole != nil:
		return whole, true
	case next != nil && rest != "":
		return Pick(next, rest)
	}
	return nil, false
}
