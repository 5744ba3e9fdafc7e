package mcpserver

import (
	"testing"
)

// TestAPISize: the five tools that reach the whole API cost little.
func TestAPISize(t *testing.T) {
	all, size := list(t, newServer(t, Options{Toolsets: []string{"api"}}))
	t.Logf("%d tools, %d bytes", len(all), size)
	if len(all) != 5 || size > 6<<10 {
		t.Errorf("%d tools with %d bytes, want 5 with at most 6 KB", len(all), size)
	}
}
