package output

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

// The signs before the name of a column in [Options.Columns].
const (
	added   = "+"
	removed = "-"
)

// signed splits the name of a column from the sign before it, if there is one.
func signed(name string) (sign, rest string) {
	name = strings.TrimSpace(name)
	for _, sign := range []string{added, removed} {
		if rest, ok := strings.CutPrefix(name, sign); ok {
			return sign, rest
		}
	}
	return "", name
}

// usual reports whether the columns to begin with are those of the operation.
func (o Options) usual() bool {
	return o.Columns == nil || len(o.Columns) > 0 && !slices.ContainsFunc(o.Columns, func(name string) bool { sign, _ := signed(name); return sign == "" })
}

// columns returns the columns to show. shown are the names of the columns that this answer
// has by itself; nil: all but the optional ones.
func (o Options) columns(op *operation.Operation, shown []string) ([]operation.Column, error) {
	var columns []operation.Column
	person := o.Terminal && o.form(op).name == Table
	if o.usual() {
		columns = slices.DeleteFunc(slices.Clone(op.Columns), func(c operation.Column) bool {
			switch {
			case c.Optional:
				return !o.Wide
			case c.Wide && !o.Wide && person:
				return true
			}
			return shown != nil && !slices.Contains(shown, c.Name)
		})
	}
	for _, text := range o.Columns {
		sign, name := signed(text)
		at := indexOf(op.Columns, name)
		if sign == added { // any field, as the answer has it
			at = slices.IndexFunc(op.Columns, named(name))
		}
		if at < 0 && (sign != added || name == "") {
			return nil, noColumn(op, sign, name)
		}
		here := slices.IndexFunc(columns, named(name))
		if sign == removed {
			here = indexOf(columns, name)
		}
		switch {
		case sign == removed && here >= 0:
			columns = slices.Delete(columns, here, here+1)
		case sign == removed, sign == added && here >= 0:
		case at < 0:
			columns = append(columns, operation.Column{Name: name})
		default:
			columns = append(columns, op.Columns[at])
		}
	}
	for i := range columns {
		if person {
			columns[i] = columns[i].Person()
		}
	}
	if len(columns) == 0 && o.Columns != nil {
		return nil, fmt.Errorf("--columns is empty; give at least one column")
	}
	return columns, nil
}

// indexOf finds a column by its name, or else by the field of the answer that it shows.
func indexOf(columns []operation.Column, name string) int {
	if i := slices.IndexFunc(columns, named(name)); i >= 0 {
		return i
	}
	return slices.IndexFunc(columns, func(c operation.Column) bool { return name != "" && c.Field == name })
}

func named(name string) func(operation.Column) bool {
	return func(c operation.Column) bool { return c.Name == name }
}

func noColumn(op *operation.Operation, sign, name string) error {
	names := make([]string, len(op.Columns))
	for i, c := range op.Columns {
		names[i] = c.Name
	}
	text := fmt.Sprintf("%s has no column %q; valid: %s", op.Path, name, strings.Join(names, ", "))
	if sign == "" && name != "" {
		text += "; +" + name + " shows any field of the answer"
	}
	return errors.New(text)
}
