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

// organizationCollection is the organizations that the caller may see, at once.
var organizationCollection = &operation.Collection{
	What: "organization", Path: "/organization/list", ID: "organization_id", Name: "organization_alias", Search: "org_alias",
}

// organizationAlias is the name of an organization where its ID is wanted.
type organizationAlias string

// Collection is where the alias is looked up.
func (organizationAlias) Collection() *operation.Collection { return organizationCollection }

var organizationColumns = []operation.Column{
	{Name: "organization_alias", ID: true},
	{Name: "organization_id", ID: true},
	{Name: "models"},
	{Name: "spend", Format: operation.Dollars},
	{Name: "max_budget", Field: "litellm_budget_table.max_budget", Format: operation.Dollars},
	{Name: "budget_duration", Field: "litellm_budget_table.budget_duration"},
	{Name: "created_at", Format: operation.Time, Optional: true},
	{Name: "created_by", Optional: true},
}

type organizationsListInput struct {
	OrgAlias string `json:"org_alias" help:"Only organizations whose alias contains this text" cli:"alias=organization"`
	OrgID    string `json:"org_id" help:"Only the organization with this id" cli:"alias=organization-id"`
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

// organizationRef names one organization.
type organizationRef struct {
	OrganizationID string            `json:"organization_id" jsonschema:"minLength=1" help:"Id of the organization" cli:"arg=1"`
	Organization   organizationAlias `json:"organization" jsonschema:"minLength=1" help:"The same by alias" ref:"organization_id,required"`
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

// orgLimits are the settings that organizations and projects share.
type orgLimits struct {
	Models         []string         `json:"models" help:"Models that may be used; an empty list: all" clear:"[]"`
	MaxBudget      *float64         `json:"max_budget" jsonschema:"minimum=0" help:"Most that may be spent, in US dollars" clear:"null"`
	BudgetDuration string           `json:"budget_duration" help:"Spend starts again from 0 after this time: 30d, 1mo" clear:"null"`
	SoftBudget     *float64         `json:"soft_budget" jsonschema:"minimum=0" help:"Spend in US dollars at which an alert is sent" clear:"null"`
	TPMLimit       *int             `json:"tpm_limit" jsonschema:"minimum=0" help:"Tokens per minute at most" clear:"null"`
	RPMLimit       *int             `json:"rpm_limit" jsonschema:"minimum=0" help:"Requests per minute at most" clear:"null"`
	Metadata       operation.Object `json:"metadata" help:"Anything to keep with it" clear:"{}"`
}

type organizationsCreateInput struct {
	OrganizationAlias string `json:"organization_alias" jsonschema:"required,minLength=1" help:"Name of the organization" cli:"arg=1"`
	OrganizationID    string `json:"organization_id" help:"Id of the organization; not given: the gateway makes one"`
	BudgetID          string `json:"budget_id" help:"Existing budget to use"`
	orgLimits
	operation.Extras
}

var organizationsCreate = &operation.Operation{
	Path:     "organizations create",
	Summary:  "Create an organization, to which teams and users can belong",
	Help:     needsEnterprise,
	Examples: []string{"organizations create acme --models gpt-4o-mini --max-budget 1000 --budget-duration 30d"},
	Effect:   operation.Write,
	Do:       operation.Endpoint[organizationsCreateInput]{Method: "POST", Path: "/organization/new"},
	Columns:  organizationColumns,
	Done:     "created organization {organization_alias} ({organization_id})",
}

type organizationsUpdateInput struct {
	organizationRef
	OrganizationAlias string `json:"organization_alias" help:"New name"`
	orgLimits
	operation.Clearing
	operation.Extras
}

var organizationsUpdate = &operation.Operation{
	Path:     "organizations update",
	Summary:  "Change limits, models or name of an organization",
	Help:     "What is not named stays; {clear} removes a limit. " + needsEnterprise,
	Examples: []string{"organizations update --organization acme --max-budget 2000"},
	Effect:   operation.Set,
	Do:       operation.Endpoint[organizationsUpdateInput]{Method: "PATCH", Path: "/organization/update", Subject: []string{"organization_id"}},
	Columns:  organizationColumns,
	Done:     "updated organization {organization_alias} ({organization_id})",
}

type organizationsDeleteInput struct {
	OrganizationIDs []string          `json:"organization_ids" jsonschema:"minItems=1" help:"Ids of the organizations" cli:"arg=1"`
	Organization    organizationAlias `json:"organization" jsonschema:"minLength=1" help:"One organization by its alias" ref:"organization_ids,required"`
}

var organizationsDelete = &operation.Operation{
	Path:     "organizations delete",
	Summary:  "Delete organizations with their teams and keys",
	Help:     needsEnterprise,
	Examples: []string{"organizations delete --organization acme"},
	Effect:   operation.Destructive,
	Do:       operation.Endpoint[organizationsDeleteInput]{Method: "DELETE", Path: "/organization/delete", Body: []string{"organization_ids"}},
	Done:     "deleted organization {organization_ids}",
}

type organizationsMemberAddInput struct {
	organizationRef
	people
	Role                    string   `json:"role" jsonschema:"enum=org_admin,enum=internal_user,enum=internal_user_viewer" help:"Role in the organization (default internal_user)"`
	MaxBudgetInOrganization *float64 `json:"max_budget_in_organization" jsonschema:"minimum=0" help:"Most that each may spend in the organization, in US dollars"`
	CreateMissing           bool     `json:"create_missing" help:"Also create users that do not exist"`
	operation.Extras
}

var organizationsMemberAdd = &operation.Operation{
	Path:     "organizations member-add",
	Summary:  "Add one or more users to an organization",
	Help:     "Refused when a user does not exist, whom the gateway would create, unless {create_missing}. " + needsEnterprise,
	Examples: []string{"organizations member-add --organization acme --emails ann@example.com --role org_admin"},
	Effect:   operation.Write,
	Do: operation.Func[organizationsMemberAddInput](func(ctx context.Context, call *operation.Call, in organizationsMemberAddInput) (operation.Result, error) {
		return in.add(ctx, call, "/organization/member_add", cmp.Or(in.Role, "internal_user"), in.CreateMissing, "organization "+in.OrganizationID)
	}),
}

// organizationMember names one member of one organization.
type organizationMember struct {
	organizationRef
	UserID string    `json:"user_id" jsonschema:"minLength=1" help:"Id of the member"`
	User   userEmail `json:"user" jsonschema:"minLength=1" help:"The same by email" ref:"user_id,required"`
}

type organizationsMemberUpdateInput struct {
	organizationMember
	Role                    string   `json:"role" jsonschema:"enum=org_admin,enum=internal_user,enum=internal_user_viewer" help:"Role in the organization"`
	MaxBudgetInOrganization *float64 `json:"max_budget_in_organization" jsonschema:"minimum=0" help:"Most that the member may spend in the organization, in US dollars" clear:"null"`
	operation.Clearing
	operation.Extras
}

var organizationsMemberUpdate = &operation.Operation{
	Path:     "organizations member-update",
	Summary:  "Change role or budget of a member of an organization",
	Help:     needsEnterprise,
	Examples: []string{"organizations member-update --organization acme --user ann@example.com --role org_admin"},
	Effect:   operation.Set,
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
	Do: operation.Endpoint[organizationMember]{
		Method: "DELETE", Path: "/organization/member_delete", Body: []string{"organization_id", "user_id"},
	},
	Done: "removed {user_id} from organization {organization_id}",
}
