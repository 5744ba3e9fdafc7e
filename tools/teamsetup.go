package tools

import (
	"context"
	"encoding/json"

	"litellm-proxy/proxyclient"
)

type teamsSetupInput struct {
	TeamAlias      string   `json:"team_alias" jsonschema:"required,minLength=1" jsonschema_description:"Name of the team; must be new" cli:"arg=1"`
	Models         []string `json:"models,omitempty" jsonschema_description:"Models that the team may use; none given: all"`
	MaxBudget      *float64 `json:"max_budget,omitempty" jsonschema:"minimum=0" jsonschema_description:"Most that the team may spend, in US dollars"`
	BudgetDuration string   `json:"budget_duration,omitempty" jsonschema_description:"Spend starts again from 0 after this time: 30d, 1mo"`
	people
	MaxBudgetInTeam *float64 `json:"max_budget_in_team,omitempty" jsonschema:"minimum=0" jsonschema_description:"Most that each member may spend in the team, in US dollars"`
	CreateMissing   bool     `json:"create_missing,omitempty" jsonschema_description:"Also create users that do not exist"`
	KeyAlias        string   `json:"key_alias,omitempty" jsonschema_description:"Also generate a service account key of the team with this name"`
}

var teamsSetup = &Operation{
	Path:    "teams setup",
	Summary: "Create a team with budget, models, members and, if wanted, a key in one go",
	Help:    "Everything is checked before the first request that changes something. A key is in the answer's field key and is never shown again.",
	Examples: []string{
		"teams setup research --models gpt-4o-mini --max-budget 100 --budget-duration 30d --emails ann@example.com,bob@example.com --key-alias research-batch",
	},
	Effect:  Write,
	Default: true,
	Do:      Func[teamsSetupInput](setupTeam),
	Reveal:  []string{"key"},
}

func setupTeam(ctx context.Context, env Env, in teamsSetupInput) (Result, error) {
	if err := newAlias(ctx, env, in.TeamAlias, false); err != nil {
		if e := as(err); e != nil && e.Code == proxyclient.CodeConflict {
			e.Hint = "nothing was created; teams update and teams member-add change the one that is there"
		}
		return Result{}, err
	}
	if err := freeAlias(ctx, env, in.KeyAlias); err != nil {
		return Result{}, err
	}
	members, err := in.find(ctx, env, "user", in.CreateMissing)
	if err != nil {
		return Result{}, err
	}
	steps := tasks{env: env}
	settings := Args{}
	for _, name := range []string{"team_alias", "models", "max_budget", "budget_duration"} {
		if value, given := env.args[name]; given {
			settings[name] = value
		}
	}
	team := steps.do(ctx, "created team "+in.TeamAlias, "POST", "/team/new", settings)
	id := orPlanned(Lookup(team, "team_id"), "the new team's id")
	if len(members) > 0 {
		add := Args{"team_id": id, "member": encode(members)}
		if in.MaxBudgetInTeam != nil {
			add["max_budget_in_team"] = env.args["max_budget_in_team"]
		}
		steps.do(ctx, "added "+plainList(encode(append(in.UserIDs, in.UserEmails...))), "POST", "/team/member_add", add)
	}
	var key json.RawMessage
	if in.KeyAlias != "" {
		key = steps.do(ctx, "generated key "+in.KeyAlias, "POST", "/key/service-account/generate", Args{"team_id": id, "key_alias": encode(in.KeyAlias)})
	}
	out := map[string]json.RawMessage{"team_id": id, "team_alias": encode(in.TeamAlias), "members": encode(members)}
	if key != nil {
		out["key"], out["token"] = Lookup(key, "key"), Lookup(key, "token")
	}
	return steps.result(encode(out))
}
