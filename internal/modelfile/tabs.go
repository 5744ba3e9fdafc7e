package modelfile

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// tabs refuses tabs where PyYAML refuses them: everywhere but in comments, in quotes and in
// block texts. The library here accepts many more.
func (r *reader) tabs(doc *yaml.Node) bool {
	if !strings.Contains(strings.Join(r.lines, "\n"), "\t") {
		return true
	}
	covered := make([][]rune, len(r.lines))
	for i, line := range r.lines {
		covered[i] = []rune(line)
	}
	cover(covered, doc, 0)
	for i, line := range covered {
		text := string(line)
		if at := strings.IndexByte(text, '\t'); at >= 0 && !strings.HasPrefix(text, "#") && !strings.Contains(text[:at], " #") {
			r.fault(Place{File: r.file, Line: i + 1, Column: len([]rune(text[:at])) + 1}, "there is a tab here; YAML wants spaces")
			return false
		}
	}
	return true
}

// cover overwrites quoted and block texts.
func cover(lines [][]rune, n *yaml.Node, depth int) {
	if depth > maxDepth+1 {
		return
	}
	for _, c := range n.Content {
		cover(lines, c, depth+1)
	}
	if n.Kind != yaml.ScalarNode || n.Line < 1 || n.Line > len(lines) {
		return
	}
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		coverQuoted(lines, n, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		coverQuoted(lines, n, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		coverBlock(lines[n.Line:])
	}
}

func coverQuoted(lines [][]rune, n *yaml.Node, mark rune) {
	column, open := n.Column-1, false
	for _, line := range lines[n.Line-1:] {
		for i := max(column, 0); i < len(line); i++ {
			c := line[i]
			switch {
			case !open:
				open = c == mark
				continue
			case c == mark:
				return // '' begins again at once, which covers no less
			case c == '\\' && mark == '"' && i+1 < len(line):
				line[i] = 'x'
				i++
			}
			line[i] = 'x'
		}
		column = 0
	}
}

// coverBlock covers the lines of a block text: those as deep as the first one.
func coverBlock(lines [][]rune) {
	indent := -1
	for _, line := range lines {
		text := string(line)
		depth := len(text) - len(strings.TrimLeft(text, " "))
		if strings.TrimSpace(text) == "" {
			continue
		}
		if indent < 0 {
			indent = depth
		}
		if depth < indent || indent == 0 {
			return
		}
		for i := range line {
			line[i] = 'x'
		}
	}
}
