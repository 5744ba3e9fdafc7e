package openapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"litellm-proxy/internal/replace"
)

// Gateway is where a document comes from.
type Gateway struct {
	// Name identifies the gateway: its base URL.
	Name string
	// Fetch reads the document. [ErrUnpublished] means that the gateway does not give it.
	Fetch func(context.Context) ([]byte, error)
	// Size asks how long the document is, which costs the gateway little; 0 means that it
	// does not tell.
	Size func(context.Context) (int64, error)
	// Version asks for the gateway's version; "" means that it does not tell.
	Version func(context.Context) (string, error)
}

// ErrUnpublished is the error of a gateway that does not publish its document.
var ErrUnpublished = errors.New("the gateway does not publish its API")

const (
	// trusted is how long a document is used without a question to the gateway.
	trusted = 10 * time.Minute
	// lasting is how long a document is used at most.
	lasting = 24 * time.Hour
	// blind is lasting where the gateway tells neither a size nor a version.
	blind = time.Hour
	// kept is how long the file of a gateway that is not asked stays.
	kept = 30 * 24 * time.Hour
)

// Cache keeps documents in memory and in files. It is safe for concurrent use, and its
// files for several processes. The zero value works.
type Cache struct {
	mu      sync.Mutex
	entries map[string]*entry
}

// maxEntries is how many gateways a process remembers.
const maxEntries = 16

// entry is the document of one gateway.
type entry struct {
	turn  chan struct{} // held by whoever asks the gateway
	state state
}

// state is a document with what is known of its age.
type state struct {
	document *Document // nil: not read, or not published
	header   header
	checked  time.Time // when the gateway last had this document
}

// header stands before the document in a file.
type header struct {
	Fetched time.Time `json:"fetched"`
	// Size is the length of the document, Asked what the gateway last told of it if that is
	// something else: a proxy may compress it.
	Size  int64 `json:"size"`
	Asked int64 `json:"asked,omitempty"`
}

// Open returns the document of a gateway. A file in dir keeps it; "" means memory only. With
// renew, the gateway is asked whether the document has changed, however new it is. The
// document is shared: do not change it.
func (c *Cache) Open(ctx context.Context, dir string, g Gateway, renew bool) (*Document, error) {
	e := c.entry(dir + "\x00" + g.Name)
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-e.turn }()
	file := ""
	if dir != "" {
		sum := sha256.Sum256([]byte(g.Name))
		file = filepath.Join(dir, "api-"+hex.EncodeToString(sum[:8])+".gz")
	}
	if e.state.document == nil && e.state.checked.IsZero() {
		e.state = load(file)
	}
	now := time.Now()
	switch age := now.Sub(e.state.checked); {
	case !renew && age >= 0 && age < trusted && e.state.document != nil:
		return e.state.document, nil
	case !renew && age >= 0 && age < trusted && !e.state.checked.IsZero():
		return nil, ErrUnpublished
	}
	same, err := e.state.current(ctx, g, now)
	if err != nil && !errors.Is(err, ErrUnpublished) {
		return nil, err
	}
	if same {
		e.state.checked = now
		if file != "" {
			_ = os.Chtimes(file, now, now)
		}
		return e.state.document, nil
	}
	fresh, err := fetch(ctx, g, e.state.header.Asked)
	if err != nil && !errors.Is(err, ErrUnpublished) {
		return nil, err
	}
	e.state = fresh
	if err == nil && file != "" {
		fresh.save(file)
	}
	return fresh.document, err
}

func (c *Cache) entry(name string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[name] == nil {
		if c.entries == nil || len(c.entries) >= maxEntries {
			c.entries = map[string]*entry{}
		}
		c.entries[name] = &entry{turn: make(chan struct{}, 1)}
	}
	return c.entries[name]
}

// current reports whether the gateway still has the document.
func (s *state) current(ctx context.Context, g Gateway, now time.Time) (bool, error) {
	age := now.Sub(s.header.Fetched)
	if s.document == nil || age < 0 || age > lasting {
		return false, nil
	}
	size, err := g.Size(ctx)
	switch {
	case err != nil:
		return false, err
	case size > 0 && (size == s.header.Size || size == s.header.Asked):
		return true, nil
	case size > 0:
		s.header.Asked = size
		return false, nil
	}
	version, err := g.Version(ctx)
	if err != nil {
		return false, err
	}
	return version != "" && version == s.document.Version || version == "" && age < blind, nil
}

func fetch(ctx context.Context, g Gateway, asked int64) (state, error) {
	none := state{checked: time.Now()}
	body, err := g.Fetch(ctx)
	if err != nil {
		return none, err
	}
	d, err := Parse(body)
	if err != nil {
		return none, ErrUnpublished
	}
	now := time.Now()
	return state{document: d, header: header{Fetched: now, Size: int64(len(body)), Asked: asked}, checked: now}, nil
}

// load reads a file. What cannot be read, or is damaged, is no document.
func load(file string) state {
	if file == "" {
		return state{}
	}
	f, err := os.Open(file)
	if err != nil {
		return state{}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxDocument {
		return state{}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxDocument))
	first, rest, found := bytes.Cut(b, []byte("\n"))
	var h header
	if err != nil || !found || json.Unmarshal(first, &h) != nil {
		return state{}
	}
	d, err := Decode(rest)
	if err != nil {
		return state{}
	}
	return state{document: d, header: h, checked: info.ModTime()}
}

// save writes the file, if it can be written.
func (s state) save(file string) {
	first, err := json.Marshal(s.header)
	if err != nil {
		return
	}
	encoded, err := s.document.Encode()
	if err != nil {
		return
	}
	dir := filepath.Dir(file)
	if os.MkdirAll(dir, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(dir, "api-*.new")
	if err != nil {
		return
	}
	_, err = f.Write(append(append(first, '\n'), encoded...))
	if err = errors.Join(err, f.Close()); err == nil {
		err = replace.File(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	sweep(dir)
}

// sweep removes the files of gateways that are no longer used.
func sweep(dir string) {
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		info, err := f.Info()
		if err == nil && strings.HasPrefix(f.Name(), "api-") && time.Since(info.ModTime()) > kept {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}
