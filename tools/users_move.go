package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type usersMoveInput struct {
	userRef
	FromTeamID      existingTeam   `json:"from_team_id" name:"from" jsonschema:"required" help:"Team to leave, by alias or ID"`
	ToTeamID        existingTeam   `json:"to_team_id" name:"to" jsonschema:"required" help:"Team to join, by alias or ID"`
	Role            teamRole       `json:"role" help:"Role in the new team (default: the present one)"`
	MaxBudgetInTeam *operation.USD `json:"max_budget_in_team" help:"Spending limit in the new team, in US dollars (default: the present one)"`
	DeleteKeys      bool           `json:"delete_keys" help:"Delete the user's keys of the old team instead of moving them"`
}

var usersMove = &operation.Operation{
	Path:     "users move",
	Summary:  "Move an internal user and their keys from one team to another",
	Help:     "Joins the new team first, with the present role and own limits, then moves the keys, then leaves the old team. Run it again after a failure: it does what is missing. Fails before the first change if the new team lacks a model of a key.",
	Examples: []string{"users move ann@example.com --from research --to platform"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /team/member_add", "POST /key/update", "POST /team/member_delete"},
	Consent:  operation.Consent{Ask: askMoveUser, Sensitive: movesKeys},
	Do:       operation.Func[usersMoveInput](moveUser),
	Columns: []operation.Column{
		{Name: "user_email", ID: true}, {Name: "user_id", ID: true}, {Name: "from_team"}, {Name: "to_team"},
		{Name: "keys", Each: []string{"key_alias"}},
	},
}

// userMove is what a move finds before the first change.
type userMove struct {
	user     operation.Thing
	from, to *team
	member   teamMember        // in the team to leave
	stays    bool              // still in the team to leave
	joined   bool              // already in the team to join
	keys     []operation.Thing // of the user in the team to leave
}

func (m userMove) who() string { return cmp.Or(m.user.Name, operation.Word(m.user.ID)) }

// name is what people call a team.
func (t *team) name() string {
	return cmp.Or(operation.Word(operation.Lookup(t.item, "team_alias")), operation.Word(operation.Lookup(t.item, "team_id")))
}

// findMove reads the teams, the user and the keys.
func findMove(ctx context.Context, call *operation.Call) (userMove, error) {
	return operation.Once(call, "user to move", func() (m userMove, err error) {
		args := call.Args()
		user, from, to := args.String("user_id"), args.String("from_team_id"), args.String("to_team_id")
		if from == to {
			return m, operation.Usage("{from} and {to} are the same team")
		}
		if m.user, err = userCollection.FindID(ctx, call, user); err != nil {
			if !operation.IsRefused(err) {
				return m, err
			}
			m.user = operation.Thing{ID: operation.Encode(user)}
		}
		if m.from, err = readTeam(ctx, call, from); err != nil {
			return m, err
		}
		if m.to, err = readTeam(ctx, call, to); err != nil {
			return m, err
		}
		if i := slices.Index(m.from.memberIDs(), user); i >= 0 {
			m.member, m.stays = m.from.members[i], true
		}
		m.joined = slices.Contains(m.to.memberIDs(), user)
		if !m.stays && !m.joined {
			return m, noMember(call, m.who(), m.from.name())
		}
		for key, err := range keyCollection.All(ctx, call, url.Values{"user_id": {user}, "team_id": {from}}) {
			if err != nil {
				return m, err
			}
			if owns(key, operation.Encode(user), operation.Encode(from)) {
				name := cmp.Or(operation.Word(operation.Lookup(key, "key_alias")), operation.Word(operation.Lookup(key, "key_name")))
				m.keys = append(m.keys, operation.Thing{ID: operation.Lookup(key, keyCollection.ID), Name: name, Item: key})
			}
		}
		return m, nil
	})
}

// fits refuses keys that the new team does not allow their models.
func (m userMove) fits(ctx context.Context, call *operation.Call) error {
	var wrong []string
	for _, key := range m.keys {
		var models []string
		_ = json.Unmarshal(operation.Lookup(key.Item, "models"), &models)
		lacking, err := m.to.refuses(ctx, call, models, operation.Lookup(key.Item, "aliases"))
		if err != nil {
			return err
		}
		if len(lacking) > 0 {
			wrong = append(wrong, "key "+operation.Name(key.Name)+" may use "+strings.Join(lacking, ", "))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &proxyclient.Error{Code: proxyclient.CodeInvalid,
		Message: "team " + operation.Shown(m.to.name()) + " lacks models of the keys: " + strings.Join(wrong, "; ") + "; nothing was changed",
		Hint:    "add the models with {op:teams model-add}, move these keys first with {op:keys move} and other {models}, or give {delete_keys}"}
}

// joining is the body that adds the user to the new team, with the role and the own limits
// of the old one.
func (m userMove) joining(call *operation.Call, in usersMoveInput) operation.Args {
	role := cmp.Or(string(in.Role), m.member.Role, "user")
	body := operation.Args{"team_id": call.Arg("to_team_id"), "member": operation.Encode([]teamMember{{UserID: string(in.UserID), Role: role}})}
	i := slices.IndexFunc(m.from.memberships, func(s membership) bool { return s.UserID == string(in.UserID) })
	if i >= 0 && m.from.own(m.from.memberships[i]) && m.from.memberships[i].Budget != nil {
		limits := m.from.memberships[i].Budget
		if operation.NoNull(limits.MaxBudget) != nil {
			body["max_budget_in_team"] = limits.MaxBudget
		}
		if limits.Duration != "" {
			body["budget_duration"] = operation.Encode(limits.Duration)
		}
		if len(limits.AllowedModels) > 0 {
			body["allowed_models"] = operation.Encode(limits.AllowedModels)
		}
		if rates := limits.rates(); len(rates) > 0 {
			call.Note("The limits per minute in the old team (" + strings.Join(rates, ", ") + ") are not taken along. To set them, use {op:teams member-update}.")
		}
	}
	if in.MaxBudgetInTeam != nil {
		body["max_budget_in_team"] = call.Arg("max_budget_in_team")
	}
	return body
}

func moveUser(ctx context.Context, call *operation.Call, in usersMoveInput) (operation.Result, error) {
	m, err := findMove(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	if !in.DeleteKeys {
		if err := m.fits(ctx, call); err != nil {
			return operation.Result{}, err
		}
	}
	steps, who := operation.NewSteps(call), m.who()
	if m.joined {
		if err := m.to.keepsLimit(call, string(in.UserID), who); err != nil {
			return operation.Result{}, err
		}
		steps.Skip(who + " is in team " + m.to.name() + " already")
	} else {
		noteBlocked(call, operation.Thing{ID: call.Arg("to_team_id"), Item: m.to.item})
		steps.Write(ctx, "added "+who+" to team "+m.to.name(), "POST", "/team/member_add", m.joining(call, in))
	}
	moved := []operation.Args{}
	for _, key := range m.keys {
		if in.DeleteKeys {
			break // they go with the membership
		}
		steps.Write(ctx, "moved key "+key.Name+" to team "+m.to.name(), "POST", "/key/update", operation.Args{"key": key.ID, "team_id": call.Arg("to_team_id")})
		moved = append(moved, operation.Args{"key_alias": operation.Lookup(key.Item, "key_alias"), "token": key.ID})
	}
	if m.stays {
		steps.Write(ctx, "removed "+who+" from team "+m.from.name(), "POST", "/team/member_delete",
			operation.Args{"team_id": call.Arg("from_team_id"), "user_id": call.Arg("user_id")})
	} else {
		steps.Skip(who + " is not in team " + m.from.name() + " anymore")
	}
	return steps.Result(operation.Encode(map[string]any{"user_id": call.Arg("user_id"), "user_email": operation.Lookup(m.user.Item, "user_email"),
		"from_team_id": call.Arg("from_team_id"), "to_team_id": call.Arg("to_team_id"), "from_team": m.from.name(), "to_team": m.to.name(), "keys": moved}))
}

// askMoveUser names the keys, and what does not come along.
func askMoveUser(ctx context.Context, call *operation.Call) (string, error) {
	m, err := findMove(ctx, call)
	if err != nil {
		return "", err
	}
	text := "Move " + several("user", []operation.Thing{m.user}) + " from team " + m.from.label() + " to team " + m.to.label() + "? "
	switch n := len(m.keys); {
	case n == 0:
		text += "They have no keys in the old team."
	case string(call.Arg("delete_keys")) == "true":
		text += "Their " + does("key", m.keys, "stops working", "stop working")
	default:
		text += "Their " + does("key", m.keys, "moves along", "move along")
	}
	for _, s := range m.from.memberships {
		if spend, err := money(s.Spend); err == nil && spend > 0 && s.UserID == call.Args().String("user_id") {
			text += " Their member spend of " + amount(spend) + " US dollars starts again at 0."
		}
	}
	return text, nil
}

// movesKeys is what the keys of a moved user gain by the new team.
func movesKeys(ctx context.Context, call *operation.Call) ([]string, error) {
	m, err := findMove(ctx, call)
	if err != nil || string(call.Arg("delete_keys")) == "true" {
		return nil, err
	}
	return moved(ctx, call, m.keys, call.Args().String("to_team_id"))
}
