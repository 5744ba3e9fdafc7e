package mcpserver

import (
	"testing"

	"litellm-proxy/tools"
)

// TestNounOfItems: a count names what is listed, which is often not the resource.
func TestNounOfItems(t *testing.T) {
	want := map[string]string{
		"keys list": "keys", "keys unused": "keys", "keys aliases": "key aliases",
		"guardrails logs": "requests", "guardrails types": "types", "tools logs": "calls", "tools list": "tools",
		"mcp-servers list": "MCP servers", "mcp-servers tools": "tools", "mcp-servers access-groups": "access groups",
		"memory list": "memory entries", "spend logs": "requests", "spend errors": "rows", "spend top": "rows",
	}
	for _, op := range tools.All() {
		if noun, ok := want[op.Path]; ok && nounOf(op) != noun {
			t.Errorf("%s counts %q, want %q", op.Path, nounOf(op), noun)
		} else if ok {
			delete(want, op.Path)
		}
	}
	if len(want) > 0 {
		t.Errorf("not seen: %v", want)
	}
}
