package doctor

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/tidwall/jsonc"

	"litellm-proxy/proxyclient"
)

// client is a program that starts MCP servers, and where it keeps their list.
type client struct {
	name string
	// files are its configuration files, below the user's home, the system's directory
	// for configurations, and the working directory.
	home, config, project []string
	// servers is the member that holds the servers by name.
	servers string
	// comments says that the client's JSON may have comments and trailing commas.
	comments bool
	// expands matches what the client replaces by a value, such as ${NAME}; nil: nothing.
	expands *regexp.Regexp
	// desktop marks a client that is not started by a shell and so has no variables of one.
	desktop bool
}

var (
	braces   = regexp.MustCompile(`\$\{(\w+)(:-[^}]*)?\}`)              // ${NAME}, ${NAME:-default}
	dollars  = regexp.MustCompile(`\$\{(\w+)\}|\$(\w+)`)                // ${NAME}, $NAME
	kinds    = regexp.MustCompile(`\$\{(?:env:(\w+)|\w+(?::[^}]*)?)\}`) // ${env:NAME}, ${input:key}, ${userHome}
	opencode = regexp.MustCompile(`\{(?:env:(\w+)|file:[^}]*)\}`)       // {env:NAME}, {file:path}
)

// mcpClients are those whose files are known.
var mcpClients = []client{
	{name: "Claude Desktop", config: []string{"Claude/claude_desktop_config.json"}, servers: "mcpServers", desktop: true},
	{name: "Claude Code", home: []string{".claude.json"}, project: []string{".mcp.json"}, servers: "mcpServers", expands: braces},
	{name: "Cursor", home: []string{".cursor/mcp.json"}, project: []string{".cursor/mcp.json"}, servers: "mcpServers", expands: kinds, desktop: true},
	{name: "VS Code", config: []string{"Code/User/mcp.json"}, project: []string{".vscode/mcp.json"}, servers: "servers", comments: true, expands: kinds, desktop: true},
	{name: "Windsurf", home: []string{".codeium/windsurf/mcp_config.json"}, servers: "mcpServers", expands: kinds, desktop: true},
	{name: "Codex", home: []string{".codex/config.toml"}, project: []string{".codex/config.toml"}, servers: "mcp_servers"},
	{name: "Gemini CLI", home: []string{".gemini/settings.json"}, project: []string{".gemini/settings.json"}, servers: "mcpServers", comments: true, expands: dollars},
	{name: "opencode", home: []string{".config/opencode/opencode.json", ".config/opencode/opencode.jsonc"}, project: []string{"opencode.json", "opencode.jsonc"}, servers: "mcp", comments: true, expands: opencode},
}

// program is the name by which clients start this program.
const program = "litellm-proxy"

// mostOfFile is the largest configuration file that is read: Claude Code keeps more than
// its configuration in its.
const mostOfFile = 64 << 20

// clients checks the entries for this program in the files of MCP clients.
func (e *exam) clients(context.Context) []Finding {
	var all []Finding
	var clients []string
	for _, c := range mcpClients {
		clients = append(clients, c.name)
		for _, path := range e.filesOf(c) {
			all = append(all, e.clientFile(c, path)...)
		}
	}
	if len(all) == 0 {
		return good("no MCP client on this machine starts %s (looked for %s)", program, strings.Join(clients, ", "))
	}
	return all
}

// filesOf returns where a client may have its configuration.
func (e *exam) filesOf(c client) (paths []string) {
	home := e.home()
	config := filepath.Join(home, ".config")
	switch e.system {
	case "darwin":
		config = filepath.Join(home, "Library", "Application Support")
	case "windows":
		config = e.Getenv("APPDATA")
	}
	for _, place := range []struct {
		dir   string
		files []string
	}{{home, c.home}, {config, c.config}, {e.Dir, c.project}} {
		for _, file := range place.files {
			path := filepath.Join(place.dir, filepath.FromSlash(file))
			if place.dir != "" && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	if dir := e.Getenv("CODEX_HOME"); dir != "" && c.name == "Codex" {
		paths[0] = filepath.Join(dir, "config.toml")
	}
	return paths
}

// clientFile checks one file.
func (e *exam) clientFile(c client, path string) []Finding {
	where := e.shown(path) + " (" + c.name + ")"
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || info.Size() > mostOfFile) {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return warn(where+" cannot be read: "+reason(err), "make it readable for you")
	}
	if !bytes.Contains(data, []byte(program)) {
		return nil
	}
	document, err := c.parse(path, data)
	if err != nil {
		return fail(proxyclient.CodeLocal, where+" is not valid: "+err.Error(), "correct the file; "+c.name+" reads nothing of it until then")
	}
	var all []Finding
	for _, s := range serversIn(document, c.servers) {
		if s.ours() {
			all = append(all, e.server(c, path, info.Mode(), where, s)...)
		}
	}
	if len(all) == 0 && misplaced(document) {
		return warn(fmt.Sprintf("%s: an entry for %s is where %s does not look for servers", where, program, c.name),
			fmt.Sprintf("move it into the object %q, under a name of its own", c.servers))
	}
	return all
}

// misplaced reports whether a value holds an entry that starts this program's server.
func misplaced(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		if s := serverOf("", v); s.ours() && (slices.Contains(s.args, "mcp") || s.isLine() && slices.Contains(strings.Fields(s.command), "mcp")) {
			return true
		}
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), misplaced)
	case []any:
		return slices.ContainsFunc(v, misplaced)
	}
	return false
}

// parse reads a file. The error says where the fault is and repeats nothing.
func (c client) parse(path string, data []byte) (document map[string]any, err error) {
	if filepath.Ext(path) == ".toml" {
		err := toml.Unmarshal(data, &document)
		if e, ok := errors.AsType[toml.ParseError](err); ok {
			return nil, fmt.Errorf("the TOML has an error in line %d", e.Position.Line)
		}
		return document, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if c.comments {
		data = jsonc.ToJSON(data) // keeps the lines
	}
	err = json.Unmarshal(data, &document)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, fmt.Errorf("the JSON has an error in line %d", 1+bytes.Count(data[:min(int(e.Offset), len(data))], []byte("\n")))
	}
	if err != nil {
		return nil, errors.New("it is not a JSON object")
	}
	return document, nil
}

// server is an entry of a client's list.
type server struct {
	name, command string
	args          []string
	env           map[string]string
	url           string
}

// serversIn returns the servers of a document, those of single projects included.
func serversIn(document map[string]any, member string) (all []server) {
	servers, _ := document[member].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		if entry, ok := servers[name].(map[string]any); ok {
			all = append(all, serverOf(name, entry))
		}
	}
	projects, _ := document["projects"].(map[string]any)
	for _, dir := range slices.Sorted(maps.Keys(projects)) {
		if project, ok := projects[dir].(map[string]any); ok {
			all = append(all, serversIn(project, member)...)
		}
	}
	return all
}

func serverOf(name string, entry map[string]any) server {
	s := server{name: name, env: map[string]string{}}
	switch command := entry["command"].(type) {
	case string:
		s.command = command
	case []any: // opencode
		s.args = texts(command)
		if len(s.args) > 0 {
			s.command, s.args = s.args[0], s.args[1:]
		}
	}
	if args, ok := entry["args"].([]any); ok {
		s.args = append(s.args, texts(args)...)
	}
	for _, member := range []string{"env", "environment"} {
		env, _ := entry[member].(map[string]any)
		for name, value := range env {
			s.env[name] = fmt.Sprint(value)
		}
	}
	for _, member := range []string{"url", "httpUrl", "serverUrl"} {
		if url, ok := entry[member].(string); ok {
			s.url = url
		}
	}
	return s
}

func texts(values []any) (out []string) {
	for _, v := range values {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// ours reports whether an entry starts this program, or is named after it.
func (s server) ours() bool {
	return strings.Contains(s.name, program) || s.isLine() || slices.ContainsFunc(append([]string{s.command}, s.args...), isProgram)
}

// isLine reports whether the command is this program with arguments behind it.
func (s server) isLine() bool {
	for i, r := range s.command {
		if r == ' ' && isProgram(s.command[:i]) {
			return true
		}
	}
	return false
}

// isProgram reports whether a word of a command is this program.
func isProgram(word string) bool {
	base := word[strings.LastIndexAny(word, `/\`)+1:]
	return strings.TrimSuffix(strings.ToLower(base), ".exe") == program
}

// flag returns the value of one of our flags among the arguments.
func (s server) flag(name string) string {
	for i, arg := range s.args {
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return value
		}
		if arg == name && i+1 < len(s.args) {
			return s.args[i+1]
		}
	}
	return ""
}

// gateway is the address that an entry names, or "".
func (s server) gateway() string { return cmp.Or(s.flag("--base-url"), s.env["LITELLM_PROXY_URL"]) }
