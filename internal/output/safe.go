package output

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

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

// safeJSON is a part of a JSON document that cannot drive a terminal and has the
// same value.
func safeJSON(b []byte) []byte {
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
		if !must(s, i, r) {
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
	if ' ' <= r && r <= '~' {
		return false
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// joins tells whether r is of a script or a picture that joiners have a meaning
// in.
func joins(r rune) bool {
	return r > unicode.MaxLatin1 && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsSymbol(r))
}
