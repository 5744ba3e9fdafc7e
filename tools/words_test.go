package tools

import (
	"go/ast"
	"go/token"
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
