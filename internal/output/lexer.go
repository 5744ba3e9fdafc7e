package output

import "unicode/utf8"

// maxToken is how much of a token is kept to have it whole.
const maxToken = 64 << 10

// sink takes the tokens of a valid JSON document: brackets, commas and colons,
// and strings and other scalars as they are written. A token may come in pieces,
// each valid only during the call.
type sink interface {
	token(b []byte, first, last bool) error
}

// lexer splits a valid JSON document, which comes in pieces of any size, into
// tokens. It holds at most one short token.
type lexer struct {
	sink sink
	// whole hands over tokens of up to maxToken bytes in one piece, and cuts longer
	// ones between characters. No piece has more than twice as many bytes.
	whole bool

	kind    byte // of the token under way: '"', '0' or none
	escape  bool // the next byte follows a backslash
	started bool // a piece of it was handed over
	held    []byte
}

// Write implements [io.Writer]. Its error is that of the sink.
func (l *lexer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		skip := 0
		if l.kind == 0 {
			switch p[0] {
			case ' ', '\n', '\t', '\r':
				p = p[1:]
				continue
			case '{', '}', '[', ']', ',', ':':
				if err := l.sink.token(p[:1], true, true); err != nil {
					return 0, err
				}
				p = p[1:]
				continue
			case '"':
				l.kind, skip = '"', 1
			default:
				l.kind = '0'
			}
		}
		end, done := l.end(p[:min(len(p), maxToken)], skip)
		if err := l.hand(p[:end], done); err != nil {
			return 0, err
		}
		p = p[end:]
	}
	return n, nil
}

// end is where the token under way ends in p, if it does.
func (l *lexer) end(p []byte, i int) (int, bool) {
	if l.kind == '0' {
		for ; i < len(p); i++ {
			switch p[i] {
			case ',', ']', '}', ' ', '\n', '\t', '\r':
				return i, true
			}
		}
		return i, false
	}
	for ; i < len(p); i++ {
		switch {
		case l.escape:
			l.escape = false
		case p[i] == '\\':
			l.escape = true
		case p[i] == '"':
			return i + 1, true
		}
	}
	return i, false
}

// hand gives the next bytes of a token to the sink, as far as it may have them.
func (l *lexer) hand(b []byte, done bool) error {
	if l.whole && !done || len(l.held) > 0 {
		l.held = append(l.held, b...)
		b = l.held
	}
	if l.whole && !done {
		for len(l.held) > maxToken {
			cut := cutString(l.held, maxToken)
			if err := l.sink.token(l.held[:cut], !l.started, false); err != nil {
				return err
			}
			l.started = true
			l.held = l.held[:copy(l.held, l.held[cut:])]
		}
		return nil
	}
	first := !l.started
	l.started, l.held = !done, l.held[:0]
	if done {
		l.kind = 0
	}
	return l.sink.token(b, first, done)
}

// finish ends a scalar that is the whole document.
func (l *lexer) finish() error {
	if l.kind != '0' {
		return nil
	}
	return l.hand(nil, true)
}

// cutString is the last place up to most at which a JSON string may be cut:
// between two characters, however they are written.
func cutString(b []byte, most int) int {
	i := 0
	for i < most {
		next := i + character(b[i:])
		if next > most {
			break
		}
		i = next
	}
	if i == 0 {
		return most
	}
	return i
}

// character is the length of the character at the beginning of b, a part of a
// JSON string.
func character(b []byte) int {
	switch {
	case b[0] == '\\' && len(b) > 1 && b[1] == 'u':
		if len(b) > 3 && b[2]|0x20 == 'd' && b[3] >= '8' {
			return 12 // with the other half
		}
		return 6
	case b[0] == '\\':
		return 2
	case b[0] < utf8.RuneSelf:
		return 1
	}
	_, size := utf8.DecodeRune(b)
	return size
}
