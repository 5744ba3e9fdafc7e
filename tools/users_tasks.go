package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type usersOnboardInput struct {
	UserEmail       string         `json:"user_email" jsonschema:"required" help:"Email address. An existing user is left unchanged" cli:"name=email,arg=1"`
	UserRole        userRole       `json:"user_role" help:"Role of a new user (default internal_user)" cli:"name=role"`
	TeamID          string         `json:"team_id" help:"ID of the team to join, which owns the key"`
	Team            teamAlias      `json:"team" ref:"team_id"`
	MaxBudgetInTeam *operation.USD `json:"max_budget_in_team" help:"Spending limit of the user in the team, in US dollars"`
	KeyAlias        string         `json:"key_alias" help:"Alias of the key; must be unique"`
	Models          []string       `json:"models" help:"Models the key may use (default: those of the team, or all)"`
	MaxBudget       operation.USD  `json:"max_budget" help:"Spending limit of the key in US dollars"`
	BudgetDuration  string         `json:"budget_duration" help:"Key budget resets after this period, such as 30d or 1mo"`
	Duration        string         `json:"duration" help:"Key expires after this time, such as 90d (default never)"`
}

var usersOnboard = &operation.Operation{
	Path:     "users onboard",
	Summary:  "Give a person access in one step: user, team membership and key",
	Help:     "Anything that exists is left unchanged, so you can run it again after a failure. The key is shown only once, in the field key: store it now.",
	Examples: []string{"users onboard ann@example.com --team research --key-alias ann --max-budget 20 --duration 90d"},
	Effect:   operation.Write,
	Default:  true,
	Do:       operation.Func[usersOnboardInput](onboard),
	Reveal:   []string{"key"},
}

func onboard(ctx context.Context, call *operation.Call, in usersOnboardInput) (operation.Result, error) {
	steps := operation.NewSteps(call)
	user, err := userCollection.Find(ctx, call, in.UserEmail, "user_email")
	if err != nil && !operation.IsNotFound(err) {
		return operation.Result{}, err
	}
	if err := freeAlias(ctx, call, in.KeyAlias); err != nil {
		return operation.Result{}, err
	}
	id := user.ID
	var members []string
	if in.TeamID != "" {
		team, err := readTeam(ctx, call, in.TeamID)
		if err != nil {
			return operation.Result{}, err
		}
		if lacking := team.lacks(in.Models); len(lacking) > 0 {
			return operation.Result{}, operation.Usage("{models}: the team may not use " + operation.Words(operation.Encode(lacking)))
		}
		members = team.memberIDs()
	}
	if operation.IsNotFound(err) {
		made := steps.Write(ctx, "created user "+in.UserEmail, "POST", "/user/new", operation.Args{
			"user_email": operation.Encode(in.UserEmail), "user_role": operation.Encode(cmp.Or(in.UserRole, "internal_user")), "auto_create_key": operation.Encode(false)})
		if steps.Err() == nil {
			if id, err = call.Identifier(made, "user_id", "the new user"); err != nil {
				return operation.Result{}, err
			}
		}
	}
	if in.TeamID != "" && !slices.Contains(members, operation.Word(id)) {
		member := operation.Args{"team_id": operation.Encode(in.TeamID), "member": operation.Encode([]teamMember{{UserID: operation.Word(id), Role: "user"}})}
		if in.MaxBudgetInTeam != nil {
			member["max_budget_in_team"] = call.Arg("max_budget_in_team")
		}
		steps.Write(ctx, "added "+in.UserEmail+" to team "+in.TeamID, "POST", "/team/member_add", member)
	}
	key := operation.Args{"user_id": id}
	for _, name := range []string{"team_id", "key_alias", "models", "max_budget", "budget_duration", "duration"} {
		if value, given := call.Args()[name]; given {
			key[name] = value
		}
	}
	made := steps.Write(ctx, "generated a key", "POST", "/key/generate", key)
	return steps.Result(operation.Encode(map[string]json.RawMessage{
		"user_id": id, "user_email": operation.Encode(in.UserEmail), "team_id": key["team_id"], "key": operation.Lookup(made, "key"),
		"key_alias": operation.Lookup(made, "key_alias"), "token": operation.Lookup(made, "token"), "expires": operation.Lookup(made, "expires")}))
}

// freeAlias rejects a key alias that is taken before anything is sent: the key is the
// last step.
func freeAlias(ctx context.Context, call *operation.Call, alias string) error {
	if alias == "" {
		return nil
	}
	_, err := keyCollection.Find(ctx, call, alias, "key_alias")
	if err == nil {
		return &proxyclient.Error{Code: proxyclient.CodeConflict, Message: "the key alias " + operation.Shown(alias) + " is taken; nothing was changed",
			Hint: "give another {key_alias}"}
	}
	if operation.IsNotFound(err) || operation.IsRefused(err) {
		return nil
	}
	return err
}

type usersRetireInput struct {
	userRef
	BlockOnly bool `json:"block_only" help:"Block the keys and show the spend; delete nothing"`
}

var usersRetire = &operation.Operation{
	Path:     "users retire",
	Summary:  "Retire a user: block the keys, show the spend, then delete user and keys",
	Help:     "If a key cannot be blocked, the user is not deleted.",
	Examples: []string{"users retire --user ann@example.com --block-only", "users retire --user ann@example.com"},
	Effect:   operation.Destructive,
	Default:  true,
	Do:       operation.Func[usersRetireInput](retire),
}

// retired is the answer of users retire: the user's last state.
type retired struct {
	UserID    string          `json:"user_id"`
	UserEmail json.RawMessage `json:"user_email"`
	Spend     json.RawMessage `json:"spend"`
	Teams     json.RawMessage `json:"teams"`
	Keys      []retiredKey    `json:"keys"`
	Deleted   bool            `json:"deleted"`
}

type retiredKey struct {
	Alias json.RawMessage `json:"key_alias"`
	Name  string          `json:"key_name"`
	Token string          `json:"token"`
	Spend json.RawMessage `json:"spend"`
}

func retire(ctx context.Context, call *operation.Call, in usersRetireInput) (operation.Result, error) {
	info, err := call.Read(ctx, proxyclient.Request{Path: "/user/info", Query: url.Values{"user_id": {in.UserID}}})
	if err != nil {
		return operation.Result{}, err
	}
	user := operation.Lookup(info, "user_info")
	out := retired{UserID: in.UserID, UserEmail: operation.Lookup(user, "user_email"), Spend: operation.Lookup(user, "spend"), Teams: operation.Lookup(user, "teams"), Keys: []retiredKey{}}
	if err := json.Unmarshal(operation.Lookup(info, "keys"), &out.Keys); err != nil && operation.Lookup(info, "keys") != nil {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer to /user/info has no list of keys"}
	}
	steps := operation.NewSteps(call)
	for _, key := range out.Keys {
		name := cmp.Or(operation.Word(key.Alias), key.Name, key.Token)
		steps.Write(ctx, "blocked key "+name, "POST", "/key/block", map[string]string{"key": key.Token})
	}
	if !in.BlockOnly {
		steps.Write(ctx, "deleted user "+in.UserID, "POST", "/user/delete", map[string][]string{"user_ids": {in.UserID}})
		out.Deleted = steps.Err() == nil
	}
	return steps.Result(operation.Encode(out))
}
