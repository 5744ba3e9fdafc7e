package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type teamsSetupInput struct {
	TeamAlias string   `json:"team_alias" jsonschema:"required" help:"Team alias; must be new" cli:"arg=1"`
	Models    []string `json:"models" help:"Models the team may use (default all)"`
	budget
	people
	MaxBudgetInTeam *operation.USD `json:"max_budget_in_team" help:"Spending limit of each member in US dollars"`
	CreateMissing   bool           `json:"create_missing" help:"Create users that do not exist"`
	KeyAlias        string         `json:"key_alias" help:"Also generate a team key with this alias"`
}

var teamsSetup = &operation.Operation{
	Path:    "teams setup",
	Summary: "Create a team with budget, models, members and an optional key in one step",
	Help:    "Everything is checked before the first change. The key is shown only once, in the field key: store it now.",
	Examples: []string{
		"teams setup research --models gpt-4o-mini --max-budget 100 --budget-duration 30d --emails ann@example.com,bob@example.com --key-alias research-batch",
	},
	Effect:  operation.Write,
	Default: true,
	Do:      operation.Func[teamsSetupInput](setupTeam),
	Reveal:  []string{"key"},
}

func setupTeam(ctx context.Context, call *operation.Call, in teamsSetupInput) (operation.Result, error) {
	if err := newAlias(ctx, call, in.TeamAlias, false); err != nil {
		if e := operation.AsError(err); e != nil && e.Code == proxyclient.CodeConflict {
			e.Hint = "nothing was created; teams update and teams member-add change the one that is there"
		}
		return operation.Result{}, err
	}
	if err := freeAlias(ctx, call, in.KeyAlias); err != nil {
		return operation.Result{}, err
	}
	members, err := in.find(ctx, call, "user", in.CreateMissing)
	if err != nil {
		return operation.Result{}, err
	}
	steps := operation.NewSteps(call)
	settings := operation.Args{}
	for _, name := range []string{"team_alias", "models", "max_budget", "budget_duration"} {
		if value, given := call.Args()[name]; given {
			settings[name] = value
		}
	}
	team := steps.Write(ctx, "created team "+in.TeamAlias, "POST", "/team/new", settings)
	if steps.Err() != nil {
		return steps.Result(nil)
	}
	id, err := call.Identifier(team, "team_id", "the new team")
	if err != nil {
		return operation.Result{}, err
	}
	if len(members) > 0 {
		add := operation.Args{"team_id": id, "member": operation.Encode(members)}
		if in.MaxBudgetInTeam != nil {
			add["max_budget_in_team"] = call.Arg("max_budget_in_team")
		}
		steps.Write(ctx, "added "+operation.Words(operation.Encode(append(in.UserIDs, in.UserEmails...))), "POST", "/team/member_add", add)
	}
	var key json.RawMessage
	if in.KeyAlias != "" {
		key = steps.Write(ctx, "generated key "+in.KeyAlias, "POST", "/key/service-account/generate", operation.Args{"team_id": id, "key_alias": operation.Encode(in.KeyAlias)})
	}
	out := map[string]json.RawMessage{"team_id": id, "team_alias": operation.Encode(in.TeamAlias), "members": operation.Encode(members)}
	if key != nil {
		out["key"], out["token"] = operation.Lookup(key, "key"), operation.Lookup(key, "token")
	}
	return steps.Result(operation.Encode(out))
}
