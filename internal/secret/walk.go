package secret

import (
	"bytes"
	"encoding/json"
	"iter"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Members yields the members of a JSON object in order, repeated names
// included; of anything else, none. Names are decoded, values are the bytes of b.
func Members(b []byte) iter.Seq2[[]byte, json.RawMessage] { return members(b, len(b)) }

// maxField is the longest name, as it is written, that anybody looks for.
const maxField = 64 << 10

// Fields is Members for look-ups: it skips names that are too long to be looked
// for, which would have to be decoded.
func Fields(b []byte) iter.Seq2[[]byte, json.RawMessage] { return members(b, maxField) }

// members yields the members whose names are written in at most most bytes.
func members(b []byte, most int) iter.Seq2[[]byte, json.RawMessage] {
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
			raw := b[i:end]
			i = skipSpace(b, skipSpace(b, end)+1)
			end = skipValue(b, i)
			if end == i || len(raw) <= most && !yield(content(raw), b[i:end:end]) {
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
		for n, value := range Fields(body) {
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
	out, _ := appendText(make([]byte, 0, len(s)), s, math.MaxInt)
	return out
}

// appendText decodes the inside of a JSON string until out has most bytes or a few
// more, and returns what is left of it.
func appendText(out, s []byte, most int) (text, rest []byte) {
	i := 0
	for i < len(s) && len(out) < most {
		switch c := s[i]; {
		case c == '\\':
			var r rune
			r, i = escapedRune(s, i)
			out = utf8.AppendRune(out, r)
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, size := utf8.DecodeRune(s[i:])
			out = utf8.AppendRune(out, r)
			i += size
		}
	}
	return out, s[min(i, len(s)):]
}

// Pieces yields the text of a JSON string in pieces of about size bytes that end
// between characters. Each is valid until the next one.
func Pieces(b []byte, size int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		rest := b[1:max(1, len(b)-1)]
		text := make([]byte, 0, min(size, len(rest))+utf8.UTFMax)
		for {
			if text, rest = appendText(text[:0], rest, size); !yield(text) || len(rest) == 0 {
				return
			}
		}
	}
}

// escapedRune is the character whose escape begins at i, and the end of the escape.
func escapedRune(s []byte, i int) (r rune, end int) {
	switch c := at(s, i+1); c {
	case 'u':
		r = hex4(s, i+2)
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
		return r, i
	case 'b':
		r = '\b'
	case 'f':
		r = '\f'
	case 'n':
		r = '\n'
	case 'r':
		r = '\r'
	case 't':
		r = '\t'
	default: // a quote, a slash or a backslash
		r = rune(c)
	}
	return r, i + 2
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
