package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"litellm-proxy/proxyclient"
)

type usersBulkCreateInput struct {
	UserEmails    []string `json:"user_emails" jsonschema:"required,minItems=1" jsonschema_description:"Email addresses, one user each" cli:"name=emails,arg=1"`
	Teams         []string `json:"teams,omitempty" jsonschema_description:"Ids or aliases of existing teams to join" cli:"name=team"`
	AutoCreateKey *bool    `json:"auto_create_key,omitempty" jsonschema_description:"Also generate a key for each (default false)"`
	userLimits
	extras
}

var usersBulkCreate = &Operation{
	Path:     "users bulk-create",
	Summary:  "Create several internal users alike",
	Help:     "Who cannot be created is reported and the rest created. Keys, if asked for, are in the answer and are never shown again.",
	Examples: []string{"users bulk-create ann@example.com bob@example.com --role internal_user --team research --max-budget 20"},
	Effect:   Write,
	Do:       Func[usersBulkCreateInput](bulkCreateUsers),
	Reveal:   []string{"data.*.key"},
}

func bulkCreateUsers(ctx context.Context, env Env, in usersBulkCreateInput) (Result, error) {
	common := env.body()
	delete(common, "user_emails")
	if len(in.Teams) > 0 {
		teams, err := teamIDs(ctx, env, in.Teams)
		if err != nil {
			return Result{}, err
		}
		common["teams"] = encode(teams)
	}
	if in.UserRole == "" {
		common["user_role"] = encode("internal_user")
	}
	var list []Args
	for _, email := range in.UserEmails {
		list = append(list, common.with("user_email", email))
	}
	return env.bulk(ctx, "created", "/management/v1/users/bulk", "data", map[string]any{"users": list})
}

type usersBulkUpdateInput struct {
	UserIDs []string `json:"user_ids" jsonschema:"required,minItems=1" jsonschema_description:"Ids of the users" cli:"arg=1"`
	userLimits
	clearing
	extras
}

var usersBulkUpdate = &Operation{
	Path:     "users bulk-update",
	Summary:  "Change role or limits of several internal users alike",
	Help:     "Who does not exist, whom the gateway would create, is reported and the rest changed.",
	Examples: []string{"users bulk-update ann bob --max-budget 20 --budget-duration 30d"},
	Effect:   Set,
	Do:       Func[usersBulkUpdateInput](bulkUpdateUsers),
}

func bulkUpdateUsers(ctx context.Context, env Env, in usersBulkUpdateInput) (Result, error) {
	common := env.body()
	delete(common, "user_ids")
	if len(common) == 0 {
		return Result{}, usage("name what to change")
	}
	var list []Args
	var missing []Failure
	for _, id := range in.UserIDs {
		there, err := userExists(ctx, env, id)
		switch {
		case err != nil:
			return Result{}, err
		case !there:
			missing = append(missing, Failure{"user " + shown(id), "not found"})
		default:
			list = append(list, common.with("user_id", id))
		}
	}
	if len(list) == 0 {
		return Result{}, noUser(strings.Join(in.UserIDs, ", "))
	}
	result, err := env.bulk(ctx, "updated", "/user/bulk_update", "results", map[string]any{"users": list})
	result.Failed = append(missing, result.Failed...)
	return result, err
}

type usersBulkDeleteInput struct {
	UserIDs []string `json:"user_ids" jsonschema:"required,minItems=1" jsonschema_description:"Ids of the users" cli:"arg=1"`
}

var usersBulkDelete = &Operation{
	Path:     "users bulk-delete",
	Summary:  "Delete those of several internal users who exist, and their keys",
	Help:     "Who does not exist is reported and the rest deleted; users delete deletes none in that case.",
	Examples: []string{"users bulk-delete ann bob"},
	Effect:   Destructive,
	Do: Func[usersBulkDeleteInput](func(ctx context.Context, env Env, _ usersBulkDeleteInput) (Result, error) {
		return env.bulk(ctx, "deleted", "/management/v1/users/bulk_delete", "data", env.body())
	}),
}

// bulk sends one request about many users and takes the parts that failed out of
// the list in its answer.
func (env Env) bulk(ctx context.Context, verb, path, list string, body any) (Result, error) {
	answer, err := env.write(ctx, "POST", path, body)
	if err != nil {
		return Result{}, err
	}
	var rows []struct {
		UserID    string `json:"user_id"`
		UserEmail string `json:"user_email"`
		Success   bool
		Error     string
	}
	if err := json.Unmarshal(Lookup(answer, list), &rows); err != nil && Lookup(answer, list) != nil {
		return Result{}, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the gateway's answer to " + path + " has no list"}
	}
	result := Result{Body: answer}
	var done []string
	for _, row := range rows {
		who := row.UserID
		if row.UserEmail != "" {
			who = strings.TrimSpace(row.UserEmail + " (" + row.UserID + ")")
		}
		if row.Success {
			done = append(done, who)
		} else {
			result.Failed = append(result.Failed, Failure{"user " + shown(who), row.Error})
		}
	}
	if len(done) > 0 {
		result.Done = fmt.Sprintf("%s %d: %s", verb, len(done), shown(strings.Join(done, ", ")))
	}
	return result, nil
}
