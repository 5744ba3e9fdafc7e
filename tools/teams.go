package tools

import (
	"context"
	"encoding/json"
	"net/url"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var teams = operation.Catalog{
	teamsList, teamsAvailable, teamsGet, teamsCreate, teamsSetup, teamsUpdate, teamsDelete, teamsBlock, teamsUnblock,
	teamsMemberAdd, teamsMemberUpdate, teamsMemberResetSpend, teamsMemberResetBudget, teamsMemberRemove, teamsModelAdd, teamsModelRemove, teamsAssignKey,
	teamsPermissionsGet, teamsPermissionsSet, teamsCallbacksList, teamsCallbacksAdd, teamsCallbacksDelete, teamsSpendByUser,
}

// teamCollection is the teams that the caller may list.
var teamCollection = &operation.Collection{
	What: "team", Path: "/v2/team/list", Items: "teams", Total: "total", Pages: "total_pages", Page: "page", Size: "page_size",
	ID: "team_id", Name: "team_alias", Version: "deleted_at", Search: "team_alias", ByID: "team_id", Either: "search", Info: "/team/info", Escapes: []string{"team_alias", "search"},
	Sort: "sort_by", Order: "sort_order", Ascending: true, Unique: "team_id", Deleted: url.Values{"status": {"deleted"}}, Own: ownTeams,
}

// ownTeams is the filter for the teams of the caller's user.
func ownTeams(ctx context.Context, call *operation.Call) url.Values {
	user, err := callersUser(ctx, call)
	id := operation.Word(operation.Lookup(user, "user_id"))
	if err != nil || id == "" {
		return nil
	}
	return url.Values{"user_id": {id}}
}

var teamColumns = []operation.Column{
	{Name: "team_alias", ID: true},
	{Name: "team_id", ID: true, Wide: true},
	stateColumn,
	{Name: "models", Drop: 3},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Format: operation.Dollars},
	{Name: "budget_duration", Drop: 4},
	{Name: "members", Field: "members_count", Drop: 1},
	{Name: "keys", Field: "keys_count", Drop: 2},
	{Name: "blocked", Wide: true},
	{Name: "organization", Field: "organization_id", Names: organizationCollection, Optional: true},
	{Name: "organization_id", Optional: true, ID: true},
	{Name: "tpm_limit", Optional: true},
	{Name: "rpm_limit", Optional: true},
	{Name: "budget_reset_at", Format: operation.Time, Optional: true},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "own_spend", Field: "caller_membership.spend", Format: operation.Dollars, Optional: true},
	{Name: "own_max_budget", Field: "caller_membership.max_budget", Format: operation.Dollars, Optional: true},
}

// teamRef identifies one team.
type teamRef struct {
	TeamID existingTeam `json:"team_id" name:"team" jsonschema:"required" cli:"arg=1"`
}

type teamsListInput struct {
	Page           operation.PageNumber `json:"page"`
	PageSize       operation.PageSize   `json:"page_size" help:"Teams per page"`
	TeamID         pastTeam             `json:"team_id" name:"team" help:"Only this team, by alias or ID" cli:"alias=team-alias"`
	Search         string               `json:"search" help:"Only teams whose alias contains this text, or with this ID"`
	UserID         existingUser         `json:"user_id" name:"user" help:"Only teams of this user"`
	OrganizationID existingOrganization `json:"organization_id" name:"organization" help:"Only this organization"`
	Status         string               `json:"status" enum:"deleted" help:"Only deleted teams"`
	SortBy         string               `json:"sort_by" help:"Field to sort by, such as spend, created_at or team_alias"`
	SortOrder      operation.SortOrder  `json:"sort_order" help:"Sort order (default asc)"`
}

var teamsList = &operation.Operation{
	Path:     "teams list",
	Summary:  "List teams with models, spend and budget, a page at a time",
	Help:     "A user's key lists that user's teams. Spend and budgets are in US dollars.",
	Examples: []string{"teams list", "teams list --all --sort-by spend --sort-order desc", "teams list --user ann@example.com"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.List[teamsListInput]{Of: teamCollection},
	Columns:  teamColumns,
}

var teamsAvailable = &operation.Operation{
	Path:     "teams available",
	Summary:  "List the teams you may join",
	Help:     "They are set in the gateway's configuration (available_teams).",
	Examples: []string{"teams available"},
	Effect:   operation.Read,
	Do:       operation.List[struct{}]{Of: &operation.Collection{What: "team", Path: "/team/available", ID: "team_id", Name: "team_alias"}},
	Columns:  teamColumns,
}

type teamsGetInput struct {
	teamRef
	KeyLimit operation.Count `json:"key_limit" help:"Maximum keys in the answer"`
}

var teamsGet = &operation.Operation{
	Path:     "teams get",
	Summary:  "Show a team with its members, their budgets and its keys",
	Examples: []string{"teams get --team research", "teams get 5d44c392-1e6f-4663-9a34-55c5171bb13a --format table"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.Endpoint[teamsGetInput]{Method: "GET", Path: "/team/info"},
	Columns: append(within("team_info", teamColumns[:7]), operation.Column{Name: "blocked", Field: "team_info.blocked"},
		operation.Column{Name: "member_limits", Field: "team_memberships", Each: memberLimitFields, Format: operation.Dollars},
		operation.Column{Name: "team_member_budget", Field: "team_info.team_member_budget_table.max_budget", Format: operation.Dollars},
		operation.Column{Name: "team_member_budget_duration", Field: "team_info.team_member_budget_table.budget_duration"},
		operation.Column{Name: "team_member_tpm_limit", Field: "team_info.team_member_budget_table.tpm_limit"},
		operation.Column{Name: "team_member_rpm_limit", Field: "team_info.team_member_budget_table.rpm_limit"},
		operation.Column{Name: "members", Field: "team_info.members_with_roles", Optional: true}, operation.Column{Name: "keys", Optional: true}),
	View: teamView,
}

// memberLimitFields are what the table of a team shows of each member: the budget, and
// whether it is custom or team_default.
var memberLimitFields = []string{"user_id", "litellm_budget_table.max_budget", "litellm_budget_table.budget_duration", "budget_source"}

// teamLimits is the settings that create and update share.
type teamLimits struct {
	Models []string `json:"models" help:"Models the team may use (if unset: all)" clear:"[]"`
	alertedBudget
	rates
	memberDefaults
	OrganizationID existingOrganization `json:"organization_id" name:"organization" help:"Organization (Enterprise)" clear:"null"`
	Tags           []string             `json:"tags" help:"Tags for spend and routing (Enterprise)" clear:"[]"`
	Guardrails     []string             `json:"guardrails" help:"Guardrails for every call (Enterprise)" clear:"[]"`
	ModelAliases   operation.Object     `json:"model_aliases" help:"Model aliases: {\"fast\": \"gpt-4o-mini\"}" clear:"{}"`
	Metadata       operation.Object     `json:"metadata" help:"Custom metadata" clear:"{}"`
}

// memberDefaults are the limits of each member without their own.
type memberDefaults struct {
	TeamMemberBudget         operation.USD   `json:"team_member_budget" help:"Spending limit of each member in US dollars" clear:"null"`
	TeamMemberBudgetDuration memberPeriod    `json:"team_member_budget_duration" clear:"null"`
	TeamMemberTPMLimit       operation.Limit `json:"team_member_tpm_limit" help:"Tokens per minute for each member" clear:"null"`
	TeamMemberRPMLimit       operation.Limit `json:"team_member_rpm_limit" help:"Requests per minute for each member" clear:"null"`
}

type teamsCreateInput struct {
	TeamAlias string `json:"team_alias" jsonschema:"required" help:"Team alias" cli:"arg=1"`
	TeamID    string `json:"team_id" help:"Team ID (default: generated)"`
	teamLimits
	Duplicate bool `json:"duplicate" help:"Create the team even if its alias is taken"`
	operation.Extras
}

var teamsCreate = &operation.Operation{
	Path:     "teams create",
	Summary:  "Create a team",
	Help:     "Fails if the alias is taken, unless {duplicate} is set. To add members and a key in one step, use {op:teams setup}.",
	Examples: []string{"teams create research --models gpt-4o-mini --max-budget 100 --budget-duration 30d"},
	Effect:   operation.Write,
	Sends:    []string{"POST /team/new"},
	Default:  true,
	Checks:   []operation.Check{listedMembers},
	Do: operation.Func[teamsCreateInput](func(ctx context.Context, call *operation.Call, in teamsCreateInput) (operation.Result, error) {
		if err := newAlias(ctx, call, in.TeamAlias, in.Duplicate); err != nil {
			return operation.Result{}, err
		}
		fields := call.Body()
		delete(fields, "duplicate")
		body, err := call.Write(ctx, "POST", "/team/new", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: teamColumns,
	Done:    "created team {team_alias} ({team_id})",
	Returns: []string{"team_id"},
	View:    teamViewAt(""),
}

// newAlias rejects an alias that a team has: the gateway would create a second team, and
// the alias would identify neither.
func newAlias(ctx context.Context, call *operation.Call, alias string, duplicate bool) error {
	if duplicate {
		return nil
	}
	id, err := teamCollection.Find(ctx, call, alias, "team_id")
	switch {
	case err == nil:
		return &proxyclient.Error{Code: proxyclient.CodeConflict,
			Message: "the alias " + operation.Shown(alias) + " is taken by team " + operation.Word(id.ID),
			Hint:    "nothing was created; to create a second team with this alias, give {duplicate}"}
	case operation.IsNotFound(err), operation.IsRefused(err):
		return nil
	}
	return err
}

type teamsUpdateInput struct {
	teamRef
	TeamAlias string `json:"team_alias" help:"New alias" clear:"null"`
	teamLimits
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var teamsUpdate = &operation.Operation{
	Path:    "teams update",
	Summary: "Change the limits, models or alias of a team",
	Help:    "Fields you omit are unchanged. Objects are merged; null removes a member. Use {clear} to remove a limit. {models} replaces the list; to change it, use {op:teams model-add} and {op:teams model-remove}.",
	Examples: []string{
		"teams update --team research --max-budget 200",
		"teams update --team research --clear max_budget,models",
	},
	Effect:  operation.Set,
	Consent: operation.Consent{Sensitive: sensitiveTeamUpdate},
	Default: true,
	Checks:  []operation.Check{ignoresSpend("team", "To allow more spend, raise {max_budget}; for one member, use {op:teams member-reset-spend}."), notesTeamDefault},
	Update:  teamUpdate,
	Verify:  applied,
	Do:      operation.Endpoint[teamsUpdateInput]{Method: "POST", Path: "/team/update", Subject: []string{"team_id"}},
	Columns: within("data", teamColumns),
	Done:    "updated team {data.team_alias} ({team_id})",
	View:    teamViewAt("data"),
}

type teamsDeleteInput struct {
	TeamIDs []existingTeam `json:"team_ids" name:"teams" help:"Teams, by alias or ID" jsonschema:"required" cli:"arg=1,alias=team"`
}

var teamsDelete = &operation.Operation{
	Path:     "teams delete",
	Summary:  "Delete teams and their keys",
	Help:     "If one does not exist, none is deleted.",
	Examples: []string{"teams delete research", "teams delete 5d44c392-1e6f-4663-9a34-55c5171bb13a"},
	Effect:   operation.Destructive,
	Consent: asksToDelete(teamCollection, "team_ids",
		affects(part{"keys_count", "key", "stops working", "stop working"}, part{"members_count", "member", "loses access", "lose access"})),
	Default: true,
	Do:      operation.Endpoint[teamsDeleteInput]{Method: "POST", Path: "/team/delete"},
	Done:    "deleted {team:team_ids}",
}

var teamsBlock = &operation.Operation{
	Path:     "teams block",
	Summary:  "Block a team: calls with its keys are rejected until you unblock it",
	Help:     "Calls may still succeed for some seconds because the gateway caches.",
	Examples: []string{"teams block --team research"},
	Effect:   operation.Set,
	Do:       operation.Endpoint[teamRef]{Method: "POST", Path: "/team/block", Fixed: true},
	Columns:  teamColumns,
	Verify:   blockedIs("true"),
	Done:     "blocked team {team_alias} ({team_id})",
	View:     teamViewAt(""),
}

var teamsUnblock = &operation.Operation{
	Path:     "teams unblock",
	Summary:  "Unblock a team",
	Examples: []string{"teams unblock --team research"},
	Effect:   operation.Set,
	Consent:  unblocks(teamCollection, "team_id"),
	Do:       operation.Endpoint[teamRef]{Method: "POST", Path: "/team/unblock", Fixed: true},
	Columns:  teamColumns,
	Verify:   blockedIs("false"),
	Done:     "unblocked team {team_alias} ({team_id})",
	View:     teamViewAt(""),
}

type teamsAssignKeyInput struct {
	teamRef
	Key existingKey `json:"key" help:"Key, by alias or hash, or the key itself (default: your own)" cli:"alias=alias,alias=key-alias"`
}

var teamsAssignKey = &operation.Operation{
	Path:     "teams assign-key",
	Summary:  "Assign a key to a team",
	Help:     "Without {key}, assigns your own virtual key. A session's team is chosen at sign-in. To move a key and check its models and membership, use {op:keys move}.",
	Examples: []string{"teams assign-key 5d44c392-1e6f-4663-9a34-55c5171bb13a", "teams assign-key research --key ci"},
	Effect:   operation.Set,
	Sends:    []string{"POST /key/update"},
	Consent:  operation.Consent{Sensitive: movesKey},
	Checks:   []operation.Check{notesTeamKey},
	Do:       operation.Func[teamsAssignKeyInput](assignKey),
	Columns:  keyColumns,
	Verify:   answered("team_id", asIs("team_id")),
	Done:     "assigned key {key_alias} {key_name} to team {team_id}",
	View:     keyView("", "token|key"),
}

func assignKey(ctx context.Context, call *operation.Call, in teamsAssignKeyInput) (operation.Result, error) {
	if in.Key == "" {
		who, err := identify(ctx, call)
		switch {
		case err != nil:
			return operation.Result{}, err
		case who.kind == masterKey:
			return operation.Result{}, operation.Usage("your own key is the master key, which cannot belong to a team; give another key with {key}")
		case who.kind == signIn:
			return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeUsage,
				Message: "you are signed in, and the team of a session is chosen at sign-in; nothing was changed",
				Hint:    "sign in with another team: {login} --team TEAM; to assign a virtual key, give {key}"}
		case who.kind != virtualKey:
			return operation.Result{}, operation.Usage("your own credential is not a virtual key, so it cannot be assigned; give a key with {key}")
		}
		in.Key = existingKey(who.hash)
	}
	body, err := call.Write(ctx, "POST", "/key/update", map[string]string{"key": string(in.Key), "team_id": string(in.TeamID)})
	return operation.Result{Body: body}, err
}

// team is what the gateway says about one team.
type team struct {
	item        json.RawMessage
	models      []string
	members     []teamMember // nil: the gateway did not say
	memberships []membership
	defaults    *memberLimits // for each member; nil: none
}

// teamMember is a member of a team or an organization, in requests and answers.
type teamMember struct {
	UserID    string `json:"user_id,omitempty"`
	UserEmail string `json:"user_email,omitempty"`
	Role      string `json:"role"`
}

func readTeam(ctx context.Context, call *operation.Call, id string) (*team, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/team/info", Query: url.Values{"team_id": {id}}})
	if err != nil {
		return nil, err
	}
	return teamOf(operation.Lookup(body, "team_info"), body), nil
}

// teamOf returns the team of an answer; body has its memberships.
func teamOf(item, body json.RawMessage) *team {
	t := &team{item: item}
	_ = json.Unmarshal(operation.Lookup(item, "models"), &t.models)
	_ = json.Unmarshal(operation.Lookup(item, "members_with_roles"), &t.members)
	_ = json.Unmarshal(operation.Lookup(body, "team_memberships"), &t.memberships)
	_ = json.Unmarshal(operation.Lookup(item, "team_member_budget_table"), &t.defaults)
	return t
}

func (t *team) memberIDs() []string {
	ids := make([]string, len(t.members))
	for i, m := range t.members {
		ids[i] = m.UserID
	}
	return ids
}
