package openapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestHostileSchemas: schemas that are made of themselves, or of very many others, are read,
// described and checked, which would otherwise not come to an end.
func TestHostileSchemas(t *testing.T) {
	ref := func(name string) string { return `{"$ref":"#/components/schemas/` + name + `"}` }
	schemas := []string{
		`"Circle":{"anyOf":[` + ref("Circle") + `,` + ref("Other") + `]}`, `"Other":{"oneOf":[` + ref("Circle") + `]}`,
		`"All":{"allOf":[` + ref("All") + `]}`, `"Any60":{"type":"integer"}`, `"Both60":{"properties":{"a":{"type":"string"}}}`,
		`"Tree":{"anyOf":[{"type":"string"},{"type":"array","items":` + ref("Tree") + `}]}`,
	}
	for i := range 60 {
		next := func(name string) string { return ref(fmt.Sprint(name, i+1)) }
		schemas = append(schemas, fmt.Sprintf(`"Any%d":{"anyOf":[%s,%s,%s]}`, i, next("Any"), next("Any"), next("Any")),
			fmt.Sprintf(`"Both%d":{"allOf":[%s,%s]}`, i, next("Both"), next("Both")))
	}
	var paths []string
	names := []string{"Circle", "Other", "All", "Any0", "Both0", "Tree"}
	for _, name := range names {
		paths = append(paths, `"/`+name+`":{"post":{"requestBody":{"content":{"application/json":{"schema":{"properties":{"a":`+ref(name)+`}}}}}}}`)
	}
	d, err := Parse([]byte(`{"paths":{` + strings.Join(paths, ",") + `},"components":{"schemas":{` + strings.Join(schemas, ",") + `}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		e := d.Find("POST", "/"+name)
		if body := d.Describe(e, 5000).Body; len(body) == 0 {
			t.Errorf("%s is not described", name)
		}
		if c := d.Check(e, Call{Body: json.RawMessage(`{"a":"x"}`)}); len(c.Faults) > 0 {
			t.Errorf("%s: %q", name, c.Faults)
		}
	}
	if c := d.Check(d.Find("POST", "/Tree"), Call{Body: json.RawMessage(`{"a":[["x"],7]}`)}); len(c.Faults) == 0 {
		t.Error("what is made of lists of itself is not checked")
	}
}

// TestHostilePath: a path with very many parameters is compared in a bounded number of steps.
func TestHostilePath(t *testing.T) {
	var route strings.Builder
	for i := range 30 {
		fmt.Fprintf(&route, "/{a%d:path}", i)
	}
	e := &Endpoint{Method: "GET", Path: route.String() + "/end"}
	if _, ok := e.Values(strings.Repeat("/a", 60)); ok {
		t.Error("a path without its end fits")
	}
	if values, ok := e.Values(strings.Repeat("/a", 30) + "/end"); !ok || values["a29"] != "a" {
		t.Error("a path does not fit", values)
	}
}
