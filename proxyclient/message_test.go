package proxyclient

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

const ad = " You must be a LiteLLM Enterprise user to use this feature. If you have a license please set `LITELLM_LICENSE` in your env. Get a 7 day trial key here: https://www.litellm.ai/enterprise#trial. \\nPricing: https://www.litellm.ai/#pricing"

// Answers of a live LiteLLM 1.106.2, unless the last column says otherwise.
var answers = []struct {
	request string
	status  int
	body    string
	code    Code
	message string // its beginning
	param   string
}{
	{"GET /key/info", 404, `{"error":{"message":"Key not found in database","type":"not_found_error","param":"key","code":"404"}}`, CodeNotFound, "Key not found in database", "key"},
	{"POST /key/delete", 404, `{"error":{"message":"{'error': 'No keys found'}","type":"internal_server_error","param":null,"code":"404"}}`, CodeNotFound, "No keys found", ""},
	{"GET /mcp-rest/tools/list", 502, `{"detail":{"error":"unreachable","message":"Failed to list tools from server dead"}}`, CodeUnavailable, "Failed to list tools from server dead", ""},
	{"GET /mcp-rest/tools/list", 403, `{"detail":{"error":"access_denied","message":"The key is not allowed to access server nope"}}`, CodeForbidden, "The key is not allowed to access server nope", ""},
	{"POST /user/delete", 404, `{"detail":{"error":"User not found, passed user_id=nope"}}`, CodeNotFound, "User not found, passed user_id=nope", ""},
	{"GET /team/info", 404, `{"error":{"message":"{'message': 'Team not found, passed team id: nope.'}","type":"auth_error","param":"None","code":"404"}}`, CodeNotFound, "Team not found, passed team id: nope.", ""},
	{"GET /audit/nope", 404, `{"detail":{"message":"Audit log with ID nope not found"}}`, CodeNotFound, "Audit log with ID nope not found", ""},
	{"GET /guardrails/nope", 404, `{"detail":"Guardrail with ID nope not found"}`, CodeNotFound, "Guardrail with ID nope not found", ""},
	{"POST /model/delete", 400, `{"error":{"message":"{'error': 'Model with id=nope not found in db'}","type":"auth_error","param":"None","code":"400"}}`, CodeNotFound, "Model with id=nope not found in db", ""},
	{"POST /model/update", 400, `{"error":{"message":"Authentication Error, model not found","type":"auth_error","param":"None","code":"400"}}`, CodeNotFound, "Authentication Error, model not found", ""},
	{"GET /v1/model/info", 400, `{"detail":{"error":"Model id = nope not found on litellm proxy"}}`, CodeNotFound, "Model id = nope not found on litellm proxy", ""},
	{"GET /prompts/nope/info", 400, `{"detail":"Prompt nope not found"}`, CodeNotFound, "Prompt nope not found", ""},
	{"DELETE /config/pass_through_endpoint", 400, `{"detail":{"error":"Endpoint with ID 'nosuch' was not found in pass-through endpoint list."}}`, CodeNotFound, "Endpoint with ID 'nosuch' was not found", ""},
	{"POST /jwt/key/mapping/new", 400, `{"detail":"The provided key does not match an existing virtual key."}`, CodeNotFound, "The provided key does not match", ""},
	{"POST /jwt/key/mapping/new", 409, `{"detail":"A mapping for claim 'sub' = 'ci' already exists for issuer 'None'."}`, CodeConflict, "A mapping for claim 'sub' = 'ci' already exists", ""},
	{"GET /spend/capture_rate", 503, `{"detail":"OPENAI_ADMIN_KEY is not set on the proxy, so the openai bill cannot be read"}`, CodeUnsupported, "OPENAI_ADMIN_KEY is not set on the proxy", ""},
	{"POST /subscription_accounts/new", 400, `{"detail":{"error":"A fee is already configured for chatgpt account a; use /subscription_accounts/update to change it"}}`, CodeConflict, "A fee is already configured", ""},
	{"GET /utils/supported_openai_params", 400, `{"detail":{"error":"Could not map model=nosuch"}}`, CodeNotFound, "Could not map model=nosuch", ""},
	{"POST /policies", 500, `{"detail":"Error adding policy to DB: 1 validation error for GuardrailPipeline\nsteps\n  Field required [type=missing, input_value={'mode': 'x'}, input_type=dict]"}`, CodeInvalid, "Error adding policy to DB: 1 validation error for GuardrailPipeline", ""},
	{"PUT /policies/9f", 400, `{"detail":"Only draft versions can be updated. Publish or create a new version to change published/production."}`, CodeInvalid, "Only draft versions can be updated.", ""},
	{"GET /config/field/info", 400, `{"detail":{"error":"Invalid field=nope passed in."}}`, CodeNotFound, "Invalid field=nope", ""},
	{"GET /invitation/info", 400, `{"detail":{"error":"Invitation id does not exist in the database."}}`, CodeNotFound, "Invitation id does not exist", ""},
	{"POST /team/member_delete", 400, `{"detail":{"error":"Team id=nope does not exist in db"}}`, CodeNotFound, "Team id=nope", ""},
	{"POST /tag/info", 500, `{"detail":"404: Tags not found: ['nope']"}`, CodeNotFound, "Tags not found: ['nope']", ""},
	{"POST /tag/delete", 500, `{"detail":"404: Tag nope not found"}`, CodeNotFound, "Tag nope not found", ""},
	{"POST /v1/chat/completions", 400, `{"error":{"message":"/chat/completions: Invalid model name passed in model=nope. Call ...","type":"invalid_request_error","param":null,"code":"400","provider_specific_fields":{"error":"x"}}}`, CodeNotFound, "/chat/completions: Invalid model name", ""},

	{"POST /tag/new", 500, `{"detail":"400: Tag g already exists"}`, CodeConflict, "Tag g already exists", ""},
	{"POST /key/generate", 400, `{"error":{"message":"Key with alias 'a' already exists. Unique key aliases across all keys are required.","type":"bad_request_error","param":"key_alias","code":"400"}}`, CodeConflict, "Key with alias 'a' already exists.", "key_alias"},
	{"POST /team/new", 400, `{"error":{"message":"{'error': 'Team id = t already exists. Please use a different team id.'}","type":"internal_server_error","param":null,"code":"400"}}`, CodeConflict, "Team id = t already exists.", ""},
	{"POST /budget/new", 400, `{"detail":{"error":"Budget with id 'b' already exists."}}`, CodeConflict, "Budget with id 'b' already exists.", ""},
	{"POST /customer/new", 400, `{"error":{"message":"Customer already exists, passed user_id=c. Please pass a new user_id.","type":"bad_request","param":"user_id","code":"400"}}`, CodeConflict, "Customer already exists", "user_id"},
	{"POST /user/new", 409, `{"error":{"message":"{'error': 'User with id u already exists'}","type":"internal_server_error","param":null,"code":"409"}}`, CodeConflict, "User with id u already exists", ""},
	{"POST /credentials", 409, `{"error":{"message":"Credential 'c' already exists. Update it with PATCH /credentials/c, or delete it first.","type":"internal_server_error","param":null,"code":"409"}}`, CodeConflict, "Credential 'c' already exists.", ""},

	{"GET /models", 401, `{"error":{"message":"Authentication Error, Invalid proxy server token passed. Received API Key = sk-...rong","type":"token_not_found_in_db","param":"key","code":"401"}}`, CodeUnauthorized, "Authentication Error, Invalid proxy server token passed. Received API Key = sk-...rong; the key used was sk-...abcd from LITELLM_PROXY_API_KEY", "key"},
	{"GET /models", 401, `{"error":{"message":"Authentication Error, Key is blocked. Update via /key/unblock if you're an admin.","type":"auth_error","param":"None","code":"401"}}`, CodeUnauthorized, "Authentication Error, Key is blocked.", ""},
	{"GET /models", 401, "{\"error\":{\"message\":\"Authentication Error, Team=t is blocked. Update via `/team/unblock` if you're an admin.\",\"type\":\"auth_error\",\"param\":null,\"code\":\"401\"}}", CodeUnauthorized, "Authentication Error, Team=t is blocked.", ""},
	{"GET /models", 401, `{"error":{"message":"Authentication Error, Expired Key.","type":"expired_key","param":"key","code":"401"}}`, CodeUnauthorized, "Authentication Error, Expired Key", "key"},
	{"POST /team/new", 401, `{"error":{"message":"Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. Route=/team/new. Your role=unknown. Your user_id=*******","type":"auth_error","param":"None","code":"401"}}`, CodeForbidden, "Authentication Error, Only proxy admin", ""},
	{"GET /v2/team/list", 401, `{"detail":{"error":"Only admin users can query all teams/other teams. Your user role=internal_user"}}`, CodeForbidden, "Only admin users can query all teams/other teams. Your user role=internal_user; the key used was sk-...abcd from LITELLM_PROXY_API_KEY", ""},
	{"POST /key/generate", 401, `{"error":{"message":"Team member does not have permissions for endpoint: KeyManagementRoutes.KEY_GENERATE.","type":"team_member_permission_error","param":"/key/generate","code":"401"}}`, CodeForbidden, "Team member does not have permissions", "/key/generate"},
	{"POST /key/generate", 500, `{"error":{"message":"{'error': 'Internal Server Error.'}","type":"internal_server_error","param":null,"code":"500"}}`, CodeInternal, "Internal Server Error", ""},
	{"GET /user/list", 403, `{"detail":{"error":"Only proxy admins and organization admins can list users."}}`, CodeForbidden, "Only proxy admins and organization admins can list users; the key used was sk-...abcd from LITELLM_PROXY_API_KEY", ""},
	{"POST /v1/chat/completions", 403, `{"error":{"message":"The requested model 'other' is not available for this API key","type":"key_model_access_denied","param":"model","code":"403"}}`, CodeForbidden, "The requested model", "model"},

	{"GET /organization/list", 403, `{"detail":{"error":"Organizations are only available for LiteLLM Enterprise users.` + ad + `"}}`, CodeEnterprise, "Organizations are only available", ""},
	{"GET /global/spend/report", 400, `{"detail":{"error":"/spend/report endpoint` + ad + `"}}`, CodeEnterprise, "/spend/report endpoint", ""},
	{"POST /key/regenerate", 500, `{"error":{"message":"Regenerating Virtual Keys is an Enterprise feature,` + ad + `","type":"internal_server_error","param":null,"code":"500"}}`, CodeEnterprise, "Regenerating Virtual Keys", ""},
	{"POST /key/generate", 403, `{"error":{"message":"{'error': 'This feature is only available for LiteLLM Enterprise users: tags.` + strings.ReplaceAll(ad, `\n`, `\\n`) + `'}","type":"internal_server_error","param":null,"code":"403"}}`, CodeEnterprise, "This feature is only available", ""},

	{"POST /v1/chat/completions", 422, `{"error":{"message":"Budget has been exceeded! Key=k (sk-...b-Og) Current cost: 1.3e-05, Max budget: 1e-07","type":"budget_exceeded","param":null,"code":"422"}}`, CodeBudgetExceeded, "Budget has been exceeded! Key=k (sk-...b-Og)", ""},
	{"POST /v1/chat/completions", 400, `{"error":{"message":"Budget has been exceeded!","type":"budget_exceeded","code":"400"}}`, CodeBudgetExceeded, "Budget", ""},     // other versions
	{"POST /v1/chat/completions", 429, `{"error":{"message":"ExceededBudget: User over budget","type":"None","code":"429"}}`, CodeBudgetExceeded, "ExceededBudget", ""}, // other versions
	{"POST /v1/chat/completions", 429, `{"error":{"message":"Rate limit exceeded for api_key: 1f143129d9c8e84c26e1f54799e6ccc850a1f89241bc3a4e5a8307ed8b3701d1. Limit type: requests.","type":"throttling_error","param":null,"code":"429"}}`, CodeRateLimited, "Rate limit exceeded for api_key: 1f143129d9c8e84c26e1f54799e6ccc850a1f89241bc3a4e5a8307ed8b3701d1.", ""},

	{"GET /key/list", 422, `{"detail":[{"type":"less_than_equal","loc":["query","size"],"msg":"Input should be less than or equal to 100"}]}`, CodeInvalid, "size: Input should be less than or equal to 100", "size"},
	{"POST /x", 422, `{"detail":[{"loc":["body","a",0,"b"],"msg":"one"},{"loc":["body"],"msg":"Value error, two"},{"loc":["query","c"],"msg":"three"}]}`, CodeInvalid, "a.0.b: one; two; c: three", "a.0.b"},
	{"POST /user/new", 422, `{"detail":[{"type":"literal_error","loc":["body","user_role"],"msg":"Input should be <LitellmUserRoles.PROXY_ADMIN: 'proxy_admin'> or <LitellmUserRoles.TEAM: 'team'>"}]}`, CodeInvalid, "user_role: Input should be 'proxy_admin' or 'team'", "user_role"},
	{"POST /model/new", 500, `{"error":{"message":"Internal server error","type":"internal_server_error"}}`, CodeInternal, "Internal server error", ""},
	{"GET /cache/ping", 503, `{"error":{"message":"{\"message\": \"Cache not initialized. litellm.cache is None\", \"litellm_cache_params\": \"{}\"}","type":"cache_ping_error","param":"cache_ping","code":"503"}}`, CodeUnsupported, "Cache not initialized. litellm.cache is None", "cache_ping"},
	{"POST /cache/flushall", 503, `{"detail":"Service Unhealthy (503: Cache not initialized. litellm.cache is None)"}`, CodeUnsupported, "Service Unhealthy (503: Cache", ""},

	{"POST /customer/new", 500, `{"error":{"message":"Foreign key constraint failed on the field: ` + "`LiteLLM_EndUserTable_budget_id_fkey (index)`" + `","type":"internal_server_error","param":null,"code":"500"}}`, CodeNotFound, "Foreign key constraint failed", ""},
	{"POST /key/generate", 500, `{"error":{"message":"Organization doesn't exist in db. Organization=x. Create organization via /organization/new call.","type":"internal_server_error","param":null,"code":"500"}}`, CodeNotFound, "Organization doesn't exist in db. Organization=x.", ""},
	{"POST /team/member_delete", 400, `{"detail":{"error":"User not found in team"}}`, CodeNotFound, "User not found in team", ""},
	{"GET /provider/budgets", 500, `{"error":{"message":"No provider budget config found. Please set a provider budget config in the router settings. https://docs.litellm.ai/docs/proxy/provider_budget_routing","type":"internal_server_error","param":null,"code":"500"}}`, CodeUnsupported, "No provider budget config found.", ""},

	{"POST /guardrails/apply_guardrail", 400, `{"error":{"message":"{'error': \"Content blocked: keyword 'zebra' detected\", 'keyword': 'zebra', 'description': None}","type":"invalid_request_error","param":null,"code":"400"}}`, CodeBlocked, "Content blocked: keyword 'zebra' detected", ""},
	{"POST /guardrails/apply_guardrail", 404, `{"error":{"message":"Guardrail 'nope' not found. Please ensure the guardrail is configured in your LiteLLM proxy.","type":"invalid_request_error","param":null,"code":"404"}}`, CodeNotFound, "Guardrail 'nope' not found.", ""},
	{"POST /guardrails/apply_guardrail", 500, `{"error":{"message":"Presidio PII analysis failed: ClientConnectorError","type":"internal_server_error","param":null,"code":"500"}}`, CodeInternal, "Presidio PII analysis failed", ""},
	{"POST /guardrails", 500, "{\"detail\":\"Error adding guardrail to DB: Unique constraint failed on the fields: (`guardrail_name`)\"}", CodeConflict, "Error adding guardrail to DB: Unique constraint failed", ""},

	{"GET /nope", 404, `{"detail":"Not Found"}`, CodeUnsupported, "this gateway has no route GET /nope", ""},
	{"GET /health/test_connection", 405, `{"detail":"Method Not Allowed"}`, CodeUnsupported, "this gateway has no route GET /health/test_connection", ""},
	{"GET /sandbox", 501, `{"error":{"message":"the sandbox lacks this"}}`, CodeUnsupported, "the sandbox lacks this", ""},

	// Not of a gateway.
	{"GET /models", 404, "<html><head><title>404 Not Found</title></head><body><center>nginx</center>", CodeUnsupported, `this gateway has no route GET /models: the answer was an HTML page titled "404 Not Found"`, ""},
	{"GET /models", 404, "", CodeUnsupported, "this gateway has no route GET /models", ""},
	{"POST /x", 500, "<!doctype html>\n<TITLE>\n It&#39;s  broken </TITLE>", CodeInternal, `an HTML page titled "It's broken"`, ""},
	{"POST /x", 502, "<html><body>bad", CodeUnavailable, "an HTML page", ""},
	{"POST /x", 500, "", CodeInternal, "internal server error", ""},
	{"POST /x", 599, "", CodeInternal, "the gateway gave no reason", ""},
	{"POST /x", 418, "plain\n\twords\x1b[31m", CodeInvalid, "plain words", ""},
	{"POST /x", 400, `"text"`, CodeInvalid, "text", ""},
	{"POST /x", 400, `{"error":true,"reason":"x"}`, CodeInvalid, `{"error":true,"reason":"x"}`, ""},
	{"POST /x", 400, `{"error":"a","error_description":"b"}`, CodeInvalid, "a", ""},
	{"POST /x", 400, `{"error":{"message":"Authentication Error, {'error': {'message': \"it's {nested}\", 'param': 'p'}}"}}`, CodeInvalid, "Authentication Error, it's {nested}", "p"},
	{"POST /x", 400, `{"error":{"message":"400: {'error': 'inner'}"}}`, CodeInvalid, "inner", ""},
	{"POST /x", 400, `{"error":{"message":"a set {1, 2} stays"}}`, CodeInvalid, "a set {1, 2} stays", ""},
	{"POST /x", 400, `{"error":{"message":"cut {'error': 'x"}}`, CodeInvalid, "cut {'error': 'x", ""},
	{"POST /x", 500, `{"error":{"message":"boom\nTraceback (most recent call last):\n  File \"x.py\""}}`, CodeInternal, "boom", ""},
	{"POST /x", 400, `{"error":{"message":"` + strings.Repeat("ü", 3000) + `"}}`, CodeInvalid, "üüü", ""},
}

func TestAnswers(t *testing.T) {
	var status int
	var body string
	c := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Litellm-Call-Id", "call-1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	for _, tt := range answers {
		status, body = tt.status, tt.body
		method, path, _ := strings.Cut(tt.request, " ")
		_, err := c.Do(t.Context(), Request{Method: method, Path: path})
		e := asError(t, err)
		if e.Code != tt.code || !strings.HasPrefix(e.Message, tt.message) || e.Param != tt.param {
			t.Errorf("%s %d %.80s\n got %s %q param %q\nwant %s %q param %q", tt.request, tt.status, tt.body, e.Code, e.Message, e.Param, tt.code, tt.message, tt.param)
		}
		if e.Status != tt.status || e.RequestID != "call-1" || e.Method != method || e.Path != path || !e.Sent || string(e.Body) != tt.body && !strings.Contains(tt.body, "sk-") {
			t.Errorf("%s: %+v", tt.request, e)
		}
		text := e.Error()
		if len(e.Message) > maxMessage+100 || strings.ContainsAny(text, "\n\r\t\x1b") || strings.Contains(text, "trial") || strings.HasSuffix(text, ".") ||
			!strings.HasSuffix(text, fmt.Sprintf("(HTTP %d)", tt.status)) || !unicode.IsLower(rune(text[0])) {
			t.Errorf("text %q", text)
		}
	}
	status, body = 401, `{"error":{"message":"Authentication Error, No api key passed in.","type":"auth_error","param":"None","code":"401"}}`
	_, err := c.WithKey("", "").Do(t.Context(), read)
	wantCode(t, err, CodeUnauthorized, "no API key was given", "{api_key}")
}

// TestOverBudget: the hint names whose budget it is and what resets it.
func TestOverBudget(t *testing.T) {
	for message, want := range map[string]string{
		"Budget has been exceeded! TeamMember=u:t Current cost: 1, Max budget: 1":       "teams member-reset-spend",
		"Budget has been exceeded! User=u in Team=t Current cost: 1, Max budget: 1":     "teams member-reset-spend",
		"ExceededBudget: User=u over budget. Spend=1, Budget=1":                         "users reset-spend",
		"ExceededBudget: End User=c over budget. Spend=1, Budget=1":                     "customers update",
		"Budget has been exceeded! Team=t Current cost: 1, Max budget: 1":               "teams update",
		"Budget has been exceeded! Tag=g Current cost: 1, Max budget: 1":                "tags update",
		"Budget has been exceeded! Key=k (sk-...b-Og) Current cost: 1, Max budget: 0.1": "keys reset-spend",
	} {
		if _, hint := classify(answer{status: 422, typ: "budget_exceeded", message: message}); !strings.Contains(hint, want) {
			t.Errorf("%s: %s", message, hint)
		}
	}
}

// TestMissingRoute: an error about a route that the gateway lacks names its version, wherever
// that version keeps it, and the one that first had the route.
func TestMissingRoute(t *testing.T) {
	const details, old = "/health/readiness/details", "/health/readiness"
	const detail = `{"detail":"Not Found"}`
	for _, tt := range []struct {
		name, at, version string
		request           Request
		status            int
		answer            string
		code              Code
		message, hint     string
	}{
		{"an old gateway", old, "1.83.14", Request{Path: "/access_group/{group}/budget", Params: map[string]string{"group": "a"}}, 404, detail, CodeUnsupported,
			"this gateway is LiteLLM 1.83.14 and has no route GET /access_group/a/budget; it came with LiteLLM 1.100.0", "upgrade the gateway to LiteLLM 1.100.0 or later"},
		{"a later one", details, "1.86.2", Request{Path: "/v1/model/deprecations"}, 404, detail, CodeUnsupported,
			"this gateway is LiteLLM 1.86.2 and has no route GET /v1/model/deprecations; it came with LiteLLM 1.99.0", "upgrade the gateway to LiteLLM 1.99.0 or later"},
		{"with another method", details, "1.86.2", Request{Path: "/access_group/a/budget", RawPath: true}, 405, `{"detail":"Method Not Allowed"}`, CodeUnsupported,
			"this gateway is LiteLLM 1.86.2 and has no route GET /access_group/a/budget, only one with another method; it came with LiteLLM 1.100.0", "upgrade the gateway to LiteLLM 1.100.0 or later"},
		{"one that tells nothing", "/none", "", Request{Path: "/v1/model/deprecations"}, 404, detail, CodeUnsupported,
			"this gateway has no route GET /v1/model/deprecations; it came with LiteLLM 1.99.0", hintRoute},
		{"one that should have it", details, "1.110.2", Request{Path: "/v1/model/deprecations"}, 404, detail, CodeUnsupported,
			"this gateway is LiteLLM 1.110.2 and has no route GET /v1/model/deprecations", hintVersion},
		{"a version that is none", details, "nightly", Request{Path: "/v1/model/deprecations"}, 404, detail, CodeUnsupported,
			"this gateway is LiteLLM nightly and has no route GET /v1/model/deprecations", hintVersion},
		{"a route that was always there", details, "1.200.0", Request{Path: "/key/list"}, 404, detail, CodeUnsupported,
			"this gateway is LiteLLM 1.200.0 and has no route GET /key/list", hintVersion},
		{"a path of no version", details, "1.110.2", Request{Path: "/nope?a=b", RawPath: true}, 404, detail, CodeUnsupported,
			"this gateway is LiteLLM 1.110.2 and has no route GET /nope", hintPath},
		{"no gateway", "/none", "", Request{Path: "/v1/model/deprecations"}, 404, "<html>", CodeUnsupported,
			"this gateway has no route GET /v1/model/deprecations: the answer was an HTML page", hintRoute},
		{"a word taken for a name", details, "1.83.14", Request{Path: "/v1/tool/spend"}, 404, `{"detail":"Tool 'spend' not found"}`, CodeUnsupported,
			"this gateway is LiteLLM 1.83.14 and has no route GET /v1/tool/spend; it came with LiteLLM 1.94.0", "upgrade the gateway to LiteLLM 1.94.0 or later"},
		{"a thing that is missing", details, "1.110.2", Request{Path: "/v1/tool/spend"}, 404, `{"detail":"none"}`, CodeNotFound, "none", ""},
		{"a name that is missing", details, "1.83.14", Request{Path: "/access_group/a/budget"}, 404, `{"detail":"Access group 'a' not found"}`, CodeNotFound,
			"Access group 'a' not found", ""},
	} {
		c := gateway(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case tt.at:
				_, _ = io.WriteString(w, `{"status":"healthy","litellm_version":"`+tt.version+`"}`)
			case old:
				_, _ = io.WriteString(w, `{"status":"healthy"}`)
			case details:
				w.WriteHeader(http.StatusNotFound)
				_, _ = io.WriteString(w, detail)
			default:
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.answer)
			}
		})
		tt.request.Method = "GET"
		_, err := c.Do(t.Context(), tt.request)
		if e := asError(t, err); e.Message != tt.message || e.Hint != tt.hint || e.Code != tt.code || e.Status != tt.status {
			t.Errorf("%s: %+v", tt.name, e)
		}
	}
}

func TestEveryRowIsTried(t *testing.T) {
	c := newClient(t, "http://127.0.0.1:1", nil)
	for i, r := range table {
		found := false
		for _, tt := range answers {
			s := c.understand(tt.status, []byte(tt.body))
			st := tt.status
			if s.status != 0 && st >= 500 {
				st = s.status
			}
			method, path, _ := strings.Cut(tt.request, " ")
			found = found || r.matches(answer{method: method, path: path, status: st, typ: s.typ, message: s.message})
		}
		for _, tt := range signedAnswers {
			s := c.understand(tt.status, []byte(tt.body))
			found = found || r.matches(answer{status: tt.status, typ: s.typ, message: s.message, signed: true})
		}
		if !found && !strings.Contains(r.text, "Unique constraint") && !strings.Contains(r.text, "not allowed to") &&
			!strings.Contains(r.text, "No api key") && r.typ != "team_model_access_denied" && r.path != "/model/info" {
			t.Errorf("row %d of the table is matched by no answer: %+v", i, r)
		}
	}
}

func TestErrorValue(t *testing.T) {
	e := &Error{Code: CodeNotFound, Status: 404, Message: "it is gone."}
	err := Wrap("delete key "+testKey, e)
	if got := err.Error(); got != "delete key sk-...abcd: not found: it is gone (HTTP 404)" {
		t.Error(got)
	}
	if CodeOf(err) != CodeNotFound || asError(t, err) != e || CodeOf(nil) != "" || CodeOf(io.EOF) != "" || Wrap("x", nil) != nil {
		t.Error("CodeOf, Wrap")
	}
	if (&Error{}).Error() == "" {
		t.Error("an empty error says nothing")
	}
	for _, code := range []Code{CodeInvalid, CodeUnauthorized, CodeForbidden, CodeNotFound, CodeConflict, CodeRateLimited, CodeBudgetExceeded,
		CodeEnterprise, CodeUnsupported, CodeUnreachable, CodeUnknownOutcome, CodeUnavailable, CodeInternal, CodeBadAnswer, CodeTooLarge, CodeRedirected, CodeCanceled} {
		if codeWords[code] == "" {
			t.Errorf("no words for %s", code)
		}
	}
}

func FuzzErrorMessage(f *testing.F) {
	for _, tt := range answers {
		f.Add(tt.status, []byte(tt.body))
	}
	f.Add(400, []byte(`{"error":{"message":"{'a': ('b', -1.5, None, True), \"c\": '\\x41\\u00e9\\U0001F600\\''}"}}`))
	f.Add(400, []byte("{'error': {'error': {'error': {'error': {'error': {'error': {'error': {'error': 1}}}}}}}}"))
	c := newClient(f, "http://127.0.0.1:1", nil)
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		s := c.understand(status, body)
		if strings.TrimSpace(s.message) == "" || !utf8.ValidString(s.message) || len(s.message) > maxMessage {
			t.Fatalf("%d bytes: %q", len(s.message), s.message)
		}
		for _, text := range []string{s.message, s.param, s.typ} {
			if strings.ContainsFunc(text, unicode.IsControl) {
				t.Fatalf("control character in %q", text)
			}
		}
		if code, _ := classify(answer{method: "GET", path: "/x", status: status, typ: s.typ, message: s.message}); code == "" {
			t.Fatal("no code")
		}
	})
}
