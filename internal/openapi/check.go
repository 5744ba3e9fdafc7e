package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/nearest"
)

// Call is a call of an endpoint.
type Call struct {
	// Params are the parameters of path, query and header by name.
	Params map[string]json.RawMessage
	// Body is JSON, of a form an object with its fields; nil: none.
	Body json.RawMessage
	// Files are the names of further fields of the body, which are files.
	Files []string
}

// Checked is a call with each part in its place.
type Checked struct {
	Path   map[string]string
	Query  url.Values
	Header http.Header
	// Body is that of the call, with texts where a field takes nothing but texts.
	Body json.RawMessage
	// Faults say why the call must not be sent, Notes what the gateway may ignore.
	Faults, Notes []string
}

// Check compares a call with the description of an endpoint.
func (d *Document) Check(e *Endpoint, call Call) Checked {
	c := Checked{Path: map[string]string{}, Query: url.Values{}, Header: http.Header{}, Body: call.Body}
	given := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(call.Params)) {
		p := e.parameter(name)
		if p == nil {
			c.unknown(d, e, name, call.Params[name])
			continue
		}
		given[p.Name+" "+p.In] = true
		c.place(d, p, call.Params[name])
	}
	for _, p := range e.Parameters {
		if (p.Required || p.In == "path") && !given[p.Name+" "+p.In] {
			c.fault("%s is required (%s)", p.Name, p.In)
		}
	}
	d.checkBody(e, call, &c)
	return c
}

func (c *Checked) fault(format string, args ...any) {
	c.Faults = append(c.Faults, fmt.Sprintf(format, args...))
}

// parameter returns the parameter of a name: that of the path before others.
func (e *Endpoint) parameter(name string) *Parameter {
	for _, in := range []string{"path", "query", "header"} {
		for i, p := range e.Parameters {
			if p.In == in && (p.Name == name || in == "header" && strings.EqualFold(p.Name, name)) {
				return &e.Parameters[i]
			}
		}
	}
	return nil
}

// unknown refuses a parameter that the endpoint does not have: the gateway would ignore a
// filter whose name is misspelled.
func (c *Checked) unknown(d *Document, e *Endpoint, name string, value json.RawMessage) {
	if e.Partial {
		c.Notes = append(c.Notes, "the gateway does not describe all parameters; "+clean(name)+" is sent in the query")
		c.Query[name] = texts(value)
		return
	}
	var names []string
	for _, p := range e.Parameters {
		if p.In != "header" && p.In != "cookie" {
			names = append(names, p.Name)
		}
	}
	_, body := e.Body()
	near := nearest.Name(name, names, nearest.Limit(name))
	switch {
	case near != "":
		c.fault("there is no parameter %q; did you mean %s?", clean(name), near)
	case slices.Contains(d.fields(body), name):
		c.fault("%s is a field of the body, not a parameter", clean(name))
	case len(names) == 0:
		c.fault("there is no parameter %q; this endpoint has none", clean(name))
	default:
		c.fault("there is no parameter %q; the parameters are %s", clean(name), strings.Join(names, ", "))
	}
}

// fields returns the names of the members of the objects in a schema.
func (d *Document) fields(s *Schema) (names []string) {
	if s == nil {
		return nil
	}
	for _, object := range d.objects(s, nil) {
		names = append(names, slices.Sorted(maps.Keys(object.Properties))...)
	}
	return names
}

// place checks the value of a parameter and puts it where it is sent.
func (c *Checked) place(d *Document, p *Parameter, value json.RawMessage) {
	if string(value) == "null" {
		c.fault("%s cannot be null; omit it", p.Name)
		return
	}
	words := texts(value)
	if faults := d.validate(p.Schema, p.Name, candidates(value, words)...); len(faults) > 0 {
		c.Faults = append(c.Faults, faults...)
		return
	}
	switch {
	case p.In == "query":
		c.Query[p.Name] = words
	case len(words) != 1:
		c.fault("%s takes one value", p.Name)
	case p.In == "path":
		c.Path[p.Name] = words[0]
	default:
		c.Header.Set(p.Name, words[0])
	}
}

// texts returns a value as it is written in a URL: a list as several.
func texts(value json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		list = []json.RawMessage{value}
	}
	words := make([]string, len(list))
	for i, one := range list {
		if json.Unmarshal(one, &words[i]) != nil {
			words[i] = string(one)
		}
	}
	return words
}

// candidates returns what a value in a URL may be read as: a text, and what the text says.
func candidates(value json.RawMessage, words []string) []json.RawMessage {
	all := []json.RawMessage{value}
	var plain, read []json.RawMessage
	for _, word := range words {
		text, _ := json.Marshal(word)
		plain = append(plain, text)
		if one := json.RawMessage(strings.TrimSpace(word)); json.Valid(one) {
			read = append(read, one)
		} else {
			read = append(read, text)
		}
	}
	for _, list := range [][]json.RawMessage{plain, read} {
		whole, _ := json.Marshal(list)
		all = append(all, whole)
		if len(list) == 1 {
			all = append(all, list[0])
		}
	}
	return all
}

// checkBody compares the body with its schema.
func (d *Document) checkBody(e *Endpoint, call Call, c *Checked) {
	media, s := e.Body()
	none := call.Body == nil && len(call.Files) == 0
	switch {
	case s == nil && !none && (e.Method == http.MethodGet || e.Method == http.MethodDelete):
		c.fault("this endpoint takes no body")
		return
	case s == nil && !none:
		c.Notes = append(c.Notes, "the gateway does not describe the body of this endpoint; it is sent unchecked")
		return
	case s == nil || none && !e.NeedsBody:
		return
	case none:
		c.fault("the body is required: %s", d.requires(s))
		return
	}
	if len(call.Files) > 0 && media != "multipart/form-data" {
		c.fault("this endpoint takes no files; its body is %s", clean(media))
		return
	}
	c.Body = d.textual(s, call.Body)
	whole := c.Body
	if len(call.Files) > 0 {
		fields := map[string]json.RawMessage{}
		_ = json.Unmarshal(whole, &fields)
		for _, name := range call.Files {
			fields[name] = json.RawMessage(`"file"`)
		}
		whole, _ = json.Marshal(fields)
	}
	c.noFiles(d, s, c.Body)
	c.Faults = append(c.Faults, d.validate(s, "", whole)...)
	d.misspelled(s, whole, "", 0, c)
}

// noFiles refuses a text where the body has a file.
func (c *Checked) noFiles(d *Document, s *Schema, body json.RawMessage) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return
	}
	for _, object := range d.objects(s, nil) {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if next := d.Resolve(object.Properties[name]); next.Format == "binary" || next.Media == "application/octet-stream" {
				c.fault("%s is a file; give it in {files}", clean(name))
			}
		}
	}
}

// requires says which fields a body must have.
func (d *Document) requires(s *Schema) string {
	objects := d.objects(s, nil)
	switch {
	case len(objects) == 0:
		return "see its description"
	case len(objects[0].Required) > 0:
		return "give " + clean(strings.Join(objects[0].Required, ", "))
	}
	return "{} is enough"
}

// textual returns the body with a text in place of a number, true or false in a field that
// takes nothing but texts: key=7 on the command line.
func (d *Document) textual(s *Schema, body json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	objects := d.objects(s, nil)
	if len(objects) != 1 || json.Unmarshal(body, &fields) != nil {
		return body
	}
	changed := false
	for name, value := range fields {
		types := d.types(objects[0].Properties[name], 0)
		if len(value) == 0 || strings.ContainsRune(`"{[n`, rune(value[0])) || !types["string"] || types["any"] || types["number"] || types["integer"] || types["boolean"] {
			continue
		}
		fields[name], _ = json.Marshal(string(value))
		changed = true
	}
	if !changed {
		return body
	}
	whole, _ := json.Marshal(fields)
	return whole
}

// types returns the JSON types that a schema allows; any stands for all.
func (d *Document) types(s *Schema, depth int) map[string]bool {
	if s = d.Resolve(s); depth > 10 {
		return map[string]bool{"any": true}
	}
	all := map[string]bool{}
	switch {
	case s.Type != "":
		all[string(s.Type)] = true
	case len(s.Properties) > 0:
		all["object"] = true
	case len(s.AnyOf)+len(s.OneOf)+len(s.AllOf) == 0:
		all["any"] = true
	}
	for _, one := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
		maps.Copy(all, d.types(one, depth+1))
	}
	return all
}

// misspelled finds members that the schema does not name: a misspelled one is a fault, as the
// gateway ignores it, another one is noted.
func (d *Document) misspelled(s *Schema, value json.RawMessage, path string, depth int, c *Checked) {
	objects := d.objects(s, nil)
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && depth < 20 {
		for _, one := range list {
			d.misspelled(s, one, path, depth+1, c)
		}
		return
	}
	var fields map[string]json.RawMessage
	if len(objects) == 0 || json.Unmarshal(value, &fields) != nil || depth > 20 {
		return
	}
	known := d.fields(s)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(known, name) {
			near := nearest.Name(name, known, 3)
			switch {
			case len(name) < 4 && nearest.Distance(name, near) > 1:
				near = ""
			case near == "":
				near = joinedOtherwise(name, known)
			}
			if near != "" && fields[near] == nil {
				c.fault("there is no field %q; did you mean %s?", clean(path+name), clean(path+near))
			} else {
				c.Notes = append(c.Notes, clean(path+name)+" is not a documented field, so the gateway may ignore it")
			}
			continue
		}
		for _, object := range objects {
			if next := object.Properties[name]; next != nil && len(objects) == 1 {
				d.misspelled(next, fields[name], path+name+".", depth+1, c)
			}
		}
	}
}

// joinedOtherwise returns the name that differs from another one in how its words are joined,
// such as max_budget for maxBudget.
func joinedOtherwise(name string, known []string) string {
	joined := func(text string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(text)) }
	for _, one := range known {
		if joined(one) == joined(name) {
			return one
		}
	}
	return ""
}
