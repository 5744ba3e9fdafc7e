package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

type teamsSetupInput struct {
	TeamAlias string   `json:"team_alias" jsonschema:"required" help:"Team alias" cli:"arg=1"`
	Models    []string `json:"models" help:"Models the team may use (default all)"`
	budget
	people
	MaxBudgetInTeam *operation.USD `json:"max_budget_in_team" help:"Spending limit of each member in US dollars"`
	CreateMissing   bool           `json:"create_missing" help:"Create users that do not exist"`
	KeyAlias        string         `json:"key_alias" help:"Generate a team key with this alias"`
}

var teamsSetup = &operation.Operation{
	Path:    "teams setup",
	Summary: "Create a team with budget, models, members and an optional key in one step",
	Help:    "Run it again after a failure: what exists with the same settings is left unchanged, and a difference is an error before the first change. The key is shown only once, in the field key: store it now.",
	Examples: []string{
		"teams setup research --models gpt-4o-mini --max-budget 100 --budget-duration 30d --emails ann@example.com,bob@example.com --key-alias research-batch",
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /team/new", "POST /team/member_add", "POST /key/service-account/generate"},
	Default: true,
	People:  true,
	Checks:  []operation.Check{notesNewTeam},
	Do:      operation.Func[teamsSetupInput](setupTeam),
	Columns: shownOnce([]operation.Column{{Name: "token", ID: true}, {Name: "team_alias", ID: true}, {Name: "team_id", ID: true}, {Name: "members"}}),
	Reveal:  []string{"key"},
	Returns: []string{"team_id"},
}

func setupTeam(ctx context.Context, call *operation.Call, in teamsSetupInput) (operation.Result, error) {
	settings := []string{"models", "max_budget", "budget_duration"}
	team, err := adopt(ctx, call, teamCollection, in.TeamAlias, "{op:teams update} and {op:teams member-add} change the one that is there",
		func(item json.RawMessage) []string { return differences(item, call.Args(), true, settings...) })
	if err == nil {
		err = usable(call, "team", in.TeamAlias, team.Item)
	}
	if err != nil {
		return operation.Result{}, err
	}
	key, err := adoptKey(ctx, call, in.KeyAlias, nil, team.ID, team.ID == nil)
	if err != nil {
		return operation.Result{}, err
	}
	members, err := in.find(ctx, call, "user", in.CreateMissing)
	if err != nil {
		return operation.Result{}, err
	}
	var present []teamMember
	steps, id := operation.NewSteps(call), team.ID
	if id != nil {
		there, err := readTeam(ctx, call, operation.Word(id))
		if err != nil {
			return operation.Result{}, err
		}
		present = there.members
		if err := there.keepsLimits(call, members); err != nil {
			return operation.Result{}, err
		}
		steps.Skip("team " + in.TeamAlias + " exists")
	} else {
		_, id = steps.Make(ctx, "created team "+in.TeamAlias, "/team/new", given(call, append(settings, "team_alias")...), "team_id", "the new team")
	}
	in.join(ctx, call, steps, id, members, present)
	out := map[string]json.RawMessage{"team_id": id, "team_alias": operation.Encode(in.TeamAlias), "members": operation.Encode(members)}
	switch {
	case key.ID != nil:
		steps.Skip(keyExists(in.KeyAlias))
		out["token"] = key.ID
	case in.KeyAlias != "":
		var made json.RawMessage
		made, out["key"] = steps.Make(ctx, "generated key "+in.KeyAlias, "/key/service-account/generate",
			operation.Args{"team_id": id, "key_alias": operation.Encode(in.KeyAlias)}, "key", "the new key")
		out["token"] = operation.Lookup(made, "token")
	}
	return steps.Result(operation.Encode(out))
}

// given returns the arguments with these names that the call has.
func given(call *operation.Call, names ...string) operation.Args {
	out := operation.Args{}
	for _, name := range names {
		if value, ok := call.Args()[name]; ok {
			out[name] = value
		}
	}
	return out
}

func keyExists(alias string) string {
	return "key " + alias + " exists and is unchanged; it is not shown again"
}

// join adds the members who are not in the team yet.
func (in teamsSetupInput) join(ctx context.Context, call *operation.Call, steps *operation.Steps, team json.RawMessage, members, present []teamMember) {
	names := in.names(call)
	var add []teamMember
	var added []string
	for i, m := range members {
		if slices.ContainsFunc(present, m.is) {
			steps.Skip(names[i] + " is in the team already")
			continue
		}
		present, add, added = append(present, m), append(add, m), append(added, names[i])
	}
	if len(add) == 0 {
		return
	}
	body := given(call, "max_budget_in_team")
	body["team_id"], body["member"] = team, operation.Encode(add)
	steps.Write(ctx, "added "+strings.Join(added, ", "), "POST", "/team/member_add", body)
}

// is reports whether both are the same person.
func (m teamMember) is(other teamMember) bool {
	return m.UserID != "" && m.UserID == other.UserID || m.UserEmail != "" && strings.EqualFold(m.UserEmail, other.UserEmail)
}

// listedMembers refuses members of a new team who do not exist, and the list of members that
// the gateway stores but does not read.
func listedMembers(ctx context.Context, call *operation.Call) error {
	body := call.Body()
	if sets(body, "members") {
		return operation.Usage("members makes nobody a member of the team; use {op:teams setup}, or afterward {op:teams member-add}")
	}
	var members []teamMember
	_ = json.Unmarshal(body["members_with_roles"], &members)
	for _, m := range members {
		if m.UserID == "" {
			continue
		}
		if there, err := userCollection.Exists(ctx, call, m.UserID); err != nil || !there {
			return cmp.Or(err, missing("user", m.UserID))
		}
	}
	return nil
}
