package tools

import (
	"strings"
	"testing"
)

// TestResources: every resource says once what it is, in the form of the help.
func TestResources(t *testing.T) {
	used, words := map[string]bool{}, map[string]string{}
	for _, op := range All() {
		used[op.Resource()] = true
		switch r := op.Of; {
		case r == nil:
			t.Errorf("%s: resources.go does not describe %s", op.Path, op.Resource())
		case r.Section == 0:
			t.Errorf("%s has no section", r.Name)
		case strings.Contains(op.Path, " ") && r.Summary == "":
			t.Errorf("%s has no summary", r.Name)
		}
	}
	for _, r := range resources {
		if !used[r.Name] {
			t.Errorf("no operation belongs to %s", r.Name)
		}
		if len(r.Summary) > 65 || strings.HasSuffix(r.Summary, ".") {
			t.Errorf("%s: the summary %q must be one short line without a final stop", r.Name, r.Summary)
		}
		if r.Help != "" && !strings.HasSuffix(r.Help, ".") {
			t.Errorf("%s: the help %q must be sentences", r.Name, r.Help)
		}
		for _, word := range append([]string{r.Name}, r.Also...) {
			if other := words[word]; other != "" {
				t.Errorf("%q stands for both %s and %s", word, other, r.Name)
			}
			words[word] = r.Name
		}
	}
}
