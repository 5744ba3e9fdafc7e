package output

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// columned is what tables and CSV have in common: the columns, and their values
// in each item.
type columned struct {
	*out
	columns []operation.Column
	picker  *operation.Picker // nil: an item is a cell by itself
	missing map[string]bool   // the fields after a plus that no row had so far
	rows    int
}

// start decides on the columns, once. Items that are no objects, such as the bare
// hashes of keys list --return-full-object=false, are one column. It tells
// whether it was the first call.
func (c *columned) start(item json.RawMessage, list bool) bool {
	switch {
	case c.columns != nil:
		return false
	case list && item != nil && head(item) != '{' && c.usual():
		c.columns = []operation.Column{{Name: "value"}}
		return true
	}
	shown := c.shown
	if !list {
		shown = nil
	}
	// Check has found no fault with them.
	c.columns, _ = c.Options.columns(c.op, shown)
	c.picker = operation.NewPicker(c.columns)
	for _, column := range c.columns {
		if !slices.ContainsFunc(c.op.Columns, named(column.Name)) {
			if c.missing == nil {
				c.missing = map[string]bool{}
			}
			c.missing[column.Name] = true
		}
	}
	return true
}

// tell reports the fields that no row had, once all rows were seen.
func (c *columned) tell() {
	if c.Missing == nil || c.rows == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(c.missing)) {
		c.Missing(name)
	}
	c.missing = nil
}

// values are those of the columns in an item, without secrets; valid until the
// next call.
func (c *columned) values(d document) ([]json.RawMessage, error) {
	if len(d.raw) > large {
		var err error
		if d.raw, err = c.reduced(d.raw); err != nil {
			return nil, err
		}
	}
	item, err := c.masked(d)
	if err != nil {
		return nil, err
	}
	if c.picker == nil {
		return []json.RawMessage{item}, nil
	}
	if c.page != nil {
		c.picker.Join(c.ctx, c.joined, c.page)
		c.page = nil
	}
	values := c.picker.Pick(item)
	c.rows++
	for i, column := range c.columns {
		if values[i] != nil && len(c.missing) > 0 {
			delete(c.missing, column.Name)
		}
	}
	return values, nil
}

// maxCell bounds a value in a table or CSV, which is copied several times.
const maxCell = 8 << 20

// reduced is a large item without the large members that no column shows.
func (c *columned) reduced(item json.RawMessage) (json.RawMessage, error) {
	if c.picker == nil {
		return item, fits(c.columns[0].Name, item)
	}
	return reduce(item, c.picker.Paths())
}

func fits(path string, value json.RawMessage) error {
	if len(value) > maxCell {
		return fmt.Errorf("the value of %s has %d MiB, more than the %d MiB of a cell; use --format json", path, len(value)>>20, maxCell>>20)
	}
	return nil
}

// reduce copies the members at the paths, and as many others, which may tell what
// is a secret, as are small.
func reduce(item json.RawMessage, paths []string) (json.RawMessage, error) {
	others := 64 << 10
	b := []byte{'{'}
	for key, value := range secret.Fields(item) {
		name := string(key)
		var below []string
		for _, path := range paths {
			if rest, ok := strings.CutPrefix(path, name+"."); ok {
				below = append(below, rest)
			}
		}
		var err error
		switch {
		case slices.Contains(paths, name):
			err = fits(name, value)
		case len(below) > 0 && len(value) > large && value[0] == '{':
			value, err = reduce(value, below)
		case len(below) > 0:
			err = fits(name, value)
		case len(value) > others:
			continue
		default:
			others -= len(value)
		}
		if err != nil {
			return nil, err
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(append(b, secret.Encode(name)...), ':'), value...)
	}
	return append(b, '}'), nil
}
