package operation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/invopop/jsonschema"
)

// ExtraField is the property of a write for the body fields that its input does not
// declare: --set and --body on the command line.
const ExtraField = "extra"

// ToolPageSize is the number of items on a page of a tool's answer if the caller names none:
// about what one answer shows.
const ToolPageSize = 25

// Extras is embedded in the input of every write with a body.
type Extras struct {
	Extra Object `json:"extra" help:"Further fields of the request body"`
}

// Field is one member of an operation's input: a property of the tool, and a flag or
// a positional argument of the command.
type Field struct {
	// Name is the gateway's name, and that of the argument in a [Call].
	Name string
	// Property is the public name: the tool's property, and with dashes the flag. It is Name
	// unless that misleads.
	Property string
	// Flag, Short and Aliases are the flag's names without dashes. Aliases, and Name, are
	// accepted and not shown.
	Flag, Short string
	Aliases     []string
	// Arg is the place of a positional argument, from 1; 0: it is none. It has a flag too. Only the last one may be a list, which takes the rest, or a
	// text with Words, which is made of the rest.
	Arg   int
	Words bool
	Kind  Kind
	// Help is the description.
	Help string
	// Enum is the only texts allowed; none: any text.
	Enum     []string
	Required bool
	// Collection is where the thing is looked up whose ID or name the field takes.
	Collection *Collection
	// Refers is the collection that the field refers to, if a write must not refer to a
	// missing item.
	Refers *Collection
	// Cleared is the value that clears the field; "": it cannot be cleared.
	Cleared string
	// Empty is set if an empty value of the field means something, and names the field that
	// replaces it, if there is one: with that one given, it means nothing. See [Field.Unset].
	Empty string
	// Unknown is the argument that takes the email addresses in this list of users that are
	// no user's yet, or "".
	Unknown string
	// Texts are the members of a Pairs field that stay text whatever they look like,
	// because the gateway's schema calls them strings.
	Texts []string
	// File means that the command line reads @file, @- and @@ in the text.
	File bool

	rule         Rule
	known, flags []string // see Known and FlagAliases
	// bounded: there are bounds beside those of rule, with least as the lower one.
	bounded bool
	least   json.Number
	// toolHelp is the description for a tool, where it differs from Help.
	toolHelp string
}

// Fields returns the fields of the operation's input in the order of its struct, read
// from the types and from these tags:
//
//	json:"user_email"      the gateway's name
//	name:"email"           the public name
//	help:"Email address"   the description, where the type does not have it
//	jsonschema:"required"  also bounds of a single field: minimum=0,maximum=2
//	enum:"eu,us"           the values of a single field
//	clear:"null"           what is sent to clear it
//	empty:"data"           empty means something, unless data is given
//	unknown:"emails"       email addresses of nobody go to the argument emails
//	cli:"name=param,short=p,alias=mail,arg=1,words"
//
// It panics on a type that no surface can show; a test runs it for every operation.
func (op *Operation) Fields() []Field {
	op.reflected.Do(func() { op.fields = op.reflect() })
	return slices.Clone(op.fields)
}

func (op *Operation) reflect() []Field {
	var fields []Field
	collect(op.Do.Input(), &fields)
	if of := op.Collection(); of != nil && of.Size != "" {
		for i := range fields {
			if fields[i].Name == of.Size { // other programs' words for how many rows to answer with
				fields[i].Aliases = append(fields[i].Aliases, "size", "limit")
			}
		}
	}
	addNames(fields)
	merges := slices.ContainsFunc(fields, func(f Field) bool { return f.Name == replaceField })
	for i := range fields {
		f := &fields[i]
		if of := op.Collection(); of != nil && f.Name == of.Size && f.rule.Max == PageSize(0).Rule().Max {
			f.toolHelp = fmt.Sprintf("%s (default %d)", f.Help, of.sizeFor(ToolPageSize))
			f.Help = fmt.Sprintf("%s (default %d)", f.Help, of.most())
		}
		if merges && f.Kind == KindObject && f.Name != ExtraField {
			head, closed := strings.CutSuffix(f.Help, ")")
			f.Help = head + map[bool]string{true: "; merged)", false: " (merged)"}[closed]
		}
		if f.Name == clearField && f.Kind == KindStrings {
			for _, other := range fields {
				if other.Cleared != "" {
					f.Enum = append(f.Enum, other.Property)
				}
			}
		}
		if op.DefaultTeam && f.Name == teamField {
			f.Empty = teamField // no team, not even the default one
		}
		if f.Required && (f.Kind == KindString || f.Kind == KindStrings && f.Collection != nil) && f.Enum == nil {
			f.rule.NotEmpty = true
		}
	}
	return fields
}

func collect(t reflect.Type, fields *[]Field) {
	for i := range t.NumField() {
		if sf := t.Field(i); sf.Anonymous {
			collect(sf.Type, fields)
		} else {
			*fields = append(*fields, newField(sf))
		}
	}
}

func newField(sf reflect.StructField) Field {
	name, typ := sf.Tag.Get("json"), sf.Type
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	public := cmp.Or(sf.Tag.Get("name"), name)
	f := Field{
		Name: name, Property: public, Flag: strings.ReplaceAll(public, "_", "-"), Kind: kindOf(typ), rule: ruleOf(typ),
		Help: sf.Tag.Get("help"), Cleared: sf.Tag.Get("clear"), Empty: sf.Tag.Get("empty"), Unknown: sf.Tag.Get("unknown"), Texts: texts[name],
	}
	if f.Kind == 0 {
		panic("operation: no surface can show the input field " + name + " of type " + typ.String())
	}
	kinds := []reflect.Type{typ}
	if f.Kind == KindStrings {
		kinds = append(kinds, typ.Elem())
	}
	for _, t := range kinds {
		if named, ok := reflect.Zero(t).Interface().(interface{ Collection() *Collection }); ok {
			f.Collection = named.Collection()
			f.Help = cmp.Or(f.Help, f.rule.Help, f.Collection.byName())
		}
		if refers, ok := reflect.Zero(t).Interface().(Referring); ok {
			f.Refers = refers.Refers()
		}
	}
	f.Help, f.Enum, f.File = cmp.Or(f.Help, f.rule.Help), f.rule.Values, f.rule.File
	if values, ok := sf.Tag.Lookup("enum"); ok {
		f.Enum = strings.Split(values, ",")
	}
	f.Required = slices.Contains(strings.Split(sf.Tag.Get("jsonschema"), ","), "required")
	f.bounded = strings.Contains(sf.Tag.Get("jsonschema"), "=")
	_, least, _ := strings.Cut(sf.Tag.Get("jsonschema"), "minimum=")
	least, _, _ = strings.Cut(least, ",")
	f.least = json.Number(least)
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
		case "words":
			f.Words = true
		}
	}
	return f
}

// Field returns the field with this name.
func (op *Operation) Field(name string) (Field, bool) {
	op.Fields()
	fields := op.fields
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return fields[i], true
}

// TakesExtra reports whether the operation takes body fields that it does not declare.
func (op *Operation) TakesExtra() bool {
	_, ok := op.Field(ExtraField)
	return ok
}

// schema returns the JSON schema of the operation's input: closed, without $ref.
func (op *Operation) schema() *jsonschema.Schema {
	r := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, DoNotReference: true, RequiredFromJSONSchemaTags: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			switch kinds[t] {
			case KindObject, KindPairs:
				return &jsonschema.Schema{Type: "object"}
			case KindHeaders:
				return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Type: "string"}}
			case KindJSON:
				return &jsonschema.Schema{Extras: map[string]any{"type": []string{"object", "array", "string", "number", "boolean"}}}
			}
			return nil
		},
	}
	s := r.ReflectFromType(op.Do.Input())
	s.Version = ""
	for _, f := range op.Fields() {
		if property, ok := s.Properties.Get(f.Name); ok {
			f.describe(property)
		}
	}
	return s
}

// canonical returns the schema of canonical arguments.
func (op *Operation) canonical() *jsonschema.Schema {
	s := op.schema()
	if clears, ok := s.Properties.Get(clearField); ok && clears.Items != nil {
		for i, name := range clears.Items.Enum {
			if f, known := op.known(name.(string)); known {
				clears.Items.Enum[i] = f.Name
			}
		}
	}
	return s
}

// shown returns the schema with the public names, in the order of the input.
func (op *Operation) shown() *jsonschema.Schema {
	s := op.schema()
	properties := jsonschema.NewProperties()
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		properties.Set(op.PublicName(pair.Key), pair.Value)
	}
	s.Properties = properties
	for i, name := range s.Required {
		s.Required[i] = op.PublicName(name)
	}
	return s
}

// describe puts what the field and its type say into the field's schema.
func (f *Field) describe(s *jsonschema.Schema) {
	s.Description = cmp.Or(f.toolHelp, f.Help)
	values := s
	if f.Kind == KindStrings {
		values = s.Items
	}
	for _, name := range f.Enum {
		values.Enum = append(values.Enum, name)
	}
	if f.rule.Min != "" {
		s.Minimum = f.rule.Min
	}
	if f.rule.Max != "" {
		s.Maximum = f.rule.Max
	}
	if one := uint64(1); f.rule.NotEmpty && f.Kind == KindStrings {
		s.MinItems = &one
	} else if f.rule.NotEmpty {
		s.MinLength = &one
	}
}

var schemas sync.Map // path → json.RawMessage

// Schema returns the JSON schema of the arguments by their public names: one closed object,
// no references, every property described. It is built on the first call.
func (op *Operation) Schema() json.RawMessage {
	if s, ok := schemas.Load(op.Path); ok {
		return s.(json.RawMessage)
	}
	s := Encode(op.shown())
	schemas.Store(op.Path, s)
	return s
}
