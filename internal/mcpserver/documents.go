package mcpserver

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// document is the documentation of an operation: all of its help, of which a tool's
// description has the first sentences. It exists for operations that this server does
// not offer as well, and says so: the person who runs it can change that.
func (s *Server) document(name string) (string, error) {
	op := s.ops.Find(strings.TrimSpace(name))
	if op == nil {
		return "", s.noDocument(name)
	}
	t := s.tool(op.Tool())
	offered := t != nil
	if !offered {
		var err error
		if t, err = s.newTool(op); err != nil {
			return "", err
		}
	}
	text := &strings.Builder{}
	fmt.Fprintf(text, "# %s\n\n%s.", op.Tool(), op.Summary)
	if op.Help != "" {
		text.WriteString(" " + s.words(unbraced(op, op.Help)))
	}
	fmt.Fprintf(text, "\n\n- Effect: %s\n- Toolset: %s%s\n", effects[op.Effect], strings.ReplaceAll(op.Resource(), "-", "_"), inDefault(op))
	if !offered {
		text.WriteString("- Not offered by this server. Whoever runs it selects tools with --toolsets, --tools, --exclude-tools and --read-only.\n")
	}
	text.WriteString("\n## Arguments\n\n" + arguments(t.declaration.RawInputSchema))
	text.WriteString(t.unseen())
	text.WriteString("\n## Examples on the command line\n\n")
	for _, example := range op.Examples {
		text.WriteString("    litellm-proxy " + example + "\n")
	}
	return text.String(), nil
}

var effects = map[operation.Effect]string{
	operation.Read:        "reads; changes nothing",
	operation.Write:       "writes; repeating it changes something again",
	operation.Set:         "writes; repeating it changes nothing more",
	operation.Destructive: "deletes; confirmed before anything is sent",
}

func inDefault(op *operation.Operation) string {
	if op.Default {
		return " (also in default)"
	}
	return ""
}

// unseenArguments describe what tools take although their schemas, which are paid for in
// each conversation, do not show it.
var unseenArguments = map[string]string{
	argFull:    "(boolean): " + argDescriptions[argFull],
	argConfirm: "(boolean): " + argDescriptions[argConfirm],
	argFields:  "(array): Only these fields, such as [\"key_alias\", \"spend\"]",
	argCursor:  "(string): Where to read on in an answer that was cut, as that answer gives it",
}

// unseen lists the arguments that the tool takes and does not show.
func (t *tool) unseen() string {
	text := &strings.Builder{}
	for _, name := range t.hidden {
		if words, described := unseenArguments[name]; described {
			fmt.Fprintf(text, "- `%s` %s\n", name, words)
		}
	}
	if text.Len() == 0 {
		return ""
	}
	return "\nAlso taken, though tools/list does not show it:\n\n" + text.String()
}

// arguments is a list of a schema's properties.
func arguments(schema json.RawMessage) string {
	properties, _ := members(operation.Lookup(schema, "properties"))
	if len(properties) == 0 {
		return "None.\n"
	}
	var required []string
	_ = json.Unmarshal(operation.Lookup(schema, "required"), &required)
	text := &strings.Builder{}
	for _, p := range properties {
		kind := strings.Join(strings.FieldsFunc(string(operation.Lookup(p.value, "type")), func(r rune) bool { return strings.ContainsRune(`[]",`, r) }), " or ")
		if slices.Contains(required, p.name) {
			kind += ", required"
		}
		fmt.Fprintf(text, "- `%s` (%s)", p.name, kind)
		if description := operation.Word(operation.Lookup(p.value, "description")); description != "" {
			text.WriteString(": " + description)
		}
		for _, values := range []string{"enum", "items.enum"} {
			var allowed []string
			if json.Unmarshal(operation.Lookup(p.value, values), &allowed) == nil && len(allowed) > 0 {
				text.WriteString(". One of " + strings.Join(allowed, ", "))
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}

// noDocument says which tools have a name like the one that does not exist.
func (s *Server) noDocument(name string) error {
	text := fmt.Sprintf("there is no tool %q", secret.Text(name))
	var names []string
	for _, op := range s.ops {
		names = append(names, op.Tool())
	}
	if near := nearest.Name(name, names, nearest.Limit(name)); near != "" {
		text += "; did you mean " + near + "?"
	}
	return noResource(text)
}
