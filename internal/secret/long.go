package secret

import (
	"bytes"
	"unicode/utf8"
)

// A long string with escapes is decoded and redacted in windows, so that a copy of
// it is never needed. Other strings are short, or need no copy.
const (
	// longString is the length, as written, from which a string is long: its text is
	// then larger than maxInner.
	longString = 6*maxInner + 2
	// window is how much text is decoded at once.
	window = 1 << 20
	// Around the end of a window nothing is decided: the next window begins ahead
	// bytes before it, and behind bytes that are decided stand in front of that.
	ahead, behind = 64 << 10, 4 << 10
	// longHead is how much of a long string tells what it is.
	longHead = 4 << 10
)

// isLong reports whether raw, a string with its quotes, is read in windows.
func isLong(raw []byte) bool {
	return len(raw) > longString && bytes.IndexByte(raw, '\\') >= 0
}

// longText is text for a long string: one that its place makes a secret, or that
// begins like one, is masked as a whole.
func (d *document) longText(start int, raw []byte, s scope) {
	head, _ := appendText(nil, raw[1:len(raw)-1], longHead)
	switch c := s.class; {
	case d.ownOnly:
		d.longEdits(start, raw)
	case s.hides(), c&keyName != 0 && looksSecret(head), c&urlName != 0 && isURL(head):
		d.replace(start, d.pos, `"`+masked+`"`)
	default:
		d.longEdits(start, raw)
	}
}

// longName is what the end of a long name says about its value; the secrets in the
// name are masked.
func (d *document) longName(start int, raw []byte) class {
	before := d.changed
	d.changed = false
	end := d.longEdits(start, raw)
	c := classify(end)
	if d.changed {
		c |= classify(d.redacted(end))
	}
	d.changed = d.changed || before
	return c
}

// longEdits is edits for a long string. It returns the end of its text.
func (d *document) longEdits(start int, raw []byte) (end []byte) {
	p := passage{document: d, start: start, raw: raw[1 : len(raw)-1]}
	p.text = make([]byte, 0, window+utf8.UTFMax)
	for rest := p.raw; !p.last && !d.canceled(); {
		p.text, rest = appendText(p.text, rest, window)
		p.last = len(rest) == 0
		p.scan()
		p.slide()
	}
	if p.edited {
		d.copied, d.changed = start+len(raw)-1, true // the quote is still there
	}
	return bytes.Clone(p.text[max(0, len(p.text)-maxName):])
}

// passage is a long string on its way through windows.
type passage struct {
	*document
	start  int    // of the string in the document
	raw    []byte // its inside
	text   []byte // the window
	spare  []byte // memory to find p.from with
	done   int    // text[:done] is decided
	from   int    // raw[from:] is what text[done:] was when nothing was edited
	last   bool   // the window ends with the string
	edited bool
}

// scan masks the secrets of the window and writes what is decided, once anything of
// the string was masked.
func (p *passage) scan() {
	begin, limit, open := p.done, len(p.text), false
	if !p.last {
		limit -= ahead
	}
	p.document.scan(p.text, func(from, to int, with string) {
		from = max(from, p.done)
		switch {
		case open || to <= from:
		case to <= limit || p.last:
			p.put(from)
			p.writeString(with)
			p.done = to
		case from > len(p.text)/2:
			open, limit = true, min(limit, from)
		default: // without an end in sight: the rest of the string is masked
			p.put(from)
			p.writeString(masked)
			open, p.last, limit = true, true, len(p.text)
			p.done = limit
		}
	})
	for limit > p.done && limit < len(p.text) && !utf8.RuneStart(p.text[limit]) {
		limit--
	}
	if p.edited && p.done < limit {
		p.writeEscaped(p.text[p.done:limit])
	}
	if !p.edited {
		var rest []byte
		p.spare, rest = appendText(p.spare[:0], p.raw[p.from:], limit-begin)
		p.from = len(p.raw) - len(rest)
	}
	p.done = max(p.done, limit)
}

// put writes what stands before an edit at from.
func (p *passage) put(from int) {
	if !p.edited {
		p.write(p.in[p.copied : p.start+1+p.from])
	}
	p.edited = true
	p.writeEscaped(p.text[p.done:from])
}

// slide drops what the next window does not need.
func (p *passage) slide() {
	if p.last {
		return
	}
	drop := max(0, p.done-behind)
	for drop > 0 && !utf8.RuneStart(p.text[drop]) {
		drop--
	}
	p.text = p.text[:copy(p.text, p.text[drop:])]
	p.done -= drop
}
