package sandbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockWait is how long a request waits for the other processes that use the file.
const lockWait = 15 * time.Second

// format is that of the file; a file of another one is refused, not guessed at.
const format = "1"

// The file has a bucket for each table of the state, whose rows are JSON under
// their position; one for the log, which only grows; and meta.
var (
	metaBucket = []byte("meta")
	logBucket  = []byte("logs")

	formatKey   = []byte("format")
	adminKey    = []byte("admin_key")
	revisionKey = []byte("revision") // another one after each change
	runningKey  = []byte("running")
)

var (
	errUnchanged = errors.New("nothing changed")
	errEmpty     = errors.New("the file has no state yet")
)

// store keeps the state of a gateway in a file that several processes use: it
// is locked and open only while one request is at work, and a request is
// answered when its changes are on the disk. What was read stays in memory as
// long as nobody else changes the file.
type store struct {
	path     string
	revision []byte              // of the state in memory; nil: it must be read
	rows     map[string][][]byte // the tables as they stand in the file
	running  []byte
	tx       *bolt.Tx // of the request at work
}

// running is the part of the state that is no table.
type running struct {
	Last    time.Time
	Windows map[string]*window
}

// Open returns a gateway whose state is in a file, which is made if there is
// none. Any number of processes may use it at the same time. The gateway is an
// [http.RoundTripper] too, so that no port is needed.
func Open(path string) (*Gateway, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	g := &Gateway{now: time.Now, routes: routeTable(), store: &store{path: path}}
	if err := g.store.do(g, false, func() {}); err != nil {
		return nil, err
	}
	return g, nil
}

// Reset empties the state in a file; the administrator's key stays the same. A
// file that cannot be read is put aside as path.damaged: it may be somebody's.
func Reset(path string) error {
	g, err := Open(path)
	if errors.Is(err, ErrDamaged) {
		if err := os.Rename(path, path+".damaged"); err != nil {
			return err
		}
		_, err = Open(path)
		return err
	}
	if err != nil {
		return err
	}
	return g.store.do(g, true, func() {
		g.data = newState()
		_ = g.store.tx.DeleteBucket(logBucket) // there may be none
		g.stamp()                              // a change, should the log have been all there was
	})
}

// ErrDamaged is a file that holds no state of a sandbox.
var ErrDamaged = errors.New("is no sandbox state, or a damaged one")

// do runs work on the state in the file, and writes what it changed.
func (s *store) do(g *Gateway, write bool, work func()) error {
	err := s.once(g, write, work)
	if !write && (errors.Is(err, errEmpty) || errors.Is(err, fs.ErrNotExist)) {
		if err = s.once(g, true, func() {}); err == nil {
			err = s.once(g, false, work)
		}
	}
	return err
}

func (s *store) once(g *Gateway, write bool, work func()) error {
	if info, err := os.Stat(s.path); !write && (err != nil || info.Size() == 0) {
		return errEmpty
	}
	db, err := s.open(write)
	if err != nil {
		return s.explain(err)
	}
	defer func() { _ = db.Close() }()
	transaction := func(tx *bolt.Tx) error {
		if err := s.load(g, tx, write); err != nil {
			return err
		}
		// Until the changes are on the disk, the state in memory is not to be trusted.
		revision := s.revision
		s.revision = nil
		s.tx = tx
		defer func() { s.tx = nil }()
		work()
		if write {
			changed, err := s.save(g, tx, revision)
			if err != nil {
				return err
			}
			if changed != nil {
				s.revision = changed
				return nil
			}
		}
		s.revision = revision
		return errUnchanged // nothing to commit
	}
	if write {
		err = db.Update(transaction)
	} else {
		err = db.View(transaction)
	}
	if err == nil || errors.Is(err, errUnchanged) {
		return nil
	}
	s.revision = nil
	return s.explain(err)
}

// open locks and opens the file, for several at once if they only read. The
// database's own pauses between two tries are so long that commands would be
// seen to wait for each other.
func (s *store) open(write bool) (*bolt.DB, error) {
	once := &bolt.Options{Timeout: time.Nanosecond, ReadOnly: !write}
	for start := time.Now(); ; time.Sleep(rand.N(5 * time.Millisecond)) {
		db, err := bolt.Open(s.path, 0o600, once)
		if !errors.Is(err, bolterrors.ErrTimeout) || time.Since(start) > lockWait {
			return db, err
		}
	}
}

// explain words the database's errors for readers.
func (s *store) explain(err error) error {
	switch {
	case errors.Is(err, errEmpty), errors.Is(err, fs.ErrNotExist):
		return err
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("another process has held the sandbox's file %s for %s", s.path, lockWait)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, ErrDamaged):
		return fmt.Errorf("%s %w", s.path, ErrDamaged)
	}
	return fmt.Errorf("the sandbox's file: %w", err)
}

// load reads the state, unless it is in memory already.
func (s *store) load(g *Gateway, tx *bolt.Tx, write bool) error {
	meta := tx.Bucket(metaBucket)
	if meta == nil && !write {
		return errEmpty
	}
	if meta == nil {
		return s.begin(g, tx)
	}
	if string(meta.Get(formatKey)) != format {
		return ErrDamaged
	}
	if revision := meta.Get(revisionKey); s.revision != nil && bytes.Equal(s.revision, revision) {
		return nil
	}
	data := newState()
	s.rows = map[string][][]byte{}
	for name, rows := range data.tables() {
		*rows = nil
		stored, err := readRows(tx.Bucket([]byte(name)), rows)
		if err != nil {
			return err
		}
		s.rows[name] = stored
	}
	var rest running
	s.running = bytes.Clone(meta.Get(runningKey))
	if err := json.Unmarshal(s.running, &rest); err != nil {
		return ErrDamaged
	}
	if rest.Windows != nil {
		data.windows = rest.Windows
	}
	g.data, g.last, g.admin = data, rest.Last, string(meta.Get(adminKey))
	s.revision = bytes.Clone(meta.Get(revisionKey))
	return nil
}

// begin makes the state of a file that has none.
func (s *store) begin(g *Gateway, tx *bolt.Tx) error {
	g.data = newState()
	if g.admin == "" { // a running server keeps its key when its file is deleted
		g.admin = "sk-sandbox-" + randomText(16)
	}
	s.rows, s.running, s.revision = map[string][][]byte{}, nil, nil
	meta, err := tx.CreateBucket(metaBucket)
	if err != nil {
		return err
	}
	if err := meta.Put(formatKey, []byte(format)); err != nil {
		return err
	}
	return meta.Put(adminKey, []byte(g.admin))
}

// readRows decodes a table and returns its rows also as they stand there.
func readRows(bucket *bolt.Bucket, rows *[]object) (stored [][]byte, err error) {
	if bucket == nil {
		return nil, nil
	}
	err = bucket.ForEach(func(_, value []byte) error {
		var row object
		decoder := json.NewDecoder(bytes.NewReader(value))
		decoder.UseNumber() // 5.0 stays 5.0
		if err := decoder.Decode(&row); err != nil {
			return ErrDamaged
		}
		*rows = append(*rows, row)
		stored = append(stored, bytes.Clone(value))
		return nil
	})
	return stored, err
}

// save writes what differs from the file, and returns the new revision: nil if
// nothing does.
func (s *store) save(g *Gateway, tx *bolt.Tx, before []byte) (revision []byte, err error) {
	changed := before == nil
	for name, rows := range g.data.tables() {
		different, err := s.saveTable(tx, name, *rows)
		if err != nil {
			return nil, err
		}
		changed = changed || different
	}
	for _, row := range g.data.Logs {
		bucket, err := tx.CreateBucketIfNotExists(logBucket)
		if err != nil {
			return nil, err
		}
		n, err := bucket.NextSequence()
		if err != nil {
			return nil, err
		}
		if err := bucket.Put(position(n), marshal(row)); err != nil {
			return nil, err
		}
		changed = true
	}
	g.data.Logs = nil
	maps.DeleteFunc(g.data.windows, func(_ string, w *window) bool { return !g.now().Before(w.Until) })
	rest, err := json.Marshal(running{Last: g.last, Windows: g.data.windows})
	if err != nil {
		return nil, err
	}
	changed = changed || !bytes.Equal(rest, s.running)
	if !changed {
		return nil, nil
	}
	s.running = rest
	revision = binary.BigEndian.AppendUint64(nil, rand.Uint64())
	meta := tx.Bucket(metaBucket)
	if err := meta.Put(runningKey, rest); err != nil {
		return nil, err
	}
	return revision, meta.Put(revisionKey, revision)
}

func (s *store) saveTable(tx *bolt.Tx, name string, rows []object) (changed bool, err error) {
	bucket, err := tx.CreateBucketIfNotExists([]byte(name))
	if err != nil {
		return false, err
	}
	before := s.rows[name]
	after := make([][]byte, len(rows))
	for i, row := range rows {
		after[i] = marshal(row)
		if i < len(before) && bytes.Equal(before[i], after[i]) {
			continue
		}
		changed = true
		if err := bucket.Put(position(uint64(i)), after[i]); err != nil {
			return false, err
		}
	}
	for i := len(after); i < len(before); i++ {
		changed = true
		if err := bucket.Delete(position(uint64(i))); err != nil {
			return false, err
		}
	}
	s.rows[name] = after
	return changed, nil
}

func position(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// stateFailed is the answer when the file cannot be used. Nothing was changed.
func stateFailed(err error) *reply {
	return fail(http.StatusServiceUnavailable, "sandbox_state", nil, err.Error())
}
