package modelfile

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a finding keeps the file from being imported.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	// NotImported is an error of an import only: the gateway accepts it in its configuration.
	NotImported Severity = "not importable"
)

// Finding is something about a file that is wrong or easily misread. Its message never
// contains a value that may be secret.
type Finding struct {
	Place
	Severity Severity `json:"severity"`
	Model    string   `json:"model,omitempty"` // the model's name, or its credential's
	Message  string   `json:"message"`
}

// String returns the finding on one line.
func (f Finding) String() string {
	model := ""
	if f.Model != "" {
		model = fmt.Sprintf("%q: ", f.Model)
	}
	return fmt.Sprintf("%s: %s: %s%s", f.Place, f.Severity, model, f.Message)
}

// Findings collects findings.
type Findings []Finding

func (f *Findings) add(severity Severity, at Place, model, format string, args ...any) {
	*f = append(*f, Finding{Place: at, Severity: severity, Model: model, Message: fmt.Sprintf(format, args...)})
}

// Errors returns how many of the findings are errors.
func (f Findings) Errors() int { return f.count(Error) }

func (f Findings) count(severities ...Severity) (n int) {
	for _, one := range f {
		if slices.Contains(severities, one.Severity) {
			n++
		}
	}
	return n
}

// sorted returns the findings in the order of the files' lines, each once: what stands
// behind an anchor is read wherever it is used.
func (f Findings) sorted(files []string) Findings {
	out := slices.Clone(f)
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	seen := map[Finding]bool{}
	return slices.DeleteFunc(out, func(one Finding) bool {
		again := seen[one]
		seen[one] = true
		return again
	})
}
