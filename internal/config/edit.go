package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Editor changes a configuration file; see [Update].
type Editor struct {
	*File
	root *yaml.Node // the mapping at the top
}

// Update changes the configuration file at path: change sees what is in it and makes the
// changes. Comments and the order stay. Others who change the file wait. If change returns
// an error, the file is left as it is.
func Update(path string, change func(*Editor) error) error {
	return locked(path, func(target string) error {
		old, _, err := readFile(target)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		data, err := edited(path, old, change)
		if err != nil || data == nil {
			return err
		}
		return WritePrivate(target, data)
	})
}

// edited returns the text of the file after a change, or nil if nothing changed.
func edited(path string, old []byte, change func(*Editor) error) ([]byte, error) {
	f, err := Parse(path, old)
	if err != nil {
		return nil, err
	}
	f.Exists = old != nil
	var doc yaml.Node
	if err := yaml.Unmarshal(old, &doc); err != nil {
		return nil, &FileError{Path: path, Text: "not valid YAML"}
	}
	var prefix []byte
	if len(doc.Content) == 0 || isNull(doc.Content[0]) {
		// Comments alone are no document.
		if prefix = bytes.TrimSpace(old); len(prefix) > 0 && doc.Kind == 0 {
			prefix = append(prefix, "\n\n"...)
		} else {
			prefix = nil
		}
		doc = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	e := &Editor{File: f, root: doc.Content[0]}
	if err := change(e); err != nil {
		return nil, &changeError{err}
	}
	out := bytes.NewBuffer(prefix)
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&doc); err != nil {
		return nil, &FileError{Path: path, Text: "cannot be changed: " + err.Error()}
	}
	if bytes.Equal(out.Bytes(), old) {
		return nil, nil
	}
	if again, err := Parse(path, out.Bytes()); err != nil || !again.same(f) {
		return nil, &FileError{Path: path, Text: "cannot be changed automatically; use config edit"}
	}
	return out.Bytes(), nil
}

// same reports whether two files hold the same settings.
func (f *File) same(other *File) bool {
	return f.Current == other.Current && slices.EqualFunc(f.Profiles, other.Profiles, func(a, b *Profile) bool {
		if a.Name != b.Name || len(a.values) != len(b.values) {
			return false
		}
		for name, value := range a.values {
			if b.values[name] != value {
				return false
			}
		}
		return true
	})
}

// SetCurrent makes a profile the current one; "" means none.
func (e *Editor) SetCurrent(name string) error {
	e.Current = name
	if name == "" {
		remove(e.root, "current")
		return nil
	}
	if at := child(e.root, "current"); at != nil {
		e.put(e.root, "current", scalar(name))
		return nil
	}
	// It stands first, where it is looked for; a comment at the top stays at the top.
	key := scalar("current")
	if len(e.root.Content) > 0 {
		first := e.root.Content[0]
		key.HeadComment, first.HeadComment = first.HeadComment, ""
	}
	e.root.Style &^= yaml.FlowStyle
	e.root.Content = slices.Insert(e.root.Content, 0, key, scalar(name))
	return nil
}

// Set gives a profile a setting. A profile that does not exist is created.
func (e *Editor) Set(profile, name, value string) error {
	setting, err := FindSetting(name)
	if err == nil {
		err = setting.Check(value)
	}
	if err == nil {
		err = CheckName(profile)
	}
	if err != nil {
		return err
	}
	at, err := e.profileNode(profile, true)
	if err != nil {
		return err
	}
	if group, member, ok := strings.Cut(name, "."); ok {
		if at, err = e.mapping(at, group); err != nil {
			return err
		}
		e.put(at, member, nodeOf(setting, value))
	} else {
		e.put(at, name, nodeOf(setting, value))
	}
	p := e.Profile(profile)
	if p == nil {
		p = &Profile{Name: profile, values: map[string]string{}}
		e.Profiles = append(e.Profiles, p)
	}
	if setting.Kind == List {
		value = strings.Join(items(value), ",")
	}
	p.set(name, value)
	return nil
}

// Unset removes a setting from a profile, and reports whether it was there.
func (e *Editor) Unset(profile, name string) (bool, error) {
	p := e.Profile(profile)
	if p == nil {
		return false, e.Lacks(profile)
	}
	if _, err := FindSetting(name); err != nil {
		return false, err
	}
	doomed := func(n string) bool { return n == name || strings.HasPrefix(n, name+".") }
	if !slices.ContainsFunc(p.names, doomed) {
		return false, nil
	}
	at, err := e.profileNode(profile, false)
	if err != nil {
		return false, err
	}
	if group, rest, ok := strings.Cut(name, "."); ok {
		inner := child(at, group)
		if inner == nil || inner.Kind != yaml.MappingNode || !remove(inner, rest) {
			return false, e.notHere(profile, name)
		}
		if len(inner.Content) == 0 {
			remove(at, group)
		}
	} else if !remove(at, name) {
		return false, e.notHere(profile, name)
	}
	p.names = slices.DeleteFunc(p.names, doomed)
	for n := range p.values {
		if doomed(n) {
			delete(p.values, n)
		}
	}
	return true, nil
}

// notHere is the error for a setting that comes from elsewhere by a merge key or an alias.
func (e *Editor) notHere(profile, name string) error {
	return fmt.Errorf("%s of profile %s comes from an alias in %s; use config edit", name, profile, e.Path)
}

// Remove removes a profile. If it is the current one, there is none afterwards.
func (e *Editor) Remove(profile string) error {
	if e.Profile(profile) == nil {
		return e.Lacks(profile)
	}
	if all := child(e.root, "profiles"); all == nil || all.Kind != yaml.MappingNode || !remove(all, profile) {
		return e.notHere(profile, "the content")
	}
	e.Profiles = slices.DeleteFunc(e.Profiles, func(p *Profile) bool { return p.Name == profile })
	if e.Current == profile {
		return e.SetCurrent("")
	}
	return nil
}

func (e *Editor) profileNode(name string, create bool) (*yaml.Node, error) {
	all, err := e.mapping(e.root, "profiles")
	if err != nil {
		return nil, err
	}
	if !create && child(all, name) == nil {
		return nil, e.notHere(name, "the content")
	}
	return e.mapping(all, name)
}

// mapping returns the mapping under a name, which it creates if there is none.
func (e *Editor) mapping(parent *yaml.Node, name string) (*yaml.Node, error) {
	n := child(parent, name)
	switch {
	case n == nil:
		n = &yaml.Node{Kind: yaml.MappingNode}
		e.put(parent, name, n)
	case isNull(n):
		n.Kind, n.Tag, n.Value = yaml.MappingNode, "", ""
	case n.Kind == yaml.AliasNode:
		return nil, fmt.Errorf("%s is an alias in %s; use config edit", name, e.Path)
	}
	return n, nil
}

// put sets a member of a mapping. What is said beside the old value stays.
func (e *Editor) put(parent *yaml.Node, name string, value *yaml.Node) {
	if old := child(parent, name); old != nil {
		value.HeadComment, value.LineComment, value.FootComment = old.HeadComment, old.LineComment, old.FootComment
		*old = *value
		return
	}
	if len(parent.Content) == 0 {
		parent.Style &^= yaml.FlowStyle
	}
	parent.Content = append(parent.Content, scalar(name), value)
}

func child(parent *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value == name && parent.Content[i].Tag != "!!merge" {
			return parent.Content[i+1]
		}
	}
	return nil
}

func remove(parent *yaml.Node, name string) bool {
	for i := 0; i+1 < len(parent.Content); i += 2 {
		if parent.Content[i].Value == name && parent.Content[i].Tag != "!!merge" {
			parent.Content = slices.Delete(parent.Content, i, i+2)
			return true
		}
	}
	return false
}

func scalar(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

func nodeOf(s Setting, value string) *yaml.Node {
	switch s.Kind {
	case Boolean:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: value}
	case List:
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, item := range items(value) {
			list.Content = append(list.Content, scalar(item))
		}
		return list
	}
	return scalar(value)
}

// items splits a list at its commas.
func items(value string) (list []string) {
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// Replace puts a whole text in place of the file at path, unless it is not old any more.
// The text must be valid.
func Replace(path string, old, data []byte) error {
	if _, err := Parse(path, data); err != nil {
		return err
	}
	return locked(path, func(target string) error {
		now, _, err := readFile(target)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !bytes.Equal(now, old) {
			return &FileError{Path: path, Text: "was changed by somebody else meanwhile"}
		}
		return WritePrivate(target, data)
	})
}

// ReadText returns the text of the file at path, or nil if there is none.
func ReadText(path string) ([]byte, error) {
	data, _, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// locked runs do while nobody else changes the file; target is the file itself where path
// is a symbolic link.
func locked(path string, do func(target string) error) error {
	target, err := linked(path)
	if err != nil {
		return &FileError{Path: path, Text: "cannot be changed: " + cause(err)}
	}
	err = Locked(context.Background(), target, func() error { return do(target) })
	if _, ours := errors.AsType[*FileError](err); err == nil || ours {
		return err
	}
	if change, ours := errors.AsType[*changeError](err); ours {
		return change.err
	}
	return &FileError{Path: path, Text: "cannot be changed: " + cause(err)}
}

// changeError is the error of the caller's own change, which is returned as it is.
type changeError struct{ err error }

// Error implements error.
func (e *changeError) Error() string { return e.err.Error() }

// linked follows symbolic links, also to a file that does not exist yet.
func linked(path string) (string, error) {
	for range 40 {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return path, nil
		case err != nil:
			return "", err
		case info.Mode()&fs.ModeSymlink == 0 && !info.Mode().IsRegular():
			return "", errors.New("it is not a file")
		case info.Mode()&fs.ModeSymlink == 0:
			return path, nil
		}
		next, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(path), next)
		}
		path = next
	}
	return "", errors.New("too many symbolic links")
}
