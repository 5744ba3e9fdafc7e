package operation

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"litellm-proxy/internal/secret"
)

// Picker takes the values of columns out of objects. It reads an object once for
// all columns and decodes nothing that no column shows: a key has about a
// hundred fields, of which a table shows nine.
type Picker struct {
	columns []Column
	joined  *Joined
	clock   time.Time // what [Column.Derive] gets; zero: that of the call
	names   []string
	fields  []field
	values  []json.RawMessage // of the fields
	exact   []bool
	ends    []int // in fields: where the alternatives of a column end
	picked  []json.RawMessage
}

// field is where a column's value is: at the member called path, or else in the
// member called head at the path rest. See [secret.Lookup].
type field struct{ path, head, rest string }

// NewPicker returns a picker for columns.
func NewPicker(columns []Column) *Picker {
	p := &Picker{columns: columns, picked: make([]json.RawMessage, len(columns))}
	for _, c := range columns {
		p.names = append(p.names, c.Name)
		for _, path := range c.paths() {
			f := field{path: path}
			f.head, f.rest, _ = strings.Cut(path, ".")
			p.fields = append(p.fields, f)
		}
		p.ends = append(p.ends, len(p.fields))
	}
	p.values, p.exact = make([]json.RawMessage, len(p.fields)), make([]bool, len(p.fields))
	return p
}

// Join makes the picker show names in place of the identifiers in these items. Items that
// are picked later show the names that are known by then.
func (p *Picker) Join(ctx context.Context, names *Joined, items []json.RawMessage) {
	p.joined = names
	names.Find(ctx, p.columns, items)
}

// At sets the clock that derived values count from.
func (p *Picker) At(now time.Time) *Picker {
	p.clock = now
	return p
}

// now returns the clock for derived values.
func (p *Picker) now() time.Time {
	if p.clock.IsZero() {
		return p.joined.now()
	}
	return p.clock
}

// Names are those of the columns.
func (p *Picker) Names() []string { return p.names }

// Paths are the dotted paths of the columns in an object.
func (p *Picker) Paths() []string {
	paths := make([]string, len(p.fields))
	for i, f := range p.fields {
		paths[i] = f.path
	}
	return paths
}

// Pick returns a value for each column, nil where there is none. The slice is
// valid until the next call.
func (p *Picker) Pick(item json.RawMessage) []json.RawMessage {
	clear(p.values)
	clear(p.exact)
	for key, value := range secret.Fields(item) {
		for i, f := range p.fields {
			switch {
			case string(key) == f.path:
				p.values[i], p.exact[i] = value, true
			case f.rest != "" && string(key) == f.head && !p.exact[i]:
				p.values[i] = value
			}
		}
	}
	for i, f := range p.fields {
		if p.values[i] == nil {
			continue
		}
		rest := ""
		if !p.exact[i] {
			rest = f.rest
		}
		p.values[i] = secret.Lookup(p.values[i], rest)
	}
	from := 0
	for i, end := range p.ends {
		p.picked[i] = nil
		for _, value := range p.values[from:end] {
			if p.picked[i] == nil || NoNull(p.picked[i]) == nil && value != nil {
				p.picked[i] = value
			}
		}
		from = end
		switch c := p.columns[i]; {
		case c.Derive != nil:
			p.picked[i] = c.Derive(item, p.now())
		case c.Names != nil:
			p.picked[i] = p.joined.name(c.Names, p.picked[i])
		}
	}
	return p.picked
}
