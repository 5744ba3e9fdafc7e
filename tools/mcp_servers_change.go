package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// mcpTransport is how the gateway talks to an MCP server.
type mcpTransport string

// Rule implements [operation.Ruled].
func (mcpTransport) Rule() operation.Rule {
	return operation.Rule{Values: []string{"http", "sse", "stdio"}}
}

// mcpAuth is how the gateway authenticates to an MCP server.
type mcpAuth string

// Rule implements [operation.Ruled].
func (mcpAuth) Rule() operation.Rule {
	return operation.Rule{Help: "How the gateway authenticates to the server", Values: []string{
		"none", "api_key", "bearer_token", "basic", "authorization", "token", "oauth2", "oauth2_token_exchange", "oauth2_id_jag",
		"aws_sigv4", "true_passthrough", "oauth_delegate",
	}}
}

// mcpServerSettings is the settings that add and update share.
type mcpServerSettings struct {
	Alias         string           `json:"alias" help:"Prefix of tool names (default: server name)"`
	Description   string           `json:"description" help:"Purpose of the server" clear:"null"`
	URL           string           `json:"url" help:"Address, such as https://mcp.deepwiki.com/mcp"`
	Transport     mcpTransport     `json:"transport" help:"Transport (default of new servers: http)"`
	AuthType      mcpAuth          `json:"auth_type"`
	Credentials   operation.Object `json:"credentials" help:"Secrets, such as auth_value or client_secret"`
	StaticHeaders operation.Pairs  `json:"static_headers" help:"Headers to send with each request" clear:"{}"`
	AccessGroups  []string         `json:"mcp_access_groups" name:"access_groups" help:"Access groups that may use the server" clear:"[]"`
	AllowedTools  []string         `json:"allowed_tools" help:"Tools to offer (default: all)" clear:"[]"`
	AllowAllKeys  bool             `json:"allow_all_keys" help:"Let every key use the server"`
	RPM           operation.Limit  `json:"rpm" help:"Limit of requests per minute" clear:"null"`
}

type mcpServersAddInput struct {
	ServerName string `json:"server_name" jsonschema:"required" help:"Server name, without spaces or hyphens" cli:"arg=1"`
	mcpServerSettings
	Command     string          `json:"command" help:"Command to run on the gateway, for stdio"`
	CommandArgs []string        `json:"args" help:"Arguments of the command"`
	Env         operation.Pairs `json:"env" help:"Environment of the command"`
	operation.Extras
}

var mcpServersAdd = &operation.Operation{
	Path:    "mcp-servers add",
	Summary: "Add an MCP server, which becomes active at once",
	Help:    "Give {url} or {command}. Without {allow_all_keys}, keys need the server or one of its access groups in object_permission. stdio must be enabled on the gateway. Other settings, such as extra_headers, go into {extra}.",
	Examples: []string{
		"mcp-servers add deepwiki --url https://mcp.deepwiki.com/mcp --allow-all-keys",
		"mcp-servers add github --url https://api.githubcopilot.com/mcp/ --auth-type bearer_token --credentials @github.json --access-groups engineering",
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /v1/mcp/server"},
	Consent: operation.Consent{Often: true, Sensitive: opensMCPServer},
	Checks:  []operation.Check{wholeMCPCredentials},
	Do:      sendMCPServer[mcpServersAddInput]("/v1/mcp/server"),
	Columns: mcpServerColumns,
	Done:    "added MCP server {server_name} ({server_id})",
	Returns: []string{"server_id"},
}

type mcpServersRegisterInput struct {
	ServerName  string       `json:"server_name" jsonschema:"required" help:"Server name, without spaces or hyphens" cli:"arg=1"`
	URL         string       `json:"url" jsonschema:"required" help:"Address of the server"`
	Transport   mcpTransport `json:"transport" help:"Transport (default http)"`
	Description string       `json:"description" help:"Purpose of the server"`
	operation.Extras
}

var mcpServersRegister = &operation.Operation{
	Path:     "mcp-servers register",
	Summary:  "Submit an MCP server for review, with a team's key",
	Help:     "An admin activates it with {op:mcp-servers approve}. Proxy admins use {op:mcp-servers add}.",
	Examples: []string{"mcp-servers register wiki --url https://mcp.deepwiki.com/mcp"},
	Effect:   operation.Write,
	Sends:    []string{"POST /v1/mcp/server/register"},
	Consent:  operation.Consent{Often: true, Sensitive: opensMCPServer},
	Checks:   []operation.Check{wholeMCPCredentials},
	Do:       sendMCPServer[mcpServersRegisterInput]("/v1/mcp/server/register"),
	Columns:  mcpServerColumns,
	Done:     "submitted MCP server {server_name} ({server_id}) for review",
	Returns:  []string{"server_id"},
}

// sendMCPServer creates a server at a path. The gateway's own default transport is sse,
// which most servers no longer have.
func sendMCPServer[In any](path string) operation.Func[In] {
	return func(ctx context.Context, call *operation.Call, _ In) (operation.Result, error) {
		fields := call.Body()
		if fields["transport"] == nil {
			fields["transport"] = operation.Encode(mcpTransportOf(fields))
		}
		body, err := call.Write(ctx, "POST", path, fields)
		return operation.Result{Body: body}, err
	}
}

// mcpTransportOf returns the transport of a new server.
func mcpTransportOf(fields operation.Args) string {
	switch {
	case fields["transport"] != nil:
		return fields.String("transport")
	case fields["command"] != nil && fields["url"] == nil && fields["spec_path"] == nil:
		return "stdio"
	}
	return "http"
}

// wholeMCPCredentials refuses null members of credentials: the gateway stores them, and
// calls to the server fail.
func wholeMCPCredentials(_ context.Context, call *operation.Call) error {
	var members operation.Args
	_ = json.Unmarshal(call.Body()["credentials"], &members)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if operation.NoNull(members[name]) == nil {
			return operation.Usage("{credentials}: the gateway cannot remove " + operation.Name(name) + "; to remove all stored credentials, set {auth_type} to none")
		}
	}
	return nil
}

type mcpServersUpdateInput struct {
	mcpServerRef
	ServerName string `json:"server_name" help:"New name"`
	mcpServerSettings
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var mcpServerUpdate = &operation.Update{
	Present: presentMCPServer,
	Subject: []string{"server_id"},
	Blind:   []string{"credentials"},
}

var mcpServersUpdate = &operation.Operation{
	Path:    "mcp-servers update",
	Summary: "Change the settings of an MCP server",
	Help:    "Fields you omit are unchanged. Changing {auth_type} removes stored credentials. Headers are merged; null removes one. Other settings, such as a stdio server's command, go into {extra}.",
	Examples: []string{
		"mcp-servers update github --allowed-tools get_issue,list_issues",
		"mcp-servers update github --url https://api.githubcopilot.com/mcp/ --static-headers X-Team=core",
		"mcp-servers update github --clear allowed_tools,description",
	},
	Effect:  operation.Set,
	Sends:   []string{"PUT /v1/mcp/server"},
	Consent: operation.Consent{Often: true, Sensitive: opensMCPServer},
	Checks:  []operation.Check{wholeMCPCredentials, notesMCPCredentials},
	Update:  mcpServerUpdate,
	Verify:  applied,
	Do:      operation.Func[mcpServersUpdateInput](updateMCPServer),
	Columns: mcpServerColumns,
	Done:    "updated MCP server {server_name} ({server_id})",
}

// presentMCPServer reads a server: out of the list, or, if it is a submission, alone. For
// that the gateway contacts the server, which may take long.
func presentMCPServer(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
	id := call.Args().String("server_id")
	thing, err := mcpServerCollection.FindID(ctx, call, id)
	if operation.IsNotFound(err) {
		return call.Read(ctx, proxyclient.Request{Path: "/v1/mcp/server/{server_id}", Params: map[string]string{"server_id": id}})
	}
	return thing.Item, err
}

// updateMCPServer sends what the gateway needs beside the changes: it replaces objects, sets
// the alias to a new name, and wants the address again with a transport.
func updateMCPServer(ctx context.Context, call *operation.Call, _ mcpServersUpdateInput) (operation.Result, error) {
	fields := call.Body()
	if len(fields) < 2 {
		return operation.Result{}, operation.NothingToChange("url", "allowed_tools")
	}
	present, err := presentMCPServer(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	credentials := fields["credentials"] // the gateway merges them itself
	delete(fields, "credentials")
	fields = call.Merge(fields, present)
	if credentials != nil {
		fields["credentials"] = credentials
	}
	if info := membersOf(fields["mcp_info"]); info != nil {
		delete(info, "is_public")
		delete(info, "is_public_explicit")
		fields["mcp_info"] = operation.Encode(info)
	}
	keep := func(names ...string) {
		for _, name := range names {
			if value := operation.NoNull(operation.Lookup(present, name)); fields[name] == nil && value != nil {
				fields[name] = value
			}
		}
	}
	alias, name := operation.Word(operation.Lookup(present, "alias")), operation.Word(operation.Lookup(present, "server_name"))
	if fields["server_name"] != nil && !strings.EqualFold(alias, name) {
		keep("alias")
	}
	if fields["transport"] != nil {
		if keep("url", "spec_path"); fields.String("transport") == "stdio" {
			keep("command", "args")
		}
	}
	body, err := call.Write(ctx, "PUT", "/v1/mcp/server", fields)
	return operation.Result{Body: body}, err
}

// notesMCPCredentials notes that another kind of authentication drops what is stored.
func notesMCPCredentials(ctx context.Context, call *operation.Call) error {
	fields := call.Body()
	if fields["auth_type"] == nil || fields["credentials"] != nil {
		return nil
	}
	present, err := presentMCPServer(ctx, call)
	if err != nil {
		return nil // the update reports it
	}
	// Two kinds without a secret of the gateway keep what is stored.
	passes := []string{"true_passthrough", "oauth_delegate"}
	had, want := operation.Word(operation.Lookup(present, "auth_type")), fields.String("auth_type")
	if had != "" && had != "none" && had != want && !(slices.Contains(passes, had) && slices.Contains(passes, want)) {
		call.Note("Changing {auth_type} removes the credentials stored for " + operation.Shown(had) + ".")
	}
	return nil
}
