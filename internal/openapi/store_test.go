package openapi

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// fake is a gateway that counts the questions.
type fake struct {
	document, version        string
	size                     int64
	err                      error
	fetches, sizes, versions int
}

func (f *fake) gateway() Gateway {
	return Gateway{Name: "http://gateway",
		Fetch:   func(context.Context) ([]byte, error) { f.fetches++; return []byte(f.document), f.err },
		Size:    func(context.Context) (int64, error) { f.sizes++; return f.size, f.err },
		Version: func(context.Context) (string, error) { f.versions++; return f.version, nil },
	}
}

const (
	one = `{"info": {"version": "1.0"}, "paths": {"/one": {"get": {}}}}`
	two = `{"info": {"version": "2.0.0"}, "paths": {"/two": {"get": {}}}}`
)

// age makes the one file of a directory older.
func age(t *testing.T, dir string, by time.Duration) string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "api-*.gz"))
	if len(files) != 1 {
		t.Fatalf("the files are %v", files)
	}
	when := time.Now().Add(-by)
	if err := os.Chtimes(files[0], when, when); err != nil {
		t.Fatal(err)
	}
	return files[0]
}

func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	f := &fake{document: one, version: "1.0", size: int64(len(one))}
	open := func(renew bool, want string, fetches, sizes int) {
		t.Helper()
		f.fetches, f.sizes = 0, 0
		var c Cache // as another process
		d, err := c.Open(t.Context(), dir, f.gateway(), renew)
		if err != nil || d.Endpoints[0].Path != want || f.fetches != fetches || f.sizes != sizes {
			t.Errorf("%v, %v after %d fetches and %d questions, want %s after %d and %d", d, err, f.fetches, f.sizes, want, fetches, sizes)
		}
		if d, err := c.Open(t.Context(), dir, f.gateway(), false); err != nil || d.Endpoints[0].Path != want || f.fetches != fetches {
			t.Errorf("again: %v, %v", d, err)
		}
	}
	open(false, "/one", 1, 0)
	open(false, "/one", 0, 0)
	open(true, "/one", 0, 1)
	age(t, dir, time.Hour)
	open(false, "/one", 0, 1) // the same size
	f.document, f.size = two, int64(len(two))
	open(false, "/one", 0, 0) // not asked so soon
	age(t, dir, time.Hour)
	open(false, "/two", 1, 1)
	f.size = 99 // a proxy compresses what it answers
	open(true, "/two", 1, 1)
	open(true, "/two", 0, 1)
	f.size, f.version = 0, "2.0.0" // no size: the version decides
	open(true, "/two", 0, 1)
	f.document, f.version = one, "1.0"
	open(true, "/one", 1, 1)
	age(t, dir, -time.Hour) // a clock that was wrong
	open(false, "/one", 0, 1)
	file := age(t, dir, 0)
	for _, damage := range []string{"", "{}\nnothing", "\x1f\x8b"} {
		if err := os.WriteFile(file, []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		open(false, "/one", 1, 0)
	}
	b, _ := os.ReadFile(file)
	_ = os.WriteFile(file, b[:len(b)-9], 0o600)
	open(false, "/one", 1, 0)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
}

// TestCacheRefused: a gateway without a document is one thing, one that is down another.
func TestCacheRefused(t *testing.T) {
	dir := t.TempDir()
	var c Cache
	f := &fake{err: ErrUnpublished}
	for range 2 {
		if _, err := c.Open(t.Context(), dir, f.gateway(), false); !errors.Is(err, ErrUnpublished) {
			t.Error(err)
		}
	}
	if f.fetches != 1 {
		t.Errorf("asked %d times", f.fetches)
	}
	f.err = errors.New("down")
	if _, err := c.Open(t.Context(), dir, f.gateway(), true); err == nil || errors.Is(err, ErrUnpublished) {
		t.Error(err)
	}
	f.err, f.document = nil, "<html>"
	if _, err := c.Open(t.Context(), dir, f.gateway(), true); !errors.Is(err, ErrUnpublished) {
		t.Error(err)
	}
	// Where nothing can be written, memory serves.
	f.document = one
	for _, dir := range []string{"", os.DevNull + "/x"} {
		if d, err := c.Open(t.Context(), dir, f.gateway(), false); err != nil || d.Endpoints[0].Path != "/one" {
			t.Errorf("in %q: %v, %v", dir, d, err)
		}
	}
}

// TestCacheTogether: several callers and processes share a file.
func TestCacheTogether(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	var together Cache
	for i := range 20 {
		wg.Go(func() {
			f := &fake{document: one, size: int64(len(one))}
			c := &together
			if i%2 == 0 {
				c = &Cache{}
			}
			if d, err := c.Open(t.Context(), dir, f.gateway(), i%3 == 0); err != nil || d.Endpoints[0].Path != "/one" {
				t.Error(d, err)
			}
		})
	}
	wg.Wait()
	files, _ := os.ReadDir(dir)
	if len(files) != 1 {
		t.Errorf("%d files are left", len(files))
	}
}
