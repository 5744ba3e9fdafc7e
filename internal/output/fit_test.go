package output

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/tools"
)

// worst is the longest value that a column usually has.
func worst(c operation.Column) any {
	const id, email = "3f2b8c1e-9d4a-4f6b-8a7c-1e2d3c4b5a69", "annabelle.montgomery-fitzgerald@engineering.example-corp.com"
	name := c.Name
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(name, part) {
				return true
			}
		}
		return false
	}
	switch {
	case c.Format == operation.Time:
		return "2026-11-26T22:15:09Z"
	case c.Format != operation.Plain:
		return 1234567.1234567
	case name == "token" || name == "key":
		return strings.Repeat("8f", 32)
	case name == "id" || strings.HasSuffix(name, "_id"):
		return id
	case has("email", "user", "owner", "_by"):
		return email
	case has("models", "teams", "tags", "guardrails", "groups", "servers", "tools", "providers", "methods", "members"):
		return []string{"gpt-4o-mini", "claude-haiku-4-5", "gpt-4o", "text-embedding-3-large", "o4-mini"}
	case has("description", "summary", "error", "text", "reason", "input", "request", "response"):
		return strings.Repeat("a long explanation ", 12)
	case has("state", "status"):
		return "over budget"
	case has("blocked", "public", "enabled", "default"):
		return false
	case has("limit", "count", "tokens", "percent", "requests", "spend", "budget", "days", "duration"):
		return 1234567
	}
	return "a-name-of-thirty-two-characters1"
}

// nested puts a value at a dotted path of an object.
func nested(o map[string]any, path string, value any) {
	head, rest, more := strings.Cut(path, ".")
	if !more {
		if _, is := o[head].(map[string]any); !is {
			o[head] = value
		}
		return
	}
	below, is := o[head].(map[string]any)
	if !is {
		below = map[string]any{}
		o[head] = below
	}
	nested(below, rest, value)
}

// worstRow is an item of a list with such a value in every column.
func worstRow(op *operation.Operation) string {
	row := map[string]any{}
	for _, c := range op.Columns {
		path, _, _ := strings.Cut(c.Field, "|")
		if path == "" {
			path = c.Name
		}
		nested(row, path, worst(c))
	}
	b, _ := json.Marshal(row)
	return string(b)
}

// TestTablesFit: no default table of a list is wider than the terminal, whatever is in it, and
// what has no room is told.
func TestTablesFit(t *testing.T) {
	for _, op := range tools.All() {
		if !op.Lists() || len(op.Columns) == 0 {
			continue
		}
		for _, width := range []int{120, 80} {
			var hidden []string
			o := Options{Format: Table, Terminal: true, Width: width, Hidden: func(columns []string) { hidden = columns }, Now: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)}
			row := worstRow(op)
			text := written(t, op, page(false, row, row), o)
			header, _, _ := strings.Cut(text, "\n")
			for line := range strings.Lines(text) {
				if widthOf(strings.TrimSuffix(line, "\n")) > width {
					t.Errorf("%s at %d columns:\n%s", op.Path, width, text)
					break
				}
			}
			if columns := len(strings.Split(header, "  ")); columns < 2 && len(hidden) > 0 && width == 120 {
				t.Errorf("%s at %d columns has nothing but one: %s (hidden: %v)", op.Path, width, header, hidden)
			}
			if testing.Verbose() {
				t.Logf("%s %d hidden %v\n%s", op.Path, width, hidden, text)
			}
		}
	}
}
