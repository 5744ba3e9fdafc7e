package operation

import (
	"encoding/json"
	"reflect"
)

// Kind is the JSON type of a field and the way it is written on the command line.
type Kind int

const (
	// KindString is any text.
	KindString Kind = iota + 1
	// KindInteger is a whole number.
	KindInteger
	// KindNumber is a number, with its digits as they were written.
	KindNumber
	// KindBoolean is true or false.
	KindBoolean
	// KindStrings is a list of texts. Kinds from here on may be repeated as a flag,
	// except KindObject and KindJSON.
	KindStrings
	// KindObject is a JSON object, written as JSON on the command line too.
	KindObject
	// KindPairs is a JSON object, written as key=value.
	KindPairs
	// KindMessages is a list of {role, content}, written as role:content.
	KindMessages
	// KindHeaders is an object of texts, written as name:value.
	KindHeaders
	// KindJSON is any JSON value but null, written as JSON.
	KindJSON
)

// The types of input fields beside string, int, float64, bool and []string. A type
// made from one of those works too: a method Rule limits its values, and a method
// Collection makes it the name of an item.
type (
	// Object has the kind [KindObject].
	Object map[string]json.RawMessage
	// Pairs has the kind [KindPairs].
	Pairs map[string]json.RawMessage
	// Headers has the kind [KindHeaders].
	Headers map[string]string
	// Message is one turn of a conversation; a list of them has the kind [KindMessages].
	Message struct {
		Role    string `json:"role" jsonschema:"required,enum=system,enum=developer,enum=user,enum=assistant,enum=tool" jsonschema_description:"Role of the speaker"`
		Content string `json:"content" jsonschema:"required" jsonschema_description:"Text of the message"`
	}
	// Text is a text that may be absent but not empty. A required one cannot be empty
	// anyway.
	Text string
	// Document is a text that a person keeps in a file: on the command line, @file reads one.
	Document string
	// Names is a list with at least one text.
	Names []string
	// USD is an amount in US dollars, from 0.
	USD float64
	// Limit is a whole number from 0.
	Limit int
	// Count is a whole number from 1.
	Count int
	// PageNumber is the number of a page, from 1.
	PageNumber int
	// PageSize is the number of items on a page, from 1 to 100. Its help ends with the
	// default, which is [ToolPageSize] for a tool.
	PageSize int
	// SortOrder is asc or desc.
	SortOrder string
)

// Ruled is a type of input fields that limits or describes its values.
type Ruled interface{ Rule() Rule }

// Rule is what the type of a field says about its values. It goes into the schema
// and the help of every field of that type.
type Rule struct {
	// Help describes a field that has no description of its own.
	Help string
	// Values are the only texts allowed; none: any text.
	Values []string
	// Min and Max bound a number; "" means no bound.
	Min, Max json.Number
	// NotEmpty rejects the empty text or list.
	NotEmpty bool
	// Email rejects what is no email address.
	Email bool
	// File lets a person read the text from a file.
	File bool
	// Prose means that the text is only read: it is neither scanned for dangers nor repeated
	// in errors.
	Prose bool
}

// Rule implements [Ruled].
func (Text) Rule() Rule { return Rule{NotEmpty: true} }

// Rule implements [Ruled].
func (Document) Rule() Rule { return Rule{NotEmpty: true, File: true} }

// Rule implements [Ruled].
func (Names) Rule() Rule { return Rule{NotEmpty: true} }

// Rule implements [Ruled].
func (USD) Rule() Rule { return Rule{Min: "0"} }

// Rule implements [Ruled].
func (Limit) Rule() Rule { return Rule{Min: "0"} }

// Rule implements [Ruled].
func (Count) Rule() Rule { return Rule{Min: "1"} }

// Rule implements [Ruled].
func (PageNumber) Rule() Rule { return Rule{Min: "1", Help: "Page number, from 1"} }

// Rule implements [Ruled].
func (PageSize) Rule() Rule { return Rule{Min: "1", Max: "100"} }

// Rule implements [Ruled].
func (SortOrder) Rule() Rule { return Rule{Values: []string{"asc", "desc"}, Help: "Sort order"} }

var kinds = map[reflect.Type]Kind{
	reflect.TypeFor[Object]():          KindObject,
	reflect.TypeFor[Pairs]():           KindPairs,
	reflect.TypeFor[[]Message]():       KindMessages,
	reflect.TypeFor[Headers]():         KindHeaders,
	reflect.TypeFor[json.RawMessage](): KindJSON,
}

// kindOf returns 0 for a type that no surface can show.
func kindOf(t reflect.Type) Kind {
	if k, ok := kinds[t]; ok {
		return k
	}
	switch t.Kind() {
	case reflect.String:
		return KindString
	case reflect.Int:
		return KindInteger
	case reflect.Float64:
		return KindNumber
	case reflect.Bool:
		return KindBoolean
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return KindStrings
		}
	}
	return 0
}

// ruleOf merges the rules of a type and, for a list, of its items.
func ruleOf(t reflect.Type) Rule {
	var rule Rule
	if t.Kind() == reflect.Slice {
		rule = ruleOf(t.Elem())
	}
	if ruled, ok := reflect.Zero(t).Interface().(Ruled); ok {
		own := ruled.Rule()
		own.Values = append(rule.Values, own.Values...)
		own.Email = own.Email || rule.Email
		return own
	}
	rule.NotEmpty = false // it is about an item
	return rule
}
