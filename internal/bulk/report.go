package bulk

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// OpenReport creates a report, or empties an old one: CSV or JSON lines, by its ending. A file
// of another kind is left alone: it may hold the only copies of new keys.
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
		if a.Mode().IsRegular() && a.Size() > 0 && !isReport(path) {
			return nil, fmt.Errorf("%s exists and is not a report; name another file", path)
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
		r.err = r.csv.Write(reportHeader)
		return r, nil
	}
	r.lines = json.NewEncoder(f)
	r.lines.SetEscapeHTML(false)
	return r, nil
}

var reportHeader = []string{"name", "outcome", "id", "reason"}

// isReport reports whether a file begins as a report does.
func isReport(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return true // opening it for the report tells why
	}
	defer f.Close()
	header := strings.Join(reportHeader, ",")
	start := make([]byte, len(header))
	n, _ := io.ReadFull(f, start)
	return string(start[:n]) == header || strings.HasPrefix(string(start[:n]), `{"name":`)
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
	if r.csv != nil && r.err == nil {
		r.csv.Flush()
		r.err = r.csv.Error()
	}
	return errors.Join(r.err, r.file.Close())
}
