package cli

import (
	"os"
	"testing"
)

// TestFolded: notes break between words at a terminal; a long word stays whole.
func TestFolded(t *testing.T) {
	columns := "40"
	a := &app{System: System{Stderr: &screen{w: os.Stderr}, Getenv: func(name string) string {
		if name == "COLUMNS" {
			return columns
		}
		return ""
	}}}
	for text, want := range map[string]string{
		"Hidden columns: token, user. Use -o wide.": "Hidden columns: token,\n  user. Use -o wide.",
		"short":    "short",
		"one\ntwo": "one\ntwo",
		"a 0123456789012345678901234567890123456789 b": "a\n  0123456789012345678901234567890123456789\n  b",
	} {
		if got := a.folded(text, "  ", 15); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	columns = "20"
	if text := "a narrow terminal keeps its lines whole"; a.folded(text, "  ", 0) != text {
		t.Error("folded a narrow terminal")
	}
	a.Stderr = os.Stderr
	if text := "what is no terminal gets one line, however long it may be"; a.folded(text, "  ", 0) != text {
		t.Error("folded what is no terminal")
	}
}
