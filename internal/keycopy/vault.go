package keycopy

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/keystore"
	"litellm-proxy/internal/operation"
)

// Vault keeps the values of new keys. It is safe for concurrent use.
type Vault interface {
	// Value returns the value for the copy of a key, by the hash of the source or else by
	// its alias: that of an earlier run, which again reports, or a new one, which is stored
	// before it is returned.
	Value(source, alias string) (value string, again bool, err error)
	// Drop forgets the value of a copy that was not made.
	Drop(source, alias string) error
	// Place is where the values are, for messages.
	Place() string
	// Close ends the use of the vault.
	Close() error
}

// header is the first row of a file of keys.
var header = []string{"key_alias", "key", "token", "gateway", "source_token"}

// fileVault is a CSV file for its owner alone. Rows are appended, each on disk before its
// key is sent; rows of copies that were not made are taken out when the file is closed.
type fileVault struct {
	mu      sync.Mutex
	path    string
	base    string
	file    *os.File
	size    int64
	rows    [][]string     // of the file, in order
	at      map[string]int // identity → index of its row
	dropped map[int]bool

	disk    sync.Mutex // of synced, and one Sync at a time
	written atomic.Int64
	synced  int64
}

// OpenFile returns the vault in a CSV file, which is made if there is none. What another
// program wrote there is an error. base is the URL of the gateway that the keys are for: rows
// of another one are kept. The caller keeps other processes away.
func OpenFile(path, base string) (Vault, error) {
	v := &fileVault{path: path, base: base, at: map[string]int{}, dropped: map[int]bool{}}
	data, err := config.ReadPrivate(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// A row without its end was not sent yet.
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	if err := v.read(data); err != nil {
		return nil, err
	}
	if v.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	v.size = int64(len(data))
	err = errors.Join(v.file.Chmod(0o600), v.file.Truncate(v.size))
	if err == nil && v.size == 0 {
		err = v.append(header)
	}
	if err != nil {
		return nil, errors.Join(err, v.file.Close())
	}
	return v, nil
}

func (v *fileVault) read(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || !slices.Equal(rows[0], header) {
		return fmt.Errorf("%s is not a file of keys that an import wrote; name another file", v.path)
	}
	for _, row := range rows[1:] {
		v.add(row)
	}
	return nil
}

func (v *fileVault) add(row []string) {
	if row[3] == v.base {
		v.at[identity(row[4], row[0])] = len(v.rows)
	}
	v.rows = append(v.rows, row)
}

// identity tells the sources of copies apart.
func identity(source, alias string) string {
	if source != "" {
		return source
	}
	return "alias " + alias
}

// append writes a row.
func (v *fileVault) append(row []string) error {
	var line bytes.Buffer
	w := csv.NewWriter(&line)
	_ = w.Write(row)
	w.Flush()
	if _, err := v.file.WriteAt(line.Bytes(), v.size); err != nil {
		return errors.Join(err, v.file.Truncate(v.size)) // without half a row
	}
	v.size += int64(line.Len())
	v.written.Add(1)
	return nil
}

// sync waits until the rows written so far are on disk. Those who wait share one write.
func (v *fileVault) sync(written int64) error {
	v.disk.Lock()
	defer v.disk.Unlock()
	if v.synced >= written {
		return nil
	}
	now := v.written.Load()
	if err := v.file.Sync(); err != nil {
		return err
	}
	v.synced = now
	return nil
}

func (v *fileVault) Value(source, alias string) (value string, again bool, err error) {
	value, again, written, err := v.put(source, alias)
	if err == nil {
		err = v.sync(written)
	}
	if err != nil {
		return "", false, fmt.Errorf("the key was not sent, because it could not be written to %s: %w", v.path, err)
	}
	return value, again, nil
}

// put returns the value for the copy of a key, and the number of rows that must be on disk
// before it is used.
func (v *fileVault) put(source, alias string) (value string, again bool, written int64, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if i, known := v.at[identity(source, alias)]; known {
		return v.rows[i][1], true, v.written.Load(), nil
	}
	value = newValue()
	row := []string{alias, value, operation.KeyHash(value), v.base, source}
	if err := v.append(row); err != nil {
		return "", false, 0, err
	}
	v.add(row)
	return value, false, v.written.Load(), nil
}

func (v *fileVault) Drop(source, alias string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if i, known := v.at[identity(source, alias)]; known {
		v.dropped[i] = true
		delete(v.at, identity(source, alias))
	}
	return nil
}

func (v *fileVault) Place() string { return v.path }

func (v *fileVault) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	err := v.file.Close()
	switch {
	case err != nil:
		return err
	case len(v.rows) == len(v.dropped):
		return os.Remove(v.path)
	case len(v.dropped) == 0:
		return nil
	}
	var kept bytes.Buffer
	w := csv.NewWriter(&kept)
	_ = w.Write(header)
	for i, row := range v.rows {
		if !v.dropped[i] {
			_ = w.Write(row)
		}
	}
	w.Flush()
	return config.WritePrivate(v.path, kept.Bytes())
}

// storeVault keeps the keys in the key store, under the gateway and the alias, or else the
// hash of the source.
type storeVault struct {
	mu    sync.Mutex
	store keystore.Store
	base  string
}

// InStore returns the vault in the key store, for the keys of the gateway with this URL.
func InStore(store keystore.Store, base string) Vault { return &storeVault{store: store, base: base} }

func (v *storeVault) name(source, alias string) string {
	if alias != "" {
		return "key " + alias + " " + v.base
	}
	return "key " + source + " " + v.base
}

func (v *storeVault) Value(source, alias string) (value string, again bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	name := v.name(source, alias)
	value, err = v.store.Get(name)
	if err == nil || !errors.Is(err, keystore.ErrNotFound) {
		return value, true, err
	}
	value = newValue()
	if err := v.store.Set(name, value); err != nil {
		return "", false, fmt.Errorf("the key was not sent, because it could not be stored in %s: %w", v.store.Place(), err)
	}
	return value, false, nil
}

func (v *storeVault) Drop(source, alias string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.store.Delete(v.name(source, alias)); !errors.Is(err, keystore.ErrNotFound) {
		return err
	}
	return nil
}

func (v *storeVault) Place() string { return v.store.Place() }

func (v *storeVault) Close() error { return nil }
