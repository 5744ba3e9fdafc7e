package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// maxValueFile bounds what @file and @- read.
const maxValueFile = 64 << 20

// sources reads values from files, standard input or a hidden prompt.
type sources struct {
	stdin  io.Reader
	prompt func(label string) (string, error) // nil: no terminal
	used   bool
}

// read resolves the part of a value behind "@": a file's name or "-".
func (s *sources) read(name, label string) (string, error) {
	if name == "-" {
		if s.used {
			return "", errors.New("standard input can be read only once")
		}
		s.used = true
		if s.prompt != nil {
			return s.prompt(label)
		}
		return bounded(s.stdin, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("cannot read @%s: %w (for a text that starts with @, write @@)", name, errors.Unwrap(err))
	}
	defer f.Close()
	return bounded(f, name)
}

// bounded reads a value. An empty one is an error: whatever was to write it has failed,
// and an empty secret would be stored.
func bounded(r io.Reader, name string) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxValueFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot read %s: %w", name, err)
	case len(b) > maxValueFile:
		return "", fmt.Errorf("%s is larger than %d MiB", name, maxValueFile>>20)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("%s is empty", name)
	}
	return text, nil
}

// at resolves @file, @- and @@ at the beginning of a value.
func (s *sources) at(value, label string) (text string, literal bool, err error) {
	rest, ok := strings.CutPrefix(value, "@")
	if !ok {
		return value, true, nil
	}
	if strings.HasPrefix(rest, "@") {
		return rest, false, nil
	}
	text, err = s.read(rest, label)
	return text, false, err
}

// pair parses key=value or key:=JSON. The members in texts stay text, except null.
func (s *sources) pair(text string, texts []string) (name string, value json.RawMessage, err error) {
	name, rest, ok := strings.Cut(text, "=")
	if head, _, colon := strings.Cut(text, ":"); !ok && colon && head != "" {
		return "", nil, errors.New("must be key=value, with an equal sign instead of the colon") // which may be a secret
	}
	if !ok || name == "" || name == ":" {
		return "", nil, fmt.Errorf("%q is not key=value (or key:=JSON)", secret.Text(text))
	}
	if typed, ok := strings.CutSuffix(name, ":"); ok {
		source, _, err := s.at(rest, typed)
		if err != nil {
			return "", nil, err
		}
		if !json.Valid([]byte(source)) {
			return "", nil, fmt.Errorf("%s:= is not JSON: %s", typed, jsonFault([]byte(source)))
		}
		return typed, json.RawMessage(source), nil
	}
	value1, literal, err := s.at(rest, name)
	if err != nil {
		return "", nil, err
	}
	if literal {
		text := false
		for _, t := range texts {
			text = text || t == name || t == "*"
		}
		if value1 == "null" || !text && typed(value1) {
			return name, json.RawMessage(value1), nil
		}
	}
	return name, quote(value1), nil
}

// typed tells whether a value is meant as true, false, null or a number. A
// number that JSON does not write so (007, +1, .5) is text, and so is one whose
// digits say more than its value (1.10 is a version; 1.0 is a number).
func typed(s string) bool {
	switch s {
	case "true", "false", "null":
		return true
	case "":
		return false
	}
	if !strings.ContainsRune("-0123456789", rune(s[0])) || strings.ContainsAny(s, " \t\r\n") || !json.Valid([]byte(s)) {
		return false
	}
	_, fraction, ok := strings.Cut(s, ".")
	return !ok || len(fraction) < 2 || !strings.HasSuffix(fraction, "0")
}

// jsonObject parses a JSON object, or @file or @- that holds one.
func (s *sources) jsonObject(text, label string) (json.RawMessage, error) {
	text, _, err := s.at(text, label)
	if err != nil {
		return nil, err
	}
	b := bytes.TrimSpace([]byte(text))
	if len(b) > 0 && b[0] != '{' {
		return nil, errors.New("must be a JSON object like {\"name\": \"value\"}")
	}
	if !json.Valid(b) {
		return nil, errors.New("not valid JSON: " + jsonFault([]byte(text)))
	}
	if dup := duplicate(b); dup != "" {
		return nil, fmt.Errorf("has the member %q twice", dup)
	}
	return b, nil
}

// anyJSON parses a JSON value, or @file or @- that holds one.
func (s *sources) anyJSON(text, label string) (json.RawMessage, error) {
	text, _, err := s.at(text, label)
	if err != nil {
		return nil, err
	}
	b := bytes.TrimSpace([]byte(text))
	switch {
	case !json.Valid(b):
		return nil, errors.New("not valid JSON: " + jsonFault([]byte(text)))
	case string(b) == "null":
		return nil, errors.New("null is sent with --data null")
	case b[0] == '{' && duplicate(b) != "":
		return nil, fmt.Errorf("has the member %q twice", duplicate(b))
	}
	return b, nil
}

// duplicate returns a member's name that stands twice at the top of an object.
func duplicate(b []byte) string {
	d := json.NewDecoder(bytes.NewReader(b))
	_, _ = d.Token()
	seen := map[string]bool{}
	for d.More() {
		name, _ := d.Token()
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return ""
		}
		if s, _ := name.(string); seen[s] {
			return s
		} else {
			seen[s] = true
		}
	}
	return ""
}

// jsonFault says what is wrong with a text that should be JSON, and where,
// without repeating it: it may hold a secret.
func jsonFault(b []byte) string {
	var v any
	err := json.Unmarshal(b, &v)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return "empty"
	}
	at := int(syntax.Offset)
	text := strings.TrimPrefix(syntax.Error(), "json: ")
	if at >= len(b) && strings.Contains(text, "unexpected end") {
		return "it ends early, after " + operation.Counted(len(b), "character")
	}
	before := b[:min(at, len(b))-1] // the offset is behind the fault
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("%s (line %d, column %d)", text, line, column)
}

// roles are those that a message may have.
var roles = []string{"system", "developer", "user", "assistant", "tool"}

// chatMessage parses role:content. White space around either is dropped, as the Python
// CLI does.
func chatMessage(text string) (json.RawMessage, error) {
	role, content, ok := strings.Cut(text, ":")
	if role = strings.ToLower(strings.TrimSpace(role)); ok && slices.Contains(roles, role) {
		return operation.Encode(operation.Message{Role: role, Content: strings.TrimSpace(content)}), nil
	}
	return nil, fmt.Errorf("%q is not role:content with one of the roles %s; write \"user:%s\"",
		secret.Text(text), strings.Join(roles, ", "), secret.Text(text))
}

// stringList parses what one flag of a list holds: a JSON list of texts, texts
// between commas, without the spaces around each, or one text, which stays as it is.
func stringList(text string) []string {
	var list []string
	if strings.HasPrefix(text, "[") && json.Unmarshal([]byte(text), &list) == nil {
		return list
	}
	if text != "" && !strings.Contains(text, ",") {
		return []string{text}
	}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// quote is a text as JSON.
func quote(text string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text)
	return bytes.TrimSpace(b.Bytes())
}

// fieldValue is a flag that stores JSON under the gateway's name.
type fieldValue struct {
	field operation.Field
	to    *arguments
}

// arguments collects the JSON object of one call.
type arguments struct {
	args    operation.Args
	given   map[string]bool // scalar fields that have a value
	sources *sources
	clears  bool // the operation has --clear
}

// String implements pflag.Value; a flag that was not given shows no default.
func (v *fieldValue) String() string { return "" }

// Type implements pflag.Value: the word for the value in help.
func (v *fieldValue) Type() string {
	switch v.field.Kind {
	case operation.KindInteger:
		return "int"
	case operation.KindNumber:
		return "number"
	case operation.KindBoolean:
		return "bool"
	case operation.KindStrings:
		return "a,b"
	case operation.KindObject, operation.KindJSON:
		return "JSON"
	case operation.KindPairs:
		return "key=value"
	case operation.KindMessages:
		return "role:content"
	case operation.KindHeaders:
		return "name:value"
	}
	if v.field.File {
		return "@file|text"
	}
	return "text"
}

// errGivenTwice is the error for an argument with two values, as under two names.
var errGivenTwice = errors.New("give it only once")

// Set implements pflag.Value.
func (v *fieldValue) Set(text string) error { return v.to.set(v.field, text) }

// set stores what one flag or positional argument says.
func (a *arguments) set(f operation.Field, text string) error {
	if once := f.Kind < operation.KindStrings || f.Kind == operation.KindObject || f.Kind == operation.KindJSON; once {
		if a.given[f.Name] {
			return errGivenTwice
		}
		a.given[f.Name] = true
	}
	var err error
	switch f.Kind {
	case operation.KindInteger, operation.KindNumber:
		a.args[f.Name], err = number(text, f.Kind)
	case operation.KindBoolean:
		var b bool
		if b, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%q is not true or false", text)
		}
		a.args[f.Name] = json.RawMessage(strconv.FormatBool(b))
	case operation.KindStrings:
		return a.setList(f, text)
	case operation.KindObject:
		a.args[f.Name], err = a.sources.jsonObject(text, f.Name)
	case operation.KindJSON:
		a.args[f.Name], err = a.sources.anyJSON(text, f.Name)
	case operation.KindPairs:
		var name string
		var value json.RawMessage
		if name, value, err = a.sources.pair(text, f.Texts); err == nil {
			err = a.member(f.Name, name, value)
		}
	case operation.KindMessages:
		var m json.RawMessage
		if m, err = chatMessage(text); err == nil {
			a.add(f.Name, m)
		}
	case operation.KindHeaders:
		name, value, ok := strings.Cut(text, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return errors.New("must be name:value, such as X-Team:emea") // what was given may be a secret
		}
		err = a.member(f.Name, strings.TrimSpace(name), quote(strings.TrimSpace(value)))
	default:
		if f.File {
			text, _, err = a.sources.at(text, f.Flag)
		}
		a.args[f.Name] = quote(text)
	}
	return err
}

// setList adds the items of a list.
func (a *arguments) setList(f operation.Field, text string) error {
	list := stringList(text)
	if len(list) == 0 && !strings.HasPrefix(text, "[") {
		return a.emptyList(f)
	}
	for _, s := range list {
		a.add(f.Name, quote(s))
	}
	if a.args[f.Name] == nil {
		a.args[f.Name] = json.RawMessage("[]")
	}
	return nil
}

// emptyList is the error for a list without a value, such as an unset variable. Sent as
// an empty list it would allow everything.
func (a *arguments) emptyList(f operation.Field) error {
	if a.clears && f.Cleared != "" {
		return fmt.Errorf("the list is empty; to clear it, use --clear %s", f.Name)
	}
	return errors.New("the list is empty; give at least one value, omit it, or use '[]' for an empty list")
}

// add appends to a list.
func (a *arguments) add(name string, value json.RawMessage) {
	var list []json.RawMessage
	_ = json.Unmarshal(a.args[name], &list)
	a.args[name], _ = json.Marshal(append(list, value))
}

// member adds to an object; the same member twice is a mistake.
func (a *arguments) member(name, key string, value json.RawMessage) error {
	object := map[string]json.RawMessage{}
	if json.Unmarshal(a.args[name], &object) != nil && a.args[name] != nil {
		return errors.New("is given beside a value that is no object")
	}
	if _, ok := object[key]; ok {
		return fmt.Errorf("%q is given twice", key)
	}
	object[key] = value
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(object)
	a.args[name] = bytes.TrimSpace(b.Bytes())
	return err
}
