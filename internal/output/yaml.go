package output

import (
	"bufio"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxBlock is the depth from which YAML is written in its flow style, which is
// JSON: indentation would grow with the square of the depth.
const maxBlock = 64

// maxKey is the longest name that stands on one line with its value.
const maxKey = 128

// yamlWriter is a [sink] that writes a JSON document as YAML: order and digits
// stay. No object of the document may have two members of one name.
type yamlWriter struct {
	w        *bufio.Writer
	terminal bool
	stack    []block
	inline   bool // the next entry continues the line
	space    bool // a blank is due before a value on this line
	begun    bool // something stands above
	string   bool // a long string is under way
	naming   bool // it is a name
}

// block is an object or array that is open.
type block struct {
	kind   byte // '{' or '['
	indent int
	count  int
	value  bool // of a member: its name is written
	flow   bool
}

func (y *yamlWriter) top() *block {
	if len(y.stack) == 0 {
		return &block{value: true}
	}
	return &y.stack[len(y.stack)-1]
}

func (y *yamlWriter) token(b []byte, first, last bool) error {
	top := y.top()
	switch {
	case !first:
		return y.rest(b, last)
	case b[0] == ',' || b[0] == ':':
		if top.flow {
			return y.put(string(b) + " ")
		}
		return nil
	case b[0] == '{' || b[0] == '[':
		return y.open(b[0])
	case b[0] == '}' || b[0] == ']':
		return y.close()
	case top.flow:
		top.count++
		return y.scalar(b, last)
	case top.kind == '{' && !top.value:
		return y.name(b, last)
	}
	y.entry()
	y.blank()
	if err := y.scalar(b, last); err != nil {
		return err
	}
	y.done()
	return nil
}

// entry begins the next entry of an array.
func (y *yamlWriter) entry() {
	top := y.top()
	if top.kind != '[' {
		return
	}
	y.line(top)
	_ = y.put("- ")
	y.inline = true
}

// line goes to where the next entry of a block begins.
func (y *yamlWriter) line(b *block) {
	if (b.count > 0 || !y.inline) && y.begun {
		_ = y.newline(b.indent)
	}
	b.count++
	y.begun, y.inline, y.space = true, false, false
}

func (y *yamlWriter) newline(indent int) error {
	err := y.w.WriteByte('\n')
	for range indent {
		err = y.w.WriteByte(' ')
	}
	return err
}

// blank writes the one between a name and its value.
func (y *yamlWriter) blank() {
	if y.space {
		_ = y.put(" ")
	}
	y.space = false
}

// done ends a value.
func (y *yamlWriter) done() {
	y.begun, y.inline = true, false
	if top := y.top(); top.kind == '{' {
		top.value = false
	}
}

func (y *yamlWriter) open(kind byte) error {
	top := y.top()
	b := block{kind: kind, indent: top.indent + 2, flow: top.flow}
	if len(y.stack) == 0 {
		b.indent = 0
	}
	if !b.flow {
		y.entry()
		if b.flow = len(y.stack) == maxBlock; b.flow {
			y.blank()
		}
	}
	y.stack = append(y.stack, b)
	if b.flow {
		return y.put(string(kind))
	}
	return nil
}

func (y *yamlWriter) close() error {
	b := *y.top()
	y.stack = y.stack[:len(y.stack)-1]
	var err error
	switch {
	case b.flow:
		err = y.put(string(b.kind + 2))
	case b.count == 0:
		y.blank()
		err = y.put(string([]byte{b.kind, b.kind + 2}))
	}
	y.space = false
	y.done()
	return err
}

// name writes the name of a member.
func (y *yamlWriter) name(b []byte, last bool) error {
	top := y.top()
	y.line(top)
	top.value, y.naming = true, !last
	long := !last || len(b) > maxKey+2 && len(unquoted(b[1:len(b)-1])) > maxKey
	if long {
		_ = y.put("? ")
	}
	if err := y.scalar(b, last); err != nil || !last {
		return err
	}
	return y.named(long)
}

// named writes what stands between a name and its value.
func (y *yamlWriter) named(long bool) error {
	if !long {
		y.space = true
		return y.put(":")
	}
	y.inline = true
	_ = y.newline(y.top().indent)
	return y.put(": ")
}

// scalar writes a value, or the first piece of a long string.
func (y *yamlWriter) scalar(b []byte, last bool) error {
	if b[0] != '"' {
		// Numbers, true, false and null are written as they are.
		_, err := y.w.Write(b)
		return err
	}
	if last && len(b) <= maxToken {
		return y.put(y.text(unquoted(b[1:len(b)-1]), y.top().flow))
	}
	_ = y.put(`"`)
	y.string = true
	return y.rest(b[1:], last)
}

// rest writes further pieces of a scalar.
func (y *yamlWriter) rest(b []byte, last bool) error {
	if !y.string {
		_, err := y.w.Write(b)
		return err
	}
	if last {
		b = b[:len(b)-1]
	}
	for len(b) > 0 {
		cut := cutString(b, min(maxToken, len(b)))
		if err := y.put(y.escaped(unquoted(b[:cut]))); err != nil {
			return err
		}
		b = b[cut:]
	}
	if !last {
		return nil
	}
	y.string = false
	if err := y.put(`"`); err != nil {
		return err
	}
	if !y.naming {
		return nil
	}
	y.naming = false
	return y.named(true)
}

// end writes the end of the document.
func (y *yamlWriter) end() error { return y.put("\n") }

func (y *yamlWriter) put(s string) error {
	_, err := y.w.WriteString(s)
	return err
}

// text is a text, in quotes wherever some YAML reader may take it for something
// else: an identifier such as 88e12345 or 1_000, or the word "no", is a number or
// false to some.
func (y *yamlWriter) text(s string, flow bool) string {
	switch strings.ToLower(s) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		flow = true
	}
	if flow || !isLetter(s[0]) {
		return `"` + y.escaped(s) + `"`
	}
	quotes := false
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
		case y.hides(s, i, r):
			return `"` + y.escaped(s) + `"`
		case r == ':' && (i+1 == len(s) || s[i+1] == ' '), r == '#' && s[i-1] == ' ':
			quotes = true
		}
	}
	if quotes || s[len(s)-1] == ' ' {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return s
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// hides tells whether a character is written as an escape.
func (y *yamlWriter) hides(s string, i int, r rune) bool {
	switch {
	case r == '"' || r == '\\' || r < ' ' || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029:
		return true
	case r > 0xffff || r == 0xfeff || r == 0xfffe || r == 0xffff:
		return true
	}
	return y.terminal && r != utf8.RuneError && hidden(s, i, r)
}

// short are the escapes of one letter.
var short = map[rune]string{
	0: `\0`, '\a': `\a`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\v': `\v`, '\f': `\f`, '\r': `\r`, 0x1b: `\e`,
	'"': `\"`, '\\': `\\`, 0x85: `\N`, 0x2028: `\L`, 0x2029: `\P`,
}

// escaped is the inside of a text in double quotes.
func (y *yamlWriter) escaped(s string) string {
	return escape(s, y.hides, func(b []byte, r rune) []byte {
		switch {
		case short[r] != "":
			return append(b, short[r]...)
		case r <= 0xff:
			return fmt.Appendf(b, `\x%02X`, r)
		case r <= 0xffff:
			return fmt.Appendf(b, `\u%04X`, r)
		}
		return fmt.Appendf(b, `\U%08X`, r)
	})
}
