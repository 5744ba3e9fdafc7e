package mcpclients

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/tailscale/hujson"
)

// Entry is a server in a client's list.
type Entry struct {
	Name, Command string
	Args          []string
	Env           map[string]string
	// Pass names the variables of the client's environment that the server gets, where the
	// client hands on only those.
	Pass []string
	// URL is that of a server which the client does not start.
	URL string
	// Dir is the directory that the server runs in, or "".
	Dir string
	// Off says that the client does not use the entry.
	Off bool
}

// values returns all that may hold a reference or a secret.
func (e Entry) values() []string {
	return append(slices.Collect(maps.Values(e.Env)), e.Args...)
}

// Secrets returns the values in an entry that are secrets by their names. References that the
// client replaces are none.
func (c *Client) Secrets(e Entry) (secrets []string) {
	add := func(value string) {
		if rest, _, _ := c.Expand(value, func(string) string { return "" }); rest != "" && !strings.HasPrefix(value, "@") {
			secrets = append(secrets, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		upper := strings.ToUpper(name)
		for _, end := range []string{"KEY", "TOKEN", "SECRET", "PASSWORD", "HEADERS"} {
			if strings.HasSuffix(upper, end) && !strings.HasSuffix(upper, "_CLIENT_KEY") { // a file
				add(e.Env[name])
			}
		}
	}
	words := append(strings.Fields(e.Command), e.Args...)
	for i, word := range words {
		flag, value, inOne := strings.Cut(word, "=")
		if !inOne && i+1 < len(words) {
			value = words[i+1]
		}
		switch flag {
		case "--api-key":
			add(value)
		case "--extra-header":
			_, value, _ = strings.Cut(value, ":")
			add(strings.TrimSpace(value))
		}
	}
	return secrets
}

// field is a member of an object, in order.
type field struct {
	name  string
	value any // string, bool, []string or map[string]string
}

// members are what an entry has in the client's form.
func (c *Client) members(e Entry) (fields []field) {
	if c.form == listed {
		fields = []field{{"type", "local"}, {"command", append([]string{e.Command}, e.Args...)}}
		if len(e.Env) > 0 {
			fields = append(fields, field{"environment", e.Env})
		}
		return append(fields, field{"enabled", true})
	}
	if c.form == typed || c.form == prompted {
		fields = append(fields, field{"type", "stdio"})
	}
	fields = append(fields, field{"command", e.Command}, field{"args", e.Args})
	if len(e.Env) > 0 {
		fields = append(fields, field{"env", e.Env})
	}
	return fields
}

// quote is a text as JSON, which is also TOML.
func quote(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s)
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\x7f", `\u007f`)
}

// list is a list of texts on one line.
func list(texts []string) string {
	var quoted []string
	for _, s := range texts {
		quoted = append(quoted, quote(s))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// render is an object as JSON.
func (d *document) render(fields []field, indent string, compact bool) string {
	open, between, end := d.newline+indent+d.unit, ","+d.newline+indent+d.unit, d.newline+indent
	if compact {
		open, between, end = "", ", ", ""
	}
	var all []string
	for _, f := range fields {
		value := ""
		switch v := f.value.(type) {
		case string:
			value = quote(v)
		case bool:
			value = fmt.Sprint(v)
		case []string:
			value = list(v)
		case map[string]string:
			var inner []field
			for _, name := range slices.Sorted(maps.Keys(v)) {
				inner = append(inner, field{name, v[name]})
			}
			value = d.render(inner, indent+d.unit, compact)
		}
		all = append(all, quote(f.name)+": "+value)
	}
	return "{" + open + strings.Join(all, between) + end + "}"
}

// Parse reads a file of the client. The error says where the fault is and repeats nothing.
func (c *Client) Parse(path string, data []byte) (document map[string]any, err error) {
	data = bytes.TrimPrefix(data, []byte(bom))
	if filepath.Ext(path) == ".toml" {
		err := toml.Unmarshal(data, &document)
		if e, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, _ := e.Position()
			return nil, fmt.Errorf("the TOML has an error in line %d", line)
		}
		return document, err
	}
	if c.comments {
		if standard, err := hujson.Standardize(bytes.Clone(data)); err == nil { // keeps the lines
			data = standard
		}
	}
	err = json.Unmarshal(data, &document)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, fmt.Errorf("the JSON has an error in line %d", 1+bytes.Count(data[:min(int(e.Offset), len(data))], []byte("\n")))
	}
	if err != nil {
		return nil, errors.New("it is not a JSON object")
	}
	return document, nil
}

const bom = "\ufeff"

// Entries returns the servers of a parsed file, those of single projects included.
func (c *Client) Entries(document map[string]any) (all []Entry) {
	servers, _ := document[c.Servers].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		if entry, ok := servers[name].(map[string]any); ok {
			all = append(all, EntryOf(name, entry))
		}
	}
	projects, _ := document["projects"].(map[string]any)
	for _, dir := range slices.Sorted(maps.Keys(projects)) {
		if project, ok := projects[dir].(map[string]any); ok {
			for _, e := range c.Entries(project) {
				if e.Dir == "" {
					e.Dir = dir
				}
				all = append(all, e)
			}
		}
	}
	return all
}

// EntryOf reads an entry in any client's form.
func EntryOf(name string, entry map[string]any) Entry {
	e := Entry{Name: name, Env: map[string]string{}}
	switch command := entry["command"].(type) {
	case string:
		e.Command = command
	case []any:
		e.Args = texts(command)
		if len(e.Args) > 0 {
			e.Command, e.Args = e.Args[0], e.Args[1:]
		}
	}
	if args, ok := entry["args"].([]any); ok {
		e.Args = append(e.Args, texts(args)...)
	}
	for _, member := range []string{"env", "environment"} {
		env, _ := entry[member].(map[string]any)
		for name, value := range env {
			e.Env[name] = fmt.Sprint(value)
		}
	}
	if pass, ok := entry["env_vars"].([]any); ok {
		e.Pass = texts(pass)
	}
	for _, member := range []string{"url", "httpUrl", "serverUrl"} {
		if url, ok := entry[member].(string); ok {
			e.URL = url
		}
	}
	e.Dir, _ = entry["cwd"].(string)
	enabled, set := entry["enabled"].(bool)
	disabled, _ := entry["disabled"].(bool)
	e.Off = disabled || set && !enabled
	return e
}

func texts(values []any) (out []string) {
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// Ours reports whether an entry starts this program, or is named after it.
func (e Entry) Ours() bool {
	return strings.Contains(e.Name, Program) || e.IsLine() || slices.ContainsFunc(append([]string{e.Command}, e.Args...), IsProgram)
}

// IsLine reports whether the command is this program with arguments behind it.
func (e Entry) IsLine() bool {
	for i, r := range e.Command {
		if r == ' ' && IsProgram(e.Command[:i]) {
			return true
		}
	}
	return false
}

// IsProgram reports whether a word of a command is this program.
func IsProgram(word string) bool {
	base := word[strings.LastIndexAny(word, `/\`)+1:]
	return strings.TrimSuffix(strings.ToLower(base), ".exe") == Program
}

// Flag returns the value of one of our flags among the arguments.
func (e Entry) Flag(name string) string {
	for i, arg := range e.Args {
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return value
		}
		if arg == name && i+1 < len(e.Args) {
			return e.Args[i+1]
		}
	}
	return ""
}
