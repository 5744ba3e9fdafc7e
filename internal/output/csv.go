package output

import (
	"encoding/csv"
	"encoding/json"
)

// csvCodec writes rows of CSV, with a header unless there shall be none.
type csvCodec struct {
	columned
	rows   *csv.Writer
	record []string
}

func newCSV(o *out) codec { return &csvCodec{columned: columned{out: o}, rows: csv.NewWriter(o.w)} }

func (c *csvCodec) object(d document) error {
	c.header(nil, false)
	defer c.tell()
	return c.row(d)
}

func (c *csvCodec) item(d document) error {
	c.header(d.raw, true)
	return c.row(d)
}

func (c *csvCodec) end() error {
	c.header(nil, true)
	c.tell()
	return c.flush()
}

func (c *csvCodec) header(item json.RawMessage, list bool) {
	if !c.start(item, list) {
		return
	}
	c.record = make([]string, len(c.columns))
	if c.NoHeader {
		return
	}
	for i, column := range c.columns {
		c.record[i] = column.Name
	}
	// A fault of the writer comes out of flush too.
	_ = c.rows.Write(c.record)
}

func (c *csvCodec) row(d document) error {
	values, err := c.values(d)
	if err != nil {
		return err
	}
	for i, column := range c.columns {
		c.record[i] = c.safeText(columnCell(values[i], column))
	}
	if err := c.rows.Write(c.record); err != nil {
		return err
	}
	return c.flush()
}

// flush hands what is written to the writer of the answer, which has the buffer.
func (c *csvCodec) flush() error {
	c.rows.Flush()
	return c.rows.Error()
}
