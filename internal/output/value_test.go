package output

import (
	"encoding/json"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/tools"
)

func TestCell(t *testing.T) {
	tests := []struct {
		format operation.Format
		value  string
		want   string
	}{
		{operation.Plain, ``, ""},
		{operation.Plain, `null`, ""},
		{operation.Plain, `"a\u0041"`, "aA"},
		{operation.Plain, `"\ud800"`, "\uFFFD"},
		{operation.Plain, `1e-7`, "1e-7"},
		{operation.Plain, `123456789012345678901234567890.10`, "123456789012345678901234567890.10"},
		{operation.Plain, `true`, "true"},
		{operation.Plain, ` [ "a", 1.0, false, null ] `, "a,1.0,false,null"},
		{operation.Plain, `["a", {"b": 1}]`, `["a",{"b":1}]`},
		{operation.Plain, `{"b": "<", "a": 1.0}`, `{"b":"<","a":1.0}`},

		{operation.Dollars, `3.6e-6`, "0.0000036"},
		{operation.Dollars, `100.0`, "100"},
		{operation.Dollars, `100`, "100"},
		{operation.Dollars, `0`, "0"},
		{operation.Dollars, `-0.0`, "0"},
		{operation.Dollars, `-12.50`, "-12.5"},
		{operation.Dollars, `1.5E+3`, "1500"},
		{operation.Dollars, `0.30000000000000004`, "0.3"},
		{operation.Dollars, `0.00030000000000000003`, "0.0003"},
		{operation.Dollars, `99.99999999999999999`, "100"},
		{operation.Dollars, `1.9999999999999996`, "2"},
		{operation.Dollars, `12345678901234567890`, "12345678901234567890"},
		{operation.Dollars, `1e999999999`, "1e999999999"},
		{operation.Dollars, `1e99999999999999999999`, "1e99999999999999999999"},
		{operation.Dollars, `"0.50"`, "0.5"},
		{operation.Dollars, `"unlimited"`, "unlimited"},
		{operation.Dollars, `true`, "true"},
		{operation.DollarsPerMillion, `1.5e-7`, "0.15"},
		{operation.DollarsPerMillion, `6e-07`, "0.6"},
		{operation.DollarsPerMillion, `2.4999999999999998e-06`, "2.5"},
		{operation.DollarsPerMillion, `0.00003`, "30"},
		{operation.DollarsPerMillion, `0`, "0"},

		{operation.Time, `"2026-11-22T16:15:09Z"`, "2026-11-22T16:15:09Z"},
		{operation.Time, `"2026-11-22T16:15:09.123456Z"`, "2026-11-22T16:15:09Z"},
		{operation.Time, `"2026-11-22T16:15:09.999999+00:00"`, "2026-11-22T16:15:09Z"},
		{operation.Time, `"2026-11-22T18:15:09+02:00"`, "2026-11-22T16:15:09Z"},
		{operation.Time, `"2026-11-22T16:15:09.123"`, "2026-11-22T16:15:09Z"},
		{operation.Time, `"2026-11-22 16:15:09"`, "2026-11-22T16:15:09Z"},
		{operation.Time, `"2026-11-22 16:15:09.5+00"`, "2026-11-22T16:15:09Z"},
		{operation.Time, `"2026-11-22 16:15:09+0100"`, "2026-11-22T15:15:09Z"},
		{operation.Time, `1763820909`, "2025-11-22T14:15:09Z"},
		{operation.Time, `1763820909.9`, "2025-11-22T14:15:09Z"},
		{operation.Time, `1.763820909e9`, "2025-11-22T14:15:09Z"},
		{operation.Time, `0`, "1970-01-01T00:00:00Z"},
		{operation.Time, `1763820909000000`, "1763820909000000"},
		{operation.Time, `1e400`, "1e400"},
		{operation.Time, `"2026-11-22"`, "2026-11-22"},
		{operation.Time, `"2026-13-45 99:99:99"`, "2026-13-45 99:99:99"},
		{operation.Time, `"never"`, "never"},
		{operation.Time, `null`, ""},
	}
	for _, tt := range tests {
		if got := cell(json.RawMessage(tt.value), tt.format); got != tt.want {
			t.Errorf("format %d of %s: %q, want %q", tt.format, tt.value, got, tt.want)
		}
	}
}

// FuzzDecimal compares with exact arithmetic, to fifteen digits.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-1.50e-3", "100", "0.30000000000000004", "999999999999999.9", "1e20", "00.1", "1e-400"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !json.Valid([]byte(s)) || strings.Trim(s, "+-.0123456789eE") != "" {
			_ = decimal(s, 6) // must not panic
			return
		}
		got := decimal(s, 6)
		if got == s && strings.ContainsAny(s, "eE") {
			return
		}
		if strings.ContainsAny(got, "eE") {
			t.Fatalf("decimal(%q) = %q has an exponent", s, got)
		}
		a, ok := new(big.Rat).SetString(s)
		b, ok2 := new(big.Rat).SetString(got)
		if !ok || !ok2 {
			t.Fatalf("decimal(%q) = %q is no number", s, got)
		}
		a.Mul(a, big.NewRat(1_000_000, 1))
		if diff := new(big.Rat).Sub(a, b); a.Sign() != 0 && diff.Abs(diff).Cmp(new(big.Rat).Mul(new(big.Rat).Abs(a), big.NewRat(1, 100_000_000_000_000))) > 0 {
			t.Errorf("decimal(%q) = %q", s, got)
		}
	})
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain | text, [x] \\n": "plain | text, [x] \\n",
		"\x00\a\b\x7f":          `\x00\a\b\x7f`,
		"\u0085\u2028\u2029":    `\u0085\u2028\u2029`,
		"\u200b\u2066x\ufeff":   `\u200b\u2066x\ufeff`,
		"\U000e0041":            `\U000e0041`,
		"می\u200cخواهم":         "می\u200cخواهم",
		"\u200cx":               `\u200cx`,
		"é\xff日本":               "é\uFFFD日本",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzColumns compares the picker with secret.Lookup, which is slower.
func FuzzColumns(f *testing.F) {
	for _, s := range []string{
		first, second, `{}`, `[]`, `null`, `""`, ` { "a" : { "b" : [ "}" , 1 ] } , "c" : "\"" } `,
		`{"a.b":1,"a":{"b":2}}`, `{"a":{"b":2},"a.b":null}`, `{"a":{"b":{"c":1}}}`, `{"a":{"b.c":1}}`, `{"a":1,"a":2}`, `{"\u0061":{"b":1}}`,
		`{"a":`, `{"a"`, `{"a\`, `{"a":"\`, `{,}`, `{:}`, `{"a":}`, `[1,`, `}`, `{"a":1}}`,
	} {
		f.Add([]byte(s), "a.b")
		f.Add([]byte(s), "c")
		f.Add([]byte(s), "a.b.c")
	}
	f.Fuzz(func(t *testing.T, item []byte, path string) {
		if path == "" || strings.HasSuffix(path, ".") {
			return
		}
		got := operation.NewPicker([]operation.Column{{Name: "x", Field: path}, {Name: path}}).Pick(item)
		for range secret.Elements(item) {
		}
		_ = cell(item, operation.Plain)
		if !json.Valid(item) {
			return // it is enough that nothing panics
		}
		want := secret.Lookup(item, path)
		if strings.HasPrefix(string(want), "null") {
			want = nil
		}
		for _, g := range got {
			if strings.TrimSpace(string(g)) != strings.TrimSpace(string(want)) {
				t.Errorf("%q in %s: %s, want %s", path, item, g, want)
			}
		}
	})
}

// manyKeys are keys as the gateway sends them: ninety fields, most of them null.
func manyKeys(n int) []json.RawMessage {
	items := make([]json.RawMessage, n)
	for i := range items {
		var b strings.Builder
		b.WriteString(`{"token":"` + strings.Repeat("88dc28d0", 8) + `","key_name":"sk-...abcd","key_alias":"key-` + strconv.Itoa(i) + `","spend":1.25e-5,"expires":"2026-11-22T16:15:09.123456+00:00","models":["gpt-4o","gpt-4o-mini"],"max_budget":100.0,"user_id":"u","team_id":null`)
		for f := range 80 {
			b.WriteString(`,"field_` + strconv.Itoa(f) + `":null`)
		}
		items[i] = json.RawMessage(b.String() + "}")
	}
	return items
}

func TestManyKeysAreWhole(t *testing.T) {
	res := operation.Result{Body: json.RawMessage(`{}`), Page: &operation.Page{Items: manyKeys(1000)}}
	got := strings.Split(written(t, tools.All().Find("keys list"), res, Options{NoHeader: true}), "\n")
	if len(got) != 1001 || !strings.HasPrefix(got[999], "key-999") || len(got[0]) == 0 {
		t.Errorf("%d lines, want 1000; the last one is %q", len(got)-1, got[len(got)-2])
	}
}

// The benchmarks write 10,000 keys of 1.8 kB. A table, CSV and JSON lines take about
// the time of json.Compact; YAML takes three times as long.
func BenchmarkTable(b *testing.B) { benchmark(b, Table) }
func BenchmarkCSV(b *testing.B)   { benchmark(b, CSV) }
func BenchmarkJSONL(b *testing.B) { benchmark(b, JSONL) }
func BenchmarkYAML(b *testing.B)  { benchmark(b, YAML) }

func benchmark(b *testing.B, format Format) {
	op, items := tools.All().Find("keys list"), manyKeys(10_000)
	b.ReportAllocs()
	for b.Loop() {
		s := NewStream(b.Context(), io.Discard, op, Options{Format: format})
		for page := range slices.Chunk(items, 100) {
			if err := s.Add(page); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
