package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/malformed"
	"litellm-proxy/internal/mcpclients"
	"litellm-proxy/proxyclient"
)

// program is the name by which clients start this program.
const program = mcpclients.Program

// clients checks the entries for this program in the files of MCP clients.
func (e *exam) clients(context.Context) []Finding {
	var all []Finding
	var clients []string
	for _, c := range mcpclients.All() {
		clients = append(clients, c.Name)
		entries, findings := e.entries(c)
		all = append(all, findings...)
		for _, entry := range entries {
			all = append(all, e.server(entry)...)
		}
	}
	if len(all) == 0 {
		return good("no MCP client on this machine starts %s (looked for %s)", program, strings.Join(clients, ", "))
	}
	return all
}

// place is where the examination takes place.
func (e *exam) place() mcpclients.Place {
	return mcpclients.Place{System: e.system, Getenv: e.Getenv, Dir: e.Dir}
}

// clientEntry is an entry for this program in a file of a client.
type clientEntry struct {
	client *mcpclients.Client
	mcpclients.Entry
	path  string
	scope mcpclients.Scope
	mode  fs.FileMode
	where string // in words
}

// entries returns the entries for this program in a client's files, and what is wrong with
// the files themselves.
func (e *exam) entries(c *mcpclients.Client) (entries []clientEntry, findings []Finding) {
	var seen []string
	for _, scope := range []mcpclients.Scope{mcpclients.User, mcpclients.Project} {
		for _, path := range c.Files(e.place(), scope) {
			if slices.Contains(seen, path) {
				continue // the project is the home directory
			}
			seen = append(seen, path)
			found, faults := e.clientFile(c, scope, path)
			entries, findings = append(entries, found...), append(findings, faults...)
		}
	}
	return entries, findings
}

// clientFile reads one file.
func (e *exam) clientFile(c *mcpclients.Client, scope mcpclients.Scope, path string) (entries []clientEntry, findings []Finding) {
	where := e.shown(path) + " (" + c.Name + ")"
	data, mode, exists, err := mcpclients.ReadFile(path)
	if !exists || err != nil && mode == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, warn(where+" cannot be read: "+err.Error(), "make it readable for you")
	}
	if !bytes.Contains(data, []byte(program)) {
		return nil, nil
	}
	document, err := c.Parse(path, data)
	if err != nil {
		return nil, fail(proxyclient.CodeLocal, where+" is not valid: "+err.Error(), "correct the file; "+c.Name+" reads nothing of it until then")
	}
	for _, s := range c.Entries(document) {
		if s.Ours() {
			e.own = append(e.own, slices.DeleteFunc(c.Secrets(s), malformed.IsPlaceholder)...)
			entries = append(entries, clientEntry{c, s, path, scope, mode, fmt.Sprintf("%s, server %q", where, s.Name)})
		}
	}
	if len(entries) == 0 && misplaced(document) {
		return nil, warn(fmt.Sprintf("%s: an entry for %s is where %s does not look for servers", where, program, c.Name),
			fmt.Sprintf("move it into the object %q, under a name of its own", c.Servers))
	}
	return entries, nil
}

// misplaced reports whether a value holds an entry that starts this program's server.
func misplaced(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		if s := mcpclients.EntryOf("", v); s.Ours() && (slices.Contains(s.Args, "mcp") || s.IsLine() && slices.Contains(strings.Fields(s.Command), "mcp")) {
			return true
		}
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), misplaced)
	case []any:
		return slices.ContainsFunc(v, misplaced)
	}
	return false
}
