package operation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// scan finds what every write is sensitive to in its arguments, at any depth: where a
// secret would be sent, what of the gateway's environment or files would be read, roles
// and permissions. The words of a conversation are left alone, and so are the targets
// of what is destroyed.
//
// What decides is shown as it came, although it may be masked elsewhere.
func scan(op *Operation, args Args) []string {
	var s scanner
	_, params := op.Field(paramsField)
	for _, f := range op.Fields() {
		s.talks = s.talks || f.Kind == KindMessages
	}
	for _, f := range op.Fields() {
		value := args[f.Name]
		switch {
		case value == nil || f.Kind == KindMessages || f.rule.Prose || f.Name == clearField:
		case f.Name == ExtraField:
			s.value(nil, value)
		case params && (f.Name == "model" || f.Name == "model_name"):
			// Without a model among the parameters, it is sent as that.
			s.value([]string{paramsField, "model"}, value)
		case f.Kind == KindObject || f.Kind == KindPairs || f.Kind == KindHeaders || f.Kind == KindJSON:
			s.value([]string{f.Name}, value)
		case op.Effect == Destructive || f.Arg > 0 || f.Collection != nil:
			// It names what the call is about.
			s.references(f.Name, Words(value))
			if text := Word(value); op.Effect != Destructive && scheme().MatchString(text) {
				s.add(f.Name, "names the address %s", quoted(masked(text)))
			} else if op.Effect != Destructive && isModel(f.Name) {
				s.model(f.Name, text)
			}
			s.document([]string{f.Name}, Word(value))
		default:
			s.value([]string{f.Name}, value)
		}
	}
	slices.Sort(s.found)
	return slices.Compact(s.found)
}

// maxDepth is how deep arguments are looked through. What is nested deeper is a danger
// by itself.
const maxDepth = 50

// paramsField is the argument that says how a provider is called.
const paramsField = "litellm_params"

type scanner struct {
	found []string
	depth int
	talks bool // the extra fields belong to a conversation
}

func (s *scanner) add(path, format string, args ...any) {
	s.found = append(s.found, fmt.Sprintf(format, args...)+" ("+visible(masked(path))+")")
}

// value looks at one value; path are the names of the members that lead to it.
func (s *scanner) value(path []string, value json.RawMessage) {
	name, where := "", strings.Join(path, ".")
	if len(path) > 0 {
		name = strings.ToLower(strings.ReplaceAll(path[len(path)-1], "-", "_"))
	}
	if s.depth++; s.depth > maxDepth {
		s.add(where, "has members that are nested too deep to be looked through")
		s.depth--
		return
	}
	defer func() { s.depth-- }()
	s.power(path, name, value)
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) == nil && object != nil {
		if len(path) == 0 && s.talks || isBody(path) && object["messages"] != nil {
			object = unsaid(object)
		}
		for member, v := range object {
			s.references(where, member)
			if isHeaders(name) && !kept(path) {
				s.add(where, "sends the header %s with each request", told(member))
			}
			s.value(append(slices.Clone(path), member), v)
		}
		return
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && list != nil {
		for _, v := range list {
			s.value(path, v)
		}
		return
	}
	var text string
	if json.Unmarshal(value, &text) != nil || text == "" {
		return
	}
	s.references(where, text)
	if isModel(name) {
		s.model(where, text)
		if scheme().MatchString(text) && !connects(path) {
			s.add(where, "names the address %s", host(text))
		}
	}
	if !kept(path) && !isDocument(text) {
		s.destination(path, name, text)
	}
	s.document(path, text)
}

// unsaid is a request to a model without what only the model reads: messages, and the
// schemas of tools and answers.
func unsaid(request map[string]json.RawMessage) map[string]json.RawMessage {
	rest := maps.Clone(request)
	for _, name := range []string{"messages", "functions", "function_call", "response_format", "tool_choice", "prediction"} {
		delete(rest, name)
	}
	var tools []map[string]json.RawMessage
	if json.Unmarshal(rest["tools"], &tools) == nil {
		for _, tool := range tools {
			if kind := Word(tool["type"]); kind != "" && kind != "function" && kind != "custom" {
				continue // an MCP server, for example
			}
			for _, name := range []string{"function", "name", "description", "parameters", "input_schema"} {
				delete(tool, name)
			}
		}
		rest["tools"] = Encode(tools)
	}
	return rest
}

// isDocument tells whether a text begins as a JSON document does. What stands in one is
// looked at member by member, so that no danger repeats the whole of it.
func isDocument(text string) bool {
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "\ufeff"))
	return text != "" && (text[0] == '{' || text[0] == '[')
}

// document looks into a text that is a JSON document: the gateway reads some so. It
// reads more than JSON allows, such as NaN, which hides the rest from a strict reader.
func (s *scanner) document(path []string, text string) {
	if !isDocument(text) {
		return
	}
	text = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(text), "\ufeff"))
	name := ""
	if len(path) > 0 {
		name = strings.ToLower(path[len(path)-1])
	}
	switch {
	case json.Valid([]byte(text)):
		s.value(path, json.RawMessage(text))
	case name != "mock_response" && (connects(path) || name == "data" || strings.Contains(name, "credential")):
		s.add(strings.Join(path, "."), "holds a document that cannot be checked")
	}
}
