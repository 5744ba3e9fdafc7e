package tools

import (
	"context"
	"net/url"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// userBudgetIdle is part of every note about a user's budget, which does not limit team keys.
const userBudgetIdle = " does not limit keys of a team, unless the gateway sets apply_user_budget_to_team_keys. "

// budgetedUser describes the budget of a user: "5 US dollars", or "" if there is none or it
// cannot be read.
func budgetedUser(ctx context.Context, call *operation.Call, id string) (string, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/user/info", Query: url.Values{"user_id": {id}}})
	if e := operation.AsError(err); e != nil && e.Status != 0 {
		return "", nil
	}
	return dollars(operation.Thing{Item: operation.Lookup(body, "user_info")}, "max_budget"), err
}

// notesTeamKey notes that the budget of a key's user does not limit a team key.
func notesTeamKey(ctx context.Context, call *operation.Call) error {
	change := call.Body()
	team, user := change.String("team_id"), change.String("user_id")
	if team == "" && user == "" {
		return nil
	}
	if team == "" || user == "" {
		if call.Args().String("key") == "" {
			return nil
		}
		key, err := keyToChange(ctx, call)
		if err != nil {
			return err
		}
		for name, to := range map[string]*string{"team_id": &team, "user_id": &user} {
			if change[name] == nil {
				*to = operation.Word(operation.Lookup(key.Item, name))
			}
		}
	}
	if team == "" || user == "" {
		return nil
	}
	limit, err := budgetedUser(ctx, call, user)
	if err != nil || limit == "" {
		return err
	}
	call.Note("The budget of user " + call.Called(user) + " (" + limit + ")" + userBudgetIdle + "To limit the user in the team, use {op:teams member-update} with max_budget_in_team.")
	return nil
}

// notesBlockedTeam notes that the keys of a blocked team are rejected.
func notesBlockedTeam(ctx context.Context, call *operation.Call) error {
	id := call.Body().String("team_id")
	if id == "" {
		return nil
	}
	if team, err := teamCollection.FindID(ctx, call, id); err == nil {
		noteBlocked(call, team)
	}
	return nil
}

func noteBlocked(call *operation.Call, team operation.Thing) {
	if string(operation.Lookup(team.Item, "blocked")) == "true" {
		call.Note("Team " + team.Label() + " is blocked; its keys are rejected. To unblock it, use {op:teams unblock}.")
	}
}

// notesMemberBudget notes the same for users who join a team without member limits.
func notesMemberBudget(ctx context.Context, call *operation.Call) error {
	ids := call.Args().List("user_ids")
	if thing, named := call.Named("user_emails"); named {
		ids = append(ids, operation.Word(thing.ID))
	}
	if sets(call.Body(), "max_budget_in_team") || len(ids) == 0 {
		return nil
	}
	t, err := seenTeam(ctx, call)
	if err != nil || t == nil || t.defaults != nil && operation.NoNull(t.defaults.MaxBudget) != nil {
		return err
	}
	var limited []string
	for i, id := range ids {
		if i == maxNamed {
			break
		}
		limit, err := budgetedUser(ctx, call, id)
		if err != nil {
			return err
		}
		if limit != "" {
			limited = append(limited, call.Called(id)+" ("+limit+")")
		}
	}
	if len(limited) > 0 {
		call.Note("The budget of user " + strings.Join(limited, ", ") + userBudgetIdle + "{max_budget_in_team} limits members in the team.")
	}
	return nil
}

// notesNewUser notes the same for a new user with a budget and teams.
func notesNewUser(_ context.Context, call *operation.Call) error {
	change := call.Body()
	if sets(change, "max_budget") && len(change.List("teams")) > 0 {
		call.Note("The user's budget" + userBudgetIdle + "To limit the user in a team, use {op:teams member-update} with max_budget_in_team.")
	}
	return nil
}

// notesOnboarded notes the same for an existing user with a budget who joins a team.
func notesOnboarded(ctx context.Context, call *operation.Call) error {
	if call.Args().String("team_id") == "" {
		return nil
	}
	user, err := userCollection.Find(ctx, call, call.Args().String("user_email"), "user_email")
	if e := operation.AsError(err); e != nil && (e.Status != 0 || operation.IsNotFound(err)) {
		return nil
	}
	if limit := dollars(user, "max_budget"); limit != "" {
		call.Note("The budget of user " + call.Called(operation.Word(user.ID)) + " (" + limit + ")" + userBudgetIdle + "{max_budget_in_team} limits the user in the team.")
	}
	return err
}
