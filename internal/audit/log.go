// Package audit writes the audit log of an MCP server: who called which tool, with what,
// and what came of it.
//
// The log is a file of JSON, one [Entry] a line. A call that changes something has a line
// before each of its writes, which is on the disk when the write is sent, and every call
// has a line at its end. So a write whose answer nobody saw can be found: its call has a
// line with the event "begin" and none with "end".
//
// Several processes may share a file, since each line is appended by one write. A line that
// a crash tore stays alone: the next one starts on a line of its own. A file that was moved
// or removed, as log rotation does, is made anew.
package audit

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"litellm-proxy/internal/secret"
)

// Log is an open audit log. It is safe for concurrent use.
type Log struct {
	path string
	// state is told when lines cannot be written, with the error, and with nil when they
	// can be again.
	state func(error)

	mu     sync.Mutex
	file   *os.File
	failed bool
}

// New returns the log in a file, which is opened by the first line. The function state may
// be nil.
func New(path string, state func(error)) *Log {
	if state == nil {
		state = func(error) {}
	}
	return &Log{path: path, state: state}
}

// Open opens the file, and creates it for this user alone if it is missing.
func (l *Log) Open() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.current()
	return err
}

// Append writes an entry as one line. A durable one is on the disk when Append returns.
func (l *Log) Append(e *Entry, durable bool) error {
	return l.write(append(secret.Encode(e), '\n'), durable)
}

func (l *Log) write(line []byte, durable bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.line(line, durable)
	if failed := err != nil; failed != l.failed {
		l.failed = failed
		l.state(err)
	}
	return err
}

// line writes one line to the file that has the log's name now.
func (l *Log) line(line []byte, durable bool) error {
	size, err := l.current()
	if err != nil {
		return err
	}
	if size > 0 {
		last := make([]byte, 1)
		if _, err := l.file.ReadAt(last, size-1); err == nil && last[0] != '\n' {
			line = append([]byte{'\n'}, line...) // a crash or a full disk tore the last line
		}
	}
	if _, err := l.file.Write(line); err != nil {
		return fmt.Errorf("the audit log cannot be written: %w", err)
	}
	if durable {
		if err := l.file.Sync(); err != nil {
			return fmt.Errorf("the audit log cannot be written to the disk: %w", err)
		}
	}
	return nil
}

// current opens the file if it is not open, or no longer the one with the log's name, and
// returns its size.
func (l *Log) current() (int64, error) {
	named, err := os.Stat(l.path)
	if err == nil && l.file != nil {
		if open, err := l.file.Stat(); err == nil && os.SameFile(named, open) {
			return open.Size(), nil
		}
	}
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
	if err == nil && !named.Mode().IsRegular() {
		return 0, fmt.Errorf("the audit log %s is not a regular file", l.path)
	}
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return 0, fmt.Errorf("the audit log cannot be opened: %w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		_ = file.Close()
		return 0, fmt.Errorf("the audit log %s cannot be used: %w", l.path, err)
	}
	l.file = file
	return info.Size(), nil
}
