package tools

import (
	"context"
	"net/url"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var users = operation.Catalog{
	usersList, usersCreate, usersOnboard, usersGet, usersUpdate, usersDelete, usersRetire, usersBulkCreate, usersBulkUpdate, usersBulkDelete,
}

// userCollection is the internal users.
var userCollection = &operation.Collection{
	What: "user", Path: "/user/list", Items: "users", Total: "total", Pages: "total_pages", Page: "page", Size: "page_size",
	ID: "user_id", Name: "user_email", Fold: true, Search: "user_email", Sort: "sort_by", Order: "sort_order", Unique: "user_id",
}

// userEmail is the email address of a user where the ID is wanted.
type userEmail string

// Collection is where the address is looked up.
func (userEmail) Collection() *operation.Collection { return userCollection }

var userColumns = []operation.Column{
	{Name: "user_id", ID: true},
	{Name: "user_email", ID: true},
	{Name: "user_alias"},
	{Name: "user_role"},
	{Name: "teams"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Format: operation.Dollars},
	{Name: "key_count"},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "models", Optional: true},
	{Name: "tpm_limit", Optional: true},
	{Name: "rpm_limit", Optional: true},
	{Name: "budget_reset_at", Format: operation.Time, Optional: true},
}

type usersListInput struct {
	Page      int       `json:"page" jsonschema:"minimum=1" help:"Page number, from 1"`
	PageSize  int       `json:"page_size" jsonschema:"minimum=1,maximum=100" help:"Users on a page (the gateway's default is 25)" cli:"alias=size"`
	Role      string    `json:"role" jsonschema:"enum=proxy_admin,enum=proxy_admin_viewer,enum=internal_user,enum=internal_user_viewer" help:"Only users with this role"`
	UserEmail string    `json:"user_email" help:"Only users whose email contains this text" cli:"name=email"`
	Search    string    `json:"search" help:"Only users whose id or email contains this text"`
	UserIDs   string    `json:"user_ids" help:"Only these user ids, separated by commas"`
	TeamID    string    `json:"team_id" help:"Only members of this team"`
	Team      teamAlias `json:"team" help:"The same by alias" ref:"team_id"`
	SortBy    string    `json:"sort_by" help:"Field to sort by, for example spend, created_at or user_email"`
	SortOrder string    `json:"sort_order" jsonschema:"enum=asc,enum=desc" help:"Direction of sort_by (the gateway's default is asc)"`
}

var usersList = &operation.Operation{
	Path:     "users list",
	Summary:  "List internal users, a page at a time",
	Help:     "Needs a proxy admin's key. Spend and budgets are in US dollars.",
	Examples: []string{"users list", "users list --all --sort-by spend --sort-order desc"},
	Effect:   operation.Read,
	Default:  true,
	Do: operation.List[usersListInput]{
		Of: userCollection,
		Prepare: func(_ *operation.Call, args operation.Args) (operation.Args, operation.About, error) {
			if id, given := args["team_id"]; given { // the gateway calls it team
				args = args.With("team", id)
				delete(args, "team_id")
			}
			return args, operation.About{}, nil
		},
	},
	Columns: userColumns,
}

type usersCreateInput struct {
	UserEmail     string   `json:"user_email" jsonschema:"required,minLength=1" help:"Email address" cli:"name=email"`
	UserRole      string   `json:"user_role" jsonschema:"enum=proxy_admin,enum=proxy_admin_viewer,enum=internal_user,enum=internal_user_viewer" help:"What the user may do (default internal_user)" cli:"name=role"`
	UserAlias     string   `json:"user_alias" help:"Name for people" cli:"name=alias"`
	Teams         []string `json:"teams" help:"Ids or aliases of existing teams to join" cli:"name=team"`
	MaxBudget     *float64 `json:"max_budget" jsonschema:"minimum=0" help:"Most that the user may spend, in US dollars"`
	UserID        string   `json:"user_id" help:"Id of the user; not given: the gateway makes one"`
	Models        []string `json:"models" help:"Models that the user may use; none given: all"`
	AutoCreateKey *bool    `json:"auto_create_key" help:"Also generate a key for the user (default true)"`
	operation.Extras
}

var usersCreate = &operation.Operation{
	Path:    "users create",
	Summary: "Create an internal user",
	Help:    "The gateway also generates a key for the user, shown once in the answer's field key, unless {auto_create_key} is false. Refused when a team does not exist: the gateway would leave it out without a word.",
	Examples: []string{
		"users create --email=user@example.com --role=internal_user --alias=\"Alice\" --max-budget=100.0",
		"users create --email ann@example.com --team research --auto-create-key=false",
	},
	Effect:  operation.Write,
	Default: true,
	Do:      operation.Func[usersCreateInput](createUser),
	Columns: shownOnce(userColumns),
	Done:    "created user {user_email} ({user_id})",
	Reveal:  []string{"key"},
}

func createUser(ctx context.Context, call *operation.Call, in usersCreateInput) (operation.Result, error) {
	fields := call.Body()
	if len(in.Teams) > 0 {
		teams, err := teamIDs(ctx, call, in.Teams)
		if err != nil {
			return operation.Result{}, err
		}
		fields["teams"] = operation.Encode(teams)
	}
	if in.UserRole == "" {
		fields["user_role"] = operation.Encode("internal_user")
	}
	body, err := call.Write(ctx, "POST", "/user/new", fields)
	return operation.Result{Body: body}, err
}

// teamIDs are the ids of teams of which some may be named by their aliases. The
// gateway leaves out what does not exist without a word.
func teamIDs(ctx context.Context, call *operation.Call, names []string) ([]string, error) {
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = name
		_, err := call.Read(ctx, proxyclient.Request{Path: "/team/info", Query: url.Values{"team_id": {name}}})
		if operation.IsNotFound(err) {
			var thing operation.Thing
			if thing, err = teamCollection.Find(ctx, call, name, "teams"); operation.IsNotFound(err) {
				return nil, &proxyclient.Error{Code: proxyclient.CodeNotFound,
					Message: "team " + operation.Shown(name) + " does not exist; nothing was created",
					Hint:    "teams list shows the teams"}
			}
			ids[i] = operation.Word(thing.ID)
		}
		// A key that may not look at the team may still be allowed to create.
		if err != nil && !operation.IsRefused(err) {
			return nil, err
		}
	}
	return ids, nil
}

type usersGetInput struct {
	UserID string    `json:"user_id" jsonschema:"minLength=1" help:"Id of the user; not given: the caller" cli:"name=id,alias=user-id"`
	User   userEmail `json:"user" help:"The same by email" ref:"user_id" cli:"alias=email"`
}

var usersGet = &operation.Operation{
	Path:     "users get",
	Summary:  "Show an internal user with its keys and teams",
	Examples: []string{"users get --id 073af4b7-4340-4898-96e8-ac783197f4bf"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.Endpoint[usersGetInput]{Method: "GET", Path: "/user/info"},
	Columns:  within("user_info", userColumns),
}

// userRef names one user.
type userRef struct {
	UserID string    `json:"user_id" jsonschema:"minLength=1" help:"Id of the user" cli:"arg=1"`
	User   userEmail `json:"user" jsonschema:"minLength=1" help:"The same by email" ref:"user_id,required"`
}

// userLimits are the settings that the gateway changes of a user. Its null
// empties only some of them.
type userLimits struct {
	UserRole       string           `json:"user_role" jsonschema:"enum=proxy_admin,enum=proxy_admin_viewer,enum=internal_user,enum=internal_user_viewer" help:"What the user may do" cli:"name=role"`
	MaxBudget      *float64         `json:"max_budget" jsonschema:"minimum=0" help:"Most that the user may spend, in US dollars" clear:"null"`
	BudgetDuration string           `json:"budget_duration" help:"Spend starts again from 0 after this time: 30d, 1mo" clear:"null"`
	TPMLimit       *int             `json:"tpm_limit" jsonschema:"minimum=0" help:"Tokens per minute at most" clear:"null"`
	RPMLimit       *int             `json:"rpm_limit" jsonschema:"minimum=0" help:"Requests per minute at most" clear:"null"`
	Models         []string         `json:"models" help:"Models that the user may use; all-proxy-models: all"`
	Metadata       operation.Object `json:"metadata" help:"Anything to keep with the user"`
}

type usersUpdateInput struct {
	userRef
	UserEmail string `json:"user_email" help:"New email address" cli:"name=email"`
	UserAlias string `json:"user_alias" help:"New name for people" cli:"name=alias"`
	userLimits
	operation.Clearing
	operation.Extras
}

var usersUpdate = &operation.Operation{
	Path:    "users update",
	Summary: "Change role, limits, email or name of an internal user",
	Help:    "What is not named stays; {clear} removes a limit. Refused for a user who does not exist, whom the gateway would create.",
	Examples: []string{
		"users update --user ann@example.com --max-budget 50 --budget-duration 30d",
		"users update ann --role internal_user_viewer --clear max_budget",
	},
	Effect:  operation.Set,
	Default: true,
	Do: operation.Func[usersUpdateInput](func(ctx context.Context, call *operation.Call, in usersUpdateInput) (operation.Result, error) {
		fields := call.Body()
		if len(fields) < 2 {
			return operation.Result{}, operation.Usage("name what to change")
		}
		if there, err := userExists(ctx, call, in.UserID); err != nil {
			return operation.Result{}, err
		} else if !there {
			return operation.Result{}, noUser(in.UserID)
		}
		body, err := call.Write(ctx, "POST", "/user/update", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: within("data", userColumns),
	Done:    "updated user {data.user_email} ({user_id})",
}

func noUser(id string) error {
	return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "user " + operation.Shown(id) + " does not exist; nothing was changed"}
}

type usersDeleteInput struct {
	UserIDs []string  `json:"user_ids" jsonschema:"minItems=1" help:"Ids of the users" cli:"arg=1"`
	User    userEmail `json:"user" jsonschema:"minLength=1" help:"One user by email" ref:"user_ids,required"`
}

var usersDelete = &operation.Operation{
	Path:     "users delete",
	Summary:  "Delete internal users and their keys",
	Help:     "When one of them does not exist, none is deleted. To see the spend first and block the keys use users retire.",
	Examples: []string{"users delete 073af4b7-4340-4898-96e8-ac783197f4bf", "users delete --user ann@example.com"},
	Effect:   operation.Destructive,
	Default:  true,
	Do:       operation.Endpoint[usersDeleteInput]{Method: "POST", Path: "/user/delete"},
	Done:     "deleted user {user_ids}",
}
