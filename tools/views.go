package tools

import (
	"slices"

	"litellm-proxy/internal/operation"
)

// asSent is the view of an operation whose user asked for the gateway's bytes.
var asSent = &operation.View{Raw: true}

// memberKeys is the columns of the keys that belong to something.
var memberKeys = []operation.Column{
	{Name: "alias", Field: "key_alias|key_name"}, stateColumn, {Name: operation.LimitSpend},
	{Name: operation.LimitBudget, Field: orTier(operation.LimitBudget)}, {Name: operation.LimitExpiry},
}

// everyModel is what to show for things without a list of models.
var everyModel = map[string]string{"Models": "all"}

var teamView = teamViewAt("team_info")

// teamViewAt is the view of a team at a path of the answer.
func teamViewAt(at string) *operation.View {
	prefix := at
	if prefix != "" {
		prefix += "."
	}
	head := within(at, []operation.Column{
		{Name: "Team", Field: "team_alias"},
		{Name: "ID", Field: "team_id"},
		{Name: "Organization", Field: "organization_id", Names: organizationCollection},
		{Name: "Models", Field: "models"},
	})
	tail := within(at, []operation.Column{
		{Name: "Each member", Field: "team_member_budget_table", Format: operation.Limited},
		{Name: "Guardrails", Field: "metadata.guardrails"},
		{Name: "Metadata", Field: "metadata"},
		{Name: "Created", Field: "created_at", Format: operation.Time},
	})
	return &operation.View{
		What: "team", Facts: slices.Concat(head, operation.Limits(at), tail), None: everyModel,
		Lists: []operation.ViewList{
			{Name: "Members", Field: prefix + "members_with_roles", Join: "team_memberships", On: "user_id", Columns: append([]operation.Column{
				{Name: "member", Field: "user_email|user_alias|user_id"}, {Name: "role"}},
				within("joined", []operation.Column{
					{Name: operation.LimitSpend}, {Name: operation.LimitBudget, Field: orTier(operation.LimitBudget)},
					{Name: "resets", Field: orTier(operation.LimitReset), Format: operation.Time},
				})...)},
			{Name: "Keys", Field: "keys", Columns: memberKeys},
		},
	}
}

var userView = userViewAt("user_info")

// userViewAt is the view of a user at a path of the answer.
func userViewAt(at string) *operation.View {
	return &operation.View{
		What: "user", None: everyModel,
		Facts: slices.Concat(within(at, []operation.Column{
			{Name: "User", Field: "user_email"},
			{Name: "ID", Field: "user_id"},
			{Name: "Name", Field: "user_alias"},
			{Name: "Role", Field: "user_role"},
			{Name: "Models", Field: "models"},
		}), operation.Limits(at), within(at, []operation.Column{
			{Name: "Metadata", Field: "metadata"},
			{Name: "Created", Field: "created_at", Format: operation.Time},
		})),
		Lists: []operation.ViewList{
			{Name: "Teams", Field: "teams", Columns: []operation.Column{
				{Name: "team", Field: "team_alias|team_id"}, {Name: "ID", Field: "team_id"},
			}},
			{Name: "Keys", Field: "keys", Columns: slices.Insert(slices.Clone(memberKeys), 1, operation.Column{Name: "team", Field: "team_id", Names: teamCollection})},
		},
	}
}

// changedUserAt is the view of a user at a path of the answer, who was created or changed.
func changedUserAt(at string) *operation.View {
	teams := within(at, []operation.Column{{Name: "Teams", Field: "teams", Names: teamCollection}})
	return &operation.View{What: "user", None: everyModel, Facts: slices.Insert(userViewAt(at).Facts, 4, teams...)}
}

// keyView is the view of a key at a path of the answer; hash is the path of its hash.
func keyView(at, hash string) *operation.View {
	return &operation.View{
		What: "key", None: everyModel,
		Facts: slices.Concat(within(at, []operation.Column{
			{Name: "Key", Field: "key_alias"},
			{Name: "Name", Field: "key_name"},
		}), []operation.Column{{Name: "Hash", Field: hash}}, within(at, []operation.Column{
			{Name: "User", Field: "user_id", Names: userCollection},
			{Name: "Team", Field: "team_id", Names: teamCollection},
			{Name: "Organization", Field: "organization_id|org_id", Names: organizationCollection},
			{Name: "Project", Field: "project_id"},
			{Name: "Agent", Field: "agent_id"},
			{Name: "Models", Field: "models"},
		}), operation.Limits(at), within(at, []operation.Column{
			{Name: "Model aliases", Field: "aliases"},
			{Name: "Routes", Field: "allowed_routes"},
			{Name: "Permissions", Field: "permissions"},
			{Name: "Guardrails", Field: "guardrails|metadata.guardrails"},
			{Name: "Tags", Field: "tags|metadata.tags"},
			{Name: "Metadata", Field: "metadata"},
			{Name: "Requests/min by model", Field: "model_rpm_limit|metadata.model_rpm_limit"},
			{Name: "Tokens/min by model", Field: "model_tpm_limit|metadata.model_tpm_limit"},
			{Name: "Budget by model", Field: "model_max_budget"},
			{Name: "Rotates every", Field: "rotation_interval"},
			{Name: "Created", Field: "created_at", Format: operation.Time},
			{Name: "Last used", Field: "last_active", Format: operation.Time},
		})),
	}
}

// modelView is the view of a deployment.
var modelView = &operation.View{
	What: "model",
	Facts: []operation.Column{
		{Name: "Model", Field: "model_name"},
		{Name: "ID", Field: "model_info.id|model_id"},
		{Name: "Provider's model", Field: "litellm_params.model"},
		{Name: "Provider", Field: "litellm_params.custom_llm_provider|model_info.litellm_provider"},
		{Name: "Address", Field: "litellm_params.api_base"},
		{Name: "API key", Field: "litellm_params.api_key"},
		{Name: "Credential", Field: "litellm_params.litellm_credential_name"},
		{Name: "Mode", Field: "model_info.mode"},
		{Name: "Description", Field: "model_info.description"},
		{Name: "Input price", Field: "litellm_params.input_cost_per_token|model_info.input_cost_per_token", Format: operation.DollarsPerMillion},
		{Name: "Output price", Field: "litellm_params.output_cost_per_token|model_info.output_cost_per_token", Format: operation.DollarsPerMillion},
		{Name: "Context", Field: "model_info.max_input_tokens"},
		{Name: "Tags", Field: "litellm_params.tags"},
		{Name: "Access groups", Field: "model_info.access_groups"},
		{Name: "Created", Field: "model_info.created_at|created_at", Format: operation.Time},
		{Name: "Updated", Field: "model_info.updated_at|updated_at", Format: operation.Time},
		{Name: operation.LimitRequests, Field: "litellm_params.rpm"},
		{Name: operation.LimitTokens, Field: "litellm_params.tpm"},
		{Name: operation.LimitParallel, Field: "litellm_params.max_parallel_requests"},
		{Name: operation.LimitBudget, Field: "litellm_params.max_budget"},
		{Name: operation.LimitDuration, Field: "litellm_params.budget_duration"},
		{Name: operation.LimitBlocked, Field: "blocked|model_info.blocked"},
	},
}

var whoamiView = &operation.View{
	What: "key",
	Facts: []operation.Column{
		{Name: "User", Field: "user_email"},
		{Name: "User ID", Field: "user_id"},
		{Name: "Name", Field: "user_alias"},
		{Name: "Role", Field: "role"},
		{Name: "Teams", Field: "teams", Each: []string{"team_alias|team_id"}},
		{Name: "Gateway", Field: "url"},
		{Name: "Profile", Field: "profile"},
		{Name: "Credential", Field: "credential.kind"},
		{Name: "From", Field: "credential.source"},
		{Name: "Key", Field: "credential.key_alias|credential.name"},
		{Name: "Hash", Field: "credential.token"},
		{Name: "Team", Field: "credential.team_alias|credential.team_id"},
		{Name: "Models", Field: "credential.models"},
		{Name: operation.LimitSpend, Field: "credential.spend|spend"},
		{Name: operation.LimitBudget, Field: "credential.max_budget|max_budget"},
		{Name: operation.LimitDuration, Field: "credential.budget_duration"},
		{Name: operation.LimitExpiry, Field: "credential.expires"},
	},
}

// chatView is the view of an answer of a model, whose text follows it.
var chatView = &operation.View{
	Facts: []operation.Column{
		{Name: "Model", Field: "model"},
		{Name: "ID", Field: "id"},
		{Name: "Tokens", Field: "usage.total_tokens"},
		{Name: "Finished", Field: "choices", Each: []string{"finish_reason"}},
		{Name: "Tool calls", Field: "choices", Each: []string{"message.tool_calls"}},
	},
}
