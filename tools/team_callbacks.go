package tools

import (
	"context"

	"litellm-proxy/internal/operation"
)

var teamsCallbacksList = &operation.Operation{
	Path:     "teams callbacks-list",
	Summary:  "List the logging services of a team's calls",
	Examples: []string{"teams callbacks-list --team research"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[teamRef]{Method: "GET", Path: "/team/{team_id:path}/callback"},
}

// callbackType is the calls that a callback logs.
type callbackType string

// Rule implements [operation.Ruled].
func (callbackType) Rule() operation.Rule {
	return operation.Rule{Values: []string{"success", "failure", "success_and_failure"}}
}

type teamsCallbacksAddInput struct {
	teamRef
	CallbackName string          `json:"callback_name" name:"name" jsonschema:"required" help:"Service, such as langfuse, langsmith or gcs_bucket"`
	CallbackType callbackType    `json:"callback_type" name:"type" help:"Calls to log (default success_and_failure)"`
	CallbackVars operation.Pairs `json:"callback_vars" jsonschema:"required" help:"Settings, such as langfuse_public_key, langfuse_secret_key, langfuse_host" cli:"name=var"`
}

var teamsCallbacksAdd = &operation.Operation{
	Path:    "teams callbacks-add",
	Summary: "Log a team's calls to a service",
	Examples: []string{
		"teams callbacks-add --team research --name langfuse --type success --var langfuse_public_key=pk-1 --var langfuse_secret_key=@langfuse.key",
	},
	Effect:  operation.Write,
	Consent: operation.Consent{Sensitive: addsCallback},
	Checks:  []operation.Check{reachable("/team/{team_id:path}/callback/{callback_name}", "callback_name", "callback_name", argument("callback_name"))},
	Do:      operation.Endpoint[teamsCallbacksAddInput]{Method: "POST", Path: "/team/{team_id:path}/callback", Fixed: true},
	Done:    "team {team_id} logs to {callback_name}",
}

type teamsCallbacksDeleteInput struct {
	teamRef
	CallbackName string `json:"callback_name" name:"name" jsonschema:"required" help:"Logging service, such as langfuse"`
}

var teamsCallbacksDelete = &operation.Operation{
	Path:     "teams callbacks-delete",
	Summary:  "Stop logging a team's calls to a service",
	Examples: []string{"teams callbacks-delete --team research --name langfuse"},
	Effect:   operation.Destructive,
	Consent: ask(func(ctx context.Context, call *operation.Call) (string, error) {
		team, err := labeled(ctx, call, teamCollection, "team_id")
		service := operation.Name(call.Args().String("callback_name"))
		return "Stop logging the calls of " + team + " to " + service + "? " + "New calls no longer appear there.", err
	}),
	Do:   operation.Endpoint[teamsCallbacksDeleteInput]{Method: "DELETE", Path: "/team/{team_id:path}/callback/{callback_name}"},
	Done: "team {team_id} no longer logs to {callback_name}",
}
