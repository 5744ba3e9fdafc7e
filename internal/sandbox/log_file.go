package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
)

// The log is a file of its own, a row of JSON a line: it is the bulk of the
// state, and few requests want it. How much of it counts, and its checksum, are
// in the head of the state's file; so both change in one step.

func logOf(path string) string { return path + ".logs.jsonl" }

func (s *store) damagedLog() error { return s.damaged("its log " + logOf(s.path) + " has changed") }

// openLog opens the log that h describes, or returns nil if it has no rows.
func (s *store) openLog(h head) (*os.File, error) {
	if h.LogSize == 0 {
		return nil, nil
	}
	file, info, err := openRegular(logOf(s.path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, s.damagedLog()
	case err != nil:
		return nil, err
	case info.Size() < h.LogSize:
		err = s.damagedLog()
	default:
		err = private(logOf(s.path), info)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// readLog returns the rows of the log, oldest first.
func (s *store) readLog(h head) (rows []object, err error) {
	file, err := s.openLog(h)
	if file == nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data := make([]byte, h.LogSize)
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, err
	}
	if sum(0, data) != h.LogSum {
		return nil, s.damagedLog()
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	for {
		var row object
		switch err := decoder.Decode(&row); {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, s.damagedLog()
		}
		rows = append(rows, row)
	}
}

// appendLog writes rows behind those that count, and counts them in h.
func (s *store) appendLog(h *head, rows []object) error {
	if len(rows) == 0 {
		return nil
	}
	before, err := s.openLog(*h)
	if err != nil {
		return err
	}
	if before != nil {
		_ = before.Close()
	}
	if err := notLink(logOf(s.path)); err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, row := range rows {
		lines.Write(marshal(row))
		lines.WriteByte('\n')
	}
	file, err := os.OpenFile(logOf(s.path), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err = file.Truncate(h.LogSize); err == nil {
		_, err = file.WriteAt(lines.Bytes(), h.LogSize)
	}
	h.LogSize, h.LogSum = h.LogSize+int64(lines.Len()), sum(h.LogSum, lines.Bytes())
	return errors.Join(err, file.Sync(), file.Close())
}
