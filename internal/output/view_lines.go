package output

import (
	"encoding/json"
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

const (
	// viewWidth is the width that the lines of a view keep to where they can.
	viewWidth = 80
	// maxLabel is the longest label beside which others are aligned.
	maxLabel = 42
	// maxListed is how many items of a list a view shows.
	maxListed = 20
	// maxGuessed is how many members of an item a list without declared columns shows.
	maxGuessed = 6
	// maxNested is how deep a view goes into an object that nobody declared.
	maxNested = 3
)

func textWidth(s string) int { return twwidth.WidthWithOptions(s, narrow) }

// block writes facts below each other, their values aligned.
func (c *viewCodec) block(indent string, facts []fact) {
	width := 0
	for _, f := range facts {
		if w := textWidth(f.label) + 1; w <= maxLabel {
			width = max(width, w)
		}
	}
	for _, f := range facts {
		if f.label == "" {
			c.lines(indent, indent, f.text)
			continue
		}
		first := indent + f.label + ":" + strings.Repeat(" ", max(width-textWidth(f.label)-1, 0)+gap)
		c.lines(first, indent+strings.Repeat(" ", width+gap), f.text)
	}
}

// lines writes a text after the beginning of its first line, and those of the others; it
// breaks at blanks only.
func (c *viewCodec) lines(first, others, text string) {
	line, used := first, textWidth(first)
	fresh := true
	for word := range strings.SplitSeq(text, " ") {
		w := textWidth(word)
		if !fresh && used+1+w > viewWidth {
			c.paper.WriteString(strings.TrimRight(line, " ") + "\n")
			line, used, fresh = others, textWidth(others), true
		}
		if !fresh {
			line += " "
			used++
		}
		line, used, fresh = line+word, used+w, false
	}
	c.paper.WriteString(strings.TrimRight(line, " ") + "\n")
}

// below writes a value that needs lines of its own under its label.
func (c *viewCodec) below(name string, value json.RawMessage, indent string) {
	if indent == "" {
		c.section()
	}
	inner := indent + "  "
	if head(value) == '[' {
		c.items(name, indent, value)
		return
	}
	if name != "" {
		c.paper.WriteString(indent + name + ":\n")
	}
	facts, rest := c.members(value)
	if len(inner)/2 > maxNested {
		facts, rest = []fact{{text: visible(compact(value))}}, nil
	}
	c.block(inner, facts)
	for _, f := range rest {
		c.below(f.label, f.value, inner)
	}
}
