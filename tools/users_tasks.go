package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

type usersOnboardInput struct {
	UserEmail       operation.Email `json:"user_email" name:"email" jsonschema:"required" help:"Email address. An existing user is left unchanged" cli:"arg=1"`
	UserRole        userRole        `json:"user_role" name:"role" help:"Role of a new user (default internal_user)"`
	UserAlias       string          `json:"user_alias" name:"alias" help:"Display name of a new user"`
	TeamID          existingTeam    `json:"team_id" name:"team"`
	MaxBudgetInTeam *operation.USD  `json:"max_budget_in_team" help:"Spending limit of the user in the team, in US dollars"`
	KeyAlias        string          `json:"key_alias" help:"Alias of the key; must be unique"`
	Models          []string        `json:"models" help:"Models the key may use (default: those of the team, or all)"`
	MaxBudget       operation.USD   `json:"max_budget" help:"Spending limit of the key in US dollars"`
	BudgetDuration  string          `json:"budget_duration" help:"Reset period of the key's budget, such as 30d or 1mo"`
	lifetime
}

var usersOnboard = &operation.Operation{
	Path:        "users onboard",
	Summary:     "Give a person access in one step: user, team membership and key",
	Help:        "Run it again after a failure: anything that exists is left unchanged. A person who has a key in the team gets another one only with a new {key_alias}. The key is shown only once, in the field key: store it now.",
	Examples:    []string{"users onboard ann@example.com --team research --key-alias ann --max-budget 20 --duration 90d"},
	DefaultTeam: true,
	People:      true,
	Effect:      operation.Write,
	Sends:       []string{"POST /key/generate", "POST /team/member_add", "POST /user/new"},
	Consent:     operation.Consent{Sensitive: onboards},
	Default:     true,
	Checks:      []operation.Check{notesOwnBudget, notesOnboarded},
	Do:          operation.Func[usersOnboardInput](onboard),
	Columns: shownOnce([]operation.Column{
		{Name: "key_alias", ID: true}, {Name: "token", ID: true}, {Name: "user_email", ID: true}, {Name: "user_id", ID: true}, {Name: "team", Field: "team_alias"}, {Name: "team_id", ID: true},
		{Name: "expires", Format: operation.Time},
	}),
	Reveal:  []string{"key"},
	Returns: []string{"user_id"},
}

// access is what a person already has.
type access struct {
	user, key operation.Thing // zero: none
	team      string          // what people call it
	members   []string        // of the team
}

// find checks everything before the first change.
func (in usersOnboardInput) find(ctx context.Context, call *operation.Call) (has access, err error) {
	email := string(in.UserEmail)
	if has.user, err = userCollection.Find(ctx, call, email, "user_email"); err != nil && !operation.IsNotFound(err) {
		return has, err
	}
	if in.TeamID != "" {
		team, err := readTeam(ctx, call, string(in.TeamID))
		if err != nil {
			return has, err
		}
		has.team = team.name()
		if err := usable(call, "team", has.team, team.item); err != nil {
			return has, err
		}
		lacking, err := team.refuses(ctx, call, in.Models, nil)
		if err != nil {
			return has, err
		}
		if len(lacking) > 0 {
			return has, operation.Usage("{models}: the team may not use " + strings.Join(lacking, ", "))
		}
		has.members = team.memberIDs()
		if id := operation.Word(has.user.ID); id != "" && slices.Contains(has.members, id) {
			if err := team.keepsLimit(call, id, email); err != nil {
				return has, err
			}
		}
	}
	switch id := has.user.ID; {
	case in.KeyAlias != "":
		has.key, err = adoptKey(ctx, call, in.KeyAlias, id, call.Arg("team_id"), id == nil, "models", "max_budget", "budget_duration")
	case id != nil:
		has.key, err = standingKey(ctx, call, id, call.Arg("team_id"))
	default:
		err = nil
	}
	return has, err
}

func onboard(ctx context.Context, call *operation.Call, in usersOnboardInput) (operation.Result, error) {
	has, err := in.find(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	email := string(in.UserEmail)
	steps, id := operation.NewSteps(call), has.user.ID
	if id != nil {
		steps.Skip("user " + email + " exists")
	} else {
		user := given(call, "user_alias")
		user["user_email"], user["user_role"] = operation.Encode(email), operation.Encode(cmp.Or(in.UserRole, "internal_user"))
		user["auto_create_key"] = operation.Encode(false)
		_, id = steps.Make(ctx, "created user "+email, "/user/new", user, "user_id", "the new user")
	}
	switch {
	case in.TeamID == "":
	case id != nil && slices.Contains(has.members, operation.Word(id)):
		steps.Skip(email + " is in the team already")
	default:
		member := given(call, "max_budget_in_team")
		member["team_id"], member["member"] = operation.Encode(in.TeamID), operation.Encode([]teamMember{{UserID: operation.Word(id), Role: "user"}})
		steps.Write(ctx, "added "+email+" to team "+has.team, "POST", "/team/member_add", member)
	}
	out := map[string]json.RawMessage{"user_id": id, "user_email": operation.Encode(email), "team_id": call.Arg("team_id"), "key": nil}
	if has.team != "" {
		out["team_alias"] = operation.Encode(has.team)
	}
	made := has.key.Item
	if made != nil {
		steps.Skip(keyExists(has.key.Name))
	} else {
		key := given(call, "team_id", "key_alias", "models", "max_budget", "budget_duration", "duration")
		key["user_id"] = id
		call.Lifetime(key)
		made, out["key"] = steps.Make(ctx, "generated a key", "/key/generate", key, "key", "the new key")
	}
	for _, name := range []string{"key_alias", "token", "expires"} {
		out[name] = operation.Lookup(made, name)
	}
	result, err := steps.Result(operation.Encode(out))
	if has.key.Item != nil && in.KeyAlias == "" {
		result.Notes = append(result.Notes, "to make another key, give a new {key_alias}")
	}
	return result, err
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
	Sends:    []string{"POST /key/block", "POST /user/delete"},
	Consent:  ask(askRetire),
	Default:  true,
	Do:       operation.Func[usersRetireInput](retire),
	View: &operation.View{
		Facts: []operation.Column{
			{Name: "user_email"}, {Name: "user_id", ID: true}, {Name: "spend", Format: operation.Dollars}, {Name: "teams", Field: "team_aliases"}, {Name: "deleted"},
		},
		Lists: []operation.ViewList{{Name: "Keys", Field: "keys", Columns: []operation.Column{
			{Name: "key_alias"}, {Name: "key_name"}, {Name: "spend", Format: operation.Dollars},
		}}},
	},
}

// retired is the answer of users retire: the user's last state.
type retired struct {
	UserID    string          `json:"user_id"`
	UserEmail json.RawMessage `json:"user_email"`
	Spend     json.RawMessage `json:"spend"`
	Teams     json.RawMessage `json:"teams"`
	TeamNames []string        `json:"team_aliases"`
	Keys      []retiredKey    `json:"keys"`
	Deleted   bool            `json:"deleted"`
}

type retiredKey struct {
	Alias json.RawMessage `json:"key_alias"`
	Name  string          `json:"key_name"`
	Token string          `json:"token"`
	Spend json.RawMessage `json:"spend"`
}

// label is what people call the key.
func (k retiredKey) label() string { return cmp.Or(operation.Word(k.Alias), k.Name, k.Token) }

// keys names the keys with what each has spent.
func (r retired) keys() string {
	var names []string
	for _, key := range r.Keys {
		name := operation.Name(key.label())
		if spend, err := money(key.Spend); err == nil {
			name += " (" + amount(spend) + " US dollars)"
		}
		names = append(names, name)
	}
	return firstOf(names)
}

// readRetired reads the user's last state.
func readRetired(ctx context.Context, call *operation.Call, id string) (retired, error) {
	info, err := call.Read(ctx, proxyclient.Request{Path: "/user/info", Query: url.Values{"user_id": {id}}})
	if err != nil {
		return retired{}, err
	}
	user := operation.Lookup(info, "user_info")
	out := retired{UserID: id, UserEmail: operation.Lookup(user, "user_email"), Spend: operation.Lookup(user, "spend"), Teams: operation.Lookup(user, "teams"), TeamNames: []string{}, Keys: []retiredKey{}}
	for team := range secret.Elements(operation.Lookup(info, "teams")) {
		out.TeamNames = append(out.TeamNames, cmp.Or(operation.Word(operation.Lookup(team, "team_alias")), operation.Word(operation.Lookup(team, "team_id"))))
	}
	return out, operation.DecodeList(info, "keys", "/user/info", &out.Keys)
}

func retire(ctx context.Context, call *operation.Call, in usersRetireInput) (operation.Result, error) {
	out, err := readRetired(ctx, call, string(in.UserID))
	if err != nil {
		return operation.Result{}, err
	}
	steps := operation.NewSteps(call)
	for _, key := range out.Keys {
		steps.Write(ctx, "blocked key "+key.label(), "POST", "/key/block", map[string]string{"key": key.Token})
	}
	if !in.BlockOnly {
		steps.Write(ctx, "deleted user "+cmp.Or(operation.Word(out.UserEmail), string(in.UserID)), "POST", "/user/delete", map[string][]string{"user_ids": {string(in.UserID)}})
		out.Deleted = steps.Err() == nil
	}
	return steps.Result(operation.Encode(out))
}
