package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/secret"
)

var compiled sync.Map // path → *jsonschema.Schema

func (op *Operation) compile() (*jsonschema.Schema, error) {
	if s, ok := compiled.Load(op.Path); ok {
		return s.(*jsonschema.Schema), nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Encode(op.canonical())))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("input.json", doc); err != nil {
		return nil, err
	}
	s, err := c.Compile("input.json")
	if err == nil {
		compiled.Store(op.Path, s)
	}
	return s, err
}

// Validate checks the arguments against the operation's schema. The error has
// [proxyclient.CodeUsage] and names each invalid argument as {name}, and for an unknown
// one, those that exist.
func (op *Operation) Validate(args Args) error {
	args, err := op.Canonical(args)
	if err != nil {
		return err
	}
	if !op.plain(args) {
		if err := op.validate(args); err != nil {
			return err
		}
	}
	faults := op.formats(args)
	misspelled, _ := op.undocumented(args)
	if faults = append(faults, misspelled...); len(faults) > 0 {
		return Usage(strings.Join(faults, "; "))
	}
	return nil
}

// validate compares the arguments with the schema.
func (op *Operation) validate(args Args) error {
	s, err := op.compile()
	if err != nil {
		return fmt.Errorf("the schema of %q: %w", op.Path, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(Encode(args)))
	if err != nil {
		return Usage("the arguments are not a JSON object: " + err.Error())
	}
	faults := op.unheld(args)
	if len(faults) > 0 {
		return Usage(strings.Join(faults, "; "))
	}
	if err := s.Validate(value); err != nil {
		var invalid *jsonschema.ValidationError
		if !errors.As(err, &invalid) {
			return err
		}
		faults = op.faults(args, invalid)
	}
	if more, ok := args[ExtraField]; ok && len(faults) == 0 {
		faults = op.declared(more)
	}
	if len(faults) == 0 {
		faults = append(op.contradictions(args), op.replacements(args)...)
	}
	if len(faults) == 0 {
		return nil
	}
	return Usage(strings.Join(faults, "; "))
}

// unheld reports numbers that the validator cannot compare with their bounds.
func (op *Operation) unheld(args Args) (faults []string) {
	for _, f := range op.Fields() {
		n := json.Number(args[f.Name])
		if f.isNumber() && n != "" && strings.ContainsAny(string(n[:1]), "-0123456789") && !IsNumber(string(n)) {
			faults = append(faults, "{"+f.Name+"} is out of range")
		}
	}
	return faults
}

// plain reports whether the arguments are valid at first sight. What it does not know is
// left to the schema, which takes a command longer to compile than to send its request.
func (op *Operation) plain(args Args) bool {
	known := 0
	for _, f := range op.Fields() {
		value, given := args[f.Name]
		switch {
		case !given && f.Required:
			return false
		case given && (f.Name == ExtraField || f.Name == clearField || f.Name == replaceField || !f.plain(value)):
			return false
		case given:
			known++
		}
	}
	return known == len(args)
}

// plain reports whether a value obviously keeps the rules of the field.
func (f *Field) plain(value json.RawMessage) bool {
	if f.bounded || len(value) == 0 {
		return false
	}
	switch f.Kind {
	case KindString:
		var text string
		return json.Unmarshal(value, &text) == nil && value[0] == '"' &&
			(f.Enum == nil || slices.Contains(f.Enum, text)) && (text != "" || !f.rule.NotEmpty)
	case KindBoolean:
		return string(value) == "true" || string(value) == "false"
	case KindInteger:
		n, err := strconv.ParseInt(string(value), 10, 32)
		return err == nil && f.within(float64(n))
	case KindNumber:
		n, err := strconv.ParseFloat(string(value), 64)
		return err == nil && json.Valid(value) && f.within(n)
	}
	return false
}

// within reports whether a number keeps the bounds of the field.
func (f *Field) within(n float64) bool {
	least, err := f.rule.Min.Float64()
	if f.rule.Min != "" && (err != nil || n < least) {
		return false
	}
	most, err := f.rule.Max.Float64()
	return f.rule.Max == "" || err == nil && n <= most
}

// declared reports extra fields that have a property of their own, which could give one
// field two values.
func (op *Operation) declared(more json.RawMessage) (faults []string) {
	var fields Args
	if err := json.Unmarshal(more, &fields); err != nil {
		return []string{"{extra} must be an object"}
	}
	for name := range fields {
		if f, ok := op.known(name); ok {
			faults = append(faults, fmt.Sprintf("%q has its own argument; use {%s}", name, f.Name))
		}
	}
	slices.Sort(faults)
	return faults
}

func (op *Operation) faults(args Args, e *jsonschema.ValidationError) (faults []string) {
	for _, cause := range e.Causes {
		faults = append(faults, op.faults(args, cause)...)
	}
	if len(e.Causes) > 0 {
		return faults
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			faults = append(faults, op.unknown(name))
		}
		return faults
	case *kind.Required:
		for _, name := range k.Missing {
			faults = append(faults, "{"+name+"} is required")
		}
		return faults
	}
	return []string{where(e.InstanceLocation) + op.fault(args, e)}
}

// where names the faulty value: the argument, and the path within it.
func where(location []string) string {
	if len(location) == 0 {
		return "the arguments"
	}
	name, rest := "{"+location[0]+"}", location[1:]
	if len(rest) == 0 || len(rest) == 1 && strings.Trim(rest[0], "0123456789") == "" {
		return name
	}
	return name + " (" + strings.Join(rest, ".") + ")"
}

// fault says what is wrong with a value, after its name.
func (op *Operation) fault(args Args, e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return op.mistyped(args, e.InstanceLocation, k)
	case *kind.Enum:
		var want []string
		for _, v := range k.Want {
			if name, is := v.(string); is && e.InstanceLocation[0] == clearField {
				v = op.PublicName(name)
			}
			want = append(want, fmt.Sprint(v))
		}
		got := secret.Text(fmt.Sprint(k.Got))
		text := fmt.Sprintf(": %q is not one of %s", got, strings.Join(want, ", "))
		if near := Nearest(got, want); near != "" {
			text += "; did you mean " + near + "?"
		}
		return text
	case *kind.Minimum:
		least, _ := k.Want.Float64()
		return fmt.Sprintf(" must be at least %v", least)
	case *kind.Maximum:
		most, _ := k.Want.Float64()
		return fmt.Sprintf(" must be at most %v", most)
	case *kind.MinItems:
		return " is empty; give at least one value"
	case *kind.MinLength:
		return " is empty"
	}
	return " is invalid"
}

// mistyped says what a value of the wrong type must be, and how to write it.
func (op *Operation) mistyped(args Args, location []string, k *kind.Type) string {
	var f Field
	if len(location) == 1 {
		f, _ = op.Field(location[0])
	}
	switch {
	case k.Got == "null" && op.clears(location):
		return " cannot be null: omit it to keep it, or list it in {" + clearField + "} to clear it"
	case k.Got == "null" && f.Required:
		return " cannot be null: it is required"
	case k.Got == "null":
		return " cannot be null here; omit it"
	case k.Got != "string" || f.Name == "":
		return fmt.Sprintf(" must be %s, not %s", article(strings.Join(k.Want, " or ")), article(k.Got))
	}
	return " must be " + f.form(Shown(args.String(f.Name)))
}

// form says how to write a value of the field, given as a text that is none.
func (f *Field) form(text string) string {
	short := len(text) <= 80 && !strings.ContainsAny(text, "[{\n")
	switch {
	case f.Kind == KindStrings && short:
		return "a list: use " + string(Encode(words(text)))
	case f.Kind == KindMessages && short:
		return `a list: use [{"role": "user", "content": ` + string(Encode(text)) + "}]"
	case f.Kind == KindStrings || f.Kind == KindMessages:
		return "a list, and the text is not one in JSON"
	case f.Kind == KindBoolean && short:
		return fmt.Sprintf("true or false, not %q", text)
	case f.Kind == KindInteger && short:
		return fmt.Sprintf("an integer, not %q", text)
	case f.Kind == KindNumber && short:
		return fmt.Sprintf("a number, not %q", text)
	case f.Kind == KindInteger || f.Kind == KindNumber:
		return "a number, not a text"
	case f.Kind == KindBoolean:
		return "true or false, not a text"
	}
	return "an object, and the text is not one in JSON"
}

// words are the parts of a text between commas.
func words(text string) []string {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// clears reports whether a null in this place is for a field that {clear} can clear.
func (op *Operation) clears(location []string) bool {
	if _, update := op.Field(clearField); !update || len(location) != 1 {
		return false
	}
	f, _ := op.Field(location[0])
	return f.Cleared != ""
}

func article(name string) string {
	switch name {
	case "integer", "array", "object":
		return "an " + name
	case "null":
		return name
	}
	return "a " + name
}

// Refusal returns the reason why the operation cannot take an argument that people expect
// of it, or "". An input type gives them with a method Refuses.
func (op *Operation) Refusal(name string) string {
	if r, ok := reflect.Zero(op.Do.Input()).Interface().(interface{ Refuses() map[string]string }); ok {
		return r.Refuses()[name]
	}
	return ""
}

func (op *Operation) unknown(name string) string {
	if why := op.Refusal(name); why != "" {
		return fmt.Sprintf("unknown argument %q: %s", name, why)
	}
	var names []string
	for _, f := range op.Fields() {
		names = append(names, f.Property)
	}
	text := fmt.Sprintf("unknown argument %q", secret.Text(name))
	if best := nearest.Name(name, names, nearest.Limit(name)); best != "" {
		text += fmt.Sprintf(" (did you mean %q?)", best)
	}
	if len(names) == 0 {
		return text + "; the operation takes none"
	}
	return text + "; the arguments are " + strings.Join(names, ", ")
}
