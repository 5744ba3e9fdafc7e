package openapi

import (
	"encoding/json"
	"slices"
	"strings"
)

// Cut returns a document of the endpoints that keep names, with the schemas that they use.
func (d *Document) Cut(keep func(*Endpoint) bool) *Document {
	c := &Document{Version: d.Version, Schemas: map[string]*Schema{}}
	var use func(*Schema)
	use = func(s *Schema) {
		name := last(s.Ref)
		if used := d.Schemas[name]; s.Ref != "" && used != nil && c.Schemas[name] == nil {
			c.Schemas[name] = used
			used.each(use)
		}
	}
	for _, e := range d.Endpoints {
		if keep(e) {
			c.Endpoints = append(c.Endpoints, e)
		}
	}
	(&Document{Endpoints: c.Endpoints}).each(use)
	return c
}

type rawContent struct {
	Schema *Schema `json:"schema"`
}

// method is one method of a path, as a document writes it.
type method struct {
	Tags        []string       `json:"tags,omitempty"`
	Summary     string         `json:"summary,omitempty"`
	Description string         `json:"description,omitempty"`
	ID          string         `json:"operationId"`
	Parameters  []Parameter    `json:"parameters,omitempty"`
	Body        *requestBody   `json:"requestBody,omitempty"`
	Responses   map[string]any `json:"responses"`
	Deprecated  bool           `json:"deprecated,omitempty"`
}

type requestBody struct {
	Content  map[string]rawContent `json:"content"`
	Required bool                  `json:"required,omitempty"`
}

// OpenAPI returns the document as an OpenAPI 3.1 document, which [Parse] reads.
func (d *Document) OpenAPI(title, description string) ([]byte, error) {
	paths := map[string]map[string]method{}
	for _, e := range d.Endpoints {
		if paths[e.Path] == nil {
			paths[e.Path] = map[string]method{}
		}
		paths[e.Path][strings.ToLower(e.Method)] = e.openAPI()
	}
	return json.Marshal(map[string]any{
		"openapi":    "3.1.0",
		"info":       map[string]string{"title": title, "version": d.Version, "description": description},
		"paths":      paths,
		"components": map[string]any{"schemas": d.Schemas},
	})
}

// openAPI is the inverse of rawDocument.endpoint.
func (e *Endpoint) openAPI() method {
	m := method{
		Summary: e.Summary, Description: e.Description, Parameters: slices.Clone(e.Parameters), Deprecated: e.Deprecated,
		ID:        strings.Trim(strings.NewReplacer("/", "_", "{", "_", "}", "_").Replace(e.Path), "_") + "_" + strings.ToLower(e.Method),
		Responses: map[string]any{"200": map[string]string{"description": "Successful Response"}},
	}
	if e.Tag != "" {
		m.Tags = []string{e.Tag}
	}
	if len(e.Bodies) > 0 {
		m.Body = &requestBody{Content: map[string]rawContent{}, Required: e.NeedsBody}
		for media, schema := range e.Bodies {
			m.Body.Content[media] = rawContent{schema}
		}
	}
	return m
}
