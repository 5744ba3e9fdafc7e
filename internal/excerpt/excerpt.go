// Package excerpt brings JSON values to a size that a reader takes in at once.
//
// [Cut] keeps the facts of a value before its parts, and of its lists whole items only.
// What it leaves out are its [Gap]s, which [Rest] reads on in pieces. [Lines] lays a value
// out as text. Sizes are bytes on the wire of a protocol message.
package excerpt

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"litellm-proxy/internal/secret"
)

// What a [Gap] counts.
const (
	Items      = "items"
	Fields     = "fields"
	Characters = "characters"
)

// Gap is what an excerpt leaves out of one list, object or text.
type Gap struct {
	// Path is where it is, such as "team_info.members" or "items[3].messages".
	Path string
	// Shown and Total count its items, fields or characters.
	Shown, Total int
	Of           string

	value json.RawMessage // all of it
	first First
}

// String is the gap as a phrase: "keys: 8 of 120 shown".
func (g Gap) String() string {
	path := g.Path
	if runes := []rune(path); len(runes) > 300 {
		path = string(runes[:300]) + "…"
	}
	if path == "" {
		path = "answer"
	}
	of := " " + g.Of
	if g.Of == Items {
		of = ""
	}
	return fmt.Sprintf("%s: %d of %d%s shown", path, g.Shown, g.Total, of)
}

// First reports whether a member, by its name, comes before all others: an identifier. Nil
// means none does.
type First func(name string) bool

// Member is a member of an object.
type Member struct {
	Name  string
	Value json.RawMessage
}

const (
	// fact is the size up to which a text counts among the facts, longFact that of an
	// identifier.
	fact, longFact = 600, 4500
	// part is the least that a part is shown in.
	part = 100
	// around is what a member takes beside its name and value.
	around = 8
)

// Cut returns an excerpt of a value of at most about most bytes in the text of a message,
// and what it leaves out. The path is that of the value.
func Cut(value json.RawMessage, path string, most int, first First) (json.RawMessage, []Gap) {
	c := cutter{first: first}
	return c.cut(value, path, most), c.gaps
}

type cutter struct {
	first First
	gaps  []Gap
	depth int // of the value that is cut
}

// deepest is how deep a value is cut. Each level is measured anew, and a reader is lost long
// before.
const deepest = 64

func (c *cutter) leave(value json.RawMessage, path string, shown, total int, of string) {
	c.gaps = append(c.gaps, Gap{Path: path, Shown: shown, Total: total, Of: of, value: value, first: c.first})
}

// omit leaves out all of a value.
func (c *cutter) omit(value json.RawMessage, path string) {
	switch value[0] {
	case '[':
		c.leave(value, path, 0, count(value), Items)
	case '{':
		c.leave(value, path, 0, count(value), Fields)
	default:
		c.leave(value, path, 0, utf8.RuneCountInString(secret.Unquote(value)), Characters)
	}
}

func (c *cutter) cut(value json.RawMessage, path string, most int) json.RawMessage {
	if WireText(value) <= most {
		return value
	}
	c.depth++
	defer func() { c.depth-- }()
	switch {
	case value[0] != '[' && value[0] != '{':
		return c.text(value, path, most)
	case c.depth > deepest:
		c.omit(value, path)
		return json.RawMessage(map[byte]string{'[': "[]", '{': "{}"}[value[0]])
	case value[0] == '[':
		return c.list(value, path, most)
	}
	return c.object(value, path, most)
}

// text is the beginning of a text, with a mark that says how long it is.
func (c *cutter) text(value json.RawMessage, path string, most int) json.RawMessage {
	text := secret.Unquote(value)
	total := utf8.RuneCountInString(text)
	mark := fmt.Sprintf("… (%d of %d characters)", total, total)
	n, _ := quotedUpTo(text, max(0, most-WireText([]byte(mark))-4))
	shown := utf8.RuneCountInString(text[:n])
	c.leave(value, path, shown, total, Characters)
	return secret.Encode(text[:n] + fmt.Sprintf("… (%d of %d characters)", shown, total))
}

// list is the first items of a list. An item is cut only if not even the first one fits.
func (c *cutter) list(value json.RawMessage, path string, most int) json.RawMessage {
	out, left, shown := []byte{'['}, most-2, 0
	at := len(c.gaps)
	for item := range secret.Elements(value) {
		cost := WireText(item) + 2
		if cost > left && (shown > 0 || left < 4*part) {
			break
		}
		if cost > left {
			item = c.cut(item, path+"[0]", left-2)
			cost = left
		}
		if shown > 0 {
			out = append(out, ',')
		}
		out = append(out, item...)
		left, shown = left-cost, shown+1
	}
	if total := count(value); shown < total {
		c.leave(value, path, shown, total, Items)
	}
	// The list before what is left out within it.
	if n := len(c.gaps) - 1; n > at && c.gaps[n].Path == path {
		c.gaps = slices.Insert(c.gaps[:n], at, c.gaps[n])
	}
	return append(out, ']')
}

// object is the facts of an object, and of its parts as much as there is room for: small
// parts whole, the large ones share the rest.
func (c *cutter) object(value json.RawMessage, path string, most int) json.RawMessage {
	ranked, facts := Ranked(value, c.first)
	left, n := most-2, 0
	for n < facts {
		cost := c.cost(ranked[n])
		if cost > left {
			break
		}
		left, n = left-cost, n+1
	}
	parts := ranked[n:n]
	if n == facts {
		parts = ranked[n:min(len(ranked), n+max(0, left)/part)]
	}
	shares := water(parts, left, c.cost)
	out := append([]byte(nil), Object(ranked[:n])...)
	out = out[:len(out)-1]
	for i, m := range parts {
		name := Join(path, m.Name)
		room := shares[i] - (c.cost(m) - WireText(m.Value))
		if room < part && WireText(m.Value) > room {
			c.omit(m.Value, name)
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, secret.Encode(m.Name)...), ':'), c.cut(m.Value, name, room)...)
	}
	if n += len(parts); n < len(ranked) {
		c.leave(value, path, n, len(ranked), Fields)
	}
	return append(out, '}')
}

func (c *cutter) cost(m Member) int { return WireText([]byte(m.Name)) + around + WireText(m.Value) }

// water divides left among parts: who needs less than an equal share gets what it needs.
func water(parts []Member, left int, cost func(Member) int) []int {
	shares, order := make([]int, len(parts)), make([]int, len(parts))
	for i, m := range parts {
		shares[i], order[i] = cost(m), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return shares[a] - shares[b] })
	for n, i := range order {
		shares[i] = min(shares[i], left/(len(order)-n))
		left -= shares[i]
	}
	return shares
}

// Ranked returns the members of an object in the order in which they are shown: those that
// come first, the other facts, objects, lists and long texts. facts is how many are facts.
func Ranked(object json.RawMessage, first First) (ranked []Member, facts int) {
	var ranks [4][]Member
	for name, value := range secret.Members(object) {
		m := Member{string(name), value}
		rank := rankOf(m, first)
		ranks[rank] = append(ranks[rank], m)
	}
	return slices.Concat(ranks[:]...), len(ranks[0]) + len(ranks[1])
}

func rankOf(m Member, first First) int {
	early := first != nil && first(m.Name)
	switch {
	case m.Value[0] == '{':
		return 2
	case m.Value[0] == '[':
		return 3
	case early && len(m.Value) <= longFact:
		return 0
	case len(m.Value) <= fact:
		return 1
	}
	return 3
}

// Object writes members as an object.
func Object(list []Member) json.RawMessage {
	out := []byte{'{'}
	for i, m := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, secret.Encode(m.Name)...), ':'), m.Value...)
	}
	return append(out, '}')
}

// count is how many items or members a value has.
func count(value json.RawMessage) int {
	n := 0
	for range secret.Elements(value) {
		n++
	}
	for range secret.Members(value) {
		n++
	}
	return n
}

// Join is the path of a member.
func Join(path, name string) string {
	if utf8.RuneCountInString(name) > 100 {
		name = string([]rune(name)[:100]) + "…"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// plain reports whether a name can stand in a line without quotes.
func plain(name string) bool {
	return name != "" && len(name) <= 100 && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-' || r == '.' || r == '/')
	})
}
