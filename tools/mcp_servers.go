package tools

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var mcpServers = operation.Catalog{
	mcpServersList, mcpServersGet, mcpServersAdd, mcpServersUpdate, mcpServersDelete, mcpServersHealth, mcpServersTools,
	mcpServersAccessGroups, mcpServersSubmissions, mcpServersApprove, mcpServersReject, mcpServersRegister,
	mcpServersImport, mcpServersDiscover, mcpServersMakePublic, mcpServersPin, mcpServersUnpin,
	mcpServersSessions, mcpServersSessionsDelete,
}

// mcpServerCollection is the active MCP servers that the caller may use. Names and aliases
// are unique, whatever their case.
var mcpServerCollection = &operation.Collection{
	What: "MCP server", Path: "/v1/mcp/server", ID: "server_id", Name: "server_name", Also: []string{"alias", "server_id"}, Fold: true,
	Explain: explainMCPServer,
}

// explainMCPServer says that a name is that of a submission, which is not listed.
func explainMCPServer(ctx context.Context, call *operation.Call, name string) error {
	thing, err := mcpSubmissionCollection.Find(ctx, call, name, "server_id")
	if err != nil {
		return nil // the caller may not look, or there is none
	}
	state := operation.Word(operation.Lookup(thing.Item, "approval_status"))
	return &proxyclient.Error{Code: proxyclient.CodeInvalid, Message: "MCP server " + thing.Label() + " is a submission that is not active: " + operation.Shown(state),
		Hint: "to activate it, use {op:mcp-servers approve}; to name it here, give {server_id}"}
}

// mcpServerName stands for the ID of the MCP server with this name.
type mcpServerName string

// Collection returns the list that has the name.
func (mcpServerName) Collection() *operation.Collection { return mcpServerCollection }

// mcpServerRef identifies one active MCP server.
type mcpServerRef struct {
	ServerID mcpServerName `json:"server_id" name:"server" help:"Server name, alias or ID" jsonschema:"required" cli:"arg=1"`
}

var mcpServerColumns = []operation.Column{
	{Name: "server_name", ID: true},
	{Name: "alias", ID: true},
	{Name: "server_id", ID: true, Wide: true},
	{Name: "transport"},
	{Name: "url"},
	{Name: "auth_type"},
	{Name: "access_groups", Field: "mcp_access_groups"},
	{Name: "all_keys", Field: "allow_all_keys"},
	{Name: "public", Field: "mcp_info.is_public_explicit"},
	{Name: "allowed_tools", Optional: true},
	{Name: "description", Optional: true},
	{Name: "command", Optional: true},
	{Name: "approval_status", Optional: true},
	{Name: "is_config", Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
}

type mcpServersListInput struct {
	TeamID existingTeam `json:"team_id" name:"team" help:"Only servers that this team may use"`
}

var mcpServersList = &operation.Operation{
	Path:     "mcp-servers list",
	Summary:  "List the MCP servers behind the gateway",
	Help:     "For submissions, use {op:mcp-servers submissions}.",
	Examples: []string{"mcp-servers list", "mcp-servers list --team research"},
	Effect:   operation.Read,
	Do:       operation.List[mcpServersListInput]{Of: mcpServerCollection},
	Columns:  mcpServerColumns,
}

var mcpServersGet = &operation.Operation{
	Path:     "mcp-servers get",
	Summary:  "Show an MCP server with its settings and current health",
	Help:     "The gateway contacts the server. Stored credentials are never shown.",
	Examples: []string{"mcp-servers get github", "mcp-servers get github --format table"},
	Effect:   operation.Read,
	Sends:    []string{"GET /v1/mcp/server/{server_id}"},
	Do: operation.Func[mcpServerRef](func(ctx context.Context, call *operation.Call, in mcpServerRef) (operation.Result, error) {
		body, err := call.Read(ctx, proxyclient.Request{Path: "/v1/mcp/server/{server_id}", Params: map[string]string{"server_id": string(in.ServerID)},
			Query: url.Values{"include_reachability": {"true"}}, Timeout: checkTimeout})
		return operation.Result{Body: body}, err
	}),
	Columns: append(mcpServerColumns[:9:9], operation.Column{Name: "status"}, operation.Column{Name: "error", Field: "health_check_error"}),
}

var mcpServersDelete = &operation.Operation{
	Path:     "mcp-servers delete",
	Summary:  "Delete an MCP server",
	Examples: []string{"mcp-servers delete github"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /v1/mcp/server/{server_id}"},
	Consent:  asksToDelete(mcpServerCollection, "server_id", says("Keys, teams and toolsets lose its tools, and its stored credentials are gone.")),
	Do: operation.Func[mcpServerRef](func(ctx context.Context, call *operation.Call, in mcpServerRef) (operation.Result, error) {
		return deleteByID(ctx, call, "/v1/mcp/server/{server_id}", "server_id", string(in.ServerID))
	}),
	Done: "deleted MCP server {server_id}",
}

// oneMCPServer limits a list to one server.
type oneMCPServer struct {
	ServerID mcpServerName `json:"server_id" name:"server" help:"Only this server: name, alias or ID" cli:"arg=1"`
}

var mcpServersHealth = &operation.Operation{
	Path:     "mcp-servers health",
	Summary:  "Contact MCP servers and list which ones answer",
	Help:     "reachable means that the server answers but its credentials were not checked. For the error, use {op:mcp-servers get}.",
	Examples: []string{"mcp-servers health", "mcp-servers health github"},
	Effect:   operation.Read,
	Sends:    []string{"GET /v1/mcp/server/health"},
	Do:       operation.Rows[oneMCPServer](mcpHealth),
	Columns:  []operation.Column{{Name: "status"}, {Name: "server_name", ID: true}, {Name: "server_id", ID: true, Wide: true}, {Name: "url"}},
}

// mcpHealth adds the names to the gateway's verdicts. The gateway leaves out a server that
// does not exist.
func mcpHealth(ctx context.Context, call *operation.Call, in oneMCPServer) (operation.Result, error) {
	query := url.Values{"include_reachability": {"true"}}
	if in.ServerID != "" {
		query.Set("server_ids", string(in.ServerID))
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: "/v1/mcp/server/health", Query: query, Timeout: checkTimeout})
	if err != nil {
		return operation.Result{}, err
	}
	var verdicts []struct {
		ServerID string `json:"server_id"`
		Status   string `json:"status"`
	}
	if err := operation.DecodeList(body, "", "/v1/mcp/server/health", &verdicts); err != nil {
		return operation.Result{}, err
	}
	if in.ServerID != "" && len(verdicts) == 0 {
		return operation.Result{}, missing("MCP server", string(in.ServerID))
	}
	servers, err := mcpServersByID(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	rows := []operation.Row{}
	for _, v := range verdicts {
		server := servers[v.ServerID]
		rows = append(rows, operation.RowOf("status", v.Status, "server_name", operation.Lookup(server, "server_name"), "server_id", v.ServerID, "url", operation.Lookup(server, "url")))
	}
	return operation.Listed(nil, rows, len(rows), nil, nil), nil
}

// mcpServersByID returns the MCP servers that the caller may list, by ID.
func mcpServersByID(ctx context.Context, call *operation.Call) (map[string]json.RawMessage, error) {
	servers := map[string]json.RawMessage{}
	for item, err := range mcpServerCollection.All(ctx, call, nil) {
		if err != nil {
			return nil, err
		}
		servers[operation.Word(operation.Lookup(item, "server_id"))] = item
	}
	return servers, nil
}

var mcpServersTools = &operation.Operation{
	Path:     "mcp-servers tools",
	Summary:  "List the tools your key may call on MCP servers",
	Help:     "Names have no server prefix. A server that does not answer is noted.",
	Examples: []string{"mcp-servers tools", "mcp-servers tools github --columns name,description"},
	Effect:   operation.Read,
	Sends:    []string{"GET /mcp-rest/tools/list"},
	Do:       operation.Rows[oneMCPServer](mcpTools),
	Columns: []operation.Column{
		{Name: "server", Field: "mcp_info.server_name", ID: true},
		{Name: "name", ID: true},
		{Name: "description"},
		{Name: "input_schema", Field: "inputSchema", Optional: true},
	},
}

// mcpTools notes the servers that did not answer: for all servers, the gateway leaves their
// tools out.
func mcpTools(ctx context.Context, call *operation.Call, in oneMCPServer) (operation.Result, error) {
	query := url.Values{}
	if in.ServerID != "" {
		query.Set("server_id", string(in.ServerID))
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: "/mcp-rest/tools/list", Query: query, Timeout: checkTimeout})
	if e := operation.AsError(err); e != nil && e.Status == http.StatusForbidden && strings.Contains(e.Message, "not allowed to access any MCP servers") {
		// This is the answer without MCP servers, too.
		return operation.Result{Body: json.RawMessage(`{"tools":[]}`), Page: &operation.Page{}, Notes: []string{"Your key may use no MCP server."}}, nil
	}
	if e := operation.AsError(err); e != nil && e.Status == http.StatusUnauthorized && in.ServerID != "" && strings.HasPrefix(e.Message, "Unauthorized") {
		return operation.Result{}, refusedByServer(call, string(in.ServerID))
	}
	if err != nil {
		return operation.Result{}, err
	}
	var tools []json.RawMessage
	if err := operation.DecodeList(body, "tools", "/mcp-rest/tools/list", &tools); err != nil {
		return operation.Result{}, err
	}
	return operation.Result{Body: body, Page: &operation.Page{Items: tools, Total: len(tools)}, Notes: silentServers(body)}, nil
}

// refusedByServer is the error for an MCP server that wants other credentials than those
// that the gateway has for it. The gateway passes its 401 on, with a message of one word
// that no answer to a bad key has.
func refusedByServer(call *operation.Call, id string) error {
	return &proxyclient.Error{Code: proxyclient.CodeUnavailable, Status: http.StatusUnauthorized,
		Message: "MCP server " + call.Called(id) + " refused the credentials that the gateway sent; your key is not the cause",
		Hint:    "check its auth_type and credentials with {op:mcp-servers get}, and set them with {op:mcp-servers update}"}
}

// silentServers notes the servers whose tools are missing.
func silentServers(body json.RawMessage) (notes []string) {
	var outcomes map[string]struct{ Status string }
	_ = json.Unmarshal(operation.Lookup(body, "server_outcomes"), &outcomes)
	for _, name := range slices.Sorted(maps.Keys(outcomes)) {
		if status := outcomes[name].Status; status != "ok" {
			notes = append(notes, "MCP server "+operation.Shown(name)+" did not list its tools: "+operation.Shown(status)+".")
		}
	}
	return notes
}

var mcpServersAccessGroups = &operation.Operation{
	Path:     "mcp-servers access-groups",
	Summary:  "List MCP access groups with their servers",
	Help:     "A key or team that has a group may use its servers.",
	Examples: []string{"mcp-servers access-groups"},
	Effect:   operation.Read,
	Sends:    []string{"GET /v1/mcp/access_groups"},
	Do:       operation.Rows[struct{}](mcpAccessGroups),
	Columns:  []operation.Column{{Name: "access_group", ID: true}, {Name: "servers"}},
}

func mcpAccessGroups(ctx context.Context, call *operation.Call, _ struct{}) (operation.Result, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/v1/mcp/access_groups"})
	if err != nil {
		return operation.Result{}, err
	}
	var groups []string
	if err := operation.DecodeList(body, "access_groups", "/v1/mcp/access_groups", &groups); err != nil {
		return operation.Result{}, err
	}
	members := map[string][]string{}
	for item, err := range mcpServerCollection.All(ctx, call, nil) {
		if err != nil {
			return operation.Result{}, err
		}
		var of []string
		_ = json.Unmarshal(operation.Lookup(item, "mcp_access_groups"), &of)
		for _, group := range of {
			members[group] = append(members[group], operation.Word(operation.LookupAny(item, "server_name|alias|server_id")))
		}
	}
	rows := []operation.Row{}
	for _, group := range groups {
		rows = append(rows, operation.RowOf("access_group", group, "servers", append([]string{}, members[group]...)))
	}
	return operation.Listed(nil, rows, len(rows), nil, nil), nil
}

type mcpServersDiscoverInput struct {
	Query    string `json:"query" help:"Text in the name, title or description" cli:"arg=1"`
	Category string `json:"category" help:"Category, for example Databases or Communication"`
}

var mcpServersDiscover = &operation.Operation{
	Path:     "mcp-servers discover",
	Summary:  "Search the gateway's catalog of well-known MCP servers to add",
	Examples: []string{"mcp-servers discover github", "mcp-servers discover --category Databases"},
	Effect:   operation.Read,
	Do:       operation.List[mcpServersDiscoverInput]{Of: &operation.Collection{What: "MCP server", Path: "/v1/mcp/discover", Items: "servers", ID: "name"}},
	Columns: []operation.Column{
		{Name: "name", ID: true}, {Name: "title"}, {Name: "category"}, {Name: "transport"}, {Name: "url", Field: "url|command"}, {Name: "description"},
		{Name: "args", Optional: true}, {Name: "env_vars", Optional: true, Each: []string{"name"}},
	},
}

// deleteByID deletes what the gateway answers with an empty body for.
func deleteByID(ctx context.Context, call *operation.Call, path, parameter, id string) (operation.Result, error) {
	if _, err := call.Client().JSON(ctx, proxyclient.Request{Method: "DELETE", Path: path, Params: map[string]string{parameter: id}}); err != nil {
		return operation.Result{}, err
	}
	return operation.Result{Body: operation.Encode(operation.RowOf(parameter, id, "deleted", true))}, nil
}
