package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// read decodes the body as JSON and checks it against a specification: words of
// the form name:kind, "!" after the name when the field is required, "*" when it
// may be left out but not be null. Kinds are str, int, count, float, bool, date, list,
// tuple, dict, any, one-of lists a|b|c (=a|b|c where the gateway has an enum), and
// those of checkValue. Values are turned into the gateway's types ("60" becomes
// 60); unknown fields pass.
func (c *call) read(spec string) *reply {
	if len(bytes.TrimSpace(c.raw)) == 0 {
		return invalid(missing("body"))
	}
	decoded, fault := decode(c.raw)
	if fault >= 0 {
		return invalid(problem("json_invalid", "JSON decode error", "body", fault))
	}
	body := decoded.(object) // anything else was refused with the key
	if bad := c.readTexts(body); bad != nil {
		return bad
	}
	if problems := checkFields(body, spec, "body"); len(problems) > 0 {
		return invalid(problems...)
	}
	c.body = body
	return nil
}

// decode reads one JSON value with its numbers as they are written. fault is
// where Python's parser stops at what is no JSON, -1 if nothing is wrong.
func decode(raw []byte) (value any, fault int) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	err := decoder.Decode(&value)
	if err == nil {
		if _, err = decoder.Token(); err == io.EOF {
			return value, -1
		}
		rest := raw[decoder.InputOffset():]
		return nil, len(raw) - len(bytes.TrimLeft(rest, " \t\r\n"))
	}
	fault = len(raw)
	if syntax, is := err.(*json.SyntaxError); is {
		fault = min(int(syntax.Offset)-1, fault)
	}
	for fault > 0 && raw[fault-1] >= 'a' && raw[fault-1] <= 'z' { // a word such as true starts where it starts
		fault--
	}
	return nil, fault
}

func notObject() *reply {
	return fail(http.StatusBadRequest, "invalid_request_error", "request_body", "Invalid JSON payload: expected an object")
}

// checkFields checks and converts obj in place and returns what is wrong, in
// the order of the specification.
func checkFields(obj object, spec string, at ...any) (problems []any) {
	for word := range strings.FieldsSeq(spec) {
		name, kind, _ := strings.Cut(word, ":")
		name, required := strings.CutSuffix(name, "!")
		name, never := strings.CutSuffix(name, "*")
		loc := append(append([]any{}, at...), name)
		value, given := obj[name]
		if !given || value == nil && !required && !never {
			if required {
				problems = append(problems, missing(loc...))
			}
			continue
		}
		converted, wrong := checkValue(value, kind, loc)
		if wrong != nil {
			problems = append(problems, wrong...)
			continue
		}
		obj[name] = converted
	}
	return problems
}

const userRoles = roleAdmin + "|" + roleAdminViewer + "|" + roleUser + "|" + roleUserViewer

func convert(value any, kind string) (converted any, kindOf, message string) {
	switch kind {
	case "any":
	case "str":
		if _, is := value.(string); !is {
			return nil, "string_type", "Input should be a valid string"
		}
	case "list", "tuple":
		if _, is := value.([]any); !is {
			return nil, kind + "_type", "Input should be a valid " + kind
		}
	case "dict":
		if _, is := value.(object); !is {
			return nil, "dict_type", "Input should be a valid dictionary"
		}
	case "bool":
		return convertBool(value)
	case "int":
		return convertInt(value)
	case "count": // a whole number that is not negative
		n, kindOf, message := convertInt(value)
		if n, is := n.(int); is && n < 0 {
			return nil, "greater_than_equal", "Input should be greater than or equal to 0"
		}
		return n, kindOf, message
	case "float":
		return convertFloat(value)
	case "date":
		return convertDate(value)
	case "time":
		if at, is := value.(string); !is || !isClock(at[:min(len(at), 5)]) {
			return nil, "time_parsing", "Input should be in a valid time format, invalid character in hour"
		}
	default:
		return convertOption(value, kind)
	}
	return value, "", ""
}

// convertOption takes one of a|b|c.
func convertOption(value any, kind string) (converted any, kindOf, message string) {
	options, isEnum := strings.CutPrefix(kind, "=")
	for option := range strings.SplitSeq(options, "|") {
		if value == option {
			return value, "", ""
		}
	}
	switch {
	case kind == userRoles: // which the real gateway names as Python prints its enum
		return nil, "literal_error", "Input should be <LitellmUserRoles.PROXY_ADMIN: 'proxy_admin'>, " +
			"<LitellmUserRoles.PROXY_ADMIN_VIEW_ONLY: 'proxy_admin_viewer'>, <LitellmUserRoles.INTERNAL_USER: 'internal_user'> or " +
			"<LitellmUserRoles.INTERNAL_USER_VIEW_ONLY: 'internal_user_viewer'>"
	case isEnum:
		return nil, "enum", "Input should be " + alternatives(strings.Split(options, "|"))
	}
	return nil, "literal_error", "Input should be " + alternatives(strings.Split(options, "|"))
}

// alternatives is 'a', 'b' or 'c'.
func alternatives(options []string) string {
	quoted := make([]string, len(options))
	for i, option := range options {
		quoted[i] = "'" + option + "'"
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

func convertBool(value any) (any, string, string) {
	switch value := value.(type) {
	case bool:
		return value, "", ""
	case string:
		if b, is := parseBool(value); is {
			return b, "", ""
		}
	case json.Number:
		if b, is := parseBool(value.String()); is {
			return b, "", ""
		}
	default:
		return nil, "bool_type", "Input should be a valid boolean"
	}
	return nil, "bool_parsing", "Input should be a valid boolean, unable to interpret input"
}

func parseBool(s string) (value, is bool) {
	switch strings.ToLower(s) {
	case "true", "1", "yes", "on", "t", "y":
		return true, true
	case "false", "0", "no", "off", "f", "n":
		return false, true
	}
	return false, false
}

func convertInt(value any) (any, string, string) {
	switch value := value.(type) {
	case json.Number:
		f, err := value.Float64()
		if err == nil && f != math.Trunc(f) {
			return nil, "int_from_float", "Input should be a valid integer, got a number with a fractional part"
		}
		return int(f), "", ""
	case string:
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
			return n, "", ""
		}
		return nil, "int_parsing", "Input should be a valid integer, unable to parse string as an integer"
	}
	return nil, "int_type", "Input should be a valid integer"
}

func convertFloat(value any) (any, string, string) {
	switch value := value.(type) {
	case json.Number:
		f, _ := value.Float64()
		return money(f), "", ""
	case string:
		if f, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
			return money(f), "", ""
		}
		return nil, "float_parsing", "Input should be a valid number, unable to parse string as a number"
	}
	return nil, "float_type", "Input should be a valid number"
}

// pageQuery reads a page number and size, the size at most 100.
func (c *call) pageQuery(sizeName string, sizeDefault int) (page, size int, bad *reply) {
	return c.pageOfSize(sizeName, sizeDefault, 100)
}

// pageOfSize is pageQuery with another limit; 0 is none.
func (c *call) pageOfSize(sizeName string, sizeDefault, sizeMost int) (page, size int, bad *reply) {
	var problems []any
	read := func(name string, otherwise, most int) int {
		given, is := c.query[name]
		if !is {
			return otherwise
		}
		n, err := strconv.Atoi(given[len(given)-1])
		switch {
		case err != nil:
			problems = append(problems, problem("int_parsing", "Input should be a valid integer, unable to parse string as an integer", "query", name))
		case n < 1:
			problems = append(problems, problem("greater_than_equal", "Input should be greater than or equal to 1", "query", name))
		case most > 0 && n > most:
			problems = append(problems, problem("less_than_equal", "Input should be less than or equal to "+strconv.Itoa(most), "query", name))
		}
		return n
	}
	page, size = read("page", 1, 0), read(sizeName, sizeDefault, sizeMost)
	if problems != nil {
		return 0, 0, invalid(problems...)
	}
	return page, size, nil
}

// boolQuery reads a boolean of the query string.
func (c *call) boolQuery(name string) (value bool, bad *reply) {
	if !c.query.Has(name) {
		return false, nil
	}
	value, is := parseBool(c.query.Get(name))
	if !is {
		return false, invalid(problem("bool_parsing", "Input should be a valid boolean, unable to interpret input", "query", name))
	}
	return value, nil
}

// pageOf cuts one page out of rows and says how many pages there are.
func pageOf(rows []object, page, size int) (cut []object, pages int) {
	pages = (len(rows) + size - 1) / size
	from := min((page-1)*size, len(rows))
	return rows[from:min(from+size, len(rows))], pages
}
