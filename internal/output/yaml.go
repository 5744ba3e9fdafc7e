package output

import (
	"encoding/json"
	"io"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// yamlNode turns a JSON document into YAML: order and digits stay. Of members
// with one name the last counts, as in JSON; YAML forbids more than one.
func yamlNode(value json.RawMessage) *yaml.Node {
	switch at(value, skipSpace(value, 0)) {
	case '{':
		node := &yaml.Node{Kind: yaml.MappingNode}
		seen := map[string]int{}
		for name, v := range members(value) {
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
		for v := range elements(value) {
			node.Content = append(node.Content, yamlNode(v))
		}
		return node
	case '"':
		return yamlText(unquote(value[skipSpace(value, 0):]))
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
