package cli_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/openapi"
	"litellm-proxy/internal/operation"
	"litellm-proxy/tools"
)

var updateCoverage = flag.Bool("update-coverage", false, "rewrite docs/coverage.md")

// coveragePage compares the operations with the API of the newest gateway.
const coveragePage = "../../docs/coverage.md"

// differing are the declared fields whose type is not that of the document, with the reason.
var differing = map[string]string{
	"keys bulk-update keys": "the keys, each of which becomes an object of the request",
	"users list user_ids":   "the users, joined by commas",
}

// covered is an endpoint with what sends it.
type covered struct {
	*openapi.Endpoint
	by     []*operation.Operation
	fields map[string]*openapi.Schema // of the query and the body, by name
	named  map[string]bool            // the fields that an operation declares
	open   bool                       // an operation takes further fields
}

// coverage is what the page is made of.
type coverage struct {
	endpoints []*covered
	unknown   map[string][]string // requests that the document lacks, by operation
	faults    []string
}

// TestCoverage holds docs/coverage.md against the operations and the document of the newest
// gateway. It fails on a declared field of another type than the document's.
func TestCoverage(t *testing.T) {
	c := cover(t)
	for _, fault := range c.faults {
		t.Error(fault)
	}
	current(t, coveragePage, c.page())
}

// current holds a file against what it should be, or writes it.
func current(t *testing.T, file, want string) {
	t.Helper()
	if *updateCoverage {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is out of date; go generate ./internal/cli writes it", file)
	}
}

func cover(t *testing.T) *coverage {
	c := &coverage{unknown: map[string][]string{}}
	byRequest := map[string]*covered{}
	for _, e := range openapi.Known().Endpoints {
		if e.Manages() {
			one := &covered{Endpoint: e, fields: fieldsOf(e), named: map[string]bool{}}
			c.endpoints = append(c.endpoints, one)
			byRequest[e.Method+" "+e.Path] = one
		}
	}
	used := map[string]bool{}
	for _, op := range tools.All() {
		if op.Resource() == "api" || op.Resource() == "http" {
			continue // they reach everything
		}
		if len(op.Endpoints()) == 0 {
			c.faults = append(c.faults, op.Path+" declares no endpoint: name it in Sends")
		}
		for _, request := range op.Endpoints() {
			method, path, _ := strings.Cut(request, " ")
			e := openapi.Known().Match(method, path)
			if e == nil {
				c.unknown[op.Path] = append(c.unknown[op.Path], request)
				continue
			}
			if one := byRequest[e.Method+" "+e.Path]; one != nil {
				c.compare(one, op, used)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(differing)) {
		if !used[name] {
			c.faults = append(c.faults, name+" does not differ from the document: take it out of the table")
		}
	}
	return c
}

// compare notes that the operation sends the endpoint, and which of its fields it declares.
func (c *coverage) compare(one *covered, op *operation.Operation, used map[string]bool) {
	one.by = append(one.by, op)
	one.open = one.open || op.TakesExtra()
	for _, f := range op.Fields() {
		s, known := one.fields[f.Name]
		if !known {
			continue
		}
		one.named[f.Name] = true
		have, want := kindNames[f.Kind], typesOf(s, 0)
		if len(want) == 0 || f.Kind == operation.KindJSON || slices.ContainsFunc(have, func(k string) bool { return want[k] }) {
			continue
		}
		name := op.Path + " " + f.Name
		if used[name] = true; differing[name] == "" {
			c.faults = append(c.faults, fmt.Sprintf("%s is declared as %s; in %s %s it is %s", name, have[0], one.Method, one.Path, strings.Join(slices.Sorted(maps.Keys(want)), " or ")))
		}
	}
}

// kindNames are the types of JSON that a field of a kind is sent as.
var kindNames = map[operation.Kind][]string{
	operation.KindString: {"string"}, operation.KindInteger: {"integer", "number"}, operation.KindNumber: {"number", "integer"},
	operation.KindBoolean: {"boolean"}, operation.KindStrings: {"array of string", "array"}, operation.KindObject: {"object"},
	operation.KindPairs: {"object"}, operation.KindHeaders: {"object"}, operation.KindMessages: {"array of object", "array"},
}

// typesOf returns the types of JSON that a schema allows besides null; none: any.
func typesOf(s *openapi.Schema, depth int) map[string]bool {
	types := map[string]bool{}
	s = openapi.Known().Resolve(s)
	if depth > 10 {
		return types
	}
	switch {
	case s.Type == "null":
	case s.Type == "array":
		items := typesOf(s.Items, depth+1)
		if len(items) == 0 {
			types["array"] = true
		}
		for item := range items {
			types["array of "+item] = true
		}
	case s.Type != "":
		types[string(s.Type)] = true
	case len(s.Properties) > 0:
		types["object"] = true
	case len(s.Enum) > 0:
		types["string"] = true
	}
	for _, other := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
		if o := openapi.Known().Resolve(other); o.Type == "" && len(o.Properties)+len(o.AnyOf)+len(o.OneOf)+len(o.AllOf)+len(o.Enum) == 0 {
			return nil // anything
		}
		maps.Copy(types, typesOf(other, depth+1))
	}
	return types
}

// fieldsOf returns the fields of the query and of the body; of a bulk request, also those of
// the items of its list.
func fieldsOf(e *openapi.Endpoint) map[string]*openapi.Schema {
	fields := map[string]*openapi.Schema{}
	for _, media := range slices.Sorted(maps.Keys(e.Bodies)) {
		addProperties(fields, e.Bodies[media], 0)
	}
	for _, p := range e.Parameters {
		if p.In == "query" || p.In == "path" {
			fields[p.Name] = p.Schema
		}
	}
	return fields
}

func addProperties(fields map[string]*openapi.Schema, s *openapi.Schema, depth int) {
	s = openapi.Known().Resolve(s)
	if depth > 5 {
		return
	}
	for name, property := range s.Properties {
		fields[name] = property
	}
	for _, other := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
		addProperties(fields, other, depth+1)
	}
}
