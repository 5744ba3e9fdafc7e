// Package openapi reads the description that a LiteLLM gateway gives of its own API, the
// OpenAPI 3.1 document at /openapi.json.
//
// [Parse] reads a document, [Known] returns the one of the newest gateway that this program
// was made for. What FastAPI, which writes the documents, never uses is not read.
package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Document describes the API of one gateway.
type Document struct {
	// Version is the gateway's version, such as 1.110.2.
	Version string `json:"version"`
	// Endpoints are in the order of their paths and, for one path, of their methods: GET,
	// POST, PUT, PATCH, DELETE.
	Endpoints []*Endpoint `json:"endpoints"`
	// Schemas are the shared schemas by the last word of their references.
	Schemas map[string]*Schema `json:"schemas"`
}

// Endpoint is one method of one path.
type Endpoint struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Tag    string `json:"tag,omitempty"`
	// Summary is the name of the gateway's function in words.
	Summary string `json:"summary,omitempty"`
	// Description is the documentation of that function, in Markdown and often long.
	Description string      `json:"description,omitempty"`
	Parameters  []Parameter `json:"parameters,omitempty"`
	// Bodies are the schemas of the request body by media type; empty if the document
	// names no body, although the gateway may read one.
	Bodies map[string]*Schema `json:"bodies,omitempty"`
	// NeedsBody means that the body must not be left out.
	NeedsBody  bool `json:"needs_body,omitempty"`
	Deprecated bool `json:"deprecated,omitempty"`
}

// Parameter is a part of the path, the query or the header.
type Parameter struct {
	// Name is the name of the parameter, In is path, query, header or cookie.
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitempty"`
	Schema      *Schema `json:"schema,omitempty"`
}

// Schema is a JSON schema, as far as the documents use them.
type Schema struct {
	Ref              string             `json:"$ref,omitempty"`
	Type             string             `json:"type,omitempty"`
	Format           string             `json:"format,omitempty"`
	Media            string             `json:"contentMediaType,omitempty"`
	Description      string             `json:"description,omitempty"`
	Default          json.RawMessage    `json:"default,omitempty"`
	Const            json.RawMessage    `json:"const,omitempty"`
	Enum             []json.RawMessage  `json:"enum,omitempty"`
	Properties       map[string]*Schema `json:"properties,omitempty"`
	Required         []string           `json:"required,omitempty"`
	Items            *Schema            `json:"items,omitempty"`
	Prefix           []*Schema          `json:"prefixItems,omitempty"`
	AnyOf            []*Schema          `json:"anyOf,omitempty"`
	OneOf            []*Schema          `json:"oneOf,omitempty"`
	AllOf            []*Schema          `json:"allOf,omitempty"`
	Additional       *Additional        `json:"additionalProperties,omitempty"`
	Pattern          string             `json:"pattern,omitempty"`
	Minimum          json.Number        `json:"minimum,omitempty"`
	Maximum          json.Number        `json:"maximum,omitempty"`
	ExclusiveMinimum json.Number        `json:"exclusiveMinimum,omitempty"`
	ExclusiveMaximum json.Number        `json:"exclusiveMaximum,omitempty"`
	MinLength        json.Number        `json:"minLength,omitempty"`
	MaxLength        json.Number        `json:"maxLength,omitempty"`
	MinItems         json.Number        `json:"minItems,omitempty"`
	MaxItems         json.Number        `json:"maxItems,omitempty"`
}

// Additional says which further members an object may have: those of a schema, any or none.
type Additional struct {
	Schema *Schema
	None   bool
}

// UnmarshalJSON implements [json.Unmarshaler].
func (a *Additional) UnmarshalJSON(b []byte) error {
	switch string(bytes.TrimSpace(b)) {
	case "true":
		return nil
	case "false":
		a.None = true
		return nil
	}
	a.Schema = &Schema{}
	return json.Unmarshal(b, a.Schema)
}

// MarshalJSON implements [json.Marshaler].
func (a *Additional) MarshalJSON() ([]byte, error) {
	if a.Schema != nil {
		return json.Marshal(a.Schema)
	}
	return json.Marshal(!a.None)
}

// methods are the methods that are read, in the order of a list.
var methods = []string{"get", "post", "put", "patch", "delete"}

type rawDocument struct {
	Info       struct{ Version string }
	Paths      map[string]map[string]json.RawMessage
	Components struct{ Schemas map[string]*Schema }
}

type rawEndpoint struct {
	Tags                 []string
	Summary, Description string
	Parameters           []Parameter
	Deprecated           bool
	RequestBody          struct {
		Content  map[string]struct{ Schema *Schema }
		Required bool
	}
}

// Parse reads a document. It fails on what is no OpenAPI document or has no paths.
func Parse(document []byte) (*Document, error) {
	var raw rawDocument
	if err := json.Unmarshal(document, &raw); err != nil {
		return nil, fmt.Errorf("not an OpenAPI document: %w", err)
	}
	if len(raw.Paths) == 0 {
		return nil, fmt.Errorf("not an OpenAPI document: it has no paths")
	}
	d := &Document{Version: raw.Info.Version, Schemas: raw.Components.Schemas}
	for path, item := range raw.Paths {
		for _, method := range methods {
			if item[method] == nil {
				continue
			}
			e, err := parseEndpoint(item[method])
			if err != nil {
				return nil, fmt.Errorf("not an OpenAPI document: %s %s: %w", strings.ToUpper(method), path, err)
			}
			e.Method, e.Path = strings.ToUpper(method), path
			d.Endpoints = append(d.Endpoints, e)
		}
	}
	slices.SortFunc(d.Endpoints, func(a, b *Endpoint) int {
		if a.Path != b.Path {
			return strings.Compare(a.Path, b.Path)
		}
		return slices.Index(methods, strings.ToLower(a.Method)) - slices.Index(methods, strings.ToLower(b.Method))
	})
	return d, nil
}

func parseEndpoint(b json.RawMessage) (*Endpoint, error) {
	var raw rawEndpoint
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, err
	}
	e := &Endpoint{Summary: raw.Summary, Description: raw.Description, Parameters: raw.Parameters, Deprecated: raw.Deprecated, NeedsBody: raw.RequestBody.Required}
	if len(raw.Tags) > 0 {
		e.Tag = raw.Tags[0]
	}
	for media, content := range raw.RequestBody.Content {
		if e.Bodies == nil {
			e.Bodies = map[string]*Schema{}
		}
		e.Bodies[media] = orAny(content.Schema)
	}
	for i := range e.Parameters {
		e.Parameters[i].Schema = orAny(e.Parameters[i].Schema)
	}
	return e, nil
}

// orAny returns the schema, or one that allows everything.
func orAny(s *Schema) *Schema {
	if s == nil {
		return &Schema{}
	}
	return s
}

// Resolve follows the references of a schema. What the document lacks is a schema that
// allows everything.
func (d *Document) Resolve(s *Schema) *Schema {
	for range 20 { // a circle of references leads nowhere
		if s == nil {
			return &Schema{}
		}
		if s.Ref == "" {
			return s
		}
		s = d.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	return &Schema{}
}

// Find returns the endpoint of a method and a path as the document writes it, or nil.
func (d *Document) Find(method, path string) *Endpoint {
	for _, e := range d.Endpoints {
		if e.Path == path && e.Method == method {
			return e
		}
	}
	return nil
}

// Match returns the endpoint that a method and a concrete path lead to, or nil. Of several,
// it is the one with the fewest parameters.
func (d *Document) Match(method, path string) *Endpoint {
	var best *Endpoint
	for _, e := range d.Endpoints {
		if e.Method != method || !matches(e.Path, path) {
			continue
		}
		if best == nil || strings.Count(e.Path, "{") < strings.Count(best.Path, "{") {
			best = e
		}
	}
	return best
}

// matches reports whether a concrete path fits a template, in which a parameter is a segment
// or a part of one.
func matches(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i, segment := range want {
		before, rest, isParameter := strings.Cut(segment, "{")
		_, after, _ := strings.Cut(rest, "}")
		if !isParameter && segment != have[i] {
			return false
		}
		if isParameter && (len(have[i]) <= len(before)+len(after) || !strings.HasPrefix(have[i], before) || !strings.HasSuffix(have[i], after)) {
			return false
		}
	}
	return true
}
