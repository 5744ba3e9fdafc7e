package bulk

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"litellm-proxy/internal/secret"
)

// readYAML reads a list of mappings, or several documents of one mapping or list each.
func readYAML(b *bufio.Reader, yield func(Row, error) bool) {
	d := yaml.NewDecoder(b)
	for {
		var document yaml.Node
		err := d.Decode(&document)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(Row{}, errors.New(strings.TrimPrefix(err.Error(), "yaml: ")))
			return
		}
		if len(document.Content) == 0 {
			continue
		}
		rows := []*yaml.Node{document.Content[0]}
		if root := rows[0]; root.Kind == yaml.SequenceNode {
			rows = root.Content
		} else if root.ShortTag() == "!!null" {
			continue
		}
		for _, node := range rows {
			row := Row{Line: node.Line}
			row.Cells, err = mapping(node)
			if errors.Is(err, errTooMany) {
				yield(Row{}, fmt.Errorf("line %d %w", row.Line, err)) // the next rows may be as large
				return
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// maxNodes bounds the values of a row with its aliases followed.
const maxNodes = 20_000

// mapping returns the entries of a YAML mapping, with those of its merge keys.
func mapping(node *yaml.Node) ([]Cell, error) {
	node = target(node)
	if node.Kind != yaml.MappingNode {
		return nil, errors.New("is not a mapping of columns to values")
	}
	left := maxNodes
	var cells []Cell
	err := entries(node, &left, func(name string, value *yaml.Node) error {
		cell := Cell{Column: name}
		if value = target(value); value.Kind == yaml.ScalarNode && value.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0 && value.ShortTag() != "!!null" {
			cell.Text = value.Value
			if value.Value == "" {
				cell.Value = json.RawMessage(`""`)
			}
		} else {
			var err error
			if cell.Value, err = nodeJSON(value, &left); err != nil {
				return err
			}
		}
		cells = append(cells, cell)
		return nil
	})
	return cells, err
}

// target follows aliases.
func target(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

var errTooMany = errors.New("has too many values, or anchors that contain each other")

// entries calls each for the entries of a mapping: its own in order, then those of the
// mappings that it merges and that it does not have itself.
func entries(node *yaml.Node, left *int, each func(string, *yaml.Node) error) error {
	seen := map[string]bool{}
	var walk func(*yaml.Node, bool) error
	walk = func(node *yaml.Node, merged bool) error {
		if *left--; *left < 0 {
			return errTooMany
		}
		var merges []*yaml.Node
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := target(node.Content[i]), node.Content[i+1]
			switch {
			case key.Kind != yaml.ScalarNode:
				return errors.New("has a key that is not a text")
			case key.ShortTag() == "!!merge":
				merges = append(merges, target(value))
			case !seen[key.Value]:
				seen[key.Value] = true
				if err := each(key.Value, value); err != nil {
					return err
				}
			case !merged:
				return fmt.Errorf("has the column %s twice", key.Value)
			}
		}
		for _, m := range merges {
			of := []*yaml.Node{m}
			if m.Kind == yaml.SequenceNode {
				of = m.Content
			}
			for _, m := range of {
				if m = target(m); m.Kind != yaml.MappingNode {
					return errors.New("merges something that is not a mapping")
				}
				if err := walk(m, true); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return walk(node, false)
}

// nodeJSON returns a YAML value as JSON. Numbers keep their digits where JSON has them; dates
// are texts.
func nodeJSON(node *yaml.Node, left *int) (json.RawMessage, error) {
	if *left--; *left < 0 {
		return nil, errTooMany
	}
	switch node = target(node); node.Kind {
	case yaml.SequenceNode:
		list := make([]json.RawMessage, len(node.Content))
		for i, item := range node.Content {
			var err error
			if list[i], err = nodeJSON(item, left); err != nil {
				return nil, err
			}
		}
		return secret.Encode(list), nil
	case yaml.MappingNode:
		object := secret.Object{}
		err := entries(node, left, func(name string, value *yaml.Node) error {
			v, err := nodeJSON(value, left)
			object = append(object, secret.Member{Name: name, Value: v})
			return err
		})
		return secret.Encode(object), err
	case yaml.ScalarNode:
		return scalarJSON(node)
	}
	return nil, errors.New("has a value that cannot be read")
}

func scalarJSON(node *yaml.Node) (json.RawMessage, error) {
	switch node.ShortTag() {
	case "!!null":
		return json.RawMessage("null"), nil
	case "!!bool":
		on, err := strconv.ParseBool(strings.ToLower(node.Value))
		return secret.Encode(on), err
	case "!!int", "!!float":
		if strings.Trim(node.Value, "+-.0123456789eE") == "" && json.Valid([]byte(node.Value)) {
			return json.RawMessage(node.Value), nil
		}
		var n int64
		if node.ShortTag() == "!!int" && node.Decode(&n) == nil {
			return secret.Encode(n), nil
		}
		var f float64
		if err := node.Decode(&f); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, fmt.Errorf("has %q, which is not a number that JSON has", node.Value)
		}
		return secret.Encode(f), nil
	}
	return secret.Encode(node.Value), nil
}
