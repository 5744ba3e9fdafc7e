package sandbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fieldDocument is requests.txt: type by field, of each request body
// ("POST /key/generate") and of each schema in them.
type fieldDocument map[string]map[string]string

func readRequests(t *testing.T) fieldDocument {
	t.Helper()
	text, err := os.ReadFile(requestsFile)
	if err != nil {
		t.Fatal(err)
	}
	document := fieldDocument{}
	for line := range strings.Lines(string(text)) {
		name, fields, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		document[name] = map[string]string{}
		for word := range strings.FieldsSeq(fields) {
			field, kind, _ := strings.Cut(word, ":")
			document[name][field] = kind
		}
	}
	return document
}

// fieldRoute is a route whose fields are sent. In steps, {id} is the case's.
type fieldRoute struct {
	name   string // method and path as the gateway documents them
	path   string // as it is sent, if not the same
	update bool   // before makes what the request changes
	before []step
	body   string // what every request needs
	save   map[string]string
	read   []step
	after  []step
	values map[string]any // of fields that mean something else on this route
}

// fieldCase is one thing that is created, or changed request by request.
type fieldCase struct {
	route    fieldRoute
	requests []fieldRequest
}

type fieldRequest struct {
	name   string
	fields map[string]any
}

// cases are one for each value of each field; an update also takes the value away
// again. Null and values of a wrong type are sent for all fields at once, and so are
// the parameters of a model, some 300, by their type.
func (r fieldRoute) cases(document fieldDocument) (all []fieldCase) {
	fields := r.fields(document)
	together := map[string]map[string]any{"unknown field": {"no_such_field": 1}}
	add := func(request, field string, value any) {
		if together[request] == nil {
			together[request] = map[string]any{}
		}
		together[request][field] = value
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		kind := fields[name]
		name, needed := strings.CutSuffix(name, "!")
		name, never := strings.CutSuffix(name, "*")
		nullable := !needed && !never
		if kind == "float" && !refusedParams.MatchString(name) && (strings.Contains(name, "cost_per") || strings.Contains(name, "token_cost")) {
			add("prices", name, 0.5)
			continue
		}
		if value, is := wrongValue(kind); is && !(nestedParam(name) && refusedParams.MatchString(name)) {
			add("wrong types", name, value)
		}
		if nullable && !r.update && !(nestedParam(name) && refusedParams.MatchString(name)) {
			add("all null", name, nil)
		}
		if outer, _, _ := strings.Cut(name, "."); nestedParam(name) && (r.update || !refusedParams.MatchString(name)) {
			add(outer+": "+kind, name, r.valuesOf(name, kind, document)[0])
			continue
		}
		all = append(all, r.alone(name, r.valuesOf(name, kind, document), nullable && r.update)...)
		if more := companions[name]; more != nil && hasAll(fields, more) {
			both := maps.Clone(more)
			both[name] = r.valuesOf(name, kind, document)[0]
			all = append(all, fieldCase{r, []fieldRequest{{name + " and " + slices.Sorted(maps.Keys(more))[0], both}}})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(together)) {
		all = append(all, fieldCase{r, []fieldRequest{{name, together[name]}}})
	}
	return all
}

// fields are the route's fields beyond those that every request has. Parameters of a
// model count as fields; so do router settings, on one route of each kind.
func (r fieldRoute) fields(document fieldDocument) map[string]string {
	fields := maps.Clone(document[r.name])
	for _, name := range []string{"litellm_params", "litellm_params!", "model_info", "model_info!", "router_settings"} {
		if name == "router_settings" && r.name != "POST /key/generate" && r.name != "POST /team/new" {
			continue
		}
		if inner, nested := document[fields[name]]; nested {
			delete(fields, name)
			for field, kind := range inner {
				fields[strings.TrimSuffix(name, "!")+"."+field] = kind
			}
		}
	}
	required := map[string]any{"litellm_params.model": nil, "model_info.id": nil}
	_ = json.Unmarshal([]byte(r.body), &required)
	maps.DeleteFunc(fields, func(name, _ string) bool {
		_, is := required[strings.TrimRight(name, "!*")]
		return is
	})
	return fields
}

// alone are requests with one field each.
func (r fieldRoute) alone(name string, values []any, thenNull bool) (all []fieldCase) {
	for _, value := range values {
		if value == false && r.update {
			continue
		}
		requests := []fieldRequest{{fmt.Sprintf("%s=%s", name, oneLine(value)), map[string]any{name: value}}}
		if thenNull {
			requests = append(requests, fieldRequest{fmt.Sprintf("%s=%s, null", name, oneLine(value)), map[string]any{name: nil}})
		}
		all = append(all, fieldCase{r, requests})
	}
	return all
}

// refusedParams are parameters of a model that a new one may not have, or not alone.
var refusedParams = regexp.MustCompile(`anthropic_|openai_(identity|service)|token_exchange_|auto_router|_router_|ptu_|daily_reset|access_windows|team_id|custom_llm_provider|vector_store`)

func nestedParam(name string) bool {
	return strings.HasPrefix(name, "litellm_params.") || strings.HasPrefix(name, "model_info.")
}

func hasAll(fields map[string]string, names map[string]any) bool {
	for name := range names {
		if _, has := fields[name]; !has {
			return false
		}
	}
	return true
}

func oneLine(value any) string {
	encoded, _ := json.Marshal(value)
	return string(encoded)
}

func (r fieldRoute) valuesOf(name, kind string, document fieldDocument) []any {
	if value, is := r.values[name]; is {
		return []any{value}
	}
	_, last, nested := strings.Cut(name, ".")
	if !nested {
		last = name
	}
	if value, is := namedValues[last]; is {
		return []any{value}
	}
	if strings.HasSuffix(name, "_duration") || strings.HasSuffix(name, "duration") {
		return []any{"30d"}
	}
	return typedValues(last, kind, document)
}

// typedValues makes values of a type as requests.txt writes it.
func typedValues(name, kind string, document fieldDocument) []any {
	switch {
	case kind == "bool":
		return []any{true, false}
	case kind == "int" || kind == "count":
		return []any{7}
	case kind == "float":
		return []any{1.5}
	case kind == "date":
		return []any{"2031-01-02T03:04:05Z"}
	case kind == "time":
		return []any{"03:04:05"}
	case kind == "dict":
		return []any{map[string]any{"a": 1}}
	case kind == "list" || kind == "tuple":
		return []any{[]any{"a-" + name}}
	case strings.HasPrefix(kind, "["):
		return []any{[]any{typedValues(name, kind[1:len(kind)-1], document)[0]}}
	case strings.HasPrefix(kind, "{"):
		return []any{map[string]any{"gpt-4o-mini": typedValues(name, kind[1:len(kind)-1], document)[0]}}
	case strings.Contains(kind, "|"):
		var options []any
		for option := range strings.SplitSeq(strings.TrimPrefix(kind, "="), "|") {
			options = append(options, option)
		}
		return options
	}
	if fields, is := document[kind]; is {
		whole := map[string]any{}
		for inner, kind := range fields {
			inner = strings.TrimRight(inner, "!*")
			whole[inner] = fieldRoute{}.valuesOf(inner, kind, document)[0]
		}
		return []any{whole}
	}
	return []any{"a-" + name}
}

// wrongValue is one that the type refuses.
func wrongValue(kind string) (any, bool) {
	switch {
	case kind == "any":
		return nil, false
	case kind == "str":
		return 5, true
	}
	return "x", true
}
