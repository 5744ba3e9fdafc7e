package sheet

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
)

// Column is one column of a resource.
type Column struct {
	// Name is the name in files: that of the flag, with underscores.
	Name string
	// Property is the gateway's name.
	Property string
	// Kind is the type of its values; 0 for a further field of the request, whose type is not
	// declared.
	Kind operation.Kind
	// Help describes it.
	Help string

	exported bool
}

// Columns returns the columns of a resource: first those of its create operation, then those
// of further fields of the request.
func (r *Resource) Columns(all operation.Catalog) []Column {
	create, _, _ := r.operations(all)
	var columns []Column
	for _, f := range create.Fields() {
		if f.Name == operation.ExtraField || r.Refused[f.Name] != "" {
			continue
		}
		columns = append(columns, Column{under(f.Flag), f.Name, f.Kind, f.Help, true})
	}
	if _, more := create.Field(operation.ExtraField); !more {
		return columns
	}
	for _, name := range create.Documented() {
		declared := slices.ContainsFunc(create.Fields(), func(f operation.Field) bool { return f.Name == name })
		if !declared && r.Refused[name] == "" {
			columns = append(columns, Column{Name: name, Property: name, exported: slices.Contains(r.More, name)})
		}
	}
	return columns
}

// under writes a flag as a column.
func under(flag string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(flag), "-", "_"))
}

// finder finds columns by their names in files.
type finder struct {
	resource *Resource
	columns  []Column
	byName   map[string]int
	names    []string
}

func newFinder(r *Resource, all operation.Catalog) *finder {
	f := &finder{resource: r, columns: r.Columns(all), byName: map[string]int{}}
	create, _, _ := r.operations(all)
	fields := create.Fields()
	for i, c := range f.columns {
		f.byName[c.Name] = i
		f.names = append(f.names, c.Name)
	}
	for i, c := range f.columns {
		spellings := []string{c.Property}
		for _, field := range fields {
			if field.Name == c.Property {
				spellings = append(spellings, field.Aliases...)
			}
		}
		for _, name := range spellings {
			if _, taken := f.byName[under(name)]; !taken {
				f.byName[under(name)] = i
			}
		}
	}
	for name, property := range r.Also {
		if i := slices.IndexFunc(f.columns, func(c Column) bool { return c.Property == property }); i >= 0 {
			if _, taken := f.byName[name]; !taken {
				f.byName[name] = i
			}
		}
	}
	return f
}

// find returns the column with a name, in any spelling, or an error that names the nearest.
func (f *finder) find(name string) (Column, error) {
	if i, found := f.byName[under(name)]; found {
		return f.columns[i], nil
	}
	if why := f.resource.Refused[under(name)]; why != "" {
		return Column{}, fmt.Errorf("the column %s is not imported: %s", operation.Shown(name), why)
	}
	if near := operation.Nearest(under(name), f.names); near != "" {
		return Column{}, fmt.Errorf("there is no column %s; did you mean %s?", operation.Shown(name), near)
	}
	var flags []string
	for _, c := range f.columns {
		if c.Kind != 0 {
			flags = append(flags, c.Name)
		}
	}
	return Column{}, fmt.Errorf("there is no column %s; the columns are %s", operation.Shown(name), strings.Join(flags, ", "))
}

// undeclared are the types of further fields of the requests.
var undeclared = map[string]operation.Kind{
	"blocked": operation.KindBoolean, "soft_budget": operation.KindNumber,
	"tpd_limit": operation.KindInteger, "max_parallel_requests": operation.KindInteger,
}

// value returns the value of a cell, typed as the column; nil means that none is given.
func (c Column) value(cell bulk.Cell) (json.RawMessage, error) {
	if cell.Value != nil {
		return operation.NoNull(cell.Value), nil
	}
	kind := c.Kind
	if kind == 0 {
		kind = undeclared[c.Property]
	}
	switch kind {
	case operation.KindInteger, operation.KindNumber:
		text := strings.TrimSpace(cell.Text)
		_, err := strconv.ParseFloat(text, 64) // too large is none
		if err != nil || !json.Valid([]byte(text)) || strings.Trim(text, "+-.0123456789eE") != "" {
			return nil, fmt.Errorf("%q is not a number", operation.Shown(cell.Text))
		}
		if whole := strings.TrimSuffix(text, ".0"); kind == operation.KindInteger { // Excel
			text = whole
		}
		return json.RawMessage(text), nil
	case operation.KindBoolean:
		on, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(cell.Text))) // Excel: TRUE
		if err != nil {
			return nil, fmt.Errorf("%q is not true or false", operation.Shown(cell.Text))
		}
		return operation.Encode(on), nil
	case operation.KindStrings:
		list, ok := bulk.SplitList(cell.Text)
		if !ok {
			return nil, errors.New("is not a JSON list of texts")
		}
		if len(list) == 0 && !strings.HasPrefix(strings.TrimSpace(cell.Text), "[") {
			return nil, errors.New("has no item; for an empty list, write []")
		}
		return operation.Encode(append([]string{}, list...)), nil
	case operation.KindString:
		if c.Property == "user_email" { // with a blank, it is not that of the person who signs in
			if cell.Text = strings.TrimSpace(cell.Text); cell.Text == "" {
				return nil, nil
			}
		}
		return operation.Encode(cell.Text), nil
	case 0:
		return loose(cell.Text), nil
	}
	text := strings.TrimSpace(cell.Text)
	if !json.Valid([]byte(text)) || text[0] != '{' {
		return nil, errors.New(`is not a JSON object like {"name": "value"}`)
	}
	return json.RawMessage(text), nil
}

// loose returns the value of a column whose type is not declared: JSON where it looks like
// it, else text.
func loose(text string) json.RawMessage {
	trimmed := strings.TrimSpace(text)
	switch lower := strings.ToLower(trimmed); {
	case lower == "true" || lower == "false":
		return json.RawMessage(lower)
	case trimmed != "" && strings.ContainsAny(trimmed[:1], "{[-0123456789") && json.Valid([]byte(trimmed)):
		return json.RawMessage(trimmed)
	}
	return operation.Encode(text)
}
