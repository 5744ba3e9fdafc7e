package operation

import (
	"encoding/json"
	"strings"

	"litellm-proxy/internal/secret"
)

// Picker takes the values of columns out of objects. It reads an object once for
// all columns and decodes nothing that no column shows: a key has about a
// hundred fields, of which a table shows nine.
type Picker struct {
	names  []string
	fields []field
	values []json.RawMessage
	exact  []bool
}

// field is where a column's value is: at the member called path, or else in the
// member called head at the path rest. See [secret.Lookup].
type field struct{ path, head, rest string }

// NewPicker returns a picker for columns.
func NewPicker(columns []Column) *Picker {
	p := &Picker{values: make([]json.RawMessage, len(columns)), exact: make([]bool, len(columns))}
	for _, c := range columns {
		f := field{path: c.Field}
		if f.path == "" {
			f.path = c.Name
		}
		f.head, f.rest, _ = strings.Cut(f.path, ".")
		p.names, p.fields = append(p.names, c.Name), append(p.fields, f)
	}
	return p
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
	return p.values
}
