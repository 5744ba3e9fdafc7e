package tools

import (
	"context"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

var users = operation.Catalog{
	usersList, usersCreate, usersOnboard, usersGet, usersUpdate, usersResetSpend, usersMove, usersRetire, usersDelete, usersBulkCreate, usersBulkUpdate, usersBulkDelete,
}

// userCollection is the internal users that the caller may list.
var userCollection = &operation.Collection{
	What: "user", Path: "/user/list", Items: "users", Total: "total", Pages: "total_pages", Page: "page", Size: "page_size",
	ID: "user_id", Name: "user_email", Fold: true, Search: "user_email", Either: "search", Info: "/user/info", Escapes: []string{"user_email", "search"}, Sort: "sort_by", Order: "sort_order", Ascending: true, Unique: "user_id",
}

var userColumns = []operation.Column{
	{Name: "user", Field: "user_email|user_id"},
	{Name: "user_id", ID: true, Wide: true},
	{Name: "user_email", ID: true, Wide: true},
	{Name: "user_alias", Drop: 4},
	stateColumn,
	{Name: "user_role", Drop: 2},
	{Name: "teams", Names: teamCollection, Drop: 3},
	{Name: "team_ids", Field: "teams", Wide: true},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Format: operation.Dollars},
	{Name: "key_count", Drop: 1},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "models", Optional: true},
	{Name: "tpm_limit", Optional: true},
	{Name: "rpm_limit", Optional: true},
	{Name: "budget_reset_at", Format: operation.Time, Optional: true},
}

type usersListInput struct {
	Page      operation.PageNumber `json:"page"`
	PageSize  operation.PageSize   `json:"page_size" help:"Users per page"`
	Role      userRole             `json:"role" help:"Only users with this role"`
	Search    string               `json:"search" help:"Only users whose ID or email contains this text"`
	UserIDs   []existingUser       `json:"user_ids" name:"users" help:"Only these users, by email or ID" cli:"alias=email,alias=user-email,alias=user"`
	TeamID    existingTeam         `json:"team_id" name:"team" help:"Only members of this team"`
	SortBy    string               `json:"sort_by" help:"Field to sort by, such as spend, created_at or user_email"`
	SortOrder operation.SortOrder  `json:"sort_order" help:"Sort order (default asc)"`
}

var usersList = &operation.Operation{
	Path:     "users list",
	Summary:  "List internal users, a page at a time",
	Help:     "Needs a proxy admin key. Spend and budgets are in US dollars.",
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
			if ids := args.List("user_ids"); len(ids) == 1 {
				args = args.With("user_ids", ids[0]+","+ids[0]) // to the gateway, one alone means "contains"
			} else if len(ids) > 1 {
				args = args.With("user_ids", strings.Join(ids, ","))
			}
			return args, operation.About{}, nil
		},
	},
	Columns: userColumns,
}

type usersCreateInput struct {
	UserEmail operation.Email `json:"user_email" name:"email" help:"Email address (required without a user ID)" cli:"arg=1"`
	UserRole  userRole        `json:"user_role" name:"role" help:"Role of the user (default internal_user)"`
	UserAlias string          `json:"user_alias" name:"alias" help:"Display name"`
	Teams     []existingTeam  `json:"teams" help:"Teams to join, by alias or ID" cli:"alias=team"`
	userBudget
	UserID        string   `json:"user_id" help:"User ID (default: generated)"`
	Models        []string `json:"models" help:"Models the user may use (default all)"`
	AutoCreateKey *bool    `json:"auto_create_key" help:"Generate a key (default true)"`
	operation.Extras
}

var usersCreate = &operation.Operation{
	Path:    "users create",
	Summary: "Create an internal user",
	Help:    "Also generates a key unless {auto_create_key} is false; the key is shown only once, in the field key: store it now. Fails if a team does not exist.",
	Examples: []string{
		"users create --email=user@example.com --role=internal_user --alias=\"Alice\" --max-budget=100.0",
		"users create ann@example.com --teams research --auto-create-key=false",
	},
	Effect:  operation.Write,
	Sends:   []string{"POST /user/new"},
	Consent: often,
	Default: true,
	Checks:  []operation.Check{identified, notesNewUser},
	Do:      operation.Func[usersCreateInput](createUser),
	Columns: shownOnce(userColumns),
	View:    changedUserAt(""),
	Done:    "created user {user_email} ({user_id})",
	Reveal:  []string{"key"},
	Returns: []string{"user_id"},
}

// identified refuses a user without an email and an ID. A service has no email.
func identified(_ context.Context, call *operation.Call) error {
	if call.Args().String("user_email") == "" && call.Args().String("user_id") == "" {
		return operation.Usage("{user_email} is required, or {user_id} for a user without an email")
	}
	return nil
}

func createUser(ctx context.Context, call *operation.Call, in usersCreateInput) (operation.Result, error) {
	fields := call.Body()
	if in.UserRole == "" {
		fields["user_role"] = operation.Encode("internal_user")
	}
	body, err := call.Write(ctx, "POST", "/user/new", fields)
	return operation.Result{Body: body}, err
}

type usersGetInput struct {
	UserID existingUser `json:"user_id" name:"user" help:"User, by email or ID (default: yourself)" cli:"arg=1,alias=id,alias=email"`
}

var usersGet = &operation.Operation{
	Path:     "users get",
	Summary:  "Show an internal user with keys and teams",
	Examples: []string{"users get ann@example.com", "users get 073af4b7-4340-4898-96e8-ac783197f4bf"},
	Effect:   operation.Read,
	Default:  true,
	Do:       operation.Endpoint[usersGetInput]{Method: "GET", Path: "/user/info"},
	Columns:  within("user_info", userColumns),
	View:     userView,
}

// userRef identifies one user.
type userRef struct {
	UserID existingUser `json:"user_id" name:"user" jsonschema:"required" cli:"arg=1"`
}

// userBudget is the limits of a user. The budget binds keys outside teams only.
type userBudget struct {
	MaxBudget      operation.USD `json:"max_budget" help:"Spending limit of keys outside teams, in US dollars" clear:"null"`
	BudgetDuration budgetPeriod  `json:"budget_duration" clear:"null"`
	rates
}

// userLimits is the settings of a user that can be changed. The gateway clears only some
// of them.
type userLimits struct {
	UserRole userRole `json:"user_role" name:"role" help:"Role of the user"`
	userBudget
	Models   []string         `json:"models" help:"Models the user may use (all-proxy-models: all)"`
	Metadata operation.Object `json:"metadata" help:"Custom metadata"`
}

type usersUpdateInput struct {
	userRef
	UserEmail operation.Email `json:"user_email" name:"email" help:"New email address" clear:"\"\""`
	UserAlias string          `json:"user_alias" name:"alias" help:"New display name" clear:"\"\""`
	userLimits
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var usersUpdate = &operation.Operation{
	Path:    "users update",
	Summary: "Change the role, limits, email or name of an internal user",
	Help:    "Fields you omit are unchanged. {metadata} is merged; null removes a member. Use {clear} to remove a limit. Fails if the user does not exist.",
	Examples: []string{
		"users update --user ann@example.com --max-budget 50 --budget-duration 30d",
		"users update ann --role internal_user_viewer --clear max_budget",
	},
	Effect:  operation.Set,
	Sends:   []string{"POST /user/update"},
	Consent: changesUsers("user_id"),
	Default: true,
	Update:  userUpdate,
	Verify:  applied,
	Do: operation.Func[usersUpdateInput](func(ctx context.Context, call *operation.Call, in usersUpdateInput) (operation.Result, error) {
		if len(call.Body()) < 2 {
			return operation.Result{}, operation.NothingToChange("max_budget")
		}
		if there, err := userExists(ctx, call, string(in.UserID)); err != nil {
			return operation.Result{}, err
		} else if !there {
			return operation.Result{}, noUser(string(in.UserID))
		}
		fields, err := call.Change(ctx)
		if err != nil {
			return operation.Result{}, err
		}
		body, err := call.Write(ctx, "POST", "/user/update", fields)
		return operation.Result{Body: body}, err
	}),
	Columns: within("data", userColumns),
	View:    changedUserAt("data"),
	Done:    "updated user {data.user_email} ({user_id})",
}

func noUser(id string) error {
	return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "user " + operation.Shown(id) + " does not exist; nothing was changed"}
}

type usersDeleteInput struct {
	UserIDs []existingUser `json:"user_ids" name:"users" help:"Users, by email or ID" jsonschema:"required" cli:"arg=1,alias=user"`
}

var usersDelete = &operation.Operation{
	Path:     "users delete",
	Summary:  "Delete internal users and their keys",
	Help:     "If one does not exist, none is deleted. To block the keys and see the spend first, use {op:users retire}.",
	Examples: []string{"users delete 073af4b7-4340-4898-96e8-ac783197f4bf", "users delete ann@example.com"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(userCollection, "user_ids", losesKeys),
	Do:       operation.Endpoint[usersDeleteInput]{Method: "POST", Path: "/user/delete"},
	Done:     "deleted {user:user_ids}",
}
