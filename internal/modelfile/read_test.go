package modelfile

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
)

// documents are YAML documents with what PyYAML 6.0.4, the gateway's reader, makes of
// them: a value in JSON, with dates as they are written, or a refusal. Half of them are
// configurations of LiteLLM with random damage.
//
//go:embed testdata/documents.jsonl
var documents string

func TestDocumentsAsPyYAML(t *testing.T) {
	for row := range strings.SplitSeq(strings.TrimSpace(documents), "\n") {
		var doc struct{ YAML, JSON, Refused string }
		if err := json.Unmarshal([]byte(row), &doc); err != nil {
			t.Fatal(err)
		}
		var findings Findings
		v, ok := parse("f.yaml", []byte(doc.YAML), &findings)
		ok = ok && findings.Errors() == 0
		switch {
		case doc.Refused != "" && ok:
			t.Errorf("%q: read as %s, but the gateway refuses it: %s", doc.YAML, v.JSON(), doc.Refused)
		case doc.Refused == "" && !ok && !stricter(findings):
			t.Errorf("%q: refused with %v, but the gateway reads %s", doc.YAML, findings, doc.JSON)
		case doc.Refused == "" && ok && normal(t, v.JSON()) != normal(t, []byte(doc.JSON)):
			t.Errorf("%q: read as %s, but the gateway reads %s", doc.YAML, v.JSON(), doc.JSON)
		}
	}
}

// stricter reports whether a refusal is ours on purpose. The gateway takes the last of two
// equal names, and reads some rarities that have no place in a configuration.
func stricter(findings Findings) bool {
	for _, f := range findings {
		known := func(part string) bool { return strings.Contains(f.Message, part) }
		if f.Severity == Error && !known("is already given on line") && !known("YAML readers disagree") && !known("does not know this tag") &&
			!known("does not fit its tag") && !known("unknown escape character") {
			return false
		}
	}
	return len(findings) > 0
}

// normal is JSON with one spelling of each value and the order of names kept.
func normal(t *testing.T, raw []byte) string {
	v, err := valueOf(raw)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return string(v.JSON())
}

func TestReaderIsBounded(t *testing.T) {
	bomb := "a0: &a0 [x]\n"
	for i := range 30 {
		n := string(rune('a' + i%26))
		bomb += n + "x" + strings.Repeat("y", i) + ": &b" + strings.Repeat("y", i) + " [" + strings.Repeat("*"+name(i)+", ", 10) + "]\n"
	}
	merges := "m0: &m0 {k: v}\n"
	for i := range 200 {
		merges += strings.ReplaceAll("mN: &mN {<<: [*mP, *mP, *mP], kN: v}\n", "N", digits(i+1))
		merges = strings.ReplaceAll(merges, "P", digits(i))
	}
	for what, doc := range map[string]string{
		"aliases": bomb, "merge keys": merges, "depth": strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"block depth": deep(300), "size": "a: " + strings.Repeat("x", MaxSize),
	} {
		var findings Findings
		if _, ok := parse("f.yaml", []byte(doc), &findings); ok || findings.Errors() == 0 {
			t.Errorf("%s: read, want an error", what)
		}
	}
}

func digits(i int) string {
	return string([]byte{'0' + byte(i/100), '0' + byte(i/10%10), '0' + byte(i%10)})
}

func name(i int) string {
	if i == 0 {
		return "a0"
	}
	return "b" + strings.Repeat("y", i-1)
}

func deep(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for row := range strings.SplitSeq(strings.TrimSpace(documents), "\n") {
		var doc struct{ YAML string }
		_ = json.Unmarshal([]byte(row), &doc)
		f.Add([]byte(doc.YAML))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Load("f.yaml", func(string) ([]byte, error) { return data, nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range file.Models {
			for name, value := range m.Args() {
				if !json.Valid(value) {
					t.Errorf("%s is not JSON: %s", name, value)
				}
			}
		}
		var findings Findings
		if v, ok := parse("f.yaml", data, &findings); ok && findings.Errors() == 0 {
			if again, err := valueOf(v.JSON()); err != nil || string(again.JSON()) != string(v.JSON()) {
				t.Errorf("%s does not survive JSON: %v", v.JSON(), err)
			}
		}
	})
}
