// Package mcpclients knows the programs that start MCP servers: where each keeps its list of
// servers, in which form, and how it fills in variables. It edits those files in place: the
// rest of a file stays as it is, comments included.
package mcpclients

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
)

// Program is the name by which clients start this program.
const Program = "litellm-proxy"

// Scope is who sees an entry: one person or a project.
type Scope string

// The scopes: all projects of this user, or everybody who works in one project.
const (
	User    Scope = "user"
	Project Scope = "project"
)

// Client is a program that starts MCP servers, and where it keeps their list.
type Client struct {
	// ID is the name on the command line, Name the one for people.
	ID, Name string
	// Servers is the member that holds the servers by name.
	Servers string
	// Desktop marks a client that is not started by a shell and so has no variables of one.
	Desktop bool
	// After says what makes the client read its file again.
	After string

	// Its files, below the user's home, the system's directory for configurations, the XDG
	// directory, and the project.
	home, config, xdg, project []string
	// variable names a directory that replaces the one of the first file.
	variable string
	// comments says that the client's JSON may have comments and trailing commas.
	comments bool
	// expands is the pattern of what the client replaces by a value, such as ${NAME}; "":
	// nothing.
	expands string
	// reference is how an entry refers to a variable of the client's environment; %s is its
	// name. "": it cannot, or by other means.
	reference string
	form      form
}

// form is what an entry looks like.
type form int

const (
	plain    form = iota // command, args, env
	typed                // and type: stdio
	prompted             // and the key is asked for, as an input
	listed               // command is a list; environment
	tables               // TOML; env_vars are variables that are handed on
)

const (
	braces  = `\$\{(\w+)(:-[^}]*)?\}`              // ${NAME}, ${NAME:-default}
	dollars = `\$\{(\w+)\}|\$(\w+)`                // ${NAME}, $NAME
	kinds   = `\$\{(?:env:(\w+)|\w+(?::[^}]*)?)\}` // ${env:NAME}, ${input:key}, ${userHome}
	curly   = `\{(?:env:(\w+)|file:[^}]*)\}`       // {env:NAME}, {file:path}
)

var clients = []*Client{
	{ID: "claude-desktop", Name: "Claude Desktop", config: []string{"Claude/claude_desktop_config.json"}, Servers: "mcpServers", Desktop: true, After: "Restart Claude Desktop."},
	{ID: "claude-code", Name: "Claude Code", home: []string{".claude.json"}, project: []string{".mcp.json"}, variable: "CLAUDE_CONFIG_DIR", Servers: "mcpServers", expands: braces, reference: "${%s}", form: typed,
		After: "Start a new session of Claude Code."},
	{ID: "cursor", Name: "Cursor", home: []string{".cursor/mcp.json"}, project: []string{".cursor/mcp.json"}, Servers: "mcpServers", expands: kinds, reference: "${env:%s}", Desktop: true, After: "Enable the server in Cursor's MCP settings."},
	{ID: "vscode", Name: "VS Code", config: []string{"Code/User/mcp.json"}, project: []string{".vscode/mcp.json"}, Servers: "servers", comments: true, expands: kinds, reference: "${input:%s}", Desktop: true, form: prompted,
		After: "Start the server in VS Code (MCP: List Servers)."},
	{ID: "windsurf", Name: "Windsurf", home: []string{".codeium/windsurf/mcp_config.json"}, Servers: "mcpServers", expands: kinds, reference: "${env:%s}", Desktop: true, After: "Refresh the servers in Windsurf's MCP panel."},
	{ID: "zed", Name: "Zed", project: []string{".zed/settings.json"}, Servers: "context_servers", comments: true, Desktop: true, After: "Zed starts the server by itself."},
	{ID: "codex", Name: "Codex", home: []string{".codex/config.toml"}, project: []string{".codex/config.toml"}, variable: "CODEX_HOME", Servers: "mcp_servers", form: tables, After: "Start a new session of Codex."},
	{ID: "gemini", Name: "Gemini CLI", home: []string{".gemini/settings.json"}, project: []string{".gemini/settings.json"}, Servers: "mcpServers", comments: true, expands: dollars, reference: "$%s",
		After: "Start a new session of Gemini CLI, in a trusted folder."},
	{ID: "opencode", Name: "opencode", xdg: []string{"opencode/opencode.json", "opencode/opencode.jsonc"}, project: []string{"opencode.json", "opencode.jsonc"}, Servers: "mcp", comments: true, expands: curly, reference: "{env:%s}", form: listed,
		After: "Start a new session of opencode."},
}

// All returns the clients that are known.
func All() []*Client { return slices.Clone(clients) }

// Find returns the client with this ID, or nil.
func Find(id string) *Client {
	for _, c := range clients {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// IDs returns the IDs of all clients.
func IDs() (ids []string) {
	for _, c := range clients {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	return ids
}

// Place is a machine, a user and a working directory.
type Place struct {
	System string // as runtime.GOOS
	Getenv func(string) string
	Dir    string // the working directory
}

// Home is the user's home directory, or "".
func (p Place) Home() string {
	if p.System == "windows" {
		return p.Getenv("USERPROFILE")
	}
	return p.Getenv("HOME")
}

// xdg is the XDG directory for configurations, or "".
func (p Place) xdg() string {
	if dir := p.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	return below(p.Home(), ".config")
}

// config is the system's directory for configurations, or "".
func (p Place) config() string {
	switch p.System {
	case "darwin":
		return below(p.Home(), "Library", "Application Support")
	case "windows":
		return p.Getenv("APPDATA")
	}
	return p.xdg()
}

func below(dir string, names ...string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(append([]string{dir}, names...)...)
}

// Files returns where a client may have its list for a scope, the usual place first.
func (c *Client) Files(p Place, scope Scope) (paths []string) {
	add := func(dir string, files []string) {
		for _, file := range files {
			if path := below(dir, filepath.FromSlash(file)); path != "" {
				paths = append(paths, path)
			}
		}
	}
	if scope == Project {
		add(p.Dir, c.project)
		return paths
	}
	if dir := p.Getenv(c.variable); c.variable != "" && dir != "" {
		return []string{filepath.Join(dir, filepath.Base(c.home[0]))}
	}
	add(p.Home(), c.home)
	add(p.config(), c.config)
	add(p.xdg(), c.xdg)
	if c.ID == "zed" {
		if p.System == "windows" {
			add(p.Getenv("APPDATA"), []string{"Zed/settings.json"})
		} else {
			add(p.xdg(), []string{"zed/settings.json"})
		}
	}
	return paths
}

// Scopes returns the scopes that a client has.
func (c *Client) Scopes() []Scope {
	if len(c.project) == 0 {
		return []Scope{User}
	}
	return []Scope{User, Project}
}

var expressions sync.Map // pattern → *regexp.Regexp

// Expand replaces what the client replaces by values of its environment. unset is the first
// variable that has none; asks reports that the client asks a person.
func (c *Client) Expand(value string, getenv func(string) string) (expanded, unset string, asks bool) {
	if c.expands == "" {
		return value, "", false
	}
	compiled, ok := expressions.Load(c.expands)
	if !ok {
		compiled, _ = expressions.LoadOrStore(c.expands, regexp.MustCompile(c.expands))
	}
	expanded = compiled.(*regexp.Regexp).ReplaceAllStringFunc(value, func(text string) string {
		m := compiled.(*regexp.Regexp).FindStringSubmatch(text)
		name := ""
		for _, group := range m[1:] {
			if name == "" {
				name = group
			}
		}
		switch set := getenv(name); {
		case name == "":
			asks = true
		case set != "":
			return set
		case c.expands == braces && m[2] != "":
			return m[2][len(":-"):]
		case unset == "":
			unset = name
		}
		return ""
	})
	return expanded, unset, asks
}

// Refers reports whether an entry can refer to a variable instead of holding its value.
func (c *Client) Refers() bool { return c.expands != "" }

// Prompts reports whether the client asks for the key and keeps it.
func (c *Client) Prompts() bool { return c.form == prompted }

// Refer makes an entry take a variable from the client's environment, or from its question. It
// reports whether the client can do that.
func (c *Client) Refer(e *Entry, variable string) bool {
	switch {
	case c.form == tables:
		e.Pass = append(e.Pass, variable)
	case c.form == prompted:
		e.Env[variable] = fmt.Sprintf(c.reference, inputID)
	case c.reference != "":
		e.Env[variable] = fmt.Sprintf(c.reference, variable)
	default:
		return false
	}
	return true
}

// PassOn makes a client hand variables of its environment on, if it does not do so unasked.
func (c *Client) PassOn(e *Entry, variables []string) {
	if c.form == tables {
		e.Pass = append(e.Pass, variables...)
	}
}

// Snippet is a file of the client that has nothing but an entry.
func (c *Client) Snippet(e Entry) string {
	out, err := []byte(nil), error(nil)
	if c.form == tables {
		out, err = c.setTOML(nil, e)
	} else {
		out, err = c.setJSON(nil, e)
	}
	if err != nil {
		return err.Error()
	}
	return string(out)
}
