package proxyclient

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/secret"
)

// Hidden is a part of a recorded request that is masked in what can be seen of it.
type Hidden struct {
	// Where names the part: "path", "query.token", "body.keys".
	Where string
	// Shown is what can be seen of it.
	Shown string
	// SHA256 is the hash of what is sent, in 64 digits. For a key, it is the gateway's
	// identifier.
	SHA256 string
}

// Hidden returns the masked parts of the path and the query, and of the body if the
// caller wrote the request. It tells apart things that look the same when masked.
func (r Recorded) Hidden() []Hidden {
	var found []Hidden
	seen, sent := strings.Split(r.Path, "/"), strings.Split(r.sent.path, "/")
	if len(seen) != len(sent) {
		seen, sent = []string{r.Path}, []string{r.sent.path}
	}
	for i := range sent {
		if seen[i] != sent[i] {
			found = append(found, hidden("path", seen[i], unescaped(sent[i], url.PathUnescape)))
		}
	}
	seen, sent = strings.Split(r.Query, "&"), strings.Split(r.sent.query, "&")
	if len(seen) != len(sent) {
		seen, sent = []string{r.Query}, []string{r.sent.query}
	}
	for i := range sent {
		if seen[i] != sent[i] {
			name, value, _ := strings.Cut(sent[i], "=")
			_, masked, _ := strings.Cut(seen[i], "=")
			found = append(found, hidden("query."+secret.Text(unescaped(name, url.QueryUnescape)), masked, unescaped(value, url.QueryUnescape)))
		}
	}
	switch {
	case !r.raw:
	case json.Valid([]byte(r.sent.body)):
		found = hiddenJSON(found, "body", r.Body, []byte(r.sent.body))
	case r.sent.body != "":
		found = hiddenJSON(found, "body", r.Body, secret.Encode(r.sent.body))
	}
	return found
}

func hidden(where, shown, value string) Hidden {
	return Hidden{Where: where, Shown: shown, SHA256: secret.Hash(value)}
}

func unescaped(text string, unescape func(string) (string, error)) string {
	if plain, err := unescape(text); err == nil {
		return plain
	}
	return text
}

// hiddenJSON compares a document with what is shown of it.
func hiddenJSON(found []Hidden, where string, seen, sent json.RawMessage) []Hidden {
	if bytes.Equal(seen, sent) {
		return found
	}
	var seenObject, sentObject map[string]json.RawMessage
	if json.Unmarshal(seen, &seenObject) == nil && json.Unmarshal(sent, &sentObject) == nil && sentObject != nil {
		names := slices.Sorted(maps.Keys(sentObject))
		if slices.Equal(names, slices.Sorted(maps.Keys(seenObject))) {
			for _, name := range names {
				found = hiddenJSON(found, where+"."+name, seenObject[name], sentObject[name])
			}
			return found
		}
	}
	var seenList, sentList []json.RawMessage
	if json.Unmarshal(seen, &seenList) == nil && json.Unmarshal(sent, &sentList) == nil && sentList != nil && len(seenList) == len(sentList) {
		for i := range sentList {
			found = hiddenJSON(found, where, seenList[i], sentList[i])
		}
		return found
	}
	return append(found, hidden(where, word(seen), word(sent)))
}

// word is a JSON string as text, and another value as it stands.
func word(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}
