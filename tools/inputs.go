package tools

import "litellm-proxy/internal/operation"

// budgetPeriod is the time after which a budget resets.
type budgetPeriod string

// Rule implements [operation.Ruled].
func (budgetPeriod) Rule() operation.Rule {
	return operation.Rule{Help: "Reset period: 30d (on the 1st), 7d (Monday), 24h (midnight UTC)"}
}

// memberPeriod is the time after which the budget of each team member resets.
type memberPeriod string

// Rule implements [operation.Ruled].
func (memberPeriod) Rule() operation.Rule {
	return operation.Rule{Help: "Member budget reset period"}
}

// lifetime is the time after which a key expires, or the date.
type lifetime struct {
	Duration string           `json:"duration" help:"Key expires after this time, such as 90d (default never)"`
	Expires  operation.Expiry `json:"expires"`
}

// existingBudget is the ID of a budget that limits what is given it.
type existingBudget string

// Rule implements [operation.Ruled].
func (existingBudget) Rule() operation.Rule {
	return operation.Rule{Help: "ID of an existing budget to apply"}
}

// Refers implements [operation.Referring].
func (existingBudget) Refers() *operation.Collection { return budgetCollection }

// existingTeam is a team, by alias or ID.
type existingTeam string

// Collection returns the list that has the team.
func (existingTeam) Collection() *operation.Collection { return teamCollection }

// Refers implements [operation.Referring].
func (existingTeam) Refers() *operation.Collection { return teamCollection }

// existingUser is an internal user, by email or ID.
type existingUser string

// Collection returns the list that has the user.
func (existingUser) Collection() *operation.Collection { return userCollection }

// Refers implements [operation.Referring].
func (existingUser) Refers() *operation.Collection { return userCollection }

// knownUser is an internal user, by email or ID. Another text is the ID of a new user, as the
// gateway takes it.
type knownUser string

// Collection returns the list that has the user.
func (knownUser) Collection() *operation.Collection { return openUsers }

// openUsers are the internal users, and those to come.
var openUsers = func() *operation.Collection {
	open := *userCollection
	open.Open = true
	return &open
}()

// existingOrganization is an organization, by alias or ID.
type existingOrganization string

// Collection returns the list that has the organization.
func (existingOrganization) Collection() *operation.Collection { return organizationCollection }

// Refers implements [operation.Referring].
func (existingOrganization) Refers() *operation.Collection { return organizationCollection }

// existingProject is a project, by alias or ID.
type existingProject string

// Collection returns the list that has the project.
func (existingProject) Collection() *operation.Collection { return projectCollection }

// existingKey is a virtual key, by alias, hash or itself (sk-...).
type existingKey string

// Collection returns the list that has the key.
func (existingKey) Collection() *operation.Collection { return keyCollection }

// Rule implements [operation.Ruled].
func (existingKey) Rule() operation.Rule {
	return operation.Rule{Help: "Key, by alias or hash, or the key itself"}
}

// identifies are the collections of what the further fields of a write identify.
var identifies = map[string]*operation.Collection{
	"team_id": teamCollection, "user_id": userCollection, "budget_id": budgetCollection, "end_user_budget_id": budgetCollection,
	"organization_id": organizationCollection, "organizations": organizationCollection, "project_id": projectCollection,
	"litellm_credential_name": credentialCollection,
}

// budget limits what an object may spend.
type budget struct {
	MaxBudget      operation.USD `json:"max_budget" help:"Spending limit in US dollars" clear:"null"`
	BudgetDuration budgetPeriod  `json:"budget_duration" clear:"null"`
}

// alertedBudget is a budget with an alert before its end.
type alertedBudget struct {
	budget
	SoftBudget operation.USD `json:"soft_budget" help:"Spend in US dollars that triggers an alert" clear:"null"`
}

// rates limit the use of models per minute.
type rates struct {
	TPMLimit operation.Limit `json:"tpm_limit" help:"Limit of tokens per minute" clear:"null"`
	RPMLimit operation.Limit `json:"rpm_limit" help:"Limit of requests per minute" clear:"null"`
}

// ownerFilter narrows a list to what belongs to a user or a team.
type ownerFilter struct {
	UserID existingUser `json:"user_id" name:"user" help:"Only this internal user"`
	TeamID existingTeam `json:"team_id" name:"team" help:"Only this team"`
}

// Reports on the past know deleted teams and keys too.
var (
	everyTeam = teamCollection.AndDeleted()
	everyKey  = keyCollection.AndDeleted()
)

// pastTeam is a team, by alias or ID, also one that was deleted.
type pastTeam string

// Collection returns the list that has the alias.
func (pastTeam) Collection() *operation.Collection { return everyTeam }

// pastKey is a key, by alias or hash, also one that was deleted.
type pastKey string

// Collection returns the list that has the alias.
func (pastKey) Collection() *operation.Collection { return everyKey }

// pastOwner narrows a report to a user or a team, also one that was deleted.
type pastOwner struct {
	UserID existingUser `json:"user_id" name:"user" help:"Only this internal user"`
	TeamID pastTeam     `json:"team_id" name:"team" help:"Only this team"`
}

// teamTarget is the team that something belongs to.
type teamTarget struct {
	TeamID existingTeam `json:"team_id" name:"team" jsonschema:"required"`
}

// userRole is the role of an internal user on the gateway.
type userRole string

// Rule implements [operation.Ruled].
func (userRole) Rule() operation.Rule {
	return operation.Rule{Values: []string{"proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer"}}
}

// teamRole is the role of a member in a team.
type teamRole string

// Rule implements [operation.Ruled].
func (teamRole) Rule() operation.Rule { return operation.Rule{Values: []string{"user", "admin"}} }

// organizationRole is the role of a member in an organization.
type organizationRole string

// Rule implements [operation.Ruled].
func (organizationRole) Rule() operation.Rule {
	return operation.Rule{Values: []string{"org_admin", "internal_user", "internal_user_viewer"}}
}

// days is a number of days, up to ten years.
type days int

// Rule implements [operation.Ruled].
func (days) Rule() operation.Rule { return operation.Rule{Min: "1", Max: "3650"} }
