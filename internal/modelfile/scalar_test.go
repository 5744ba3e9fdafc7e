package modelfile

import (
	_ "embed"
	"strings"
	"testing"
)

// scalars are unquoted scalars as PyYAML 6.0.4, the gateway's reader, takes them: the
// scalar, its kind and its value in JSON. ERR is a file that it refuses, or a number that
// JSON does not have.
//
//go:embed testdata/scalars.tsv
var scalars string

var kinds = map[string]Kind{"null": Null, "bool": Bool, "int": Int, "float": Float, "date": Date, "text": Text}

func TestScalarsAsPyYAML(t *testing.T) {
	rows := 0
	for row := range strings.SplitSeq(strings.TrimSpace(scalars), "\n") {
		cells := strings.Split(row, "\t")
		source := strings.ReplaceAll(cells[0], `\t`, "\t")
		var findings Findings
		v, ok := parse("f.yaml", []byte("a: "+source+"\n"), &findings)
		rows++
		if cells[1] == "ERR" {
			if ok && findings.Errors() == 0 {
				t.Errorf("%q: read as %s, but the gateway refuses it", source, v.JSON())
			}
			continue
		}
		a := v.Get("a")
		if !ok || a == nil || findings.Errors() > 0 {
			t.Errorf("%q: %v; the gateway reads %s %s", source, findings, cells[1], cells[2])
			continue
		}
		if a.Kind != kinds[cells[1]] || string(a.JSON()) != cells[2] {
			t.Errorf("%q: read as %s %s; the gateway reads %s %s", source, a.Kind, a.JSON(), cells[1], cells[2])
		}
	}
	if rows < 200 {
		t.Errorf("only %d rows", rows)
	}
}
