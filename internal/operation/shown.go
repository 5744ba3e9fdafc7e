package operation

import (
	"fmt"
	"strings"
	"unicode"

	"litellm-proxy/internal/secret"
)

// Name is a name for a question, on one line. Whoever chose it cannot put words into
// the question: a name of more than letters, digits and plain marks is quoted, and
// what cannot be seen or changes the direction of writing is escaped. A key is masked.
func Name(text string) string { return unmasked(Shown(text)) }

// unmasked is Name for what decides, whatever it looks like.
func unmasked(text string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.@+/:*", r)
	}
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return text
	}
	return quoted(text)
}

// quoted is a text in quotes, on one line.
func quoted(text string) string {
	return `"` + strings.ReplaceAll(visible(strings.ReplaceAll(text, `\`, `\\`)), `"`, `\"`) + `"`
}

// visible escapes what a terminal or a form would not show as itself: control
// characters, line separators, marks of direction, characters without a width.
func visible(text string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// hidden tells whether a character is not seen as itself. U+FFFD stands for bytes that
// are no text.
func hidden(r rune) bool {
	return !unicode.IsPrint(r) || r == unicode.ReplacementChar || r == 0x3164 || r == 0xffa0 || r == 0x115f || r == 0x1160
}

// maxID is how long an identifier is shown whole beside a name.
const maxID = 12

// Label names a thing to a person: its name with the beginning of its identifier.
func (t Thing) Label() string {
	id := Word(t.ID)
	if t.Name == "" || t.Name == id {
		return Name(id)
	}
	short, more := id, ""
	if runes := []rune(id); len(runes) > maxID {
		short, more = string(runes[:8]), "…"
	}
	return Name(t.Name) + " (" + Name(short) + more + ")"
}

// IsSecret tells whether a member of this name is a secret, such as api_key.
func IsSecret(name string) bool { return secret.IsField(name) }
