package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/tools"
)

var columns = []operation.Column{
	{Name: "name", ID: true},
	{Name: "upstream", Field: "params.model"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "created", Format: operation.Time},
	{Name: "models"},
	{Name: "input_cost", Field: "info.cost", Format: operation.DollarsPerMillion, Optional: true},
}

// list and object are two operations with these columns, plain one without any.
var (
	list   = &operation.Operation{Path: "things list", Do: operation.List[struct{}]{Of: &operation.Collection{Items: "things"}}, Columns: columns}
	object = &operation.Operation{Path: "things get", Do: operation.Endpoint[struct{}]{}, Columns: columns, Reveal: []string{"key"}}
	plain  = &operation.Operation{Path: "things delete", Do: operation.Endpoint[struct{}]{}}
	chat   = &operation.Operation{Path: "chat completions", Do: operation.Endpoint[struct{}]{}, Text: "choices.*.message.content", Reveal: []string{"choices"}}
)

const (
	first  = `{"name":"prod [eu]","params":{"model":"team[/x]/gpt"},"spend":3.6e-6,"created":"2026-11-22 16:15:09","models":["a","b"],"info":{"cost":1.5e-7}}`
	second = `{"name":"日本語","params":{},"spend":100.0,"created":1763820909,"models":[],"big":12345678901234567890123}`
)

// page makes a Result of items as tools.List does.
func page(bare bool, items ...string) operation.Result {
	p := &operation.Page{Items: []json.RawMessage{}, Total: len(items), Bare: bare}
	for _, item := range items {
		p.Items = append(p.Items, json.RawMessage(item))
	}
	return operation.Result{Body: json.RawMessage(`{"things":[` + strings.Join(items, ",") + `],"total":` + fmt.Sprint(len(items)) + `}`), Page: p}
}

func body(s string) operation.Result { return operation.Result{Body: json.RawMessage(s)} }

// lines joins lines, each with its end.
func lines(s ...string) string { return strings.Join(s, "\n") + "\n" }

func written(t *testing.T, op *operation.Operation, res operation.Result, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := Write(t.Context(), &b, op, res, o); err != nil {
		t.Fatalf("Write: %v", err)
	}
	return b.String()
}

func TestWrite(t *testing.T) {
	tests := []struct {
		name string
		op   *operation.Operation
		res  operation.Result
		o    Options
		want string
	}{
		{"table", list, page(false, first, second), Options{}, lines(
			"NAME       UPSTREAM      SPEND (USD)  CREATED               MODELS",
			"prod [eu]  team[/x]/gpt    0.0000036  2026-11-22T16:15:09Z  a,b",
			"日本語     -                     100  2025-11-22T14:15:09Z  -")},
		{"table, optional column by name, no header", list, page(false, first, second),
			Options{Columns: []string{"input_cost", "name"}, NoHeader: true}, lines(
				"0.15  prod [eu]",
				"   -  日本語")},
		{"table, unit of a million tokens", list, page(false, first), Options{Columns: []string{"input_cost"}}, lines(
			"INPUT_COST (USD/1M)",
			"               0.15")},
		{"table, empty list", list, page(false), Options{}, lines("NAME  UPSTREAM  SPEND (USD)  CREATED  MODELS")},
		{"table, empty list, no header", list, page(false), Options{NoHeader: true}, ""},
		{"table, items that are no objects", list, page(false, `"88dc28d0"`, `"x"`), Options{}, lines("VALUE", "88dc28d0", "x")},
		{"table, hostile cells", list, page(false,
			`{"name":"two\nlines\tand\r","params":{"model":"\u001b[31mred\u0007"}}`,
			`{"name":" blanks  kept","params":{"model":"abc\u202efed\u200b\u009b"}}`,
			`{"name":"<b>%s %d|\\n</b>","params":{"model":"👩\u200d👩\u200d👧 a\u200db"}}`), Options{Columns: []string{"name", "upstream"}}, lines(
			`NAME               UPSTREAM`,
			`two\nlines\tand\r  \x1b[31mred\a`,
			` blanks  kept      abc\u202efed\u200b\u009b`,
			`<b>%s %d|\n</b>    `+"👩\u200d👩\u200d👧"+` a\u200db`)},
		{"table, nothing is cut", list, page(false, `{"name":"`+strings.Repeat("long name ", 60)+`.","params":{"model":"m"}}`),
			Options{Columns: []string{"name", "upstream"}, NoHeader: true}, lines(strings.Repeat("long name ", 60) + ".  m")},
		{"table of an object", object, body(first), Options{Format: Table}, lines(
			"FIELD        VALUE",
			"name         prod [eu]",
			"upstream     team[/x]/gpt",
			"spend (USD)  0.0000036",
			"created      2026-11-22T16:15:09Z",
			"models       a,b")},
		{"table of an object, no header", object, body(`{"info":{"cost":1}}`), Options{Format: Table, NoHeader: true, Columns: []string{"input_cost", "name"}}, lines(
			"input_cost (USD/1M)  1000000",
			"name                 -")},

		{"json keeps digits, order and the wrapper", list, page(false, second), Options{Format: JSON}, lines(
			`{`, `  "things": [`, `    {`, `      "name": "日本語",`, `      "params": {},`, `      "spend": 100.0,`, `      "created": 1763820909,`,
			`      "models": [],`, `      "big": 12345678901234567890123`, `    }`, `  ],`, `  "total": 1`, `}`)},
		{"json, bare", list, page(true, `{"b":1e-7,"a":"<&>"}`, `1`), Options{Format: JSON}, lines(
			`[`, `  {`, `    "b": 1e-7,`, `    "a": "<&>"`, `  },`, `  1`, `]`)},
		{"json, bare and empty", list, page(true), Options{Format: JSON}, "[]\n"},
		{"json, object by default", object, body(` {"a":null} `), Options{}, lines(`{`, `  "a": null`, `}`)},
		{"json, a text", plain, body(`"ok"`), Options{}, lines(`"ok"`)},
		{"json at a terminal has the same value", plain, body("[\"\u009b1m\u202e\U000e0041\x7f\"]"), Options{Format: JSON, Terminal: true},
			lines(`[`, `  "\u009b1m\u202e\udb40\udc41\u007f"`, `]`)},

		{"jsonl", list, page(false, `{"a": 1.50}`, `{"a": "x\ny"}`), Options{Format: JSONL}, lines(`{"a":1.50}`, `{"a":"x\ny"}`)},
		{"jsonl, empty", list, page(false), Options{Format: JSONL}, ""},
		{"jsonl of an object", object, body("{\"a\":\n1}"), Options{Format: JSONL}, lines(`{"a":1}`)},

		{"yaml", list, page(false, `{"z":1e-7,"a":12345678901234567890123,"s":"1.10","t":"2026-11-22","n":null,"b":"no","l":[],"m":{"x":[true,"~"]}}`), Options{Format: YAML}, lines(
			`things:`, `  - z: 1e-7`, `    a: 12345678901234567890123`, `    s: "1.10"`, `    t: "2026-11-22"`, `    "n": null`, `    b: "no"`,
			`    l: []`, `    m:`, `      x:`, `        - true`, `        - "~"`, `total: 1`)},
		{"yaml, bare", list, page(true, `{"a":1}`, `"x"`), Options{Format: YAML}, lines(`- a: 1`, `- x`)},
		{"yaml, bare and empty", list, page(true), Options{Format: YAML}, "[]\n"},

		{"csv", list, page(false, first, second), Options{Format: CSV, Columns: []string{"name", "spend", "created", "models", "input_cost"}}, lines(
			`name,spend,created,models,input_cost`,
			`prod [eu],0.0000036,2026-11-22T16:15:09Z,"a,b",0.15`,
			`日本語,100,2025-11-22T14:15:09Z,,`)},
		{"csv keeps the text of a cell", list, page(false, `{"name":"=1+1\n\"x\"\u001b","params":{"model":"-a"}}`), Options{Format: CSV, Columns: []string{"name", "upstream"}, NoHeader: true},
			"\"=1+1\n\"\"x\"\"\x1b\",-a\n"},
		{"csv, empty list", list, page(false), Options{Format: CSV}, lines(`name,upstream,spend,created,models`)},
		{"csv of an object", object, body(first), Options{Format: CSV, Columns: []string{"upstream", "spend"}}, lines(`upstream,spend`, `team[/x]/gpt,0.0000036`)},

		{"text", chat, body(`{"choices":[{"message":{"content":"Hi \u001b[1m\nthere"}},{"message":{"content":null}},{"message":{"content":"2"}}]}`), Options{Format: Text},
			"Hi \x1b[1m\nthere\n2\n"},
		{"text at a terminal", chat, body(`{"choices":[{"message":{"content":"Hi \u001b[1m\n\tthere"}}]}`), Options{Format: Text, Terminal: true},
			"Hi \\x1b[1m\n\tthere\n"},
		{"text that was streamed", chat, operation.Result{Body: json.RawMessage(`{"choices":[{"message":{"content":"Hi"}}]}`), Streamed: true}, Options{Format: Text}, ""},
		{"no JSON: text", plain, operation.Result{Text: []byte("# HELP\nx 1")}, Options{}, "# HELP\nx 1"},
		{"no JSON: text at a terminal", plain, operation.Result{Text: []byte("a\x1b]0;x\x07\xff")}, Options{Terminal: true}, "a\\x1b]0;x\\x07\uFFFD\n"},
		{"no JSON: binary", object, operation.Result{Binary: []byte("\x00\xff\n")}, Options{Format: Table, Terminal: true}, "\x00\xff\n"},
		{"no answer", plain, operation.Result{}, Options{Terminal: true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := written(t, tt.op, tt.res, tt.o); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	const hidden, shown = "sk-aaaaaaaaaaaaaaaaaaaaMARK", "sk-bbbbbbbbbbbbbbbbbbbbMINE"
	answer := `{"name":"` + hidden + `","api_key":"` + hidden + `","key":"` + shown + `"}`
	for _, format := range Formats(object) {
		for _, res := range []operation.Result{body(answer), page(true, answer), page(false, answer)} {
			o := Options{Format: Format(format), Redactor: &secret.Redactor{}}
			got := written(t, object, res, o)
			if strings.Contains(got, hidden) {
				t.Errorf("%s shows a secret:\n%s", format, got)
			}
			revealed := res.Page == nil || res.Page.Bare || format == "jsonl"
			if !o.form(object).columns && revealed && !strings.Contains(got, shown) {
				t.Errorf("%s hides the key that the operation made:\n%s", format, got)
			}
			o.ShowSecrets = true
			if got := written(t, object, res, o); !strings.Contains(got, hidden) {
				t.Errorf("%s hides the secret with ShowSecrets:\n%s", format, got)
			}
		}
	}
	o := Options{Redactor: &secret.Redactor{}}
	if got := written(t, plain, operation.Result{Text: []byte("the key is " + hidden)}, o); strings.Contains(got, hidden) {
		t.Errorf("an answer in text shows a secret: %s", got)
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name string
		op   *operation.Operation
		o    Options
		want string // "": no fault
	}{
		{"defaults", list, Options{}, ""},
		{"every column", list, Options{Columns: []string{"name", "upstream", "spend", "created", "models", " input_cost"}}, ""},
		{"format", list, Options{Format: "xml"}, `things list has no format "xml"; valid: table, json, jsonl, yaml, csv`},
		{"format of others", plain, Options{Format: Table}, `things delete has no format "table"; valid: json, yaml, view`},
		{"text", chat, Options{Format: Text}, ""},
		{"column", list, Options{Columns: []string{"name", "spent"}}, `things list has no column "spent"; valid: name, upstream, spend, created, models, input_cost; +spent shows any field of the answer`},
		{"column to remove", list, Options{Columns: []string{"-spent"}}, `things list has no column "spent"; valid: name, upstream, spend, created, models, input_cost`},
		{"a sign alone", list, Options{Columns: []string{"+"}}, `things list has no column ""; valid: name, upstream, spend, created, models, input_cost`},
		{"any field", list, Options{Columns: []string{"+new.field", "-name"}}, ""},
		{"nothing left", list, Options{Columns: []string{"name", "-name"}}, `--columns is empty; give at least one column`},
		{"column with blank name", list, Options{Columns: []string{""}}, `things list has no column ""; valid: name, upstream, spend, created, models, input_cost`},
		{"no column", list, Options{Columns: []string{}}, `--columns is empty; give at least one column`},
		{"columns of json", list, Options{Format: JSON, Columns: []string{"name"}}, `--columns needs a table or CSV, but the format is json; add --format table or --format csv`},
		{"columns of a default", object, Options{Columns: []string{"name"}}, `--columns needs a table or CSV, but the format is json; add --format table or --format csv`},
		{"header of yaml", list, Options{Format: YAML, NoHeader: true}, `--no-header needs a table or CSV, but the format is yaml; add --format table or --format csv`},
		{"header of what has no table", plain, Options{NoHeader: true}, `--no-header needs a table or CSV, but things delete supports only json, yaml, view`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := tt.o.Check(tt.op); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Check: %q, want %q", got, tt.want)
			}
			var b bytes.Buffer
			if err := Write(t.Context(), &b, tt.op, page(false, `{}`), tt.o); (err != nil) != (tt.want != "") || err != nil && b.Len() > 0 {
				t.Errorf("Write: %v and output %q, want the error of Check and no output", err, &b)
			}
		})
	}
}

// TestEveryOperation writes an answer of each operation in each of its formats.
func TestEveryOperation(t *testing.T) {
	for _, op := range tools.All() {
		formats := Formats(op)
		want := "json"
		if op.Lists() && len(op.Columns) > 0 {
			want = "table"
		}
		if op.Draws {
			want = "chart"
		}
		if op.Prose {
			want = "text"
		}
		if formats[0] != want {
			t.Errorf("%s: default format %s, want %s", op.Path, formats[0], want)
		}
		for _, format := range formats {
			res := body(`{"key":"x"}`)
			if op.Lists() {
				res = page(false, `{"key":"x"}`)
			}
			got := written(t, op, res, Options{Format: Format(format)})
			if got == "" && format != "text" {
				t.Errorf("%s --format %s writes nothing", op.Path, format)
			}
		}
	}
}

func TestStream(t *testing.T) {
	pages := []string{`{"name":"a","params":{"model":"m\nn"}}`, `{"name":"b,c"}`, `{"name":"d"}`}
	two := []string{"name", "upstream"}
	tests := []struct {
		format Format
		all    string // after three pages of one item
		empty  string // with no item
	}{
		{Table, lines(`NAME  UPSTREAM`, `a     m\nn`, `b,c   -`, `d     -`), lines("NAME  UPSTREAM")},
		{CSV, "name,upstream\na,\"m\nn\"\n\"b,c\",\nd,\n", "name,upstream\n"},
		{JSON, lines(`[`, `  {`, `    "name": "a",`, `    "params": {`, `      "model": "m\nn"`, `    }`, `  },`,
			`  {`, `    "name": "b,c"`, `  },`, `  {`, `    "name": "d"`, `  }`, `]`), "[]\n"},
		{JSONL, lines(`{"name":"a","params":{"model":"m\nn"}}`, `{"name":"b,c"}`, `{"name":"d"}`), ""},
		{YAML, lines(`- name: a`, `  params:`, `    model: "m\nn"`, `- name: b,c`, `- name: d`), "[]\n"},
	}
	for _, tt := range tests {
		t.Run(string(tt.format), func(t *testing.T) {
			o := Options{Format: tt.format}
			if (Options{Format: tt.format}).form(list).columns {
				o.Columns = two
			}
			var b bytes.Buffer
			s := NewStream(t.Context(), &b, list, o)
			for i, p := range pages {
				before := b.Len()
				if err := s.Add([]json.RawMessage{json.RawMessage(p)}); err != nil {
					t.Fatal(err)
				}
				if (b.Len() > before) != (tt.format != Table) {
					t.Errorf("page %d: %d bytes came out at once", i+1, b.Len()-before)
				}
			}
			for range 2 {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if b.String() != tt.all {
				t.Errorf("got:\n%s\nwant:\n%s", &b, tt.all)
			}
			if err := s.Add(nil); err == nil {
				t.Error("Add after Close is no error")
			}

			b.Reset()
			if err := NewStream(t.Context(), &b, list, o).Close(); err != nil || b.String() != tt.empty {
				t.Errorf("empty: %q, %v; want %q", &b, err, tt.empty)
			}
		})
	}
}

func TestStreamTableFull(t *testing.T) {
	var b bytes.Buffer
	s := NewStream(t.Context(), &b, list, Options{Columns: []string{"name"}, NoHeader: true})
	items := slices.Repeat([]json.RawMessage{json.RawMessage(`{"name":"n"}`)}, MaxTableRows)
	if err := s.Add(items); err != nil {
		t.Fatalf("the last row that a table holds: %v", err)
	}
	if err := s.Add(items[:1]); !errors.Is(err, ErrTableFull) || err.Error() != "a table holds at most 10,000 rows; use --format csv or jsonl" {
		t.Errorf("one row more: %v", err)
	}
	if err := s.Close(); err != nil || strings.Count(b.String(), "n\n") != MaxTableRows {
		t.Errorf("Close wrote %d rows, %v", strings.Count(b.String(), "n\n"), err)
	}
}

// broken fails as a closed pipe does.
type broken struct{}

var errBroken = errors.New("broken pipe")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWriterFails(t *testing.T) {
	for _, format := range Formats(list) {
		o := Options{Format: Format(format)}
		if err := Write(t.Context(), broken{}, list, page(true, first), o); !errors.Is(err, errBroken) {
			t.Errorf("Write %s: %v", format, err)
		}
		s := NewStream(t.Context(), broken{}, list, o)
		if err := errors.Join(s.Add([]json.RawMessage{json.RawMessage(first)}), s.Close()); !errors.Is(err, errBroken) {
			t.Errorf("Stream %s: %v", format, err)
		}
	}
	if err := NewStream(t.Context(), &bytes.Buffer{}, list, Options{Format: "xml"}).Add(nil); err == nil {
		t.Error("a stream of an unknown format takes items")
	}
}

func TestStreamBareListMatchesWrite(t *testing.T) {
	items := []string{first, `[]`, `{"a":[{"b":{}}]}`, `null`}
	res := page(true, items...)
	whole := "[" + strings.Join(items, ",") + "]"
	var want bytes.Buffer
	if err := json.Indent(&want, []byte(whole), "", "  "); err != nil {
		t.Fatal(err)
	}
	if got := written(t, list, res, Options{Format: JSON}); got != want.String()+"\n" {
		t.Errorf("items one by one:\n%s\nthe array:\n%s", got, &want)
	}
}

// TestWidthsDoNotDependOnLocale: with LANG=ja_JP some programs count "§" as two.
func TestWidthsDoNotDependOnLocale(t *testing.T) {
	t.Setenv("LANG", "ja_JP.UTF-8")
	got := written(t, list, page(false, `{"name":"§§§§"}`), Options{Columns: []string{"name", "upstream"}})
	if want := lines("NAME  UPSTREAM", "§§§§  -"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// FuzzCell writes a hostile text in every format that has rows.
func FuzzCell(f *testing.F) {
	for _, s := range []string{"", "a\nb", "\x1b[31m", "\u2028\u202e\ufeff", "日\u200d本", "\xff\xfe", "a\u200db", "  ", `"`, `\`, "-", "=1", "<<", "&a", "!!str", "? x", "\u00a0", "0x1f", "1:20"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		value, err := json.Marshal(s)
		if err != nil {
			t.Skip()
		}
		s = string([]rune(s)) // as json.Marshal writes what is no UTF-8
		item := `{"name":` + string(value) + `,"models":[` + string(value) + `],"params":{"model":"end"}}`
		res := page(false, item, item)

		table := written(t, list, res, Options{Columns: []string{"name", "models", "upstream"}})
		rows := strings.Split(table, "\n")
		if len(rows) != 4 || strings.ContainsFunc(strings.ReplaceAll(table, "\n", ""), func(r rune) bool { return r < ' ' || r == '\x7f' || r == '\u202e' }) {
			t.Errorf("%q breaks the table: %q", s, table)
		}
		if rows[1] != rows[2] || !strings.HasSuffix(rows[1], "  end") {
			t.Errorf("%q moves the columns: %q", s, table)
		}

		records, err := csv.NewReader(strings.NewReader(written(t, list, res, Options{Format: CSV, Columns: []string{"name", "upstream"}}))).ReadAll()
		// encoding/csv reads "\r\n" as "\n".
		want := [][]string{{"name", "upstream"}, {strings.ReplaceAll(s, "\r\n", "\n"), "end"}, {strings.ReplaceAll(s, "\r\n", "\n"), "end"}}
		if err != nil || !reflect.DeepEqual(records, want) {
			t.Errorf("%q comes out of CSV as %q, %v", s, records, err)
		}

		for _, terminal := range []bool{false, true} {
			o := Options{Format: JSONL, Terminal: terminal}
			out := written(t, list, res, o)
			var back struct{ Name string }
			if err := json.NewDecoder(strings.NewReader(out)).Decode(&back); err != nil || back.Name != s || strings.Count(out, "\n") != 2 {
				t.Errorf("%q comes out of JSON lines as %q, %v", s, back.Name, err)
			}
		}
	})
}
