package openapi

import "strings"

// The tags of the endpoints that manage a gateway, and the paths of those that have none of
// these tags (LiteLLM 1.110.2). Other endpoints call models, serve the web page or pass
// requests on.
const (
	managementTags = `
Audit Logging
Budget & Spend Tracking
Cache Settings
Coordination Redis Settings
Cost Tracking
Customer Management
Fallback Management
Internal User management
Logging Callbacks
Router Settings
SSO Settings
Settings
Telemetry
access_groups
agent tracing
agents
alerting
auto router
budget management
caching
cloudzero
compliance
config_overrides
credential management
email management
guardrails
health
jwt_mappings
key management
llm utils
mcp_management
memory management
model management
organization management
policies
policy_engine
project management
prompts
scim
search_tools
skill_hub
subscription accounts
tag management
team management
tools
vantage
vector_store_management
workflow management
`
	managementPaths = `
/.well-known/litellm-ui-config
/chat/completions
/config/pass_through_endpoint
/config/pass_through_endpoint/team/{team_id}
/config/pass_through_endpoint/{endpoint_id}
/provider/budgets
/routes
/sso/readiness
/team/available
/v1/chat/completions
`
)

// Manages reports whether the endpoint manages the gateway, rather than calling a model,
// serving the web page or passing a request on.
func (e *Endpoint) Manages() bool {
	return e.Tag != "" && strings.Contains(managementTags, "\n"+e.Tag+"\n") || strings.Contains(managementPaths, "\n"+e.Path+"\n")
}
