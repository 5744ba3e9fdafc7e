package mcpclients

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// setTOML puts an entry at the end of a file, in the place of one with its name.
func (c *Client) setTOML(data []byte, e Entry) ([]byte, error) {
	data, _, err := c.deleteTOML(data, e.Name)
	if err != nil {
		return nil, err
	}
	newline := "\n"
	if bytes.Contains(data, []byte("\r\n")) {
		newline = "\r\n"
	}
	table := c.Servers + "." + bareOrQuoted(e.Name)
	lines := []string{"[" + table + "]", "command = " + quote(e.Command), "args = " + list(e.Args)}
	if len(e.Pass) > 0 {
		lines = append(lines, "env_vars = "+list(e.Pass))
	}
	if len(e.Env) > 0 {
		lines = append(lines, "", "["+table+".env]")
		for _, name := range slices.Sorted(maps.Keys(e.Env)) {
			lines = append(lines, bareOrQuoted(name)+" = "+quote(e.Env[name]))
		}
	}
	out := bytes.Clone(data)
	if len(out) > 0 {
		if !bytes.HasSuffix(out, []byte("\n")) {
			out = append(out, newline...)
		}
		out = append(out, newline...) // one empty line, which deleteTOML takes away again
	}
	return append(out, strings.Join(lines, newline)+newline...), nil
}

// bareOrQuoted is a key of TOML.
func bareOrQuoted(name string) string {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return quote(name)
		}
	}
	return name
}

// expression is a line of a TOML file, or several that belong together.
type expression struct {
	kind unstable.Kind
	path []string // with that of its table
	from int      // the start of its line
}

// deleteTOML takes an entry out of a file: its tables, or its lines in another table. Comments
// in front of what follows stay.
func (c *Client) deleteTOML(data []byte, name string) (out []byte, found bool, err error) {
	all, err := readTOML(data)
	if err != nil {
		return nil, false, err
	}
	own := make([]bool, len(all))
	for i, x := range all {
		own[i] = x.kind != unstable.Comment && len(x.path) >= 2 && x.path[0] == c.Servers && x.path[1] == name
		found = found || own[i]
	}
	if !found {
		return data, false, nil
	}
	for i, x := range all { // comments between lines of the entry
		next := slices.IndexFunc(all[i:], func(x expression) bool { return x.kind != unstable.Comment })
		own[i] = own[i] || x.kind == unstable.Comment && i > 0 && own[i-1] && next > 0 && own[i+next] && all[i+next].kind == unstable.KeyValue
	}
	kept := 0
	for i, x := range all {
		end := len(data)
		if i+1 < len(all) {
			end = all[i+1].from
		}
		if !own[i] {
			continue
		}
		out = append(out, data[kept:x.from]...)
		kept = end
	}
	out = append(out, data[kept:]...)
	if own[len(all)-1] { // the empty line in front of the last table
		for _, newline := range []string{"\r\n", "\n"} {
			if bytes.HasSuffix(out, []byte(newline+newline)) {
				out = out[:len(out)-len(newline)]
				break
			}
		}
	}
	return out, true, nil
}

// readTOML returns the expressions of a file in order.
func readTOML(data []byte) (all []expression, err error) {
	p := unstable.Parser{KeepComments: true}
	p.Reset(data)
	var table []string
	for p.NextExpression() {
		node := p.Expression()
		x := expression{kind: node.Kind}
		at := node.Raw.Offset
		if node.Kind != unstable.Comment {
			var key []string
			for it := node.Key(); it.Next(); {
				if it.Node().Kind != unstable.Key {
					continue
				}
				if key == nil {
					at = it.Node().Raw.Offset
				}
				key = append(key, string(it.Node().Data))
			}
			if node.Kind == unstable.KeyValue {
				x.path = slices.Concat(table, key)
			} else {
				table, x.path = key, key
			}
		}
		x.from = bytes.LastIndexByte(data[:at], '\n') + 1
		all = append(all, x)
	}
	if err := p.Error(); err != nil {
		return nil, fmt.Errorf("it is not valid TOML")
	}
	return all, nil
}
