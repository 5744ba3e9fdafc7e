package tools

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// resetPaths are where answers have the time of the next reset.
var resetPaths = []string{"budget_reset_at", "data.budget_reset_at", "info.budget_reset_at", "user_info.budget_reset_at", "team_info.budget_reset_at",
	"litellm_budget_table.budget_reset_at", "budget.budget_reset_at"}

// resetAt is the time of the next reset in an answer, in UTC; "" if it has none.
func resetAt(body json.RawMessage) string {
	for _, path := range resetPaths {
		text := operation.Word(operation.Lookup(body, path))
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at.UTC().Format(time.RFC3339)
		}
	}
	return ""
}

// resetReads find that time for operations whose answer lacks it.
var resetReads = map[string]func(context.Context, *operation.Call, json.RawMessage) string{
	"keys generate":        resetOf("/key/info", "key", "token"),
	"keys service-account": resetOf("/key/info", "key", "token"),
	"users onboard":        resetOf("/key/info", "key", "token"),
	"users create":         resetOf("/user/info", "user_id", "user_id"),
	"teams setup":          resetOf("/team/info", "team_id", "team_id"),
	"teams member-add":     resetOfMember,
	"teams member-update":  resetOfMember,
	"tags create":          resetOfTag,
	"tags update":          resetOfTag,
}

// resetOf reads an object by an identifier in the answer.
func resetOf(path, parameter, field string) func(context.Context, *operation.Call, json.RawMessage) string {
	return func(ctx context.Context, call *operation.Call, answer json.RawMessage) string {
		body, _ := call.Read(ctx, proxyclient.Request{Path: path, Query: url.Values{parameter: {operation.Word(operation.Lookup(answer, field))}}})
		return resetAt(body)
	}
}

// resetOfMember finds the budget of the member that was changed, or of the first one added.
func resetOfMember(ctx context.Context, call *operation.Call, answer json.RawMessage) string {
	var added []json.RawMessage
	if json.Unmarshal(operation.Lookup(answer, "updated_team_memberships"), &added) == nil && len(added) > 0 {
		return resetAt(added[0])
	}
	_, member, err := memberOf(ctx, call)
	if err != nil {
		return ""
	}
	return resetAt(operation.Encode(member))
}

func resetOfTag(ctx context.Context, call *operation.Call, _ json.RawMessage) string {
	body, _ := readTag(ctx, call, call.Args().String("name"))
	return resetAt(operation.Lookup(body, call.Args().String("name")))
}

// notesReset notes when a budget with a new period resets: the gateway rounds to the end of
// a day, a week or a month.
func notesReset(ctx context.Context, call *operation.Call, result *operation.Result) error {
	if call.Shares() {
		return nil
	}
	change := call.Body()
	if sets(change, "team_member_budget_duration") {
		if t, err := readTeam(ctx, call, operation.Word(operation.Lookup(result.Body, "team_id"))); err == nil && t.defaults != nil && t.defaults.ResetAt != "" {
			call.Note("Member budgets reset at " + t.defaults.ResetAt + ".")
		}
	}
	if !sets(change, "budget_duration") {
		return nil
	}
	at := ""
	if read, has := resetReads[call.Operation().Path]; has {
		at = read(ctx, call, result.Body)
	} else {
		at = resetAt(result.Body)
	}
	if at != "" {
		call.Note("The budget resets at " + at + ".")
	}
	return nil
}
