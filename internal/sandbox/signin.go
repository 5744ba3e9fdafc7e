package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// SignIn is the single sign-on of a gateway, and the people with an account at its provider. A
// sandbox has none until [Gateway.SignIn] is called: then it answers as a gateway without
// sign-on, whose logins stay pending.
type SignIn struct {
	People    []Person
	BaseURL   string        // PROXY_BASE_URL; empty: the address of each request
	Lifetime  time.Duration // of a token; 0 means 24 hours, a negative one makes expired tokens
	TokensOff bool          // the gateway refuses its own tokens: EXPERIMENTAL_UI_LOGIN=false
	CodeInURL bool          // the browser's address has the code: allow_cli_sso_verification_uri_complete
	Domain    string        // of the email addresses that the gateway accepts; empty: all
}

// Person is a person with an account at the provider.
type Person struct {
	Email   string
	UserID  string   // at the gateway; the part of the email address before the @ if empty
	Name    string   // the alias of the user
	Role    string   // at the gateway; internal_user_viewer if empty
	Teams   []string // IDs of teams that the person joins when signing in, where they exist
	Refused bool     // the provider does not let the person use the gateway
}

func (p Person) id() string {
	name, _, _ := strings.Cut(p.Email, "@")
	return or2(p.UserID, name)
}

// People are a member of one team, a member of two, a member of none, an administrator,
// somebody whose domain gateways may refuse, and somebody refused by the provider. The
// teams team-red and team-blue must exist before anybody joins them.
func People() []Person {
	return []Person{
		{Email: "ann@example.com", Name: "Ann Arbor", Role: roleUser, Teams: []string{"team-red"}},
		{Email: "bob@example.com", Name: "Bob Boulder", Role: roleUser, Teams: []string{"team-red", "team-blue"}},
		{Email: "cleo@example.com", Name: "Cleo Cork"},
		{Email: "olga@example.com", Name: "Olga Oslo", Role: roleAdmin},
		{Email: "yan@example.org", Name: "Yan York"},
		{Email: "zoe@example.com", Refused: true},
	}
}

// NewWithSignIn returns a gateway with single sign-on and [People]: the teams team-red
// (alias red, for gpt-4o-mini) and team-blue (blue, for claude-haiku) exist, and so do
// ann and bob, their members. The others come with their first sign-in.
func NewWithSignIn() *Gateway {
	g := New()
	g.mu.Lock()
	c := &call{Gateway: g, state: &g.data, who: identity{role: roleAdmin, userID: masterUser}}
	c.addTeam("team-red", object{"team_alias": "red", "models": []string{"gpt-4o-mini"}})
	c.addTeam("team-blue", object{"team_alias": "blue", "models": []string{"claude-haiku"}})
	for _, person := range People()[:2] {
		c.addUser(person.id(), object{"user_email": person.Email, "user_alias": person.Name, "user_role": person.Role})
		c.joinTeams(person)
	}
	g.mu.Unlock()
	g.SignIn(SignIn{People: People()})
	return g
}

// SignIn switches single sign-on on. Logins under way are forgotten.
func (g *Gateway) SignIn(s SignIn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sso = ssoState{SignIn: s, on: true}
}

// Login is a login of a command line that somebody has started.
type Login struct {
	ID      string
	Code    string // as the command line shows it
	Address string // for the browser, without the gateway's address
}

// Logins returns the logins by the code flow that wait for a browser, oldest first.
func (g *Gateway) Logins() []Login {
	g.mu.Lock()
	defer g.mu.Unlock()
	var waiting []Login
	for _, flow := range g.sso.flows {
		if !flow.verified && g.now().Before(flow.until) {
			waiting = append(waiting, Login{ID: flow.id, Code: flow.code, Address: flow.address()})
		}
	}
	return waiting
}

// ssoState is the sign-on of a gateway: its settings, and what lives as long as the process.
type ssoState struct {
	SignIn
	on       bool
	flows    []*cliFlow
	starts   []time.Time         // of logins by the code flow, in the last minute
	visits   map[string]visit    // of browsers at the provider, by state
	codes    map[string]string   // of the provider: whose they are, by code
	browsers map[string]string   // who is signed in, by session cookie
	consents map[string]*consent // flows by PKCE, by handle
	used     map[string]bool     // codes and refresh tokens that were used or revoked
}

// visit is a browser on its way to the provider and back.
type visit struct {
	flow     string // the login it belongs to, or
	returnTo string // where it goes on
}

// keep stores a value in one of the maps, which are made when they are needed.
func keep[T any](in *map[string]T, name string, value T) {
	if *in == nil {
		*in = map[string]T{}
	}
	(*in)[name] = value
}

// base is the address of the gateway as the gateway knows it.
func (c *call) base() string {
	if c.sso.BaseURL != "" {
		return strings.TrimSuffix(c.sso.BaseURL, "/")
	}
	scheme := "http"
	if c.r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + c.r.Host + c.prefix()
}

// prefix is the part of the path that was stripped before the sandbox got the request.
func (c *call) prefix() string {
	path, _, _ := strings.Cut(c.r.RequestURI, "?")
	prefix, _ := strings.CutSuffix(path, c.r.URL.EscapedPath())
	return prefix
}

func uiConfig(c *call) *reply {
	var base any
	if c.sso.BaseURL != "" {
		base = c.sso.BaseURL
	}
	return ok(view("ui_config", nil, "proxy_base_url", base, "sso_configured", c.sso.on))
}

// form reads the body as a browser sends it.
func (c *call) form() url.Values {
	values, _ := url.ParseQuery(string(c.raw))
	return values
}

func page(body string) *reply {
	return &reply{status: http.StatusOK, text: true, body: "<!doctype html>\n<html><body>" + body + "</body></html>\n"}
}

// found sends the browser on.
func found(to string) *reply {
	return &reply{status: http.StatusSeeOther, text: true, body: "", header: map[string]string{"Location": to}}
}

func (r *reply) setCookie(name, value string) *reply {
	r.header["Set-Cookie"] = (&http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}).String()
	return r
}

func (c *call) cookie(name string) string {
	cookie, err := c.r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// maxSSOUsers is how many users a database may have when somebody signs in, without a license.
const maxSSOUsers = 5

// ssoStart sends the browser to the provider, or shows the form of a gateway without
// sign-on, which leads to the dashboard.
func ssoStart(c *call) *reply {
	flowID := ""
	if c.query.Get("source") == "litellm-cli" {
		flow, bad := c.flow(c.query.Get("key"))
		if bad != nil {
			return bad
		}
		flowID = flow.id
	}
	if !c.sso.on {
		return page(`<h1>LiteLLM</h1><form action="` + c.prefix() + `/login" method="post"><input type="hidden" name="return_to" value="` + htmlText(c.query.Get("return_to")) + `"><input name="username"><input type="password" name="password"><button>Login</button></form>`)
	}
	if len(c.Users) > maxSSOUsers {
		return fail(http.StatusForbidden, "auth_error", "premium_user",
			"You must be a LiteLLM Enterprise user to use SSO for more than 5 users. If you have a license please set `LITELLM_LICENSE` in your env. "+
				"If you want to obtain a license meet with us here: https://enterprise.litellm.ai/demo You are seeing this error message because You set one of `MICROSOFT_CLIENT_ID`, "+
				"`GOOGLE_CLIENT_ID`, or `GENERIC_CLIENT_ID` in your env. Please unset this")
	}
	state := randomText(24)
	keep(&c.sso.visits, state, visit{flow: flowID, returnTo: c.query.Get("return_to")})
	return found(c.base()+"/sandbox/provider?"+url.Values{"state": {state}}.Encode()).setCookie("sso_state", state)
}

// provider stands in for a company's OpenID Connect provider: it asks who is there, for no
// password.
func provider(c *call) *reply {
	state, email := c.query.Get("state"), c.query.Get("user")
	i := slices.IndexFunc(c.sso.People, func(p Person) bool { return p.Email == email })
	if i < 0 {
		buttons := ""
		for _, p := range c.sso.People {
			buttons += `<p><button name="user" value="` + p.Email + `">` + p.Email + `</button></p>`
		}
		return page(`<h1>Who are you?</h1><form action="` + c.prefix() + `/sandbox/provider"><input type="hidden" name="state" value="` + htmlText(state) + `">` + buttons + `</form>`)
	}
	back := url.Values{"state": {state}}
	if c.sso.People[i].Refused {
		back.Set("error", "access_denied")
		back.Set("error_description", email+" is not assigned to this application")
	} else {
		code := randomText(24)
		keep(&c.sso.codes, code, email)
		back.Set("code", code)
	}
	return found(c.base() + "/sso/callback?" + back.Encode())
}

// ssoCallback is where the browser comes back from the provider.
func ssoCallback(c *call) *reply {
	state := c.query.Get("state")
	if c.cookie("sso_state") == "" {
		return detail(http.StatusUnauthorized, "State cookie not found")
	}
	at, is := c.sso.visits[state]
	if !is || c.cookie("sso_state") != state {
		return detail(http.StatusUnauthorized, "State mismatch")
	}
	if problem := c.query.Get("error"); problem != "" {
		return detail(http.StatusUnauthorized, "OAuth error: "+problem+", error_description: "+c.query.Get("error_description"))
	}
	email, is := c.sso.codes[c.query.Get("code")]
	if !is {
		return crash()
	}
	delete(c.sso.codes, c.query.Get("code"))
	if _, domain, _ := strings.Cut(email, "@"); c.sso.Domain != "" && domain != c.sso.Domain {
		return detail(http.StatusUnauthorized, object{"message": "The email domain=" + domain + ", is not an allowed email domain=" + pyList([]string{c.sso.Domain}) + ". Contact your admin to change this."})
	}
	person := c.sso.People[slices.IndexFunc(c.sso.People, func(p Person) bool { return p.Email == email })]
	seen := c.signedIn(person)
	if at.flow != "" {
		return c.verifyPage(at.flow, person, seen)
	}
	session := randomText(24)
	keep(&c.sso.browsers, session, person.id())
	return found(or2(at.returnTo, c.base()+"/ui/")).setCookie("token", session)
}

// signedIn makes or updates the user of somebody who has signed in, and returns the teams
// that the user had before: a first sign-in by the code flow does not see those it joins.
func (c *call) signedIn(p Person) (before []string) {
	c.orders = nil
	id := p.id()
	before = c.teamIDs(id)
	user := byID(c.Users, "user_id", id)
	if user == nil {
		c.addUser(id, object{"user_email": p.Email, "user_alias": p.Name, "user_role": or2(p.Role, roleUserViewer),
			"sso_user_id": id, "metadata": object{"auth_provider": nil}})
	} else {
		user["sso_user_id"], user["updated_at"] = id, c.stamp()
		if p.Role != "" {
			user["user_role"] = p.Role
		}
	}
	c.joinTeams(p)
	return before
}

// joinTeams makes somebody a member of their teams, where those exist.
func (c *call) joinTeams(p Person) {
	for _, id := range p.Teams {
		if team := byID(c.Teams, "team_id", id); team != nil && !isMember(team, p.id()) {
			c.join(team, object{"user_id": p.id(), "user_email": p.Email, "role": "user"})
		}
	}
}
