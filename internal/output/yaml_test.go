package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"go.yaml.in/yaml/v3"

	"litellm-proxy/internal/secret"
)

// fromYAML reads YAML back as JSON would be read: numbers as their digits.
func fromYAML(t *testing.T, node *yaml.Node) any {
	t.Helper()
	switch node.Kind {
	case yaml.DocumentNode:
		return fromYAML(t, node.Content[0])
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			if tag := node.Content[i].ShortTag(); tag != "!!str" {
				t.Errorf("the name %q is read as %s", node.Content[i].Value, tag)
			}
			m[node.Content[i].Value] = fromYAML(t, node.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		s := []any{}
		for _, n := range node.Content {
			s = append(s, fromYAML(t, n))
		}
		return s
	}
	switch tag := node.ShortTag(); tag {
	case "!!str":
		return node.Value
	case "!!int", "!!float":
		return json.Number(node.Value)
	case "!!bool":
		return node.Value == "true"
	case "!!null":
		return nil
	default:
		t.Errorf("%q is read as %s", node.Value, tag)
		return nil
	}
}

// asYAML is a document as it is written, in pieces of every size.
func asYAML(t *testing.T, doc []byte) string {
	t.Helper()
	var first string
	for _, size := range []int{len(doc), 1, 7} {
		var b bytes.Buffer
		o := newOut(t.Context(), &b, plain, Options{})
		c := newYAML(o).(*yamlCodec)
		if err := distinct(doc); err != nil {
			t.Fatal(err)
		}
		for piece := range slices.Chunk(doc, max(size, 1)) {
			if _, err := c.lex.Write(piece); err != nil {
				t.Fatalf("%s: %v", doc, err)
			}
		}
		if err := errors.Join(c.lex.finish(), c.yaml.end(), o.w.Flush()); err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		if first == "" {
			first = b.String()
		}
		if b.String() != first {
			t.Fatalf("%s in pieces of %d bytes becomes\n%s\nand in one\n%s", doc, size, &b, first)
		}
	}
	return first
}

// yamlNode is what a library makes of a JSON document: order and digits stay. Of members
// with one name the last counts, as in JSON; YAML forbids more than one.
func yamlNode(value json.RawMessage) *yaml.Node {
	switch head(bytes.TrimSpace(value)) {
	case '{':
		node := &yaml.Node{Kind: yaml.MappingNode}
		seen := map[string]int{}
		for name, v := range secret.Members(value) {
			key := string(name)
			if i, ok := seen[key]; ok {
				node.Content[i] = yamlNode(v)
				continue
			}
			node.Content = append(node.Content, yamlText(key), yamlNode(v))
			seen[key] = len(node.Content) - 1
		}
		return node
	case '[':
		node := &yaml.Node{Kind: yaml.SequenceNode}
		for v := range secret.Elements(value) {
			node.Content = append(node.Content, yamlNode(v))
		}
		return node
	case '"':
		return yamlText(secret.Unquote(bytes.TrimSpace(value)))
	}
	// Numbers, true, false and null have no tag: they are written as they are.
	return &yaml.Node{Kind: yaml.ScalarNode, Value: strings.TrimSpace(string(value))}
}

// yamlText is a text, in quotes wherever some YAML reader may take it for
// something else: yaml.v3 knows its own reading only, and an identifier such as
// 88e12345 or 1_000, or the word "no", is a number or false to others.
func yamlText(s string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	switch strings.ToLower(s) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		node.Style = yaml.DoubleQuotedStyle
		return node
	}
	if !unicode.IsLetter(rune(s[0])) || s[0] > '~' || strings.ContainsFunc(s, unicode.IsControl) {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

func writeYAML(w io.Writer, node *yaml.Node) error {
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(node); err != nil {
		return err
	}
	return e.Close()
}

// TestYAMLAsBefore compares with a library, which cannot write a large document.
func TestYAMLAsBefore(t *testing.T) {
	long := strings.Repeat("k", 200)
	for _, doc := range []string{
		first, second, `[]`, `{}`, `""`, `"a"`, `1`, `[[],{},[[]],[{"a":[]}],[[1,[2]],3]]`, `{"a":{"b":{"c":[1,{"d":null}]}},"e":[{"f":1,"g":[{}]}]}`,
		`{"` + long + `":1,"x":{"` + long + `":{"a":1,"b":[1]},"` + long + `2":[1,2],"y":[]}}`, `{"` + long + `":{},"b":[]}`,
		`{"a":"it's: so","b":"a #b","c":"end:","d":"end ","e":"x\"y","f":"x\\y","g":"tab\t","h":"é","i":"日本","j":"smile 😀","k":"z\u200dw","l":"a\u00a0b","m":"key=value"}`,
		`[1.10,1e3,-0,true,null,"null","No","1_000","- a","---","a: b","plain words, and [more] {x}"]`,
	} {
		var want bytes.Buffer
		if err := writeYAML(&want, yamlNode([]byte(doc))); err != nil {
			t.Fatal(err)
		}
		if got := asYAML(t, []byte(doc)); got != want.String() {
			t.Errorf("%s\nbecomes\n%s\nwant\n%s", doc, got, &want)
		}
	}
}

func checkYAML(t *testing.T, doc []byte) {
	t.Helper()
	var want any
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	b := asYAML(t, doc)
	var back yaml.Node
	if err := yaml.Unmarshal([]byte(b), &back); err != nil {
		t.Fatalf("%s\nbecomes YAML that cannot be read: %v\n%s", doc, err, b)
	}
	if got := fromYAML(t, &back); !reflect.DeepEqual(got, want) {
		t.Errorf("%s\ncomes back as %#v\nfrom\n%s", doc, got, b)
	}
}

func TestYAMLRoundTrip(t *testing.T) {
	for _, s := range []string{
		"", " ", "true", "NO", "y", "null", "~", "1", "1.10", "007", "0x1f", "1_000", "1e3", "88e12345", ".5", "+1", "-", "- a", "1:20", "2026-11-22",
		"2026-11-22T16:15:09Z", "<<", "=", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a", "a: b", "a #b", "a:", "[a]", "{a}", "a, b", "'", `"`, "a\nb", "a\n",
		"\na", " a", "a ", "a\tb", "\x1b[1m", "\u0085", "\u2028", "\ufeff", "\uFFFD", "日本語", "👩\u200d👧", "é", "? a", "...", "---", ".inf", "NaN", "0o7", "Null", "key=value",
		strings.Repeat("long words ", 50), strings.Repeat("x", 300),
	} {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		checkYAML(t, text)
		checkYAML(t, []byte(`{"v":`+string(text)+`,`+string(text)+`:[`+string(text)+`,[`+string(text)+`]]}`))
	}
	for _, doc := range []string{
		`0`, `-0`, `-1.5`, `1e-7`, `1E+20`, `123456789012345678901234567890`, `0.1000`, `1.0`, `true`, `null`, `[]`, `{}`,
		`[[],{},[[]],[{"a":[]}]]`, `{"a":{"b":{"c":[1,{"d":null}]}}}`, ` { "a" : 1 , "a" : 2 } `, `{"":{"":""}}`,
	} {
		checkYAML(t, []byte(doc))
	}
}

func TestYAMLLooksAsItShould(t *testing.T) {
	doc := `{"id":"gpt-4o","text":"` + strings.Repeat("long words ", 20) + `.","n":1e-7,"big":12345678901234567890123,"yes":"1.10"}`
	b := asYAML(t, []byte(doc))
	want := "id: gpt-4o\ntext: " + strings.Repeat("long words ", 20) + ".\n\"n\": 1e-7\nbig: 12345678901234567890123\n\"yes\": \"1.10\"\n"
	if b != want {
		t.Errorf("got:\n%s\nwant:\n%s", b, want)
	}
}

func FuzzYAML(f *testing.F) {
	f.Add("a: b", "\u0085")
	f.Add("2026-11-22", "x\r\n\ty")
	f.Add("\ufffe", "a\u2029")
	f.Fuzz(func(t *testing.T, key, value string) {
		doc, err := json.Marshal(map[string]any{key: []any{value, map[string]string{value: key}}})
		if err != nil {
			t.Skip()
		}
		checkYAML(t, doc)
	})
}
