package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
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

// Parse reads the text of a configuration file. Its errors are of type [*FileError] and
// repeat no value.
func Parse(path string, data []byte) (*File, error) {
	f := &File{Path: path, Exists: true}
	r := &reader{path: path}
	root, err := r.document(data)
	if root == nil || err != nil {
		return f, err
	}
	top, err := r.mapping(root, "the file", 0)
	if err != nil {
		return nil, err
	}
	current := 0
	for _, m := range top {
		switch m.name {
		case "current":
			current = m.line
			if f.Current, err = r.text(m); err != nil {
				return nil, err
			}
		case "profiles":
			if err := r.profiles(f, m.value); err != nil {
				return nil, err
			}
		default:
			return nil, r.fault(m.line, "unknown key %q%s", m.name, orNearest(m.name, []string{"current", "profiles"}))
		}
	}
	if f.Current != "" && f.Profile(f.Current) == nil {
		return nil, r.fault(current, "current: no profile %q%s", f.Current, orNearest(f.Current, f.ProfileNames()))
	}
	return f, nil
}

// reader turns YAML into profiles.
type reader struct{ path string }

// member is one entry of a mapping.
type member struct {
	name  string
	value *yaml.Node
	line  int
}

func (r *reader) fault(line int, format string, args ...any) error {
	return &FileError{Path: r.path, Line: line, Text: fmt.Sprintf(format, args...)}
}

// document returns the content of the only document, or nil if there is none.
func (r *reader) document(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc, more yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, r.syntax(err)
	}
	if err := d.Decode(&more); err == nil {
		return nil, r.fault(more.Line, "the file holds more than one YAML document")
	} else if !errors.Is(err, io.EOF) {
		return nil, r.syntax(err)
	}
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		return nil, nil
	}
	return doc.Content[0], nil
}

// syntax rewords "yaml: line 3: did not find expected key".
func (r *reader) syntax(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if _, err := fmt.Sscanf(rest, "%d:", &line); err == nil {
			_, text, _ = strings.Cut(rest, ": ")
		}
	}
	return r.fault(line, "not valid YAML: %s", text)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// resolved is what an alias stands for.
func resolved(n *yaml.Node) *yaml.Node {
	for range 10 {
		if n.Kind != yaml.AliasNode {
			break
		}
		n = n.Alias
	}
	return n
}

// maxDepth bounds how deep merge keys are followed.
const maxDepth = 10

// mapping returns the entries of a mapping, those of merge keys (<<) last.
func (r *reader) mapping(n *yaml.Node, what string, depth int) ([]member, error) {
	line := n.Line
	if n = resolved(n); isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode || depth > maxDepth {
		return nil, r.fault(line, "%s must be a mapping of names to values", what)
	}
	var own, merged []member
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return nil, r.fault(key.Line, "the keys of %s must be texts", what)
		}
		if key.Tag == "!!merge" {
			more, err := r.merged(value, what, depth)
			if err != nil {
				return nil, err
			}
			merged = append(merged, more...)
			continue
		}
		if seen[key.Value] {
			return nil, r.fault(key.Line, "%q is set twice in %s", key.Value, what)
		}
		seen[key.Value] = true
		own = append(own, member{key.Value, value, key.Line})
	}
	for _, m := range merged {
		if !seen[m.name] {
			seen[m.name] = true
			own = append(own, m)
		}
	}
	return own, nil
}

// merged returns the entries that a merge key adds: those of one mapping or of several.
func (r *reader) merged(value *yaml.Node, what string, depth int) ([]member, error) {
	from := []*yaml.Node{value}
	if list := resolved(value); list.Kind == yaml.SequenceNode {
		from = list.Content
	}
	var all []member
	for _, n := range from {
		more, err := r.mapping(n, what, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func (r *reader) profiles(f *File, n *yaml.Node) error {
	all, err := r.mapping(n, "profiles", 0)
	if err != nil {
		return err
	}
	for _, m := range all {
		if err := CheckName(m.name); err != nil {
			return r.fault(m.line, "profile %q: %v", m.name, err)
		}
		p := &Profile{Name: m.name, values: map[string]string{}}
		f.Profiles = append(f.Profiles, p)
		if err := r.settings(p, m.value, "", "profile "+m.name); err != nil {
			return err
		}
	}
	return nil
}

// settings reads the settings of a profile, or the members of one of them: mcp, headers.
func (r *reader) settings(p *Profile, n *yaml.Node, prefix, what string) error {
	all, err := r.mapping(n, what, 0)
	if err != nil {
		return err
	}
	for _, m := range all {
		name := prefix + m.name
		if prefix == "" && (m.name == "mcp" || m.name == Headers) {
			if err := r.settings(p, m.value, m.name+".", m.name+" of "+what); err != nil {
				return err
			}
			continue
		}
		setting, err := FindSetting(name)
		if err != nil || prefix == "" && (setting.Name != m.name || strings.Contains(m.name, ".")) {
			return r.fault(m.line, "%s: unknown setting %q%s", what, m.name, nearestSetting(m.name, prefix))
		}
		if isNull(resolved(m.value)) {
			if setting.Kind == Boolean {
				return r.fault(m.line, "%s: %s is neither true nor false", what, m.name)
			}
			continue // as if it were not there
		}
		value, err := r.value(m, setting)
		if err == nil {
			err = setting.Check(value)
		}
		if fault, ok := errors.AsType[*FileError](err); ok {
			return fault
		} else if err != nil {
			return r.fault(m.line, "%s: %v", what, err)
		}
		p.set(name, value)
	}
	return nil
}

// nearestSetting suggests a setting that belongs where an unknown one is.
func nearestSetting(name, prefix string) string {
	var names []string
	for _, s := range settings {
		if rest, ok := strings.CutPrefix(s.Name, prefix); ok {
			rest, _, _ = strings.Cut(rest, ".")
			names = append(names, rest)
		}
	}
	return orNearest(name, slices.Compact(names))
}

func (r *reader) value(m member, s Setting) (string, error) {
	n := resolved(m.value)
	if s.Kind == Boolean && n.Kind == yaml.ScalarNode {
		var on bool
		if n.Decode(&on) != nil {
			return "", r.fault(m.line, "%s is not true or false", s.Name)
		}
		return fmt.Sprint(on), nil
	}
	if s.Kind != List || n.Kind != yaml.SequenceNode {
		return r.text(m)
	}
	var items []string
	for _, item := range n.Content {
		text, err := r.text(member{m.name, item, item.Line})
		if err != nil {
			return "", err
		}
		items = append(items, text)
	}
	return strings.Join(items, ","), nil
}

// text returns a scalar as it is written.
func (r *reader) text(m member) (string, error) {
	n := resolved(m.value)
	if n.Kind != yaml.ScalarNode {
		return "", r.fault(m.line, "%s must be a single value", m.name)
	}
	if isNull(n) {
		return "", nil
	}
	return n.Value, nil
}
