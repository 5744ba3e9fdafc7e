package output

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"litellm-proxy/internal/operation"
)

// absent stands in a table where there is nothing, so that a row always has as
// many words as columns.
const absent = "-"

// unit is what a format measures in.
func unit(f operation.Format) string {
	switch f {
	case operation.Dollars:
		return " (USD)"
	case operation.DollarsPerMillion:
		return " (USD/1M tokens)"
	}
	return ""
}

// tableCell is a cell of a table.
func tableCell(value json.RawMessage, format operation.Format) string {
	if s := visible(cell(value, format)); s != "" {
		return s
	}
	return absent
}

// writeRows writes a table with a column for each of columns.
func writeRows(w io.Writer, columns []operation.Column, rows [][]string, o Options) error {
	header := make([]string, len(columns))
	align := make([]tw.Align, len(columns))
	for i, c := range columns {
		header[i] = strings.ToUpper(c.Name + unit(c.Format))
		align[i] = tw.AlignLeft
		if unit(c.Format) != "" {
			align[i] = tw.AlignRight
		}
	}
	if o.drawn(Table) {
		header, align, rows = drawBars(columns, header, align, rows)
	}
	return render(w, header, align, rows, o)
}

// writeFields writes an object as a table with a line for each of columns.
func writeFields(w io.Writer, columns []operation.Column, values []json.RawMessage, o Options) error {
	rows := make([][]string, len(columns))
	for i, c := range columns {
		rows[i] = []string{c.Name + unit(c.Format), tableCell(values[i], c.Format)}
	}
	return render(w, []string{"FIELD", "VALUE"}, []tw.Align{tw.AlignLeft, tw.AlignLeft}, rows, o)
}

// render writes cells in columns with two blanks between them. Nothing is cut or
// wrapped, however wide it is.
func render(w io.Writer, header []string, align []tw.Align, rows [][]string, o Options) error {
	// Otherwise the width of some characters depends on LANG.
	twwidth.SetEastAsian(false)
	lines := &trimmer{w: w}
	t := tablewriter.NewTable(lines,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Symbols:  tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithPadding(tw.Padding{Right: "  ", Overwrite: true}),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: align}),
	)
	if !o.NoHeader {
		t.Header(header)
	}
	if err := t.Bulk(rows); err != nil {
		return err
	}
	if err := t.Render(); err != nil {
		return err
	}
	return lines.flush()
}

// trimmer removes the blanks at the end of each line.
type trimmer struct {
	w    io.Writer
	line []byte // the unfinished line
}

func (t *trimmer) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			t.line = append(t.line, p...)
			return n, nil
		}
		t.line = append(t.line, p[:i]...)
		if _, err := t.w.Write(append(bytes.TrimRight(t.line, " "), '\n')); err != nil {
			return 0, err
		}
		t.line, p = t.line[:0], p[i+1:]
	}
}

// flush writes a last line that did not end.
func (t *trimmer) flush() error {
	if line := bytes.TrimRight(t.line, " "); len(line) > 0 {
		_, err := t.w.Write(append(line, '\n'))
		return err
	}
	return nil
}

// csvRows writes rows of CSV.
type csvRows struct {
	w       *csv.Writer
	columns []operation.Column
	record  []string
	o       Options
}

// newCSV writes the header, unless there shall be none.
func newCSV(w *bufio.Writer, columns []operation.Column, o Options) *csvRows {
	c := &csvRows{w: csv.NewWriter(w), columns: columns, record: make([]string, len(columns)), o: o}
	if !o.NoHeader {
		for i, column := range columns {
			c.record[i] = column.Name
		}
		// A fault of the writer comes out of flush too.
		_ = c.w.Write(c.record)
	}
	return c
}

func (c *csvRows) add(values []json.RawMessage) error {
	for i, column := range c.columns {
		c.record[i] = c.o.safeText(cell(values[i], column.Format))
	}
	return c.w.Write(c.record)
}

func (c *csvRows) flush(err error) error {
	c.w.Flush()
	if err == nil {
		err = c.w.Error()
	}
	return err
}
