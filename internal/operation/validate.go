package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"litellm-proxy/proxyclient"
)

var compiled sync.Map // path → *jsonschema.Schema

func (op *Operation) compile() (*jsonschema.Schema, error) {
	if s, ok := compiled.Load(op.Path); ok {
		return s.(*jsonschema.Schema), nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(op.Schema()))
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
// [proxyclient.CodeUsage], names each faulty argument as {name}, which the
// surface words, and for an unknown one the arguments that there are.
func (op *Operation) Validate(args Args) error {
	s, err := op.compile()
	if err != nil {
		return fmt.Errorf("the schema of %q: %w", op.Path, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(Encode(args)))
	if err != nil {
		return Usage("the arguments are no JSON object: " + err.Error())
	}
	var faults []string
	if err := s.Validate(value); err != nil {
		var invalid *jsonschema.ValidationError
		if !errors.As(err, &invalid) {
			return err
		}
		faults = op.faults(invalid)
	}
	if more, ok := args[ExtraField]; ok && len(faults) == 0 {
		faults = op.declared(more)
	}
	if len(faults) == 0 {
		faults = op.contradictions(args)
	}
	if len(faults) == 0 {
		return nil
	}
	return Usage(strings.Join(faults, "; "))
}

// declared reports extra fields that have a property of their own: two values
// for one field would leave it to chance which is sent.
func (op *Operation) declared(more json.RawMessage) (faults []string) {
	var fields Args
	if err := json.Unmarshal(more, &fields); err != nil {
		return []string{"{extra} must be an object"}
	}
	for name := range fields {
		if _, ok := op.Field(name); ok {
			faults = append(faults, fmt.Sprintf("%q has an argument of its own: give {%s}", name, name))
		}
	}
	slices.Sort(faults)
	return faults
}

func (op *Operation) faults(e *jsonschema.ValidationError) (faults []string) {
	for _, cause := range e.Causes {
		faults = append(faults, op.faults(cause)...)
	}
	if len(e.Causes) > 0 {
		return faults
	}
	where := "the arguments"
	if len(e.InstanceLocation) > 0 {
		where = "{" + e.InstanceLocation[0] + "}"
		if rest := e.InstanceLocation[1:]; len(rest) > 0 {
			where += " (" + strings.Join(rest, ".") + ")"
		}
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
	case *kind.Type:
		want := strings.Join(k.Want, " or ")
		if k.Got == "null" {
			if op.clears(e.InstanceLocation) {
				return []string{where + " cannot be null: leave it out to keep it, or name it in {" + clearField + "} to empty it"}
			}
			return []string{where + " cannot be null here; leave it out"}
		}
		return []string{fmt.Sprintf("%s must be %s, not %s", where, article(want), article(k.Got))}
	case *kind.Enum:
		var want []string
		for _, v := range k.Want {
			want = append(want, fmt.Sprint(v))
		}
		return []string{fmt.Sprintf("%s must be one of %s", where, strings.Join(want, ", "))}
	case *kind.Minimum:
		min, _ := k.Want.Float64()
		return []string{fmt.Sprintf("%s must be at least %v", where, min)}
	case *kind.Maximum:
		max, _ := k.Want.Float64()
		return []string{fmt.Sprintf("%s must be at most %v", where, max)}
	case *kind.MinItems:
		return []string{where + " names nothing"}
	case *kind.MinLength:
		return []string{where + " is empty"}
	}
	return []string{where + " is not valid"}
}

// clears tells whether a null in this place means a field that {clear} empties.
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

func (op *Operation) unknown(name string) string {
	var names []string
	best, distance := "", len(name)/3+2
	for _, f := range op.Fields() {
		names = append(names, f.Name)
		if d := levenshtein.ComputeDistance(name, f.Name); d < distance {
			best, distance = f.Name, d
		}
	}
	text := fmt.Sprintf("unknown argument %q", proxyclient.RedactText(name))
	if best != "" {
		text += fmt.Sprintf(" (did you mean %q?)", best)
	}
	if len(names) == 0 {
		return text + "; there are none"
	}
	return text + "; there are " + strings.Join(names, ", ")
}
