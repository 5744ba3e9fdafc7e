// Package output writes what an operation answers: as a table, CSV, JSON, JSON
// lines, YAML or the text in it.
//
// Call [Options.Check] before anything is sent, then [Write] for one answer or
// [NewStream] for the pages of a long list.
//
//   - JSON, JSON lines and YAML carry the gateway's answer: every field, in its
//     order, numbers digit for digit, secrets masked.
//   - Tables and CSV carry columns of it, formatted as each [tools.Column] says.
//     A table is for people: control characters are made visible, nothing is cut
//     or wrapped. CSV is for programs: a text cell is the gateway's text.
//   - Whether the writer is a terminal changes no value. There, characters that
//     could drive the terminal are written as escapes.
package output

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

// Format is the form of the output, as --format names it.
type Format string

// The formats. [Formats] tells which of them an operation has.
const (
	Table Format = "table"
	JSON  Format = "json"
	JSONL Format = "jsonl"
	YAML  Format = "yaml"
	CSV   Format = "csv"
	Text  Format = "text"
)

// hasColumns tells whether columns and a header make sense in the format.
func (f Format) hasColumns() bool { return f == Table || f == CSV }

// Formats returns the formats that the operation has, its default first: table
// for a list that has columns, json for everything else.
func Formats(op *operation.Operation) []string {
	var formats []string
	switch list := op.Lists(); {
	case list && len(op.Columns) > 0:
		formats = []string{"table", "json", "jsonl", "yaml", "csv"}
	case list:
		formats = []string{"json", "jsonl", "yaml"}
	case len(op.Columns) > 0:
		formats = []string{"json", "table", "jsonl", "yaml", "csv"}
	default:
		formats = []string{"json", "yaml"}
	}
	if op.Text != "" {
		formats = append(formats, "text")
	}
	return formats
}

// Options are the user's wishes. The zero value writes the operation's default
// format and masks nothing, for it has nothing to mask with.
type Options struct {
	// Format is one of [Formats]; "" is the first of them.
	Format Format
	// Columns are the names of the columns to show, in order; nil: all but the
	// optional ones.
	Columns []string
	// NoHeader leaves out the header of a table or CSV.
	NoHeader bool
	// ShowSecrets leaves the answer as it is: Redact is not called.
	ShowSecrets bool
	// Redact masks the secrets of a JSON document or a text but for the dotted
	// paths keep (secret.JSON); nil: nothing is masked.
	Redact func(body []byte, keep ...string) []byte
	// Terminal says that a person's terminal reads the output.
	Terminal bool
}

// Check tells what is wrong with the options for this operation: the error lists
// what would be right. Call it before anything is sent.
func (o Options) Check(op *operation.Operation) error {
	valid := Formats(op)
	if o.Format != "" && !slices.Contains(valid, string(o.Format)) {
		return fmt.Errorf("%s has no format %q; valid: %s", op.Path, o.Format, strings.Join(valid, ", "))
	}
	what := "--columns"
	if o.Columns == nil {
		what = "--no-header"
	}
	switch {
	case o.Columns == nil && !o.NoHeader || o.format(op).hasColumns():
	case slices.Contains(valid, string(CSV)):
		return fmt.Errorf("%s needs a table or CSV, but the format is %s; add --format table or --format csv", what, o.format(op))
	default:
		return fmt.Errorf("%s needs a table or CSV, but %s supports only %s", what, op.Path, strings.Join(valid, ", "))
	}
	_, err := o.columns(op)
	return err
}

func (o Options) format(op *operation.Operation) Format {
	if o.Format != "" {
		return o.Format
	}
	return Format(Formats(op)[0])
}

// columns returns the columns to show.
func (o Options) columns(op *operation.Operation) ([]operation.Column, error) {
	var columns []operation.Column
	if o.Columns == nil {
		for _, c := range op.Columns {
			if !c.Optional {
				columns = append(columns, c)
			}
		}
		return columns, nil
	}
	for _, name := range o.Columns {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(op.Columns, func(c operation.Column) bool { return c.Name == name })
		if i < 0 {
			names := make([]string, len(op.Columns))
			for i, c := range op.Columns {
				names[i] = c.Name
			}
			return nil, fmt.Errorf("%s has no column %q; valid: %s", op.Path, name, strings.Join(names, ", "))
		}
		columns = append(columns, op.Columns[i])
	}
	if len(columns) == 0 {
		return nil, fmt.Errorf("--columns is empty; give at least one column")
	}
	return columns, nil
}

// drawn tells whether bars stand beside the numbers.
func (o Options) drawn(f Format) bool { return o.Terminal && f == Table }

// redact masks what is to be masked.
func (o Options) redact(body []byte, keep []string) []byte {
	if o.ShowSecrets || o.Redact == nil {
		return body
	}
	return o.Redact(body, keep...)
}

// Write writes one answer. An answer that is no JSON is written as it is in
// every format; an answer without a body is written as nothing.
func Write(w io.Writer, op *operation.Operation, res operation.Result, o Options) error {
	if err := o.Check(op); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	if err := write(out, op, res, o); err != nil {
		return err
	}
	return out.Flush()
}

func write(w *bufio.Writer, op *operation.Operation, res operation.Result, o Options) error {
	format := o.format(op)
	switch {
	case res.Binary != nil:
		_, err := w.Write(res.Binary)
		return err
	case res.Body == nil:
		writeText(w, string(o.redact([]byte(res.Text), op.Reveal)), o)
		return nil
	case !json.Valid(res.Body):
		writeText(w, string(o.redact(res.Body, op.Reveal)), o)
		return nil
	case format == Text && res.Streamed:
		return nil
	}

	items, list := listItems(res)
	bare := res.Page != nil && res.Page.Bare
	if list && (bare || format == JSONL || format.hasColumns()) && format != Text {
		s := newStream(w, op, o)
		if res.Page != nil {
			s.shown = res.Page.Columns
		}
		if err := s.Add(items); err != nil {
			return err
		}
		return s.Close()
	}

	body := o.redact(res.Body, op.Reveal)
	switch format {
	case JSON:
		b, err := indent(body, "", o)
		w.Write(append(b, '\n'))
		return err
	case JSONL:
		return writeLine(w, body, o)
	case YAML:
		return writeYAML(w, yamlNode(body))
	case Text:
		eachValue(body, op.Text, func(value json.RawMessage) { writeText(w, cell(value, operation.Plain)+"\n", o) })
		return nil
	}
	columns, err := o.columns(op)
	if err != nil {
		return err
	}
	values := newPicker(columns).pick(body)
	if format == CSV {
		rows := newCSV(w, columns, o)
		return rows.flush(rows.add(values))
	}
	return writeFields(w, columns, values, o)
}

// listItems returns the items of an answer that is a list. A body that is a bare
// array is one even where the operation does not say so.
func listItems(res operation.Result) ([]json.RawMessage, bool) {
	if res.Page != nil {
		return res.Page.Items, true
	}
	if body := bytes.TrimSpace(res.Body); len(body) > 0 && body[0] == '[' {
		return slices.Collect(elements(body)), true
	}
	return nil, false
}

// indent lays a document out: values, order and digits stay. Each line but the
// first begins with prefix.
func indent(body []byte, prefix string, o Options) ([]byte, error) {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(body), prefix, "  "); err != nil {
		return nil, err
	}
	return o.safeJSON(b.Bytes()), nil
}

// writeLine writes a document on one line.
func writeLine(w *bufio.Writer, body []byte, o Options) error {
	var b bytes.Buffer
	if err := json.Compact(&b, body); err != nil {
		return err
	}
	w.Write(o.safeJSON(b.Bytes()))
	return w.WriteByte('\n')
}

// writeText writes a text as it is, but ends its last line on a terminal.
func writeText(w *bufio.Writer, s string, o Options) {
	w.WriteString(o.safeText(s))
	if o.Terminal && s != "" && !strings.HasSuffix(s, "\n") {
		w.WriteByte('\n')
	}
}

// eachValue calls emit for every value at a dotted path in which * stands for
// any item.
func eachValue(body json.RawMessage, path string, emit func(json.RawMessage)) {
	before, after, many := strings.Cut(path, "*")
	value := operation.Lookup(body, strings.TrimSuffix(before, "."))
	switch {
	case value == nil:
	case !many:
		emit(value)
	default:
		for item := range elements(value) {
			eachValue(item, strings.TrimPrefix(after, "."), emit)
		}
	}
}

// inItem turns a dotted path in a list's answer into one in an item of it.
func inItem(path string) string {
	if _, rest, ok := strings.Cut(path, "*"); ok {
		return strings.TrimPrefix(rest, ".")
	}
	return path
}
