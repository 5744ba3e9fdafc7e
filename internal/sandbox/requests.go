package sandbox

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// requestsText is the cut of the real gateway's OpenAPI that TestFieldsLive records:
// the fields of request bodies, and of the objects in them.
//
//go:embed requests.txt
var requestsText string

// requests are specifications for checkFields by name: a route or a schema.
var requests = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(requestsText) {
		name, fields, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		all[name] = fields
	}
	return all
})

// readAs reads the body of a request as the real gateway documents it. Fields that it
// does not document are ignored there, and dropped here.
func (c *call) readAs(route string) *reply {
	documented := requests()[route]
	if bad := c.read(documented); bad != nil {
		return bad
	}
	known := object{}
	for word := range strings.FieldsSeq(documented) {
		name, _, _ := strings.Cut(word, ":")
		name = strings.TrimRight(name, "!*")
		if value, given := c.body[name]; given {
			known[name] = value
		}
	}
	c.body = known
	return nil
}

// checkValue checks a value of any kind and returns it in the gateway's types:
// [kind] is a list, {kind} a dictionary, and a schema's name an object.
func checkValue(value any, kind string, loc []any) (converted any, problems []any) {
	schema, isSchema := requests()[kind]
	switch {
	case strings.HasPrefix(kind, "["):
		items, is := value.([]any)
		if !is {
			return nil, []any{problem("list_type", "Input should be a valid list", loc...)}
		}
		out := make([]any, len(items))
		for i, item := range items {
			one, wrong := checkValue(item, kind[1:len(kind)-1], append(slices.Clone(loc), i))
			out[i], problems = one, append(problems, wrong...)
		}
		return out, problems
	case strings.HasPrefix(kind, "{"):
		members, is := value.(object)
		if !is {
			return nil, []any{problem("dict_type", "Input should be a valid dictionary", loc...)}
		}
		out := object{}
		for name, member := range members {
			one, wrong := checkValue(member, kind[1:len(kind)-1], append(slices.Clone(loc), name))
			out[name], problems = one, append(problems, wrong...)
		}
		return out, problems
	case isSchema:
		members, is := value.(object)
		if !is {
			return nil, []any{problem("model_attributes_type", "Input should be a valid dictionary or object to extract fields from", loc...)}
		}
		return members, checkFields(members, schema, loc...)
	}
	converted, kindOf, message := convert(value, kind)
	if message != "" {
		return nil, []any{problem(kindOf, message, loc...)}
	}
	return converted, nil
}

// convertDate takes a time as the gateway's framework does, as far as clients send them.
func convertDate(value any) (any, string, string) {
	s, is := value.(string)
	if n, isNumber := value.(json.Number); isNumber {
		seconds, _ := n.Float64()
		return formatTime(time.Unix(int64(seconds), 0)), "", ""
	}
	if !is {
		return nil, "datetime_type", "Input should be a valid datetime"
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at.UTC().Format("2006-01-02T15:04:05Z"), "", ""
		}
	}
	return nil, "datetime_from_date_parsing", "Input should be a valid datetime or date, input is too short"
}

// unsupported is the answer to a field whose effect the sandbox does not have: it is
// never accepted and forgotten.
func unsupported(field string) *reply {
	return fail(http.StatusNotImplemented, "sandbox_not_implemented", field, "the sandbox does not implement the field "+field)
}

// isFalsy reports whether Python takes a value for false.
func isFalsy(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case bool:
		return !value
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case object:
		return len(value) == 0
	}
	n, is := number(value)
	return is && n == 0
}
