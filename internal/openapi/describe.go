package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"litellm-proxy/internal/plural"
)

// Description is an endpoint or a schema on a few lines for a reader: a line for each
// parameter and field, "max_budget* (number or null): Spending limit", where * marks what is
// required, and indented ones for the members of an object.
type Description struct {
	// About is what the gateway says of the endpoint.
	About string
	// Params are the parameters of path, query and header.
	Params []string
	// Media is the media type of the body, "" if the document names no body.
	Media string
	// Schema is the name of the schema of the body, if it has one.
	Schema string
	Body   []string
	// Cut are the schemas of which members are missing, each as [Document.Schema] finds it.
	Cut []string
}

// views are the forms of a description, from the most to the least that is said: how deep
// objects are shown, and how many characters a description has.
var views = []struct{ depth, text int }{{5, 160}, {4, 120}, {3, 100}, {3, 60}, {2, 100}, {2, 60}, {1, 80}, {2, 0}, {1, 40}, {1, 0}}

// Describe describes an endpoint in about the given number of bytes.
func (d *Document) Describe(e *Endpoint, size int) Description {
	media, body := e.Body()
	var out Description
	for i, view := range views {
		v := &viewer{d: d, most: size, text: view.text, whole: i == len(views)-1, help: e.help()}
		out = Description{About: about(e.Description, max(200, 4*view.text)), Media: media}
		v.size = len(out.About)
		for _, p := range e.Parameters {
			where := p.In + ", "
			if p.In == "header" && strings.EqualFold(p.Name, "litellm-changed-by") {
				continue // sent by this program
			}
			v.line("", p.Name, p.Required, where+v.types(p.Schema, 2), p.Description, p.Schema)
		}
		out.Params, v.lines = v.lines, nil
		if body != nil {
			out.Schema = last(body.Ref)
			v.members("", "", body, view.depth, nil)
		}
		if out.Body, out.Cut = v.lines, v.cut; v.size <= size {
			break
		}
	}
	return out
}

// DescribeSchema describes a shared schema, or the schema of a part of the body of the
// endpoint: "litellm_params.mode". It returns nil if there is none.
func (d *Document) DescribeSchema(e *Endpoint, name string, size int) (lines, cut []string) {
	s, path := d.Schemas[name], ""
	if s == nil && e != nil {
		_, body := e.Body()
		if s = d.part(body, name); s != nil {
			path = name + "."
		}
	}
	if s == nil {
		return nil, nil
	}
	for i, view := range views {
		v := &viewer{d: d, most: size, text: view.text, whole: i == len(views)-1}
		v.members("", path, s, view.depth, nil)
		if len(v.lines) == 0 {
			v.lines = []string{v.types(s, 3)}
		}
		if lines, cut = v.lines, v.cut; v.size <= size {
			break
		}
	}
	return lines, cut
}

// part follows a dotted path through the members of a schema.
func (d *Document) part(s *Schema, path string) *Schema {
	for name := range strings.SplitSeq(path, ".") {
		var next *Schema
		for _, object := range d.objects(s, nil) {
			if next = object.Properties[name]; next != nil {
				break
			}
		}
		if next == nil {
			return nil
		}
		s = next
	}
	return s
}

// Body returns the media type and the schema of the body that is described: JSON if the
// endpoint takes it. Without a body, it returns "" and nil.
func (e *Endpoint) Body() (media string, s *Schema) {
	names := slices.Sorted(maps.Keys(e.Bodies))
	if len(names) == 0 {
		return "", nil
	}
	media = names[0]
	for _, name := range names {
		if strings.Contains(name, "json") {
			media = name
			break
		}
	}
	return media, orAny(e.Bodies[media])
}

// viewer writes the lines of one description.
type viewer struct {
	d          *Document
	lines      []string
	cut        []string
	size, most int
	text       int
	whole      bool              // it is the shortest view: what is too long is left out
	help       map[string]string // of fields, from the endpoint's documentation
}

// full reports whether the description is too long already.
func (v *viewer) full() bool { return v.size > v.most }

// line adds a line for a parameter or member.
func (v *viewer) line(indent, name string, required bool, types, help string, s *Schema) {
	text := indent + clip(clean(name), 200)
	if required {
		text += "*"
	}
	text += " (" + types
	if s != nil {
		text += v.preset(s)
	}
	text += ")"
	if help = clean(help); help == "" && indent == "" {
		help = v.help[name]
	}
	if v.text > 0 && help != "" {
		text += ": " + shorten(help, v.text)
	}
	v.lines = append(v.lines, text)
	v.size += len(text) + 4
}

// preset says which value stands if none is given.
func (v *viewer) preset(s *Schema) string {
	value := string(s.Default)
	if value == "" || value == "null" || len(value) > 40 {
		return ""
	}
	return ", default " + clean(value)
}

// members adds the members of the objects in a schema, the required ones first. path leads to
// the schema, and above are those that hold it.
func (v *viewer) members(indent, path string, s *Schema, depth int, above []*Schema) {
	objects := v.d.objects(s, nil)
	for _, object := range objects {
		if slices.Contains(above, object) {
			continue
		}
		inner := indent
		if len(objects) > 1 {
			v.lines = append(v.lines, indent+"- one form:")
			v.size += len(indent) + 14
			inner += "  "
		}
		names := slices.Sorted(maps.Keys(object.Properties))
		slices.SortStableFunc(names, func(a, b string) int { return order(object, a) - order(object, b) })
		for i, name := range names {
			if v.full() && v.whole {
				v.lines = append(v.lines, fmt.Sprintf("%s… and %d more", inner, len(names)-i))
				return
			}
			if v.full() {
				return
			}
			v.member(inner, path, name, object, depth, append(slices.Clone(above), object))
		}
	}
}

func order(object *Schema, name string) int {
	if slices.Contains(object.Required, name) {
		return 0
	}
	return 1
}

func (v *viewer) member(indent, path, name string, object *Schema, depth int, above []*Schema) {
	s := object.Properties[name]
	plain := v.d.Resolve(s)
	help := ""
	if s != nil {
		help = s.Description
	}
	if help == "" {
		help = plain.Description
	}
	v.line(indent, name, slices.Contains(object.Required, name), v.types(s, 2), help, plain)
	if len(v.d.objects(s, nil)) == 0 {
		return
	}
	if depth > 1 {
		v.members(indent+"  ", path+name+".", s, depth-1, above)
		return
	}
	cut := path + name
	if ref := v.d.reference(s); ref != "" {
		cut = ref
	}
	if !slices.Contains(v.cut, cut) {
		v.cut = append(v.cut, clean(cut))
	}
}

// reference returns the name of the one shared schema that a schema is made of, or "".
func (d *Document) reference(s *Schema) string {
	if s == nil {
		return ""
	}
	if s.Ref != "" {
		return last(s.Ref)
	}
	found := ""
	for _, one := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf, []*Schema{s.Items}) {
		if name := d.reference(one); name != "" {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	return found
}

// objects returns the schemas with members in a schema: itself, or those that it is made of.
func (d *Document) objects(s *Schema, seen []*Schema) (found []*Schema) {
	if s = d.Resolve(s); slices.Contains(seen, s) || len(seen) > 20 {
		return nil
	}
	seen = append(seen, s)
	if len(s.Properties) > 0 {
		found = append(found, s)
	}
	parts := slices.Concat(s.AnyOf, s.OneOf, s.AllOf, []*Schema{s.Items})
	if s.Additional != nil {
		parts = append(parts, s.Additional.Schema)
	}
	for _, part := range parts {
		if part == nil {
			continue
		}
		for _, object := range d.objects(part, seen) {
			if !slices.Contains(found, object) && len(found) < 20 {
				found = append(found, object)
			}
		}
	}
	return found
}

// maxEnum is how many values of an enumeration are listed.
const maxEnum = 20

// types names the types of a schema: "string or null", "list of object".
func (v *viewer) types(s *Schema, depth int) string {
	s = v.d.Resolve(s)
	if branches := slices.Concat(s.AnyOf, s.OneOf); len(branches) > 0 {
		var names []string
		for _, one := range branches {
			if name := v.types(one, depth); !slices.Contains(names, name) && len(names) < maxEnum {
				names = append(names, name)
			}
		}
		if i := slices.Index(names, "null"); i >= 0 && len(names) > 1 {
			names = append(slices.Delete(names, i, i+1), "null")
		}
		return strings.Join(names, " or ")
	}
	switch {
	case len(s.Const) > 0:
		return value(s.Const)
	case len(s.Enum) > 0:
		var names []string
		for i, one := range s.Enum {
			if i == maxEnum {
				names = append(names, "… ("+plural.Count(len(s.Enum), "value")+")")
				break
			}
			names = append(names, value(one))
		}
		return strings.Join(names, " or ")
	case len(s.AllOf) == 1 && s.Type == "":
		return v.types(s.AllOf[0], depth)
	case s.Format == "binary" || s.Media != "":
		return "file"
	case s.Type == "array" && s.Items != nil && depth > 0:
		if items := v.types(s.Items, depth-1); items != "any" {
			return "list of " + items
		}
		return "list"
	case s.Type == "array":
		return "list"
	case s.Additional != nil && s.Additional.Schema != nil && len(s.Properties) == 0 && depth > 0:
		if values := v.types(s.Additional.Schema, depth-1); values != "any" {
			return "object of " + values
		}
		return "object"
	case s.Type == "" && (len(s.Properties) > 0 || len(s.AllOf) > 0):
		return "object"
	case s.Type == "":
		return "any"
	}
	return clean(string(s.Type)) + bounds(s)
}

// value writes a value of an enumeration.
func value(b json.RawMessage) string { return shorten(clean(string(b)), 60) }

// bounds says between which numbers a value must be, and which format a text has.
func bounds(s *Schema) string {
	text := ""
	if s.Minimum != "" {
		text += " ≥ " + string(s.Minimum)
	}
	if s.ExclusiveMinimum != "" {
		text += " > " + string(s.ExclusiveMinimum)
	}
	if s.Maximum != "" {
		text += " ≤ " + string(s.Maximum)
	}
	if s.ExclusiveMaximum != "" {
		text += " < " + string(s.ExclusiveMaximum)
	}
	if s.Type == "string" && s.Format != "" {
		text += " " + clean(s.Format)
	}
	return text
}

// help returns what the documentation of the gateway's function says of fields: its lines
// "- key_alias: Optional[str] - Name of the key".
func (e *Endpoint) help() map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(e.Description) {
		line = strings.TrimLeft(strings.TrimSpace(line), "-*• ")
		name, text, ok := strings.Cut(line, ":")
		name = strings.Trim(name, "` ")
		if !ok || name == "" || strings.ContainsAny(name, " {}\"'") || len(name) > 60 {
			continue
		}
		text = clean(text)
		if kind, rest, ok := strings.Cut(text, " - "); ok && len(kind) < 60 {
			text = rest
		}
		if found[name] == "" {
			found[name] = text
		}
	}
	return found
}

// about returns the beginning of the documentation of the gateway's function, before its
// parameters and examples.
func about(description string, most int) string {
	var text []string
	for line := range strings.Lines(description) {
		line = strings.TrimSpace(line)
		head := strings.ToLower(strings.Trim(line, "#*: "))
		if strings.HasPrefix(line, "```") || strings.HasPrefix(line, "curl ") || slices.ContainsFunc(sections, func(s string) bool { return head == s || strings.HasPrefix(head, s+":") }) {
			break
		}
		text = append(text, line)
	}
	return shorten(clean(strings.Join(text, " ")), most)
}

// sections begin the parts of a documentation that are said elsewhere.
var sections = []string{"parameters", "params", "args", "arguments", "example", "examples", "example request", "example response", "example usage",
	"returns", "raises", "request body", "response", "usage", "body", "example curl", "query parameters", "path parameters", "request", "sample request", "example curl request"}

// shorten cuts a text at a word.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[:most]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	if i := strings.LastIndexByte(text, ' '); i > most/2 {
		text = text[:i]
	}
	return strings.TrimRight(text, " ,.;:") + "…"
}
