// Package references lets arguments name secrets of this computer, env:NAME and file:NAME, so
// that a secret need not pass through the assistant that writes the arguments.
//
// Only what the operator allowed can be named. A reference counts where a secret belongs,
// which package secret decides, and as the whole of a text; anywhere else it is text.
package references

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"litellm-proxy/internal/secret"
)

// Source reads the secrets that may be named. The zero value allows none.
type Source struct {
	env    []string
	dir    *os.Root
	getenv func(string) string
}

// New returns a source of these variables of the environment and the files in a directory,
// or of none with "".
func New(env []string, dir string, getenv func(string) string) (*Source, error) {
	s := &Source{getenv: getenv}
	for _, name := range env {
		name = strings.TrimSpace(name)
		if !isVariable(name) {
			return nil, fmt.Errorf("--secret-env: %q is not the name of an environment variable", secret.Text(name))
		}
		s.env = append(s.env, name)
	}
	if dir == "" {
		return s, nil
	}
	path, err := filepath.Abs(dir)
	if err == nil {
		s.dir, err = os.OpenRoot(path)
	}
	if err != nil {
		return nil, fmt.Errorf("--secret-dir: %w", err)
	}
	return s, nil
}

func isVariable(name string) bool {
	return name != "" && len(name) <= 200 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	}) && (name[0] < '0' || name[0] > '9')
}

// Secret is a secret that arguments named.
type Secret struct {
	// Name is the reference, such as env:OPENAI_API_KEY, and Where the argument.
	Name, Where string
	// Placeholder stands in the arguments, and Value is what belongs there.
	Placeholder, Value string
}

// Resolve returns the value of an argument with a placeholder for each secret that it names.
// Without any, it returns the value itself.
func (s *Source) Resolve(argument string, value json.RawMessage) (json.RawMessage, []Secret, error) {
	if lower := bytes.ToLower(value); !bytes.Contains(lower, []byte(envPrefix)) && !bytes.Contains(lower, []byte(filePrefix)) && !bytes.Contains(lower, []byte(`\u`)) {
		return value, nil, nil // at first sight
	}
	// What is masked is a secret. All of a document may be: then nothing is left to compare.
	masked := secret.JSON(secret.Encode(secret.Object{{Name: argument, Value: value}}))
	w := walker{source: s}
	out, err := w.value([]string{argument}, value, at(members(masked), 0))
	if err != nil || w.found == nil {
		return value, nil, err
	}
	return out, w.found, nil
}

const (
	envPrefix, filePrefix = "env:", "file:"

	maxSecret = 64 << 10
	minSecret = 6 // a shorter one cannot be masked in what comes back
)

// reference returns the reference that a text is, or "". Blanks around it and capitals of
// its prefix change nothing: stored as they are, they would be a key that is none.
func reference(text string) string {
	text = strings.TrimSpace(text)
	for _, prefix := range []string{envPrefix, filePrefix} {
		if n := len(prefix); len(text) >= n && strings.EqualFold(text[:n], prefix) && !strings.ContainsAny(text, "\r\n") {
			return prefix + text[n:]
		}
	}
	return ""
}

type walker struct {
	source *Source
	found  []Secret
}

// value walks through a value beside its masked form, which is nil where all is a secret.
func (w *walker) value(path []string, value, masked json.RawMessage) (json.RawMessage, error) {
	switch value = bytes.TrimSpace(value); {
	case len(value) == 0 || bytes.Equal(value, masked):
		return value, nil
	case value[0] == '"':
		return w.text(path, value, masked)
	case value[0] != '{' && value[0] != '[':
		return value, nil
	}
	if len(masked) == 0 || masked[0] != value[0] {
		masked = nil
	}
	var err error
	if value[0] == '[' {
		list, beside := []json.RawMessage{}, slices.Collect(secret.Elements(masked))
		for item := range secret.Elements(value) {
			if item, err = w.value(path, item, at(beside, len(list))); err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return secret.Encode(list), nil
	}
	object, beside := secret.Object{}, members(masked)
	for name, item := range secret.Members(value) {
		if item, err = w.value(append(slices.Clone(path), string(name)), item, at(beside, len(object))); err != nil {
			return nil, err
		}
		object = append(object, secret.Member{Name: string(name), Value: item})
	}
	return secret.Encode(object), nil
}

// text takes a text that is a reference.
func (w *walker) text(path []string, value, masked json.RawMessage) (json.RawMessage, error) {
	text, where := secret.Unquote(value), strings.Join(path, ".")
	if named := reference(text); named != "" && (masked == nil || string(masked) == `"****"`) {
		text = named
		read, err := w.source.read(text)
		if err != nil {
			return nil, fmt.Errorf("%w (in %s)", err, where)
		}
		// A JSON document, as secrets of this place may be: it names no file of the gateway.
		stands := string(secret.Encode(secret.Object{{Name: "named_secret", Value: strings.Replace(text, ":", " ", 1)}}))
		w.found = append(w.found, Secret{Name: text, Where: where, Placeholder: stands, Value: read})
		return secret.Encode(stands), nil
	}
	// Within a document in a text, it could not be replaced.
	if document := bytes.TrimSpace([]byte(text)); len(document) > 0 && (document[0] == '{' || document[0] == '[') && json.Valid(document) {
		inner := walker{source: w.source}
		if _, err := inner.value(path, document, bytes.TrimSpace([]byte(secret.Unquote(masked)))); err != nil {
			return nil, err
		} else if inner.found != nil {
			return nil, fmt.Errorf("give %q as the whole value of a field, not within a document (in %s)", inner.found[0].Name, where)
		}
	}
	return value, nil
}

// read returns the secret that a reference names.
func (s *Source) read(reference string) (string, error) {
	kind, name, _ := strings.Cut(reference, ":")
	shown := fmt.Sprintf("%q", secret.Text(reference))
	var value string
	switch {
	case kind == "env" && (s == nil || !slices.Contains(s.env, name)):
		return "", fmt.Errorf("%s names a secret that this server may not read; the person who runs it allows it with --secret-env %s", shown, suggested(name))
	case kind == "env":
		value = s.getenv(name)
	case s == nil || s.dir == nil:
		return "", fmt.Errorf("%s names a file, and this server may read none; the person who runs it allows a directory with --secret-dir DIR", shown)
	default:
		var err error
		if value, err = s.file(name); err != nil {
			return "", fmt.Errorf("%s cannot be read: %w", shown, err)
		}
	}
	value = strings.TrimRight(value, "\r\n")
	switch {
	case value == "":
		return "", fmt.Errorf("%s is empty on this server", shown)
	case len(value) < minSecret:
		return "", fmt.Errorf("%s has less than %d characters on this server, so it could not be masked", shown, minSecret)
	case !utf8.ValidString(value):
		return "", fmt.Errorf("%s is not text", shown)
	}
	return value, nil
}

// suggested is a name for the hint, if it can be one.
func suggested(name string) string {
	if isVariable(name) {
		return name
	}
	return "NAME"
}

// file reads a file in the directory. Nothing in its name leads out of that.
func (s *Source) file(name string) (string, error) {
	info, err := s.dir.Stat(name) // opening a pipe would wait for its writer
	if err != nil {
		return "", reason(err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("it is not a regular file")
	}
	file, err := s.dir.Open(name)
	if err != nil {
		return "", reason(err)
	}
	defer func() { _ = file.Close() }()
	b, err := io.ReadAll(io.LimitReader(file, maxSecret+1))
	switch {
	case err != nil:
		return "", reason(err)
	case len(b) > maxSecret:
		return "", fmt.Errorf("it is above %d KiB", maxSecret>>10)
	}
	return string(b), nil
}

// reason is why a file cannot be read, without paths of this computer.
func reason(err error) error {
	switch {
	case os.IsNotExist(err):
		return fmt.Errorf("there is no such file in the directory of --secret-dir")
	case os.IsPermission(err):
		return fmt.Errorf("this server has no permission to read it")
	case strings.Contains(err.Error(), "escapes"):
		return fmt.Errorf("it is outside the directory of --secret-dir")
	}
	return fmt.Errorf("it is not a readable file in the directory of --secret-dir")
}

// members returns the values of an object's members.
func members(object json.RawMessage) (values []json.RawMessage) {
	for _, value := range secret.Members(object) {
		values = append(values, value)
	}
	return values
}

// at returns one of the values, or nil where there are fewer.
func at(values []json.RawMessage, i int) json.RawMessage {
	if i < len(values) {
		return values[i]
	}
	return nil
}
