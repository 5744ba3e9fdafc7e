package output

import (
	"encoding/json"
	"errors"
	"strings"

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
func tableCell(value json.RawMessage, column operation.Column) string {
	if s := visible(columnCell(value, column)); s != "" {
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
	c.tell()
	c.grid = grid{lines: make([]line, 2)}
	for i, column := range c.columns {
		c.rows = append(c.rows, []string{column.Name + unit(column.Format), tableCell(values[i], column)})
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
			if err := c.head(); err != nil {
				return err
			}
		}
		return c.write(row)
	case len(c.rows) == MaxTableRows:
		return ErrTableFull
	}
	c.rows = append(c.rows, row)
	return nil
}

func (c *tableCodec) end() error {
	c.tell()
	if c.known {
		return c.close()
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
		row[i] = tableCell(values[i], column)
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

// head begins a table whose cells were measured.
func (c *tableCodec) head() error {
	titles := c.titles()
	if !c.NoHeader {
		c.fit(titles)
	}
	return c.open(c.out, titles, c.bars())
}

// all writes a header and the rows.
func (c *tableCodec) all(titles []string) error {
	if !c.NoHeader {
		c.fit(titles)
	}
	for _, row := range c.rows {
		c.fit(row)
	}
	if err := c.open(c.out, titles, c.bars()); err != nil {
		return err
	}
	for _, row := range c.rows {
		if err := c.write(row); err != nil {
			return err
		}
	}
	return c.close()
}
