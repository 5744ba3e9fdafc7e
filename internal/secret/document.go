package secret

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"
)

// document walks a valid JSON document once and writes what is left of it to w.
// The depth is limited by [json.Valid].
type document struct {
	*job
	in      []byte
	pos     int
	w       io.Writer
	copied  int // in[:copied] is in w, masked
	changed bool
	nested  int // documents within strings above this one
	keep    [][]string
	path    []string
	classes map[string]class
}

// maxClasses bounds the names that are remembered.
const maxClasses = 4096

// classes are names without a secret in them. They are remembered from one
// document to the next, whoever's it is: the items of a list have the same names.
var classes = sync.Pool{New: func() any { return map[string]class{} }}

// holdsOwn reports whether a caller's key is in a name.
func (d *document) holdsOwn(name []byte) bool {
	return slices.ContainsFunc(d.own, func(own []byte) bool { return bytes.Contains(name, own) })
}

// scope is what a value's surroundings say about it.
type scope struct {
	class
	deep   bool // every string here is a secret
	places bool // except places
	own    bool // no hash here names a key of the gateway
	many   bool // strings and numbers directly in this object are secrets
	below  bool // every string and number here is a secret, except what describes one
}

// hides reports whether a string or number here is a secret, whatever it is.
func (s scope) hides() bool {
	return s.class&secretName != 0 || s.deep && !(s.places && s.class&placeName != 0) ||
		s.below && s.class&wordName == 0 || s.own && s.class&keyName != 0
}

// Documents within strings are taken for text when they are within two already,
// or so long that a copy would be felt.
const (
	maxNested = 2
	maxInner  = 1 << 20
)

// redactAll redacts the document as JSON, or as a text if it is none.
func (d *document) redactAll(keep []string) {
	if !json.Valid(d.in) {
		d.scan(d.in, d.replace)
		return
	}
	for _, k := range keep {
		d.keep = append(d.keep, strings.Split(k, "."))
	}
	d.classes = classes.Get().(map[string]class)
	defer classes.Put(d.classes)
	d.walk(scope{})
}

// finish writes what follows the last secret.
func (d *document) finish() (changed bool, err error) {
	if d.changed {
		d.write(d.in[d.copied:])
	}
	return d.changed, d.err
}

func (d *document) write(b []byte) {
	if d.err == nil {
		_, d.err = d.w.Write(b)
	}
}

func (d *document) writeString(s string) {
	if d.err == nil {
		_, d.err = io.WriteString(d.w, s)
	}
}

// replace writes with, which needs no escapes, in place of in[from:to].
func (d *document) replace(from, to int, with string) {
	d.write(d.in[d.copied:from])
	d.writeString(with)
	d.copied, d.changed = to, true
}

func (d *document) blanks() { d.pos = skipSpace(d.in, d.pos) }

// token passes over a string and returns it with its quotes.
func (d *document) token() []byte {
	start := d.pos
	d.pos = StringEnd(d.in, start)
	d.work += d.pos - start
	return d.in[start:d.pos]
}

// skip passes over one value.
func (d *document) skip() []byte {
	start := d.pos
	d.pos = skipValue(d.in, start)
	d.work += d.pos - start
	return d.in[start:d.pos]
}

func (d *document) kept() bool {
	return slices.ContainsFunc(d.keep, func(k []string) bool {
		if len(k) != len(d.path) {
			return false
		}
		for i := range k {
			if k[i] != "*" && k[i] != d.path[i] {
				return false
			}
		}
		return true
	})
}

func (d *document) walk(s scope) {
	d.blanks()
	if d.canceled() || d.pos >= len(d.in) {
		return
	}
	if len(d.path) > 0 && !d.ownOnly && d.kept() {
		if len(d.own) == 0 {
			d.skip()
			return
		}
		d.ownOnly = true // what is kept may hold any key but the caller's own
		defer func() { d.ownOnly = false }()
	}
	if d.ownOnly {
		s = scope{}
	}
	d.work++
	switch d.in[d.pos] {
	case '{':
		if s.class&wholeName == 0 {
			d.object(s)
			return
		}
		start := d.pos
		if v := d.skip(); len(bytes.TrimSpace(v[1:len(v)-1])) > 0 {
			d.replace(start, d.pos, `"`+masked+`"`)
		}
	case '[':
		d.array(s)
	case '"':
		d.text(s)
	default:
		d.scalar(s)
	}
}

// scalar passes over a number or word; a number that is a secret, and one that holds
// the caller's own key, becomes a string.
func (d *document) scalar(s scope) {
	start := d.pos
	v := d.skip()
	if s.hides() && (v[0] == '-' || isDigit(v[0])) {
		d.replace(start, d.pos, `"`+masked+`"`)
		return
	}
	for _, own := range d.own {
		if bytes.Contains(v, own) {
			d.replace(start, d.pos, `"`+masked+`"`)
			return
		}
	}
}

// member is the scope of a member of class c whose value begins with first.
func (s scope) member(c class, first byte) scope {
	inner := scope{class: c, deep: s.deep, places: s.places, own: s.own || c&ownName != 0, many: c&manyName != 0, below: s.below}
	isString, isContainer := first == '"', first == '{' || first == '['
	if s.class&thingName != 0 && !isString {
		return scope{deep: s.deep, places: s.places, own: s.own, below: s.below}
	}
	switch {
	case c&deepName != 0 && !(isString && c&objectName != 0), c&ownAll != 0 && s.own:
		inner.deep, inner.places = true, c&placesName != 0
	case isString && s.many, !isContainer && s.many && s.class&hashName == 0: // no numbers: {"api_keys": {HASH: 0.5}}
		inner.class |= secretName
	}
	inner.below = inner.below || isContainer && c&belowName != 0
	return inner
}

func (d *document) object(s scope) {
	var pair class // what the members seen so far say about the value of a pair
	asked := false
	d.pos++
	for {
		d.blanks()
		if d.canceled() {
			return
		}
		switch d.in[d.pos] {
		case '}':
			d.pos++
			return
		case ',':
			d.pos++
			continue
		}
		name, c := d.member()
		if c&pairName != 0 {
			pair |= pairClass(d.in[d.pos:])
		}
		if c&pairValue != 0 {
			if pair == 0 && !asked {
				pair, asked = d.pairAhead(), true
			}
			c |= pair
		}
		inner := s.member(c, d.in[d.pos])
		if len(d.keep) > 0 {
			d.path = append(d.path, string(name))
		}
		d.walk(inner)
		if len(d.keep) > 0 {
			d.path = d.path[:len(d.path)-1]
		}
	}
}

// member reads a name and goes to its value. Secrets in the name are masked.
func (d *document) member() (name []byte, c class) {
	start := d.pos
	raw := d.token()
	if isLong(raw) {
		c = d.longName(start, raw)
		d.colon()
		return nil, c
	}
	name, plain := decoded(raw)
	c, known := d.classes[string(name)]
	if !known || d.holdsOwn(name) {
		before := d.changed
		d.changed = false
		d.edits(start, raw, name, plain)
		clean := !d.changed
		d.changed = d.changed || before
		c = classify(name)
		if !clean {
			c |= classify(d.redacted(name))
		}
		if clean && len(name) <= maxName && !d.ownOnly {
			if len(d.classes) >= maxClasses {
				clear(d.classes)
			}
			d.classes[string(name)] = c
		}
	}
	d.colon()
	return name, c
}

// colon goes from a name to its value.
func (d *document) colon() {
	d.blanks()
	d.pos++
	d.blanks()
}

func (d *document) array(s scope) {
	d.pos++
	s.many = false
	s.class &^= thingName // an item is a thing, with members of its own
	if len(d.keep) > 0 {
		d.path = append(d.path, "*")
		defer func() { d.path = d.path[:len(d.path)-1] }()
	}
	for {
		d.blanks()
		if d.canceled() {
			return
		}
		switch d.in[d.pos] {
		case ']':
			d.pos++
			return
		case ',':
			d.pos++
		default:
			d.walk(s)
		}
	}
}

// text masks a string as a whole if its place says so, else what is in it.
func (d *document) text(s scope) {
	start := d.pos
	raw := d.token()
	if len(raw) == 2 {
		return
	}
	if isLong(raw) {
		d.longText(start, raw, s)
		return
	}
	v, plain := decoded(raw)
	switch c := s.class; {
	case d.ownOnly:
		d.edits(start, raw, v, plain)
	case s.hides():
		if isShown(v) || isHash(v) && c&hashName != 0 && !s.own && !s.deep {
			return
		}
		d.replace(start, d.pos, `"`+masked+`"`)
	case c&keyName != 0 && looksSecret(v):
		d.replace(start, d.pos, `"`+Mask(string(v))+`"`)
	case c&urlName != 0 && isURL(v):
		d.replace(start, d.pos, `"`+masked+`"`)
	default:
		d.inside(start, raw, v, plain, s)
	}
}

// inside redacts a string that may hold secrets, or a document that may.
func (d *document) inside(start int, raw, v []byte, plain bool, s scope) {
	if first := at(v, skipSpace(v, 0)); (first == '{' || first == '[') && d.nested < maxNested && len(v) <= maxInner && json.Valid(v) {
		d.work += len(v)
		var out bytes.Buffer
		inner := document{job: d.job, in: v, w: &out, nested: d.nested + 1, classes: d.classes}
		inner.walk(s)
		if changed, err := inner.finish(); changed && err == nil {
			d.replace(start, start+len(raw), string(Encode(out.String())))
		}
		return
	}
	d.edits(start, raw, v, plain)
}

// decoded is the text of a JSON string; plain when nothing in it is escaped.
func decoded(raw []byte) (v []byte, plain bool) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], true
	}
	return content(raw), false
}

// edits redacts the string raw, whose text is v. In a plain one the secrets are
// replaced in place.
func (d *document) edits(start int, raw, v []byte, plain bool) {
	if plain {
		d.scan(v, func(from, to int, with string) { d.replace(start+1+from, start+1+to, with) })
		return
	}
	copied := 0
	d.scan(v, func(from, to int, with string) {
		if copied == 0 {
			d.write(d.in[d.copied : start+1])
		}
		d.writeEscaped(v[copied:from])
		d.writeString(with)
		copied = to
	})
	if copied > 0 {
		d.writeEscaped(v[copied:])
		d.copied, d.changed = start+len(raw)-1, true // the quote is still there
	}
}

// writeEscaped writes a part of a JSON string.
func (d *document) writeEscaped(v []byte) {
	const digits = "0123456789abcdef"
	start := 0
	for i, c := range v {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		d.write(v[start:i])
		start = i + 1
		if n := bytes.IndexByte(escaped, c); n >= 0 {
			d.writeString(escapes[2*n : 2*n+2])
		} else {
			d.writeString(`\u00` + digits[c>>4:c>>4+1] + digits[c&15:c&15+1])
		}
	}
	d.write(v[start:])
}

var (
	escaped = []byte("\"\\\b\f\n\r\t")
	escapes = `\"\\\b\f\n\r\t` // of these, in this order
)
