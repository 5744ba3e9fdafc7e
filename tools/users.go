package tools

import (
	"context"
	"net/url"

	"litellm-proxy/proxyclient"
)

var users = []*Operation{usersList, usersCreate, usersGet, usersDelete}

var userColumns = []Column{
	{Name: "user_id", ID: true},
	{Name: "user_email", ID: true},
	{Name: "user_alias"},
	{Name: "user_role"},
	{Name: "teams"},
	{Name: "spend", Format: Dollars},
	{Name: "max_budget", Format: Dollars},
	{Name: "key_count"},
	{Name: "created_at", Format: Time, Optional: true},
	{Name: "models", Optional: true},
	{Name: "tpm_limit", Optional: true},
	{Name: "rpm_limit", Optional: true},
	{Name: "budget_reset_at", Format: Time, Optional: true},
}

type usersListInput struct {
	Page      int    `json:"page,omitempty" jsonschema:"minimum=1" jsonschema_description:"Page number, from 1"`
	PageSize  int    `json:"page_size,omitempty" jsonschema:"minimum=1,maximum=100" jsonschema_description:"Users on a page (the gateway's default is 25)" cli:"alias=size"`
	Role      string `json:"role,omitempty" jsonschema:"enum=proxy_admin,enum=proxy_admin_viewer,enum=internal_user,enum=internal_user_viewer" jsonschema_description:"Only users with this role"`
	UserEmail string `json:"user_email,omitempty" jsonschema_description:"Only users whose email contains this text" cli:"name=email"`
	Search    string `json:"search,omitempty" jsonschema_description:"Only users whose id or email contains this text"`
	UserIDs   string `json:"user_ids,omitempty" jsonschema_description:"Only these user ids, separated by commas"`
	Team      string `json:"team,omitempty" jsonschema_description:"Only members of the team with this id"`
	SortBy    string `json:"sort_by,omitempty" jsonschema_description:"Field to sort by, for example spend, created_at or user_email"`
	SortOrder string `json:"sort_order,omitempty" jsonschema:"enum=asc,enum=desc" jsonschema_description:"Direction of sort_by (the gateway's default is asc)"`
}

var usersList = &Operation{
	Path:     "users list",
	Summary:  "List internal users, a page at a time",
	Help:     "Needs a proxy admin's key. Spend and budgets are in US dollars.",
	Examples: []string{"users list", "users list --all --sort-by spend --sort-order desc"},
	Effect:   Read,
	Default:  true,
	Do: List[usersListInput]{
		Path: "/user/list", Items: "users", Total: "total", Pages: "total_pages", Page: "page", Size: "page_size",
	},
	Columns: userColumns,
}

type usersCreateInput struct {
	UserEmail     string   `json:"user_email" jsonschema:"required,minLength=1" jsonschema_description:"Email address" cli:"name=email"`
	UserRole      string   `json:"user_role,omitempty" jsonschema:"enum=proxy_admin,enum=proxy_admin_viewer,enum=internal_user,enum=internal_user_viewer" jsonschema_description:"What the user may do (default internal_user)" cli:"name=role"`
	UserAlias     string   `json:"user_alias,omitempty" jsonschema_description:"Name for people" cli:"name=alias"`
	Teams         []string `json:"teams,omitempty" jsonschema_description:"Ids of existing teams to join" cli:"name=team"`
	MaxBudget     *float64 `json:"max_budget,omitempty" jsonschema:"minimum=0" jsonschema_description:"Most that the user may spend, in US dollars"`
	UserID        string   `json:"user_id,omitempty" jsonschema_description:"Id of the user; not given: the gateway makes one"`
	Models        []string `json:"models,omitempty" jsonschema_description:"Models that the user may use; none given: all"`
	AutoCreateKey *bool    `json:"auto_create_key,omitempty" jsonschema_description:"Also generate a key for the user (default true)"`
	extras
}

var usersCreate = &Operation{
	Path:    "users create",
	Summary: "Create an internal user",
	Help:    "The gateway also generates a key for the user, shown once in the answer's field key, unless {auto_create_key} is false. Refused when a team does not exist: the gateway would leave it out without a word.",
	Examples: []string{
		"users create --email=user@example.com --role=internal_user --alias=\"Alice\" --max-budget=100.0",
		"users create --email ann@example.com --team research --auto-create-key=false",
	},
	Effect:  Write,
	Default: true,
	Do:      Func[usersCreateInput](createUser),
	Columns: userColumns,
	Done:    "created user {user_email} ({user_id})",
	Reveal:  []string{"key"},
}

func createUser(ctx context.Context, env Env, in usersCreateInput) (Result, error) {
	for _, team := range in.Teams {
		_, err := env.read(ctx, proxyclient.Request{Path: "/team/info", Query: url.Values{"team_id": {team}}})
		if isNotFound(err) {
			return Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound,
				Message: "team " + shown(team) + " does not exist; nothing was created",
				Hint:    "GET /team/list (http request) shows the teams"}
		}
		// A key that may not look at the team may still be allowed to create.
		if err != nil && !isRefused(err) {
			return Result{}, err
		}
	}
	fields := env.body()
	if in.UserRole == "" {
		fields["user_role"] = encode("internal_user")
	}
	body, err := env.write(ctx, "POST", "/user/new", fields)
	return Result{Body: body}, err
}

type usersGetInput struct {
	UserID string `json:"user_id,omitempty" jsonschema:"minLength=1" jsonschema_description:"Id of the user; not given: the caller" cli:"name=id,alias=user-id"`
	User   string `json:"user,omitempty" jsonschema_description:"The same by the user's email" ref:"user_id" cli:"alias=email"`
}

var usersGet = &Operation{
	Path:     "users get",
	Summary:  "Show an internal user with its keys and teams",
	Examples: []string{"users get --id 073af4b7-4340-4898-96e8-ac783197f4bf"},
	Effect:   Read,
	Default:  true,
	Do:       Endpoint[usersGetInput]{Method: "GET", Path: "/user/info"},
	Columns:  within("user_info", userColumns),
}

type usersDeleteInput struct {
	UserIDs []string `json:"user_ids" jsonschema:"required,minItems=1" jsonschema_description:"Ids of the users" cli:"arg=1"`
}

var usersDelete = &Operation{
	Path:     "users delete",
	Summary:  "Delete internal users and their keys",
	Help:     "When one of them does not exist, none is deleted.",
	Examples: []string{"users delete 073af4b7-4340-4898-96e8-ac783197f4bf"},
	Effect:   Destructive,
	Default:  true,
	Do:       Endpoint[usersDeleteInput]{Method: "POST", Path: "/user/delete"},
	Done:     "deleted user {user_ids}",
}
