package mcpclients

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// document is a JSON file with or without comments, and where its parts stand. Edits are made
// in its bytes, so that everything else stays as it is.
type document struct {
	data []byte
	root hujson.Value
	// newline ends lines; unit indents by one level.
	newline, unit string
}

// readDocument parses a file; one that is empty or blank is an empty object.
func readDocument(data []byte) (*document, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{}\n")
	}
	root, err := hujson.Parse(bytes.Clone(data))
	if err != nil {
		return nil, err
	}
	d := &document{data: data, root: root, newline: "\n", unit: "  "}
	if bytes.Contains(data, []byte("\r\n")) {
		d.newline = "\r\n"
	}
	if items := itemsOf(root); len(items) > 0 {
		if indent, ok := indentation(items[0].before); ok && indent != "" {
			d.unit = indent
		}
	}
	if root.Value.Kind() != '{' {
		return nil, errors.New("it is not a JSON object")
	}
	return d, nil
}

// item is a member of an object or an element of a list.
type item struct {
	name       string
	before     []byte // comments and blanks before it
	start, end int
	after      []byte // comments and blanks before the comma behind it
	value      hujson.Value
}

func itemsOf(v hujson.Value) (items []item) {
	switch c := v.Value.(type) {
	case *hujson.Object:
		for _, m := range c.Members {
			name := m.Name.Value.(hujson.Literal).String()
			items = append(items, item{name, m.Name.BeforeExtra, m.Name.StartOffset, m.Value.EndOffset, m.Value.AfterExtra, m.Value})
		}
	case *hujson.Array:
		for _, e := range c.Elements {
			items = append(items, item{"", e.BeforeExtra, e.StartOffset, e.EndOffset, e.AfterExtra, e})
		}
	}
	return items
}

// rest returns the comments and blanks before the closing bracket.
func rest(v hujson.Value) []byte {
	switch c := v.Value.(type) {
	case *hujson.Object:
		return c.AfterExtra
	case *hujson.Array:
		return c.AfterExtra
	}
	return nil
}

// indentation returns the blanks before an item on its line; ok reports that it begins a line.
func indentation(before []byte) (string, bool) {
	i := bytes.LastIndexByte(before, '\n')
	if i < 0 {
		return "", false
	}
	return string(before[i+1:]), len(bytes.Trim(before[i+1:], " \t")) == 0
}

const blanks = " \t\r\n"

// member returns the item with this name, and an error if there are several: clients differ
// in which one they take.
func (d *document) member(v hujson.Value, name string) (*item, error) {
	var found *item
	for _, it := range itemsOf(v) {
		if it.name == name {
			if found != nil {
				return nil, fmt.Errorf("it has the member %q twice", name)
			}
			found = &it
		}
	}
	return found, nil
}

// splice replaces bytes of the file and reads it again.
func (d *document) splice(parts ...part) error {
	slices.Reverse(parts) // the last first, also of those at the same place
	slices.SortStableFunc(parts, func(a, b part) int { return b.from - a.from })
	data := d.data
	for _, p := range parts {
		data = slices.Concat(data[:p.from], []byte(p.text), data[p.to:])
	}
	next, err := readDocument(data)
	if err == nil {
		d.data, d.root = next.data, next.root
	}
	return err
}

type part struct {
	from, to int
	text     string
}

// text is a value as it stands at an indentation; compact: on one line.
type text func(indent string, compact bool) string

// add appends an item to an object or list, which stands at an indentation.
func (d *document) add(v hujson.Value, outer, name string, value text) error {
	items, extra := itemsOf(v), rest(v)
	closing := v.EndOffset - 1
	head := ""
	if name != "" {
		head = quote(name) + ": "
	}
	if len(items) == 0 {
		keep := strings.TrimRight(string(extra), blanks)
		inner := outer + d.unit
		return d.splice(part{closing - len(extra), closing, keep + d.newline + inner + head + value(inner, false) + d.newline + outer})
	}
	indent, ownLine := indentation(items[0].before)
	last := items[len(items)-1]
	at := closing - len(extra) + len(bytes.TrimRight(extra, blanks))
	if !ownLine && endsInComment(d.data[last.end:at]) {
		ownLine, indent = true, outer+d.unit
	}
	separator := d.newline + indent
	if !ownLine {
		separator, indent = " ", outer
	}
	if last.after != nil { // a comma stands behind it
		return d.splice(part{at, at, separator + head + value(indent, !ownLine) + ","})
	}
	return d.splice(part{last.end, last.end, ","}, part{at, at, separator + head + value(indent, !ownLine)})
}

// endsInComment reports whether a text ends in a comment that goes on to the end of its line.
// It may say so of one that does not.
func endsInComment(text []byte) bool {
	return bytes.Contains(text[bytes.LastIndexByte(text, '\n')+1:], []byte("//"))
}

// remove takes an item out, with the comma that is too many. Comments around it stay.
func (d *document) remove(v hujson.Value, i int) error {
	items := itemsOf(v)
	it := items[i]
	from := it.start - len(it.before) + len(bytes.TrimRight(it.before, blanks))
	to := it.end
	comma := i < len(items)-1 || it.after != nil // the library has nil where nothing stands before a comma
	if comma {
		to += len(it.after) + 1
	}
	if behind := bytes.TrimLeft(d.data[to:], " \t\r"); endsInComment(d.data[it.start-len(it.before):from]) && !bytes.HasPrefix(behind, []byte("\n")) {
		from = it.start // what follows does not become part of the comment
	}
	switch {
	case len(items) == 1:
		begin, end := v.StartOffset+1, v.EndOffset-1
		if len(bytes.TrimSpace(d.data[begin:from]))+len(bytes.TrimSpace(d.data[to:end])) == 0 {
			return d.splice(part{begin, end, ""})
		}
	case !comma:
		previous := items[i-1]
		at := previous.end + len(previous.after)
		return d.splice(part{at, at + 1, ""}, part{from, to, ""})
	}
	return d.splice(part{from, to, ""})
}

// object returns the member of the root that is an object, made if it is missing.
func (d *document) object(name string) (hujson.Value, string, error) {
	m, err := d.member(d.root, name)
	if err != nil {
		return hujson.Value{}, "", err
	}
	if m == nil {
		if err := d.add(d.root, "", name, func(string, bool) string { return "{}" }); err != nil {
			return hujson.Value{}, "", err
		}
		if m, err = d.member(d.root, name); m == nil && err == nil {
			err = fmt.Errorf("there is no place for the member %q", name)
		}
	}
	if err == nil && m.value.Value.Kind() != '{' {
		err = fmt.Errorf("its member %q is not an object", name)
	}
	if err != nil {
		return hujson.Value{}, "", err
	}
	indent, _ := indentation(m.before)
	return m.value, indent, nil
}

// setJSON puts an entry into a file.
func (c *Client) setJSON(data []byte, e Entry) ([]byte, error) {
	d, err := readDocument(data)
	if err != nil {
		return nil, err
	}
	servers, indent, err := d.object(c.Servers)
	if err != nil {
		return nil, err
	}
	old, err := d.member(servers, e.Name)
	if err != nil {
		return nil, err
	}
	value := func(indent string, compact bool) string { return d.render(c.members(e), indent, compact) }
	if old != nil {
		at, _ := indentation(old.before)
		err = d.splice(part{old.value.StartOffset, old.value.EndOffset, value(at, false)})
	} else {
		err = d.add(servers, indent, e.Name, value)
	}
	if err != nil {
		return nil, err
	}
	return d.data, d.addInput(c, e)
}

// deleteJSON takes an entry out of a file; found reports whether it was there.
func (c *Client) deleteJSON(data []byte, name string) (out []byte, found bool, err error) {
	d, err := readDocument(data)
	if err != nil {
		return nil, false, err
	}
	m, err := d.member(d.root, c.Servers)
	if err != nil || m == nil || m.value.Value.Kind() != '{' {
		return data, false, err
	}
	if _, err = d.member(m.value, name); err != nil {
		return nil, false, err
	}
	i := slices.IndexFunc(itemsOf(m.value), func(it item) bool { return it.name == name })
	if i < 0 {
		return data, false, nil
	}
	if err := d.remove(m.value, i); err != nil {
		return nil, false, err
	}
	err = d.removeInput(c)
	return d.data, true, err
}

// inputID is the name of the question with which VS Code asks for the key.
const inputID = "litellm-proxy-api-key"

// addInput adds the question for the key if the entry refers to it and it is not there.
func (d *document) addInput(c *Client, e Entry) error {
	if c.form != prompted || !slices.Contains(e.values(), "${input:"+inputID+"}") {
		return nil
	}
	inputs, err := d.member(d.root, "inputs")
	if err != nil {
		return err
	}
	if inputs == nil {
		if err := d.add(d.root, "", "inputs", func(string, bool) string { return "[]" }); err != nil {
			return err
		}
		inputs, _ = d.member(d.root, "inputs")
	}
	if inputs.value.Value.Kind() != '[' {
		return errors.New(`its member "inputs" is not a list`)
	}
	if d.inputAt(inputs.value) >= 0 {
		return nil
	}
	indent, _ := indentation(inputs.before)
	question := []field{{"type", "promptString"}, {"id", inputID}, {"description", "LiteLLM key"}, {"password", true}}
	return d.add(inputs.value, indent, "", func(indent string, compact bool) string { return d.render(question, indent, compact) })
}

// removeInput takes the question out if nothing refers to it any more.
func (d *document) removeInput(c *Client) error {
	inputs, err := d.member(d.root, "inputs")
	if c.form != prompted || err != nil || inputs == nil || bytes.Contains(d.data, []byte("${input:"+inputID+"}")) {
		return err
	}
	i := d.inputAt(inputs.value)
	if i < 0 {
		return nil
	}
	if err := d.remove(inputs.value, i); err != nil {
		return err
	}
	// The list was made for the question, or has no other.
	if inputs, err = d.member(d.root, "inputs"); err != nil || len(itemsOf(inputs.value)) > 0 || len(rest(inputs.value)) > 0 {
		return err
	}
	return d.remove(d.root, slices.IndexFunc(itemsOf(d.root), func(it item) bool { return it.name == "inputs" }))
}

func (d *document) inputAt(inputs hujson.Value) int {
	return slices.IndexFunc(itemsOf(inputs), func(it item) bool {
		id, err := d.member(it.value, "id")
		if err != nil || id == nil {
			return false
		}
		text, ok := id.value.Value.(hujson.Literal)
		return ok && text.Kind() == '"' && text.String() == inputID
	})
}
