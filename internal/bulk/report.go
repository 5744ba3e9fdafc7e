package bulk

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Report is a file with one row for each outcome: name, outcome, id, reason. It is for the
// owner only. It is written as the run goes on, so an interrupted run leaves what it did.
type Report struct {
	file  *os.File
	csv   *csv.Writer   // nil for JSON lines
	lines *json.Encoder // nil for CSV
	err   error
	clean func(string) string
}

// ErrEnding is the error for a report that is to be neither CSV nor JSON lines.
var ErrEnding = errors.New("the file must end in .csv or .jsonl")

// OpenReport creates a report, or empties an old one: CSV or JSON lines, by its ending.
// clean masks secrets in its texts. other is a file that the report must not be, such as
// the one that is imported; it may be empty.
func OpenReport(path, other string, clean func(string) string) (*Report, error) {
	ending := strings.ToLower(filepath.Ext(path))
	if ending != ".csv" && ending != ".jsonl" && ending != ".ndjson" {
		return nil, ErrEnding
	}
	if a, err := os.Stat(path); err == nil {
		if b, err := os.Stat(other); err == nil && os.SameFile(a, b) {
			return nil, fmt.Errorf("%s is the file that is read", path)
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		if err := f.Chmod(0o600); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	r := &Report{file: f, clean: clean}
	if ending == ".csv" {
		r.csv = csv.NewWriter(f)
		r.err = r.csv.Write([]string{"name", "outcome", "id", "reason"})
		return r, nil
	}
	r.lines = json.NewEncoder(f)
	r.lines.SetEscapeHTML(false)
	return r, nil
}

// Add writes one outcome. A nil report writes nothing.
func (r *Report) Add(o Outcome) {
	if r == nil || r.err != nil {
		return
	}
	o.Name, o.Reason = r.clean(o.Name), r.clean(o.Reason)
	if r.lines != nil {
		r.err = r.lines.Encode(o)
		return
	}
	if r.err = r.csv.Write([]string{o.Name, string(o.State), o.ID, o.Reason}); r.err == nil {
		r.csv.Flush()
		r.err = r.csv.Error()
	}
}

// Close ends the report and returns the first error of writing it.
func (r *Report) Close() error {
	if r == nil {
		return nil
	}
	if r.csv != nil {
		r.csv.Flush()
		r.err = errors.Join(r.err, r.csv.Error())
	}
	return errors.Join(r.err, r.file.Close())
}
