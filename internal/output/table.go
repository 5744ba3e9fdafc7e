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
		return " (USD/1M)"
	}
	return ""
}

// tableCodec writes a list as a table with a column for each of its columns, and
// an object as one with a line for each. Nothing is cut or wrapped, however wide it is,
// unless the width of the terminal is known.
type tableCodec struct {
	columned
	grid
	known  bool // every item was measured
	single bool // the answer is no list
	count  int  // of items that were measured
	rows   [][]string
}

func newTable(o *out) codec { return &tableCodec{columned: columned{out: o}} }

func (c *tableCodec) object(d document) error {
	c.start(nil, false)
	values, err := c.values(d)
	if err != nil {
		return err
	}
	c.tell()
	c.single = true
	c.grid = grid{lines: []line{{title: "FIELD"}, {title: "VALUE"}}}
	for i, column := range c.columns {
		c.rows = append(c.rows, []string{column.Name + unit(column.Format), c.tableCell(values[i], column)})
	}
	return c.all()
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
		if err := c.widen(); err != nil {
			return err
		}
		return c.write(row, c.Color)
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
	return c.all()
}

// begin makes the columns of the table.
func (c *tableCodec) begin(item json.RawMessage) {
	if !c.start(item, true) {
		return
	}
	for _, column := range c.columns {
		c.lines = append(c.lines, line{
			title: strings.ToUpper(column.Name + unit(column.Format)),
			unit:  unit(column.Format) != "",
			bar:   column.Bar && c.Terminal,
			whole: identifies(column),
			state: isState(column.Name),
		})
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
		row[i] = c.tableCell(values[i], column)
		switch {
		case row[i] == absent:
		case isNumber(values[i]) && column.Format != operation.Time:
			c.lines[i].numbers = true
		default:
			c.lines[i].words = true
		}
	}
	return row, nil
}

// head begins a table whose cells were measured.
func (c *tableCodec) head() error {
	if !c.NoHeader {
		c.fit(c.titles())
	}
	c.bars = c.count > 1 // so that there is something to compare
	c.place()
	return c.open(c.out, false)
}

// widen gives the rows that come more room, if they need it. The rows before stay.
func (c *tableCodec) widen() error {
	if c.total() <= c.opened {
		return nil
	}
	if err := c.close(); err != nil {
		return err
	}
	return c.open(c.out, true)
}

// place fits the table to the terminal. A user who asked for columns gets them.
func (c *tableCodec) place() {
	if !c.Terminal || c.Width <= 0 || c.single {
		return
	}
	if c.Wide || c.Columns != nil {
		c.bars = c.bars && c.total() <= c.Width
		return
	}
	order, declared := leaving(c.columns)
	c.arrange(c.Width, order, declared)
	var hidden []string
	for i, l := range c.lines {
		if l.gone {
			hidden = append(hidden, c.columns[i].Name)
		}
	}
	if hidden != nil && c.Hidden != nil && c.count > 0 {
		c.Hidden(hidden)
	}
}

// all writes a header and the rows.
func (c *tableCodec) all() error {
	for _, row := range c.rows {
		c.fit(row)
	}
	if err := c.head(); err != nil {
		return err
	}
	for _, row := range c.rows {
		if err := c.write(row, c.Color); err != nil {
			return err
		}
	}
	return c.close()
}
