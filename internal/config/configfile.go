package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	// FileVariable names another configuration file.
	FileVariable = "LITELLM_PROXY_CONFIG"
	// ProfileVariable names the profile to use.
	ProfileVariable = "LITELLM_PROXY_PROFILE"

	maxFile = 1 << 20
)

// File is the configuration file: profiles, one of which is the current one.
type File struct {
	// Path is where it is, or would be.
	Path string
	// Exists reports whether there is a file.
	Exists bool
	// Current is the name of the profile to use if nothing else names one, or "".
	Current string
	// Profiles are in the order of the file.
	Profiles []*Profile
}

// FileError is a fault in the configuration file.
type FileError struct {
	Path string
	Line int // 0: unknown
	Text string
}

// Error implements error: config.yaml:3: unknown setting.
func (e *FileError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Text)
	}
	return e.Path + ": " + e.Text
}

// FilePath returns the path of the configuration file: that of LITELLM_PROXY_CONFIG, or
// else config.yaml in [Dir].
func FilePath(getenv func(string) string) (string, error) {
	if path := getenv(FileVariable); path != "" {
		return expandHome(path, getenv), nil
	}
	dir, err := Dir(getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "config.yaml"), nil
}

// Load reads the configuration file. A missing one is empty; one that others can change, or
// read if it holds a secret, is an error.
func Load(path string) (*File, error) {
	data, mode, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &File{Path: path}, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	return f, f.checkMode(mode)
}

func readFile(path string) ([]byte, fs.FileMode, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, err
	}
	if err != nil {
		return nil, 0, &FileError{Path: path, Text: "cannot be read: " + cause(err)}
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, &FileError{Path: path, Text: "cannot be read: " + cause(err)}
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, 0, &FileError{Path: path, Text: "cannot be read: " + cause(err)}
	case len(data) > maxFile:
		return nil, 0, &FileError{Path: path, Text: fmt.Sprintf("is larger than %d MiB", maxFile>>20)}
	}
	return data, info.Mode(), nil
}

// cause is why a file operation failed, without the path.
func cause(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err.Error()
	}
	return err.Error()
}

// checkMode refuses a file that others can change: it says where keys are sent, and which
// commands run. It also refuses one that others can read if a secret is in it.
func (f *File) checkMode(mode fs.FileMode) error {
	if runtime.GOOS == "windows" || !mode.IsRegular() {
		return nil
	}
	why := ""
	switch {
	case mode.Perm()&0o022 != 0:
		why = "other users can change it"
	case mode.Perm()&0o044 != 0 && f.holdsSecret():
		why = "it holds a secret, and other users can read it"
	default:
		return nil
	}
	return &FileError{Path: f.Path, Text: fmt.Sprintf("%s (mode %04o); run chmod 600 %s", why, mode.Perm(), f.Path)}
}

func (f *File) holdsSecret() bool {
	for _, p := range f.Profiles {
		for _, name := range p.names {
			if p.Shown(name) == masked {
				return true
			}
		}
	}
	return false
}

// Profile returns the profile with this name, or nil.
func (f *File) Profile(name string) *Profile {
	for _, p := range f.Profiles {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// ProfileNames returns the names of the profiles, in the order of the file.
func (f *File) ProfileNames() []string {
	names := make([]string, len(f.Profiles))
	for i, p := range f.Profiles {
		names[i] = p.Name
	}
	return names
}

// UnknownProfileError is the error for a profile that does not exist.
type UnknownProfileError struct{ text string }

// Error implements error.
func (e *UnknownProfileError) Error() string { return e.text }

// Lacks returns the error for a profile that does not exist; it names the nearest one.
func (f *File) Lacks(name string) error {
	text := fmt.Sprintf("no profile %q in %s%s", name, f.Path, orNearest(name, f.ProfileNames()))
	if what := "does not exist"; len(f.Profiles) == 0 {
		if f.Exists {
			what = "has no profiles"
		}
		text = fmt.Sprintf("no profile %q: %s %s; create it with litellm-proxy config set base_url URL --profile %s", name, f.Path, what, name)
	}
	return &UnknownProfileError{text}
}
