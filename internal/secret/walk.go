package secret

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// Members yields the members of a JSON object in order, repeated names
// included; of anything else, none. Names are decoded, values are the bytes of b.
func Members(b []byte) iter.Seq2[[]byte, json.RawMessage] {
	return func(yield func([]byte, json.RawMessage) bool) {
		i := skipSpace(b, 0)
		if at(b, i) != '{' {
			return
		}
		for i++; ; i++ {
			i = skipSpace(b, i)
			end := skipValue(b, i)
			if at(b, i) != '"' || at(b, skipSpace(b, end)) != ':' {
				return
			}
			name := content(b[i:end])
			i = skipSpace(b, skipSpace(b, end)+1)
			end = skipValue(b, i)
			if end == i || !yield(name, b[i:end:end]) {
				return
			}
			if i = skipSpace(b, end); at(b, i) != ',' {
				return
			}
		}
	}
}

// Elements yields the elements of a JSON array; of anything else, none.
func Elements(b []byte) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		i := skipSpace(b, 0)
		if at(b, i) != '[' {
			return
		}
		for i++; ; i++ {
			i = skipSpace(b, i)
			end := skipValue(b, i)
			if end == i || !yield(b[i:end:end]) {
				return
			}
			if i = skipSpace(b, end); at(b, i) != ',' {
				return
			}
		}
	}
}

// Lookup returns the value at a dotted path below body, or nil when it is
// missing or null. A member name may contain dots: the whole rest of the path is
// tried first. Of repeated names, the last one counts, as in encoding/json.
func Lookup(body json.RawMessage, path string) json.RawMessage {
	for path != "" && body != nil {
		name, rest, _ := strings.Cut(path, ".")
		var whole, next json.RawMessage
		for n, value := range Members(body) {
			if string(n) == path {
				whole = value
			}
			if string(n) == name {
				next = value
			}
		}
		if whole != nil {
			body = whole
			break
		}
		body, path = next, rest
	}
	if string(bytes.TrimSpace(body)) == "null" {
		return nil
	}
	return body
}

// Unquote returns the text of a JSON string, and of anything else its bytes.
func Unquote(b []byte) string {
	if len(b) >= 2 && b[0] == '"' {
		return string(content(b))
	}
	return string(b)
}

// content is the decoded inside of a JSON string; where nothing is escaped, the
// bytes of b.
func content(b []byte) []byte {
	inside := b[1:max(1, len(b)-1)]
	if bytes.IndexByte(inside, '\\') < 0 && utf8.Valid(inside) {
		return inside
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return b
	}
	return []byte(s)
}

// at is b[i], or 0 after the end.
func at(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the end of the valid JSON value that starts at i, or i.
func skipValue(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			if i = skipString(b, i); depth == 0 {
				return i
			}
			i--
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// skipString returns the end of the string whose opening quote is at i.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(b)
}
