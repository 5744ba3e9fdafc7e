package output

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
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

func checkYAML(t *testing.T, doc []byte) {
	t.Helper()
	var want any
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := writeYAML(&b, yamlNode(doc)); err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	var back yaml.Node
	if err := yaml.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatalf("%s\nbecomes YAML that cannot be read: %v\n%s", doc, err, &b)
	}
	if got := fromYAML(t, &back); !reflect.DeepEqual(got, want) {
		t.Errorf("%s\ncomes back as %#v\nfrom\n%s", doc, got, &b)
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
	var b bytes.Buffer
	doc := `{"id":"gpt-4o","text":"` + strings.Repeat("long words ", 20) + `.","n":1e-7,"big":12345678901234567890123,"yes":"1.10"}`
	if err := writeYAML(&b, yamlNode(json.RawMessage(doc))); err != nil {
		t.Fatal(err)
	}
	want := "id: gpt-4o\ntext: " + strings.Repeat("long words ", 20) + ".\n\"n\": 1e-7\nbig: 12345678901234567890123\n\"yes\": \"1.10\"\n"
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", &b, want)
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
