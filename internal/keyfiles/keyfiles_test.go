package keyfiles

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	key  = "sk-0123456789abcdefghij"
	hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// files are the names in a directory.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "keys")
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	room, err := dir.Reserve(2)
	if err != nil {
		t.Fatal(err)
	}
	if names := files(t, path); len(names) != 1 {
		t.Errorf("no room was made: %v", names)
	}
	for _, alias := range []string{"ci", "ci", "../../etc/passwd", "", "\n\x1b[31m…", strings.Repeat("long", 50)} {
		file, err := room.Save(alias, hash, key)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(file) != path || strings.Contains(file, key) {
			t.Errorf("the key of %q is in %s", alias, file)
		}
		b, err := os.ReadFile(file)
		info, _ := os.Stat(file)
		if string(b) != key+"\n" || err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s holds %q, mode %v: %v", file, b, info.Mode(), err)
		}
	}
	if err := room.Close(); err != nil {
		t.Error(err)
	}
	want := "ci-0123456789ab-2.key ci-0123456789ab.key etc-passwd-0123456789ab.key key-0123456789ab.key 31m-0123456789ab.key"
	for name := range strings.FieldsSeq(want) {
		if _, err := os.Stat(filepath.Join(path, name)); err != nil {
			t.Errorf("%v; there are %v", err, files(t, path))
		}
	}
	if names := files(t, path); len(names) != 6 {
		t.Errorf("the room is still there: %v", names)
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the directory's mode is %v", info.Mode())
	}
}

// TestFull: a key for which the disk has no file left is in the room that was made for it.
func TestFull(t *testing.T) {
	path := t.TempDir()
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	room, err := dir.Reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	// No file can be made under any name.
	for i := range tries {
		name := "ci-0123456789ab.key"
		if i > 0 {
			name = strings.Replace(name, ".", "-"+strconv.Itoa(i+1)+".", 1)
		}
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := room.Save("ci", hash, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := room.Close(); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(file); string(b) != key+" "+hash+" ci\n" {
		t.Errorf("the room holds %q: %v", b, err)
	}
}

// TestRefused are directories that do not keep a key.
func TestRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions and links are others there")
	}
	dir := t.TempDir()
	link, file, open := filepath.Join(dir, "link"), filepath.Join(dir, "file"), filepath.Join(dir, "open")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	for path, why := range map[string]string{link: "symbolic link", file: "not a directory", open: "others may write"} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestLinkInside: a link at the name of a key is not followed.
func TestLinkInside(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links are others there")
	}
	path, target := t.TempDir(), filepath.Join(t.TempDir(), "target")
	if err := os.Symlink(target, filepath.Join(path, "ci-0123456789ab.key")); err != nil {
		t.Fatal(err)
	}
	dir, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	room, err := dir.Reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = room.Close() }()
	if _, err := room.Save("ci", hash, key); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("the key was written through a link")
	}
}

// TestTidy: the room of a process that died goes, unless it holds a key or may be in use.
func TestTidy(t *testing.T) {
	path, old := t.TempDir(), time.Now().Add(-2*abandoned)
	for name, text := range map[string]string{"unsaved-old": "    ", "unsaved-key": key + "   ", "unsaved-new": "    ", "ci-0123.key": "    "} {
		file := filepath.Join(path, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if name != "unsaved-new" {
			if err := os.Chtimes(file, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := Open(path); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(files(t, path), " "); got != "ci-0123.key unsaved-key unsaved-new" {
		t.Errorf("left are %s", got)
	}
}
