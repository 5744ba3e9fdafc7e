package mcpclients

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// ours is the entry that the tests install.
var ours = Entry{Name: "litellm-proxy", Command: "/opt/bin/litellm-proxy", Args: []string{"mcp", "--profile", "prod"}, Env: map[string]string{"LITELLM_PROXY_URL": "https://gw.example", "A": `quote " and \ and é`}}

// files are as clients and people write them.
var files = map[string]map[string]string{
	"claude-desktop": {
		"empty": "", "object": "{}", "no servers": "{\n  \"globalShortcut\": \"Ctrl+Space\"\n}\n",
		"servers":     "{\n  \"mcpServers\": {\n    \"filesystem\": {\n      \"command\": \"npx\",\n      \"args\": [\"-y\", \"@modelcontextprotocol/server-filesystem\", \"/home/ann\"]\n    }\n  },\n  \"theme\": \"dark\"\n}\n",
		"tabs":        "{\n\t\"mcpServers\": {\n\t\t\"a\": {\"command\": \"b\"}\n\t}\n}",
		"one line":    `{"mcpServers": {"a": {"command": "b"}}}`,
		"Windows":     "{\r\n  \"mcpServers\": {\r\n    \"a\": {\r\n      \"command\": \"b\"\r\n    }\r\n  }\r\n}\r\n",
		"BOM":         "\ufeff{\n  \"mcpServers\": {\n    \"a\": {\"command\": \"b\"}\n  }\n}\n",
		"no servers2": "{\n    \"mcpServers\": {},\n    \"a\": 1\n}",
	},
	"claude-code": {
		"large": "{\n  \"numStartups\": 12,\n  \"mcpServers\": {\n    \"github\": {\n      \"type\": \"http\",\n      \"url\": \"https://api.example/mcp\"\n    }\n  },\n  \"projects\": {\n    \"/work\": {\n      \"mcpServers\": {},\n      \"cost\": 1.23456789012345678\n    }\n  }\n}\n",
	},
	"cursor":   {"servers": "{\n  \"mcpServers\": {\n    \"a\": {\n      \"url\": \"http://x\"\n    }\n  }\n}\n"},
	"windsurf": {"servers": "{\n  \"mcpServers\": {\n    \"a\": {\n      \"serverUrl\": \"http://x\",\n      \"disabled\": true\n    }\n  }\n}\n"},
	"vscode": {
		"comments": "{\n\t// servers of the team\n\t\"inputs\": [\n\t\t{\"type\": \"promptString\", \"id\": \"github\"} // asked once\n\t],\n\t\"servers\": {\n\t\t/* the first */\n\t\t\"github\": {\n\t\t\t\"url\": \"https://x\", // remote\n\t\t}, // behind the comma\n\t\t// the end\n\t},\n}\n",
		"no comma": "{\n\t\"servers\": {\n\t\t\"github\": {\n\t\t\t\"url\": \"https://x\"\n\t\t} // last\n\t} // really\n}\n",
	},
	"zed": {
		"settings": "// Zed settings\n//\n// For information on how to configure Zed, see the documentation\n{\n  \"theme\": \"One Dark\", // dark\n  \"context_servers\": {\n    // \"off\": {},\n    \"a\": {\n      \"command\": \"x\",\n      \"args\": [],\n    },\n  },\n  \"vim_mode\": true,\n}\n",
		"none":     "// Zed settings\n{\n  // nothing yet\n}\n",
	},
	"gemini": {"settings": "{\n  // mine\n  \"security\": { \"auth\": { \"selectedType\": \"oauth\" } },\n  \"mcpServers\": { \"a\": { \"command\": \"x\" } }\n}\n"},
	"opencode": {
		"config": "{\n  \"$schema\": \"https://opencode.ai/config.json\",\n  // \"mcp\": {},\n  \"model\": \"x/y\",\n}\n",
	},
	"codex": {
		"empty":    "",
		"config":   "model = \"gpt-5\" # the usual\n\n# servers\n[mcp_servers.github] # remote\nurl = \"https://x\"\n\n[mcp_servers.github.env]\nA = \"1\"\n\n# trusted\n[projects.\"/work\"]\ntrust_level = \"trusted\"\n",
		"Windows":  "model = \"gpt-5\"\r\n\r\n[tools]\r\nweb_search = true\r\n",
		"BOM":      "\ufeffmodel = \"gpt-5\"\n",
		"confused": "notes = '''\n[mcp_servers.litellm-proxy]\ncommand = \"not ours\"\n'''\n[tui]\nx = [\n  1, # one\n  2,\n]\n",
	},
}

func TestRoundTrip(t *testing.T) {
	for id, texts := range files {
		c := Find(id)
		for name, text := range texts {
			path := filepath.Join(t.TempDir(), "config"+extension(c))
			put(t, path, text)
			before := parsed(t, c, path)
			entry := ours
			if c.form == prompted {
				entry.Env = map[string]string{"LITELLM_PROXY_API_KEY": "${input:" + inputID + "}"}
			}
			if c.form == tables {
				entry.Pass = []string{"LITELLM_PROXY_API_KEY"}
			}
			edit := installed(t, c, path, entry)
			if edit.Same || edit.Old != nil {
				t.Errorf("%s, %s: %+v", id, name, edit)
			}
			found := EntryOf(entry.Name, parsed(t, c, path)[c.Servers].(map[string]any)[entry.Name].(map[string]any))
			if !found.equal(entry) {
				t.Errorf("%s, %s: the entry is %+v", id, name, found)
			}
			content, _ := os.ReadFile(path)
			plain := strings.NewReplacer(",", "", "\r", "", "\n", "", "}", "")
			for line := range strings.Lines(text) { // lines that had no comma before may have one now
				if line = plain.Replace(line); !strings.Contains(plain.Replace(string(content)), line) {
					t.Errorf("%s, %s: %q is gone:\n%s", id, name, line, content)
				}
			}
			if again, err := c.Install(path, entry); err != nil || !again.Same {
				t.Errorf("%s, %s: installed again: %+v, %v", id, name, again, err)
			}
			other := entry
			other.Args = []string{"mcp", "--read-only"}
			if edit := installed(t, c, path, other); edit.Old == nil || !edit.Old.equal(entry) {
				t.Errorf("%s, %s: replaced %+v", id, name, edit.Old)
			}
			uninstalled(t, c, path)
			after := parsed(t, c, path)
			if !reflect.DeepEqual(c.others(before, ""), c.others(after, "")) {
				t.Errorf("%s, %s: %v, then %v", id, name, before, after)
			}
			content, _ = os.ReadFile(path)
			if _, had := before[c.Servers]; string(content) != text && (had || id == "codex") {
				t.Errorf("%s, %s: the bytes differ:\n%q\n%q", id, name, text, content)
			}
			if edit, err := c.Uninstall(path, entry.Name); err != nil || edit.Old != nil {
				t.Errorf("%s, %s: removed twice: %+v, %v", id, name, edit, err)
			}
			backup, err := os.ReadFile(path + ".litellm-proxy.bak")
			if err != nil || !strings.Contains(string(backup), "--read-only") {
				t.Errorf("%s, %s: the backup is %q, %v", id, name, backup, err)
			}
		}
	}
}

func extension(c *Client) string {
	if c.form == tables {
		return ".toml"
	}
	return ".json"
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func parsed(t *testing.T, c *Client, path string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	document, err := (&Edit{Client: c, Path: path}).parse(data)
	if err != nil {
		t.Fatalf("%v:\n%s", err, data)
	}
	return document
}

func installed(t *testing.T, c *Client, path string, e Entry) *Edit {
	t.Helper()
	edit, err := c.Install(path, e)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := edit.Write(User); err != nil {
		t.Fatal(err)
	}
	return edit
}

func uninstalled(t *testing.T, c *Client, path string) {
	t.Helper()
	edit, err := c.Uninstall(path, ours.Name)
	if err == nil {
		_, err = edit.Write(User)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestLayout: what is written looks as if a person had done it.
func TestLayout(t *testing.T) {
	c := Find("vscode")
	path := filepath.Join(t.TempDir(), "mcp.json")
	put(t, path, files["vscode"]["comments"])
	installed(t, c, path, Entry{Name: "litellm-proxy", Command: "lp", Args: []string{"mcp"}, Env: map[string]string{"LITELLM_PROXY_API_KEY": "${input:litellm-proxy-api-key}"}})
	content, _ := os.ReadFile(path)
	const want = "{\n\t// servers of the team\n\t\"inputs\": [\n\t\t{\"type\": \"promptString\", \"id\": \"github\"}, // asked once\n" +
		"\t\t{\n\t\t\t\"type\": \"promptString\",\n\t\t\t\"id\": \"litellm-proxy-api-key\",\n\t\t\t\"description\": \"LiteLLM key\",\n\t\t\t\"password\": true\n\t\t}\n\t],\n" +
		"\t\"servers\": {\n\t\t/* the first */\n\t\t\"github\": {\n\t\t\t\"url\": \"https://x\", // remote\n\t\t}, // behind the comma\n\t\t// the end\n" +
		"\t\t\"litellm-proxy\": {\n\t\t\t\"type\": \"stdio\",\n\t\t\t\"command\": \"lp\",\n\t\t\t\"args\": [\"mcp\"],\n\t\t\t\"env\": {\n\t\t\t\t\"LITELLM_PROXY_API_KEY\": \"${input:litellm-proxy-api-key}\"\n\t\t\t}\n\t\t},\n\t},\n}\n"
	if string(content) != want {
		t.Errorf("got:\n%s\nwant:\n%s", content, want)
	}
	toml := filepath.Join(t.TempDir(), "config.toml")
	put(t, toml, "model = \"x\"\n")
	installed(t, Find("codex"), toml, Entry{Name: "litellm proxy", Command: "lp", Args: []string{"mcp"}, Pass: []string{"K"}, Env: map[string]string{"A": "b"}})
	content, _ = os.ReadFile(toml)
	if want := "model = \"x\"\n\n[mcp_servers.\"litellm proxy\"]\ncommand = \"lp\"\nargs = [\"mcp\"]\nenv_vars = [\"K\"]\n\n[mcp_servers.\"litellm proxy\".env]\nA = \"b\"\n"; string(content) != want {
		t.Errorf("got:\n%s\nwant:\n%s", content, want)
	}
}

// TestRefused: what cannot be edited with certainty is left alone.
func TestRefused(t *testing.T) {
	for text, id := range map[string]string{
		`{"mcpServers": {`:                            "cursor",
		"// a comment\n{}":                            "claude-desktop",
		`[]`:                                          "cursor",
		`{"mcpServers": []}`:                          "cursor",
		`{"mcpServers": {}, "mcpServers": {}}`:        "cursor",
		`{"mcpServers": {"litellm-proxy": 1}}`:        "cursor",
		"mcp_servers = { a = { command = \"x\" } }\n": "codex",
		"mcp_servers = 1\n":                           "codex",
		"model = x\n":                                 "codex",
		"{\"servers\": {\"a\": {}}, \"inputs\": {}, } // inputs": "vscode",
	} {
		c := Find(id)
		path := filepath.Join(t.TempDir(), "config"+extension(c))
		put(t, path, text)
		edit, err := c.Install(path, Entry{Name: "litellm-proxy", Command: "x", Env: map[string]string{"K": "${input:" + inputID + "}"}})
		if err == nil || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s: %v %+v", text, err, edit)
		}
	}
}

// TestInsideTables: an entry of Codex in any of TOML's forms is replaced and removed.
func TestInsideTables(t *testing.T) {
	c := Find("codex")
	for text, want := range map[string]string{
		"[mcp_servers]\nlitellm-proxy = { command = \"x\" } # ours\na.command = \"y\"\n":                                                              "[mcp_servers]\na.command = \"y\"\n",
		"[mcp_servers]\nlitellm-proxy.command = \"x\"\nlitellm-proxy.args = [\n  \"mcp\",\n]\na = {}\n":                                               "[mcp_servers]\na = {}\n",
		"[mcp_servers.\"litellm-proxy\"]\n# ours\ncommand = \"x\"\n# still ours\nargs = []\n\n# theirs\n[mcp_servers.a]\ncommand = \"y\"\n":           "# theirs\n[mcp_servers.a]\ncommand = \"y\"\n",
		"[mcp_servers.litellm-proxy]\ncommand = \"x\"\n[mcp_servers.a]\nb = 1\n[mcp_servers.litellm-proxy.env]\nA = \"1\"\n[c]\nd = \"\"\"\n\"\"\"\n": "[mcp_servers.a]\nb = 1\n[c]\nd = \"\"\"\n\"\"\"\n",
	} {
		path := filepath.Join(t.TempDir(), "config.toml")
		put(t, path, text)
		uninstalled(t, c, path)
		if content, _ := os.ReadFile(path); string(content) != want {
			t.Errorf("%s\n became\n%q, want\n%q", text, content, want)
		}
		put(t, path, text)
		installed(t, c, path, ours)
	}
}

// TestLineComments: an entry does not become part of a comment, nor does what stands behind it.
func TestLineComments(t *testing.T) {
	c := Find("zed")
	for _, text := range []string{
		"{\"context_servers\": {\"a\": {} // c\n}}", "{\"context_servers\": {\"a\": {}, // c\n}}", "{\"context_servers\": {\"a\": {} // c\r\n}}",
		"{\"context_servers\": {\"a\": {\"url\": \"http://x\"}}}",
	} {
		path := filepath.Join(t.TempDir(), "settings.json")
		put(t, path, text)
		installed(t, c, path, ours)
		uninstalled(t, c, path)
		if content, _ := os.ReadFile(path); string(content) != text {
			t.Errorf("%q became %q", text, content)
		}
	}
	path := filepath.Join(t.TempDir(), "settings.json")
	put(t, path, "{\"x\": 1 // c\n}")
	installed(t, c, path, ours)
	if content, _ := os.ReadFile(path); !strings.HasPrefix(string(content), "{\"x\": 1, // c\n") {
		t.Errorf("%q", content)
	}
}

// TestRemoveFirst: an entry is removed wherever it stands in the list.
func TestRemoveFirst(t *testing.T) {
	c := Find("zed")
	for text, want := range map[string]string{
		"{\"context_servers\": {\"litellm-proxy\": {}, \"b\": {}}}":                                "{\"context_servers\": { \"b\": {}}}",
		"{\"context_servers\": {\n  \"litellm-proxy\": {},\n  \"b\": {}\n}}":                       "{\"context_servers\": {\n  \"b\": {}\n}}",
		"{\"context_servers\": {\n  \"litellm-proxy\": {} ,\n  \"b\": {},\n}}":                     "{\"context_servers\": {\n  \"b\": {},\n}}",
		"{\"context_servers\": {\"a\": {}, \"litellm-proxy\": {}, \"b\": {}}}":                     "{\"context_servers\": {\"a\": {}, \"b\": {}}}",
		"{\"context_servers\": {\"a\": {}, // c\n \"litellm-proxy\": {}, \"b\": {},\n \"d\": {}}}": "{\"context_servers\": {\"a\": {}, // c\n  \"b\": {},\n \"d\": {}}}",
		"{\"context_servers\": {\"a\": {}, // c\n \"litellm-proxy\": {} // d\n}}":                  "{\"context_servers\": {\"a\": {} // c\n  // d\n}}",
	} {
		path := filepath.Join(t.TempDir(), "settings.json")
		put(t, path, text)
		uninstalled(t, c, path)
		if content, _ := os.ReadFile(path); string(content) != want {
			t.Errorf("%q became\n%q, want\n%q", text, content, want)
		}
	}
}

// TestLinksAndModes: a link stays one, and the file keeps its mode.
func TestLinksAndModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links and modes as Unix has them")
	}
	dir := t.TempDir()
	real, link := filepath.Join(dir, "dotfiles.json"), filepath.Join(dir, "mcp.json")
	if err := os.WriteFile(real, []byte("{}"), 0o640); err != nil {
		t.Fatal(err)
	}
	_ = os.Chmod(real, 0o640)
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	installed(t, Find("cursor"), link, ours)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	for _, path := range []string{real, real + ".litellm-proxy.bak"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	edit, err := Find("cursor").Install(link, Entry{Name: "b", Command: "c"})
	if err != nil {
		t.Fatal(err)
	}
	put(t, real, `{"changed": true}`)
	if _, err := edit.Write(User); err == nil || !strings.Contains(err.Error(), "changed it meanwhile") {
		t.Errorf("a file that changed meanwhile: %v", err)
	}
	dangling := filepath.Join(dir, "dangling.json")
	if err := os.Symlink(filepath.Join(dir, "none.json"), dangling); err != nil {
		t.Fatal(err)
	}
	if _, err := Find("cursor").Install(dangling, ours); err == nil || !strings.Contains(err.Error(), "none.json, which does not exist") {
		t.Errorf("a link to nothing: %v", err)
	}
	for scope, mode := range map[Scope]os.FileMode{User: 0o600, Project: 0o644} {
		path := filepath.Join(dir, string(scope), "new", "mcp.json")
		edit, err := Find("cursor").Install(path, ours)
		if err == nil {
			_, err = edit.Write(scope)
		}
		if info, _ := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", scope, info, err)
		}
	}
}

// FuzzEdit: whatever stands in a file, an edit keeps the rest of it and can be read.
func FuzzEdit(f *testing.F) {
	for id, texts := range files {
		for _, text := range texts {
			f.Add(text, id == "codex", "litellm-proxy")
		}
	}
	f.Add(`{"mcpServers":{"a":{},}/**/,}`, false, "a")
	f.Add("[mcp_servers.a]\nb=1\n[mcp_servers.a.env]\n", true, "a")
	f.Fuzz(func(t *testing.T, text string, isTOML bool, name string) {
		c, path := Find("vscode"), "a.json"
		if isTOML {
			c, path = Find("codex"), "a.toml"
		}
		for _, entry := range []Entry{{Name: name, Command: "x"}, {Name: name, Command: name, Args: []string{name}, Env: map[string]string{"K": "${input:" + inputID + "}", "L": name}, Pass: []string{name}}} {
			edit := &Edit{Client: c, Path: path, before: []byte(text)}
			before, err := edit.parse(edit.before)
			if err != nil {
				return
			}
			err = edit.work(name, &entry, func(data []byte) ([]byte, error) {
				if isTOML {
					return c.setTOML(data, entry)
				}
				return c.setJSON(data, entry)
			})
			if err != nil {
				continue
			}
			if _, err := edit.parse(edit.after); err != nil {
				t.Fatalf("%v:\n%s", err, edit.after)
			}
			back := &Edit{Client: c, Path: path, before: edit.after}
			if err := back.work(name, nil, func(data []byte) (out []byte, err error) {
				if isTOML {
					out, _, err = c.deleteTOML(data, name)
				} else {
					out, _, err = c.deleteJSON(data, name)
				}
				return out, err
			}); err != nil {
				t.Fatalf("what was put in cannot be taken out: %v:\n%s", err, edit.after)
			}
			after, err := edit.parse(back.after)
			if err != nil || !reflect.DeepEqual(c.others(before, name), c.others(after, name)) {
				t.Fatalf("%v: %v became %v", err, before, after)
			}
		}
	})
}
