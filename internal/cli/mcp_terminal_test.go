//go:build linux

package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplaceAtTerminal: a person is shown both entries and asked; no leaves the file alone.
func TestReplaceAtTerminal(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	path := filepath.Join(home, ".cursor", "mcp.json")
	const before = "{\"mcpServers\": {\"litellm-proxy\": {\"command\": \"old\", \"env\": {\"LITELLM_PROXY_API_KEY\": \"another-key\"}}}}\n"
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, answer := range []string{"n", "", "y"} {
		c := atTerminal(t, "http://127.0.0.1:1", nil, "mcp", "install", "cursor")
		c.expect("Replace it? [y/N] ")
		c.kind(answer + "\n")
		status, text := c.end()
		content, _ := os.ReadFile(path)
		if replaced := string(content) != before; replaced != (answer == "y") || (status == 0) != replaced {
			t.Errorf("%q: status %d, %s\n%s", answer, status, content, text)
		}
		if strings.Contains(text, "another-key") || !strings.Contains(text, `"command": "old"`) {
			t.Errorf("shown: %s", text)
		}
	}
}

// TestServerFaultAtTerminal: a person who starts the server by hand reads the fault at once.
func TestServerFaultAtTerminal(t *testing.T) {
	c := atTerminal(t, "http://127.0.0.1:1", nil, "mcp", "--toolsets", "keyz")
	if status, text := c.end(); status != 2 || !strings.Contains(text, `there is no toolset "keyz"; did you mean keys?`) {
		t.Errorf("status %d: %s", status, text)
	}
}
