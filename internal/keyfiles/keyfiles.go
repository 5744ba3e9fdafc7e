// Package keyfiles stores new virtual keys in files that only their owner can read, so that
// a key need not pass through the assistant that asked for it.
//
// Room is made on the disk before a key is asked for: a disk that is full by then loses none.
// A file is never overwritten and never reached through a symbolic link, and its name says
// nothing of the key but the beginning of its hash.
package keyfiles

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Dir is a directory of key files.
type Dir struct {
	path string
	root *os.Root
}

// Open opens a directory, and creates it for this user alone if it is missing. One that is a
// symbolic link, or that others may write to, is refused.
func Open(path string) (*Dir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	named, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case named.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("%s is a symbolic link; name the directory itself", path)
	case !named.IsDir():
		return nil, fmt.Errorf("%s is not a directory", path)
	case runtime.GOOS != "windows" && named.Mode().Perm()&0o022 != 0:
		return nil, fmt.Errorf("others may write to %s; remove that permission (chmod go-w)", path)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	if opened, err := root.Stat("."); err != nil || !os.SameFile(named, opened) {
		_ = root.Close()
		return nil, fmt.Errorf("%s was replaced while it was opened", path)
	}
	d := &Dir{path: path, root: root}
	d.tidy()
	return d, nil
}

// abandoned is how old the room of a process that died is at least: no call takes so long.
const abandoned = 24 * time.Hour

// tidy removes the rooms of processes that died, if they hold no key.
func (d *Dir) tidy() {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !strings.HasPrefix(e.Name(), roomName) || !info.Mode().IsRegular() || info.Size() > mostRoom || time.Since(info.ModTime()) < abandoned {
			continue
		}
		if b, err := d.root.ReadFile(e.Name()); err == nil && len(bytes.Trim(b, " ")) == 0 {
			_ = d.root.Remove(e.Name())
		}
	}
}

// Path returns the absolute path of the directory.
func (d *Dir) Path() string { return d.path }

// Room is the room for the keys of one call. It is safe for concurrent use.
type Room struct {
	dir  *Dir
	name string

	mu   sync.Mutex
	file *os.File
	used int64 // bytes of keys in the file of the room itself
}

const (
	roomName = "unsaved-"
	roomFor  = 4 << 10 // bytes for one key
	mostRoom = 4 << 20
)

// Reserve makes room for keys on the disk.
func (d *Dir) Reserve(keys int) (*Room, error) {
	r := &Room{dir: d, name: roomName + strings.ToLower(rand.Text()[:12])}
	file, err := d.root.OpenFile(r.name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	r.file = file
	_, err = file.Write(bytes.Repeat([]byte{' '}, min(roomFor*max(1, keys), mostRoom)))
	if err == nil {
		err = file.Sync()
	}
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

// Save writes a key to a file of its own and returns its path. If the disk has no room for
// that, the key goes into the room that was made for it, with its alias and hash.
func (r *Room) Save(alias, hash, key string) (string, error) {
	path, err := r.dir.write(alias, hash, key)
	if err == nil {
		return path, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	line := fmt.Appendf(nil, "%s %s %s\n", key, hash, alias)
	if _, failed := r.file.WriteAt(line, r.used); failed != nil {
		return "", errors.Join(err, failed)
	}
	if failed := r.file.Sync(); failed != nil {
		return "", errors.Join(err, failed)
	}
	r.used += int64(len(line))
	return filepath.Join(r.dir.path, r.name), nil
}

// Close gives the room back. Its file stays only if it holds a key.
func (r *Room) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used > 0 {
		return errors.Join(r.file.Truncate(r.used), r.file.Close())
	}
	return errors.Join(r.file.Close(), r.dir.root.Remove(r.name))
}

// tries is how many names are tried for one key.
const tries = 100

// write makes the file of one key.
func (d *Dir) write(alias, hash, key string) (string, error) {
	base := plain(alias) + "-" + hash[:min(len(hash), 12)]
	for i := range tries {
		name := base + ".key"
		if i > 0 {
			name = fmt.Sprintf("%s-%d.key", base, i+1)
		}
		file, err := d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = file.WriteString(key + "\n")
		if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
			_ = d.root.Remove(name)
			return "", err
		}
		return filepath.Join(d.path, name), nil
	}
	return "", fmt.Errorf("%s has too many files named %s", d.path, base)
}

// plain is an alias as a part of a file's name.
func plain(alias string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_':
			return r
		}
		return '-'
	}, alias)
	if name = strings.Trim(name[:min(len(name), 40)], ".-"); name == "" {
		return "key"
	}
	return name
}
