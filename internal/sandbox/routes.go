package sandbox

import (
	"net/http"
	"net/url"
	"strings"
	"sync"

	"litellm-proxy/internal/openapi"
)

// access says which keys may call a route, beyond what its handler refuses.
type access int

const (
	open  access = iota + 1 // no key needed
	info                    // any key, even one over its budget
	self                    // a key that belongs to a user; users see their own things only
	admin                   // proxy administrators
	llm                     // any key within its budget
)

type handler func(*call) *reply

type route struct {
	method, pattern string
	access          access
	handle          handler
}

// routeTable lists every route. The first that matches answers.
func routeTable() []route {
	return []route{
		{"GET", "/", open, home},
		{"GET", "/openapi.json", open, openAPI},
		{"GET", "/health/liveliness", open, alive},
		{"GET", "/health/liveness", open, alive},
		{"GET", "/health/readiness", open, readiness},
		{"GET", "/health/readiness/details", admin, readinessDetails},
		{"GET", "/health", info, health},
		{"GET", "/health/history", admin, healthHistory},
		{"GET", "/health/latest", admin, healthLatest},
		{"GET", "/health/services", info, healthServices},
		{"GET", "/health/license", admin, healthLicense},
		{"GET", "/health/backlog", admin, healthBacklog},
		{"POST", "/health/test_connection", admin, testConnection},

		{"GET", "/.well-known/litellm-ui-config", open, uiConfig},
		{"GET", "/.well-known/litellm-cli-auth", open, cliAuth},
		{"GET", "/sso/key/generate", open, ssoStart},
		{"GET", "/sandbox/provider", open, provider},
		{"GET", "/sso/callback", open, ssoCallback},
		{"POST", "/sso/cli/start", open, startLogin},
		{"POST", "/sso/cli/complete/{login_id}", open, completeLogin},
		{"GET", "/sso/cli/poll/{login_id}", open, pollLogin},
		{"POST", "/login", open, passwordLogin},
		{"POST", "/register", open, registerClient},
		{"GET", "/authorize", open, authorizeClient},
		{"POST", "/authorize/complete", open, completeAuthorize},
		{"POST", "/token", open, grantToken},
		{"POST", "/revoke", open, revokeToken},

		{"GET", "/models", info, listModels},
		{"GET", "/v1/models", info, listModels},
		{"GET", "/models/{model_id}", self, getModel},
		{"GET", "/v1/models/{model_id}", self, getModel},
		{"GET", "/v1/model/info", info, modelInfo},
		{"GET", "/model/info", info, modelInfo},
		{"GET", "/v2/model/info", info, modelInfoV2},
		{"GET", "/model_group/info", info, modelGroups},
		{"POST", "/model/new", info, newModel},
		{"POST", "/model/update", info, updateModel},
		{"PATCH", "/model/{model_id}/update", info, patchModel},
		{"POST", "/model/delete", info, deleteModel},
		{"POST", "/model/block", admin, blockModel},
		{"POST", "/model/unblock", admin, unblockModel},
		{"GET", "/v1/model/deprecations", info, modelDeprecations},
		{"POST", "/model_group/make_public", admin, makePublic},

		{"GET", "/access_group/list", admin, listAccessGroups},
		{"POST", "/access_group/new", admin, newAccessGroup},
		{"GET", "/access_group/{group}/info", admin, getAccessGroup},
		{"PUT", "/access_group/{group}/update", admin, updateAccessGroup},
		{"DELETE", "/access_group/{group}/delete", admin, deleteAccessGroup},
		{"GET", "/access_group/{group}/budget", admin, accessGroupBudget},
		{"PUT", "/access_group/{group}/budget", admin, setAccessGroupBudget},
		{"DELETE", "/access_group/{group}/budget", admin, deleteAccessGroupBudget},

		{"GET", "/router/settings", admin, routerSettings},
		{"POST", "/config/update", admin, updateConfig},
		{"POST", "/fallback", admin, setFallback},
		{"GET", "/fallback/{model}", admin, getFallback},
		{"DELETE", "/fallback/{model}", admin, deleteFallback},

		{"GET", "/credentials", admin, listCredentials},
		{"POST", "/credentials", admin, newCredential},
		{"GET", "/credentials/migrate-encryption/check", admin, checkEncryption},
		{"POST", "/credentials/migrate-encryption", admin, migrateEncryption},
		{"GET", "/credentials/by_name/{name:path}", admin, getCredential},
		{"GET", "/credentials/by_model/{model_id}", admin, modelCredential},
		{"PATCH", "/credentials/{name:path}", admin, updateCredential},
		{"DELETE", "/credentials/{name:path}", admin, deleteCredential},

		{"GET", "/key/list", info, listKeys},
		{"GET", "/key/info", info, keyInfo},
		{"GET", "/key/aliases", self, keyAliases},
		{"POST", "/key/generate", self, generateKey},
		{"POST", "/key/update", self, updateKey},
		{"POST", "/key/delete", self, deleteKeys},
		{"POST", "/key/block", self, blockKey},
		{"POST", "/key/unblock", self, unblockKey},
		{"POST", "/key/regenerate", self, regenerateKey},
		{"POST", "/key/{key:path}/regenerate", self, regenerateKey},
		{"POST", "/key/{key:path}/reset_spend", admin, resetSpend},
		{"POST", "/key/service-account/generate", self, serviceAccountKey},
		{"POST", "/key/bulk_update", admin, bulkUpdateKeys},
		{"POST", "/key/health", info, keyHealth},

		{"GET", "/user/list", info, listUsers},
		{"GET", "/user/info", info, userInfo},
		{"GET", "/v2/user/info", info, userInfoV2},
		{"GET", "/user/daily/activity", info, userActivity},
		{"GET", "/user/daily/activity/aggregated", info, aggregatedActivity},
		{"POST", "/user/new", admin, newUser},
		{"POST", "/user/update", admin, updateUser},
		{"POST", "/user/delete", admin, deleteUsers},
		{"POST", "/user/bulk_update", admin, bulkUpdateUsers},
		{"POST", "/management/v1/users/bulk", admin, bulkCreateUsers},
		{"POST", "/management/v1/users/bulk_delete", admin, bulkDeleteUsers},

		{"GET", "/team/list", info, listTeams},
		{"GET", "/v2/team/list", info, listTeamsV2},
		{"GET", "/team/info", info, teamInfo},
		{"GET", "/team/available", info, availableTeams},
		{"GET", "/team/daily/activity", info, teamActivity},
		{"POST", "/team/new", admin, newTeam},
		{"POST", "/team/update", self, updateTeam},
		{"POST", "/team/delete", admin, deleteTeams},
		{"POST", "/team/block", admin, blockTeam},
		{"POST", "/team/unblock", admin, unblockTeam},
		{"POST", "/team/member_add", self, addMember},
		{"POST", "/team/member_delete", self, deleteMember},
		{"POST", "/team/member_update", self, updateMember},
		{"POST", "/team/{team_id}/member/{user_id}/reset_spend", self, resetMemberSpend},
		{"POST", "/team/{team_id}/member/{user_id}/reset_budget", self, resetMemberBudget},
		{"POST", "/team/model/add", admin, addTeamModels},
		{"POST", "/team/model/delete", admin, cutTeamModels},
		{"GET", "/team/permissions_list", info, teamPermissions},
		{"POST", "/team/permissions_update", admin, setTeamPermissions},
		{"GET", "/team/spend/by_user", info, teamSpendByUser},
		{"GET", "/team/{team_id:path}/callback", info, listTeamCallbacks},
		{"POST", "/team/{team_id:path}/callback", admin, addTeamCallback},
		{"DELETE", "/team/{rest:path}", admin, deleteTeamCallback},

		{"GET", "/budget/list", admin, listBudgets},
		{"POST", "/budget/new", admin, newBudget},
		{"POST", "/budget/info", admin, budgetInfo},
		{"POST", "/budget/update", admin, updateBudget},
		{"POST", "/budget/delete", admin, deleteBudget},

		{"GET", "/customer/list", admin, listCustomers},
		{"GET", "/customer/info", admin, customerInfo},
		{"GET", "/customer/daily/activity", admin, customerActivity},
		{"POST", "/customer/new", admin, newCustomer},
		{"POST", "/customer/update", admin, updateCustomer},
		{"POST", "/customer/delete", admin, deleteCustomers},
		{"POST", "/customer/block", admin, blockCustomers},
		{"POST", "/customer/unblock", admin, unblockCustomers},

		{"GET", "/tag/list", info, listTags},
		{"GET", "/tag/daily/activity", self, tagActivity},
		{"POST", "/tag/new", admin, newTag},
		{"POST", "/tag/info", admin, tagInfo},
		{"POST", "/tag/update", admin, updateTag},
		{"POST", "/tag/delete", admin, deleteTag},

		{"POST", "/organization/new", info, organizationNew},
		{"GET", "/organization/list", info, organizations},
		{"GET", "/organization/info", info, organizations},
		{"POST", "/organization/info", info, organizations},
		{"PATCH", "/organization/update", info, organizations},
		{"DELETE", "/organization/delete", info, organizations},
		{"POST", "/organization/member_add", info, organizations},
		{"PATCH", "/organization/member_update", info, organizations},
		{"DELETE", "/organization/member_delete", info, organizations},
		{"GET", "/organization/daily/activity", info, organizations},

		{"GET", "/project/list", info, listProjects},
		{"GET", "/project/info", info, getProject},
		{"POST", "/project/new", info, projectsRefused},
		{"POST", "/project/update", info, projectsRefused},
		{"DELETE", "/project/delete", info, projectsRefused},
		{"GET", "/provider/budgets", admin, providerBudgets},

		{"GET", "/spend/logs", self, spendLogs},
		{"GET", "/spend/logs/v2", self, spendLogsV2},
		{"GET", "/spend/logs/session/ui", self, sessionLogs},
		{"GET", "/spend/logs/ui/{id}", self, requestBodies},
		{"POST", "/spend/calculate", info, calculateSpend},
		{"GET", "/global/spend/report", admin, spendReport},
		{"GET", "/global/activity", self, globalActivity},
		{"GET", "/cache/ping", admin, cachePing},
		{"GET", "/cache/redis/info", admin, cacheUnhealthy},
		{"POST", "/cache/delete", admin, cacheDelete},
		{"POST", "/cache/flushall", admin, cacheUnhealthy},

		{"POST", "/chat/completions", llm, chat},
		{"POST", "/v1/chat/completions", llm, chat},
	}
}

// segments begin the paths of the management routes that a real gateway has:
// what starts with one of them and is not in routes is answered 501, not 404.
var segments = sync.OnceValue(func() map[string][]string {
	return map[string][]string{
		"": {"access_group", "active", "add", "apply_guardrail", "audit", "auto_router", "budget", "cache", "callbacks",
			"config", "config_overrides", "coordination", "cost", "credentials", "customer", "delete", "fallback", "gateway",
			"get", "global", "guardrails", "health", "in_product_nudges", "invitation", "jwt", "key", "model", "model_group", "model_hub",
			"organization", "policies", "policy", "project", "prompts", "public", "reload", "router", "schedule", "settings",
			"spend", "sso", "tag", "team", "test", "update", "upload", "user", "user_agent_analytics", "utils", "search_tools",
			"vector_store", "end_user", "management", "usage", "cloudzero", "email", "compliance", "workflow", "roi"},
		"v1": {"access_group", "agents", "mcp", "model", "prompts", "tool", "unified_access_group", "memory", "projects",
			"embeddings", "completions", "responses", "messages", "images", "audio", "files", "batches", "vector_stores", "rerank"},
		"v2":   {"guardrails", "model", "organization", "team", "user", "key", "rerank", "login"},
		"scim": {"v2"},
	}
})

// dispatch finds the route, checks the key and runs the handler.
func (c *call) dispatch() *reply {
	found, param, otherMethod := c.find(c.r.Method, c.path)
	if found == nil {
		switch trimmed := strings.TrimSuffix(c.path, "/"); {
		case openapi.Known().Match(c.r.Method, c.path) != nil:
			return c.lacks()
		case otherMethod:
			return detail(http.StatusMethodNotAllowed, "Method Not Allowed")
		case trimmed != c.path && c.known(c.r.Method, trimmed):
			return c.redirect()
		case c.slashed():
		case isManagement(c.path):
			return c.lacks()
		}
		return detail(http.StatusNotFound, "Not Found")
	}
	c.param = param
	if found.access != open {
		who, refusal := c.authenticate()
		if refusal != nil {
			if c.r.Method == http.MethodPost && found.access == llm {
				c.recordUnauthorized(who, refusal)
			}
			return refusal
		}
		c.who = who
		if refusal := c.authorize(found.access); refusal != nil {
			return refusal
		}
	}
	if found.handle == nil {
		return notImplemented(c.r.Method, c.path)
	}
	return found.handle(c)
}

// lacks answers for a route that only the real gateway has.
func (c *call) lacks() *reply {
	if _, refusal := c.authenticate(); refusal != nil {
		return refusal
	}
	return notImplemented(c.r.Method, c.path)
}

func (g *Gateway) find(method, path string) (found *route, param map[string]string, otherMethod bool) {
	for i := range g.routes {
		values, is := match(g.routes[i].pattern, path)
		if !is {
			continue
		}
		if g.routes[i].method == method {
			return &g.routes[i], values, false
		}
		otherMethod = true
	}
	return nil, nil, otherMethod
}

// slashed reports whether a parameter of a known route has a slash, which leads to no
// route once it is decoded.
func (c *call) slashed() bool {
	escaped := c.r.URL.EscapedPath()
	path, err := url.PathUnescape(strings.NewReplacer("%2F", "-", "%2f", "-").Replace(escaped))
	return err == nil && path != c.path && c.known(c.r.Method, path)
}

func (g *Gateway) known(method, path string) bool {
	found, _, otherMethod := g.find(method, path)
	return found != nil || otherMethod
}

// match compares a decoded path with a pattern. {x} is one segment, {x:path}
// everything up to what follows it in the pattern, slashes included: the real
// gateway decodes %2F before it looks for the route. Of several, each is one segment.
func match(pattern, path string) (map[string]string, bool) {
	before, rest, hasParam := strings.Cut(pattern, "{")
	if !hasParam {
		return nil, pattern == path
	}
	name, after, _ := strings.Cut(rest, "}")
	name, slashes := strings.CutSuffix(name, ":path")
	value, is := strings.CutPrefix(path, before)
	if !is {
		return nil, false
	}
	if strings.Contains(after, "{") {
		value, rest, _ := strings.Cut(value, "/")
		params, is := match(strings.TrimPrefix(after, "/"), rest)
		if !is || value == "" {
			return nil, false
		}
		params[name] = value
		return params, true
	}
	value, is = strings.CutSuffix(value, after)
	if !is || !slashes && (value == "" || strings.Contains(value, "/")) {
		return nil, false
	}
	return map[string]string{name: value}, true
}

// isManagement reports whether real gateways have routes that begin like path. Not all of
// them are in the document.
// More is not known here: /key/nope, a 404 there, is a 501.
func isManagement(path string) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	under := ""
	if _, nested := segments()[parts[0]]; nested && len(parts) > 1 {
		under, parts = parts[0], parts[1:]
	}
	for _, segment := range segments()[under] {
		if segment == parts[0] {
			return true
		}
	}
	return false
}

// redirect answers a path with a slash too many as the real gateway's framework does.
func (c *call) redirect() *reply {
	scheme := "http"
	if c.r.TLS != nil {
		scheme = "https"
	}
	path, query, hasQuery := strings.Cut(c.r.RequestURI, "?")
	location := scheme + "://" + c.r.Host + strings.TrimSuffix(path, "/")
	if hasQuery {
		location += "?" + query
	}
	return &reply{status: http.StatusTemporaryRedirect, header: map[string]string{"Location": location}}
}
