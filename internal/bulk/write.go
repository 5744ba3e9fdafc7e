package bulk

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"litellm-proxy/internal/secret"
)

// Writer writes rows that [Read] reads again.
type Writer struct {
	w       io.Writer
	format  Format
	columns []string
	csv     *csv.Writer
	count   int
}

// NewWriter returns a writer of rows with these columns.
func NewWriter(w io.Writer, format Format, columns []string) *Writer {
	out := &Writer{w: w, format: format, columns: columns}
	if format == CSV {
		out.csv = csv.NewWriter(w)
	}
	return out
}

// Write writes one row: a value for each column, or nil.
func (w *Writer) Write(values []json.RawMessage) error {
	w.count++
	switch w.format {
	case CSV:
		return w.cells(values)
	case YAML:
		return w.entry(values)
	}
	var row secret.Object
	for i, value := range values {
		if value != nil {
			row = append(row, secret.Member{Name: w.columns[i], Value: value})
		}
	}
	_, err := w.w.Write(append(secret.Encode(row), '\n'))
	return err
}

// Close ends the file; it does not close the writer below.
func (w *Writer) Close() error {
	switch {
	case w.format == CSV && w.count == 0:
		return w.record(w.columns)
	case w.format == YAML && w.count == 0:
		_, err := io.WriteString(w.w, "[]\n")
		return err
	}
	return nil
}

func (w *Writer) cells(values []json.RawMessage) error {
	if w.count == 1 {
		if err := w.record(w.columns); err != nil {
			return err
		}
	}
	record := make([]string, len(values))
	for i, value := range values {
		record[i] = cellText(value)
	}
	return w.record(record)
}

func (w *Writer) record(record []string) error {
	if err := w.csv.Write(record); err != nil {
		return err
	}
	w.csv.Flush()
	return w.csv.Error()
}

// cellText returns a value as the cell of a CSV file: a list of texts with commas if that
// can be taken apart again, anything else that is not a scalar as JSON.
func cellText(value json.RawMessage) string {
	var text string
	if len(value) == 0 || json.Unmarshal(value, &text) == nil {
		return text
	}
	var list []string
	if json.Unmarshal(value, &list) == nil && len(list) > 0 && !isNull(value) {
		joined := strings.Join(list, ",")
		if again, ok := SplitList(joined); ok && strings.Join(again, "\x00") == strings.Join(list, "\x00") {
			return joined
		}
	}
	return string(value)
}

func isNull(value json.RawMessage) bool { return string(bytes.TrimSpace(value)) == "null" }

// SplitList returns the texts of a list in one cell: between commas, without the blanks
// around each, or as a JSON list. ok is false for what is meant as a JSON list and is none.
func SplitList(text string) (list []string, ok bool) {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		return list, json.Unmarshal([]byte(text), &list) == nil
	}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list, true
}

// entry writes a row as an entry of a YAML list.
func (w *Writer) entry(values []json.RawMessage) error {
	row := &yaml.Node{Kind: yaml.MappingNode}
	for i, value := range values {
		if value == nil {
			continue
		}
		node, err := yamlNode(value)
		if err != nil {
			return err
		}
		row.Content = append(row.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: w.columns[i]}, node)
	}
	text, err := yaml.Marshal(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{row}})
	if err != nil {
		return err
	}
	_, err = w.w.Write(text)
	return err
}

// yamlNode returns a JSON value as YAML, with its digits and the order of its members.
func yamlNode(value json.RawMessage) (*yaml.Node, error) {
	switch value = bytes.TrimSpace(value); value[0] {
	case '{':
		node := &yaml.Node{Kind: yaml.MappingNode}
		for name, member := range secret.Members(value) {
			v, err := yamlNode(member)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, textNode(string(name)), v)
		}
		return node, nil
	case '[':
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for item := range secret.Elements(value) {
			v, err := yamlNode(item)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, v)
		}
		return node, nil
	case '"':
		var text string
		err := json.Unmarshal(value, &text)
		return textNode(text), err
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: string(value)}, nil
}

// textNode is a text that stays one, whatever it looks like. It has no block style, which
// the library writes wrongly for texts that begin with blanks.
func textNode(text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	if plain := (&yaml.Node{Kind: yaml.ScalarNode, Value: text}); plain.ShortTag() != "!!str" || strings.ContainsFunc(text, unicode.IsControl) {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}
