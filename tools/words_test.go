package tools

import (
	"regexp"
	"testing"
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
