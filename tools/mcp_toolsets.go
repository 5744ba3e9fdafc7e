package tools

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var mcpToolsets = operation.Catalog{mcpToolsetsList, mcpToolsetsGet, mcpToolsetsCreate, mcpToolsetsUpdate, mcpToolsetsDelete}

// mcpToolsetCollection is the toolsets that the caller may use. Names are unique.
var mcpToolsetCollection = &operation.Collection{
	What: "MCP toolset", Path: "/v1/mcp/toolset", ID: "toolset_id", Name: "toolset_name", Also: []string{"toolset_id"},
}

// mcpToolsetName stands for the ID of the toolset with this name.
type mcpToolsetName string

// Collection returns the list that has the name.
func (mcpToolsetName) Collection() *operation.Collection { return mcpToolsetCollection }

// mcpToolsetRef identifies one toolset.
type mcpToolsetRef struct {
	ToolsetID mcpToolsetName `json:"toolset_id" name:"toolset" help:"Toolset name or ID" jsonschema:"required" cli:"arg=1"`
}

var mcpToolsetColumns = []operation.Column{
	{Name: "toolset_name", ID: true},
	{Name: "toolset_id", ID: true, Wide: true},
	{Name: "tools", Each: []string{"tool_name"}},
	{Name: "description"},
	{Name: "updated_at", Format: operation.Time, Optional: true},
	{Name: "created_by", Optional: true},
}

var mcpToolsetsList = &operation.Operation{
	Path:     "mcp-toolsets list",
	Summary:  "List toolsets: named sets of MCP tools for keys and teams",
	Help:     "A key's toolsets are the mcp_toolsets of its object_permission.",
	Examples: []string{"mcp-toolsets list"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: mcpToolsetCollection},
	Columns:  mcpToolsetColumns,
}

var mcpToolsetsGet = &operation.Operation{
	Path:     "mcp-toolsets get",
	Summary:  "Show a toolset with its tools and their servers",
	Examples: []string{"mcp-toolsets get triage"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[mcpToolsetRef]{Method: "GET", Path: "/v1/mcp/toolset/{toolset_id}"},
	Columns:  mcpToolsetColumns,
}

// mcpToolNames is tools as SERVER/TOOL, which the gateway knows by server ID and name.
type mcpToolNames []string

// Rule implements [operation.Ruled].
func (mcpToolNames) Rule() operation.Rule {
	return operation.Rule{Help: "Tools as SERVER/TOOL, for example github/get_issue"}
}

type mcpToolsetsCreateInput struct {
	ToolsetName string       `json:"toolset_name" jsonschema:"required" help:"Toolset name" cli:"arg=1"`
	ToolNames   mcpToolNames `json:"tool_names" name:"tools"`
	Description string       `json:"description" help:"Purpose of the toolset"`
	operation.Extras
}

var mcpToolsetsCreate = &operation.Operation{
	Path:     "mcp-toolsets create",
	Summary:  "Create a toolset: a named set of MCP tools for keys and teams",
	Help:     "SERVER is a name, alias or ID.",
	Examples: []string{"mcp-toolsets create triage --tools github/get_issue,github/list_issues"},
	Effect:   operation.Write,
	Sends:    []string{"POST /v1/mcp/toolset"},
	Do: operation.Func[mcpToolsetsCreateInput](func(ctx context.Context, call *operation.Call, in mcpToolsetsCreateInput) (operation.Result, error) {
		fields := call.Body()
		delete(fields, "tool_names")
		if in.ToolNames != nil {
			tools, err := mcpToolsNamed(ctx, call, in.ToolNames)
			if err != nil {
				return operation.Result{}, err
			}
			fields["tools"] = operation.Encode(tools)
		}
		body, err := call.Write(ctx, "POST", "/v1/mcp/toolset", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: mcpToolsetColumns,
	Done:    "created toolset {toolset_name} ({toolset_id})",
	Returns: []string{"toolset_id"},
}

type mcpToolsetsUpdateInput struct {
	mcpToolsetRef
	ToolsetName string       `json:"toolset_name" help:"New name"`
	ToolNames   mcpToolNames `json:"tool_names" name:"tools" help:"All tools as SERVER/TOOL; replaces the set"`
	AddTools    mcpToolNames `json:"add_tools" help:"Tools to add, as SERVER/TOOL"`
	RemoveTools mcpToolNames `json:"remove_tools" help:"Tools to remove, as SERVER/TOOL"`
	Description string       `json:"description" help:"Purpose of the toolset" clear:"null"`
	operation.Clearing
	operation.Extras
}

var mcpToolsetsUpdate = &operation.Operation{
	Path:     "mcp-toolsets update",
	Summary:  "Change the tools, name or description of a toolset",
	Help:     "Fields you omit are unchanged.",
	Examples: []string{"mcp-toolsets update triage --add-tools github/add_comment", "mcp-toolsets update triage --clear description"},
	Effect:   operation.Set,
	Sends:    []string{"PUT /v1/mcp/toolset"},
	Consent:  operation.Consent{Sensitive: widensMCPToolset},
	Update: &operation.Update{
		Subject: []string{"toolset_id", "tool_names", "add_tools", "remove_tools"},
		Present: func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
			thing, err := mcpToolsetCollection.FindID(ctx, call, call.Args().String("toolset_id"))
			return thing.Item, err
		},
	},
	Verify: inTurn(applied, mcpToolsApplied),
	Do: operation.Func[mcpToolsetsUpdateInput](func(ctx context.Context, call *operation.Call, _ mcpToolsetsUpdateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) < 2 {
			return operation.Result{}, operation.NothingToChange("add_tools", "description")
		}
		// The gateway answers 500 for a toolset that does not exist.
		_, has, err := mcpToolsetChange(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		for _, name := range []string{"tool_names", "add_tools", "remove_tools"} {
			if fields[name] != nil {
				fields["tools"] = operation.Encode(has)
			}
			delete(fields, name)
		}
		body, err := call.Write(ctx, "PUT", "/v1/mcp/toolset", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: mcpToolsetColumns,
	Done:    "updated toolset {toolset_name} ({toolset_id})",
}

var mcpToolsetsDelete = &operation.Operation{
	Path:     "mcp-toolsets delete",
	Summary:  "Delete a toolset",
	Help:     "The tools themselves stay.",
	Examples: []string{"mcp-toolsets delete triage"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /v1/mcp/toolset/{toolset_id}"},
	Consent:  asksToDelete(mcpToolsetCollection, "toolset_id", says("Keys and teams that have it lose its tools.")),
	Do: operation.Func[mcpToolsetRef](func(ctx context.Context, call *operation.Call, in mcpToolsetRef) (operation.Result, error) {
		// The gateway answers 500 for a toolset that does not exist.
		if _, err := mcpToolsetCollection.FindID(ctx, call, string(in.ToolsetID)); operation.IsNotFound(err) {
			return operation.Result{}, err
		}
		return deleteByID(ctx, call, "/v1/mcp/toolset/{toolset_id}", "toolset_id", string(in.ToolsetID))
	}),
	Done: "deleted toolset {toolset_id}",
}

// mcpTool is one tool of a toolset.
type mcpTool struct {
	ServerID string `json:"server_id"`
	ToolName string `json:"tool_name"`
}

// mcpToolsNamed returns the tools that are named as SERVER/TOOL. The gateway takes servers
// that do not exist.
func mcpToolsNamed(ctx context.Context, call *operation.Call, names []string) ([]mcpTool, error) {
	tools := []mcpTool{}
	for _, name := range names {
		server, tool, ok := strings.Cut(name, "/")
		if !ok || server == "" || tool == "" {
			return nil, operation.Usage(operation.Name(name) + " is not a tool as SERVER/TOOL, for example github/get_issue")
		}
		thing, err := mcpServerCollection.Find(ctx, call, server, "tool_names")
		if err != nil {
			return nil, err
		}
		tools = append(tools, mcpTool{operation.Word(thing.ID), tool})
	}
	return tools, nil
}

// mcpToolsetChange returns the tools of a toolset before and after an update.
func mcpToolsetChange(ctx context.Context, call *operation.Call) (had, has []mcpTool, err error) {
	thing, err := mcpToolsetCollection.FindID(ctx, call, call.Args().String("toolset_id"))
	if err != nil {
		return nil, nil, err
	}
	_ = json.Unmarshal(operation.Lookup(thing.Item, "tools"), &had)
	named := map[string][]mcpTool{}
	for _, name := range []string{"tool_names", "add_tools", "remove_tools"} {
		if named[name], err = mcpToolsNamed(ctx, call, call.Args().List(name)); err != nil {
			return nil, nil, err
		}
	}
	has = append([]mcpTool{}, had...)
	if call.Arg("tool_names") != nil {
		has = named["tool_names"]
	}
	for _, tool := range named["add_tools"] {
		if !slices.Contains(has, tool) {
			has = append(has, tool)
		}
	}
	for _, tool := range named["remove_tools"] {
		if !slices.Contains(has, tool) {
			return nil, nil, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "the toolset has no tool " + operation.Shown(tool.ToolName) + " of that server; nothing was changed"}
		}
		has = slices.DeleteFunc(has, func(t mcpTool) bool { return t == tool })
	}
	return had, has, nil
}

// widensMCPToolset finds the tools that an update gives to those who have the toolset.
func widensMCPToolset(ctx context.Context, call *operation.Call) ([]string, error) {
	had, has, err := mcpToolsetChange(ctx, call)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, tool := range has {
		if !slices.Contains(had, tool) {
			names = append(names, tool.ToolName)
		}
	}
	return naming("gives keys and teams that have the toolset more tools", names), nil
}

// mcpToolsApplied is the Verify of an update for the tools, which are asked for by name.
func mcpToolsApplied(ctx context.Context, call *operation.Call, result *operation.Result) error {
	var has []mcpTool
	if json.Unmarshal(operation.Lookup(result.Body, "tools"), &has) != nil {
		return nil
	}
	lacks := func(tool mcpTool) bool { return !slices.Contains(has, tool) }
	holds := map[string]func([]mcpTool) bool{
		"tool_names": func(tools []mcpTool) bool { return len(tools) == len(has) && !slices.ContainsFunc(tools, lacks) },
		"add_tools":  func(tools []mcpTool) bool { return !slices.ContainsFunc(tools, lacks) },
		"remove_tools": func(tools []mcpTool) bool {
			return !slices.ContainsFunc(tools, func(t mcpTool) bool { return !lacks(t) })
		},
	}
	for _, name := range []string{"tool_names", "add_tools", "remove_tools"} {
		if call.Arg(name) == nil {
			continue
		}
		tools, err := mcpToolsNamed(ctx, call, call.Args().List(name))
		if err != nil {
			return err
		}
		if name == "tool_names" && (call.Arg("add_tools") != nil || call.Arg("remove_tools") != nil) {
			continue
		}
		if !holds[name](tools) {
			return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Message: "the gateway accepted the update, but did not store these tools"}
		}
	}
	return nil
}
