//go:build unix

package references

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipe: a named pipe is refused at once. Nobody may ever write into it.
func TestPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Skip(err)
	}
	s, err := New(nil, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Resolve("extra", json.RawMessage(`{"api_key":"file:pipe"}`)); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a pipe: %v", err)
	}
}
