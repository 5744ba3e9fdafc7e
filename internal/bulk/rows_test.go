package bulk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"litellm-proxy/internal/secret"
)

// shown writes what was read on one line: line, column=value, and errors.
func shown(text string, format Format) string {
	var out []string
	for row, err := range Read(strings.NewReader(text), format) {
		var cells []string
		for _, c := range row.Cells {
			value := string(c.Value)
			if c.Value == nil {
				value = "~" + c.Text
			}
			cells = append(cells, c.Column+"="+value)
		}
		line := fmt.Sprintf("%d: %s", row.Line, strings.Join(cells, " "))
		if err != nil {
			line = fmt.Sprintf("%d! %v", row.Line, err)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestRead(t *testing.T) {
	for _, test := range []struct {
		name   string
		format Format
		text   string
		want   string
	}{
		{"csv", CSV, "email,team\nann@x,\"a,b\"\n,red\n", "2: email=~ann@x team=~a,b\n3: team=~red"},
		{"mark and Windows line ends", CSV, "\xef\xbb\xbfemail,team\r\nann,red\r\n\r\nbob,blue\r\n", "2: email=~ann team=~red\n4: email=~bob team=~blue"},
		{"semicolons", CSV, "email;team\nann;a,b\n", "2: email=~ann team=~a,b"},
		{"Excel's first line", CSV, "sep=;\r\nemail;team\r\nann;red\r\n", "3: email=~ann team=~red"},
		{"tabs", CSV, "email\tteam\nann\tred\n", "2: email=~ann team=~red"},
		{"cell on several lines", CSV, "a,b\n\"1\n2\",3\n4,5\n", "2: a=~1\n2 b=~3\n4: a=~4 b=~5"},
		{"empty rows", CSV, "a,b\n1,2\n,\n,,,\n", "2: a=~1 b=~2"},
		{"empty file", CSV, "", "0! the file is empty; its first line must name the columns"},
		{"too many cells", CSV, "a,b\n1,2,3\n4\n", "2! has 3 cells, but the header has 2\n3: a=~4"},
		{"column without a name", CSV, "a,,\n1,,\n2,x,\n", "2: a=~1\n3! has a value in column 2, which has no name"},
		{"a column twice", CSV, "a,a\n1,2\n", "0! the header has the column a twice"},
		{"bare quote", CSV, "a\nx\"y\n", "0! line 2: a \" stands in a cell that is not quoted; write the cell as \"…\" and the quote as \"\""},
		{"open quote", CSV, "sep=,\na\n1\n\"y\n", "3: a=~1\n0! line 4: a quoted cell does not end, or something follows its closing \""},
		{"Latin-1", CSV, "a\nM\xfcller\nx\n", "2! is not UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)\n3: a=~x"},
		{"carriage returns alone", CSV, "a,b\r1,2\r3,4\r", "0! the lines end with a carriage return alone; save the file with Unix or Windows line ends (in Excel: CSV UTF-8)"},
		{"UTF-16", CSV, "\xff\xfea\x00", "0! the file is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8)"},

		{"lines", JSONL, "{\"a\": 1.50, \"b\": null}\r\n\n{\"b\": [\"x\"]}", "1: a=1.50 b=null\n3: b=[\"x\"]"},
		{"bad line among good ones", JSONL, "{\"a\":1}\nx\n[]\n{\"a\":2} 3\n{\"a\":4,\"a\":5}\n{\"a\":6}", "1: a=1\n2! is not a JSON object: invalid character 'x' looking for beginning of value\n3! is not a JSON object\n4! has something after the JSON object; write one object a line\n5! has the column a twice\n6: a=6"},
		{"object on several lines", JSONL, "{\n\"a\":1}\n", "1! is not a JSON object: it ends early\n2! is not a JSON object"},
		{"array", JSONL, "\n[\n {\"a\": 1},\n {\"a\":\n 2}, 3]\n", "3: a=1\n4: a=2\n5! is not a JSON object"},
		{"array cut", JSONL, "[{\"a\": 1},\n", "1: a=1\n0! line 1: not a JSON list of objects: it ends early"},
		{"array and more", JSONL, "[{\"a\": 1}] x", "1: a=1\n0! line 1: not a JSON list of objects: something follows the list"},

		{"yaml", YAML, "- email: ann\n  team: [red, \"1\"]\n  n: 007\n- n: 1.50\n  q: '5'\n  m: {b: 1, a: 2026-01-02}\n", "1: email=~ann team=[\"red\",\"1\"] n=~007\n4: n=~1.50 q=\"5\" m={\"b\":1,\"a\":\"2026-01-02\"}"},
		{"yaml documents", YAML, "a: 1\n---\n- a: 2\n- a:\n---\n", "1: a=~1\n3: a=~2\n4: a=null"},
		{"merge keys", YAML, "- &d {a: 1, b: 2}\n- <<: *d\n  b: 3\n", "1: a=~1 b=~2\n2: b=~3 a=~1"},
		{"a key twice", YAML, "- a: 1\n  a: 2\n- a: 3\n", "1! has the column a twice\n3: a=~3"},
		{"not mappings", YAML, "- 1\n- a: 1\n", "1! is not a mapping of columns to values\n2: a=~1"},
		{"bad yaml", YAML, "a: [1\n", "0! line 1: did not find expected ',' or ']'"},
		{"an anchor in itself", YAML, "- a: &x [*x]\n", "0! line 1 has too many values, or anchors that contain each other"},
		{"infinity", YAML, "- a: [.inf]\n", "1! has \".inf\", which is not a number that JSON has"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := shown(test.text, test.format); got != test.want {
				t.Errorf("read\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestReadIsBounded(t *testing.T) {
	_, err := io.ReadAll(&limited{r: strings.NewReader("0123456789"), left: 5})
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file above the limit ended with %v", err)
	}
}

func TestFormatOf(t *testing.T) {
	for name, want := range map[string]Format{"a.CSV": CSV, "x/b.yml": YAML, "c.json": JSONL, "d.jsonl": JSONL, "e.txt": "", "-": ""} {
		if got, err := FormatOf(name, ""); got != want || (err == nil) != (want != "") {
			t.Errorf("FormatOf(%q) = %q, %v", name, got, err)
		}
	}
	if got, err := FormatOf("a.csv", "yaml"); got != YAML || err != nil {
		t.Errorf("a format that is asked for: %q, %v", got, err)
	}
}

// FuzzWrite writes a row in each format and reads it again.
func FuzzWrite(f *testing.F) {
	f.Add("x", "a,b", "1.50", `{"k":"v"}`)
	f.Add("007", "", "0", `{}`)
	f.Add("on", "[x]", "-1e-06", `{"a":[1,null,{"b":"2026-01-01"}]}`)
	f.Add("  a\n b: #c\t", " x , ", "12345678901234567890", `{"<<":{"x":1},"":"y"}`)
	f.Add("=1+1", "~", "1", `{"null":null}`)
	f.Fuzz(func(t *testing.T, text, item, number, object string) {
		if !utf8.ValidString(text+item+object) || !json.Valid([]byte(number)) || !json.Valid([]byte(object)) || strings.ContainsRune(text+item, 0xfffe) {
			t.Skip()
		}
		var n float64
		var o map[string]any
		if json.Unmarshal([]byte(number), &n) != nil || json.Unmarshal([]byte(object), &o) != nil || o == nil || twiceIn([]byte(object)) || strings.TrimSpace(number) != number {
			t.Skip()
		}
		if text == "" {
			text = "x" // an empty text is no value in CSV
		}
		values := []json.RawMessage{secret.Encode(text), secret.Encode([]string{item, "b"}), json.RawMessage(number), secret.Compact(json.RawMessage(object)), nil}
		columns := []string{"text", "list", "number", "object", "none"}
		for _, format := range []Format{CSV, YAML, JSONL} {
			var b bytes.Buffer
			w := NewWriter(&b, format, columns)
			for range 2 {
				if err := w.Write(values); err != nil {
					t.Fatalf("%s: %v", format, err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			rows := 0
			for row, err := range Read(bytes.NewReader(b.Bytes()), format) {
				if err != nil {
					t.Fatalf("%s: %v in\n%s", format, err, b.String())
				}
				rows++
				same(t, format, row, text, item, values)
			}
			if rows != 2 {
				t.Fatalf("%s: read %d rows from\n%s", format, rows, b.String())
			}
		}
	})
}

// same compares a row with what was written: texts, a list, a number and an object.
func same(t *testing.T, format Format, row Row, text, item string, values []json.RawMessage) {
	t.Helper()
	if len(row.Cells) != 4 {
		t.Fatalf("%s: %d cells", format, len(row.Cells))
	}
	for i, cell := range row.Cells {
		got := cell.Value
		if got == nil {
			switch i {
			case 0:
				got = secret.Encode(cell.Text)
			case 1:
				list, _ := SplitList(cell.Text)
				got = secret.Encode(list)
			default:
				got = json.RawMessage(cell.Text)
			}
		}
		want := values[i]
		if format == CSV && i == 0 {
			want = secret.Encode(strings.ReplaceAll(text, "\r\n", "\n")) // encoding/csv
		}
		if !equal(got, want) {
			t.Errorf("%s: %s is %s, want %s", format, cell.Column, got, want)
		}
	}
}

func equal(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

// twiceIn reports whether an object has a member twice, at any depth.
func twiceIn(value json.RawMessage) bool {
	seen := map[string]bool{}
	for name, member := range secret.Members(value) {
		if seen[string(name)] || twiceIn(member) {
			return true
		}
		seen[string(name)] = true
	}
	for item := range secret.Elements(value) {
		if twiceIn(item) {
			return true
		}
	}
	return false
}

// FuzzRead reads anything: it must end, and not panic.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"a;b\n1;\"2\n", "sep=,\n", "[{\"a\":1},", "- &a {<<: [*a], b: !!int 1}\n", "? [x]\n: y\n", "{\"a\":{\"b\":[1]}}\n\n", "a: !!float x\n", "a: !!bool x", "a: !!binary x", "- a: !!int ''"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []Format{CSV, YAML, JSONL} {
			for row, err := range Read(strings.NewReader(text), format) {
				for _, c := range row.Cells {
					if c.Value != nil && !json.Valid(c.Value) {
						t.Errorf("%s: %s is not JSON: %q", format, c.Column, c.Value)
					}
				}
				_ = err
			}
		}
	})
}
