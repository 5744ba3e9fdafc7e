package output

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

func filter(t *testing.T, expression string) *Filter {
	t.Helper()
	f, err := NewFilter(expression)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFilter: --jq reads what --format json prints, without its secrets.
func TestFilter(t *testing.T) {
	const hidden = "sk-aaaaaaaaaaaaaaaaaaaaMARK"
	items := []string{`{"name":"a\nb","n":12345678901234567890123,"key":"` + hidden + `","f":1.50}`, `{"name":"c","n":1e2,"list":[1,"x",null]}`}
	for _, tt := range []struct {
		expression, want string
		o                Options
	}{
		{".things[].name", "a\nb\nc\n", Options{}},
		{".things[0].n, .total", "12345678901234567890123\n2\n", Options{}},
		{".things[1] | .list, .missing, .n > 1", "[1,\"x\",null]\nnull\ntrue\n", Options{}},
		{".name", "a\nb\nc\n", Options{Format: JSONL}},
		{"$ENV | length", "0\n", Options{}},
		{".things[].name", "a\nb\nc\n", Options{Terminal: true}},
		{`"\u001b[31m"`, "\\x1b[31m\n", Options{Terminal: true}},
		{"empty", "", Options{}},
		{"1, halt, 2", "1\n", Options{}},
	} {
		tt.o.Filter = filter(t, tt.expression)
		if got := written(t, list, page(false, items...), tt.o); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.expression, got, tt.want)
		}
	}
	o := Options{Filter: filter(t, ".. | strings"), Redactor: &secret.Redactor{}}
	if got := written(t, list, page(false, items...), o); strings.Contains(got, hidden) {
		t.Errorf("a secret comes out: %s", got)
	}
	o = Options{Filter: filter(t, "length")}
	var b strings.Builder
	s := NewStream(t.Context(), &b, list, o)
	for _, item := range items {
		if err := s.Add([]json.RawMessage{json.RawMessage(item)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil || b.String() != "2\n" {
		t.Errorf("all pages: %q, %v", &b, err)
	}
}

func TestFilterFails(t *testing.T) {
	for _, expression := range []string{".a[", "nonsense", "$x", `import "x"; .`} {
		if _, err := NewFilter(expression); err == nil {
			t.Errorf("%s is no error", expression)
		}
	}
	err := Write(t.Context(), &strings.Builder{}, object, body(`{"a":1}`), Options{Filter: filter(t, ".a[]")})
	if _, is := errors.AsType[*FilterError](err); !is {
		t.Errorf("an expression that does not fit: %v", err)
	}
	for want, o := range map[string]Options{
		"give either --jq or --quiet": {Quiet: true},
		"--jq filters JSON, but the format is csv; use --format json or remove --format":     {Format: CSV},
		"--jq filters JSON, which has no columns; remove --columns, --no-header and -o wide": {NoHeader: true},
	} {
		o.Filter = filter(t, ".")
		if err := o.Check(list); err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestQuiet: identifiers alone, those of a write too.
func TestQuiet(t *testing.T) {
	people := &operation.Operation{Path: "people list", Do: operation.List[struct{}]{Of: &operation.Collection{Items: "things", ID: "user.id"}}, Columns: columns}
	write := &operation.Operation{Path: "things create", Effect: operation.Write, Do: operation.Endpoint[struct{}]{}, Returns: []string{"key", "token"}, Reveal: []string{"key"}}
	remove := &operation.Operation{Path: "things delete", Effect: operation.Destructive, Do: operation.Endpoint[struct {
		Name string `json:"name" cli:"arg=1"`
	}]{}}
	const key = "sk-aaaaaaaaaaaaaaaaaaaaMARK"
	for _, tt := range []struct {
		op   *operation.Operation
		res  operation.Result
		o    Options
		want string
	}{
		{list, page(false, first, `{}`, second), Options{}, "prod [eu]\n日本語\n"},
		{list, page(false, `"88dc28d0"`), Options{}, "88dc28d0\n"},
		{list, page(false, `{"name":"`+key+`"}`), Options{}, "sk-...MARK\n"},
		{list, page(false, `{"name":"a\nb"}`), Options{}, "a\\nb\n"},
		{people, page(false, `{"name":"a","user":{"id":"u1"}}`), Options{}, "u1\n"},
		{object, body(first), Options{}, "prod [eu]\n"},
		{write, body(`{"key":"` + key + `","token":"t"}`), Options{}, key + "\n"},
		{write, body(`{"key":"` + key + `"}`), Options{Conceal: true}, "sk-...MARK\n"},
		{remove, body(`{"message":"gone"}`), Options{Named: Named(remove, operation.Args{"name": json.RawMessage(`["a","b"]`)})}, "a\nb\n"},
	} {
		tt.o.Quiet, tt.o.Redactor = true, &secret.Redactor{}
		if got := written(t, tt.op, tt.res, tt.o); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.op.Path, got, tt.want)
		}
	}
	if Identifies(plain) {
		t.Error("an operation without identifiers has some")
	}
}
