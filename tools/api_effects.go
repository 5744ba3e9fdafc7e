package tools

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// What a request does that no operation was declared for: http request and the operations of
// api decide by these tables.

// showing are the routes of which a GET changes nothing, calls no provider and sends
// nothing: those, and everything below them; with = that route alone, and {} for any segment
// (LiteLLM 1.110.2). A route that is not among them may do anything, so that new ones are
// confirmed until somebody has looked.
var showing = strings.Fields(`
	access_group active adaptive_router/state agent alerting/model-deprecations api/plugins =auto_router/session
	auto_router/shadow_eval =auto_router/benchmarks =auto_router/classifier/default_prompt audit budget cache/redis/info
	cache/settings callbacks claude-code/marketplace.json =claude-code/plugins =claude-code/plugins/{} =claude-code/plugins/{}/downloads cloudzero/settings
	config/cost_discount_config config/cost_margin_config config/pass_through_endpoint config_overrides
	coordination_redis/settings cost_optimization credentials customer email/event_settings end_user fallback gateway get global
	guardrails health/backlog health/deployment_warnings health/history health/latest health/license health/liveliness
	health/liveness health/readiness health/shared-status jwt key management/v1 model/deprecations model-insights model/info
	model_group models openapi.json organization policies policy project prompts provider public router routes search/tools
	=search_tools/list =search_tools/{} =search_tools/ui/available_providers settings =skill-hub/skills =skill-hub/skills/{}
	=skill-hub/skills/{}/downloads =skill-hub/skills/{}/versions =skill-hub/skills/{}/versions/{} =skill-hub/submissions
	=skill-hub/submissions/{} =skill-hub/submissions/{}/scan spend sso/readiness tag team =telemetry/reports telemetry/settings
	=telemetry/ui_events/enabled test user utils v1/access_group =v1/agents/identity/providers =v1/agents/{}/identity
	=v1/mcp/access_groups =v1/mcp/network/client-ip =v1/mcp/openapi-registry =v1/mcp/registry.json =v1/mcp/server
	=v1/mcp/server/{}/oauth-user-credential/status =v1/mcp/server/{}/user-credentials =v1/mcp/server/{}/user-env-vars
	=v1/mcp/server/submissions =v1/mcp/toolset =v1/mcp/toolset/{} =v1/mcp/user-credentials =v1/mcp/user-env-vars/status
	v1/memory v1/model/deprecations v1/model/info v1/models v1/search/tools v1/tool v1/traces v1/unified_access_group
	=v1/vector_store/list v1/workflows v2/guardrails/list v2/model/info v2/team/list v2/user/info vantage/settings
	=vector_store/list .well-known/jwks.json .well-known/litellm-cli-auth .well-known/litellm-ui-config`)

// reading are the POSTs that only read, beside those that an operation of effect Read sends:
// they calculate, look up or check what they are sent.
var reading = strings.Fields(`
	auto_router/validate_complexity_router_config cloudzero/dry-run compliance/eu-ai-act compliance/gdpr
	guardrails/validate_blocked_words_file organization/info policies/attachments/estimate-impact policies/resolve
	policy/templates/test policy/test policy/validate utils/dotprompt_json_converter v1/traces/query vantage/dry-run vector_store/info`)

// unasked are the routes of which a write takes nothing from anybody and gives nobody
// anything: calls of models, notes and records. Writes of other routes are confirmed, unless
// an operation sends them without a question.
var unasked = strings.Fields(`
	alerting/model-deprecations/state =audio/speech =completions =embeddings health/deployment_warnings =moderations =rerank
	telemetry/ui_events =v1/audio/speech =v1/completions =v1/embeddings v1/memory =v1/messages/count_tokens =v1/moderations
	=v1/rerank =v1/responses/input_tokens v1/workflows`)

// callInputs are the members of calls of models beside [callParams]: what the model gets.
var callInputs = strings.Fields(`prompt input query documents instructions system voice speed suffix echo best_of dimensions
	encoding_format input_type truncate rank_fields return_documents max_chunks_per_doc max_tokens_per_doc`)

// destroying are the words of a path with which a write destroys something.
var destroying = strings.Fields("delete bulk_delete flushall kill_switch purge regenerate reset revoke")

// among reports whether a path, without slashes around it, is in a table.
func among(table []string, path string) bool {
	return slices.ContainsFunc(table, func(route string) bool {
		if path == route || strings.HasPrefix(path, route+"/") {
			return true
		}
		route, exact := strings.CutPrefix(route, "=")
		return exact && proxyclient.Fits(route, path)
	})
}

// shows tells whether a GET of the path only reads. The path must be written as the
// gateway writes it: what is escaped, doubled or in capitals may reach another route
// than it seems to.
func shows(uri string) bool {
	path, _, _ := strings.Cut(uri, "?")
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if strings.ContainsAny(path, `%;\#`) || strings.Contains(path, "//") || strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") ||
		strings.Contains("/"+path+"/", "/../") || strings.Contains("/"+path+"/", "/./") {
		return false
	}
	return among(showing, path)
}

// endpointEffect is what a request does to the endpoint with this path, as a document writes
// it. What is not known may do anything.
func endpointEffect(method, path string) operation.Effect {
	known, plain := endpointsOf()[method+" "+path], strings.Trim(path, "/")
	switch {
	case known.reads, method == http.MethodGet && shows(path), method == http.MethodPost && slices.Contains(reading, plain):
		return operation.Read
	case method == http.MethodDelete, method != http.MethodGet && destroys(plain):
		return operation.Destructive
	}
	return operation.Write
}

// destroys reports whether a path has a word with which a write destroys something.
func destroys(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if slices.Contains(destroying, segment) || strings.HasSuffix(segment, "_delete") || strings.HasPrefix(segment, "reset_") {
			return true
		}
	}
	return false
}

// endpointAsks says why a write of the endpoint is confirmed whatever it sends, or "". What an
// operation asks about cannot be sent around it.
func endpointAsks(method, path string) string {
	known := endpointsOf()[method+" "+path]
	switch {
	case known.asks:
		return "uses the endpoint of " + operation.Or(known.operations) + " without the checks of that operation"
	case len(known.operations) > 0 && !known.reads, among(unasked, strings.Trim(path, "/")):
		return ""
	case method == http.MethodGet:
		return "may call a provider, send a message or change something: " + operation.Name(path) + " is not among the routes that only show things"
	}
	return "may change what others use: the effects of " + method + " " + operation.Name(path) + " are not checked"
}

// sent is what is known of an endpoint that operations send.
type sent struct {
	operations  []string // their paths
	reads, asks bool
}

// endpointsOf returns the endpoints of operations by method and path.
var endpointsOf = sync.OnceValue(func() map[string]sent {
	known := map[string]sent{}
	for _, op := range declared() {
		for _, endpoint := range op.Endpoints() {
			one := known[endpoint]
			one.operations = append(one.operations, op.Path)
			one.reads = one.reads || op.Effect == operation.Read && !op.Asks()
			one.asks = one.asks || op.Asks()
			known[endpoint] = one
		}
	}
	for endpoint, one := range known {
		one.asks = one.asks && !one.reads
		known[endpoint] = one
	}
	return known
})
