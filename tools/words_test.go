package tools

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

// weakWords make a clause of what is a noun in a good summary.
var weakWords = regexp.MustCompile(`(?i)\b(that|what|whom)\b`)

// TestSummaries keeps clauses out of summaries.
func TestSummaries(t *testing.T) {
	for _, op := range All() {
		if word := weakWords.FindString(op.Summary); word != "" {
			t.Errorf("%s: the summary %q says %q; name the thing instead", op.Path, op.Summary, word)
		}
	}
}

// TestMentions: a text mentions another operation as {op:keys list}, which each surface
// words in its own way; never in plain words, and never one that does not exist.
func TestMentions(t *testing.T) {
	var paths []string
	for _, op := range All() {
		if strings.Contains(op.Path, " ") {
			paths = append(paths, regexp.QuoteMeta(op.Path))
		}
	}
	slices.SortFunc(paths, func(a, b string) int { return len(b) - len(a) })
	plain := regexp.MustCompile(`(^|[^:\w])\b(` + strings.Join(paths, "|") + `)\b`)
	// These read like a command and are none.
	other := []string{"A health check calls a model", "chat completions embeddings"}
	mentions := 0
	for _, f := range sources(t, "*.go", "../internal/operation/*.go", "../internal/ledger/*.go", "../proxyclient/*.go") {
		ast.Inspect(f.File, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				if key, ok := kv.Key.(*ast.Ident); ok && slices.Contains([]string{"Path", "Examples", "Sends", "Summary", "Done"}, key.Name) {
					return false
				}
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range operation.Mentioned(text) {
				mentions++
				if All().Find(path) == nil {
					t.Errorf("%s: %q mentions %s, which does not exist", f.name, text, path)
				}
			}
			if found := plain.FindStringSubmatch(text); found != nil && found[2] != text && !slices.ContainsFunc(other, func(o string) bool { return strings.Contains(text, o) }) {
				t.Errorf("%s: %q mentions %s in plain words; write {op:%[3]s}", f.name, text, found[2])
			}
			return true
		})
	}
	if mentions < 100 {
		t.Errorf("only %d mentions were found", mentions)
	}
}

// forbidden are words of a translation, and second words for one thing. A word is looked for in
// every text of ours that a person or a model reads.
var forbidden = regexp.MustCompile(`(?i)\bso many (percent|dollars|requests|tokens)\b|\bset back\b|take the mark|\bsay what is\b|\bthe same by\b|taken as it is|\bwhom\b|what is not named|\bgo ahead\b|argument too many|\bno real gateway\b|\be-mail|\blicence\b|\bcancelled\b|do not tell apart|is no member|\bnot given:|away and say where|starts again from 0|as they come`)

// TestForbiddenWords keeps them out of string literals, prompts and pages.
func TestForbiddenWords(t *testing.T) {
	// The gateway speaks in its own words.
	theirs := []string{"../internal/sandbox/", "../internal/openapi/", "../internal/cli/taskwords.go"} // the last: words that a search ignores
	seen := 0
	for _, f := range sources(t, "*.go", "../internal/*/*.go", "../proxyclient/*.go", "../prompts/*.go") {
		if slices.ContainsFunc(theirs, func(room string) bool { return strings.HasPrefix(f.name, room) }) {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			// "e-mail" alone is a word that people may type: the heading of a column.
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && lit.Value != `"e-mail"` {
				seen++
				if found := forbidden.FindString(lit.Value); found != "" {
					t.Errorf("%s: %q in %s", f.name, found, lit.Value)
				}
			}
			return true
		})
	}
	for _, pattern := range []string{"../README.md", "../CONTRIBUTING.md", "../docs/*.md", "../prompts/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil || len(pages) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, page := range pages {
			b, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			if found := forbidden.Find(b); found != nil {
				t.Errorf("%s: %q", page, found)
			}
		}
	}
	if seen < 5000 {
		t.Errorf("only %d texts were read", seen)
	}
}

// TestFlagHelp: the help of a flag makes sense alone.
func TestFlagHelp(t *testing.T) {
	pointing := regexp.MustCompile(`(?i)\bthe same\b|^(that|which|such as|also)\b[^a-z]|^that\b|^such as\b`)
	for _, op := range All() {
		for _, f := range op.Fields() {
			if found := pointing.FindString(f.Help); found != "" {
				t.Errorf("%s: the help of %s points at another: %q", op.Path, f.Name, f.Help)
			}
		}
	}
}
