package bulk

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"litellm-proxy/internal/plural"
)

// readCSV reads a header and the rows below it. An empty cell is no value. A row without
// any value is passed over: spreadsheets leave such rows at the end.
func readCSV(b *bufio.Reader, yield func(Row, error) bool) {
	comma, first, err := separator(b)
	if err != nil {
		yield(Row{}, err)
		return
	}
	r := csv.NewReader(b)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
	record, err := r.Read()
	if errors.Is(err, io.EOF) {
		yield(Row{}, errors.New("the file is empty; its first line must name the columns"))
		return
	}
	var columns []string
	if err == nil {
		columns, err = header(record)
	}
	if err != nil {
		yield(Row{}, csvError(err, first))
		return
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(Row{}, csvError(err, first))
			return
		}
		line, _ := r.FieldPos(0)
		row := Row{Line: line + first, Header: columns}
		row.Cells, err = csvCells(columns, record)
		if (len(row.Cells) > 0 || err != nil) && !yield(row, err) {
			return
		}
	}
}

// separator returns what separates the columns, read from the header without consuming it.
// Excel writes a line "sep=;" above it; first is the number of such lines.
func separator(b *bufio.Reader) (comma rune, first int, err error) {
	head, err := b.Peek(b.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, err
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	text := strings.TrimRight(string(line), "\r")
	if sep, ok := strings.CutPrefix(strings.ToLower(text), "sep="); ok && len(sep) == 1 && strings.Contains(",;\t|", sep) {
		_, err := b.Discard(min(len(line)+1, len(head)))
		return rune(sep[0]), 1, err
	}
	comma = ','
	for _, other := range ";\t|" {
		if !strings.ContainsRune(text, ',') && strings.ContainsRune(text, other) {
			return other, 0, nil
		}
	}
	return comma, 0, nil
}

// header returns the names of the columns; an unnamed column is "".
func header(record []string) ([]string, error) {
	columns, seen := make([]string, len(record)), map[string]bool{}
	for i, name := range record {
		if !utf8.ValidString(name) {
			return nil, errors.New("line 1 " + errNotUTF8.Error())
		}
		name = strings.Clone(strings.TrimSpace(name))
		if strings.Contains(name, "\r") {
			return nil, errors.New("the lines end with a carriage return alone; save the file with Unix or Windows line ends (in Excel: CSV UTF-8)")
		}
		if name != "" && seen[name] {
			return nil, fmt.Errorf("the header has the column %s twice", name)
		}
		seen[name], columns[i] = true, name
	}
	return columns, nil
}

func csvCells(columns, record []string) (cells []Cell, err error) {
	for i, text := range record {
		switch {
		case text == "":
			continue
		case !utf8.ValidString(text):
			err = errNotUTF8
		case i >= len(columns):
			err = fmt.Errorf("has %s, but the header has %d", plural.Count(len(record), "cell"), len(columns))
		case columns[i] == "":
			err = fmt.Errorf("has a value in column %d, which has no name", i+1)
		default:
			cells = append(cells, Cell{Column: columns[i], Text: strings.Clone(text)})
		}
	}
	return cells, err
}

// csvError words a syntax error, whose lines are counted below the first ones.
func csvError(err error, first int) error {
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) {
		return err
	}
	why := strings.TrimPrefix(syntax.Err.Error(), "csv: ")
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		why = `a " stands in a cell that is not quoted; write the cell as "…" and the quote as ""`
	case errors.Is(err, csv.ErrQuote):
		why = `a quoted cell does not end, or something follows its closing "`
	}
	at := syntax.Line
	if syntax.StartLine > 0 {
		at = syntax.StartLine
	}
	return fmt.Errorf("line %d: %s", at+first, why)
}
