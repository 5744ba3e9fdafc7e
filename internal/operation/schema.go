package operation

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/invopop/jsonschema"
)

// extra is the property of every write that carries what the input does not
// name: --set and --body on the command line.
const ExtraField = "extra"

// Kind is what the value of a field is.
type Kind int

const (
	// String is any text.
	KindString Kind = iota + 1
	// Integer and Number are JSON's; Boolean is true or false.
	KindInteger
	KindNumber
	KindBoolean
	// Strings is a list of texts.
	KindStrings
	// Object is a JSON object, written as one on the command line too.
	KindObject
	// Pairs is a JSON object written as key=value on the command line.
	KindPairs
	// Messages is a list of {role, content}, written as role:content.
	KindMessages
	// Headers is an object of texts, written as name:value.
	KindHeaders
)

// The types that inputs use beside string, int, float64, bool and []string.
type (
	Object  map[string]json.RawMessage
	Pairs   map[string]json.RawMessage
	Headers map[string]string
	Message struct {
		Role    string `json:"role" jsonschema:"required,enum=system,enum=developer,enum=user,enum=assistant,enum=tool" jsonschema_description:"Who speaks"`
		Content string `json:"content" jsonschema:"required" jsonschema_description:"The words"`
	}
	// extras is embedded in the input of a write.
	Extras struct {
		Extra Object `json:"extra" help:"Further request body fields that have no property of their own" cli:"texts=extra"`
	}
)

var kinds = map[reflect.Type]Kind{
	reflect.TypeFor[string]():    KindString,
	reflect.TypeFor[int]():       KindInteger,
	reflect.TypeFor[float64]():   KindNumber,
	reflect.TypeFor[bool]():      KindBoolean,
	reflect.TypeFor[[]string]():  KindStrings,
	reflect.TypeFor[Object]():    KindObject,
	reflect.TypeFor[Pairs]():     KindPairs,
	reflect.TypeFor[[]Message](): KindMessages,
	reflect.TypeFor[Headers]():   KindHeaders,
}

// kindOf is the kind of a type, or of the one that it is made from; 0: none.
func kindOf(t reflect.Type) Kind {
	if k, ok := kinds[t]; ok {
		return k
	}
	if t.Kind() == reflect.String {
		return KindString
	}
	return 0
}

// Field is one member of an operation's input: a property of the tool, a flag
// or a positional argument of the command.
type Field struct {
	// Name is the gateway's name and the tool's property.
	Name string
	// Flag, Aliases and Short are the flag's names without dashes; Arg is the
	// place of a positional argument from 1, or 0, and Flag then its name in
	// the usage line; one that is not required may be given as a flag too. Only
	// the last one may be Strings, and takes all the rest.
	Flag, Short string
	Aliases     []string
	Arg         int
	Kind        Kind
	// Help is the description; Enum the values that a String may have.
	Help     string
	Enum     []string
	Required bool
	// Ref is the field whose place the looked-up identifier takes: this field
	// holds a name (see names.go). RefRequired says that one of the two must be
	// given.
	Ref         string
	RefRequired bool
	Collection  *Collection // in which a name that stands for Ref is looked up
	// Cleared is what is sent to empty the field, or "" when it cannot be.
	Cleared string
	// Texts are the members of a Pairs field that stay text whatever they look
	// like, because the gateway's schema calls them strings.
	Texts []string
}

// Fields returns the fields of the operation's input in the order of its struct,
// read from the tags json, jsonschema, help and cli.
//
// cli:"name=email,short=e,alias=spend,arg=1,texts=litellm_params": what differs
// from the rule that the flag is the name with dashes. Panics on a type that no
// surface can show; a test runs it for every operation.
func (op *Operation) Fields() []Field {
	var fields []Field
	collect(op.Do.Input(), &fields)
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == clearField && f.Kind == KindStrings })
	if i >= 0 {
		for _, f := range fields {
			if f.Cleared != "" {
				fields[i].Enum = append(fields[i].Enum, f.Name)
			}
		}
	}
	return fields
}

func collect(t reflect.Type, fields *[]Field) {
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.Anonymous {
			collect(sf.Type, fields)
			continue
		}
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		typ := sf.Type
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		f := Field{Name: name, Flag: strings.ReplaceAll(name, "_", "-"), Kind: kindOf(typ),
			Help: sf.Tag.Get("help")}
		if named, ok := reflect.Zero(typ).Interface().(interface{ Collection() *Collection }); ok {
			f.Collection = named.Collection()
		}
		f.Cleared = sf.Tag.Get("clear")
		f.Ref, f.RefRequired = strings.CutSuffix(sf.Tag.Get("ref"), ",required")
		if f.Kind == 0 {
			panic("tools: the input field " + name + " has type " + typ.String() + ", which no surface can show")
		}
		for part := range strings.SplitSeq(sf.Tag.Get("jsonschema"), ",") {
			key, value, _ := strings.Cut(part, "=")
			switch key {
			case "required":
				f.Required = true
			case "enum":
				f.Enum = append(f.Enum, value)
			}
		}
		for part := range strings.SplitSeq(sf.Tag.Get("cli"), ",") {
			key, value, _ := strings.Cut(part, "=")
			switch key {
			case "name":
				f.Flag = value
			case "short":
				f.Short = value
			case "alias":
				f.Aliases = append(f.Aliases, value)
			case "arg":
				f.Arg, _ = strconv.Atoi(value)
			case "texts":
				f.Texts = texts[value]
			}
		}
		*fields = append(*fields, f)
	}
}

// field returns the field of that name.
func (op *Operation) Field(name string) (Field, bool) {
	fields := op.Fields()
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return fields[i], true
}

// TakesExtra tells whether the operation takes further body fields, as every
// write with a body does.
func (op *Operation) TakesExtra() bool {
	_, ok := op.Field(ExtraField)
	return ok
}

// schema is the JSON schema of the operation's input: closed, without $ref.
func (op *Operation) schema() *jsonschema.Schema {
	r := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, DoNotReference: true, RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			switch kinds[t] {
			case KindObject, KindPairs:
				return &jsonschema.Schema{Type: "object"}
			case KindHeaders:
				return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "string"}}
			}
			return nil
		},
	}
	s := r.ReflectFromType(op.Do.Input())
	s.Version = ""
	for _, f := range op.Fields() {
		if property, ok := s.Properties.Get(f.Name); ok {
			property.Description = f.Help
		}
	}
	if f, ok := op.Field(clearField); ok && f.Kind == KindStrings {
		property, _ := s.Properties.Get(clearField)
		for _, name := range f.Enum {
			property.Items.Enum = append(property.Items.Enum, name)
		}
	}
	return s
}

var schemas sync.Map // path → json.RawMessage

// Schema returns the JSON schema of the arguments: one closed object, no
// references, every property described. It is built when first asked for.
func (op *Operation) Schema() json.RawMessage {
	if s, ok := schemas.Load(op.Path); ok {
		return s.(json.RawMessage)
	}
	s := Encode(op.schema())
	schemas.Store(op.Path, s)
	return s
}
