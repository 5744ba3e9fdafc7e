package proxyclient

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"litellm-proxy/internal/secret"
)

// row is one line of the table that says what an answer means. Empty fields
// match everything; the first row that matches decides.
type row struct {
	method string
	path   string // a prefix, or with * in it segment by segment
	status int    // what the answer says it is: 404 for HTTP 500 with "404: …" inside
	typ    string // error.type
	text   string // alternatives joined by |, in the message, whatever their case
	signed bool   // the credential is a sign-in token
	code   Code
	hint   string
}

const (
	hintKey        = "give a key with {api_key}"
	hintEnterprise = "this part of the gateway needs a LiteLLM Enterprise license (LITELLM_LICENSE at the gateway)"
	hintModels     = "{op:models list} shows what this key may use"
	hintAdmin      = "use the key of a proxy admin: {api_key}"
	hintRoute      = "the gateway may be of another version, or {base_url} may lead somewhere else"
	hintVersion    = "another version of the gateway may have it"
	hintPath       = "check the path; another version of the gateway may have it"
	hintSignIn     = "sign in again: {login}"
)

// table: each row was seen on a live LiteLLM 1.106.2, except where it says
// otherwise. What no row matches is decided by the status alone, in byStatus.
var table = []row{
	// Texts that tell more than the status: 400, 403 and 500 all occur.
	{text: "LiteLLM Enterprise user|is an Enterprise feature|only available for LiteLLM Enterprise", code: CodeEnterprise, hint: hintEnterprise},
	{typ: "budget_exceeded", code: CodeBudgetExceeded},                          // its hint: overBudget
	{text: "Budget has been exceeded|ExceededBudget", code: CodeBudgetExceeded}, // other versions: 400 and 429

	// The token of a sign-in: 1.110.2.
	{signed: true, status: 401, typ: "expired_key", code: CodeUnauthorized, hint: "the session has expired; " + hintSignIn},
	{signed: true, status: 401, text: "no longer exists", code: CodeUnauthorized, hint: "an admin deleted the user; to create it again, sign in: {login}"},
	{signed: true, status: 403, text: "is not in your team memberships", code: CodeForbidden, hint: "you left the team of the session, or it was deleted; " + hintSignIn},
	{signed: true, status: 401, text: "Update via `/team/unblock`", code: CodeUnauthorized, hint: "an admin can unblock the team: {op:teams unblock}; for a session with another team, " + hintSignIn},
	{signed: true, status: 401, text: "LiteLLM Virtual Key expected", code: CodeUnauthorized,
		hint: "the gateway did not issue this token, its encryption key changed, or EXPERIMENTAL_UI_LOGIN=false disables such tokens; " + hintSignIn},

	// Who may not, with a status of who is unknown.
	{status: 401, text: "Only proxy admin can be used", code: CodeForbidden, hint: hintAdmin},
	{status: 401, text: "Only admin users can query all teams", code: CodeForbidden, hint: "without an admin's key, only your own teams can be listed"},
	{status: 401, text: "Team member does not have permissions", code: CodeForbidden, hint: "an admin can allow it to members of the team: {op:teams permissions-set}"},
	{status: 401, text: "not allowed to access model", code: CodeForbidden, hint: hintModels},              // other versions
	{status: 401, text: "not allowed to access|not allowed to call", code: CodeForbidden, hint: hintAdmin}, // other versions
	{status: 401, typ: "expired_key", code: CodeUnauthorized, hint: "the key has expired: use another, or extend its duration with an admin's key"},
	{status: 401, text: "Key is blocked", code: CodeUnauthorized, hint: "an admin can unblock the key: {op:keys unblock}"},
	{status: 401, text: "Update via `/team/unblock`", code: CodeUnauthorized, hint: "an admin can unblock the team: {op:teams unblock}"},
	{status: 401, text: "No api key passed in", code: CodeUnauthorized, hint: hintKey},
	{status: 403, typ: "key_model_access_denied", code: CodeForbidden, hint: hintModels},
	{status: 403, typ: "team_model_access_denied", code: CodeForbidden, hint: hintModels},

	// Faults in a request as the gateway's own.
	{path: "/policies", status: 500, text: "for GuardrailPipeline", code: CodeInvalid},

	// What only some states allow.
	{method: "PUT", path: "/policies/*", status: 400, text: "Only draft versions can be updated", code: CodeInvalid,
		hint: "create a draft with {op:policies version-create}, change it, and put it in force with {op:policies status-set}"},

	// Things that are there already.
	{status: 400, text: "already exist", code: CodeConflict}, // key alias, team id, budget, customer; tag as 500 with "400: …"
	{method: "POST", path: "/subscription_accounts/new", status: 400, text: "already configured", code: CodeConflict, hint: "to change the fee, use {op:subscriptions update}"},
	{status: 500, text: "Unique constraint failed", code: CodeConflict}, // the database's own words, other versions

	// Things that are missing, and not as 404.
	{method: "POST", path: "/model/delete", status: 400, text: "not found", code: CodeNotFound},
	{method: "POST", path: "/model/update", status: 400, text: "not found", code: CodeNotFound},
	{method: "GET", path: "/v1/model/info", status: 400, text: "not found", code: CodeNotFound},
	{method: "GET", path: "/model/info", status: 400, text: "not found", code: CodeNotFound},
	{path: "/prompts/*", status: 400, text: "not found", code: CodeNotFound},
	{method: "DELETE", path: "/config/pass_through_endpoint", status: 400, text: "was not found|no pass-through endpoints", code: CodeNotFound},
	{path: "/jwt/key/mapping", status: 400, text: "does not match an existing virtual key", code: CodeNotFound, hint: "{op:keys list} shows the keys"},
	{method: "GET", path: "/utils/supported_openai_params", status: 400, text: "Could not map model", code: CodeNotFound},
	{method: "GET", path: "/config/field/info", status: 400, text: "Invalid field=", code: CodeNotFound},
	{status: 400, text: "does not exist in|doesn't exist in|not found in db", code: CodeNotFound}, // /team/member_delete, /invitation/info
	{text: "Foreign key constraint failed on the field", code: CodeNotFound,
		hint: "an ID in the request, for example of a budget, does not exist"}, // /customer/new: 500, /key/update: 400
	{method: "POST", path: "/key/generate", status: 500, text: "Internal Server Error", code: CodeInternal,
		hint: "a budget in the request may not exist, and your key may not look it up"},
	{text: "Organization doesn't exist in db", code: CodeNotFound},    // /key/generate: 500
	{status: 400, text: "User not found in team", code: CodeNotFound}, // /team/member_delete
	{status: 400, text: "Invalid model name passed in", code: CodeNotFound, hint: hintModels},

	// A verdict, or a guardrail that blocks what it cannot check.
	{method: "POST", path: "/guardrails/apply_guardrail", status: 400, code: CodeBlocked},

	// Parts that this gateway was started without.
	{method: "GET", path: "/spend/capture_rate", status: 503, text: "is not set on the proxy", code: CodeUnsupported, hint: "set it in the environment of the gateway"},
	{text: "Cache not initialized", code: CodeUnsupported, hint: "the gateway runs without a cache"},
	{status: 500, path: "/provider/budgets", text: "No provider budget config found", code: CodeUnsupported, hint: "the gateway's router has no provider budgets"},
	{status: 405, text: "Method Not Allowed", code: CodeUnsupported, hint: hintRoute},
	{status: 501, code: CodeUnsupported},
}

// answer is what the table looks at.
type answer struct {
	method, path, message, typ string
	status                     int
	signed                     bool
}

func (r *row) matches(a answer) bool {
	if r.method != "" && r.method != a.method || r.status != 0 && r.status != a.status || r.typ != "" && r.typ != a.typ || r.signed && !a.signed {
		return false
	}
	if r.path != "" && !matchPath(r.path, a.path) {
		return false
	}
	if r.text == "" {
		return true
	}
	message := strings.ToLower(a.message)
	for alt := range strings.SplitSeq(strings.ToLower(r.text), "|") {
		if strings.Contains(message, alt) {
			return true
		}
	}
	return false
}

func matchPath(pattern, path string) bool {
	for seg := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		var first string
		first, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if seg != "*" && seg != first || first == "" {
			return false
		}
	}
	return true
}

func classify(a answer) (Code, string) {
	for i := range table {
		if table[i].matches(a) {
			if table[i].code == CodeBudgetExceeded {
				return CodeBudgetExceeded, overBudget(a.message)
			}
			return table[i].code, table[i].hint
		}
	}
	if a.signed && a.status == http.StatusUnauthorized {
		return CodeUnauthorized, hintSignIn
	}
	return byStatus(a.status)
}

// BudgetExceeded returns the error for a spent budget. The message says whose it is as the
// gateway does: "User=ann".
func BudgetExceeded(message string) *Error {
	return &Error{Code: CodeBudgetExceeded, Message: message, Hint: overBudget(message)}
}

// overBudget is the advice about a spent budget, by its owner in the message.
func overBudget(message string) string {
	const forGood = "; without a budget_duration it never resets by itself"
	for _, of := range []struct{ text, hint string }{
		{"TeamMember=", "raise the member's budget with {op:teams member-update}, or reset the spend with {op:teams member-reset-spend}" + forGood},
		{" in Team=", "raise the member's budget with {op:teams member-update}, or reset the spend with {op:teams member-reset-spend}" + forGood},
		{"End User=", "raise the customer's budget with {op:customers update}" + forGood},
		{"User=", "raise the user's max_budget with {op:users update}, or reset the spend with {op:users reset-spend}" + forGood},
		{"Team=", "raise the team's max_budget with {op:teams update}; the gateway cannot reset a team's spend" + forGood},
		{"Tag=", "raise the tag's max_budget, or reset its spend, with {op:tags update}" + forGood},
		{"Model access group=", "raise the budget with {op:access-groups budget-set}"},
		{"Organization=", "raise the organization's max_budget with {op:organizations update}"},
		{"Project=", "raise the project's max_budget with {op:projects update}"},
	} {
		if strings.Contains(message, of.text) {
			return of.hint
		}
	}
	return "raise the key's max_budget with {op:keys update}, or reset the spend with {op:keys reset-spend}" + forGood
}

func byStatus(status int) (Code, string) {
	switch status {
	case http.StatusUnauthorized:
		return CodeUnauthorized, "check {api_key}"
	case http.StatusForbidden:
		return CodeForbidden, ""
	case http.StatusNotFound, http.StatusGone:
		return CodeNotFound, ""
	case http.StatusConflict:
		return CodeConflict, ""
	case http.StatusTooManyRequests:
		return CodeRateLimited, ""
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, 529:
		return CodeUnavailable, ""
	}
	switch {
	case status >= 500:
		return CodeInternal, ""
	case status >= 400:
		return CodeInvalid, ""
	}
	return CodeBadAnswer, ""
}

// refusal makes the error for an answer outside 200 to 299.
func (c *Client) refusal(p *prepared, resp *http.Response, body []byte) *Error {
	s := c.understand(resp.StatusCode, body)
	e := p.error("", resp.StatusCode)
	e.RequestID = c.requestID(resp.Header)
	e.RetryAfter = retryAfter(resp.Header, time.Now())
	e.Body = c.errorBody(body)
	e.Sent = true
	if resp.StatusCode < 400 {
		c.redirected(e, p, resp)
		return e
	}
	if c.between(e, s, resp.Header) {
		return e
	}
	c.judge(e, p, s)
	switch {
	case resp.StatusCode == http.StatusNotFound && s.detail && s.message == "Not Found",
		resp.StatusCode == http.StatusNotFound && (s.page || len(body) == 0):
		// Nothing is missing at a gateway that knows the route: it then names the thing.
		e.Code = CodeUnsupported
		e.Message = fmt.Sprintf(thisGateway+" has no route %s %s", p.method, c.scrub(p.path))
		e.lacking = s.detail
		if s.page {
			e.Message += ": the answer was " + s.message
		}
		e.Hint = hintRoute
	case e.Code == CodeUnsupported && resp.StatusCode == http.StatusMethodNotAllowed:
		e.Message = fmt.Sprintf(thisGateway+" has no route %s %s, only one with another method", p.method, c.scrub(p.path))
		e.lacking = true
	}
	if e.Code == CodeUnsupported && strings.HasSuffix(c.base.Path, "/v1") {
		e.Hint, e.lacking = "{base_url} should not end in /v1", false
	}
	if e.Code == CodeRateLimited && e.RetryAfter > 0 {
		e.Hint = fmt.Sprintf("try again in %s", e.RetryAfter.Round(time.Second))
	}
	if !p.Read && e.Hint == "" && (resp.StatusCode == http.StatusBadGateway || resp.StatusCode == http.StatusGatewayTimeout) {
		e.Hint = "a proxy in front of the gateway answered, so the request may or may not have been applied; check before you try again"
	}
	return e
}

// judge fills in what the body said and what that means.
func (c *Client) judge(e *Error, p *prepared, s said) {
	status := e.Status
	// 500 with "404: …" inside means 404; a 4xx is taken at its word.
	if s.status != 0 && (status >= 500 || status == 0) {
		status = s.status
	}
	e.Code, e.Hint = classify(answer{method: p.method, path: p.path, status: status, typ: s.typ, message: s.message, signed: c.SignedIn()})
	e.Message, e.Param, e.Type = s.message, s.param, s.typ
	if e.Code == CodeUnauthorized || e.Code == CodeForbidden {
		e.Message = strings.TrimSuffix(e.Message, ".") + "; " + c.usedKey()
		switch {
		case c.key == "":
			e.Hint = hintKey
		case c.scheme != nil:
			e.Hint = "check the Authorization header, for example \"Bearer sk-...\""
		case e.Code == CodeUnauthorized && c.keyHeader != authorization:
			e.Message += " in the header " + c.keyHeader
			if c.SignedIn() {
				return // its hints are about the session
			}
			e.Hint = "check {api_key}, and that the gateway reads its key from the header in {key_header}"
		}
	}
}

// usedKey says which credential a refused request carried.
func (c *Client) usedKey() string {
	if c.key == "" {
		return "no API key was given"
	}
	if c.SignedIn() {
		return "the credential used was a sign-in token" + from(c.keySource)
	}
	return "the key used was " + secret.Mask(c.key) + from(c.keySource)
}

func (c *Client) redirected(e *Error, p *prepared, resp *http.Response) {
	loc := resp.Header.Get("Location")
	if loc == "" {
		e.Code = CodeBadAnswer
		e.Message = fmt.Sprintf("the gateway answered HTTP %d, which is unexpected", resp.StatusCode)
		return
	}
	e.Code = CodeRedirected
	e.Hint = "if that is the gateway's address, set it with {base_url}"
	if u, err := p.url.Parse(loc); err == nil {
		loc = u.String()
		if sameOrigin(u, p.url) {
			e.Hint = "if the gateway moved the path, use the new one"
		}
	}
	e.Location = clip(oneLine(c.scrub(loc)), 500)
	e.Message = fmt.Sprintf("%s answered HTTP %d with a redirect to %s, which was not followed", c.baseText, resp.StatusCode, e.Location)
}
