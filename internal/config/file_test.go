package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestLockedWritersLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "count")
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			err := Locked(t.Context(), path, func() error {
				data, _ := ReadPrivate(path)
				n, _ := strconv.Atoi(string(data))
				return WritePrivate(path, []byte(strconv.Itoa(n+1)))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	data, err := ReadPrivate(path)
	if string(data) != "20" || err != nil {
		t.Errorf("after 20 writers: %q, %v", data, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.new")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestPrivateFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no file modes")
	}
	dir := t.TempDir()
	path, link := filepath.Join(dir, "secret"), filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	if _, err := ReadPrivate(link); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others can read: %v", err)
	}
	if err := WritePrivate(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if data, err := ReadPrivate(link); string(data) != "new" || err != nil {
		t.Errorf("through the link: %q, %v", data, err)
	}
}

// TestShownURL: a password that somebody wrote into a URL is not shown.
func TestShownURL(t *testing.T) {
	f, err := Parse("config.yaml", []byte("profiles:\n  a: {base_url: 'http://u:hunter2@gw.example'}\n  b: {base_url: 'http://gw.example'}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "****", "b": "http://gw.example"} {
		if got := f.Profile(name).Shown(BaseURL); got != want {
			t.Errorf("profile %s shows %s, want %s", name, got, want)
		}
	}
}
