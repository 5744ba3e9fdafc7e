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

// lacks returns the models that the team may not use. A team without a list may use all.
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

// people is users, by ID and by email.
type people struct {
	UserIDs    []knownUser      `json:"user_ids" name:"users" help:"Users, by email or ID" cli:"arg=2" unknown:"user_emails"`
	UserEmails operation.Emails `json:"user_emails" name:"emails" help:"Email addresses of users"`
}

// names are the users as a report names them.
func (p people) names(call *operation.Call) (names []string) {
	for _, id := range idsOf(p.UserIDs) {
		names = append(names, call.Called(id))
	}
	return append(names, p.UserEmails...)
}

// idsOf returns resolved arguments as identifiers.
func idsOf[T ~string](list []T) []string {
	ids := make([]string, len(list))
	for i, id := range list {
		ids[i] = string(id)
	}
	return ids
}

type teamsMemberAddInput struct {
	teamRef
	people
	Role            teamRole      `json:"role" help:"Role in the team (default user; admin needs Enterprise)"`
	MaxBudgetInTeam operation.USD `json:"max_budget_in_team" help:"Spending limit of each member in US dollars"`
	BudgetDuration  budgetPeriod  `json:"budget_duration"`
	AllowedModels   []string      `json:"allowed_models" help:"Team models that the members may use (default all)"`
	CreateMissing   bool          `json:"create_missing" help:"Create users that do not exist"`
	operation.Extras
}

var teamsMemberAdd = &operation.Operation{
	Path:    "teams member-add",
	Summary: "Add one or more users to a team",
	Help:    "Fails if a user does not exist, unless {create_missing} is set. If one is already a member, none is added.",
	Examples: []string{
		"teams member-add research ann@example.com bob@example.com",
		"teams member-add research ann@example.com --max-budget-in-team 20",
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /team/member_add"},
	Consent: often,
	Default: true,
	Checks:  []operation.Check{notesOwnBudget, notesMemberBudget},
	Do:      operation.Func[teamsMemberAddInput](addMembers),
	View:    teamViewAt(""),
}

func addMembers(ctx context.Context, call *operation.Call, in teamsMemberAddInput) (operation.Result, error) {
	return in.add(ctx, call, "/team/member_add", string(cmp.Or(in.Role, "user")), in.CreateMissing, "team "+call.Called(string(in.TeamID)))
}

// add sends the people to an endpoint as its member. to names what they are added to.
func (p people) add(ctx context.Context, call *operation.Call, path, role string, create bool, to string) (operation.Result, error) {
	if len(p.UserIDs)+len(p.UserEmails) == 0 {
		return operation.Result{}, operation.Usage("nobody to add: give {user_ids} or {user_emails}")
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
	return operation.Result{Body: body, Done: fmt.Sprintf("added %s to %s", strings.Join(p.names(call), ", "), to)}, nil
}

// find returns the users as team members. A user that does not exist is an error unless
// create is set.
func (p people) find(ctx context.Context, call *operation.Call, role string, create bool) ([]teamMember, error) {
	members := []teamMember{}
	absent := func(what string) error {
		return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "user " + operation.Shown(what) + " does not exist",
			Hint: "nothing was changed; create the user with {op:users create}, or here with {create_missing}"}
	}
	for _, id := range idsOf(p.UserIDs) {
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
			return nil, userCollection.Guess(ctx, call, email, absent(email))
		case operation.IsNotFound(err), operation.IsRefused(err):
			members = append(members, teamMember{UserEmail: email, Role: role})
		default:
			return nil, err
		}
	}
	return members, nil
}

// userExists reports whether the user exists. If the key may not look, it returns true.
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
	memberRef
	Role            teamRole      `json:"role" help:"Role in the team (admin needs Enterprise)"`
	MaxBudgetInTeam operation.USD `json:"max_budget_in_team" help:"Spending limit of the member in US dollars" clear:"null"`
	BudgetDuration  budgetPeriod  `json:"budget_duration" clear:"null"`
	rates
	AllowedModels []string `json:"allowed_models" help:"Team models that the member may use" clear:"[]"`
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var teamsMemberUpdate = &operation.Operation{
	Path:     "teams member-update",
	Summary:  "Change the role or limits of one team member",
	Help:     "Fails if the user is not a member. Clearing max_budget_in_team leaves the team's member budget in force.",
	Examples: []string{"teams member-update --team research --user ann@example.com --max-budget-in-team 50"},
	Effect:   operation.Set,
	Default:  true,
	Sends:    []string{"POST /team/member_update"},
	Consent:  operation.Consent{Sensitive: sensitiveMember("/team/info", "team_id", "team_memberships")},
	Checks:   []operation.Check{ownMemberBudget("/team/info", "team_id", "team_memberships"), notesMemberUpdate},
	Update:   memberUpdate("/team/info", "team_id", "team_memberships", "max_budget_in_team"),
	Verify:   applied,
	Do: operation.Func[teamsMemberUpdateInput](func(ctx context.Context, call *operation.Call, in teamsMemberUpdateInput) (operation.Result, error) {
		if len(call.Body()) <= 2 {
			return operation.Result{}, operation.NothingToChange("max_budget_in_team")
		}
		t, err := readTeam(ctx, call, string(in.TeamID))
		if err != nil && !operation.IsRefused(err) {
			return operation.Result{}, err
		}
		if err == nil && t.members != nil && !slices.Contains(t.memberIDs(), string(in.UserID)) {
			return operation.Result{}, noMember(call, string(in.UserID), string(in.TeamID))
		}
		fields, err := call.Change(ctx)
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Write(ctx, "POST", "/team/member_update", fields)
		return operation.Result{Body: body}, err
	}),
	Done: "updated member {user_id} of team {team_id}",
}

// noMember is the error for a user who is not in a team.
func noMember(call *operation.Call, user, team string) error {
	return &proxyclient.Error{Code: proxyclient.CodeNotFound, Hint: "list the members with {op:teams get}",
		Message: "user " + call.Called(user) + " is not a member of team " + call.Called(team) + "; nothing was changed"}
}

type teamsMemberRemoveInput struct {
	teamRef
	people
}

var teamsMemberRemove = &operation.Operation{
	Path:     "teams member-remove",
	Summary:  "Remove one or more users from a team",
	Help:     "Their keys for this team are deleted. Non-members are reported; everyone else is removed.",
	Examples: []string{"teams member-remove research ann@example.com"},
	Effect:   operation.Destructive,
	Sends:    []string{"POST /team/member_delete"},
	Consent:  ask(askRemoveMembers),
	Default:  true,
	Do:       operation.Func[teamsMemberRemoveInput](removeMembers),
}

func removeMembers(ctx context.Context, call *operation.Call, in teamsMemberRemoveInput) (operation.Result, error) {
	if len(in.UserIDs)+len(in.UserEmails) == 0 {
		return operation.Result{}, operation.Usage("nobody to remove: give {user_ids} or {user_emails}")
	}
	removed, parts := []string{}, operation.NewParts(call, "removed", "member")
	remove := func(field, name string) {
		done := parts.Try(call.Called(name), func() error {
			id := operation.Encode(name)
			if field == "user_email" {
				// The gateway forgets the address under which it added a member.
				found, err := userCollection.Find(ctx, call, name, "user_ids")
				switch {
				case err == nil:
					field, id = "user_id", found.ID
				case !operation.IsNotFound(err) && !operation.IsRefused(err):
					return err
				}
			}
			_, err := call.Write(ctx, "POST", "/team/member_delete", operation.Args{"team_id": operation.Encode(in.TeamID), field: id})
			if operation.IsNotFound(err) {
				return noMember(call, name, string(in.TeamID))
			}
			return err
		})
		if done {
			removed = append(removed, name)
		}
	}
	for _, id := range idsOf(in.UserIDs) {
		remove("user_id", id)
	}
	for _, email := range in.UserEmails {
		remove("user_email", email)
	}
	result, err := parts.Result(operation.Encode(map[string]any{"team_id": in.TeamID, "removed": removed}))
	if result.Done != "" {
		result.Done += " from team " + call.Called(string(in.TeamID))
	}
	return result, err
}

type teamModels struct {
	teamRef
	Models operation.Names `json:"models" jsonschema:"required" help:"Model names"`
}

var teamsModelAdd = &operation.Operation{
	Path:     "teams model-add",
	Summary:  "Allow a team to use more models",
	Help:     "A team without a list may use every model and still may afterwards: the gateway adds all-proxy-models.",
	Examples: []string{"teams model-add --team research --models gpt-4o-mini,claude-haiku"},
	Effect:   operation.Set,
	Consent:  operation.Consent{Sensitive: manyModels},
	Do:       operation.Endpoint[teamModels]{Method: "POST", Path: "/team/model/add", Fixed: true},
	Columns:  teamColumns,
	Verify:   modelsAre(true),
	Done:     "team {team_alias} ({team_id}) may use {models}",
	View:     teamViewAt(""),
}

var teamsModelRemove = &operation.Operation{
	Path:     "teams model-remove",
	Summary:  "Remove models from a team's allowed models",
	Help:     "Fails for a model that is not in the list, and for the last one: a team without a list may use every model.",
	Examples: []string{"teams model-remove --team research --models claude-haiku"},
	Effect:   operation.Set,
	Sends:    []string{"POST /team/model/delete"},
	Do: operation.Func[teamModels](func(ctx context.Context, call *operation.Call, in teamModels) (operation.Result, error) {
		t, err := readTeam(ctx, call, string(in.TeamID))
		if err != nil {
			return operation.Result{}, err
		}
		if t.members != nil {
			if _, err := fewerModels(t.models, in.Models, "team", "this would empty the list, and a team without a list may use every model"); err != nil {
				return operation.Result{}, err
			}
		}
		body, err := call.Write(ctx, "POST", "/team/model/delete", call.Body())
		return operation.Result{Body: body}, err
	}),
	Columns: teamColumns,
	Verify:  modelsAre(false),
	Done:    "team {team_alias} ({team_id}) may use {models}",
	View:    teamViewAt(""),
}

var teamsPermissionsGet = &operation.Operation{
	Path:     "teams permissions-get",
	Summary:  "Show team members' permissions on the team's keys, current and possible",
	Examples: []string{"teams permissions-get --team research"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[teamRef]{Method: "GET", Path: "/team/permissions_list"},
}

type teamsPermissionsSetInput struct {
	teamRef
	Permissions []string `json:"team_member_permissions" name:"permissions" jsonschema:"required" help:"All permissions, such as /key/generate (empty list: only the basic ones)"`
}

var teamsPermissionsSet = &operation.Operation{
	Path:     "teams permissions-set",
	Summary:  "Set team members' permissions on the team's keys",
	Help:     "Replaces the list. Fails for a permission that {op:teams permissions-get} does not offer.",
	Examples: []string{"teams permissions-set --team research --permissions /key/generate,/key/info"},
	Effect:   operation.Set,
	Sends:    []string{"POST /team/permissions_update"},
	Consent:  often,
	Do: operation.Func[teamsPermissionsSetInput](func(ctx context.Context, call *operation.Call, in teamsPermissionsSetInput) (operation.Result, error) {
		list, err := call.Read(ctx, proxyclient.Request{Path: "/team/permissions_list", Query: url.Values{"team_id": {string(in.TeamID)}}})
		if err != nil {
			return operation.Result{}, err
		}
		var offered []string
		_ = json.Unmarshal(operation.Lookup(list, "all_available_permissions"), &offered)
		for _, name := range in.Permissions {
			if offered != nil && !slices.Contains(offered, name) {
				return operation.Result{}, operation.Usage(fmt.Sprintf("{team_member_permissions}: %q is not one of %s", operation.Shown(name), strings.Join(offered, ", ")))
			}
		}
		body, err := call.Write(ctx, "POST", "/team/permissions_update", call.Body())
		return operation.Result{Body: body}, err
	}),
	Verify: answered("team_member_permissions", asIs("team_member_permissions")),
	Done:   "members of team {team_alias} ({team_id}) may {team_member_permissions}",
}

type teamsSpendByUserInput struct {
	TeamIDs pastTeam `json:"team_ids" name:"team" jsonschema:"required" cli:"arg=1"`
	ledger.PeriodInput
}

var teamsSpendByUser = &operation.Operation{
	Path:     "teams spend-by-user",
	Summary:  "List each user's spend in a team",
	Help:     "Amounts are in US dollars.",
	Examples: []string{"teams spend-by-user --team research --period 2026-10"},
	Effect:   operation.Read,
	Part:     ownPart,
	Do:       operation.List[teamsSpendByUserInput]{Prepare: ledger.Dated, Of: &operation.Collection{What: "row", Path: "/team/spend/by_user", Items: "results"}},
	Columns: []operation.Column{
		{Name: "user", Field: "user_email|user_id"},
		{Name: "user_id", ID: true, Wide: true},
		{Name: "user_email", Wide: true},
		{Name: "team_alias"},
		{Name: "team_id", Optional: true},
		{Name: "spend", Format: operation.Dollars},
		{Name: "api_requests"},
		{Name: "failed_requests"},
		{Name: "total_tokens"},
	},
}
