package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

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
	UserIDs    []string `json:"user_ids,omitempty" jsonschema_description:"Ids of the users"`
	UserEmails []string `json:"user_emails,omitempty" jsonschema_description:"Email addresses of users" cli:"name=emails"`
}

type teamsMemberAddInput struct {
	teamRef
	people
	Role            string   `json:"role,omitempty" jsonschema:"enum=user,enum=admin" jsonschema_description:"Role in the team (default user; admin needs Enterprise)"`
	MaxBudgetInTeam *float64 `json:"max_budget_in_team,omitempty" jsonschema:"minimum=0" jsonschema_description:"Most that each may spend in the team, in US dollars"`
	BudgetDuration  string   `json:"budget_duration,omitempty" jsonschema_description:"That spend starts again from 0 after this time: 30d, 1mo"`
	AllowedModels   []string `json:"allowed_models,omitempty" jsonschema_description:"Models of the team that they may use; none given: all"`
	CreateMissing   bool     `json:"create_missing,omitempty" jsonschema_description:"Also create users that do not exist"`
	extras
}

var teamsMemberAdd = &Operation{
	Path:    "teams member-add",
	Summary: "Add one or more users to a team",
	Help:    "Refused when a user does not exist, whom the gateway would create, unless {create_missing}; when one is a member already, none is added.",
	Examples: []string{
		"teams member-add --team research --emails ann@example.com,bob@example.com",
		"teams member-add --team research --user-ids ann --max-budget-in-team 20",
	},
	Effect:  Write,
	Default: true,
	Do:      Func[teamsMemberAddInput](addMembers),
}

func addMembers(ctx context.Context, env Env, in teamsMemberAddInput) (Result, error) {
	return in.add(ctx, env, "/team/member_add", cmp.Or(in.Role, "user"), in.CreateMissing, "team "+in.TeamID)
}

// add sends the people to an endpoint that takes them as its member; to is what
// they are added to, for the reader.
func (p people) add(ctx context.Context, env Env, path, role string, create bool, to string) (Result, error) {
	if len(p.UserIDs)+len(p.UserEmails) == 0 {
		return Result{}, usage("name whom to add: {user_ids} or {user_emails}")
	}
	members, err := p.find(ctx, env, role, create)
	if err != nil {
		return Result{}, err
	}
	fields := env.body()
	for _, name := range []string{"user_ids", "user_emails", "role", "create_missing"} {
		delete(fields, name)
	}
	fields["member"] = encode(members)
	body, err := env.write(ctx, "POST", path, fields)
	if err != nil {
		return Result{}, err
	}
	return Result{Body: body, Done: fmt.Sprintf("added %s to %s", strings.Join(slices.Concat(p.UserIDs, p.UserEmails), ", "), to)}, nil
}

// find returns the users as members of a team. One who does not exist is an
// error unless missing ones are to be created.
func (p people) find(ctx context.Context, env Env, role string, create bool) ([]teamMember, error) {
	members := []teamMember{}
	absent := func(what string) error {
		return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "user " + shown(what) + " does not exist; nothing was changed",
			Hint: "users create makes a user"}
	}
	for _, id := range p.UserIDs {
		if there, err := userExists(ctx, env, id); err != nil {
			return nil, err
		} else if !there && !create {
			return nil, absent(id)
		}
		members = append(members, teamMember{UserID: id, Role: role})
	}
	for _, email := range p.UserEmails {
		id, err := directories["user"].find(ctx, env, email, "user_ids")
		switch {
		case err == nil:
			members = append(members, teamMember{UserID: plain(id), Role: role})
		case isNotFound(err) && !create:
			return nil, absent(email)
		case isNotFound(err), isRefused(err):
			members = append(members, teamMember{UserEmail: email, Role: role})
		default:
			return nil, err
		}
	}
	return members, nil
}

// userExists tells whether there is a user. A key that may not look is taken to
// know.
func userExists(ctx context.Context, env Env, id string) (bool, error) {
	_, err := env.read(ctx, proxyclient.Request{Path: "/user/info", Query: url.Values{"user_id": {id}}})
	switch {
	case err == nil, isRefused(err):
		return true, nil
	case isNotFound(err):
		return false, nil
	}
	return false, err
}

type teamsMemberUpdateInput struct {
	teamRef
	UserID          string   `json:"user_id,omitempty" jsonschema:"minLength=1" jsonschema_description:"Id of the member"`
	User            string   `json:"user,omitempty" jsonschema:"minLength=1" jsonschema_description:"The same by email" ref:"user_id,required"`
	Role            string   `json:"role,omitempty" jsonschema:"enum=user,enum=admin" jsonschema_description:"Role in the team (admin needs Enterprise)"`
	MaxBudgetInTeam *float64 `json:"max_budget_in_team,omitempty" jsonschema:"minimum=0" jsonschema_description:"Most that the member may spend in the team, in US dollars" clear:"null"`
	BudgetDuration  string   `json:"budget_duration,omitempty" jsonschema_description:"That spend starts again from 0 after this time: 30d, 1mo" clear:"null"`
	TPMLimit        *int     `json:"tpm_limit,omitempty" jsonschema:"minimum=0" jsonschema_description:"Tokens per minute at most" clear:"null"`
	RPMLimit        *int     `json:"rpm_limit,omitempty" jsonschema:"minimum=0" jsonschema_description:"Requests per minute at most" clear:"null"`
	AllowedModels   []string `json:"allowed_models,omitempty" jsonschema_description:"Models of the team that the member may use" clear:"[]"`
	clearing
	extras
}

var teamsMemberUpdate = &Operation{
	Path:     "teams member-update",
	Summary:  "Change role or limits of one member of a team",
	Help:     "Refused for a user who is no member, for whom the gateway would store the limits all the same.",
	Examples: []string{"teams member-update --team research --user ann@example.com --max-budget-in-team 50"},
	Effect:   Set,
	Do: Func[teamsMemberUpdateInput](func(ctx context.Context, env Env, in teamsMemberUpdateInput) (Result, error) {
		fields := env.body()
		if len(fields) <= 2 {
			return Result{}, usage("name what to change")
		}
		t, err := readTeam(ctx, env, in.TeamID)
		if err != nil && !isRefused(err) {
			return Result{}, err
		}
		if err == nil && t.members != nil && !slices.Contains(t.memberIDs(), in.UserID) {
			return Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound,
				Message: "user " + shown(in.UserID) + " is no member of team " + shown(in.TeamID) + "; nothing was changed",
				Hint:    "teams get shows the members"}
		}
		body, err := env.write(ctx, "POST", "/team/member_update", fields)
		return Result{Body: body}, err
	}),
	Done: "updated member {user_id} of team {team_id}",
}

type teamsMemberRemoveInput struct {
	teamRef
	people
}

var teamsMemberRemove = &Operation{
	Path:     "teams member-remove",
	Summary:  "Remove one or more users from a team",
	Help:     "Their keys of this team are deleted with that. Who is no member is reported and the rest removed.",
	Examples: []string{"teams member-remove --team research --emails ann@example.com"},
	Effect:   Destructive,
	Default:  true,
	Do:       Func[teamsMemberRemoveInput](removeMembers),
}

func removeMembers(ctx context.Context, env Env, in teamsMemberRemoveInput) (Result, error) {
	if len(in.UserIDs)+len(in.UserEmails) == 0 {
		return Result{}, usage("name whom to remove: {user_ids} or {user_emails}")
	}
	removed := []string{}
	var failed []Failure
	var last error
	remove := func(field, name string) {
		id := encode(name)
		var err error
		if field == "user_email" {
			// The gateway forgets under which address it added somebody.
			if found, e := directories["user"].find(ctx, env, name, "user_ids"); e == nil {
				field, id = "user_id", found
			} else if !isNotFound(e) && !isRefused(e) {
				err = e
			}
		}
		if err == nil {
			_, err = env.write(ctx, "POST", "/team/member_delete", Args{"team_id": encode(in.TeamID), field: id})
		}
		if err != nil {
			last = err
			failed = append(failed, Failure{"member " + shown(name), err.Error()})
			return
		}
		removed = append(removed, name)
	}
	for _, id := range in.UserIDs {
		remove("user_id", id)
	}
	for _, email := range in.UserEmails {
		remove("user_email", email)
	}
	if len(removed) == 0 && len(failed) == 1 {
		return Result{}, last
	}
	r := Result{Body: encode(map[string]any{"team_id": in.TeamID, "removed": removed}), Failed: failed}
	if len(removed) > 0 {
		r.Done = "removed " + shown(strings.Join(removed, ", ")) + " from team " + in.TeamID
	}
	return r, nil
}

type teamModels struct {
	teamRef
	Models []string `json:"models" jsonschema:"required,minItems=1" jsonschema_description:"Names of models"`
}

var teamsModelAdd = &Operation{
	Path:     "teams model-add",
	Summary:  "Let a team use further models",
	Help:     "A team without a list may use every model and keeps that: the gateway then adds all-proxy-models to the list.",
	Examples: []string{"teams model-add --team research --models gpt-4o-mini,claude-haiku"},
	Effect:   Set,
	Do:       Endpoint[teamModels]{Method: "POST", Path: "/team/model/add", Fixed: true},
	Columns:  teamColumns,
	Done:     "team {team_alias} ({team_id}) may use {models}",
}

var teamsModelRemove = &Operation{
	Path:     "teams model-remove",
	Summary:  "Take models from the list of those that a team may use",
	Help:     "Refused for a model that is not in the list, and for the last one: a team without a list may use every model.",
	Examples: []string{"teams model-remove --team research --models claude-haiku"},
	Effect:   Set,
	Do: Func[teamModels](func(ctx context.Context, env Env, in teamModels) (Result, error) {
		t, err := readTeam(ctx, env, in.TeamID)
		if err != nil {
			return Result{}, err
		}
		left := slices.DeleteFunc(slices.Clone(t.models), func(name string) bool { return slices.Contains(in.Models, name) })
		for _, name := range in.Models {
			if t.members != nil && !slices.Contains(t.models, name) {
				return Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound,
					Message: "model " + shown(name) + " is not in the team's list; nothing was changed",
					Hint:    "in the list: " + strings.Join(t.models, ", ")}
			}
		}
		if len(left) == 0 && t.members != nil {
			return Result{}, &proxyclient.Error{Code: proxyclient.CodeInvalid,
				Message: "that would empty the list, and a team without a list may use every model; nothing was changed",
				Hint:    "teams update replaces the list, teams block stops the team"}
		}
		body, err := env.write(ctx, "POST", "/team/model/delete", env.body())
		return Result{Body: body}, err
	}),
	Columns: teamColumns,
	Done:    "team {team_alias} ({team_id}) may use {models}",
}

var teamsPermissionsGet = &Operation{
	Path:     "teams permissions-get",
	Summary:  "Show what members of a team may do with its keys, and what they could be allowed",
	Examples: []string{"teams permissions-get --team research"},
	Effect:   Read,
	Do:       Endpoint[teamRef]{Method: "GET", Path: "/team/permissions_list"},
}

type teamsPermissionsSetInput struct {
	teamRef
	TeamMemberPermissions []string `json:"team_member_permissions" jsonschema:"required" jsonschema_description:"Everything that members may do, for example /key/generate; an empty list: only what everybody may" cli:"name=permissions"`
}

var teamsPermissionsSet = &Operation{
	Path:     "teams permissions-set",
	Summary:  "Say what members of a team may do with its keys",
	Help:     "Replaces the list. A name that teams permissions-get does not offer is refused; the gateway would store it.",
	Examples: []string{"teams permissions-set --team research --permissions /key/generate,/key/info"},
	Effect:   Set,
	Do: Func[teamsPermissionsSetInput](func(ctx context.Context, env Env, in teamsPermissionsSetInput) (Result, error) {
		list, err := env.read(ctx, proxyclient.Request{Path: "/team/permissions_list", Query: url.Values{"team_id": {in.TeamID}}})
		if err != nil {
			return Result{}, err
		}
		var offered []string
		_ = json.Unmarshal(Lookup(list, "all_available_permissions"), &offered)
		for _, name := range in.TeamMemberPermissions {
			if offered != nil && !slices.Contains(offered, name) {
				return Result{}, usage(fmt.Sprintf("{team_member_permissions}: %q is none of %s", shown(name), strings.Join(offered, ", ")))
			}
		}
		body, err := env.write(ctx, "POST", "/team/permissions_update", env.body())
		return Result{Body: body}, err
	}),
	Done: "members of team {team_alias} ({team_id}) may {team_member_permissions}",
}

var teamsCallbacksList = &Operation{
	Path:     "teams callbacks-list",
	Summary:  "Show where a team's calls are logged",
	Examples: []string{"teams callbacks-list --team research"},
	Effect:   Read,
	Do:       Endpoint[teamRef]{Method: "GET", Path: "/team/{team_id}/callback"},
}

type teamsCallbacksAddInput struct {
	teamRef
	CallbackName string `json:"callback_name" jsonschema:"required,minLength=1" jsonschema_description:"Where to, for example langfuse, langsmith or gcs_bucket" cli:"name=name"`
	CallbackType string `json:"callback_type,omitempty" jsonschema:"enum=success,enum=failure,enum=success_and_failure" jsonschema_description:"Which calls (the gateway's default is success_and_failure)" cli:"name=type"`
	CallbackVars pairs  `json:"callback_vars" jsonschema:"required" jsonschema_description:"Its settings, for example langfuse_public_key, langfuse_secret_key and langfuse_host" cli:"name=var"`
}

var teamsCallbacksAdd = &Operation{
	Path:    "teams callbacks-add",
	Summary: "Log a team's calls to a service",
	Examples: []string{
		"teams callbacks-add --team research --name langfuse --type success --var langfuse_public_key=pk-1 --var langfuse_secret_key=@langfuse.key",
	},
	Effect: Write,
	Do:     Endpoint[teamsCallbacksAddInput]{Method: "POST", Path: "/team/{team_id}/callback", Fixed: true},
	Done:   "team {team_id} logs to {callback_name}",
}

type teamsCallbacksDeleteInput struct {
	teamRef
	CallbackName string `json:"callback_name" jsonschema:"required,minLength=1" jsonschema_description:"Name of the callback" cli:"name=name"`
}

var teamsCallbacksDelete = &Operation{
	Path:     "teams callbacks-delete",
	Summary:  "Stop logging a team's calls to a service",
	Examples: []string{"teams callbacks-delete --team research --name langfuse"},
	Effect:   Destructive,
	Do:       Endpoint[teamsCallbacksDeleteInput]{Method: "DELETE", Path: "/team/{team_id}/callback/{callback_name}"},
	Done:     "team {team_id} no longer logs to {callback_name}",
}

type teamsSpendByUserInput struct {
	TeamIDs string `json:"team_ids,omitempty" jsonschema:"minLength=1" jsonschema_description:"Ids of the teams, separated by commas" cli:"arg=1"`
	Team    string `json:"team,omitempty" jsonschema:"minLength=1" jsonschema_description:"One team by its alias" ref:"team_ids,required"`
	periodInput
}

var teamsSpendByUser = &Operation{
	Path:     "teams spend-by-user",
	Summary:  "List what each user spent within teams in a period",
	Help:     "Amounts are in US dollars.",
	Examples: []string{"teams spend-by-user --team research --period 2026-10"},
	Effect:   Read,
	Do:       List[teamsSpendByUserInput]{Path: "/team/spend/by_user", Items: "results", Prepare: dated},
	Columns: []Column{
		{Name: "user_id", ID: true},
		{Name: "user_email"},
		{Name: "team_alias"},
		{Name: "team_id", Optional: true},
		{Name: "spend", Format: Dollars},
		{Name: "api_requests"},
		{Name: "failed_requests"},
		{Name: "total_tokens"},
	},
}
