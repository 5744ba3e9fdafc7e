package output

import (
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// TestChosenColumns: a field that the operation does not know can be shown, its secrets
// masked, and one that no row has is told.
func TestChosenColumns(t *testing.T) {
	redactor := secret.Redactor{}
	narrow := page(false, first, second)
	narrow.Page.Columns = []string{"name", "spend"}
	for _, tt := range []struct {
		name    string
		o       Options
		narrow  bool
		want    []string
		missing []string
	}{
		{"beside the usual ones", Options{Columns: []string{"+big"}}, false, []string{"name,upstream,spend,created,models,big", `"a,b",`, "12345678901234567890123"}, nil},
		{"beside those of this answer", Options{Columns: []string{" +info.cost ", "+input_cost", "+name"}}, true, []string{"name,spend,info.cost,input_cost", "prod [eu],0.0000036,1.5e-7,0.15"}, nil},
		{"less than the usual", Options{Columns: []string{"-created", "-models", "-upstream", "-input_cost"}}, false, []string{"name,spend"}, nil},
		{"beside others", Options{Columns: []string{"spend", "+params", "name", "-spend"}}, false, []string{"params,name"}, nil},
		{"of no row", Options{Columns: []string{"name", "+nope", "+big"}}, false, []string{"name,nope,big", "prod [eu],,"}, []string{"nope"}},
	} {
		var missing []string
		tt.o.Format, tt.o.Redactor = CSV, &redactor
		tt.o.Missing = func(field string) { missing = append(missing, field) }
		res := page(false, first, second)
		if tt.narrow {
			res = narrow
		}
		got := written(t, list, res, tt.o)
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", tt.name, got, want)
			}
		}
		if !slices.Equal(missing, tt.missing) {
			t.Errorf("%s: told %q, want %q", tt.name, missing, tt.missing)
		}
		missing, tt.o.Format = nil, Table
		if _ = written(t, list, res, tt.o); !slices.Equal(missing, tt.missing) {
			t.Errorf("%s as a table: told %q, want %q", tt.name, missing, tt.missing)
		}
	}
	got := written(t, list, page(false, `{"name":"a","api_key":"sk-0123456789abcdef0123"}`), Options{Columns: []string{"name", "+api_key"}, Redactor: &redactor})
	if strings.Contains(got, "0123456789") {
		t.Errorf("a secret is shown: %s", got)
	}
	if got := written(t, list, page(false), Options{Columns: []string{"name", "+new"}, Missing: func(string) { t.Error("told of a list without rows") }}); got != "NAME  NEW\n" {
		t.Errorf("%q", got)
	}
}

// TestUnnamed: at a terminal, a table shows something else of an item without a value; a
// pipe, CSV and JSON do not.
func TestUnnamed(t *testing.T) {
	op := &operation.Operation{Path: "x list", Effect: operation.Read, Do: list.Do, Columns: []operation.Column{{Name: "alias", Unnamed: "masked"}, {Name: "masked", Wide: true}}}
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Format: Table, Terminal: true}, "ALIAS\nci\nsk-...abcd\n"},
		{Options{Format: Table, Terminal: true, Columns: []string{"alias"}}, "ALIAS\nci\nsk-...abcd\n"},
		{Options{Format: CSV, Terminal: true}, "alias,masked\nci,sk-...wxyz\n,sk-...abcd\n"},
		{Options{Format: Table}, "ALIAS  MASKED\nci     sk-...wxyz\n-      sk-...abcd\n"},
	} {
		if got := written(t, op, page(false, `{"alias":"ci","masked":"sk-...wxyz"}`, `{"alias":null,"masked":"sk-...abcd"}`), tt.o); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.o, got, tt.want)
		}
	}
}

// TestColumnByItsField: a column is found by the field that it shows, too.
func TestColumnByItsField(t *testing.T) {
	columns := []operation.Column{{Name: "user_id"}, {Name: "customer_id", Field: "user_id"}, {Name: "team", Field: "team_alias"}}
	for name, want := range map[string]int{"customer_id": 1, "user_id": 0, "team_alias": 2, "": -1, "nope": -1} {
		if got := indexOf(columns, name); got != want {
			t.Errorf("%q: column %d, want %d", name, got, want)
		}
	}
}
