// Package openapi reads the description that a LiteLLM gateway gives of its own API, the
// OpenAPI 3.1 document at /openapi.json.
//
// [Parse] reads a document, [Known] returns the one of the newest gateway that this program
// was made for, and [Open] the one of a connected gateway, which it keeps on disk.
// [Document.Search] finds endpoints, [Document.Describe] describes one, and [Document.Check]
// validates a call of it.
//
// Nothing of a document is trusted: its size and depth are bounded, and a part of another
// form than FastAPI writes is left out, which never fails the whole.
package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
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

	indexed sync.Once
	index   *index
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
	// Partial means that a part of the description could not be read, so that there may be
	// more parameters and fields.
	Partial bool `json:"partial,omitempty"`
}

// Parameter is a part of the path, the query or the header.
type Parameter struct {
	Ref string `json:"$ref,omitempty"`
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
	Type             Type               `json:"type,omitempty"`
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
	Minimum          Number             `json:"minimum,omitempty"`
	Maximum          Number             `json:"maximum,omitempty"`
	ExclusiveMinimum Number             `json:"exclusiveMinimum,omitempty"`
	ExclusiveMaximum Number             `json:"exclusiveMaximum,omitempty"`
	MinLength        Number             `json:"minLength,omitempty"`
	MaxLength        Number             `json:"maxLength,omitempty"`
	MinItems         Number             `json:"minItems,omitempty"`
	MaxItems         Number             `json:"maxItems,omitempty"`
}

// Type is a JSON type. A schema with several has a branch in AnyOf for each instead.
type Type string

// UnmarshalJSON implements [json.Unmarshaler]. Several types stay together, divided by |,
// until the whole document is read.
func (t *Type) UnmarshalJSON(b []byte) error {
	var one string
	var several []string
	if json.Unmarshal(b, &one) != nil && json.Unmarshal(b, &several) == nil {
		one = strings.Join(several, "|")
	}
	*t = Type(one)
	return nil
}

// Number is a JSON number with its digits, or "" for what is none.
type Number string

// UnmarshalJSON implements [json.Unmarshaler].
func (n *Number) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && strings.ContainsRune("-0123456789", rune(b[0])) {
		*n = Number(b)
	}
	return nil
}

// MarshalJSON implements [json.Marshaler].
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// Additional says which further members an object may have: those of a schema, any or none.
type Additional struct {
	Schema *Schema
	None   bool
}

// UnmarshalJSON implements [json.Unmarshaler].
func (a *Additional) UnmarshalJSON(b []byte) error {
	if text := string(bytes.TrimSpace(b)); text == "true" || text == "false" {
		a.None = text == "false"
		return nil
	}
	a.Schema = &Schema{}
	return readable(json.Unmarshal(b, a.Schema))
}

// MarshalJSON implements [json.Marshaler].
func (a *Additional) MarshalJSON() ([]byte, error) {
	if a.Schema != nil {
		return json.Marshal(a.Schema)
	}
	return json.Marshal(!a.None)
}

// readable returns the error of reading JSON unless only a part was of another form, which
// encoding/json leaves out.
func readable(err error) error {
	if _, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		return nil
	}
	return err
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
		s = d.Schemas[last(s.Ref)]
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
// it is the one with the fewest parameters, of those one without slashes in their values, and
// then the longest.
func (d *Document) Match(method, path string) *Endpoint {
	var best *Endpoint
	order := func(e *Endpoint) []int {
		return []int{2*strings.Count(e.Path, "{") + strings.Count(e.Route(), ":path}"), -len(e.Path)}
	}
	for _, e := range d.Endpoints {
		if e.Method != method || !begins(e.Path, path) {
			continue
		}
		if _, ok := e.Values(path); ok && (best == nil || slices.Compare(order(e), order(best)) < 0) {
			best = e
		}
	}
	return best
}

// begins reports whether a path begins as a template does, which tells most of them apart.
func begins(template, path string) bool {
	before, _, _ := strings.Cut(template, "{")
	return strings.HasPrefix(path, before)
}
