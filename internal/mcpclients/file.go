package mcpclients

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"litellm-proxy/internal/replace"
)

// maxFile is the largest file that is read: Claude Code keeps more than its configuration in
// its.
const maxFile = 64 << 20

// ReadFile returns the content of a client's file; exists reports whether there is one. The
// error does not repeat the path.
func ReadFile(path string) (data []byte, mode fs.FileMode, exists bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, false, nil
	case err != nil:
		return nil, 0, true, cause(err)
	case !info.Mode().IsRegular():
		return nil, 0, true, errors.New("it is not a regular file")
	case info.Size() > maxFile:
		return nil, 0, true, fmt.Errorf("it is larger than %d MiB", maxFile>>20)
	}
	data, err = os.ReadFile(path)
	return data, info.Mode(), true, cause(err)
}

// cause is why a file operation failed, without the path.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// Edit is a change of a client's file that is worked out and not yet written.
type Edit struct {
	Client *Client
	Path   string
	// Old is the entry that is there now, or nil. Its members are those of Old and New.
	Old *Entry
	// Others are the names of other entries for this program in the same list.
	Others []string
	// Same reports that the entry is there as it should be.
	Same bool

	before, after []byte
	mode          fs.FileMode
	exists        bool
}

// Install works out how an entry gets into a file.
func (c *Client) Install(path string, e Entry) (*Edit, error) {
	edit, err := c.open(path, e.Name)
	if err != nil {
		return nil, err
	}
	if edit.Old != nil && edit.Old.equal(e) {
		edit.Same = true
		return edit, nil
	}
	return edit, edit.work(e.Name, &e, func(data []byte) ([]byte, error) {
		if filepath.Ext(path) == ".toml" {
			return c.setTOML(data, e)
		}
		return c.setJSON(data, e)
	})
}

// Uninstall works out how an entry gets out of a file. Without one, Old is nil.
func (c *Client) Uninstall(path, name string) (*Edit, error) {
	edit, err := c.open(path, name)
	if err != nil || edit.Old == nil {
		return edit, err
	}
	return edit, edit.work(name, nil, func(data []byte) (out []byte, err error) {
		if filepath.Ext(path) == ".toml" {
			out, _, err = c.deleteTOML(data, name)
		} else {
			out, _, err = c.deleteJSON(data, name)
		}
		return out, err
	})
}

// open reads a file and the entry with a name.
func (c *Client) open(path, name string) (*Edit, error) {
	edit := &Edit{Client: c, Path: path}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		edit.Path = real // what a link points to is edited, and the link stays
	} else if target, err := os.Readlink(path); err == nil {
		return nil, fmt.Errorf("%s is a link to %s, which does not exist; nothing was changed", path, target)
	}
	var err error
	if edit.before, edit.mode, edit.exists, err = ReadFile(edit.Path); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	document, err := edit.parse(edit.before)
	if err != nil {
		return nil, fmt.Errorf("%s is not valid: %w; nothing was changed", path, err)
	}
	servers, _ := document[c.Servers].(map[string]any)
	if entry, ok := servers[name].(map[string]any); ok {
		old := EntryOf(name, entry)
		edit.Old = &old
	}
	for _, other := range slices.Sorted(maps.Keys(servers)) {
		if entry, ok := servers[other].(map[string]any); ok && other != name && EntryOf(other, entry).Ours() {
			edit.Others = append(edit.Others, other)
		}
	}
	if edit.Old == nil && servers[name] != nil {
		return nil, fmt.Errorf("%s: the entry %q is not an object; nothing was changed", path, name)
	}
	return edit, nil
}

func (e *Edit) parse(data []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(bytes.TrimPrefix(data, []byte(bom)))) == 0 {
		return map[string]any{}, nil
	}
	return e.Client.Parse(e.Path, data)
}

// work makes the new content, and checks that it has the entry, or none if want is nil, and
// that nothing else is different.
func (e *Edit) work(name string, want *Entry, change func([]byte) ([]byte, error)) error {
	text, marked := bytes.CutPrefix(e.before, []byte(bom))
	out, err := change(text)
	if err != nil {
		return fmt.Errorf("%s cannot be edited: %w; nothing was changed", e.Path, err)
	}
	if marked {
		out = append([]byte(bom), out...)
	}
	old, _ := e.parse(e.before)
	edited, err := e.parse(out)
	if err != nil {
		return fmt.Errorf("%s cannot be edited in place: %w; nothing was changed", e.Path, err)
	}
	servers, _ := edited[e.Client.Servers].(map[string]any)
	entry, found := servers[name].(map[string]any)
	if found != (want != nil) || found && !EntryOf(name, entry).equal(*want) {
		return fmt.Errorf("%s cannot be edited in place; nothing was changed", e.Path)
	}
	if !reflect.DeepEqual(e.Client.others(old, name), e.Client.others(edited, name)) {
		return fmt.Errorf("%s cannot be edited without changing other parts of it; nothing was changed", e.Path)
	}
	e.after = out
	return nil
}

// others is a document without one entry, an empty list of servers, and our question.
func (c *Client) others(document map[string]any, name string) map[string]any {
	out := map[string]any{}
	for member, value := range document {
		switch servers, ok := value.(map[string]any); {
		case member == c.Servers && ok:
			rest := map[string]any{}
			for n, entry := range servers {
				if n != name {
					rest[n] = entry
				}
			}
			if len(rest) > 0 {
				out[member] = rest
			}
		case member == "inputs" && c.form == prompted:
			inputs, _ := value.([]any)
			var rest []any
			for _, input := range inputs {
				if m, ok := input.(map[string]any); !ok || m["id"] != inputID {
					rest = append(rest, input)
				}
			}
			if len(rest) > 0 {
				out[member] = rest
			}
		default:
			out[member] = value
		}
	}
	return out
}

// equal reports whether two entries start the same server.
func (e Entry) equal(other Entry) bool {
	same := func(a, b []string) bool { return len(a) == len(b) && (len(a) == 0 || reflect.DeepEqual(a, b)) }
	return e.Command == other.Command && same(e.Args, other.Args) && same(e.Pass, other.Pass) && e.URL == other.URL &&
		(len(e.Env) == 0 && len(other.Env) == 0 || reflect.DeepEqual(e.Env, other.Env)) && !e.Off
}

// Backup is the path of the copy of the file as it was before the last edit.
func (e *Edit) Backup() string { return e.Path + ".litellm-proxy.bak" }

// Write replaces the file, and keeps a copy of it as it was; backup is the copy's path, or ""
// if there was no file. A file that changed meanwhile is left alone.
func (e *Edit) Write(scope Scope) (backup string, err error) {
	now, _, exists, err := ReadFile(e.Path)
	if err == nil && (exists != e.exists || !bytes.Equal(now, e.before)) {
		err = errors.New("another program changed it meanwhile; try again")
	}
	if err != nil {
		return "", fmt.Errorf("%s was not changed: %w", e.Path, err)
	}
	mode, dirMode := e.mode.Perm(), fs.FileMode(0o700)
	if !e.exists {
		if mode = 0o600; scope == Project {
			mode, dirMode = 0o644, 0o755
		}
		if err := os.MkdirAll(filepath.Dir(e.Path), dirMode); err != nil {
			return "", fmt.Errorf("%s was not written: %w", e.Path, cause(err))
		}
	} else {
		backup = e.Backup()
		if err := write(backup, e.before, mode); err != nil {
			return "", fmt.Errorf("%s was not changed, because its backup cannot be written: %w", e.Path, err)
		}
	}
	if err := write(e.Path, e.after, mode); err != nil {
		return "", fmt.Errorf("%s was not changed: %w", e.Path, err)
	}
	return backup, nil
}

// write puts a whole file in the place of another.
func write(path string, data []byte, mode fs.FileMode) error {
	next, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return cause(err)
	}
	defer func() { _ = os.Remove(next.Name()) }()
	_, err = next.Write(data)
	if err == nil {
		err = next.Chmod(mode)
	}
	if err == nil {
		err = next.Sync()
	}
	if closing := next.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return cause(err)
	}
	return replace.File(next.Name(), path)
}
