package cli

import (
	"strings"
	"unicode/utf8"
)

// folded breaks the lines of a text between words at the width of the terminal that notes and
// questions are written to. The first line has used characters already; lines that go on are
// indented. Elsewhere the text stays as it is.
func (a *app) folded(text, indent string, used int) string {
	width := a.widthOf(a.Stderr)
	if width < 40 {
		return text
	}
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
			used = 0
		}
		for j, word := range strings.Split(line, " ") {
			size := utf8.RuneCountInString(word)
			switch {
			case j == 0:
			case used+1+size > width:
				b.WriteString("\n" + indent)
				used = len(indent)
			default:
				b.WriteByte(' ')
				used++
			}
			b.WriteString(word)
			used += size
		}
	}
	return b.String()
}
