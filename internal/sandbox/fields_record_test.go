package sandbox_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recordFields cuts the gateway's OpenAPI to the request bodies of the test's routes,
// in the words that the sandbox checks bodies by.
func recordFields(t *testing.T, live target) {
	t.Helper()
	got, err := live.do(t.Context(), get("/openapi.json"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths      map[string]map[string]schema
		Components struct{ Schemas map[string]schema }
	}
	if err := json.Unmarshal([]byte(got.text), &document); err != nil {
		t.Fatal(err)
	}
	cutter := schemaCutter{document.Components.Schemas, map[string]string{}}
	for _, route := range fieldRoutes {
		method, path, _ := strings.Cut(route.name, " ")
		operation, found := document.Paths[path][strings.ToLower(method)]
		if !found {
			t.Fatalf("%s is not in the gateway's OpenAPI", route.name)
		}
		cutter.lines[route.name] = cutter.fields(cutter.resolve(operation.RequestBody.Content["application/json"].Schema))
	}
	cutter.prune()
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(cutter.lines)) {
		text.WriteString(name + ": " + cutter.lines[name] + "\n")
	}
	if err := os.WriteFile(requestsFile, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// schema is the part of an OpenAPI schema, or operation, that the test reads.
type schema struct {
	Ref                  string   `json:"$ref"`
	AnyOf                []schema `json:"anyOf"`
	Type, Format         string
	Enum                 []any
	Minimum              *float64
	Items                *schema
	AdditionalProperties json.RawMessage `json:"additionalProperties"`
	Properties           json.RawMessage
	Required             []string
	RequestBody          struct {
		Content map[string]struct{ Schema schema }
	} `json:"requestBody"`
}

type schemaCutter struct {
	schemas map[string]schema
	lines   map[string]string
}

// prune drops the schemas that no field names.
func (s schemaCutter) prune() {
	for dropped := true; dropped; {
		dropped = false
		all := strings.Join(slices.Collect(maps.Values(s.lines)), " ")
		for name := range s.lines {
			used := regexp.MustCompile(`[:\[{]` + regexp.QuoteMeta(name) + `([\]} ]|$)`)
			if !strings.Contains(name, " ") && !used.MatchString(all) {
				delete(s.lines, name)
				dropped = true
			}
		}
	}
}

func (s schemaCutter) resolve(one schema) schema {
	for one.Ref != "" || len(one.AnyOf) > 0 {
		if one.Ref == "" {
			one = one.AnyOf[0]
			continue
		}
		one = s.schemas[one.Ref[strings.LastIndexByte(one.Ref, '/')+1:]]
	}
	return one
}

// fields writes properties in their order, which is the order of what validation
// complains about: name!:kind is required, name*:kind may be left out but not be null.
func (s schemaCutter) fields(one schema) string {
	properties := map[string]schema{}
	_ = json.Unmarshal(one.Properties, &properties)
	var words []string
	for _, name := range orderedNames(one.Properties) {
		kind, nullable := s.kind(properties[name])
		mark := "*"
		switch {
		case nullable:
			mark = ""
		case slices.Contains(one.Required, name):
			mark = "!"
		}
		if strings.HasSuffix(name, "_to_remove") || strings.HasSuffix(name, "_to_delete") {
			kind = "tuple" // which the document calls a list
		}
		words = append(words, name+mark+":"+kind)
	}
	return strings.Join(words, " ")
}

// orderedNames are the names of an object's members in their order.
func orderedNames(object json.RawMessage) (names []string) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token()
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return names
		}
		names = append(names, name.(string))
	}
	return names
}

// kind writes a type in the sandbox's words.
func (s schemaCutter) kind(one schema) (kind string, nullable bool) {
	if len(one.AnyOf) > 0 {
		var kinds []string
		for _, option := range one.AnyOf {
			if option.Type == "null" {
				nullable = true
				continue
			}
			kind, _ := s.kind(option)
			kinds = append(kinds, kind)
		}
		if len(kinds) != 1 { // which of several types is meant is not checked
			return "any", nullable
		}
		return kinds[0], nullable
	}
	if one.Ref != "" {
		name := one.Ref[strings.LastIndexByte(one.Ref, '/')+1:]
		target := s.schemas[name]
		if target.Enum != nil {
			return "=" + s.plainKind(target), false
		}
		if target.Properties == nil {
			return s.kind(target)
		}
		if _, known := s.lines[name]; !known {
			s.lines[name] = ""
			s.lines[name] = s.fields(target)
		}
		return name, false
	}
	return s.plainKind(one), false
}

func (s schemaCutter) plainKind(one schema) string {
	if one.Enum != nil {
		options := make([]string, len(one.Enum))
		for i, option := range one.Enum {
			options[i], _ = option.(string)
		}
		return strings.Join(options, "|")
	}
	switch one.Type {
	case "string":
		if one.Format == "date-time" {
			return "date"
		}
		if one.Format == "time" {
			return "time"
		}
		return "str"
	case "integer":
		if one.Minimum != nil {
			return "count"
		}
		return "int"
	case "number":
		return "float"
	case "boolean":
		return "bool"
	case "array":
		if inner, _ := s.kind(*one.Items); inner != "any" {
			return "[" + inner + "]"
		}
		return "list"
	case "object":
		var values schema
		if json.Unmarshal(one.AdditionalProperties, &values) == nil {
			if inner, _ := s.kind(values); inner != "any" {
				return "{" + inner + "}"
			}
		}
		return "dict"
	}
	return "any"
}
