package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/ledger"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// lacks are the models that the team may not use: none when it has no list.
func (t *team) lacks(models []string) (lacking []string) {
	if len(t.models) == 0 || slices.Contains(t.models, "all-proxy-models") {
		return nil
	}
	for _, name := range models {
		if !slices.Contains(t.models, name) && name != "all-team-models" {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// people names users by id and by email.
type people struct {
	UserIDs    []string `json:"user_ids" help:"Ids of the users"`
	UserEmails []string `json:"user_emails" help:"Email addresses of users" cli:"name=emails"`
}

type teamsMemberAddInput struct {
	teamRef
	people
	Role            string   `json:"role" jsonschema:"enum=user,enum=admin" help:"Role in the team (default user; admin needs Enterprise)"`
	MaxBudgetInTeam *float64 `json:"max_budget_in_team" jsonschema:"minimum=0" help:"Most that each may spend in the team, in US dollars"`
	BudgetDuration  string   `json:"budget_duration" help:"That spend starts again from 0 after this time: 30d, 1mo"`
	AllowedModels   []string `json:"allowed_models" help:"Models of the team that they may use; none given: all"`
	CreateMissing   bool     `json:"create_missing" help:"Also create users that do not exist"`
	operation.Extras
}

var teamsMemberAdd = &operation.Operation{
	Path:    "teams member-add",
	Summary: "Add one or more users to a team",
	Help:    "Refused when a user does not exist, whom the gateway would create, unless {create_missing}; when one is a member already, none is added.",
	Examples: []string{
		"teams member-add --team research --emails ann@example.com,bob@example.com",
		"teams member-add --team research --user-ids ann --max-budget-in-team 20",
	},
	Effect:  operation.Write,
	Consent: often,
	Default: true,
	Do:      operation.Func[teamsMemberAddInput](addMembers),
}

func addMembers(ctx context.Context, call *operation.Call, in teamsMemberAddInput) (operation.Result, error) {
	return in.add(ctx, call, "/team/member_add", cmp.Or(in.Role, "user"), in.CreateMissing, "team "+in.TeamID)
}

// add sends the people to an endpoint that takes them as its member; to is what
// they are added to, for the reader.
func (p people) add(ctx context.Context, call *operation.Call, path, role string, create bool, to string) (operation.Result, error) {
	if len(p.UserIDs)+len(p.UserEmails) == 0 {
		return operation.Result{}, operation.Usage("name whom to add: {user_ids} or {user_emails}")
	}
	members, err := p.find(ctx, call, role, create)
	if err != nil {
		return operation.Result{}, err
	}
	fields := call.Body()
	for _, name := range []string{"user_ids", "user_emails", "role", "create_missing"} {
		delete(fields, name)
	}
	fields["member"] = operation.Encode(members)
	body, err := call.Write(ctx, "POST", path, fields)
	if err != nil {
		return operation.Result{}, err
	}
	return operation.Result{Body: body, Done: fmt.Sprintf("added %s to %s", strings.Join(slices.Concat(p.UserIDs, p.UserEmails), ", "), to)}, nil
}

// find returns the users as members of a team. One who does not exist is an
// error unless missing ones are to be created.
func (p people) find(ctx context.Context, call *operation.Call, role string, create bool) ([]teamMember, error) {
	members := []teamMember{}
	absent := func(what string) error {
		return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "user " + operation.Shown(what) + " does not exist; nothing was changed",
			Hint: "users create makes a user"}
	}
	for _, id := range p.UserIDs {
		if there, err := userExists(ctx, call, id); err != nil {
			return nil, err
		} else if !there && !create {
			return nil, absent(id)
		}
		members = append(members, teamMember{UserID: id, Role: role})
	}
	for _, email := range p.UserEmails {
		id, err := userCollection.Find(ctx, call, email, "user_ids")
		switch {
		case err == nil:
			members = append(members, teamMember{UserID: operation.Word(id.ID), Role: role})
		case operation.IsNotFound(err) && !create:
			return nil, absent(email)
		case operation.IsNotFound(err), operation.IsRefused(err):
			members = append(members, teamMember{UserEmail: email, Role: role})
		default:
			return nil, err
		}
	}
	return members, nil
}

// userExists tells whether there is a user. A key that may not look is taken to
// know.
func userExists(ctx context.Context, call *operation.Call, id string) (bool, error) {
	_, err := call.Read(ctx, proxyclient.Request{Path: "/user/info", Query: url.Values{"user_id": {id}}})
	switch {
	case err == nil, operation.IsRefused(err):
		return true, nil
	case operation.IsNotFound(err):
		return false, nil
	}
	return false, err
}

type teamsMemberUpdateInput struct {
	teamRef
	UserID          string    `json:"user_id" jsonschema:"minLength=1" help:"Id of the member"`
	User            userEmail `json:"user" jsonschema:"minLength=1" help:"The same by email" ref:"user_id,required"`
	Role            string    `json:"role" jsonschema:"enum=user,enum=admin" help:"Role in the team (admin needs Enterprise)"`
	MaxBudgetInTeam *float64  `json:"max_budget_in_team" jsonschema:"minimum=0" help:"Most that the member may spend in the team, in US dollars" clear:"null"`
	BudgetDuration  string    `json:"budget_duration" help:"That spend starts again from 0 after this time: 30d, 1mo" clear:"null"`
	TPMLimit        *int      `json:"tpm_limit" jsonschema:"minimum=0" help:"Tokens per minute at most" clear:"null"`
	RPMLimit        *int      `json:"rpm_limit" jsonschema:"minimum=0" help:"Requests per minute at most" clear:"null"`
	AllowedModels   []string  `json:"allowed_models" help:"Models of the team that the member may use" clear:"[]"`
	operation.Clearing
	operation.Extras
}

var teamsMemberUpdate = &operation.Operation{
	Path:     "teams member-update",
	Summary:  "Change role or limits of one member of a team",
	Help:     "Refused for a user who is no member, for whom the gateway would store the limits all the same.",
	Examples: []string{"teams member-update --team research --user ann@example.com --max-budget-in-team 50"},
	Effect:   operation.Set,
	Consent:  operation.Consent{Sensitive: sensitiveMember("/team/info", "team_id", "team_memberships")},
	Do: operation.Func[teamsMemberUpdateInput](func(ctx context.Context, call *operation.Call, in teamsMemberUpdateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) <= 2 {
			return operation.Result{}, operation.Usage("name what to change")
		}
		t, err := readTeam(ctx, call, in.TeamID)
		if err != nil && !operation.IsRefused(err) {
			return operation.Result{}, err
		}
		if err == nil && t.members != nil && !slices.Contains(t.memberIDs(), in.UserID) {
			return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound,
				Message: "user " + operation.Shown(in.UserID) + " is no member of team " + operation.Shown(in.TeamID) + "; nothing was changed",
				Hint:    "teams get shows the members"}
		}
		body, err := call.Write(ctx, "POST", "/team/member_update", fields)
		return operation.Result{Body: body}, err
	}),
	Done: "updated member {user_id} of team {team_id}",
}

type teamsMemberRemoveInput struct {
	teamRef
	people
}

var teamsMemberRemove = &operation.Operation{
	Path:     "teams member-remove",
	Summary:  "Remove one or more users from a team",
	Help:     "Their keys of this team are deleted with that. Who is no member is reported and the rest removed.",
	Examples: []string{"teams member-remove --team research --emails ann@example.com"},
	Effect:   operation.Destructive,
	Consent:  ask(askRemoveMembers),
	Default:  true,
	Do:       operation.Func[teamsMemberRemoveInput](removeMembers),
}

func removeMembers(ctx context.Context, call *operation.Call, in teamsMemberRemoveInput) (operation.Result, error) {
	if len(in.UserIDs)+len(in.UserEmails) == 0 {
		return operation.Result{}, operation.Usage("name whom to remove: {user_ids} or {user_emails}")
	}
	removed, parts := []string{}, operation.NewParts(call, "removed", "member")
	remove := func(field, name string) {
		done := parts.Try(name, func() error {
			id := operation.Encode(name)
			if field == "user_email" {
				// The gateway forgets under which address it added somebody.
				found, err := userCollection.Find(ctx, call, name, "user_ids")
				switch {
				case err == nil:
					field, id = "user_id", found.ID
				case !operation.IsNotFound(err) && !operation.IsRefused(err):
					return err
				}
			}
			_, err := call.Write(ctx, "POST", "/team/member_delete", operation.Args{"team_id": operation.Encode(in.TeamID), field: id})
			return err
		})
		if done {
			removed = append(removed, name)
		}
	}
	for _, id := range in.UserIDs {
		remove("user_id", id)
	}
	for _, email := range in.UserEmails {
		remove("user_email", email)
	}
	result, err := parts.Result(operation.Encode(map[string]any{"team_id": in.TeamID, "removed": removed}))
	if result.Done != "" {
		result.Done += " from team " + in.TeamID
	}
	return result, err
}

type teamModels struct {
	teamRef
	Models []string `json:"models" jsonschema:"required,minItems=1" help:"Names of models"`
}

var teamsModelAdd = &operation.Operation{
	Path:     "teams model-add",
	Summary:  "Let a team use further models",
	Help:     "A team without a list may use every model and keeps that: the gateway then adds all-proxy-models to the list.",
	Examples: []string{"teams model-add --team research --models gpt-4o-mini,claude-haiku"},
	Effect:   operation.Set,
	Consent:  operation.Consent{Sensitive: everyModel},
	Do:       operation.Endpoint[teamModels]{Method: "POST", Path: "/team/model/add", Fixed: true},
	Columns:  teamColumns,
	Done:     "team {team_alias} ({team_id}) may use {models}",
}

var teamsModelRemove = &operation.Operation{
	Path:     "teams model-remove",
	Summary:  "Take models from the list of those that a team may use",
	Help:     "Refused for a model that is not in the list, and for the last one: a team without a list may use every model.",
	Examples: []string{"teams model-remove --team research --models claude-haiku"},
	Effect:   operation.Set,
	Do: operation.Func[teamModels](func(ctx context.Context, call *operation.Call, in teamModels) (operation.Result, error) {
		t, err := readTeam(ctx, call, in.TeamID)
		if err != nil {
			return operation.Result{}, err
		}
		left := slices.DeleteFunc(slices.Clone(t.models), func(name string) bool { return slices.Contains(in.Models, name) })
		for _, name := range in.Models {
			if t.members != nil && !slices.Contains(t.models, name) {
				return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound,
					Message: "model " + operation.Shown(name) + " is not in the team's list; nothing was changed",
					Hint:    "in the list: " + strings.Join(t.models, ", ")}
			}
		}
		if len(left) == 0 && t.members != nil {
			return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeInvalid,
				Message: "that would empty the list, and a team without a list may use every model; nothing was changed",
				Hint:    "teams update replaces the list, teams block stops the team"}
		}
		body, err := call.Write(ctx, "POST", "/team/model/delete", call.Body())
		return operation.Result{Body: body}, err
	}),
	Columns: teamColumns,
	Done:    "team {team_alias} ({team_id}) may use {models}",
}

var teamsPermissionsGet = &operation.Operation{
	Path:     "teams permissions-get",
	Summary:  "Show what members of a team may do with its keys, and what they could be allowed",
	Examples: []string{"teams permissions-get --team research"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[teamRef]{Method: "GET", Path: "/team/permissions_list"},
}

type teamsPermissionsSetInput struct {
	teamRef
	TeamMemberPermissions []string `json:"team_member_permissions" jsonschema:"required" help:"Everything that members may do, for example /key/generate; an empty list: only what everybody may" cli:"name=permissions"`
}

var teamsPermissionsSet = &operation.Operation{
	Path:     "teams permissions-set",
	Summary:  "Say what members of a team may do with its keys",
	Help:     "Replaces the list. A name that teams permissions-get does not offer is refused; the gateway would store it.",
	Examples: []string{"teams permissions-set --team research --permissions /key/generate,/key/info"},
	Effect:   operation.Set,
	Consent:  often,
	Do: operation.Func[teamsPermissionsSetInput](func(ctx context.Context, call *operation.Call, in teamsPermissionsSetInput) (operation.Result, error) {
		list, err := call.Read(ctx, proxyclient.Request{Path: "/team/permissions_list", Query: url.Values{"team_id": {in.TeamID}}})
		if err != nil {
			return operation.Result{}, err
		}
		var offered []string
		_ = json.Unmarshal(operation.Lookup(list, "all_available_permissions"), &offered)
		for _, name := range in.TeamMemberPermissions {
			if offered != nil && !slices.Contains(offered, name) {
				return operation.Result{}, operation.Usage(fmt.Sprintf("{team_member_permissions}: %q is none of %s", operation.Shown(name), strings.Join(offered, ", ")))
			}
		}
		body, err := call.Write(ctx, "POST", "/team/permissions_update", call.Body())
		return operation.Result{Body: body}, err
	}),
	Done: "members of team {team_alias} ({team_id}) may {team_member_permissions}",
}

var teamsCallbacksList = &operation.Operation{
	Path:     "teams callbacks-list",
	Summary:  "Show where a team's calls are logged",
	Examples: []string{"teams callbacks-list --team research"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[teamRef]{Method: "GET", Path: "/team/{team_id}/callback"},
}

type teamsCallbacksAddInput struct {
	teamRef
	CallbackName string          `json:"callback_name" jsonschema:"required,minLength=1" help:"Where to, for example langfuse, langsmith or gcs_bucket" cli:"name=name"`
	CallbackType string          `json:"callback_type" jsonschema:"enum=success,enum=failure,enum=success_and_failure" help:"Which calls (the gateway's default is success_and_failure)" cli:"name=type"`
	CallbackVars operation.Pairs `json:"callback_vars" jsonschema:"required" help:"Its settings, for example langfuse_public_key, langfuse_secret_key and langfuse_host" cli:"name=var"`
}

var teamsCallbacksAdd = &operation.Operation{
	Path:    "teams callbacks-add",
	Summary: "Log a team's calls to a service",
	Examples: []string{
		"teams callbacks-add --team research --name langfuse --type success --var langfuse_public_key=pk-1 --var langfuse_secret_key=@langfuse.key",
	},
	Effect:  operation.Write,
	Consent: operation.Consent{Sensitive: addsCallback},
	Do:      operation.Endpoint[teamsCallbacksAddInput]{Method: "POST", Path: "/team/{team_id}/callback", Fixed: true},
	Done:    "team {team_id} logs to {callback_name}",
}

type teamsCallbacksDeleteInput struct {
	teamRef
	CallbackName string `json:"callback_name" jsonschema:"required,minLength=1" help:"Name of the callback" cli:"name=name"`
}

var teamsCallbacksDelete = &operation.Operation{
	Path:     "teams callbacks-delete",
	Summary:  "Stop logging a team's calls to a service",
	Examples: []string{"teams callbacks-delete --team research --name langfuse"},
	Effect:   operation.Destructive,
	Consent: ask(func(ctx context.Context, call *operation.Call) (string, error) {
		team, err := labeled(ctx, call, teamCollection, "team_id")
		return "Stop logging the calls of " + team + " to " + operation.Name(call.Args().String("callback_name")) + "?", err
	}),
	Do:   operation.Endpoint[teamsCallbacksDeleteInput]{Method: "DELETE", Path: "/team/{team_id}/callback/{callback_name}"},
	Done: "team {team_id} no longer logs to {callback_name}",
}

type teamsSpendByUserInput struct {
	TeamIDs string    `json:"team_ids" jsonschema:"minLength=1" help:"Ids of the teams, separated by commas" cli:"arg=1"`
	Team    teamAlias `json:"team" jsonschema:"minLength=1" help:"One team by its alias" ref:"team_ids,required"`
	ledger.PeriodInput
}

var teamsSpendByUser = &operation.Operation{
	Path:     "teams spend-by-user",
	Summary:  "List what each user spent within teams in a period",
	Help:     "Amounts are in US dollars.",
	Examples: []string{"teams spend-by-user --team research --period 2026-10"},
	Effect:   operation.Read,
	Do:       operation.List[teamsSpendByUserInput]{Prepare: ledger.Dated, Of: &operation.Collection{What: "row", Path: "/team/spend/by_user", Items: "results"}},
	Columns: []operation.Column{
		{Name: "user_id", ID: true},
		{Name: "user_email"},
		{Name: "team_alias"},
		{Name: "team_id", Optional: true},
		{Name: "spend", Format: operation.Dollars},
		{Name: "api_requests"},
		{Name: "failed_requests"},
		{Name: "total_tokens"},
	},
}
