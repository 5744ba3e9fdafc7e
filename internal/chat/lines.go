package chat

import "strings"

// quotes begin and end a message of several lines.
const quotes = `"""`

// Lines puts the lines that a person types together to messages: a line that ends with a
// backslash continues, and so does what begins with three quotes, to the next ones.
type Lines struct {
	text   []string
	quoted bool
}

// Add takes the next line and reports whether the message is complete.
func (l *Lines) Add(line string) (Input, bool) {
	if l.quoted {
		before, end := strings.CutSuffix(strings.TrimRight(line, " \t"), quotes)
		if !end {
			l.text = append(l.text, line)
			return Input{}, false
		}
		if before != "" {
			l.text = append(l.text, before)
		}
		return l.done()
	}
	if rest, begins := strings.CutPrefix(strings.TrimLeft(line, " \t"), quotes); begins && len(l.text) == 0 {
		if whole, ends := strings.CutSuffix(strings.TrimRight(rest, " \t"), quotes); ends {
			return Input{Text: whole, Plain: true}, true
		}
		if l.quoted = true; rest != "" {
			l.text = append(l.text, rest)
		}
		return Input{}, false
	}
	if rest, more := strings.CutSuffix(line, `\`); more {
		l.text = append(l.text, rest)
		return Input{}, false
	}
	if len(l.text) == 0 {
		return Input{Text: line}, true
	}
	l.text = append(l.text, line)
	return l.done()
}

// Paste takes a line of a text that was pasted: the message goes on.
func (l *Lines) Paste(line string) { l.text = append(l.text, line) }

// Open reports whether a message was begun.
func (l *Lines) Open() bool { return l.quoted || len(l.text) > 0 }

func (l *Lines) done() (Input, bool) {
	in := Input{Text: strings.TrimRight(strings.Join(l.text, "\n"), "\n"), Plain: true}
	*l = Lines{}
	return in, true
}
