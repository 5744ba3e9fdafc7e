package openapi

import (
	"bytes"
	"testing"
)

// TestOpenAPI: Parse reads what OpenAPI writes, with nothing lost.
func TestOpenAPI(t *testing.T) {
	whole := Known().Cut(func(e *Endpoint) bool { return !e.Partial })
	b, err := whole.OpenAPI("A title", "A description")
	if err != nil {
		t.Fatal(err)
	}
	read, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	want, err := whole.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read.Encode(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the document has changed: %d endpoints, %d schemas, want %d and %d; %v",
			len(read.Endpoints), len(read.Schemas), len(whole.Endpoints), len(whole.Schemas), err)
	}
}

// TestCut: a part of a document has the schemas that it uses, and no others.
func TestCut(t *testing.T) {
	part := Known().Cut(func(e *Endpoint) bool { return e.Path == "/key/generate" })
	if len(part.Endpoints) != 1 || part.Schemas["GenerateKeyRequest"] == nil || len(part.Schemas) > 40 {
		t.Fatalf("%d endpoints, %d schemas", len(part.Endpoints), len(part.Schemas))
	}
	part.each(func(s *Schema) {
		if s.Ref != "" && part.Schemas[last(s.Ref)] == nil {
			t.Errorf("no schema for %s", s.Ref)
		}
	})
}
