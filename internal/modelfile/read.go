package modelfile

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The limits of one file. Aliases count each time they are used, so a small file cannot
// become a large one.
const (
	MaxSize   = 16 << 20
	maxValues = 500_000
	maxDepth  = 100
)

// reader reads one YAML document as PyYAML's safe_load does.
type reader struct {
	file     string
	lines    []string
	findings *Findings
	values   int
	open     map[*yaml.Node]bool
	flat     map[*yaml.Node][]pair
}

// pair is a member of a mapping before its value is read.
type pair struct{ key, value *yaml.Node }

// errStop ends the reading of a file after a finding that says why.
var errStop = errors.New("the file cannot be read")

// parse reads the one document of a file. It returns false if the gateway could not.
func parse(file string, data []byte, findings *Findings) (Value, bool) {
	r := &reader{file: file, findings: findings, open: map[*yaml.Node]bool{}, flat: map[*yaml.Node][]pair{}}
	if len(data) > MaxSize {
		r.fault(Place{File: file, Line: 1}, "the file is larger than %d MiB", MaxSize>>20)
		return Value{}, false
	}
	if !r.printable(data) {
		return Value{}, false
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\r", "\n")
	// The library knows no YAML 1.2 by its name; PyYAML ignores the number.
	text = version().ReplaceAllString(text, "%YAML 1.1$1")
	r.lines = strings.Split(text, "\n")
	d := yaml.NewDecoder(strings.NewReader(text))
	var doc yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return Value{Kind: Null, Place: Place{File: file, Line: 1}}, true
	case err != nil:
		r.syntax(err)
		return Value{}, false
	}
	if !r.single(d) || !r.anchors(&doc) || !r.tabs(&doc) {
		return Value{}, false
	}
	v, err := r.value(doc.Content[0], 0)
	return v, err == nil
}

// printable refuses bytes that the gateway cannot read as text.
func (r *reader) printable(data []byte) bool {
	line := 1
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		at := Place{File: r.file, Line: line}
		switch {
		case c == utf8.RuneError && size == 1:
			r.fault(at, "the file is not UTF-8")
			return false
		case c == '\n':
			line++
		case c < ' ' && c != '\t' && c != '\r', c == 0x7f, c >= 0x80 && c < 0xa0 && c != 0x85, c == 0xfffe, c == 0xffff:
			r.fault(at, "the file has the control character %U", c)
			return false
		}
		i += size
	}
	return true
}

var version = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^%YAML 1\.[0-9]+(\s)`)
})

var atLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^line ([0-9]+): `)
})

// syntax reports an error of the YAML library.
func (r *reader) syntax(err error) {
	text, at := strings.TrimPrefix(err.Error(), "yaml: "), Place{File: r.file, Line: 1}
	if m := atLine().FindStringSubmatch(text); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	if name, ok := strings.CutPrefix(text, "unknown anchor '"); ok {
		// The name may be a secret that begins with *.
		name, _, _ = strings.Cut(name, "'")
		at.Line = 1 + max(0, slices.IndexFunc(r.lines, func(line string) bool { return strings.Contains(line, "*"+name) }))
		text = "an anchor is used that is not defined; put a text that begins with * in quotes"
	}
	r.fault(at, "not valid YAML: %s", text)
}

// single refuses a second document: the gateway reads one.
func (r *reader) single(d *yaml.Decoder) bool {
	var next yaml.Node
	err := d.Decode(&next)
	if errors.Is(err, io.EOF) {
		return true
	}
	if err != nil {
		r.syntax(err)
		return false
	}
	r.fault(Place{File: r.file, Line: max(next.Line, 1)}, "a second YAML document begins here; the gateway refuses a file with several. Use include: to combine files")
	return false
}

// anchors refuses an anchor that is defined twice.
func (r *reader) anchors(n *yaml.Node) bool {
	seen, ok := map[string]int{}, true
	var walk func(*yaml.Node, int)
	walk = func(n *yaml.Node, depth int) {
		if depth > maxDepth+1 {
			return // read reports it
		}
		if n.Anchor != "" {
			if first := seen[n.Anchor]; first > 0 {
				r.fault(r.at(n), "the anchor &%s is already defined on line %d", n.Anchor, first)
				ok = false
			} else {
				seen[n.Anchor] = n.Line
			}
		}
		for _, c := range n.Content {
			walk(c, depth+1)
		}
	}
	walk(n, 0)
	return ok
}

func (r *reader) at(n *yaml.Node) Place { return Place{File: r.file, Line: n.Line, Column: n.Column} }

func (r *reader) fault(at Place, format string, args ...any) {
	r.findings.add(Error, at, "", format, args...)
}

func (r *reader) warn(at Place, format string, args ...any) {
	r.findings.add(Warning, at, "", format, args...)
}

// stop reports a fault that ends the reading.
func (r *reader) stop(n *yaml.Node, format string, args ...any) error {
	r.fault(r.at(n), format, args...)
	return errStop
}

func (r *reader) value(n *yaml.Node, depth int) (Value, error) {
	if r.values++; r.values > maxValues {
		return Value{}, r.stop(n, "the file has more than %d values, aliases included", maxValues)
	}
	if depth > maxDepth {
		return Value{}, r.stop(n, "the file is nested more than %d levels deep", maxDepth)
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil {
		return Value{}, errStop
	}
	if n.Kind == yaml.ScalarNode {
		return r.scalar(n), nil
	}
	if r.open[n] {
		return Value{}, r.stop(n, "the anchor &%s contains itself", n.Anchor)
	}
	r.open[n] = true
	defer delete(r.open, n)
	v := Value{Kind: List, Place: r.at(n)}
	if n.Kind == yaml.MappingNode {
		v.Kind = Map
	}
	if n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!map" && n.Tag != "!!seq" {
		r.fault(v.Place, "the gateway does not know this tag; put a text that begins with ! in quotes")
	}
	if err := r.fill(&v, n, depth+1); err != nil {
		return Value{}, err
	}
	return v, nil
}

// fill reads the items or members of a collection.
func (r *reader) fill(v *Value, n *yaml.Node, depth int) error {
	if v.Kind == List {
		for _, item := range n.Content {
			one, err := r.value(item, depth)
			if err != nil {
				return err
			}
			v.Items = append(v.Items, one)
		}
		return nil
	}
	pairs, err := r.pairs(n, 0)
	if err != nil {
		return err
	}
	r.duplicates(n)
	set := v.setter()
	for _, p := range pairs {
		value, err := r.value(p.value, depth)
		if err != nil {
			return err
		}
		set(Member{Name: r.name(p.key), Place: r.at(p.key), Value: value})
	}
	return nil
}

// name returns the name of a member as JSON writes it.
func (r *reader) name(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		r.fault(r.at(n), "a list or mapping cannot be a name")
		return ""
	}
	if n.Value == "=" {
		return "="
	}
	v := r.scalar(n)
	switch v.Kind {
	case Text, Date:
		if strings.HasSuffix(v.Source, ":") {
			r.fault(v.Place, "YAML readers disagree about the name %s; put it in quotes", v.Source)
		}
		return v.Text
	case Null:
		r.warn(v.Place, "this name is null to the gateway; put it in quotes")
		return "null"
	}
	r.warn(v.Place, "the name %s is %s to the gateway; put it in quotes if it is text", v.Source, v.Kind)
	return v.Text
}

// duplicates reports names that a mapping has twice: the gateway would take the last.
func (r *reader) duplicates(n *yaml.Node) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if isMerge(key) || key.Kind == yaml.MappingNode || key.Kind == yaml.SequenceNode {
			continue
		}
		name := key.Value
		if key.Kind == yaml.AliasNode {
			name = key.Alias.Value
		}
		if first := seen[name]; first > 0 {
			r.fault(r.at(key), "%q is already given on line %d; the gateway would use only the last", name, first)
			continue
		}
		seen[name] = key.Line
	}
}

func isMerge(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style == 0 && n.Value == "<<"
}

// pairs returns the members of a mapping with those of its merge keys before its own.
func (r *reader) pairs(n *yaml.Node, depth int) ([]pair, error) {
	if flat, ok := r.flat[n]; ok {
		return flat, nil
	}
	if depth > maxDepth {
		return nil, r.stop(n, "merge keys are nested more than %d levels deep", maxDepth)
	}
	var merged, own []pair
	seen := map[any]bool{}
	add := func(from *yaml.Node) error {
		if from.Kind == yaml.AliasNode {
			from = from.Alias
		}
		if from.Kind != yaml.MappingNode {
			return r.stop(from, "<< needs a mapping or a list of mappings")
		}
		pairs, err := r.pairs(from, depth+1)
		for _, p := range pairs {
			if id := identity(p.key); !seen[id] {
				seen[id] = true
				merged = append(merged, p)
			}
		}
		if r.values += len(pairs); err == nil && r.values > maxValues {
			err = r.stop(n, "the file has more than %d values, aliases included", maxValues)
		}
		return err
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !isMerge(key) {
			own = append(own, pair{key, value})
			continue
		}
		from := []*yaml.Node{value}
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		if value.Kind == yaml.SequenceNode {
			from = value.Content
		}
		for _, one := range from {
			if err := add(one); err != nil {
				return nil, err
			}
		}
	}
	r.flat[n] = append(merged, own...)
	return r.flat[n], nil
}

// identity is what PyYAML takes for the identity of a name in merged mappings: the node, or
// a text of at most one character, of which Python has one copy.
func identity(n *yaml.Node) any {
	if c, size := utf8.DecodeRuneInString(n.Value); n.Kind == yaml.ScalarNode && size == len(n.Value) && c < 0x100 {
		return n.Value
	}
	return n
}

// scalar reads a scalar. What the gateway cannot read is reported and becomes text.
func (r *reader) scalar(n *yaml.Node) Value {
	v := Value{Kind: Text, Text: n.Value, Place: r.at(n)}
	tagged := n.Style&yaml.TaggedStyle != 0 && n.Tag != "!"
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	var err error
	switch {
	case tagged && n.Tag != "!!str":
		v.Kind, v.Text, err = explicit(n.Tag, n.Value)
	case !tagged && !quoted:
		v.Source = n.Value
		v.Kind, v.Text, err = plain(n.Value)
	}
	if err != nil {
		r.fault(v.Place, "%s", err)
		v.Kind, v.Text = Text, n.Value
	}
	return v
}

// explicit reads a scalar with a tag, such as !!int "3".
func explicit(tag, value string) (Kind, string, error) {
	want, ok := map[string]Kind{"!!null": Null, "!!bool": Bool, "!!int": Int, "!!float": Float, "!!timestamp": Date}[tag]
	if !ok {
		return 0, "", errors.New("the gateway does not know this tag; put a text that begins with ! in quotes")
	}
	if want == Null {
		return Null, "", nil
	}
	kind, text, err := plain(value)
	if want == Float && kind == Int && err == nil {
		kind = Float
		text, err = float(value)
	}
	if err == nil && kind != want {
		err = fmt.Errorf("the value does not fit its tag %s", tag)
	}
	return kind, text, err
}
