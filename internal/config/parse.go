package config

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

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
