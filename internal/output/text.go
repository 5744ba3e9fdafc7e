package output

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// textCodec writes the texts of an answer, a line each.
type textCodec struct{ *out }

func newText(o *out) codec { return textCodec{o} }

func (c textCodec) object(d document) error { return c.lines(d, c.op.Text) }

func (c textCodec) item(d document) error { return c.lines(d, inItem(c.op.Text)) }

func (textCodec) end() error { return nil }

func (c textCodec) lines(d document, path string) error {
	body, err := c.masked(d)
	if err != nil {
		return err
	}
	for value := range valuesAt(body, path) {
		to := c.terminal()
		for part := range texts(value) {
			if _, err := io.WriteString(to, part); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(to, "\n"); err != nil {
			return err
		}
		if err := to.finish(); err != nil {
			return err
		}
	}
	return nil
}

// valuesAt yields every value at a dotted path in which * stands for any item.
func valuesAt(body json.RawMessage, path string) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		before, after, many := strings.Cut(path, "*")
		value := secret.Lookup(body, strings.TrimSuffix(before, "."))
		switch {
		case value == nil:
		case !many:
			yield(value)
		default:
			for item := range secret.Elements(value) {
				for value := range valuesAt(item, strings.TrimPrefix(after, ".")) {
					if !yield(value) {
						return
					}
				}
			}
		}
	}
}

// texts yields a value as a text, a long string in parts.
func texts(value json.RawMessage) iter.Seq[string] {
	return func(yield func(string) bool) {
		if head(value) != '"' || len(value) <= maxToken {
			yield(cell(value, operation.Plain))
			return
		}
		for rest := value[1 : len(value)-1]; len(rest) > 0; {
			part := rest[:cutString(rest, min(maxToken, len(rest)))]
			rest = rest[len(part):]
			if !yield(unquoted(part)) {
				return
			}
		}
	}
}

// unquoted is the text of a part of a JSON string.
func unquoted(part []byte) string {
	if bytes.IndexByte(part, '\\') < 0 && utf8.Valid(part) {
		return string(part)
	}
	quoted := make([]byte, 0, len(part)+2)
	return secret.Unquote(append(append(append(quoted, '"'), part...), '"'))
}

// text writes an answer that is no JSON as it is, but ends its last line on a
// terminal.
func (o *out) text(b []byte) error {
	to := o.terminal()
	var err error
	if o.shows() {
		_, err = to.Write(b)
	} else {
		err = o.redactor(document{}).Copy(o.ctx, to, b)
	}
	if err != nil {
		return err
	}
	if err := to.finish(); err != nil {
		return err
	}
	if o.Terminal && to.last != 0 && to.last != '\n' {
		return o.w.WriteByte('\n')
	}
	return nil
}

// binary writes an answer that is no text.
func (o *out) binary(b []byte) error {
	if !o.shows() {
		b = o.redactor(document{}).Binary(b)
	}
	_, err := o.w.Write(b)
	return err
}

// plainText is a writer of text that cannot drive a terminal.
type plainText struct {
	*out
	held []byte // not yet written: what follows decides
	last byte
}

func (o *out) terminal() *plainText { return &plainText{out: o} }

// Write implements [io.Writer].
func (t *plainText) Write(p []byte) (int, error) {
	n := len(p)
	if n > 0 {
		t.last = p[n-1]
	}
	if !t.Terminal {
		return t.w.Write(p)
	}
	for len(p) > 0 {
		part := p[:min(len(p), maxToken)]
		p = p[len(part):]
		t.held = append(t.held, part...)
		cut := cutText(t.held)
		if _, err := t.w.WriteString(t.safeText(string(t.held[:cut]))); err != nil {
			return 0, err
		}
		t.held = t.held[:copy(t.held, t.held[cut:])]
	}
	return n, nil
}

// cutText is the last place after which nothing changes what was before: between
// two printable characters of ASCII, or else in front of the last bytes.
func cutText(b []byte) int {
	printable := func(c byte) bool { return ' ' <= c && c <= '~' || c == '\n' }
	for i := len(b) - 1; i > 0 && i > len(b)-maxToken; i-- {
		if printable(b[i-1]) && printable(b[i]) {
			return i
		}
	}
	if len(b) > maxToken {
		return cutString(b, len(b)-16)
	}
	return 0
}

// finish writes the rest.
func (t *plainText) finish() error {
	_, err := t.w.WriteString(t.safeText(string(t.held)))
	t.held = t.held[:0]
	return err
}
