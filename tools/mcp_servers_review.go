package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// mcpSubmissionCollection is the MCP servers that users submitted, whatever became of them.
var mcpSubmissionCollection = &operation.Collection{
	What: "MCP server submission", Path: "/v1/mcp/server/submissions", Items: "items", Total: "total",
	ID: "server_id", Name: "server_name", Also: []string{"alias", "server_id"}, Fold: true,
	Listed: "mcp-servers submissions",
}

// mcpSubmissionName stands for the ID of the submission with this name.
type mcpSubmissionName string

// Collection returns the list that has the name.
func (mcpSubmissionName) Collection() *operation.Collection { return mcpSubmissionCollection }

// mcpSubmissionRef identifies one submitted MCP server.
type mcpSubmissionRef struct {
	ServerID mcpSubmissionName `json:"server_id" name:"server" help:"Submission, by server name, alias or ID" jsonschema:"required" cli:"arg=1"`
}

var mcpSubmissionColumns = []operation.Column{
	{Name: "server_name", ID: true},
	{Name: "server_id", ID: true, Wide: true},
	{Name: "status", Field: "approval_status"},
	{Name: "transport"},
	{Name: "url"},
	{Name: "submitted_by"},
	{Name: "submitted_at", Format: operation.Time},
	{Name: "review_notes"},
	{Name: "description", Optional: true},
	{Name: "reviewed_at", Format: operation.Time, Optional: true},
}

var mcpServersSubmissions = &operation.Operation{
	Path:     "mcp-servers submissions",
	Summary:  "List MCP servers submitted for review",
	Help:     "Includes approved and rejected ones.",
	Examples: []string{"mcp-servers submissions"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: mcpSubmissionCollection},
	Columns:  mcpSubmissionColumns,
}

var mcpServersApprove = &operation.Operation{
	Path:     "mcp-servers approve",
	Summary:  "Approve a submitted MCP server, which becomes active",
	Help:     "Rejected servers can be approved too.",
	Examples: []string{"mcp-servers approve wiki"},
	Effect:   operation.Set,
	Sends:    []string{"PUT /v1/mcp/server/{server_id}/approve"},
	Consent:  operation.Consent{Sensitive: activatesMCPServer},
	Do:       operation.Func[mcpSubmissionRef](reviewMCPServer("approve")),
	Columns:  mcpSubmissionColumns,
	Verify:   answered("approval_status", func(*operation.Call) json.RawMessage { return json.RawMessage(`"active"`) }),
	Done:     "approved MCP server {server_name} ({server_id})",
}

type mcpServersRejectInput struct {
	mcpSubmissionRef
	ReviewNotes string `json:"review_notes" name:"notes" help:"Reason to give the submitter"`
	operation.Extras
}

var mcpServersReject = &operation.Operation{
	Path:     "mcp-servers reject",
	Summary:  "Reject a submitted MCP server, or revoke its approval",
	Help:     "An active server stops serving.",
	Examples: []string{`mcp-servers reject wiki --notes "Use the internal wiki server"`},
	Effect:   operation.Set,
	Sends:    []string{"PUT /v1/mcp/server/{server_id}/reject"},
	Do: operation.Func[mcpServersRejectInput](func(ctx context.Context, call *operation.Call, in mcpServersRejectInput) (operation.Result, error) {
		return reviewMCPServer("reject")(ctx, call, in.mcpSubmissionRef)
	}),
	Columns: mcpSubmissionColumns,
	Verify:  answered("approval_status", func(*operation.Call) json.RawMessage { return json.RawMessage(`"rejected"`) }),
	Done:    "rejected MCP server {server_name} ({server_id})",
}

// reviewMCPServer decides on a submission.
func reviewMCPServer(verdict string) func(context.Context, *operation.Call, mcpSubmissionRef) (operation.Result, error) {
	return func(ctx context.Context, call *operation.Call, in mcpSubmissionRef) (operation.Result, error) {
		fields := call.Body()
		delete(fields, "server_id")
		r := proxyclient.Request{Method: "PUT", Path: "/v1/mcp/server/{server_id}/" + verdict, Params: map[string]string{"server_id": string(in.ServerID)}}
		if verdict == "reject" {
			r.Body = operation.Encode(fields)
		}
		body, err := call.Client().JSON(ctx, r)
		return operation.Result{Body: body}, err
	}
}

// activatesMCPServer says where callers' data goes after an approval.
func activatesMCPServer(ctx context.Context, call *operation.Call) ([]string, error) {
	things, absent, err := mcpSubmissionCollection.Targets(ctx, call, "server_id", call.Args().List("server_id"))
	if err != nil || len(absent) > 0 {
		return nil, err
	}
	item := things[0].Item
	phrase := "lets the gateway send callers' data to " + operation.Name(operation.Word(operation.LookupAny(item, "url|spec_path|command")))
	if by := operation.Word(operation.Lookup(item, "submitted_by")); by != "" {
		phrase += ", submitted by " + operation.Name(by)
	}
	asked := operation.Args(membersOf(item))
	return append([]string{phrase}, mcpChange{asked: asked, server: "MCP server " + things[0].Label()}.opens()...), nil
}

type mcpMakePublicInput struct {
	Servers []string `json:"servers" help:"Names, aliases or IDs of all servers to show" cli:"arg=1"`
	None    bool     `json:"none" help:"Show no servers"`
}

var mcpServersMakePublic = &operation.Operation{
	Path:     "mcp-servers make-public",
	Summary:  "Set which MCP servers the gateway's public hub shows",
	Help:     "Servers you omit are no longer shown.",
	Examples: []string{"mcp-servers make-public github deepwiki", "mcp-servers make-public --none"},
	Effect:   operation.Set,
	Sends:    []string{"POST /v1/mcp/make_public"},
	Consent: operation.Consent{Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		return publishes(ctx, call, mcpServerCollection, "servers", "mcp_info.is_public_explicit")
	}},
	Do: operation.Func[mcpMakePublicInput](func(ctx context.Context, call *operation.Call, in mcpMakePublicInput) (operation.Result, error) {
		return makePublic(ctx, call, mcpServerCollection, "servers", "/v1/mcp/make_public", "mcp_server_ids", in.Servers, in.None)
	}),
}

// makePublic sets which items of a collection the public hub shows. The gateway wants their
// IDs in the field ids.
func makePublic(ctx context.Context, call *operation.Call, of *operation.Collection, argument, path, ids string, names []string, none bool) (operation.Result, error) {
	if (len(names) == 0) != none {
		return operation.Result{}, operation.Usage("give either {" + argument + "} or {none}")
	}
	found, labels := []json.RawMessage{}, []string{}
	for _, name := range names {
		thing, err := of.Find(ctx, call, name, argument)
		if err != nil {
			return operation.Result{}, err
		}
		found, labels = append(found, thing.ID), append(labels, operation.Shown(thing.Name))
	}
	body, err := call.Write(ctx, "POST", path, map[string]any{ids: found})
	if err != nil {
		return operation.Result{Body: body}, err
	}
	done := "the public hub shows no " + plural.Of(of.What)
	if !none {
		done = "the public hub shows these " + plural.Of(of.What) + ": " + strings.Join(labels, ", ")
	}
	return operation.Result{Body: body, Done: done}, nil
}

// publishes names the items of an argument that the public hub does not show now.
func publishes(ctx context.Context, call *operation.Call, of *operation.Collection, argument, shown string) ([]string, error) {
	var names []string
	for _, name := range call.Args().List(argument) {
		thing, err := of.Find(ctx, call, name, argument)
		if err != nil {
			return nil, err
		}
		if string(operation.Lookup(thing.Item, shown)) != "true" {
			names = append(names, thing.Name)
		}
	}
	return naming("shows these "+plural.Of(of.What)+" to anyone, without a key", names), nil
}

var mcpServersPin = &operation.Operation{
	Path:     "mcp-servers pin",
	Summary:  "Pin the tools of an MCP server to their current definitions",
	Help:     "If the server changes its tools, the gateway alerts and keeps offering the pinned ones.",
	Examples: []string{"mcp-servers pin github"},
	Effect:   operation.Set,
	Sends:    []string{"POST /v1/mcp/server/{server_id}/pin"},
	Do: operation.Func[mcpServerRef](func(ctx context.Context, call *operation.Call, in mcpServerRef) (operation.Result, error) {
		body, err := call.Client().JSON(ctx, proxyclient.Request{Method: "POST", Path: "/v1/mcp/server/{server_id}/pin",
			Params: map[string]string{"server_id": string(in.ServerID)}, Timeout: checkTimeout})
		if err != nil {
			return operation.Result{Body: body}, err
		}
		return operation.Result{Body: body, Done: fmt.Sprintf("pinned %s of MCP server %s", operation.Counted(len(membersOf(body)), "tool"), call.Called(string(in.ServerID)))}, nil
	}),
}

var mcpServersUnpin = &operation.Operation{
	Path:     "mcp-servers unpin",
	Summary:  "Unpin an MCP server's tools, to follow the server's own list",
	Examples: []string{"mcp-servers unpin github"},
	Effect:   operation.Set,
	Consent: operation.Consent{Sensitive: func(_ context.Context, call *operation.Call) ([]string, error) {
		return []string{"offers whatever tools the MCP server lists, unreviewed"}, nil
	}},
	Do:   operation.Endpoint[mcpServerRef]{Method: "DELETE", Path: "/v1/mcp/server/{server_id}/pin"},
	Done: "unpinned the tools of MCP server {server_id}",
}

var mcpServersSessions = &operation.Operation{
	Path:     "mcp-servers sessions",
	Summary:  "List the open MCP sessions of one gateway process",
	Examples: []string{"mcp-servers sessions"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: &operation.Collection{What: "session", Path: "/v1/mcp/sessions", Items: "sessions", Total: "total_sessions", ID: "session_id_prefix"}},
	Columns: []operation.Column{
		{Name: "session_id_prefix", ID: true}, {Name: "client", Field: "client_name"}, {Name: "user", Field: "user_email|user_id"}, {Name: "user_id", ID: true, Wide: true}, {Name: "key_alias"},
		{Name: "team_alias"}, {Name: "idle_seconds"}, {Name: "in_flight", Field: "in_flight_requests"},
		{Name: "client_ip", Optional: true}, {Name: "client_version", Optional: true}, {Name: "user_email", Optional: true},
	},
}

type mcpSessionsDeleteInput struct {
	SessionIDPrefix string       `json:"session_id_prefix" help:"First 8 or more characters of the session ID" cli:"arg=1"`
	UserID          existingUser `json:"user_id" name:"user" help:"Only sessions of this user"`
}

var mcpServersSessionsDelete = &operation.Operation{
	Path:     "mcp-servers sessions-delete",
	Summary:  "Close MCP sessions by user or ID",
	Help:     "Affects only the gateway process that handles the request. Clients may reconnect.",
	Examples: []string{"mcp-servers sessions-delete --user ann"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /v1/mcp/sessions"},
	Consent:  ask(askCloseMCPSessions),
	Do: operation.Func[mcpSessionsDeleteInput](func(ctx context.Context, call *operation.Call, in mcpSessionsDeleteInput) (operation.Result, error) {
		query := url.Values{}
		for name, value := range call.Args() {
			query.Set(name, operation.Word(value))
		}
		if len(query) == 0 {
			return operation.Result{}, operation.Usage("give {session_id_prefix} or {user_id}")
		}
		body, err := call.Client().JSON(ctx, proxyclient.Request{Method: "DELETE", Path: "/v1/mcp/sessions", Query: query})
		if err != nil || call.Planning() {
			return operation.Result{Body: body}, err
		}
		if string(operation.Lookup(body, "terminated_sessions")) == "0" {
			return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "no open MCP session matches"}
		}
		return operation.Result{Body: body, Done: "closed MCP sessions: " + operation.Word(operation.Lookup(body, "terminated_sessions"))}, nil
	}),
}

func askCloseMCPSessions(ctx context.Context, call *operation.Call) (string, error) {
	text := "Close the open MCP sessions"
	if user := call.Args().String("user_id"); user != "" {
		things, _, err := userCollection.Targets(ctx, call, "user_id", []string{user})
		if err != nil || len(things) == 0 {
			things = []operation.Thing{{ID: operation.Encode(user)}}
		}
		text += " of " + several("user", things)
	}
	if prefix := call.Args().String("session_id_prefix"); prefix != "" {
		text += " whose ID begins with " + operation.Name(prefix)
	}
	return text + "? Their requests are cut off.", nil
}
