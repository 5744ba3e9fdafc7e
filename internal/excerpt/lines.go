package excerpt

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"litellm-proxy/internal/secret"
)

const (
	// MaxLine is the longest line of a text, in characters: some clients cut by lines, some
	// drop long ones.
	MaxLine = 4000
	// short is the longest line that holds a whole list or object.
	short = 1000
	// farthest is how far lines are indented.
	farthest = 20
)

// Lines lays out the members of an object, one a line; anything else as one line or, where
// that is too long, an item a line.
func Lines(value json.RawMessage) string {
	var l layout
	if len(value) > 0 && value[0] == '{' {
		for name, v := range secret.Members(value) {
			l.member(string(name), v, 0)
		}
	} else {
		l.item(value, 0)
	}
	return strings.TrimSuffix(l.String(), "\n")
}

// Item lays out one item of a list.
func Item(value json.RawMessage) string {
	var l layout
	l.item(value, 0)
	return strings.TrimSuffix(l.String(), "\n")
}

type layout struct{ strings.Builder }

func (l *layout) member(name string, value json.RawMessage, depth int) {
	if !plain(name) {
		name = string(secret.Encode(name))
	}
	l.put(strings.Repeat("  ", min(depth, farthest))+name+": ", value, depth)
}

func (l *layout) item(value json.RawMessage, depth int) {
	head := strings.Repeat("  ", min(depth, farthest))
	if len(value) > 0 && (value[0] == '{' || value[0] == '[') && len(value) > MaxLine/2 {
		head += "- "
	}
	l.put(head, value, depth)
}

// put writes a value behind the head of its line, in further lines where it is too long.
func (l *layout) put(head string, value json.RawMessage, depth int) {
	if len(value) == 0 {
		return
	}
	isText := value[0] == '"'
	most := short
	if strings.HasSuffix(head, "- ") || isText || value[0] != '[' && value[0] != '{' || strings.TrimSpace(head) == "" {
		most = MaxLine
	}
	switch {
	case len(head)+len(value) <= most || utf8.RuneCountInString(head)+utf8.RuneCount(value) <= most:
		l.WriteString(strings.TrimSuffix(head, "- ") + string(value) + "\n")
	case isText:
		l.text(head, secret.Unquote(value), depth)
	case value[0] == '[':
		l.WriteString(strings.TrimRight(head, " ") + "\n")
		for item := range secret.Elements(value) {
			l.item(item, depth+1)
		}
	case value[0] == '{':
		l.WriteString(strings.TrimRight(head, " ") + "\n")
		for name, v := range secret.Members(value) {
			l.member(string(name), v, depth+1)
		}
	default:
		l.WriteString(head + string(value) + "\n")
	}
}

// text writes a long text as parts that a reader puts together.
func (l *layout) text(head, text string, depth int) {
	for {
		n, _ := quotedUpTo(text, MaxLine-200)
		l.WriteString(head + string(secret.Encode(text[:n])))
		if text = text[n:]; text == "" {
			l.WriteString("\n")
			return
		}
		l.WriteString(" +\n")
		head = strings.Repeat("  ", min(depth+1, farthest))
	}
}

// Fold breaks the lines of a text that are too long.
func Fold(text string) string {
	if len(text) <= MaxLine {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		for len(line) > MaxLine {
			n, runes := 0, 0
			for n < len(line) && runes < MaxLine-1 {
				_, size := utf8.DecodeRuneInString(line[n:])
				n, runes = n+size, runes+1
			}
			if n == len(line) || line[n:] == "\n" {
				break
			}
			b.WriteString(line[:n] + "\n")
			line = line[n:]
		}
		b.WriteString(line)
	}
	return b.String()
}

// quotedCost is what a byte of a text takes where the JSON of the text stands in the text
// of a message.
var quotedCost = func() (cost [256]uint8) {
	for c := range 256 {
		cost[c] = 1
		if c < ' ' {
			cost[c] = 7
		}
	}
	for _, c := range "\b\f\n\r\t" {
		cost[c] = 3
	}
	for _, c := range `"\` {
		cost[c] = 4
	}
	for _, c := range "<>&" {
		cost[c] = 6
	}
	return cost
}()

// quotedUpTo is the largest beginning of a text that takes at most most bytes in the text
// of a message as JSON, in bytes and in characters. It is at least one character.
func quotedUpTo(text string, most int) (length, runes int) {
	for length < len(text) {
		r, size := utf8.DecodeRuneInString(text[length:])
		cost := size
		switch {
		case size == 1 && r != utf8.RuneError:
			cost = int(quotedCost[text[length]])
		case r == utf8.RuneError, r == '\u2028', r == '\u2029':
			cost = 7
		}
		if most -= cost; most < 0 && length > 0 {
			break
		}
		length, runes = length+size, runes+1
	}
	return length, runes
}
