package openapi

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
)

//go:generate go test . -run TestKnownOpenAPI -update

var update = flag.Bool("update", false, "rewrite known.json.gz from the newest document in LITELLM_OPENAPI")

// TestKnownOpenAPI holds the embedded document against the last one in LITELLM_OPENAPI, a
// list separated by colons, if that is of the same version. With -update it writes it.
func TestKnownOpenAPI(t *testing.T) {
	documents, err := ReadFiles(os.Getenv("LITELLM_OPENAPI"))
	if err != nil {
		t.Fatal(err)
	}
	if len(documents) == 0 {
		t.Skip("set LITELLM_OPENAPI to the gateway's openapi.json")
	}
	d := documents[len(documents)-1]
	encoded, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("known.json.gz", encoded, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	// Another version of Go may compress in another way.
	if have, err := Known().Encode(); err != nil || d.Version == Known().Version && !bytes.Equal(encoded, have) {
		t.Errorf("known.json.gz is not the document of LiteLLM %s (%v); LITELLM_OPENAPI=%s go generate ./internal/openapi writes it", d.Version, err, os.Getenv("LITELLM_OPENAPI"))
	}
}

func TestParse(t *testing.T) {
	for name, document := range map[string]string{
		"no JSON": "<html>", "no object": "[]", "no paths": `{"openapi": "3.1.0", "paths": {}}`, "an error": `{"detail": "Not Found"}`,
		"too deep": `{"paths": {"/x": {"get": {}}}, "x": ` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`,
	} {
		if d, err := Parse([]byte(document)); err == nil {
			t.Errorf("%s was read: %v", name, d)
		}
	}
	d, err := Parse([]byte(`{"info": {"version": "1.2.3"}, "paths": {"/b/{id}": {"put": {"requestBody": {"content": {"application/json": {}}}}, "get": {"tags": ["b"], "parameters": [{"name": "id", "in": "path"}]}}, "/a": {"head": {}, "post": {}}},
		"components": {"schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}, "C": {"additionalProperties": false}, "D": {"additionalProperties": {"type": "string"}}}}}`))
	if err != nil || d.Version != "1.2.3" || len(d.Endpoints) != 3 {
		t.Fatalf("%+v, %v", d, err)
	}
	for i, want := range []string{"POST /a", "GET /b/{id}", "PUT /b/{id}"} {
		if got := d.Endpoints[i].Method + " " + d.Endpoints[i].Path; got != want {
			t.Errorf("endpoint %d is %s, want %s", i, got, want)
		}
	}
	if s := d.Resolve(&Schema{Ref: "#/components/schemas/A"}); s == nil || s.Type != "" {
		t.Errorf("a circle of references: %v", s)
	}
	if !d.Schemas["C"].Additional.None || d.Schemas["D"].Additional.Schema.Type != "string" {
		t.Errorf("additional members: %+v, %+v", d.Schemas["C"].Additional, d.Schemas["D"].Additional)
	}
	encoded, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Decode(encoded); err != nil || !again.Schemas["C"].Additional.None || again.Endpoints[1].Parameters[0].Name != "id" || again.Endpoints[2].Bodies["application/json"] == nil {
		t.Errorf("decoded: %+v, %v", again, err)
	}
}

// TestOtherForms: what FastAPI does not write is read as far as possible.
func TestOtherForms(t *testing.T) {
	d, err := Parse([]byte(`{"openapi": "3.0.0", "info": {"version": 3}, "paths": {"x-note": 5, "/x": {"parameters": [{"name": "p", "in": "query", "schema": {}}],
		"get": {"parameters": [{"$ref": "#/components/parameters/Q"}, {"$ref": "#/components/parameters/None"}]}, "put": {"parameters": 5, "summary": 7},
		"post": {"requestBody": {"$ref": "#/components/requestBodies/B"}, "summary": "Say\u001b[31m\n hello"}, "trace": 1, "patch": null}, "/z": null, "no-slash": {"get": {}}},
		"components": {"parameters": {"Q": {"name": "q", "in": "query", "required": "yes"}}, "requestBodies": {"B": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}}},
		"schemas": {"S": {"type": ["object", "null"], "properties": {"n": {"type": ["string", "integer"], "minimum": 1, "exclusiveMinimum": true, "maxLength": "3"}, "any": true, "none": false, "list": {"items": [{}]}, "o": null}, "required": true, "additionalProperties": {"type": 5}}, "T": [], "U": {"anyOf": [null, {"type": "string"}]}}}}`))
	if err != nil || len(d.Endpoints) != 3 || d.Version != "" {
		t.Fatalf("%+v, %v", d, err)
	}
	get, post := d.Find("GET", "/x"), d.Find("POST", "/x")
	if len(get.Parameters) != 2 || get.Parameters[1].Name != "q" || !get.Partial || !d.Find("PUT", "/x").Partial || post.Partial {
		t.Errorf("GET %+v, PUT %+v, POST %+v", get, d.Find("PUT", "/x"), post)
	}
	if post.Summary != "Say [31m hello" {
		t.Errorf("the summary is %q", post.Summary)
	}
	s := d.Schemas["S"]
	if len(s.AnyOf) != 2 || s.AnyOf[0].Type != "object" || len(s.AnyOf[0].Properties) != 5 || len(s.AnyOf[0].Properties["n"].AnyOf) != 2 || s.AnyOf[0].Properties["n"].AnyOf[1].Minimum != "1" {
		t.Errorf("a list of types: %+v", s)
	}
	d.Search(Query{Words: "say hello"})
	d.Describe(post, 1000)
	d.DescribeSchema(nil, "U", 1000)
}

func TestMatch(t *testing.T) {
	for path, want := range map[string]string{
		"/guardrails/list": "/guardrails/list", "/guardrails/abc": "/guardrails/{guardrail_id}", "/guardrails/abc/info": "/guardrails/{guardrail_id}/info",
		"/v1/tool/a%2Fb/logs": "/v1/tool/{tool_name}/logs", "/guardrails/": "", "/nope": "", "/team/t1/member/u1/reset_spend": "",
	} {
		e := Known().Match("GET", path)
		if got := ""; e != nil {
			if got = e.Path; got != want {
				t.Errorf("%s leads to %s, want %q", path, got, want)
			}
		} else if want != "" {
			t.Errorf("%s leads nowhere, want %s", path, want)
		}
	}
	values := func(template, path string) map[string]string {
		found, ok := (&Endpoint{Path: template}).Values(path)
		if !ok {
			return nil
		}
		return found
	}
	if values("/v1/models/{name}:generate", "/v1/models/x:generate")["name"] != "x" || values("/v1/models/{name}:generate", "/v1/models/x:count") != nil {
		t.Error("a parameter that is a part of a segment")
	}
	if values("/credentials/{credential_name}", "/credentials/a/b")["credential_name"] != "a/b" || values("/key/{key}/regenerate", "/key/a/b/regenerate")["key"] != "a/b" ||
		values("/gemini/{endpoint}", "/gemini/v1/models")["endpoint"] != "v1/models" || values("/guardrails/{id}", "/guardrails/a/b") != nil || values("/a/{x}/b/{y}", "/a/1/b/2")["y"] != "2" {
		t.Error("parameters with slashes")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"paths": {"/a": {"post": {"requestBody": {"content": {"application/json": {"schema": {"anyOf": [{"type": "null"}]}}}}}}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := Parse(b); err == nil {
			d.Match("POST", "/a")
			d.Search(Query{Words: "a key"})
			for _, e := range d.Endpoints {
				d.Describe(e, 1000)
			}
			if _, err := d.Encode(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestManages: these endpoints manage the gateway, and the embedded document has as many as
// the reference of the project.
func TestManages(t *testing.T) {
	n := 0
	for _, e := range Known().Endpoints {
		if e.Manages() {
			n++
		}
	}
	if n != 520 {
		t.Errorf("%d endpoints manage the gateway, want 520", n)
	}
	for path, want := range map[string]bool{"/key/list": true, "/provider/budgets": true, "/v1/chat/completions": true, "/v1/responses": false, "/": false} {
		for _, e := range Known().Endpoints {
			if e.Path == path && e.Manages() != want {
				t.Errorf("%s %s manages the gateway: %v, want %v", e.Method, path, !want, want)
			}
		}
	}
}
