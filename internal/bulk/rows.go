package bulk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Format is how rows are written in a file.
type Format string

// The formats. JSONL reads a JSON array too.
const (
	CSV   Format = "csv"
	YAML  Format = "yaml"
	JSONL Format = "jsonl"
)

// Formats are the names of the formats, for help.
var Formats = []string{string(CSV), string(YAML), string(JSONL)}

// FormatOf returns the format of a file by its ending; given is a format that was asked for
// instead, or "".
func FormatOf(name, given string) (Format, error) {
	ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	if given != "" {
		ending = given
	}
	switch ending {
	case "csv", "tsv":
		return CSV, nil
	case "yaml", "yml":
		return YAML, nil
	case "jsonl", "ndjson", "json":
		return JSONL, nil
	}
	if given != "" {
		return "", fmt.Errorf("%q is not one of %s", given, strings.Join(Formats, ", "))
	}
	return "", fmt.Errorf("the name %s does not end in .csv, .yaml or .jsonl", name)
}

// Row is one row of a file.
type Row struct {
	// Line is where it begins, from 1.
	Line  int
	Cells []Cell
	// Header is the columns of the file, with or without a value in this row. Only CSV has
	// it.
	Header []string
}

// Cell is one value of a row. A column without a value has no cell.
type Cell struct {
	Column string
	// Value is a value with a type: JSON, or a quoted YAML text. nil: see Text.
	Value json.RawMessage
	// Text is a value without a type, as CSV and unquoted YAML have it.
	Text string
}

// maxFile bounds a file of rows.
const maxFile = 256 << 20

// Read yields the rows of a file, one at a time. An error with a row is about that row, and
// names no line; more rows may follow. An error with the zero Row ends the file. A byte order
// mark and Windows line ends are ignored. CSV may be separated by commas, semicolons or tabs:
// the header decides.
func Read(r io.Reader, format Format) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		b := bufio.NewReaderSize(&limited{r: r, left: maxFile}, 64<<10)
		if err := skipMark(b); err != nil {
			yield(Row{}, err)
			return
		}
		switch format {
		case CSV:
			readCSV(b, yield)
		case YAML:
			readYAML(b, yield)
		default:
			readJSON(b, yield)
		}
	}
}

// limited is a reader that fails at its limit instead of ending.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("the file is larger than %d MiB", maxFile>>20)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// skipMark passes over a byte order mark. UTF-16 has another one, and is refused.
func skipMark(b *bufio.Reader) error {
	head, _ := b.Peek(3)
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = b.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return errors.New("the file is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8)")
	}
	return nil
}

var errNotUTF8 = errors.New("is not UTF-8; save the file as UTF-8 (in Excel: CSV UTF-8)")

// readJSON reads one object on each line, or the objects of an array.
func readJSON(b *bufio.Reader, yield func(Row, error) bool) {
	line := 1
	for {
		c, err := b.ReadByte()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(Row{}, err)
			return
		}
		if c == '\n' {
			line++
		}
		if c == '[' {
			_ = b.UnreadByte()
			readArray(b, line, yield)
			return
		}
		if c > ' ' {
			_ = b.UnreadByte()
			readLines(b, line, yield)
			return
		}
	}
}

func readLines(b *bufio.Reader, line int, yield func(Row, error) bool) {
	for ; ; line++ {
		text, err := b.ReadBytes('\n')
		if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 {
			cells, fault := objectCells(trimmed)
			if !yield(Row{Line: line, Cells: cells}, fault) {
				return
			}
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(Row{}, err)
			return
		}
	}
}

func readArray(b *bufio.Reader, line int, yield func(Row, error) bool) {
	lines := &lineReader{r: b}
	d := json.NewDecoder(lines)
	_, err := d.Token()
	for err == nil && d.More() {
		var object json.RawMessage
		if err = d.Decode(&object); err == nil {
			at := line + lines.before(d.InputOffset()-int64(len(object)))
			cells, fault := objectCells(object)
			if !yield(Row{Line: at, Cells: cells}, fault) {
				return
			}
		}
	}
	if err == nil {
		_, err = d.Token() // ]
	}
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the list")
		}
	}
	if err != nil {
		yield(Row{}, fmt.Errorf("line %d: not a JSON list of objects: %s", line+lines.before(d.InputOffset()), jsonFault(err)))
	}
}

// jsonFault words an error of encoding/json without the text, which may hold a secret.
func jsonFault(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends early"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// lineReader counts the lines of what is read through it, a little ahead of its reader.
type lineReader struct {
	r      io.Reader
	offset int64
	ends   []int64 // offsets of line ends that were not asked for
	passed int
}

func (l *lineReader) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.ends = append(l.ends, l.offset+int64(i))
		}
	}
	l.offset += int64(n)
	return n, err
}

// before returns the number of lines that end before an offset. Offsets must not go back.
func (l *lineReader) before(offset int64) int {
	n := 0
	for n < len(l.ends) && l.ends[n] < offset {
		n++
	}
	l.ends = l.ends[n:]
	l.passed += n
	return l.passed
}

// objectCells returns the members of a JSON object.
func objectCells(text []byte) ([]Cell, error) {
	if !utf8.Valid(text) {
		return nil, errNotUTF8
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	open, err := d.Token()
	if err != nil {
		return nil, fmt.Errorf("is not a JSON object: %s", jsonFault(err))
	}
	if open != json.Delim('{') {
		return nil, errors.New("is not a JSON object")
	}
	var cells []Cell
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return cells, fmt.Errorf("is not a JSON object: %s", jsonFault(err))
		}
		column, _ := name.(string)
		cells = append(cells, Cell{Column: column, Value: value})
	}
	if _, err := d.Token(); err != nil {
		return cells, fmt.Errorf("is not a JSON object: %s", jsonFault(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return cells, errors.New("has something after the JSON object; write one object a line")
	}
	return cells, twice(cells)
}

// twice refuses a row with two values for one column.
func twice(cells []Cell) error {
	seen := map[string]bool{}
	for _, c := range cells {
		if seen[c.Column] {
			return fmt.Errorf("has the column %s twice", c.Column)
		}
		seen[c.Column] = true
	}
	return nil
}
