package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// resetTo is the spend that remains after a reset.
type resetTo struct {
	ResetTo operation.USD `json:"reset_to" help:"New spend in US dollars, up to the current spend (default 0)"`
}

// target returns the new spend, as the caller wrote it.
func (resetTo) target(call *operation.Call) json.RawMessage {
	if to := call.Arg("reset_to"); to != nil {
		return to
	}
	return json.RawMessage("0")
}

type usersResetSpendInput struct {
	userRef
	resetTo
}

var usersResetSpend = &operation.Operation{
	Path:     "users reset-spend",
	Summary:  "Reset a user's recorded spend",
	Help:     "Keys and team memberships have their own: use {op:keys reset-spend} and {op:teams member-reset-spend}. The request log is unchanged.",
	Examples: []string{"users reset-spend --user ann@example.com"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /user/update"},
	Consent: resets(func(ctx context.Context, call *operation.Call) (string, operation.Thing, error) {
		user, err := userOf(ctx, call)
		return "user " + user.Label(), user, err
	}),
	Do: operation.Func[usersResetSpendInput](resetUserSpend),
	Verify: spendIs(func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		user, err := userOf(ctx, call)
		return operation.Lookup(user.Item, "spend"), err
	}),
	Done: "reset the spend of user {user_id} from {previous_spend} to {spend} US dollars",
}

// resetUserSpend reads the user first: the gateway would create one that does not exist.
func resetUserSpend(ctx context.Context, call *operation.Call, in usersResetSpendInput) (operation.Result, error) {
	user, err := userOf(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	present, to := operation.Lookup(user.Item, "spend"), in.target(call)
	if is, err := money(present); err == nil {
		if want, _ := money(to); want > is {
			return operation.Result{}, operation.Usage("{reset_to}: the user has spent only " + amount(is) + " US dollars; give that or less")
		}
	}
	body, err := call.Write(ctx, "POST", "/user/update", operation.Args{"user_id": call.Arg("user_id"), "spend": to})
	if err != nil {
		return operation.Result{}, err
	}
	spend := operation.Lookup(body, "data.spend")
	return operation.Result{Body: operation.Encode(map[string]json.RawMessage{"user_id": call.Arg("user_id"), "spend": spend, "previous_spend": present})}, nil
}

func money(value json.RawMessage) (float64, error) { return strconv.ParseFloat(string(value), 64) }

// userOf is the user that a call names.
func userOf(ctx context.Context, call *operation.Call) (operation.Thing, error) {
	id := call.Args().String("user_id")
	body, err := call.Read(ctx, proxyclient.Request{Path: "/user/info", Query: url.Values{"user_id": {id}}})
	if operation.IsNotFound(err) {
		err = noUser(id)
	}
	item := operation.Lookup(body, "user_info")
	return operation.Thing{ID: call.Arg("user_id"), Name: operation.Word(operation.Lookup(item, "user_email")), Item: item}, err
}

// resets asks before a reset of some spend, which nobody can bring back. find returns what it
// is of, with its spend.
func resets(find func(context.Context, *operation.Call) (whose string, thing operation.Thing, err error)) operation.Consent {
	return operation.Consent{
		Ask: func(ctx context.Context, call *operation.Call) (string, error) {
			whose, thing, err := find(ctx, call)
			to := operation.Word(resetTo{}.target(call))
			text := "Reset the spend of " + whose
			if is, bad := money(operation.Lookup(thing.Item, "spend")); bad == nil {
				text += " from " + amount(is)
			}
			return text + " to " + to + " US dollars? Its budget counts from there, and the old figure cannot be restored.", err
		},
	}
}

// spendIs verifies a reset by reading the spend again: an answer alone proves nothing. Calls
// made since may have added to it.
func spendIs(read func(context.Context, *operation.Call) (json.RawMessage, error)) func(context.Context, *operation.Call, *operation.Result) error {
	return func(ctx context.Context, call *operation.Call, result *operation.Result) error {
		before, _ := money(operation.Lookup(result.Body, "previous_spend"))
		to, _ := money(resetTo{}.target(call))
		now, err := read(ctx, call)
		if err != nil {
			call.Note("The new spend could not be read back: " + err.Error())
			return nil
		}
		if is, err := money(now); err == nil && is >= before && before > to {
			return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Message: fmt.Sprintf("the gateway accepted the reset, but the spend is still %s US dollars", amount(is)),
				Hint: "this version of the gateway may ignore resets"}
		}
		return nil
	}
}

type memberRef struct {
	teamRef
	UserID existingUser `json:"user_id" name:"user" jsonschema:"required"`
}

type teamsMemberResetSpendInput struct {
	memberRef
	resetTo
}

var teamsMemberResetSpend = &operation.Operation{
	Path:     "teams member-reset-spend",
	Summary:  "Reset a team member's recorded spend in the team",
	Help:     "The spend of the team, the user and their keys is unchanged, as is the request log.",
	Examples: []string{"teams member-reset-spend --team research --user ann@example.com"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /team/{team_id}/member/{user_id}/reset_spend"},
	Consent: resets(func(ctx context.Context, call *operation.Call) (string, operation.Thing, error) {
		team, member, err := memberOf(ctx, call)
		if err != nil {
			return "", operation.Thing{}, err
		}
		return memberLabel(ctx, call) + " of team " + team.label(), operation.Thing{Item: operation.Encode(member)}, nil
	}),
	Do: operation.Func[teamsMemberResetSpendInput](func(ctx context.Context, call *operation.Call, in teamsMemberResetSpendInput) (operation.Result, error) {
		if _, _, err := memberOf(ctx, call); err != nil && !operation.IsRefused(err) {
			return operation.Result{}, err
		}
		return sendOfMember(ctx, call, "reset_spend", operation.Args{"reset_to": in.target(call)})
	}),
	Verify: spendIs(func(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
		_, member, err := memberOf(ctx, call)
		return member.Spend, err
	}),
	Done: "reset the spend of member {user_id} of team {team_id} from {previous_spend} to {spend} US dollars",
}

var teamsMemberResetBudget = &operation.Operation{
	Path:     "teams member-reset-budget",
	Summary:  "Return a team member to the team's member limits",
	Help:     "Removes the member's own limits. Recorded spend is unchanged; to reset it, use {op:teams member-reset-spend}.",
	Examples: []string{"teams member-reset-budget --team research --user ann@example.com"},
	Effect:   operation.Set,
	Sends:    []string{"POST /team/{team_id}/member/{user_id}/reset_budget"},
	Consent: operation.Consent{Sensitive: func(ctx context.Context, call *operation.Call) ([]string, error) {
		team, member, err := memberOf(ctx, call)
		if err != nil {
			return nil, err
		}
		return []string{"replaces the limits of " + memberLabel(ctx, call) + " of team " + team.label() + " (" + member.Budget.words() +
			") with the team's member limits (" + team.defaults.words() + ")"}, nil
	}},
	Do: operation.Func[memberRef](func(ctx context.Context, call *operation.Call, _ memberRef) (operation.Result, error) {
		if _, _, err := memberOf(ctx, call); err != nil && !operation.IsRefused(err) {
			return operation.Result{}, err
		}
		return sendOfMember(ctx, call, "reset_budget", nil)
	}),
	Done: "returned member {user_id} of team {team_id} to the team's member limits",
}

// memberLabel is the user that a call names, as a member: "member ann@example.com (d884…)".
func memberLabel(ctx context.Context, call *operation.Call) string {
	id := call.Args().String("user_id")
	if things, _, err := userCollection.Targets(ctx, call, "user_id", []string{id}); err == nil && len(things) == 1 {
		return several("member", things)
	}
	return "member " + operation.Name(id)
}

// sendOfMember sends a write to a route of one team member.
func sendOfMember(ctx context.Context, call *operation.Call, verb string, body operation.Args) (operation.Result, error) {
	r := proxyclient.Request{Method: "POST", Path: "/team/{team_id}/member/{user_id}/" + verb,
		Params: map[string]string{"team_id": call.Args().String("team_id"), "user_id": call.Args().String("user_id")}}
	if body != nil {
		r.Body = operation.Encode(body)
	}
	answer, err := call.Client().JSON(ctx, r)
	return operation.Result{Body: answer}, err
}

// memberOf is the team and the membership that a call names.
func memberOf(ctx context.Context, call *operation.Call) (*team, membership, error) {
	teamID, id := call.Args().String("team_id"), call.Args().String("user_id")
	t, err := readTeam(ctx, call, teamID)
	if err != nil {
		return nil, membership{}, err
	}
	for _, m := range t.memberships {
		if m.UserID == id {
			return t, m, nil
		}
	}
	if t.memberships == nil { // the gateway did not say
		return t, membership{UserID: id}, nil
	}
	return nil, membership{}, noMember(call, id, teamID)
}

// ignoresSpend refuses a new spend that the gateway would accept and drop.
func ignoresSpend(what, instead string) operation.Check {
	return func(_ context.Context, call *operation.Call) error {
		if call.Body()["spend"] == nil {
			return nil
		}
		return operation.Usage("the gateway ignores spend when a " + what + " is updated; nothing was sent. " + instead)
	}
}
