package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// laidOut is a document through the layout, in pieces of a size.
func laidOut(t *testing.T, doc []byte, size int, indent, terminal bool) string {
	t.Helper()
	var b bytes.Buffer
	o := newOut(t.Context(), &b, plain, Options{Terminal: terminal})
	lex := o.layout(indent)
	for piece := range slices.Chunk(doc, size) {
		if _, err := lex.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(lex.finish(), o.w.Flush()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// FuzzLayout compares with encoding/json.
func FuzzLayout(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `""`, `0`, ` -1.5e+7 `, `[1,2]`, `{"a":[{},[],[[]],{"b":"\"\\"}],"c":null}`, "[\"\\ud83d\\ude00\u202e\",\n\"\\u00e9é\", true ]",
	} {
		f.Add([]byte(s), 1)
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, doc []byte, size int) {
		if !json.Valid(doc) || bytes.Count(doc, []byte("["))+bytes.Count(doc, []byte("{")) > maxIndent {
			t.Skip()
		}
		size = max(1, size%100)
		var indented, compact bytes.Buffer
		if json.Indent(&indented, bytes.TrimSpace(doc), "", "  ") != nil || json.Compact(&compact, doc) != nil {
			t.Fatal("encoding/json refuses what it calls valid")
		}
		if got := laidOut(t, doc, size, true, false); got != indented.String() {
			t.Errorf("pieces of %d:\n%s\nwant\n%s", size, got, &indented)
		}
		if got := laidOut(t, doc, size, false, false); got != compact.String() {
			t.Errorf("pieces of %d: %s, want %s", size, got, &compact)
		}
		// At a terminal the value is the same.
		var want, got any
		if json.Unmarshal(doc, &want) == nil {
			if err := json.Unmarshal([]byte(laidOut(t, doc, size, true, true)), &got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("at a terminal %s becomes %v, %v", doc, got, err)
			}
		}
	})
}

// longText is longer than what a codec holds of a token, and has in it everything
// that must not be cut.
var longText = strings.Repeat("é\"\\\n\u202e😀\u0085日本", 10_000)

// TestLongText writes a text that no codec holds in one piece.
func TestLongText(t *testing.T) {
	quoted, err := json.Marshal(longText)
	if err != nil {
		t.Fatal(err)
	}
	escaped := []byte(`"` + strings.Repeat(`\ud83d\ude00\u00e9`, 20_000) + `"`)
	for _, text := range [][]byte{quoted, escaped} {
		doc := `{"long":` + string(text) + `,` + string(text) + `:[` + string(text) + `]}`
		for _, terminal := range []bool{false, true} {
			var want, got any
			if err := json.Unmarshal([]byte(doc), &want); err != nil {
				t.Fatal(err)
			}
			for _, size := range []int{1000, 1 << 20} {
				if err := json.Unmarshal([]byte(laidOut(t, []byte(doc), size, true, terminal)), &got); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("JSON in pieces of %d: %v", size, err)
				}
			}
		}
		checkYAML(t, []byte(doc))
		var one string
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatal(err)
		}
		answer := `{"choices":[{"message":{"content":` + string(text) + `}}]}`
		if got := written(t, chat, body(answer), Options{Format: Text}); got != one+"\n" {
			t.Error("a long text is not the same as text")
		}
	}
}

// TestLongTextAtATerminal: nothing slips through where a text is cut.
func TestLongTextAtATerminal(t *testing.T) {
	text := strings.Repeat("a\x1b]0;\x07é\u009b日", 30_000) + "\xff"
	got := written(t, plain, operation.Result{Text: []byte(text)}, Options{Terminal: true})
	want := (Options{Terminal: true}).safeText(text) + "\n"
	if got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

// TestLargeItems: an item that is too large to be copied shows its columns all the
// same, and no secrets.
func TestLargeItems(t *testing.T) {
	const key = "sk-abcdefghijklmnop1234567890"
	filler := strings.Repeat(`{"note":"`+key+`"},`, large/20) + "1"
	item := `{"filler":[` + filler + `],"name":"one","params":{"filler":[` + filler + `],"model":"` + key + `"},"spend":1}`
	o := Options{Columns: []string{"name", "upstream", "spend"}, NoHeader: true, Redactor: &secret.Redactor{}}
	for format, want := range map[Format]string{Table: "one  sk-...7890  1\n", CSV: "one,sk-...7890,1\n"} {
		o.Format = format
		if got := written(t, list, page(false, item), o); got != want {
			t.Errorf("%s: %.200q, want %q", format, got, want)
		}
	}
	for _, format := range []Format{JSON, JSONL, YAML} {
		got := written(t, list, page(true, item), Options{Format: format, Redactor: &secret.Redactor{}})
		if strings.Contains(got, key) || strings.Count(got, "sk-...7890") != strings.Count(item, key) {
			t.Errorf("%s shows a secret, or not all of the rest", format)
		}
	}
}

func TestLargeCell(t *testing.T) {
	item := `{"name":"` + strings.Repeat("x", maxCell) + `"}`
	var b bytes.Buffer
	err := Write(t.Context(), &b, list, page(false, item), Options{Columns: []string{"name"}})
	if err == nil || !strings.Contains(err.Error(), "the value of name has 8 MiB") || !strings.Contains(err.Error(), "--format json") {
		t.Errorf("%.200v", err)
	}
}

// distinctOf is a document without the members that later ones replace.
func distinctOf(t *testing.T, doc []byte) string {
	t.Helper()
	doc = bytes.Clone(doc)
	if err := distinct(doc); err != nil {
		t.Fatal(err)
	}
	return string(secret.Compact(doc))
}

func TestDistinct(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"b":2}`:                  `{"a":1,"b":2}`,
		`{"a":1,"b":2,"a":3}`:            `{"b":2,"a":3}`,
		`{"a":1,"\u0061":2}`:             `{"\u0061":2}`,
		`{"a":{"a":1,"a":[2]},"b":"a"}`:  `{"a":{"a":[2]},"b":"a"}`,
		`{"a":{"a":1,"a":2},"a":"b,\""}`: `{"a":"b,\""}`,
		`[{"a":1},{"a":"a","a":"{"}]`:    `[{"a":1},{"a":"{"}]`,
		`"a"`:                            `"a"`,
		`{"` + strings.Repeat("é", namePiece) + `":1,"` + strings.Repeat(`\u00e9`, namePiece) + `":2}`: `{"` + strings.Repeat(`\u00e9`, namePiece) + `":2}`,
	} {
		if got := distinctOf(t, []byte(in)); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
	var many strings.Builder
	for i := range 3 * fewNames {
		many.WriteString(`,"n` + strings.Repeat("x", i) + `":1`)
	}
	doc := `{"a":0` + many.String() + `,"a":2}`
	if got, want := distinctOf(t, []byte(doc)), `{`+many.String()[1:]+`,"a":2}`; got != want {
		t.Errorf("of many names:\n%s\nwant\n%s", got, want)
	}
}

// TestDistinctIsBounded: the names of objects within one another count together; those
// of objects that are closed do not count.
func TestDistinctIsBounded(t *testing.T) {
	object := func(names int, last string) string {
		var b strings.Builder
		for i := range names {
			fmt.Fprintf(&b, `"%d":0,`, i)
		}
		return "{" + b.String() + `"last":` + last + "}"
	}
	half := object(maxNames/2-1, "0")
	for _, tt := range []struct {
		doc  string
		want error
	}{
		{"[" + half + "," + half + "," + half + "]", nil},
		{object(maxNames/2-1, half), nil},
		{object(maxNames/2, half), ErrYAMLFull},
		{"{" + strings.Repeat(`"a":1,`, 3*maxGone) + `"a":1}`, nil},
	} {
		if err := Write(t.Context(), io.Discard, plain, body(tt.doc), Options{Format: YAML}); !errors.Is(err, tt.want) {
			t.Errorf("%.20s…%s: %v, want %v", tt.doc, tt.doc[len(tt.doc)-20:], err, tt.want)
		}
	}
}

// FuzzDistinct: the value stays, and no name comes twice.
func FuzzDistinct(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,{"c":2,"c":3}]},"a":1}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var want, have any
		if json.Unmarshal(doc, &want) != nil { // 1e1000 is JSON that Go does not hold
			t.Skip()
		}
		got := []byte(distinctOf(t, doc))
		if err := json.Unmarshal(got, &have); err != nil || !reflect.DeepEqual(have, want) {
			t.Errorf("%s becomes %s: %v", doc, got, err)
		}
		if again := distinctOf(t, got); again != string(got) {
			t.Errorf("%s still has repeats: %s", doc, got)
		}
	})
}

// TestDeepDocuments: neither indentation nor time grows with the square of the depth.
func TestDeepDocuments(t *testing.T) {
	const depth = 9000
	doc := strings.Repeat(`[{"a":`, depth/2) + "1" + strings.Repeat("}]", depth/2)
	for _, format := range []Format{JSON, YAML} {
		if got := written(t, plain, body(doc), Options{Format: format}); len(got) > 1000*depth {
			t.Errorf("%s has %d bytes", format, len(got))
		}
	}
	checkYAML(t, []byte(strings.Repeat(`[{"a":`, 50)+`"😀",`[:0]+`{"b":"x: y","c":[],"d":{}}`+strings.Repeat("}]", 50)))
}
