package mcpclients

import (
	"path/filepath"
	"testing"
)

// TestFiles: where each client has its file, by system.
func TestFiles(t *testing.T) {
	env := map[string]string{"HOME": "/h", "USERPROFILE": `/u`, "APPDATA": "/a"}
	for id, want := range map[string][4]string{ // Linux, macOS, Windows, in a project
		"claude-code":    {"/h/.claude.json", "/h/.claude.json", "/u/.claude.json", "/p/.mcp.json"},
		"claude-desktop": {"/h/.config/Claude/claude_desktop_config.json", "/h/Library/Application Support/Claude/claude_desktop_config.json", "/a/Claude/claude_desktop_config.json", ""},
		"cursor":         {"/h/.cursor/mcp.json", "/h/.cursor/mcp.json", "/u/.cursor/mcp.json", "/p/.cursor/mcp.json"},
		"vscode":         {"/h/.config/Code/User/mcp.json", "/h/Library/Application Support/Code/User/mcp.json", "/a/Code/User/mcp.json", "/p/.vscode/mcp.json"},
		"windsurf":       {"/h/.codeium/windsurf/mcp_config.json", "/h/.codeium/windsurf/mcp_config.json", "/u/.codeium/windsurf/mcp_config.json", ""},
		"zed":            {"/h/.config/zed/settings.json", "/h/.config/zed/settings.json", "/a/Zed/settings.json", "/p/.zed/settings.json"},
		"codex":          {"/h/.codex/config.toml", "/h/.codex/config.toml", "/u/.codex/config.toml", "/p/.codex/config.toml"},
		"gemini":         {"/h/.gemini/settings.json", "/h/.gemini/settings.json", "/u/.gemini/settings.json", "/p/.gemini/settings.json"},
		"opencode":       {"/h/.config/opencode/opencode.json", "/h/.config/opencode/opencode.json", "/u/.config/opencode/opencode.json", "/p/opencode.json"},
	} {
		c := Find(id)
		first := func(system string, scope Scope, more map[string]string) string {
			files := c.Files(Place{System: system, Dir: "/p", Getenv: func(name string) string {
				if value, ok := more[name]; ok {
					return value
				}
				return env[name]
			}}, scope)
			if len(files) == 0 {
				return ""
			}
			return filepath.ToSlash(files[0])
		}
		got := [4]string{first("linux", User, nil), first("darwin", User, nil), first("windows", User, nil), first("linux", Project, nil)}
		if got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
		if (len(c.Scopes()) == 2) != (want[3] != "") {
			t.Errorf("%s has the scopes %v", id, c.Scopes())
		}
		if none := first("linux", User, map[string]string{"HOME": ""}); none != "" {
			t.Errorf("%s: without a home directory %q", id, none)
		}
	}
	if len(clients) != 9 {
		t.Errorf("%d clients, of which 9 are tested", len(clients))
	}
	moved := map[string]string{"CODEX_HOME": "/c", "CLAUDE_CONFIG_DIR": "/d", "XDG_CONFIG_HOME": "/x"}
	for id, want := range map[string]string{"codex": "/c/config.toml", "claude-code": "/d/.claude.json", "opencode": "/x/opencode/opencode.json", "zed": "/x/zed/settings.json"} {
		files := Find(id).Files(Place{System: "linux", Getenv: func(name string) string { return moved[name] }}, User)
		if filepath.Separator == '/' && (len(files) == 0 || files[0] != want) {
			t.Errorf("%s: %q, want %q", id, files, want)
		}
	}
}

// TestExpand: what each client replaces, and what it leaves.
func TestExpand(t *testing.T) {
	getenv := func(name string) string { return map[string]string{"KEY": "sk-1"}[name] }
	for _, tt := range []struct {
		id, value, want, unset string
		asks                   bool
	}{
		{"claude-code", "${KEY}", "sk-1", "", false},
		{"claude-code", "$KEY", "$KEY", "", false},
		{"claude-code", "a${NONE:-b}c", "abc", "", false},
		{"claude-code", "${NONE}", "", "NONE", false},
		{"claude-desktop", "${KEY}", "${KEY}", "", false},
		{"cursor", "${env:KEY}", "sk-1", "", false},
		{"cursor", "${env:NONE}", "", "NONE", false},
		{"windsurf", "${env:KEY}", "sk-1", "", false},
		{"vscode", "${input:litellm-proxy-api-key}", "", "", true},
		{"zed", "${env:KEY}", "${env:KEY}", "", false},
		{"codex", "$KEY", "$KEY", "", false},
		{"gemini", "$KEY-${KEY}", "sk-1-sk-1", "", false},
		{"opencode", "{env:KEY}", "sk-1", "", false},
	} {
		got, unset, asks := Find(tt.id).Expand(tt.value, getenv)
		if got != tt.want || unset != tt.unset || asks != tt.asks {
			t.Errorf("%s, %s: %q, %q, %v; want %q, %q, %v", tt.id, tt.value, got, unset, asks, tt.want, tt.unset, tt.asks)
		}
	}
	// What install writes is what the client replaces.
	for _, c := range clients {
		e := Entry{Env: map[string]string{}}
		refers := c.Refer(&e, "KEY")
		if value, ok := e.Env["KEY"]; ok {
			expanded, _, asks := c.Expand(value, getenv)
			if expanded != "sk-1" && !asks {
				t.Errorf("%s: %q becomes %q", c.ID, value, expanded)
			}
		} else if refers != (len(e.Pass) == 1) {
			t.Errorf("%s: %+v", c.ID, e)
		}
	}
}
