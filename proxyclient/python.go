package proxyclient

import (
	"strings"
	"unicode/utf8"
)

// parsePython reads the text of a Python literal (dict, list, tuple, str, number,
// None, True, False), as str(dict) writes it; JSON is near enough to be read
// too. Everything up to the end must be part of it.
func parsePython(s string) (any, bool) {
	p := &pythonParser{s: s}
	v, ok := p.value(0)
	if !ok {
		return nil, false
	}
	p.blanks()
	return v, p.i == len(p.s)
}

type pythonParser struct {
	s string
	i int
}

func (p *pythonParser) blanks() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *pythonParser) eat(c byte) bool {
	p.blanks()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *pythonParser) value(depth int) (any, bool) {
	if depth > 20 {
		return nil, false
	}
	p.blanks()
	if p.i >= len(p.s) {
		return nil, false
	}
	switch c := p.s[p.i]; c {
	case '{':
		p.i++
		return p.dict(depth)
	case '[':
		p.i++
		return p.items(depth, ']')
	case '(':
		p.i++
		return p.items(depth, ')')
	case '\'', '"':
		return p.text()
	}
	start := p.i
	for p.i < len(p.s) && (isAlnum(p.s[p.i]) || strings.IndexByte("+-._", p.s[p.i]) >= 0) {
		p.i++
	}
	switch word := p.s[start:p.i]; word {
	case "":
		return nil, false
	case "None", "null":
		return nil, true
	case "True", "true":
		return true, true
	case "False", "false":
		return false, true
	default:
		if c := word[0]; c != '-' && c != '.' && (c < '0' || c > '9') {
			return nil, false
		}
		return word, true
	}
}

func (p *pythonParser) dict(depth int) (any, bool) {
	m := map[string]any{}
	for {
		if p.eat('}') {
			return m, true
		}
		k, ok := p.value(depth + 1)
		if !ok || !p.eat(':') {
			return nil, false
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		if name, isText := k.(string); isText {
			m[name] = v
		}
		if !p.eat(',') {
			return m, p.eat('}')
		}
	}
}

func (p *pythonParser) items(depth int, end byte) (any, bool) {
	var out []any
	for {
		if p.eat(end) {
			return out, true
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false
		}
		out = append(out, v)
		if !p.eat(',') {
			return out, p.eat(end)
		}
	}
}

func (p *pythonParser) text() (any, bool) {
	quote := p.s[p.i]
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; c {
		case quote:
			p.i++
			return b.String(), true
		case '\\':
			p.i++
			if p.i >= len(p.s) {
				return nil, false
			}
			p.escape(&b)
		default:
			b.WriteByte(c)
		}
	}
	return nil, false
}

func (p *pythonParser) escape(b *strings.Builder) {
	digits := 0
	switch c := p.s[p.i]; c {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		b.WriteByte(c)
	}
	if digits == 0 || p.i+digits >= len(p.s) {
		return
	}
	r := rune(0)
	for _, d := range []byte(p.s[p.i+1 : p.i+1+digits]) {
		h := unhex(d)
		if h < 0 || r > utf8.MaxRune {
			return
		}
		r = r<<4 | rune(h)
	}
	p.i += digits
	b.WriteRune(r)
}
