package tools

import "litellm-proxy/internal/operation"

// What new users and teams get, and how people sign in.

var internalUserPage = &settingsPage{
	what: "internal user settings", path: "/get/internal_user_settings", values: "values",
	method: "PATCH", change: "/update/internal_user_settings", example: "max_budget",
}

var internalUserColumns = internalUserPage.columns("user_role", "max_budget", "budget_duration", "models", "teams")

var settingsInternalUsers = &operation.Operation{
	Path:     "settings internal-users",
	Summary:  "Show the defaults for new internal users",
	Examples: []string{"settings internal-users"},
	Effect:   operation.Read,
	Do:       internalUserPage.show(),
	Columns:  internalUserColumns,
}

type settingsInternalUsersInput struct {
	UserRole       string         `json:"user_role" enum:"proxy_admin,proxy_admin_viewer,internal_user,internal_user_viewer" help:"Default role"`
	MaxBudget      operation.USD  `json:"max_budget" help:"Default spending limit in US dollars" clear:"null"`
	BudgetDuration string         `json:"budget_duration" help:"Budget resets after this period, such as 30d" clear:"null"`
	Models         []string       `json:"models" help:"Models that new users may use" clear:"null"`
	Teams          []existingTeam `json:"teams" help:"Teams that new users join" clear:"null" cli:"alias=team"`
	operation.Clearing
	operation.Extras
}

var settingsInternalUsersUpdate = &operation.Operation{
	Path:    "settings internal-users-update",
	Summary: "Change the defaults for new internal users",
	Help:    "Fields you omit are unchanged, and so are existing users.",
	Examples: []string{
		"settings internal-users-update --user-role internal_user --max-budget 10 --budget-duration 30d",
		"settings internal-users-update --clear max_budget",
	},
	Effect:  operation.Set,
	Sends:   []string{"PATCH /update/internal_user_settings"},
	Consent: opens("changes what every new user may do"),
	Update:  internalUserPage.update(),
	Verify:  applied,
	Do:      changes[settingsInternalUsersInput](internalUserPage),
	Done:    "updated the defaults for new internal users",
}

var defaultTeamPage = &settingsPage{
	what: "default team settings", path: "/get/default_team_settings", values: "values",
	method: "PATCH", change: "/update/default_team_settings", example: "max_budget",
}

var settingsDefaultTeam = &operation.Operation{
	Path:     "settings default-team",
	Summary:  "Show the defaults for new teams",
	Examples: []string{"settings default-team"},
	Effect:   operation.Read,
	Do:       defaultTeamPage.show(),
	Columns: defaultTeamPage.columns("models", "max_budget", "budget_duration", "tpm_limit", "rpm_limit",
		"team_member_permissions", "organization_id", "access_group_ids"),
}

type settingsDefaultTeamInput struct {
	Models                []string             `json:"models" help:"Models of teams that single sign-on creates" clear:"[]"`
	MaxBudget             operation.USD        `json:"max_budget" help:"Default spending limit in US dollars" clear:"null"`
	BudgetDuration        string               `json:"budget_duration" help:"Budget resets after this period, such as 30d" clear:"null"`
	TpmLimit              operation.Limit      `json:"tpm_limit" help:"Default limit of tokens per minute" clear:"null"`
	RpmLimit              operation.Limit      `json:"rpm_limit" help:"Default limit of requests per minute" clear:"null"`
	TeamMemberPermissions []string             `json:"team_member_permissions" help:"Routes that members may call, such as /key/generate" clear:"null"`
	OrganizationID        existingOrganization `json:"organization_id" name:"organization" help:"Organization of new teams" clear:"null"`
	AccessGroupIDs        []string             `json:"access_group_ids" help:"Access groups of new teams, by ID" clear:"null"`
	operation.Clearing
	operation.Extras
}

var settingsDefaultTeamUpdate = &operation.Operation{
	Path:    "settings default-team-update",
	Summary: "Change the defaults for new teams",
	Help:    "Fields you omit are unchanged, and so are existing teams.",
	Examples: []string{
		"settings default-team-update --max-budget 100 --budget-duration 30d",
		"settings default-team-update --team-member-permissions /key/generate,/key/info",
	},
	Effect:  operation.Set,
	Sends:   []string{"PATCH /update/default_team_settings"},
	Consent: opens("changes what every new team may do"),
	Update:  defaultTeamPage.update(),
	Verify:  applied,
	Do:      changes[settingsDefaultTeamInput](defaultTeamPage),
	Done:    "updated the defaults for new teams",
}

var ssoPage = &settingsPage{
	what: "SSO settings", path: "/get/sso_settings", values: "values",
	method: "PATCH", change: "/update/sso_settings", keeps: "1.110", example: "generic_client_id",
}

var settingsSSO = &operation.Operation{
	Path:     "settings sso",
	Summary:  "Show the single sign-on settings",
	Examples: []string{"settings sso", "settings sso --format json | jq .provenance"},
	Effect:   operation.Read,
	Do:       ssoPage.show(),
	Columns: ssoPage.columns("google_client_id", "google_client_secret", "microsoft_client_id", "microsoft_client_secret", "microsoft_tenant",
		"generic_client_id", "generic_client_secret", "generic_authorization_endpoint", "generic_token_endpoint", "generic_userinfo_endpoint",
		"generic_scope", "saml_idp_metadata_url", "saml_sp_entity_id", "proxy_base_url", "user_email", "ui_access_mode", "role_mappings", "team_mappings"),
}

type settingsSSOInput struct {
	GoogleClientID               string           `json:"google_client_id" help:"Google client ID" clear:"null"`
	GoogleClientSecret           string           `json:"google_client_secret" help:"Google client secret" clear:"null"`
	MicrosoftClientID            string           `json:"microsoft_client_id" help:"Microsoft client ID" clear:"null"`
	MicrosoftClientSecret        string           `json:"microsoft_client_secret" help:"Microsoft client secret" clear:"null"`
	MicrosoftTenant              string           `json:"microsoft_tenant" help:"Microsoft tenant ID" clear:"null"`
	GenericClientID              string           `json:"generic_client_id" help:"OpenID Connect client ID" clear:"null"`
	GenericClientSecret          string           `json:"generic_client_secret" help:"OpenID Connect client secret" clear:"null"`
	GenericAuthorizationEndpoint string           `json:"generic_authorization_endpoint" help:"OpenID Connect authorization URL" clear:"null"`
	GenericTokenEndpoint         string           `json:"generic_token_endpoint" help:"OpenID Connect token URL" clear:"null"`
	GenericUserinfoEndpoint      string           `json:"generic_userinfo_endpoint" help:"OpenID Connect user info URL" clear:"null"`
	GenericScope                 string           `json:"generic_scope" help:"Scopes to ask for (default openid email profile)" clear:"null"`
	ProxyBaseURL                 string           `json:"proxy_base_url" help:"Public URL of the gateway" clear:"null"`
	UserEmail                    operation.Email  `json:"user_email" name:"email" help:"Email address of the administrator" clear:"null"`
	RoleMappings                 operation.Object `json:"role_mappings" help:"Roles by group: provider, group_claim, roles, default_role" clear:"null"`
	TeamMappings                 operation.Object `json:"team_mappings" help:"Teams from the token: team_ids_jwt_field" clear:"null"`
	operation.Clearing
	operation.Replacing
	operation.Extras
}

var settingsSSOUpdate = &operation.Operation{
	Path:    "settings sso-update",
	Summary: "Change the single sign-on settings",
	Help:    "Fields you omit are unchanged. Before LiteLLM 1.110, give stored client secrets again.",
	Examples: []string{
		"settings sso-update --generic-client-id gateway --generic-client-secret @client.key --generic-token-endpoint https://idp.example.com/token",
		"settings sso-update --clear google_client_id,google_client_secret",
	},
	Effect:  operation.Set,
	Sends:   []string{"PATCH /update/sso_settings"},
	Consent: opens("changes who can sign in to the gateway, and how"),
	Update:  ssoPage.update(),
	Verify:  applied,
	Do:      changes[settingsSSOInput](ssoPage),
	Done:    "updated the single sign-on settings",
}
