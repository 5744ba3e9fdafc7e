package tools

import (
	"cmp"
	"context"

	"litellm-proxy/internal/operation"
)

var organizations = operation.Catalog{
	organizationsList, organizationsGet, organizationsCreate, organizationsUpdate, organizationsDelete,
	organizationsMemberAdd, organizationsMemberUpdate, organizationsMemberRemove,
}

const needsEnterprise = "Needs LiteLLM Enterprise."

// organizationCollection is the organizations that the caller may see, on one page.
var organizationCollection = &operation.Collection{
	What: "organization", Path: "/organization/list", ID: "organization_id", Name: "organization_alias", Search: "org_alias",
}

var organizationColumns = []operation.Column{
	{Name: "organization_alias", ID: true},
	{Name: "organization_id", ID: true, Wide: true},
	stateColumn,
	{Name: "models", Drop: 2},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Field: "litellm_budget_table.max_budget", Format: operation.Dollars},
	{Name: "budget_duration", Field: "litellm_budget_table.budget_duration", Drop: 1},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "created_by", Optional: true},
}

type organizationsListInput struct {
	OrgID    existingOrganization `json:"org_id" name:"organization" help:"Only this organization, by alias or ID" cli:"alias=organization-id"`
	OrgAlias string               `json:"org_alias" name:"search" help:"Only organizations whose alias contains this text"`
}

var organizationsList = &operation.Operation{
	Path:     "organizations list",
	Summary:  "List organizations with models, spend and budget",
	Help:     needsEnterprise,
	Examples: []string{"organizations list"},
	Effect:   operation.Read,
	Do:       operation.List[organizationsListInput]{Of: organizationCollection},
	Columns:  organizationColumns,
}

// organizationRef identifies one organization.
type organizationRef struct {
	OrganizationID existingOrganization `json:"organization_id" name:"organization" jsonschema:"required" cli:"arg=1"`
}

var organizationsGet = &operation.Operation{
	Path:     "organizations get",
	Summary:  "Show an organization with its teams and members",
	Help:     needsEnterprise,
	Examples: []string{"organizations get --organization acme"},
	Effect:   operation.Read,
	Do:       operation.Endpoint[organizationRef]{Method: "GET", Path: "/organization/info"},
	Columns:  organizationColumns,
}

// orgLimits is the settings that organizations and projects share.
type orgLimits struct {
	Models []string `json:"models" help:"Allowed models (if unset: all)" clear:"[]"`
	alertedBudget
	rates
	Metadata operation.Object `json:"metadata" help:"Custom metadata" clear:"{}"`
}

type organizationsCreateInput struct {
	OrganizationAlias string         `json:"organization_alias" jsonschema:"required" help:"Organization alias" cli:"arg=1"`
	OrganizationID    string         `json:"organization_id" help:"Organization ID (default: generated)"`
	BudgetID          existingBudget `json:"budget_id"`
	orgLimits
	operation.Extras
}

var organizationsCreate = &operation.Operation{
	Path:     "organizations create",
	Summary:  "Create an organization for teams and users",
	Help:     needsEnterprise,
	Examples: []string{"organizations create acme --models gpt-4o-mini --max-budget 1000 --budget-duration 30d"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[organizationsCreateInput]{Method: "POST", Path: "/organization/new"},
	Columns:  organizationColumns,
	Done:     "created organization {organization_alias} ({organization_id})",
	Returns:  []string{"organization_id"},
}

type organizationsUpdateInput struct {
	organizationRef
	OrganizationAlias string `json:"organization_alias" help:"New alias"`
	orgLimits
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var organizationsUpdate = &operation.Operation{
	Path:     "organizations update",
	Summary:  "Change the limits, models or alias of an organization",
	Help:     "Fields you omit are unchanged; use {clear} to remove a limit. " + needsEnterprise,
	Examples: []string{"organizations update --organization acme --max-budget 2000"},
	Effect:   operation.Set,
	Consent:  loosens(organizationCollection, "organization_id"),
	Checks:   []operation.Check{ownBudget(organizationCollection, "organization_id")},
	Update:   organizationUpdate,
	Verify:   applied,
	Do:       operation.Endpoint[organizationsUpdateInput]{Method: "PATCH", Path: "/organization/update", Subject: []string{"organization_id"}},
	Columns:  organizationColumns,
	Done:     "updated organization {organization_alias} ({organization_id})",
}

type organizationsDeleteInput struct {
	OrganizationIDs []existingOrganization `json:"organization_ids" name:"organizations" help:"Organizations, by alias or ID" jsonschema:"required" cli:"arg=1,alias=organization"`
}

var organizationsDelete = &operation.Operation{
	Path:     "organizations delete",
	Summary:  "Delete organizations and their teams and keys",
	Help:     needsEnterprise,
	Examples: []string{"organizations delete acme"},
	Effect:   operation.Destructive,
	Consent:  asksToDelete(organizationCollection, "organization_ids", says("Its teams and keys are deleted too, and its members lose access.")),
	Do:       operation.Endpoint[organizationsDeleteInput]{Method: "DELETE", Path: "/organization/delete", Body: []string{"organization_ids"}},
	Done:     "deleted {organization:organization_ids}",
}

type organizationsMemberAddInput struct {
	organizationRef
	people
	Role                    organizationRole `json:"role" help:"Role in the organization (default internal_user)"`
	MaxBudgetInOrganization operation.USD    `json:"max_budget_in_organization" help:"Spending limit of each member in US dollars"`
	CreateMissing           bool             `json:"create_missing" help:"Create users that do not exist"`
	operation.Extras
}

var organizationsMemberAdd = &operation.Operation{
	Path:     "organizations member-add",
	Summary:  "Add one or more users to an organization",
	Help:     "Fails if a user does not exist, unless {create_missing} is set. " + needsEnterprise,
	Examples: []string{"organizations member-add --organization acme --emails ann@example.com --role org_admin"},
	Effect:   operation.Write,
	Sends:    []string{"POST /organization/member_add"},
	Consent:  often,
	Do: operation.Func[organizationsMemberAddInput](func(ctx context.Context, call *operation.Call, in organizationsMemberAddInput) (operation.Result, error) {
		return in.add(ctx, call, "/organization/member_add", string(cmp.Or(in.Role, "internal_user")), in.CreateMissing, "organization "+call.Called(string(in.OrganizationID)))
	}),
}

// organizationMember identifies one member of an organization.
type organizationMember struct {
	organizationRef
	UserID existingUser `json:"user_id" name:"user" jsonschema:"required"`
}

type organizationsMemberUpdateInput struct {
	organizationMember
	Role                    organizationRole `json:"role" help:"Role in the organization"`
	MaxBudgetInOrganization operation.USD    `json:"max_budget_in_organization" help:"Spending limit of the member in US dollars" clear:"null"`
	operation.Clearing
	operation.Extras
}

var organizationsMemberUpdate = &operation.Operation{
	Path:     "organizations member-update",
	Summary:  "Change the role or budget of an organization member",
	Help:     needsEnterprise,
	Examples: []string{"organizations member-update --organization acme --user ann@example.com --role org_admin"},
	Effect:   operation.Set,
	Consent:  operation.Consent{Often: true, Sensitive: sensitiveMember("/organization/info", "organization_id", "members")},
	Checks:   []operation.Check{ownMemberBudget("/organization/info", "organization_id", "members")},
	Update:   memberUpdate("/organization/info", "organization_id", "members", "max_budget_in_organization"),
	Verify:   applied,
	Do: operation.Endpoint[organizationsMemberUpdateInput]{
		Method: "PATCH", Path: "/organization/member_update", Subject: []string{"organization_id", "user_id"},
	},
	Done: "updated member {user_id} of organization {organization_id}",
}

var organizationsMemberRemove = &operation.Operation{
	Path:     "organizations member-remove",
	Summary:  "Remove a user from an organization",
	Help:     needsEnterprise,
	Examples: []string{"organizations member-remove --organization acme --user ann@example.com"},
	Effect:   operation.Destructive,
	Consent: ask(func(ctx context.Context, call *operation.Call) (string, error) {
		user, err := labeled(ctx, call, userCollection, "user_id")
		if err != nil {
			return "", err
		}
		organization, err := labeled(ctx, call, organizationCollection, "organization_id")
		return "Remove " + user + " from " + organization + "? The user loses access to its models.", err
	}),
	Do: operation.Endpoint[organizationMember]{
		Method: "DELETE", Path: "/organization/member_delete", Body: []string{"organization_id", "user_id"},
	},
	Done: "removed {user_id} from organization {organization_id}",
}
