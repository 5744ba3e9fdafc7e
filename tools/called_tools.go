package tools

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var calledTools = operation.Catalog{toolsList, toolsGet, toolsLogs, toolsSpend, toolsPolicySet, toolsPolicyReset, toolsPolicyOptions}

// toolCollection is the tools that the gateway saw in calls to models, and those that got a
// policy before.
var toolCollection = &operation.Collection{What: "tool", Path: "/v1/tool/list", Items: "tools", ID: "tool_name", Name: "tool_name"}

var toolColumns = []operation.Column{
	{Name: "tool_name", ID: true},
	{Name: "origin"},
	{Name: "input_policy"},
	{Name: "output_policy"},
	{Name: "call_count"},
	{Name: "last_used_at", Format: operation.Time},
	{Name: "key_alias"},
	{Name: "team_id", Optional: true},
	{Name: "user_agent", Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
}

// inputPolicy is which calls of a tool the gateway lets through.
type inputPolicy string

// Rule implements [operation.Ruled].
func (inputPolicy) Rule() operation.Rule {
	return operation.Rule{Values: []string{"untrusted", "trusted", "blocked"}}
}

type toolsListInput struct {
	InputPolicy inputPolicy `json:"input_policy" help:"Only tools with this policy"`
}

var toolsList = &operation.Operation{
	Path:     "tools list",
	Summary:  "List function tools seen in traffic: offered to models or called",
	Help:     "These are tools seen in traffic, not this server's own. call_count includes calls that only offered the tool.",
	Examples: []string{"tools list", "tools list --input-policy blocked"},
	Effect:   operation.Read,
	Do:       operation.List[toolsListInput]{Of: toolCollection},
	Columns:  toolColumns,
}

type toolNamed struct {
	ToolName string `json:"tool_name" jsonschema:"required" help:"Tool name, as models call it" cli:"arg=1"`
}

// toolPath is the route of one tool with the teams and keys for which it is blocked.
const toolPath = "/v1/tool/{tool_name:path}/detail"

var toolsGet = &operation.Operation{
	Path:     "tools get",
	Summary:  "Show a tool seen in traffic: its policies and where it is blocked",
	Examples: []string{"tools get run_shell"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[toolNamed]{Method: "GET", Path: toolPath},
	Columns: append(within("tool", toolColumns),
		operation.Column{Name: "blocked_for_teams", Field: "overrides", Each: []string{"team_id"}},
		operation.Column{Name: "blocked_for_keys", Field: "overrides", Each: []string{"key_hash"}}),
}

type toolsLogsInput struct {
	toolNamed
	ledger.PeriodInput
	Page     operation.PageNumber `json:"page"`
	PageSize operation.PageSize   `json:"page_size" help:"Calls per page"`
}

var toolsLogs = &operation.Operation{
	Path:     "tools logs",
	Summary:  "List the calls in which a model called a tool",
	Examples: []string{"tools logs run_shell --period 7d"},
	Effect:   operation.Read,
	Do: operation.List[toolsLogsInput]{Prepare: ledger.Dated, Of: &operation.Collection{
		What: "call", Path: "/v1/tool/{tool_name:path}/logs", Items: "logs", Total: "total", Page: "page", Size: "page_size",
		ID: "id", Owner: func(ctx context.Context, call *operation.Call) error {
			_, err := readTool(ctx, call)
			return err
		},
	}},
	Columns: []operation.Column{
		{Name: "request_id", Field: "id", ID: true},
		{Name: "timestamp", Format: operation.Time},
		{Name: "model"},
		{Name: "spend", Format: operation.Dollars},
		{Name: "total_tokens"},
		{Name: "input", Field: "input_snippet", Optional: true},
	},
}

var toolsSpend = &operation.Operation{
	Path:     "tools spend",
	Summary:  "List the cost of calls by tool, top 100",
	Help:     "In US dollars. A call with several tools counts in full for each, so amounts overlap.",
	Examples: []string{"tools spend --period 2026-10"},
	Effect:   operation.Read,
	Do:       operation.List[ledger.PeriodInput]{Prepare: ledger.Dated, Of: &operation.Collection{What: "tool", Path: "/v1/tool/spend", Items: "by_tool", ID: "tool_name", Name: "tool_name"}},
	Columns: []operation.Column{
		{Name: "tool_name", ID: true},
		{Name: "spend", Format: operation.Dollars},
		{Name: "call_count"},
		{Name: "total_tokens"},
	},
}

// toolScope narrows a policy to one team or key.
type toolScope struct {
	TeamID  existingTeam `json:"team_id" name:"team" help:"Only for this team"`
	KeyHash existingKey  `json:"key_hash" name:"key" help:"Only for this key" cli:"alias=key-alias"`
}

// of returns the parameters that the scope sends, and whether it is one team or one key.
func (s toolScope) of() (fields map[string]string, one bool) {
	fields = map[string]string{}
	if s.TeamID != "" {
		fields["team_id"] = string(s.TeamID)
	}
	if s.KeyHash != "" {
		fields["key_hash"] = string(s.KeyHash) // queries are logged
	}
	return fields, len(fields) == 1
}

type toolsPolicySetInput struct {
	toolNamed
	InputPolicy  inputPolicy `json:"input_policy" help:"trusted: only after trusted output; blocked: never"`
	OutputPolicy string      `json:"output_policy" enum:"untrusted,trusted" help:"Whether the tool's output is safe"`
	toolScope
	New bool `json:"new" help:"Accept a tool not seen in any call yet"`
}

var toolsPolicySet = &operation.Operation{
	Path:     "tools policy-set",
	Summary:  "Block a tool seen in traffic, or set its trust policy",
	Help:     "For a single team or key, a tool can only be blocked. A guardrail of type tool_policy enforces the policies.",
	Examples: []string{"tools policy-set run_shell --input-policy blocked", "tools policy-set run_shell --input-policy blocked --team research"},
	Effect:   operation.Set,
	Sends:    []string{"POST /v1/tool/policy"},
	Consent:  operation.Consent{Ask: askToolPolicy, Sensitive: loosensTool},
	Checks:   []operation.Check{toolPolicyFits, knownTool},
	Do: operation.Func[toolsPolicySetInput](func(ctx context.Context, call *operation.Call, in toolsPolicySetInput) (operation.Result, error) {
		fields := operation.Args{"tool_name": operation.Encode(in.ToolName)}
		for _, name := range []string{"input_policy", "output_policy"} {
			if value := call.Arg(name); value != nil {
				fields[name] = value
			}
		}
		scope, _ := in.toolScope.of()
		for name, value := range scope {
			fields[name] = operation.Encode(value)
		}
		body, err := call.Write(ctx, "POST", "/v1/tool/policy", fields)
		return operation.Result{Body: body}, err
	}),
	Verify: toolPolicyApplied,
	Done:   "set the policy of tool {tool_name}: input {input_policy}, output {output_policy}",
}

// scopeOf returns the scope in the arguments of a call.
func scopeOf(call *operation.Call) (map[string]string, bool) {
	args := call.Args()
	return toolScope{TeamID: existingTeam(args.String("team_id")), KeyHash: existingKey(args.String("key_hash"))}.of()
}

// toolPolicyFits refuses what the gateway would take for something else: for one team or key,
// it knows only blocked, and unblocks for anything else.
func toolPolicyFits(_ context.Context, call *operation.Call) error {
	args := call.Args()
	scope, one := scopeOf(call)
	switch {
	case len(scope) > 1:
		return operation.Usage("give a team or a key, not both")
	case args.String("input_policy") == "" && args.String("output_policy") == "":
		return operation.Usage("give {input_policy} or {output_policy}")
	case one && (args.String("input_policy") != "blocked" || args.String("output_policy") != ""):
		return operation.Usage("for one team or key, a tool can only be blocked: {input_policy} blocked, without {output_policy}; to unblock it, use {op:tools policy-reset}")
	}
	return nil
}

// readTool returns the tool of a call with its policies and the teams and keys for which it
// is blocked.
func readTool(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
	name := call.Args().String("tool_name")
	body, err := call.Read(ctx, proxyclient.Request{Path: toolPath, Params: map[string]string{"tool_name": name}})
	if operation.IsNotFound(err) {
		err = missing("tool", name)
	}
	return body, err
}

// knownTool refuses a tool that no call had: the gateway would keep an entry for a misspelled
// name, which cannot be deleted.
func knownTool(ctx context.Context, call *operation.Call) error {
	_, err := readTool(ctx, call)
	if operation.IsNotFound(err) && string(call.Arg("new")) != "true" {
		return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "the gateway has not seen tool " + operation.Shown(call.Args().String("tool_name")) + " in any call",
			Hint: "nothing was changed; {op:tools list} shows the tools; to set a policy before the first call, give {new}"}
	}
	if operation.IsNotFound(err) || operation.IsRefused(err) {
		err = nil
	}
	if err == nil {
		notesUnenforced(ctx, call)
	}
	return err
}

// notesUnenforced notes that no guardrail enforces the policies of tools.
func notesUnenforced(ctx context.Context, call *operation.Call) {
	for item, err := range guardrailNames.All(ctx, call, nil) {
		if err != nil || operation.Word(operation.Lookup(item, "litellm_params.guardrail")) == "tool_policy" {
			return
		}
	}
	call.Note("The gateway has no guardrail of the type tool_policy, so it does not enforce the policies of tools.")
}

func askToolPolicy(_ context.Context, call *operation.Call) (string, error) {
	var words []string
	for _, name := range []string{"input_policy", "output_policy"} {
		if value := call.Args().String(name); value != "" {
			words = append(words, name+" "+value)
		}
	}
	return "Set the policy of tool " + operation.Name(call.Args().String("tool_name")) + " to " + strings.Join(words, ", ") + ", for " + scopeWords(call) + "?", nil
}

// loosensTool says what a policy lets through that the present one stops.
func loosensTool(ctx context.Context, call *operation.Call) (found []string, err error) {
	tool, err := readTool(ctx, call)
	if operation.IsNotFound(err) || operation.IsRefused(err) {
		return nil, nil
	}
	args, name := call.Args(), operation.Name(call.Args().String("tool_name"))
	input, output := operation.Word(operation.Lookup(tool, "tool.input_policy")), operation.Word(operation.Lookup(tool, "tool.output_policy"))
	switch to := args.String("input_policy"); {
	case to == "" || to == "blocked":
	case input == "blocked":
		found = append(found, "unblocks tool "+name+" for every key")
	case input == "trusted" && to == "untrusted":
		found = append(found, "lets tool "+name+" run after untrusted output")
	}
	if args.String("output_policy") == "trusted" && output != "trusted" {
		found = append(found, "trusts the output of tool "+name)
	}
	return found, err
}

// toolPolicyApplied reads the tool again: the answer repeats the request.
func toolPolicyApplied(ctx context.Context, call *operation.Call, result *operation.Result) error {
	tool, err := readTool(ctx, call)
	if err != nil {
		call.Note("Could not confirm the policy: the tool cannot be read.")
		return nil
	}
	scope, one := scopeOf(call)
	if one {
		if result.Done = "blocked tool " + operation.Name(call.Args().String("tool_name")) + " for " + scopeWords(call); blockedFor(tool, scope) {
			return nil
		}
		return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Message: "the gateway accepted the request, but did not block the tool"}
	}
	for _, name := range []string{"input_policy", "output_policy"} {
		has := operation.Lookup(tool, "tool."+name)
		if want := call.Arg(name); want != nil && !took(want, has) {
			return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true,
				Message: "the gateway accepted the request, but " + name + " is still " + operation.Shown(operation.Word(has))}
		}
	}
	return nil
}

// blockedFor reports whether a tool is blocked for a team or a key.
func blockedFor(tool json.RawMessage, scope map[string]string) bool {
	var overrides []map[string]any
	_ = json.Unmarshal(operation.Lookup(tool, "overrides"), &overrides)
	for _, override := range overrides {
		for name, value := range scope {
			if override[name] == value {
				return true
			}
		}
	}
	return false
}

// scopeWords names the team or the key of a call.
func scopeWords(call *operation.Call) string {
	for _, one := range []struct{ argument, what string }{{"team_id", "team "}, {"key_hash", "key "}} {
		if thing, named := call.Named(one.argument); named {
			return one.what + thing.Label()
		}
		if id := call.Args().String(one.argument); id != "" {
			return one.what + operation.Name(id)
		}
	}
	return "every key"
}

// scopeLabel is [scopeWords] with the name of the team or key, which is looked up.
func scopeLabel(ctx context.Context, call *operation.Call) string {
	for argument, of := range map[string]*operation.Collection{"team_id": teamCollection, "key_hash": keyCollection} {
		if id := call.Args().String(argument); id != "" {
			if things, _, err := of.Targets(ctx, call, argument, []string{id}); err == nil && len(things) == 1 {
				return several(of.What, things)
			}
		}
	}
	return scopeWords(call)
}

type toolsPolicyResetInput struct {
	toolNamed
	toolScope
}

var toolsPolicyReset = &operation.Operation{
	Path:     "tools policy-reset",
	Summary:  "Unblock a tool for one team or key",
	Examples: []string{"tools policy-reset run_shell --team research"},
	Effect:   operation.Destructive,
	Sends:    []string{"DELETE /v1/tool/{tool_name}/overrides"},
	Consent:  ask(askUnblockTool),
	Do: operation.Func[toolsPolicyResetInput](func(ctx context.Context, call *operation.Call, in toolsPolicyResetInput) (operation.Result, error) {
		scope, _, err := blockOf(ctx, call)
		if err != nil {
			return operation.Result{}, err
		}
		query := url.Values{}
		for name, value := range scope {
			query.Set(name, value)
		}
		body, err := call.Client().JSON(ctx, proxyclient.Request{Method: "DELETE", Path: "/v1/tool/{tool_name:path}/overrides", Params: map[string]string{"tool_name": in.ToolName}, Query: query})
		if err != nil {
			return operation.Result{}, err
		}
		return operation.Result{Body: body, Done: "unblocked tool " + operation.Name(in.ToolName) + " for " + scopeWords(call)}, nil
	}),
}

// blockOf returns the scope of a block to remove, and the tool. A block that is not there is
// an error: the gateway would give the team or key an object permission before it says so.
func blockOf(ctx context.Context, call *operation.Call) (map[string]string, json.RawMessage, error) {
	scope, one := scopeOf(call)
	if !one {
		return nil, nil, operation.Usage("give one team or one key: {team_id} or {key_hash}")
	}
	tool, err := readTool(ctx, call)
	if err != nil {
		return nil, nil, err
	}
	if !blockedFor(tool, scope) {
		return nil, nil, &proxyclient.Error{Code: proxyclient.CodeNotFound,
			Message: "tool " + operation.Shown(call.Args().String("tool_name")) + " is not blocked for " + scopeWords(call) + " itself; nothing was sent"}
	}
	return scope, tool, nil
}

func askUnblockTool(ctx context.Context, call *operation.Call) (string, error) {
	_, tool, err := blockOf(ctx, call)
	if err != nil {
		return "", err
	}
	text := "Unblock tool " + operation.Name(call.Args().String("tool_name")) + " for " + scopeLabel(ctx, call) + "?"
	if operation.Word(operation.Lookup(tool, "tool.input_policy")) == "blocked" {
		return text + " It stays blocked for every key.", nil
	}
	return text + " Models may call it for it again.", nil
}

var toolsPolicyOptions = &operation.Operation{
	Path:     "tools policy-options",
	Summary:  "List the tool policies with their effects",
	Examples: []string{"tools policy-options"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[struct{}]{Method: "GET", Path: "/v1/tool/policy/options"},
	Columns: []operation.Column{
		{Name: "input_policies", Each: []string{"value", "description"}},
		{Name: "output_policies", Each: []string{"value", "description"}},
	},
}
