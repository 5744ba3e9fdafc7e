package secret

import (
	"bytes"
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf16"
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
	return unescape(inside)
}

// unescape decodes the inside of a JSON string in one allocation, as encoding/json
// does: what is no UTF-8, and half a surrogate pair, becomes U+FFFD.
func unescape(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if c := s[i]; c != '\\' && c < utf8.RuneSelf {
			out = append(out, c)
			i++
			continue
		} else if c != '\\' {
			r, size := utf8.DecodeRune(s[i:])
			out = utf8.AppendRune(out, r)
			i += size
			continue
		}
		switch c := at(s, i+1); c {
		case 'u':
			r := hex4(s, i+2)
			i += 6
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if at(s, i) == '\\' && at(s, i+1) == 'u' {
					low = hex4(s, i+2)
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
			continue
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		default: // a quote, a slash or a backslash
			out = append(out, c)
		}
		i += 2
	}
	return out
}

// hex4 reads the four hexadecimal digits at i.
func hex4(s []byte, i int) (r rune) {
	for k := range 4 {
		c := at(s, i+k)
		switch {
		case isDigit(c):
			c -= '0'
		case isHex(c):
			c = c | 0x20 - 'a' + 10
		default:
			return utf8.RuneError
		}
		r = r<<4 | rune(c)
	}
	return r
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
			if i = StringEnd(b, i); depth == 0 {
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

// StringEnd returns the end of the JSON string whose opening quote is at i: the place
// behind its closing quote, or the end of b.
func StringEnd(b []byte, i int) int {
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
