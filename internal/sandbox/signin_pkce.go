package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	clientPrefix  = "llm_dcrc_"
	codePrefix    = "llm_gcode_"
	refreshPrefix = "llm_srefresh_"

	codeLifetime       = 2 * time.Minute
	manualCodeLifetime = 5 * time.Minute
	refreshLifetime    = 14 * 24 * time.Hour
)

var unstored = map[string]string{"Cache-Control": "no-store", "Pragma": "no-cache"}

// oauthError is the body that OAuth 2 has for errors.
func oauthError(status int, code, description string) *reply {
	return &reply{status: status, body: object{"error": code, "error_description": description}, header: unstored}
}

func cliAuth(c *call) *reply {
	base := c.base()
	return &reply{status: http.StatusOK, header: unstored, body: object{"contract_version": 1, "issuer": base, "authorization_endpoint": base + "/authorize",
		"token_endpoint": base + "/token", "registration_endpoint": base + "/register", "revocation_endpoint": base + "/revoke", "resource": base,
		"response_types_supported": []string{"code"}, "grant_types_supported": grantTypes, "code_challenge_methods_supported": []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"none"}, "revocation_endpoint_auth_methods_supported": []string{"none"}}}
}

var grantTypes = []string{"authorization_code", "refresh_token"}

// registerClient stores nothing: the ID is the registration.
func registerClient(c *call) *reply {
	value, fault := decode(c.raw)
	body, is := value.(object)
	if fault >= 0 || !is {
		return notObject()
	}
	uris := list(body["redirect_uris"])
	if len(uris) == 0 {
		return ok(object{"client_id": "dummy_client", "client_secret": "dummy", "redirect_uris": []string{c.base() + "/callback"}})
	}
	refuse := func(description string) *reply {
		answer := oauthError(http.StatusBadRequest, "invalid_redirect_uri", description)
		answer.header = nil
		return answer
	}
	if len(uris) > 4 {
		return refuse("redirect_uris must be a list of 1 to 4 URIs")
	}
	for _, uri := range uris {
		if message := badRedirect(uri); message != "" {
			return refuse(message)
		}
	}
	now := c.now().Unix()
	return &reply{status: http.StatusCreated, body: object{"client_id": clientPrefix + c.seal(object{"redirect_uris": uris, "iat": now}), "client_id_issued_at": now,
		"redirect_uris": uris, "token_endpoint_auth_method": "none", "grant_types": grantTypes, "response_types": []string{"code"}}}
}

func badRedirect(uri string) string {
	malformed := func(what string) string {
		return "{'error': 'invalid_request', 'error_description': 'redirect_uri must not contain " + what + ".'}"
	}
	at, err := url.Parse(uri)
	switch {
	case err == nil && at.User != nil:
		return malformed("userinfo (user:pass@host)")
	case err == nil && at.Fragment != "":
		return malformed("a URL fragment (#...)")
	case err == nil && at.Scheme == "https" && at.Host != "", err == nil && at.Scheme == "http" && isLoopback(at):
		return ""
	}
	return "each redirect URI must be https, http on a loopback host, or a registered native callback"
}

func isLoopback(at *url.URL) bool {
	return slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, at.Hostname())
}

// consent is a browser that was asked to approve a client.
type consent struct {
	user, client, redirect, state, challenge string
	until                                    time.Time
	done                                     bool
}

// authorizeClient asks who is signed in to approve a client, after sending others to sign in.
func authorizeClient(c *call) *reply {
	q := c.query
	client, is := strings.CutPrefix(q.Get("client_id"), clientPrefix)
	if !is {
		return detail(http.StatusNotFound, "MCP server not found")
	}
	registered := c.unseal(client)
	at, _ := url.Parse(q.Get("redirect_uri"))
	switch {
	case registered == nil:
		return oauthError(http.StatusBadRequest, "invalid_client", "unknown or malformed client_id")
	case !slices.Contains(list(registered["redirect_uris"]), q.Get("redirect_uri")):
		return oauthError(http.StatusBadRequest, "invalid_request", "redirect_uri is not registered for this client")
	case q.Get("response_type") != "code":
		return oauthError(http.StatusBadRequest, "unsupported_response_type", "response_type must be 'code'")
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		return oauthError(http.StatusBadRequest, "invalid_request", "PKCE is required: send code_challenge with code_challenge_method=S256")
	case strings.TrimSuffix(q.Get("resource"), "/") != c.base():
		return notImplemented("GET", "/authorize for another resource than "+c.base())
	case !isLoopback(at):
		return oauthError(http.StatusBadRequest, "invalid_request", "a proxy-API grant may only redirect to a loopback address")
	}
	user := c.sso.browsers[c.cookie("token")]
	if user == "" {
		return found(c.base() + "/sso/key/generate?" + url.Values{"return_to": {c.prefix() + c.r.URL.RequestURI()}}.Encode())
	}
	handle := randomText(24)
	keep(&c.sso.consents, handle, &consent{user: user, client: q.Get("client_id"), redirect: q.Get("redirect_uri"), state: q.Get("state"),
		challenge: q.Get("code_challenge"), until: c.now().Add(loginSeconds * time.Second)})
	answer := page(`<h1>Authorize CLI access</h1><p>A command-line client at <code>` + htmlText(at.Scheme+"://"+at.Host) + `</code> wants to call LiteLLM as <strong>` + htmlText(user) + `</strong>.</p>` +
		`<form method="post" action="` + htmlText(c.base()) + `/authorize/complete"><input type="hidden" name="flow" value="` + handle + `">` + c.teamChoice(user) +
		`<button type="submit" name="decision" value="deny">Deny</button><button type="submit" name="decision" value="approve">Approve</button></form>`)
	answer.header = map[string]string{}
	return answer.setCookie("mcp_connect_flow_"+handle, handle)
}

// teamChoice asks for the team of the token: the only one, or one of several.
func (c *call) teamChoice(user string) string {
	ids := c.teamIDs(user)
	if len(ids) == 1 {
		return `<input type="hidden" name="team_id" value="` + htmlText(ids[0]) + `"><p>Requests are attributed to team <strong>` + htmlText(text(c.teamAlias(ids[0]))) + `</strong>.</p>`
	}
	options := ""
	for _, id := range ids {
		options += `<option value="` + htmlText(id) + `">` + htmlText(text(c.teamAlias(id))) + `</option>`
	}
	if options == "" {
		return ""
	}
	return `<label for="team_id">Attribute requests to team</label><select id="team_id" name="team_id">` + options + `</select>`
}

// completeAuthorize sends the browser to the client, with a code or without.
func completeAuthorize(c *call) *reply {
	form := c.form()
	handle := form.Get("flow")
	asked := c.sso.consents[handle]
	switch user := c.sso.browsers[c.cookie("token")]; {
	case asked == nil || c.cookie("mcp_connect_flow_"+handle) != handle || !c.now().Before(asked.until):
		return oauthError(http.StatusBadRequest, "invalid_request", "unknown or expired connect flow")
	case user == "":
		return oauthError(http.StatusUnauthorized, "login_required", "sign in to LiteLLM to finish connecting")
	case user != asked.user:
		return oauthError(http.StatusForbidden, "access_denied", "the signed-in user does not match this connect flow")
	case asked.done:
		return oauthError(http.StatusBadRequest, "invalid_request", "this connect flow was already completed; restart the connection")
	}
	asked.done = true
	back := url.Values{}
	if asked.state != "" {
		back.Set("state", asked.state)
	}
	manual, lifetime := form.Get("delivery") == "manual", codeLifetime
	if manual {
		lifetime = manualCodeLifetime
	}
	if form.Get("decision") == "deny" {
		back.Set("error", "access_denied")
	} else {
		back.Set("code", codePrefix+c.seal(object{"user": asked.user, "client": asked.client, "redirect": asked.redirect, "challenge": asked.challenge,
			"team": form.Get("team_id"), "jti": randomText(24), "until": formatTime(c.now().Add(lifetime))}))
	}
	to, _ := url.Parse(asked.redirect)
	query := to.Query()
	for name, values := range back {
		query[name] = values
	}
	to.RawQuery = query.Encode()
	if manual && back.Has("code") {
		return page(`<h2>Almost done</h2><p><input type="text" value="` + htmlText(to.String()) + `" readonly></p>`)
	}
	return found(to.String())
}

// grantToken gives a token for a code or a refresh token.
func grantToken(c *call) *reply {
	form := c.form()
	switch {
	case !form.Has("grant_type"):
		return invalid(missing("body", "grant_type"))
	case !form.Has("client_id"):
		return detail(http.StatusBadRequest, object{"error": "invalid_request", "error_description": "client_id is required"})
	case !strings.HasPrefix(form.Get("client_id"), clientPrefix):
		return detail(http.StatusNotFound, "MCP server not found")
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		return c.grantForCode(form)
	case "refresh_token":
		return c.grantForRefresh(form)
	}
	return oauthError(http.StatusBadRequest, "unsupported_grant_type",
		"grant_type must be authorization_code, refresh_token, urn:ietf:params:oauth:grant-type:token-exchange, or urn:ietf:params:oauth:grant-type:jwt-bearer")
}

func badGrant(description string) *reply {
	return oauthError(http.StatusBadRequest, "invalid_grant", description)
}

// past reports whether something that was sealed has expired.
func (c *call) past(sealed object) bool {
	until, err := time.Parse(timeLayout, text(sealed["until"]))
	return err != nil || !c.now().Before(until)
}

func (c *call) grantForCode(form url.Values) *reply {
	verifier := form.Get("code_verifier")
	if form.Get("code") == "" || form.Get("redirect_uri") == "" || verifier == "" {
		return oauthError(http.StatusBadRequest, "invalid_request", "code, redirect_uri, and code_verifier are required")
	}
	if len(verifier) < 43 || len(verifier) > 128 {
		return oauthError(http.StatusBadRequest, "invalid_request", "code_verifier must be 43 to 128 characters (RFC 7636)")
	}
	sealed, _ := strings.CutPrefix(form.Get("code"), codePrefix)
	code := c.unseal(sealed)
	digest := sha256.Sum256([]byte(verifier))
	switch {
	case code == nil || text(code["challenge"]) == "":
		return badGrant("the authorization code is invalid")
	case c.past(code):
		return badGrant("the authorization code has expired")
	case form.Get("client_id") != code["client"] || form.Get("redirect_uri") != code["redirect"]:
		return badGrant("the authorization code was issued to a different client")
	case base64.RawURLEncoding.EncodeToString(digest[:]) != code["challenge"]:
		return badGrant("PKCE verification failed")
	}
	return c.grant(form, code, "the authorization code was already used", randomText(24))
}

func (c *call) grantForRefresh(form url.Values) *reply {
	sealed, is := strings.CutPrefix(form.Get("refresh_token"), refreshPrefix)
	if form.Get("refresh_token") == "" {
		return oauthError(http.StatusBadRequest, "invalid_request", "refresh_token is required")
	}
	token := c.unseal(sealed)
	if !is || token == nil || token["client"] != form.Get("client_id") || c.past(token) {
		return badGrant("the refresh token is invalid for this client")
	}
	return c.grant(form, token, "the refresh token was already used", text(token["family"]))
}

// grant gives a token and the next refresh token for what proves a sign-in, once.
func (c *call) grant(form url.Values, proof object, replayed, family string) *reply {
	user, team := text(proof["user"]), text(proof["team"])
	switch row := byID(c.Users, "user_id", user); {
	case form.Get("resource") != "" && strings.TrimSuffix(form.Get("resource"), "/") != c.base():
		return oauthError(http.StatusBadRequest, "invalid_target", "resource does not match the proxy API this grant was issued for")
	case c.sso.used[family]:
		return badGrant("the refresh token was revoked")
	case row == nil && user != masterUser:
		return badGrant("the user for this grant is no longer active")
	case team != "" && !isMember(byID(c.Teams, "team_id", team), user):
		return badGrant("the user is no longer a member of the team this grant was issued for")
	case team == "" && len(c.teamIDs(user)) > 0:
		return badGrant("this user belongs to a team; sign in again to get a credential issued for it")
	case c.sso.used[text(proof["jti"])]:
		return badGrant(replayed)
	}
	keep(&c.sso.used, text(proof["jti"]), true)
	refresh := refreshPrefix + c.seal(object{"user": user, "team": team, "client": form.Get("client_id"), "family": family, "jti": randomText(24),
		"until": formatTime(c.now().Add(refreshLifetime))})
	answer := object{"access_token": c.sealToken(user, team), "token_type": "Bearer", "expires_in": int(c.lifetime().Seconds()),
		"refresh_token": refresh, "user_id": user, "team_id": nil}
	if team != "" {
		answer["team_id"] = team
	}
	return &reply{status: http.StatusOK, body: answer, header: unstored}
}

// revokeToken ends the renewals of a sign-in. Its tokens stay good until they expire.
func revokeToken(c *call) *reply {
	form := c.form()
	for _, name := range []string{"token", "client_id"} {
		if !form.Has(name) {
			return invalid(missing("body", name))
		}
	}
	client, is := strings.CutPrefix(form.Get("client_id"), clientPrefix)
	if !is || c.unseal(client) == nil {
		return oauthError(http.StatusUnauthorized, "invalid_client", "unknown or malformed client_id")
	}
	sealed, is := strings.CutPrefix(form.Get("token"), refreshPrefix)
	if token := c.unseal(sealed); is && token != nil && token["client"] == form.Get("client_id") {
		keep(&c.sso.used, text(token["family"]), true)
	}
	return &reply{status: http.StatusOK, body: object{}, header: unstored}
}

// passwordLogin is the sign-in of a gateway without sign-on: the master key is the password.
func passwordLogin(c *call) *reply {
	form := c.form()
	if form.Get("username") != "admin" || form.Get("password") != c.admin {
		return failure(http.StatusUnauthorized, "Invalid credentials used to access UI. Check 'UI_USERNAME', 'UI_PASSWORD' in .env file")
	}
	if byID(c.Users, "user_id", masterUser) == nil {
		c.addUser(masterUser, object{"user_role": roleAdmin})
	}
	session := randomText(24)
	keep(&c.sso.browsers, session, masterUser)
	return found(or2(form.Get("return_to"), c.base()+"/ui/")).setCookie("token", session)
}
