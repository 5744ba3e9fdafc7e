package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockWait is how long a request waits for other processes to release the file.
const lockWait = 15 * time.Second

// store keeps the state of a gateway in a file that several processes use. A
// request holds the lock, and is answered when its changes are on disk. The
// state stays in memory until another process changes the file.
type store struct {
	path    string
	head    head   // of the state in memory
	payload []byte // the state in memory as the file has it
	valid   bool   // what is in memory is what the file had
	problem error  // of the log, met by the request at work
}

// Open returns a gateway whose state is in a file, which is created if it does
// not exist. Any number of processes may use the file at the same time. The
// gateway is also an [http.RoundTripper], so no port is needed. An error about
// the file itself is a [FileError].
func Open(path string) (*Gateway, error) {
	s, err := newStore(path)
	if err != nil {
		return nil, err
	}
	g := &Gateway{now: time.Now, routes: routeTable(), store: s}
	if err := s.do(g, false, func() {}); err != nil {
		return nil, err
	}
	return g, nil
}

func newStore(path string) (*store, error) {
	if err := notLink(path); err != nil {
		return nil, err
	}
	return &store{path: path}, os.MkdirAll(filepath.Dir(path), 0o700)
}

// Reset empties the state in a file. The administrator's key stays the same as
// long as the first line of the file is intact. A file that cannot be read is
// moved aside, because it may be somebody's; aside is where to, else "".
func Reset(path string) (aside string, err error) {
	s, err := newStore(path)
	if err != nil {
		return "", err
	}
	unlock, err := s.lock(true)
	if err != nil {
		return "", err
	}
	defer unlock()
	g := &Gateway{now: time.Now, data: newState(), admin: s.adminKey()}
	problem, err := s.problemOf()
	if err != nil {
		return "", err
	}
	if problem != nil {
		if aside, err = s.moveAside(); err != nil {
			return "", err
		}
	}
	if err := s.save(g); err != nil {
		return aside, err
	}
	if err := os.Remove(logOf(s.path)); !errors.Is(err, fs.ErrNotExist) {
		return aside, err
	}
	return aside, nil
}

// Check returns what [Reset] would meet in a file: with a problem, which matches
// [ErrDamaged], it would move the file to aside. An error is one that it would
// return.
func Check(path string) (problem *FileError, aside string, err error) {
	s := &store{path: path}
	if problem, err = s.problemOf(); err != nil || problem == nil {
		return nil, "", err
	}
	aside, err = s.freeName()
	return problem, aside, err
}

// problemOf reads the file to see whether it is a sandbox's. One that does not
// exist is, and so is one that others can read.
func (s *store) problemOf() (*FileError, error) {
	_, _, err := s.read()
	if fault, is := errors.AsType[*FileError](err); is && errors.Is(err, ErrDamaged) {
		return fault, nil
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errExposed) {
		return nil, nil
	}
	return nil, err
}

// do runs work on the state in the file, and writes what it changed.
func (s *store) do(g *Gateway, write bool, work func()) error {
	err := s.once(g, write, work)
	if !write && errors.Is(err, fs.ErrNotExist) {
		if err = s.once(g, true, func() {}); err == nil {
			err = s.once(g, false, work)
		}
	}
	return err
}

func (s *store) once(g *Gateway, write bool, work func()) error {
	unlock, err := s.lock(write)
	if err != nil {
		return err
	}
	defer unlock()
	switch err := s.load(g); {
	case write && errors.Is(err, fs.ErrNotExist):
		s.begin(g)
	case err != nil:
		return err
	}
	// Until the changes are on disk, the state in memory is not to be trusted.
	s.valid, s.problem = false, nil
	work()
	if s.problem != nil {
		return s.problem
	}
	if write {
		if err := s.save(g); err != nil {
			return err
		}
	}
	s.valid = true
	return nil
}

// lock waits until the file is this process's, or that of readers only. The
// lock is on a file of its own because the state's is replaced by each change.
func (s *store) lock(write bool) (unlock func(), err error) {
	file := flock.New(s.path + ".lock")
	try := file.TryRLock
	if write {
		try = file.TryLock
	}
	for start := time.Now(); ; time.Sleep(rand.N(5 * time.Millisecond)) {
		switch locked, err := try(); {
		case err != nil:
			return nil, fmt.Errorf("cannot lock the sandbox's file: %w", err)
		case locked:
			return func() { _ = file.Close() }, nil
		case time.Since(start) > lockWait:
			return nil, fmt.Errorf("another process has held the sandbox's file %s for %s", s.path, lockWait)
		}
	}
}

// begin makes the state of a file that does not exist.
func (s *store) begin(g *Gateway) {
	s.head, s.payload = head{}, nil
	g.data = newState()
	if g.admin == "" { // a running server keeps its key when its file is deleted
		g.admin = newAdminKey()
	}
}

func newAdminKey() string { return "sk-sandbox-" + randomText(16) }

// load reads the state, unless it is in memory already.
func (s *store) load(g *Gateway) error {
	if s.valid {
		if current, err := s.readHead(); err == nil && current == s.head {
			return nil
		}
	}
	s.valid = false
	h, payload, err := s.read()
	if err != nil {
		return err
	}
	data, last, err := decodeState(payload)
	if err != nil {
		return s.damaged("its contents are not those of a sandbox")
	}
	g.data, g.last, g.admin = data, last, h.AdminKey
	s.head, s.payload = h, payload
	return nil
}

// save writes the state and the new rows of the log, unless nothing changed.
func (s *store) save(g *Gateway) error {
	maps.DeleteFunc(g.data.windows, func(_ string, w *window) bool { return !g.now().Before(w.Until) })
	payload := encodeState(&g.data, g.last)
	if len(g.data.Logs) == 0 && s.payload != nil && bytes.Equal(payload, s.payload) {
		return nil
	}
	next := head{AdminKey: g.admin, Revision: randomText(9), LogSize: s.head.LogSize, LogSum: s.head.LogSum}
	if err := s.appendLog(&next, g.data.Logs); err != nil {
		return err
	}
	next.Size, next.Sum = len(payload), sum(0, payload)
	if err := s.write(next, payload); err != nil {
		return fmt.Errorf("cannot write the sandbox's file: %w", err)
	}
	g.data.Logs = nil
	s.head, s.payload = next, payload
	return nil
}

// stateFailed is the answer when the file cannot be used. Nothing was changed.
func stateFailed(err error) *reply {
	message := err.Error()
	if unusable, is := errors.AsType[*FileError](err); is && unusable.Fix != "" {
		message += "; " + unusable.Fix
	}
	return fail(http.StatusServiceUnavailable, "sandbox_state", nil, message)
}
