package replace

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFile: the file is replaced also while somebody reads it.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "new"), filepath.Join(dir, "file")
	for path, text := range map[string]string{from: "new", to: "old"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reader, err := os.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = reader.Close() })
	if err := File(from, to); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(to); string(text) != "new" {
		t.Errorf("it has %q, %v", text, err)
	}
	if err := File(from, to); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
}
