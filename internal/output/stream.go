package output

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"

	"litellm-proxy/internal/operation"
)

// MaxTableRows is how many rows a [Stream] holds for a table, whose widths are
// known only at the end.
const MaxTableRows = 10_000

// ErrTableFull is what [Stream.Add] returns when a table has [MaxTableRows].
var ErrTableFull = errors.New("a table holds at most 10,000 rows; use --format csv or jsonl")

// Stream writes the items of a list as they come, page after page. Its memory is
// that of one page in every format but table.
type Stream struct {
	w       *bufio.Writer
	op      *operation.Operation
	o       Options
	format  Format
	keep    []string // the parts of an item that are no secret
	text    string   // the path of the text in an item
	maxRows int      // 0: any number
	shown   []string // the columns of this answer; nil: the operation's

	count   int
	columns []operation.Column
	picker  *picker // nil: an item is a cell by itself
	csv     *csvRows
	rows    [][]string
	err     error
	closed  bool
}

// NewStream returns a stream that writes to w. What [Options.Check] finds wrong
// is the error of every call of its methods.
func NewStream(w io.Writer, op *operation.Operation, o Options) *Stream {
	s := newStream(bufio.NewWriter(w), op, o)
	s.maxRows = MaxTableRows
	return s
}

func newStream(w *bufio.Writer, op *operation.Operation, o Options) *Stream {
	s := &Stream{w: w, op: op, o: o, format: o.format(op), text: inItem(op.Text), err: o.Check(op)}
	for _, path := range op.Reveal {
		s.keep = append(s.keep, inItem(path))
	}
	return s
}

// Add writes the items of one page. After [ErrTableFull] the table still has its
// first rows, which Close writes. Any other error is that of the writer.
func (s *Stream) Add(items []json.RawMessage) error {
	if s.err != nil {
		return s.err
	}
	if s.closed {
		return errors.New("output: Add after Close")
	}
	for _, item := range items {
		if s.format == Table && s.maxRows > 0 && len(s.rows) == s.maxRows {
			return ErrTableFull
		}
		if s.err = s.add(s.o.redact(item, s.keep)); s.err != nil {
			return s.err
		}
		s.count++
	}
	// A reader of the stream sees whole pages as they come.
	s.err = s.flush()
	return s.err
}

func (s *Stream) add(item json.RawMessage) error {
	switch s.format {
	case JSON:
		b, err := indent(item, "  ", s.o)
		if err != nil {
			return err
		}
		s.w.WriteString(before(s.count))
		_, err = s.w.Write(b)
		return err
	case JSONL:
		return writeLine(s.w, item, s.o)
	case YAML:
		return writeYAML(s.w, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{yamlNode(item)}})
	case Text:
		eachValue(item, s.text, func(value json.RawMessage) { writeText(s.w, cell(value, operation.Plain)+"\n", s.o) })
		return nil
	}
	s.start(item)
	values := []json.RawMessage{item}
	if s.picker != nil {
		values = s.picker.pick(item)
	}
	if s.format == CSV {
		return s.csv.add(values)
	}
	row := make([]string, len(s.columns))
	for i, c := range s.columns {
		row[i] = tableCell(values[i], c.Format)
	}
	s.rows = append(s.rows, row)
	return nil
}

// before is what stands before the item of an array.
func before(i int) string {
	if i == 0 {
		return "[\n  "
	}
	return ",\n  "
}

// start decides on the columns, once. Items that are no objects, such as the bare
// hashes of keys list --return-full-object=false, are one column.
func (s *Stream) start(first json.RawMessage) {
	if s.columns != nil {
		return
	}
	if first != nil && at(first, skipSpace(first, 0)) != '{' && s.o.Columns == nil {
		s.columns = []operation.Column{{Name: "value"}}
	} else {
		// Check has found no fault with them.
		s.columns, _ = s.o.columns(s.op)
		if s.shown != nil && s.o.Columns == nil {
			s.columns = slices.DeleteFunc(s.columns, func(c operation.Column) bool { return !slices.Contains(s.shown, c.Name) })
		}
		s.picker = newPicker(s.columns)
	}
	if s.format == CSV {
		s.csv = newCSV(s.w, s.columns, s.o)
	}
}

func (s *Stream) flush() error {
	if s.csv != nil {
		if err := s.csv.flush(nil); err != nil {
			return err
		}
	}
	return s.w.Flush()
}

// Close writes what is still to be written, so that the output is whole even
// when the walk through the pages broke off: the end of the array, a table, the
// header of an empty list. It does not close the writer.
func (s *Stream) Close() error {
	if s.closed || s.err != nil {
		return s.err
	}
	s.closed = true
	switch {
	case s.format.hasColumns():
		s.start(nil)
		if s.format == Table {
			s.err = writeRows(s.w, s.columns, s.rows, s.o)
		}
	case s.format == JSON && s.count > 0:
		s.w.WriteString("\n]\n")
	case s.format == JSON || s.format == YAML && s.count == 0:
		s.w.WriteString("[]\n")
	}
	if s.err == nil {
		s.err = s.flush()
	}
	return s.err
}
