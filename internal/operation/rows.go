package operation

import (
	"encoding/json"
	"slices"

	"litellm-proxy/internal/secret"
)

// Row is a JSON object with ordered members.
type Row = secret.Object

// Member is one member of a [Row].
type Member = secret.Member

// Listed returns the result of a [Rows] operation. about is put next to the items; columns
// are those that a table shows; total counts rows beyond those given.
func Listed(about Row, rows []Row, total int, columns []string, notes []string) Result {
	page := &Page{Items: make([]json.RawMessage, len(rows)), Total: total, Columns: columns, About: Args{}}
	for i, r := range rows {
		page.Items[i] = Encode(r)
	}
	for _, m := range about {
		page.About[m.Name] = Encode(m.Value)
	}
	if len(rows) == 0 && len(notes) == 0 {
		notes = []string{"There is nothing to list."}
	}
	return Result{Body: Encode(append(about, Member{Name: "items", Value: page.Items})), Page: page, Notes: notes}
}

// Unique returns the values without repeats, in order.
func Unique(values []string) []string {
	out := []string{}
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// RowOf makes a row from alternating names and values. It panics on a name that is not a
// string.
func RowOf(pairs ...any) Row {
	row := make(Row, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		row = append(row, Member{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return row
}
