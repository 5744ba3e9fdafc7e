package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"

	"litellm-proxy/internal/replace"
)

// lockLimit is how long another process may hold the lock of a file. A renewal of a
// token, which is a request to the gateway, happens under one.
const lockLimit = 90 * time.Second

// Locked calls do while no other process of this program changes the file. It makes the
// file's directory, for its owner alone.
func Locked(ctx context.Context, path string, do func() error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	if ok, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil || !ok {
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("another process is using %s", path)
		}
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	return do()
}

// ReadPrivate reads a file that only its owner may read. The error of a missing file is
// [fs.ErrNotExist].
func ReadPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by other users (mode %04o); run chmod 600 %s", path, mode, path)
	}
	return os.ReadFile(path)
}

// WritePrivate replaces a file as a whole, so that a reader sees the old or the new one.
// Only its owner may read it. Behind a symbolic link, the file it leads to is replaced.
func WritePrivate(path string, data []byte) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(next.Name())
		}
	}()
	_, err = next.Write(data)
	if err = errors.Join(err, next.Sync(), next.Close()); err != nil {
		return err
	}
	return replace.File(next.Name(), path)
}
