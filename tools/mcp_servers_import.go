package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

type mcpServersImportInput struct {
	MCPServers operation.Object `json:"mcp_servers" name:"servers" jsonschema:"required" help:"Servers by name, as in mcpServers"`
}

var mcpServersImport = &operation.Operation{
	Path:     "mcp-servers import",
	Summary:  "Add the MCP servers of a client's configuration",
	Help:     "Takes mcpServers from Claude Desktop, Claude Code or Cursor. Existing names are skipped. Headers and environment variables become stored secrets.",
	Examples: []string{"mcp-servers import --servers @claude_desktop_config.json", `mcp-servers import --servers '{"wiki": {"url": "https://mcp.deepwiki.com/mcp"}}'`},
	Effect:   operation.Write,
	Sends:    []string{"POST /v1/mcp/server/import"},
	Consent:  operation.Consent{Often: true, Sensitive: runsImportedServers},
	Do:       operation.Func[mcpServersImportInput](importMCPServers),
}

// importMCPServers sends the servers, which the gateway adds one by one. Those that it
// refused are failures.
func importMCPServers(ctx context.Context, call *operation.Call, _ mcpServersImportInput) (operation.Result, error) {
	body, err := call.Write(ctx, "POST", "/v1/mcp/server/import", map[string]json.RawMessage{"mcp_servers": importedServers(call.Arg("mcp_servers"))})
	if err != nil || call.Planning() {
		return operation.Result{Body: body}, err
	}
	var outcome struct {
		Imported, Skipped []struct{ Name, Reason string }
		Errors            []struct{ Name, Error string }
	}
	if err := json.Unmarshal(body, &outcome); err != nil || operation.Lookup(body, "imported") == nil {
		return operation.Result{Body: body}, operation.Lacks("imported")
	}
	result := operation.Result{Body: body, Done: fmt.Sprintf("added %s", operation.Counted(len(outcome.Imported), "MCP server"))}
	for i, server := range outcome.Imported {
		result.Done += [2]string{", ", ": "}[max(0, 1-i)] + operation.Shown(server.Name)
	}
	for _, server := range outcome.Skipped {
		result.Notes = append(result.Notes, "Skipped "+operation.Shown(server.Name)+": "+operation.Shown(server.Reason))
	}
	for _, server := range outcome.Errors {
		result.Failed = append(result.Failed, operation.Failure{What: "MCP server " + operation.Shown(server.Name), Why: operation.Shown(server.Error)})
	}
	return result, nil
}

// importedServers returns the servers in a client's configuration file, or the value as it
// is.
func importedServers(value json.RawMessage) json.RawMessage {
	file := membersOf(value)
	for _, name := range []string{"mcpServers", "mcp_servers"} {
		if inner := operation.NoNull(file[name]); inner != nil {
			return inner
		}
	}
	return value
}

// runsImportedServers finds the servers that are commands, which the gateway runs.
func runsImportedServers(_ context.Context, call *operation.Call) (found []string, err error) {
	servers := importedServers(call.Body()["mcp_servers"])
	named := operation.Args(membersOf(servers))
	if named == nil {
		var list []json.RawMessage
		_ = json.Unmarshal(servers, &list)
		named = operation.Args{}
		for i, server := range list {
			named[fmt.Sprint(i)] = server
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if command := operation.Word(operation.Lookup(named[name], "command")); command != "" {
			words := append([]string{command}, stringsIn(operation.Lookup(named[name], "args"))...)
			found = append(found, "runs the command "+operation.Name(strings.Join(words, " "))+" on the gateway's machine")
		}
	}
	return found, nil
}
