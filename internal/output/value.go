package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"litellm-proxy/internal/operation"
)

// picker takes the values of columns out of objects. It reads an object once for
// all columns and decodes nothing that no column shows: a key has about a
// hundred fields, of which a table shows nine.
type picker struct {
	fields []field
	values []json.RawMessage
	exact  []bool
}

// field is where a column's value is: at the member called path, or else in the
// member called head at the path rest. See [tools.Lookup].
type field struct{ path, head, rest string }

func newPicker(columns []operation.Column) *picker {
	p := &picker{values: make([]json.RawMessage, len(columns)), exact: make([]bool, len(columns))}
	for _, c := range columns {
		f := field{path: c.Field}
		if f.path == "" {
			f.path = c.Name
		}
		f.head, f.rest, _ = strings.Cut(f.path, ".")
		p.fields = append(p.fields, f)
	}
	return p
}

// pick returns a value for each column, nil where there is none. The slice is
// valid until the next call.
func (p *picker) pick(item json.RawMessage) []json.RawMessage {
	clear(p.values)
	clear(p.exact)
	for key, value := range members(item) {
		for i, f := range p.fields {
			switch {
			case string(key) == f.path:
				p.values[i], p.exact[i] = value, true
			case f.rest != "" && string(key) == f.head && !p.exact[i]:
				p.values[i] = value
			}
		}
	}
	for i, f := range p.fields {
		if p.values[i] == nil {
			continue
		}
		rest := ""
		if !p.exact[i] {
			rest = f.rest
		}
		p.values[i] = operation.Lookup(p.values[i], rest)
	}
	return p.values
}

// members yields the members of a JSON object in order; of anything else, none.
func members(b []byte) iter.Seq2[[]byte, json.RawMessage] {
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
			key := b[i+1 : max(i+1, end-1)]
			if bytes.IndexByte(key, '\\') >= 0 || !utf8.Valid(key) {
				key = []byte(unquote(b[i:end]))
			}
			i = skipSpace(b, skipSpace(b, end)+1)
			end = skipValue(b, i)
			if end == i || !yield(key, b[i:end:end]) {
				return
			}
			if i = skipSpace(b, end); at(b, i) != ',' {
				return
			}
		}
	}
}

// elements yields the elements of a JSON array; of anything else, none.
func elements(b []byte) iter.Seq[json.RawMessage] {
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

// unquote returns the text of a JSON string.
func unquote(b []byte) string {
	if len(b) >= 2 && bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b) {
		return string(b[1 : len(b)-1])
	}
	var s string
	if json.Unmarshal(b, &s) != nil {
		return string(b)
	}
	return s
}

// cell is a value as a table or CSV shows it; "" when it is absent.
func cell(value json.RawMessage, format operation.Format) string {
	value = bytes.TrimSpace(value)
	switch at(value, 0) {
	case 0, 'n':
		return ""
	case '"':
		return formatText(unquote(value), format)
	case '[':
		return formatArray(value)
	case '{':
		return compact(value)
	case 't', 'f':
		return string(value)
	}
	return formatNumber(string(value), format)
}

func formatText(s string, format operation.Format) string {
	switch format {
	case operation.Time:
		return formatTime(s)
	case operation.Dollars, operation.DollarsPerMillion:
		// A gateway on PostgreSQL sends some decimals as text.
		return formatNumber(s, format)
	}
	return s
}

func formatNumber(s string, format operation.Format) string {
	switch format {
	case operation.Time:
		return formatUnix(s)
	case operation.Dollars:
		return decimal(s, 0)
	case operation.DollarsPerMillion:
		return decimal(s, 6)
	}
	return s
}

// formatArray joins scalars with commas; any other array is compact JSON.
func formatArray(value json.RawMessage) string {
	var words []string
	for v := range elements(value) {
		switch v[0] {
		case '"':
			words = append(words, unquote(v))
		case '{', '[':
			return compact(value)
		default:
			words = append(words, string(v))
		}
	}
	return strings.Join(words, ",")
}

func compact(value json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return string(value)
	}
	return b.String()
}

// formatTime is a time in RFC 3339 and UTC, without fractions of a second. The
// gateway's times have a T or a blank in the middle and end with Z, an offset or
// nothing, which is UTC. Any other text stays as it is.
func formatTime(s string) string {
	if len(s) < len("2006-01-02T15:04:05") || s[10] != ' ' && s[10] != 'T' {
		return s
	}
	t := s[:10] + "T" + s[11:]
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05Z0700"} {
		if at, err := time.Parse(layout, t); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
	}
	return s
}

// formatUnix is a time from seconds since 1970; a number that is none, such as
// one after the year 9999, stays as it is.
func formatUnix(s string) string {
	const year1, year10000 = -62135596800, 253402300800
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || seconds < year1 || seconds >= year10000 {
		return s
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}

// decimal is the JSON number s times ten to the power of shift, without an
// exponent and without zeros that say nothing. Digits after the fifteenth are
// what a sum of floating-point numbers leaves behind, 0.30000000000000004, and
// are rounded away. What is no number, or absurdly long, stays as it is.
func decimal(s string, shift int) string {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(s[i+1:]); err != nil {
			return s
		}
		mantissa = s[:i]
	}
	sign := ""
	if rest, ok := strings.CutPrefix(mantissa, "-"); ok {
		sign, mantissa = "-", rest
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if whole == "" || strings.Trim(digits, "0123456789") != "" || exponent < -400 || exponent > 400 {
		return s
	}

	// The value is 0.digits times ten to the power of point.
	point := len(whole) + exponent + shift
	trimmed := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(trimmed)
	digits = strings.TrimRight(trimmed, "0")
	const precise = 15
	if len(digits) > precise && point <= precise {
		var carried bool
		if digits, carried = round(digits, precise); carried {
			point++
		}
	}
	switch {
	case digits == "":
		return "0"
	case point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits
	case point >= len(digits):
		return sign + digits + strings.Repeat("0", point-len(digits))
	}
	return sign + digits[:point] + "." + digits[point:]
}

// round cuts digits to n, half up, without zeros at the end; carried says that
// there is one digit more at the front.
func round(digits string, n int) (rounded string, carried bool) {
	up := digits[n] >= '5'
	digits = digits[:n]
	if up {
		kept := strings.TrimRight(digits, "9")
		if kept == "" {
			return "1", true
		}
		last := len(kept) - 1
		return kept[:last] + string(kept[last]+1), false
	}
	return strings.TrimRight(digits, "0"), false
}

// visible makes a text safe to show on one line: control characters, line breaks
// and what has no width or turns the direction of writing become escapes as in
// Go. Joiners stay between letters and pictures that they join.
func visible(s string) string {
	return escape(s, hidden, func(b []byte, r rune) []byte {
		if r == utf8.RuneError {
			return utf8.AppendRune(b, r)
		}
		quoted := strconv.QuoteRune(r)
		return append(b, quoted[1:len(quoted)-1]...)
	})
}

// safeText keeps a text from driving the terminal: line breaks and tabs stay, and
// what is no UTF-8 becomes the replacement character.
func (o Options) safeText(s string) string {
	if !o.Terminal {
		return s
	}
	return escape(s, func(s string, i int, r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\t' && !strings.HasPrefix(s[i:], "\r\n")
	}, func(b []byte, r rune) []byte {
		if r == utf8.RuneError {
			return utf8.AppendRune(b, r)
		}
		return fmt.Appendf(b, `\x%02x`, r)
	})
}

// safeJSON is safeText for a JSON document, which has the same value after it.
func (o Options) safeJSON(b []byte) []byte {
	if !o.Terminal {
		return b
	}
	return []byte(escape(string(b), func(s string, i int, r rune) bool {
		return r != '\n' && hidden(s, i, r)
	}, func(b []byte, r rune) []byte {
		if r > 0xffff {
			r -= 0x10000
			return fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		return fmt.Appendf(b, `\u%04x`, r)
	}))
}

// escape replaces the runes of s that must not be seen.
func escape(s string, must func(s string, i int, r rune) bool, replace func([]byte, rune) []byte) string {
	var out []byte
	done := 0
	for i, r := range s {
		if ' ' <= r && r <= '~' || !must(s, i, r) {
			continue
		}
		out = replace(append(out, s[done:i]...), r)
		_, size := utf8.DecodeRuneInString(s[i:])
		done = i + size
	}
	if done == 0 {
		return s
	}
	return string(append(out, s[done:]...))
}

// hidden tells whether the rune at s[i] cannot be seen, changes how others are
// seen, or is no UTF-8.
func hidden(s string, i int, r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	if r == joiner || r == nonJoiner {
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		return !joins(before) || !joins(after)
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// joins tells whether r is of a script or a picture that joiners have a meaning
// in.
func joins(r rune) bool {
	return r > unicode.MaxLatin1 && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsSymbol(r))
}
