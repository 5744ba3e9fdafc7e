package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// newEmails is a list with at least one email address.
type newEmails []string

// Rule implements [operation.Ruled].
func (newEmails) Rule() operation.Rule { return operation.Rule{Email: true, NotEmpty: true} }

type usersBulkCreateInput struct {
	UserEmails    newEmails      `json:"user_emails" name:"emails" jsonschema:"required" help:"Email addresses, one user each" cli:"arg=1"`
	Teams         []existingTeam `json:"teams" help:"Teams to join, by alias or ID" cli:"alias=team"`
	AutoCreateKey *bool          `json:"auto_create_key" help:"Generate a key for each user (default false)"`
	userLimits
	operation.Extras
}

var usersBulkCreate = &operation.Operation{
	Path:     "users bulk-create",
	Summary:  "Create several internal users with the same settings",
	Help:     "Users that cannot be created are reported; the rest are created. Keys are shown only once: store them now.",
	Examples: []string{"users bulk-create ann@example.com bob@example.com --role internal_user --teams research --max-budget 20"},
	Effect:   operation.Write,
	Sends:    []string{"POST /management/v1/users/bulk"},
	Consent:  often,
	Checks:   []operation.Check{notesNewUser},
	Do:       operation.Func[usersBulkCreateInput](bulkCreateUsers),
	Reveal:   []string{"data.*.key"},
}

func bulkCreateUsers(ctx context.Context, call *operation.Call, in usersBulkCreateInput) (operation.Result, error) {
	common := call.Body()
	delete(common, "user_emails")
	if in.UserRole == "" {
		common["user_role"] = operation.Encode("internal_user")
	}
	var list []operation.Args
	for _, email := range in.UserEmails {
		list = append(list, common.With("user_email", email))
	}
	return bulk(ctx, call, "created", nil, "/management/v1/users/bulk", "data", map[string]any{"users": list})
}

type usersBulkUpdateInput struct {
	UserIDs []knownUser `json:"user_ids" name:"users" jsonschema:"required" help:"Users, by email or ID" cli:"arg=1"`
	userLimits
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var usersBulkUpdate = &operation.Operation{
	Path:     "users bulk-update",
	Summary:  "Change the role or limits of several internal users",
	Help:     "Users that do not exist are reported; the rest are changed.",
	Examples: []string{"users bulk-update ann bob --max-budget 20 --budget-duration 30d"},
	Effect:   operation.Set,
	Sends:    []string{"POST /user/bulk_update"},
	Consent:  changesUsers("user_ids"),
	Update:   userUpdate,
	Do:       operation.Func[usersBulkUpdateInput](bulkUpdateUsers),
}

func bulkUpdateUsers(ctx context.Context, call *operation.Call, in usersBulkUpdateInput) (operation.Result, error) {
	common := call.Body()
	delete(common, "user_ids")
	if len(common) == 0 {
		return operation.Result{}, operation.NothingToChange("max_budget")
	}
	var list []operation.Args
	var absent []string
	for _, id := range idsOf(in.UserIDs) {
		body, err := call.Read(ctx, proxyclient.Request{Path: "/user/info", Query: url.Values{"user_id": {id}}})
		change, err := call.Merged(common, operation.Lookup(body, "user_info"), err)
		switch {
		case operation.IsNotFound(err):
			absent = append(absent, id)
		case err != nil:
			return operation.Result{}, err
		default:
			list = append(list, change.With("user_id", id))
		}
	}
	if len(list) == 0 {
		return operation.Result{}, noUser(strings.Join(idsOf(in.UserIDs), ", "))
	}
	return bulk(ctx, call, "updated", absent, "/user/bulk_update", "results", map[string]any{"users": list})
}

type usersBulkDeleteInput struct {
	UserIDs []knownUser `json:"user_ids" name:"users" jsonschema:"required" help:"Users, by email or ID" cli:"arg=1"`
}

var usersBulkDelete = &operation.Operation{
	Path:     "users bulk-delete",
	Summary:  "Delete several users and their keys",
	Help:     "Users that do not exist are reported. To delete all or none, use {op:users delete}.",
	Examples: []string{"users bulk-delete ann bob"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /management/v1/users/bulk_delete"},
	Consent:  ask(askBulkDeleteUsers),
	Do: operation.Func[usersBulkDeleteInput](func(ctx context.Context, call *operation.Call, _ usersBulkDeleteInput) (operation.Result, error) {
		return bulk(ctx, call, "deleted", nil, "/management/v1/users/bulk_delete", "data", call.Body())
	}),
}

// bulk sends one request about many users and reports each of them. absent are users that
// do not exist; nothing is sent for them.
func bulk(ctx context.Context, call *operation.Call, verb string, absent []string, path, list string, body any) (operation.Result, error) {
	answer, err := call.Write(ctx, "POST", path, body)
	if err != nil {
		return operation.Result{}, err
	}
	var rows []struct {
		UserID    string `json:"user_id"`
		UserEmail string `json:"user_email"`
		Success   bool
		Error     string
		Updated   json.RawMessage `json:"updated_user"`
	}
	if !call.Planning() && operation.DecodeList(answer, list, path, &rows) != nil {
		return operation.Result{}, operation.Lacks(list)
	}
	done := 0
	for _, row := range rows {
		if row.Success {
			done++
		}
	}
	parts, asked := operation.NewParts(call, fmt.Sprintf("%s %d:", verb, done), "user"), call.Body()
	delete(asked, "user_ids")
	for _, id := range absent {
		parts.Report(id, "not found")
	}
	for _, row := range rows {
		who, why := row.UserID, ""
		if row.UserEmail != "" {
			who = strings.TrimSpace(row.UserEmail + " (" + row.UserID + ")")
		}
		if !row.Success {
			why = cmp.Or(row.Error, "the gateway gives no reason")
		} else if row.Updated != nil {
			why = ignored(call, asked, operation.Lookup(row.Updated, "data"))
		}
		parts.Report(who, why)
	}
	return parts.Result(answer)
}
