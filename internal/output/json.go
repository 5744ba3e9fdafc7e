package output

import "bufio"

// maxIndent is the depth beyond which lines are not indented further: a document
// of nothing but brackets must not grow with the square of its depth.
const maxIndent = 100

// layout is a [sink] that writes JSON: on one line, or indented as by
// json.Indent. Values, order and digits stay.
type layout struct {
	w        *bufio.Writer
	indent   bool
	terminal bool

	depth  int
	before byte // the kind of the token before
}

func (l *layout) token(b []byte, first, _ bool) error {
	if !first {
		return l.write(b)
	}
	switch b[0] {
	case '}', ']':
		l.depth--
		if l.before != '{' && l.before != '[' {
			l.line()
		}
	case ',', ':':
	default:
		if l.before == '{' || l.before == '[' || l.before == ',' {
			l.line()
		}
		if b[0] == '{' || b[0] == '[' {
			l.depth++
		}
	}
	l.before = b[0]
	err := l.write(b)
	if b[0] == ':' && l.indent {
		err = l.w.WriteByte(' ')
	}
	return err
}

func (l *layout) write(b []byte) error {
	if l.terminal {
		b = safeJSON(b)
	}
	_, err := l.w.Write(b)
	return err
}

func (l *layout) line() {
	if !l.indent {
		return
	}
	_ = l.w.WriteByte('\n')
	for range min(l.depth, maxIndent) {
		_, _ = l.w.WriteString("  ")
	}
}

// jsonCodec writes one JSON document: a list is an array.
type jsonCodec struct {
	*out
	lex   lexer
	count int
}

func newJSON(o *out) codec { return &jsonCodec{out: o, lex: o.layout(true)} }

// layout is a lexer that writes JSON.
func (o *out) layout(indent bool) lexer {
	return lexer{sink: &layout{w: o.w, indent: indent, terminal: o.Terminal}, whole: o.Terminal}
}

func (c *jsonCodec) object(d document) error {
	if err := c.copy(&c.lex, d); err != nil {
		return err
	}
	return c.close()
}

func (c *jsonCodec) item(d document) error {
	before := ","
	if c.count++; c.count == 1 {
		before = "["
	}
	if _, err := c.lex.Write([]byte(before)); err != nil {
		return err
	}
	return c.copy(&c.lex, d)
}

func (c *jsonCodec) end() error {
	last := "]"
	if c.count == 0 {
		last = "[]"
	}
	if _, err := c.lex.Write([]byte(last)); err != nil {
		return err
	}
	return c.close()
}

func (c *jsonCodec) close() error {
	if err := c.lex.finish(); err != nil {
		return err
	}
	return c.w.WriteByte('\n')
}

// linesCodec writes each item on a line of its own.
type linesCodec struct{ *out }

func newLines(o *out) codec { return linesCodec{o} }

func (c linesCodec) object(d document) error { return c.item(d) }

func (c linesCodec) item(d document) error {
	lex := c.layout(false)
	if err := c.copy(&lex, d); err != nil {
		return err
	}
	if err := lex.finish(); err != nil {
		return err
	}
	return c.w.WriteByte('\n')
}

func (linesCodec) end() error { return nil }
