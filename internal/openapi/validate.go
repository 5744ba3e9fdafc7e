package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"litellm-proxy/internal/plural"
)

// validate says what is wrong with a value, which may be any of several; nil if one is right,
// or if the schema itself is of a form that cannot be compared.
func (d *Document) validate(s *Schema, name string, values ...json.RawMessage) (faults []string) {
	compiled := d.compile(s)
	if compiled == nil {
		return nil
	}
	for i, value := range values {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
		if err != nil {
			return []string{called(name, nil) + " is not JSON"}
		}
		err = compiled.Validate(v)
		if err == nil {
			return nil
		}
		if invalid, ok := errors.AsType[*jsonschema.ValidationError](err); ok && (i == 0 || i == len(values)-1) {
			faults = d.words(name, invalid) // the last one is the nearest to what is meant
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}

// compile makes a validator of a schema and all that it refers to.
func (d *Document) compile(s *Schema) *jsonschema.Schema {
	conv := &converter{d: d, ids: map[string]string{}, defs: map[string]any{}}
	root := conv.schema(s)
	resource, ok := root.(map[string]any)
	if !ok {
		return nil
	}
	resource["$defs"] = conv.defs
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(pattern)
	if c.AddResource("schema.json", resource) != nil {
		return nil
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		return nil
	}
	return compiled
}

// pattern compiles a regular expression; one that only Python knows fits everything.
func pattern(text string) (jsonschema.Regexp, error) {
	if re, err := regexp.Compile(text); err == nil {
		return re, nil
	}
	return regexp.MustCompile(""), nil
}

// converter writes schemas in the form of the validator, with references by number: names of
// the document may have any form.
type converter struct {
	d    *Document
	ids  map[string]string
	defs map[string]any
}

func (c *converter) reference(ref string) string {
	name := last(ref)
	id, known := c.ids[name]
	if !known {
		id = fmt.Sprint("s", len(c.ids))
		c.ids[name] = id
		c.defs[id] = c.schema(c.d.Schemas[name])
	}
	return "#/$defs/" + id
}

func (c *converter) schema(s *Schema) any {
	m := map[string]any{}
	switch {
	case s == nil:
		return m
	case s.Ref != "":
		return map[string]any{"$ref": c.reference(s.Ref)}
	}
	switch s.Type {
	case "string", "integer", "number", "boolean", "array", "object", "null":
		m["type"] = string(s.Type)
	}
	c.values(s, m)
	for name, list := range map[string][]*Schema{"anyOf": slices.Concat(s.AnyOf, s.OneOf), "allOf": s.AllOf, "prefixItems": s.Prefix} {
		var all []any
		for _, one := range list {
			all = append(all, c.schema(one))
		}
		if all != nil {
			m[name] = all
		}
	}
	if s.Items != nil {
		m["items"] = c.schema(s.Items)
	}
	if len(s.Properties) > 0 {
		properties := map[string]any{}
		for name, one := range s.Properties {
			properties[name] = c.schema(one)
		}
		m["properties"] = properties
	}
	if len(s.Required) > 0 {
		var names []any
		for _, name := range slices.Compact(slices.Sorted(slices.Values(s.Required))) {
			names = append(names, name)
		}
		m["required"] = names
	}
	if s.Additional != nil {
		m["additionalProperties"] = !s.Additional.None
		if s.Additional.Schema != nil {
			m["additionalProperties"] = c.schema(s.Additional.Schema)
		}
	}
	return m
}

// values writes what limits single values.
func (c *converter) values(s *Schema, m map[string]any) {
	put := func(name string, raw []byte) {
		if v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw)); err == nil {
			m[name] = v
		}
	}
	if len(s.Const) > 0 {
		put("const", s.Const)
	}
	var enum []any
	for _, one := range s.Enum {
		if v, err := jsonschema.UnmarshalJSON(bytes.NewReader(one)); err == nil {
			enum = append(enum, v)
		}
	}
	if enum != nil {
		m["enum"] = enum
	}
	if s.Pattern != "" {
		m["pattern"] = s.Pattern
	}
	for name, n := range map[string]Number{"minimum": s.Minimum, "maximum": s.Maximum, "exclusiveMinimum": s.ExclusiveMinimum, "exclusiveMaximum": s.ExclusiveMaximum} {
		if n != "" {
			put(name, []byte(n))
		}
	}
	for name, n := range map[string]Number{"minLength": s.MinLength, "maxLength": s.MaxLength, "minItems": s.MinItems, "maxItems": s.MaxItems} {
		if n != "" && strings.Trim(string(n), "0123456789") == "" {
			put(name, []byte(n))
		}
	}
}

// words says what is wrong with a value, for a reader: the field, and what is allowed.
func (d *Document) words(name string, e *jsonschema.ValidationError) []string {
	if _, any := e.ErrorKind.(*kind.AnyOf); any {
		return d.branch(name, e)
	}
	if len(e.Causes) > 0 {
		var all []string
		for _, cause := range e.Causes {
			all = append(all, d.words(name, cause)...)
		}
		return all
	}
	at := called(name, e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		return []string{at + " must be " + article(strings.Join(k.Want, " or ")) + ", not " + article(k.Got)}
	case *kind.Enum:
		var values []string
		for _, v := range k.Want[:min(len(k.Want), maxEnum)] {
			values = append(values, clean(fmt.Sprint(v)))
		}
		return []string{at + " must be one of " + strings.Join(values, ", ")}
	case *kind.Const:
		return []string{at + " must be " + clean(fmt.Sprint(k.Want))}
	case *kind.Required:
		var all []string
		for _, missing := range k.Missing {
			all = append(all, called(name, append(slices.Clone(e.InstanceLocation), missing))+" is required")
		}
		return all
	case *kind.AdditionalProperties:
		return []string{at + " takes no field " + clean(strings.Join(k.Properties, ", "))}
	case *kind.Minimum:
		return []string{at + " must be at least " + k.Want.RatString()}
	case *kind.Maximum:
		return []string{at + " must be at most " + k.Want.RatString()}
	case *kind.ExclusiveMinimum:
		return []string{at + " must be more than " + k.Want.RatString()}
	case *kind.ExclusiveMaximum:
		return []string{at + " must be less than " + k.Want.RatString()}
	case *kind.MinLength:
		return []string{fmt.Sprintf("%s must have at least %s", at, plural.Count(k.Want, "character"))}
	case *kind.MaxLength:
		return []string{fmt.Sprintf("%s must have at most %s", at, plural.Count(k.Want, "character"))}
	case *kind.MinItems:
		return []string{fmt.Sprintf("%s must have at least %s", at, plural.Count(k.Want, "item"))}
	case *kind.MaxItems:
		return []string{fmt.Sprintf("%s must have at most %s", at, plural.Count(k.Want, "item"))}
	case *kind.Pattern:
		return []string{at + " must match the pattern " + clean(k.Want)}
	}
	return []string{at + " is invalid"}
}

// branch says what is wrong with a value that fits none of several forms: the types, if its
// own is none of them, or else what the form with the fewest faults says.
func (d *Document) branch(name string, e *jsonschema.ValidationError) []string {
	var want []string
	got := ""
	var best []string
	for _, cause := range e.Causes {
		leaf := cause
		for len(leaf.Causes) == 1 {
			leaf = leaf.Causes[0]
		}
		if k, ok := leaf.ErrorKind.(*kind.Type); ok && len(leaf.InstanceLocation) == len(e.InstanceLocation) {
			got = k.Got
			for _, one := range k.Want {
				if !slices.Contains(want, one) {
					want = append(want, one)
				}
			}
			continue
		}
		if words := d.words(name, cause); best == nil || len(words) < len(best) {
			best = words
		}
	}
	if best != nil {
		return best
	}
	return []string{called(name, e.InstanceLocation) + " must be " + article(strings.Join(want, " or ")) + ", not " + article(got)}
}

// called names a value by the way to it.
func called(name string, location []string) string {
	path := strings.Join(location, ".")
	switch {
	case name == "" && path == "":
		return "the body"
	case name == "":
		return clean(path)
	case path == "":
		return clean(name)
	}
	return clean(name + "." + path)
}

func article(name string) string {
	name = strings.ReplaceAll(name, "array", "list")
	switch {
	case strings.HasPrefix(name, "integer"), strings.HasPrefix(name, "object"):
		return "an " + name
	case strings.HasPrefix(name, "null"):
		return name
	}
	return "a " + name
}
