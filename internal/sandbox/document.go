package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// document is the state as it stands in the file.
type document struct {
	Last    time.Time          `json:"last"`
	Windows map[string]*window `json:"windows"`
	Tables  map[string]table   `json:"tables"`
}

func encodeState(data *state, last time.Time) []byte {
	d := document{Last: last, Windows: data.windows, Tables: map[string]table{}}
	for name, rows := range data.tables() {
		d.Tables[name] = pack(*rows)
	}
	return marshal(d)
}

// decodeState keeps numbers as they were written: 5.0 stays 5.0.
func decodeState(payload []byte) (data state, last time.Time, err error) {
	var d document
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if err := decoder.Decode(&d); err != nil {
		return state{}, time.Time{}, err
	}
	for name, rows := range data.tables() {
		if *rows, err = d.Tables[name].unpack(); err != nil {
			return state{}, time.Time{}, err
		}
	}
	if data.windows = d.Windows; data.windows == nil {
		data.windows = map[string]*window{}
	}
	return data, d.Last, nil
}

// A table is a list of rows as the file has it. The names of their members are
// written once, not with each row: that halves the time to read a file.
type table struct {
	Kinds [][]string `json:"kinds"` // the names of each kind of row
	Rows  [][]any    `json:"rows"`  // the index of the row's kind, then a value for each name
}

func pack(rows []object) table {
	t := table{Rows: make([][]any, len(rows))}
	for i, row := range rows {
		kind := slices.IndexFunc(t.Kinds, func(names []string) bool { return hasNames(row, names) })
		if kind < 0 {
			kind = len(t.Kinds)
			t.Kinds = append(t.Kinds, slices.Sorted(maps.Keys(row)))
		}
		values := make([]any, 0, len(row)+1)
		values = append(values, kind)
		for _, name := range t.Kinds[kind] {
			values = append(values, row[name])
		}
		t.Rows[i] = values
	}
	return t
}

func hasNames(row object, names []string) bool {
	if len(row) != len(names) {
		return false
	}
	for _, name := range names {
		if _, is := row[name]; !is {
			return false
		}
	}
	return true
}

func (t table) unpack() ([]object, error) {
	rows := make([]object, len(t.Rows))
	for i, values := range t.Rows {
		if len(values) == 0 {
			return nil, errors.New("a row without a kind")
		}
		number, _ := values[0].(json.Number)
		kind, err := number.Int64()
		if err != nil || kind < 0 || int(kind) >= len(t.Kinds) || len(t.Kinds[kind]) != len(values)-1 {
			return nil, errors.New("a row that is not of its kind")
		}
		row := make(object, len(values))
		for j, name := range t.Kinds[kind] {
			row[name] = values[j+1]
		}
		rows[i] = row
	}
	return rows, nil
}
