package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"litellm-proxy/internal/operation"
)

// MaxTableRows is how many rows a table holds that comes page by page: its widths
// are known only at the end.
const MaxTableRows = 10_000

// ErrTableFull is what [Stream.Add] returns when a table has [MaxTableRows].
var ErrTableFull = errors.New("a table holds at most 10,000 rows; use --format csv or jsonl")

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

// tableCodec writes a list as a table with a column for each of its columns, and
// an object as one with a line for each. Nothing is cut or wrapped, however wide
// it is.
type tableCodec struct {
	columned
	grid
	known bool // every item was measured
	count int  // of items that were measured
	rows  [][]string
}

func newTable(o *out) codec { return &tableCodec{columned: columned{out: o}} }

func (c *tableCodec) object(d document) error {
	c.start(nil, false)
	values, err := c.values(d)
	if err != nil {
		return err
	}
	c.grid = grid{lines: make([]line, 2)}
	for i, column := range c.columns {
		c.rows = append(c.rows, []string{column.Name + unit(column.Format), tableCell(values[i], column.Format)})
	}
	return c.all([]string{"FIELD", "VALUE"})
}

// measure implements [measurer].
func (c *tableCodec) measure(d document) error {
	row, err := c.row(d)
	if err != nil {
		return err
	}
	c.known = true
	c.count++
	c.fit(row)
	return nil
}

func (c *tableCodec) item(d document) error {
	row, err := c.row(d)
	switch {
	case err != nil:
		return err
	case c.known:
		if c.rows == nil {
			c.rows = [][]string{}
			c.head()
		}
		return c.write(c.out, row, c.bars())
	case len(c.rows) == MaxTableRows:
		return ErrTableFull
	}
	c.rows = append(c.rows, row)
	return nil
}

func (c *tableCodec) end() error {
	if c.known {
		return nil
	}
	c.begin(nil)
	c.count = len(c.rows)
	return c.all(c.titles())
}

// begin makes the columns of the table.
func (c *tableCodec) begin(item json.RawMessage) {
	if !c.start(item, true) {
		return
	}
	for _, column := range c.columns {
		c.lines = append(c.lines, line{right: unit(column.Format) != "", bar: column.Bar && c.Terminal})
	}
}

func (c *tableCodec) row(d document) ([]string, error) {
	c.begin(d.raw)
	values, err := c.values(d)
	if err != nil {
		return nil, err
	}
	row := make([]string, len(c.columns))
	for i, column := range c.columns {
		row[i] = tableCell(values[i], column.Format)
	}
	return row, nil
}

// bars tells whether there is something to compare.
func (c *tableCodec) bars() bool { return c.count > 1 }

func (c *tableCodec) titles() []string {
	titles := make([]string, len(c.columns))
	for i, column := range c.columns {
		titles[i] = strings.ToUpper(column.Name + unit(column.Format))
	}
	return titles
}

// head writes the header of a table whose cells were measured.
func (c *tableCodec) head() {
	if c.NoHeader {
		return
	}
	titles := c.titles()
	c.fit(titles)
	// A fault of the writer comes out of its flush too.
	_ = c.write(c.out, titles, c.bars())
}

// all writes a header and the rows.
func (c *tableCodec) all(titles []string) error {
	if !c.NoHeader {
		c.rows = append([][]string{titles}, c.rows...)
	}
	for _, row := range c.rows {
		c.fit(row)
	}
	for _, row := range c.rows {
		if err := c.write(c.out, row, c.bars()); err != nil {
			return err
		}
	}
	return nil
}

// grid is the columns of a table on paper.
type grid struct {
	lines []line
	row   []byte // the one under way
}

// line is one column: its width, and how its cells stand in it.
type line struct {
	width      int
	right, bar bool
	most       float64 // the largest number, for the bars
}

// fit makes room for a row.
func (g *grid) fit(row []string) {
	for i := range g.lines {
		l := &g.lines[i]
		l.width = max(l.width, displaywidth.String(row[i]))
		if l.bar {
			value, _ := strconv.ParseFloat(row[i], 64)
			l.most = max(l.most, value)
		}
	}
}

// write writes a row with two blanks between the cells and none at the end.
func (g *grid) write(o *out, row []string, bars bool) error {
	b := g.row[:0]
	pad := func(n int) {
		for range n {
			b = append(b, ' ')
		}
	}
	for i, l := range g.lines {
		if i > 0 {
			pad(2)
		}
		blank := l.width - displaywidth.String(row[i])
		if l.right {
			pad(blank)
		}
		b = append(b, row[i]...)
		if !l.right {
			pad(blank)
		}
		if l.bar && bars {
			value, _ := strconv.ParseFloat(row[i], 64)
			drawn := bar(value, l.most)
			pad(2)
			b = append(b, drawn...)
			if l.most > 0 {
				pad(barWidth - displaywidth.String(drawn))
			}
		}
	}
	g.row = append(bytes.TrimRight(b, " "), '\n')
	_, err := o.w.Write(g.row)
	return err
}
