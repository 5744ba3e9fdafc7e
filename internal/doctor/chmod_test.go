package doctor

import (
	"os"
	"runtime"
	"testing"
)

// chmod gives a file a mode whatever the umask is.
func chmod(t *testing.T, path string, mode uint32) {
	t.Helper()
	if runtime.GOOS == "windows" && mode&0o077 != 0 {
		t.Skip("files have no mode on Windows")
	}
	if err := os.Chmod(path, os.FileMode(mode)); err != nil {
		t.Fatal(err)
	}
}
