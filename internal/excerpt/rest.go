package excerpt

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"slices"
	"strconv"
	"unicode/utf8"

	"litellm-proxy/internal/secret"
)

// unit is the size up to which a value is read on in one piece.
const unit = 6000

// Rest returns what gaps leave out, from a position on: a list of {path, value}, and of
// {path, from, value} for a piece of a text, of about most bytes. Positions begin at 0; next
// is 0 where nothing is left.
func Rest(gaps []Gap, from, most int) (parts []json.RawMessage, next int) {
	r := reader{from: from, left: most}
	for _, g := range gaps {
		if !r.gap(g) {
			return r.parts, r.at - 1
		}
	}
	return r.parts, 0
}

// Digest tells apart sets of gaps: a position is good for one set.
func Digest(gaps []Gap) string {
	h := fnv.New64a()
	for _, g := range gaps {
		_, _ = h.Write([]byte(g.String() + "\n"))
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// Copy returns gaps that hold nothing but what they leave out, and how many bytes that is.
func Copy(gaps []Gap) ([]Gap, int) {
	gaps, size := slices.Clone(gaps), 0
	for i := range gaps {
		gaps[i].value = bytes.Clone(gaps[i].value)
		size += len(gaps[i].value)
	}
	return gaps, size
}

// reader walks the units of gaps. Its methods return false when there is no more room.
type reader struct {
	from, at, left int
	parts          []json.RawMessage
}

func (r *reader) gap(g Gap) bool {
	i := 0
	switch g.Of {
	case Items:
		for item := range secret.Elements(g.value) {
			if i >= g.Shown && !r.value(index(g.Path, i), item, g.first) {
				return false
			}
			i++
		}
	case Fields:
		ranked, _ := Ranked(g.value, g.first)
		for _, m := range ranked[min(g.Shown, len(ranked)):] {
			if !r.value(Join(g.Path, m.Name), m.Value, g.first) {
				return false
			}
		}
	default:
		return r.text(g.Path, secret.Unquote(g.value), g.Shown)
	}
	return true
}

// value is a value in one unit, or in several where it is too large.
func (r *reader) value(path string, value json.RawMessage, first First) bool {
	switch {
	case len(value) <= unit && WireText(value) <= unit:
		return r.emit(path, -1, value)
	case value[0] == '[':
		return r.gap(Gap{Path: path, Of: Items, value: value, first: first})
	case value[0] == '{':
		return r.gap(Gap{Path: path, Of: Fields, value: value, first: first})
	}
	return r.text(path, secret.Unquote(value), 0)
}

// text is a text in pieces, from a character on.
func (r *reader) text(path, text string, from int) bool {
	for range from {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	for text != "" {
		n, runes := quotedUpTo(text, unit)
		if !r.emit(path, from, secret.Encode(text[:n])) {
			return false
		}
		text, from = text[n:], from+runes
	}
	return true
}

func (r *reader) emit(path string, from int, value json.RawMessage) bool {
	if r.at++; r.at <= r.from {
		return true
	}
	o := secret.Object{{Name: "path", Value: path}}
	if from >= 0 {
		o = append(o, secret.Member{Name: "from", Value: from})
	}
	encoded := secret.Encode(append(o, secret.Member{Name: "value", Value: value}))
	if r.left -= WireText(encoded) + 4; r.left < 0 && len(r.parts) > 0 {
		return false
	}
	r.parts = append(r.parts, encoded)
	return true
}
