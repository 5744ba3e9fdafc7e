package openapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// methods are the methods that are read, in the order of a list.
var methods = []string{"get", "post", "put", "patch", "delete"}

type rawDocument struct {
	Info       struct{ Version string }
	Paths      map[string]map[string]json.RawMessage
	Components struct {
		Schemas       map[string]*Schema
		Parameters    map[string]Parameter
		RequestBodies map[string]rawBody
	}
}

type rawBody struct {
	Ref      string `json:"$ref"`
	Content  map[string]struct{ Schema *Schema }
	Required bool
}

type rawEndpoint struct {
	Tags                 []string
	Summary, Description string
	Parameters           []Parameter
	Deprecated           bool
	RequestBody          rawBody
}

// maxNesting is how deep a document may be nested; those of real gateways have 29 levels.
const maxNesting = 200

// Parse reads a document. It fails on what is no OpenAPI document or has no paths.
func Parse(document []byte) (*Document, error) {
	switch {
	case len(document) > maxDocument:
		return nil, fmt.Errorf("not an OpenAPI document: larger than %d MiB", maxDocument>>20)
	case nesting(document) > maxNesting:
		return nil, fmt.Errorf("not an OpenAPI document: nested deeper than %d levels", maxNesting)
	}
	var raw rawDocument
	if err := readable(json.Unmarshal(document, &raw)); err != nil {
		return nil, fmt.Errorf("not an OpenAPI document: %w", err)
	}
	d := &Document{Version: clean(raw.Info.Version), Schemas: raw.Components.Schemas}
	for path, item := range raw.Paths {
		if !strings.HasPrefix(path, "/") || path != clean(path) || strings.Count(path, "{") > maxParameters {
			continue
		}
		for _, method := range methods {
			if item[method] == nil || string(item[method]) == "null" {
				continue
			}
			e := raw.endpoint(item[method], item["parameters"])
			e.Method, e.Path = strings.ToUpper(method), path
			d.Endpoints = append(d.Endpoints, e)
		}
	}
	if len(d.Endpoints) == 0 {
		return nil, fmt.Errorf("not an OpenAPI document: it has no paths")
	}
	slices.SortFunc(d.Endpoints, func(a, b *Endpoint) int {
		if a.Path != b.Path {
			return strings.Compare(a.Path, b.Path)
		}
		return slices.Index(methods, strings.ToLower(a.Method)) - slices.Index(methods, strings.ToLower(b.Method))
	})
	d.each(split)
	d.bound()
	return d, nil
}

// nesting returns how deep the brackets of a JSON text are nested.
func nesting(b []byte) (deepest int) {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > deepest {
				deepest = depth
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// endpoint reads one method of a path; shared are the parameters of all its methods.
func (raw *rawDocument) endpoint(b, shared json.RawMessage) *Endpoint {
	var r rawEndpoint
	err := json.Unmarshal(b, &r)
	e := &Endpoint{Summary: clean(r.Summary), Description: r.Description, Deprecated: r.Deprecated, Partial: err != nil}
	if len(r.Tags) > 0 {
		e.Tag = clean(r.Tags[0])
	}
	body := r.RequestBody
	if body.Ref != "" {
		body = raw.Components.RequestBodies[last(body.Ref)]
	}
	e.NeedsBody = body.Required
	for media, content := range body.Content {
		if e.Bodies == nil {
			e.Bodies = map[string]*Schema{}
		}
		e.Bodies[media] = orAny(content.Schema)
	}
	var all []Parameter
	if shared != nil && json.Unmarshal(shared, &all) != nil {
		e.Partial = true
	}
	for _, p := range append(all, r.Parameters...) {
		if p.Ref != "" {
			p = raw.Components.Parameters[last(p.Ref)]
		}
		if p.Name == "" || p.In == "" || p.Name != clean(p.Name) {
			e.Partial = true
			continue
		}
		p.Schema = orAny(p.Schema)
		e.Parameters = slices.DeleteFunc(e.Parameters, func(other Parameter) bool { return other.Name == p.Name && other.In == p.In })
		e.Parameters = append(e.Parameters, p)
	}
	return e
}

func printable(r rune) bool { return unicode.IsPrint(r) && r != unicode.ReplacementChar }

// clean returns a text on one line, without characters that cannot be seen.
func clean(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || !printable(r) }), " ")
}

// each calls a function with every schema of the document, the inner ones after those that
// hold them.
func (d *Document) each(do func(*Schema)) {
	for _, s := range d.Schemas {
		s.each(do)
	}
	for _, e := range d.Endpoints {
		for _, s := range e.Bodies {
			s.each(do)
		}
		for _, p := range e.Parameters {
			p.Schema.each(do)
		}
	}
}

func (s *Schema) each(do func(*Schema)) {
	if s == nil {
		return
	}
	do(s)
	for _, list := range [][]*Schema{s.AnyOf, s.OneOf, s.AllOf, s.Prefix, {s.Items}} {
		for _, one := range list {
			one.each(do)
		}
	}
	for _, one := range s.Properties {
		one.each(do)
	}
	if s.Additional != nil {
		s.Additional.Schema.each(do)
	}
}

// split gives each type of a schema with several a branch of its own.
func split(s *Schema) {
	types := strings.Split(string(s.Type), "|")
	if len(types) < 2 {
		return
	}
	s.Type = ""
	if s.AnyOf != nil || s.OneOf != nil || s.AllOf != nil {
		return // the branches say enough
	}
	whole := *s
	*s = Schema{Description: s.Description, Default: s.Default}
	for _, name := range []Type{"string", "integer", "number", "boolean", "array", "object", "null"} {
		if !slices.Contains(types, string(name)) {
			continue
		}
		branch := &Schema{Type: name, Enum: whole.Enum, Const: whole.Const}
		switch name {
		case "string":
			branch.Format, branch.Pattern, branch.MinLength, branch.MaxLength = whole.Format, whole.Pattern, whole.MinLength, whole.MaxLength
		case "integer", "number":
			branch.Minimum, branch.Maximum, branch.ExclusiveMinimum, branch.ExclusiveMaximum = whole.Minimum, whole.Maximum, whole.ExclusiveMinimum, whole.ExclusiveMaximum
		case "array":
			branch.Items, branch.Prefix, branch.MinItems, branch.MaxItems = whole.Items, whole.Prefix, whole.MinItems, whole.MaxItems
		case "object":
			branch.Properties, branch.Required, branch.Additional = whole.Properties, whole.Required, whole.Additional
		case "null":
			branch = &Schema{Type: name}
		}
		s.AnyOf = append(s.AnyOf, branch)
	}
}

// last returns the last word of a reference.
func last(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
