package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"litellm-proxy/internal/replace"
)

// The file is a line that describes it and the state as one JSON document:
//
//	litellm-proxy-sandbox 2 <checksum of this line> {"admin_key": …, "size": …, "sum": …}
//	{"last": …, "tables": {"keys": …}}
//
// Every byte is covered by a checksum that is verified before anything is used,
// and a change replaces the whole file by a rename. So a file is either what a
// command wrote or is recognized as damaged, whatever happened to it. The log,
// which only grows, is in a file of its own; see log_file.go.
const (
	magic  = "litellm-proxy-sandbox "
	format = 2 // 1 was a bbolt database

	// headMost bounds the first line, so that a file of something else is not read
	// to its end in search of it.
	headMost = 4096
)

// head is the first line of the file.
type head struct {
	AdminKey string `json:"admin_key"`
	Revision string `json:"revision"` // another one after each change
	LogSize  int64  `json:"log_size"` // what follows in the log is of a killed process
	LogSum   uint32 `json:"log_sum"`
	Size     int    `json:"size"` // of the state
	Sum      uint32 `json:"sum"`
}

var (
	// ErrDamaged is a file that is not a sandbox's, is damaged, or was written by
	// another version. [Reset] moves it aside.
	ErrDamaged = errors.New("unusable sandbox file")
	// ErrLink is a file that is a symbolic link. Nothing follows or replaces it.
	ErrLink    = errors.New("symbolic link as a sandbox file")
	errExposed = errors.New("exposed sandbox file")
)

// A FileError says why a file of the state cannot be used, and how to fix it.
type FileError struct {
	Path    string
	Problem string // follows the path in a sentence
	Fix     string // an imperative without a period; "" if only another file helps
	kind    error
}

// Error names the file and the problem, not the fix.
func (e *FileError) Error() string { return e.Path + " " + e.Problem }

// Unwrap makes a damaged file an [ErrDamaged].
func (e *FileError) Unwrap() error { return e.kind }

func (s *store) unusable(problem string) error {
	return &FileError{Path: s.path, Problem: problem, kind: ErrDamaged,
		Fix: "run litellm-proxy sandbox reset to move it aside and start over"}
}

func (s *store) damaged(how string) error {
	return s.unusable("is damaged: " + how)
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) } // made at the first use

func sum(before uint32, data []byte) uint32 { return crc32.Update(before, castagnoli(), data) }

// notLink refuses a symbolic link, whose file may be anybody's.
func notLink(path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return &FileError{Path: path, Problem: "is a symbolic link", kind: ErrLink}
	}
	return nil
}

// openRegular refuses a symbolic link, and a pipe or a device, which could block a
// reader for ever.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	if err := notLink(path); err != nil {
		return nil, nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		what := "is not a regular file"
		if info.IsDir() {
			what = "is a directory"
		}
		return nil, nil, &FileError{Path: path, Problem: what}
	}
	file, err := os.Open(path)
	return file, info, err
}

// private refuses a file that others can read or write: it holds keys in clear.
func private(path string, info fs.FileInfo) error {
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return &FileError{Path: path, Problem: fmt.Sprintf("can be read by other users (mode %04o)", mode),
			Fix: "run chmod 600 " + path, kind: errExposed}
	}
	return nil
}

// readHead reads the first line alone.
func (s *store) readHead() (head, error) {
	file, _, err := openRegular(s.path)
	if err != nil {
		return head{}, err
	}
	defer func() { _ = file.Close() }()
	start, err := io.ReadAll(io.LimitReader(file, headMost))
	if err != nil {
		return head{}, err
	}
	h, _, err := s.parseHead(start)
	return h, err
}

// parseHead returns the first line, and what follows it. An empty file, such as
// mktemp makes, does not exist yet.
func (s *store) parseHead(data []byte) (h head, payload []byte, err error) {
	line, _, complete := bytes.Cut(data[:min(len(data), headMost)], []byte("\n"))
	words, is := strings.CutPrefix(string(line), magic)
	version, words, _ := strings.Cut(words, " ")
	number, err := strconv.Atoi(version)
	switch {
	case len(data) == 0:
		return head{}, nil, fs.ErrNotExist
	case !is:
		return head{}, nil, s.unusable("is not a sandbox file, or was written by an older version")
	case err != nil:
		return head{}, nil, s.damaged("its first line is not valid")
	case number > format:
		return head{}, nil, s.unusable("was written by a newer version of this program")
	case number < format:
		return head{}, nil, s.unusable("was written by an older version of this program")
	}
	check, encoded, _ := strings.Cut(words, " ")
	if !complete || check != fmt.Sprintf("%08x", sum(0, []byte(encoded))) || json.Unmarshal([]byte(encoded), &h) != nil || h.Revision == "" {
		return head{}, nil, s.damaged("its first line is not valid")
	}
	return h, data[len(line)+1:], nil
}

// read reads and verifies the file.
func (s *store) read() (head, []byte, error) {
	file, info, err := openRegular(s.path)
	if err != nil {
		return head{}, nil, err
	}
	defer func() { _ = file.Close() }()
	start := make([]byte, min(info.Size(), headMost))
	if _, err := io.ReadFull(file, start); err != nil {
		return head{}, nil, err
	}
	h, payload, err := s.parseHead(start)
	if err != nil {
		return head{}, nil, err
	}
	headSize := int64(len(start) - len(payload))
	if want := headSize + int64(h.Size); info.Size() != want {
		return head{}, nil, s.damaged(fmt.Sprintf("its size is %d instead of %d bytes", info.Size(), want))
	}
	payload = append(make([]byte, 0, h.Size), payload...)
	payload = payload[:h.Size]
	if _, err := file.ReadAt(payload, headSize); err != nil && !errors.Is(err, io.EOF) {
		return head{}, nil, err
	}
	if sum(0, payload) != h.Sum {
		return head{}, nil, s.damaged("its checksum is wrong")
	}
	return h, payload, private(s.path, info)
}

// adminKey is the key in the file, or a new one if the file's is lost.
func (s *store) adminKey() string {
	if h, err := s.readHead(); err == nil {
		return h.AdminKey
	}
	return newAdminKey()
}

// write replaces the file, and returns when the new one is on disk.
func (s *store) write(h head, payload []byte) error {
	encoded := marshal(h)
	next := s.path + ".writing"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a killed process
		return err
	}
	file, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s%d %08x %s\n%s", magic, format, sum(0, encoded), encoded, payload)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = replace.File(next, s.path)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(s.path))
}

// syncDir makes a rename last. Windows does so by itself and has no way to ask.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// moveAside renames the file and its log, and returns the new name.
func (s *store) moveAside() (string, error) {
	aside, err := s.freeName()
	if err != nil {
		return "", err
	}
	if err := os.Rename(logOf(s.path), logOf(aside)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return aside, os.Rename(s.path, aside)
}

// freeName returns the name for the file aside: the first that nothing has.
func (s *store) freeName() (string, error) {
	aside := s.path + ".damaged"
	for n := 2; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, nil
		} else if err != nil {
			return "", err
		}
		aside = fmt.Sprintf("%s.damaged-%d", s.path, n)
	}
}
