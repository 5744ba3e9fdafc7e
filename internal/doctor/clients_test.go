package doctor

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/mcpclients"
)

// TestClients: an entry in the file of a client, and what is wrong with it.
func TestClients(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of another system; TestPlaces has those of Windows")
	}
	entry := func(command, more string) string {
		return `{"mcpServers": {"litellm": {"command": "` + command + `", "args": ["mcp"]` + more + `}}}`
	}
	const desktop, claude, cursor = ".config/Claude/claude_desktop_config.json", ".claude.json", ".cursor/mcp.json"
	tests := []struct {
		name, file, text string
		mode             uint32
		status           Status
		words            string
	}{
		{"good", desktop, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "http://gw:4000", "LITELLM_PROXY_API_KEY": "§"}`), 0o600, OK, `(Claude Desktop), server "litellm": uses http://gw:4000`},
		{"not installed", desktop, entry("litellm-proxy", `, "env": {"LITELLM_PROXY_URL": "http://gw:4000"}`), 0o600, Failed, "the command litellm-proxy is not on PATH -> write the whole path: "},
		{"moved", cursor, entry("/nowhere/litellm-proxy", ``), 0o600, Failed, "the command /nowhere/litellm-proxy does not exist"},
		{"tilde", cursor, entry("~/go/bin/litellm-proxy", ``), 0o600, Failed, "~"},
		{"broken", desktop, "{\n\"mcpServers\": {\"litellm-proxy\": {\"command\": \"x\",}}}", 0o600, Failed, "the JSON has an error in line 2"},
		{"comment", desktop, "// litellm-proxy\n" + entry("PROGRAM", ""), 0o600, Failed, "the JSON has an error in line 1"},
		{"placeholder", desktop, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "${LITELLM_PROXY_URL}"}`), 0o600, Failed, "LITELLM_PROXY_URL still contains the placeholder ${LITELLM_PROXY_URL}"},
		{"example key", cursor, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "http://gw", "LITELLM_PROXY_API_KEY": "sk-your-key"}`), 0o600, Failed, "LITELLM_PROXY_API_KEY still contains the placeholder"},
		{"reference", cursor, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "${env:GW}"}`), 0o600, OK, "uses ${env:GW}"},
		{"variable not set", claude, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "${GATEWAY_OF_NOBODY}"}`), 0o600, Warning, "needs the variable GATEWAY_OF_NOBODY"},
		{"default", claude, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "${GATEWAY_OF_NOBODY:-http://gw}"}`), 0o600, OK, ""},
		{"project", claude, `{"projects": {"/work": {"mcpServers": {"a": {"command": "/nowhere/litellm-proxy", "args": ["mcp"]}}}}}`, 0o600, Failed, `server "a"`},
		{"key for all", claude, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "http://gw", "LITELLM_PROXY_API_KEY": "§"}`), 0o644, Warning, "a key in plain text in a file that other users can read (mode 0644) -> run: chmod 600 "},
		{"key of any form", claude, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "http://gw", "LITELLM_PROXY_API_KEY": "master$Secret\"9"}`), 0o644, Warning, "a key in plain text"},
		{"key with marks", claude, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "http://gw", "LITELLM_PROXY_API_KEY": "a'b<c>$Def%g%h"}`), 0o600, OK, "uses http://gw"},
		{"key in angles", claude, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "http://gw", "LITELLM_PROXY_API_KEY": "<Secret99>"}`), 0o600, Failed, "LITELLM_PROXY_API_KEY still contains the placeholder ****"},
		{"key in the command", claude, entry("/no/litellm-proxy --api-key Secret99", ""), 0o600, Failed, `the command "/no/litellm-proxy --api-key ****" contains arguments`},
		{"committed", "PROJECT/.mcp.json", entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "http://gw", "LITELLM_PROXY_API_KEY": "§"}`), 0o644, Warning, "in a file of the project"},
		{"sandbox", claude, `{"mcpServers": {"litellm": {"command": "PROGRAM", "args": ["mcp", "--sandbox"]}}}`, 0o600, Warning, "built-in sandbox"},
		{"no mcp", claude, `{"mcpServers": {"litellm": {"command": "PROGRAM", "args": ["--read-only"]}}}`, 0o600, Failed, "the arguments lack mcp"},
		{"no gateway", desktop, entry("PROGRAM", ""), 0o600, Warning, "names no gateway"},
		{"profile", desktop, `{"mcpServers": {"litellm": {"command": "PROGRAM", "args": ["mcp", "--profile", "prod"]}}}`, 0o600, OK, "uses the profile prod"},
		{"unknown profile", desktop, `{"mcpServers": {"litellm": {"command": "PROGRAM", "args": ["mcp", "--profile=pord"]}}}`, 0o600, Failed, `there is no profile "pord"`},
		{"a shell's variables", claude, entry("PROGRAM", ""), 0o600, OK, ""},
		{"remote", claude, `{"mcpServers": {"litellm-proxy": {"type": "http", "url": "http://127.0.0.1:8808/mcp"}}}`, 0o600, OK, "reached at http://127.0.0.1:8808/mcp"},
		{"VS Code", ".config/Code/User/mcp.json", "{// ours\n\"servers\": {\"x\": {\"command\": \"/nowhere/litellm-proxy\", \"args\": [\"mcp\"],},},}", 0o600, Failed, "/nowhere"},
		{"Windsurf", ".codeium/windsurf/mcp_config.json", entry("/nowhere/litellm-proxy", ""), 0o600, Failed, "/nowhere"},
		{"Codex", ".codex/config.toml", "[mcp_servers.x]\ncommand = \"/nowhere/litellm-proxy\"\nargs = [\"mcp\"]\n", 0o600, Failed, "/nowhere"},
		{"Codex, broken", ".codex/config.toml", "[mcp_servers.litellm-proxy]\ncommand = litellm-proxy\n", 0o600, Failed, "the TOML has an error in line 2"},
		{"Gemini", ".gemini/settings.json", entry("/nowhere/litellm-proxy", ""), 0o600, Failed, "/nowhere"},
		{"opencode", ".config/opencode/opencode.json", `{"mcp": {"x": {"type": "local", "command": ["/nowhere/litellm-proxy", "mcp"]}}}`, 0o600, Failed, "/nowhere"},
		{"another server", claude, `{"mcpServers": {"github": {"command": "/nowhere/github"}}, "note": "litellm-proxy"}`, 0o600, OK, "no MCP client"},
		{"another's fault", claude, `{"mcpServers": {`, 0o600, OK, "no MCP client"},
		{"one line", desktop, `{"mcpServers": {"x": {"command": "PROGRAM mcp --read-only"}}}`, 0o600, Failed, "contains arguments"},
		{"a relative line", cursor, `{"mcpServers": {"x": {"command": "bin/litellm-proxy mcp"}}}`, 0o600, Failed, "contains arguments"},
		{"another member", ".config/Code/User/mcp.json", entry("PROGRAM", ""), 0o600, Warning, `is where VS Code does not look for servers -> move it into the object "servers"`},
		{"a list", desktop, `{"mcpServers": [{"command": "PROGRAM", "args": ["mcp"]}]}`, 0o600, Warning, "does not look for servers"},
		{"a hook", claude, `{"hooks": [{"command": "PROGRAM", "args": ["status"]}, {"command": "PROGRAM status"}]}`, 0o600, OK, "no MCP client"},
		{"misspelled", cursor, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "http://gw:4000", "LITELLM_PROXY_APIKEY": "§"}`), 0o600, Warning, "does not read the variable LITELLM_PROXY_APIKEY -> correct the name: LITELLM_PROXY_API_KEY is"},
		{"all variables", cursor, entry("PROGRAM", `, "env": {"LITELLM_PROXY_URL": "http://gw:4000", "LITELLM_PROXY_KEYSTORE": "file", "HTTPS_PROXY": "http://p"}`), 0o600, OK, "uses http://gw:4000"},
		{"no object", claude, `["litellm-proxy"]`, 0o600, Failed, "not a JSON object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			home, project := t.TempDir(), t.TempDir()
			self := filepath.Join(t.TempDir(), "litellm-proxy")
			write(t, self, "", 0o755)
			path := filepath.Join(home, tt.file)
			if rest, ok := strings.CutPrefix(tt.file, "PROJECT/"); ok {
				path = filepath.Join(project, rest)
			}
			write(t, path, strings.NewReplacer("PROGRAM", filepath.ToSlash(self), "§", testKey).Replace(tt.text), 0o600)
			chmod(t, path, tt.mode)
			getenv := func(name string) string { return map[string]string{"HOME": home, "USERPROFILE": home}[name] }
			r := examine(t, Subject{Settings: config.Settings{BaseURL: "http://gw.invalid"}, Getenv: getenv, Dir: project, Program: self, Limit: time.Millisecond, File: &config.File{Profiles: []*config.Profile{{Name: "prod"}}}}, nil)
			expect(t, r, "mcp", tt.status, tt.words)
		})
	}
}

// TestPlaces: where each system has the files of clients.
func TestPlaces(t *testing.T) {
	home, appdata := t.TempDir(), t.TempDir()
	for system, path := range map[string]string{
		"linux":   filepath.Join(home, ".config", "Claude", "claude_desktop_config.json"),
		"darwin":  filepath.Join(home, "Library", "Application Support", "Claude", "claude_desktop_config.json"),
		"windows": filepath.Join(appdata, "Claude", "claude_desktop_config.json"),
	} {
		getenv := func(name string) string {
			return map[string]string{"HOME": home, "USERPROFILE": home, "APPDATA": appdata}[name]
		}
		write(t, path, `{"mcpServers": {"x": {"command": "/nowhere/litellm-proxy", "args": ["mcp"]}}}`, 0o600)
		r := examine(t, Subject{Settings: config.Settings{BaseURL: "http://gw.invalid"}, Getenv: getenv, Limit: time.Millisecond}, func(e *exam) { e.system = system })
		expect(t, r, "mcp", Failed, "/nowhere/litellm-proxy")
		write(t, path, `{}`, 0o600)
	}
}

func TestFiles(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	getenv := func(name string) string { return map[string]string{"HOME": home, "XDG_CONFIG_HOME": dir}[name] }
	see := func(s config.Settings, system string) Report {
		s.BaseURL = "https://gw.invalid"
		return examine(t, Subject{Settings: s, Getenv: getenv, Limit: time.Millisecond}, func(e *exam) { e.system = system })
	}
	expect(t, see(config.Settings{}, "linux"), "files", OK, "none in use")
	stored := filepath.Join(dir, "litellm-proxy", "credentials.json")
	write(t, stored, `{}`, 0o600)
	expect(t, see(config.Settings{}, "linux"), "files", OK, "1 file in use")
	chmod(t, stored, 0o640)
	expect(t, see(config.Settings{}, "linux"), "files", Warning, "mode 0640", "chmod 600 "+stored)
	expect(t, see(config.Settings{}, "windows"), "files", OK, "not checked on Windows")
	chmod(t, stored, 0o600)

	a := newAuthority(t)
	expect(t, see(config.Settings{CAFile: a.file}, "linux"), "files", OK, "2 files")
	expect(t, see(config.Settings{CAFile: "/nowhere/ca.pem"}, "linux"), "files", Failed, "/nowhere/ca.pem", "{ca_file}")
	expect(t, see(config.Settings{CAFile: stored}, "linux"), "files", Failed, "no PEM certificate")
	client := pemFile(t, a.issue(t, nil))
	expect(t, see(config.Settings{ClientCert: client}, "linux"), "files", OK)
	chmod(t, client, 0o644)
	expect(t, see(config.Settings{ClientCert: client}, "linux"), "files", Warning, client)
	expect(t, see(config.Settings{ClientCert: a.file}, "linux"), "files", Failed, "{client_key}")
}

// FuzzClientFile: no file of a client brings the examination down.
func FuzzClientFile(f *testing.F) {
	for _, text := range []string{`{"mcpServers": {"litellm-proxy": {"command": ["a", 1], "args": "mcp", "env": []}}}`, `{"projects": {"a": {"mcpServers": 1}}}`, "[mcp_servers.litellm-proxy]\nargs = [1]", "// litellm-proxy"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		e := &exam{Subject: Subject{Getenv: func(string) string { return "" }}, system: "linux"}
		for _, c := range mcpclients.All() {
			for _, path := range []string{"a.json", "a.toml"} {
				document, err := c.Parse(path, data)
				if err != nil {
					continue
				}
				for _, s := range c.Entries(document) {
					for _, found := range e.server(clientEntry{c, s, path, mcpclients.User, 0o600, "a"}) {
						if _, err := json.Marshal(found); err != nil {
							t.Error(err)
						}
					}
				}
			}
		}
	})
}
