// Package modelfile reads and writes the gateway's configuration file, config.yaml, as far
// as models and credentials go.
//
// The gateway reads it with PyYAML, which is YAML 1.1: 1e-06 is text, on is a boolean, 010
// is 8, and of two equal names the last one counts. [Load] types every value as the gateway
// does, follows include, and reports everything that is wrong or easily misread, each with
// its line. [Compare] tells what an import would create or change on a gateway, and [Export]
// writes what a gateway has in the same form.
//
// Secrets pass through this package and are never part of a finding.
package modelfile

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is a configuration file with the files that it includes.
type File struct {
	Models      []Model
	Credentials []Credential
	// Sections are the top-level sections that are not imported, in order.
	Sections []string
	Findings Findings
}

// Model is one entry of model_list: a deployment.
type Model struct {
	Name  string
	ID    string // model_info.id, or the ID that the gateway itself would derive
	Given bool   // the ID stands in the file
	// References says that a parameter is or has a reference to the gateway's environment or secret
	// manager, so the gateway derives another ID from the entry than this program.
	References bool
	Params     Value
	Info       Value
	Place      Place
}

// Args returns the model as the arguments of models add. Prices in model_info become
// parameters: the gateway stores them nowhere else.
func (m Model) Args() map[string]json.RawMessage {
	params, info := m.stored()
	name, _ := json.Marshal(m.Name)
	return map[string]json.RawMessage{"model_name": name, "litellm_params": params.JSON(), "model_info": info.JSON()}
}

func (m Model) stored() (params, info Value) {
	params = Value{Kind: Map, Members: slices.Clone(m.Params.Members)}
	info = Value{Kind: Map}
	for _, one := range m.Info.Members {
		if slices.Contains(generated, one.Name) {
			continue
		}
		if !isPrice(one.Name) {
			info.Members = append(info.Members, one)
		} else if params.Get(one.Name) == nil {
			params.set(one)
		}
	}
	info.set(Member{Name: "id", Value: Value{Kind: Text, Text: m.ID}})
	return params, info
}

// isPrice reports whether a member of model_info is a price.
func isPrice(name string) bool {
	return strings.Contains(name, "cost_per") && !strings.Contains(name, "ptu") || strings.Contains(name, "token_cost") ||
		strings.Contains(name, "_uplift_multiplier") || name == "tiered_pricing"
}

// Upstream returns the provider's model.
func (m Model) Upstream() string { return m.Params.Get("model").String() }

// Label names the model for people: its name and provider's model.
func (m Model) Label() string { return fmt.Sprintf("%s (%s)", m.Name, m.Upstream()) }

// Credential is one entry of credential_list.
type Credential struct {
	Name   string
	Info   Value
	Values Value
	Place  Place
}

// Args returns the credential as the arguments of credentials create.
func (c Credential) Args() map[string]json.RawMessage {
	name, _ := json.Marshal(c.Name)
	return map[string]json.RawMessage{"credential_name": name, "credential_info": c.Info.JSON(), "credential_values": c.Values.JSON()}
}

// Load reads a file, "-" for stdin, with what it includes. It returns an error only if the
// file itself cannot be read; everything else is a finding.
func Load(path string, read func(path string) ([]byte, error)) (*File, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	f := &File{}
	l := &loader{file: f, read: read, root: path, loaded: map[string]bool{}, top: Value{Kind: Map}}
	if path != "-" {
		l.loaded[absolute(path)] = true
	}
	l.add(path, data)
	for len(l.pending) > 0 {
		next := l.pending[0]
		l.pending = l.pending[1:]
		l.include(next)
	}
	f.check(&l.top)
	f.Findings = f.Findings.sorted(l.order)
	return f, nil
}

// loader merges a file with what it includes, as the gateway does.
type loader struct {
	file    *File
	read    func(string) ([]byte, error)
	root    string
	loaded  map[string]bool
	order   []string
	size    int
	top     Value
	pending []inclusion
}

// inclusion is an entry of include.
type inclusion struct {
	path     string
	declared string // the file in which it stands
	place    Place
}

// shownAs is how findings name a file.
func shownAs(path string) string {
	if path == "-" {
		return "stdin"
	}
	return path
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// maxFiles is how many files one may include in all.
const maxFiles = 200

// add merges one file: lists are extended, everything else is replaced.
func (l *loader) add(path string, data []byte) {
	name := shownAs(path)
	l.order = append(l.order, name)
	at := Place{File: name, Line: 1}
	if l.size += len(data); l.size > MaxSize {
		l.file.Findings.add(Error, at, "", "the included files are larger than %d MiB together", MaxSize>>20)
		return
	}
	v, ok := parse(name, data, &l.file.Findings)
	switch {
	case !ok:
		return
	case v.Kind == Null && path == l.root:
		l.file.Findings.add(Error, at, "", "the file is empty")
		return
	case v.Kind == Null:
		return
	case v.Kind != Map:
		l.file.Findings.add(Error, v.Place, "", "the file must be a mapping with sections such as model_list, not %s", v.Kind)
		return
	}
	for _, m := range v.Members {
		if m.Name == "include" {
			l.includes(m, path)
			continue
		}
		if old := l.top.Get(m.Name); old != nil && old.Kind == List && m.Value.Kind == List {
			old.Items = append(old.Items, m.Value.Items...)
			continue
		}
		l.top.set(m)
	}
}

// includes queues the files of an include.
func (l *loader) includes(m Member, declared string) {
	if m.Value.Kind != List || slices.ContainsFunc(m.Value.Items, func(v Value) bool { return v.Kind != Text }) {
		l.file.Findings.add(Error, m.Place, "", "include must be a list of file names")
		return
	}
	for _, item := range m.Value.Items {
		l.pending = append(l.pending, inclusion{path: item.Text, declared: declared, place: item.Place})
	}
}

// include reads an included file, once. It stands next to the file that includes it, or else
// next to the first file.
func (l *loader) include(next inclusion) {
	beside := func(file string) string {
		if filepath.IsAbs(next.path) {
			return filepath.Clean(next.path)
		}
		if file == "-" {
			file = ""
		}
		return filepath.Join(filepath.Dir(file), next.path)
	}
	path, other := beside(next.declared), beside(l.root)
	if path != other && exists(other) {
		if exists(path) {
			l.file.Findings.add(Warning, next.place, "", "%s is read; %s has the same name and is not", path, other)
		} else {
			path = other
		}
	}
	if l.loaded[absolute(path)] {
		return
	}
	l.loaded[absolute(path)] = true
	if len(l.loaded) > maxFiles {
		l.file.Findings.add(Error, next.place, "", "more than %d files are included", maxFiles)
		l.pending = nil
		return
	}
	data, err := l.read(path)
	if err != nil {
		l.file.Findings.add(Error, next.place, "", "the included file %s cannot be read: %s", path, reason(err))
		return
	}
	l.add(path, data)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Credential returns the name of the credential that the model uses, or "".
func (m Model) Credential() string {
	if v := m.Params.Get("litellm_credential_name"); v != nil && !isReference(*v) {
		return v.String()
	}
	return ""
}

// Risky reports whether the gateway may be unable to serve the model: its provider's model is
// a reference, whose variable may not be set.
func (m Model) Risky() bool {
	model := m.Params.Get("model")
	return model != nil && isReference(*model)
}

// AccessGroups returns the model's access groups.
func (m Model) AccessGroups() (groups []string) {
	if v := m.Info.Get("access_groups"); v != nil && v.Kind == List {
		for _, g := range v.Items {
			if g.Kind == Text {
				groups = append(groups, g.Text)
			}
		}
	}
	return groups
}
