package sandbox

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	loginSeconds = 600 // that a login may take
	maxStarts    = 30  // of logins in a minute
)

// cliFlow is one login by the code flow.
type cliFlow struct {
	id, secret, code string
	until            time.Time
	token            string // of the page that asks for the code; empty until the provider is done
	user             string
	teams            []string
	verified         bool // the code was typed
}

func (f *cliFlow) address() string {
	return "/sso/key/generate?" + url.Values{"source": {"litellm-cli"}, "key": {f.id}}.Encode()
}

func htmlText(s string) string { return html.EscapeString(s) }

var loginID = lazily(`^cli-[A-Za-z0-9_-]{12,124}$`)

// flow finds a login that is under way.
func (c *call) flow(id string) (*cliFlow, *reply) {
	switch {
	case strings.HasPrefix(id, "sk-"):
		return nil, detail(http.StatusBadRequest, "Your litellm CLI is out of date and uses a login flow this proxy no longer supports. "+
			"Upgrade it with `pip install -U 'litellm[proxy]'` and run `lite login` again.")
	case !loginID().MatchString(id):
		return nil, detail(http.StatusBadRequest, "Invalid CLI login session id")
	}
	for _, flow := range c.sso.flows {
		if flow.id == id && c.now().Before(flow.until) {
			return flow, nil
		}
	}
	return nil, detail(http.StatusBadRequest, "CLI login session not found or expired. Run `lite login` again. "+
		"If this happens immediately after starting a login, the proxy is likely running multiple replicas without a shared cache; "+
		"configure a Redis cache so every replica can see the login session.")
}

// startLogin begins a login by the code flow; on a gateway without sign-on, too.
func startLogin(c *call) *reply {
	now := c.now()
	if len(c.sso.starts) == 0 || !now.Before(c.sso.starts[0].Add(time.Minute)) {
		c.sso.starts = nil // the minute begins with its first start
	}
	if c.sso.starts = append(c.sso.starts, now); len(c.sso.starts) > maxStarts {
		return detail(http.StatusTooManyRequests, "Too many CLI login attempts. Try again later.")
	}
	c.sso.flows = slices.DeleteFunc(c.sso.flows, func(f *cliFlow) bool { return !now.Before(f.until) })
	code := randomOf("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 8)
	flow := &cliFlow{id: "cli-" + randomText(24), secret: randomText(32), code: code[:4] + "-" + code[4:], until: now.Add(loginSeconds * time.Second)}
	c.sso.flows = append(c.sso.flows, flow)
	answer := object{"login_id": flow.id, "poll_secret": flow.secret, "user_code": flow.code, "expires_in": loginSeconds}
	if c.sso.CodeInURL {
		answer["verification_uri_complete"] = c.base() + flow.address() + "&user_code=" + flow.code
	}
	return ok(answer)
}

// verifyPage asks for the code once the provider has said who is there.
func (c *call) verifyPage(id string, p Person, teams []string) *reply {
	flow, bad := c.flow(id)
	if bad != nil {
		return bad
	}
	flow.user, flow.teams, flow.token = p.id(), teams, randomText(32)
	value := ""
	if c.sso.CodeInURL {
		value = ` value="` + flow.code + `"`
	}
	return page(`<h1>Complete CLI Login</h1><form method="post" action="` + c.base() + `/sso/cli/complete/` + flow.id + `">` +
		`<input type="hidden" name="browser_complete_token" value="` + flow.token + `" />` +
		`<input id="user_code" name="user_code"` + value + ` required autofocus /><button type="submit">Continue</button></form>`)
}

// completeLogin takes the code that the person has typed.
func completeLogin(c *call) *reply {
	flow, bad := c.flow(c.param["login_id"])
	if bad != nil {
		return bad
	}
	if flow.token == "" {
		return detail(http.StatusBadRequest, "CLI login is not ready")
	}
	plain := func(code string) string { return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code)) }
	form := c.form()
	if plain(form.Get("user_code")) != plain(flow.code) || form.Get("browser_complete_token") != flow.token {
		return detail(http.StatusBadRequest, "Invalid verification code")
	}
	flow.verified = true
	return page(`<h1>Authentication Successful!</h1><p>Your CLI login is complete.</p>`)
}

// pollLogin is what the command line asks until it gets a token.
func pollLogin(c *call) *reply {
	flow, bad := c.flow(c.param["login_id"])
	switch {
	case bad != nil:
		return bad
	case c.r.Header.Get("X-Litellm-Cli-Poll-Secret") != flow.secret:
		return detail(http.StatusForbidden, "Invalid CLI polling secret")
	case !flow.verified:
		return ok(object{"status": "pending"})
	}
	details := []object{}
	for _, id := range flow.teams {
		team := byID(c.Teams, "team_id", id)
		if team == nil {
			continue
		}
		var aliases any
		if given := teamAliases(team); len(given) > 0 {
			aliases = given
		}
		details = append(details, object{"team_id": id, "team_alias": team["team_alias"], "team_models": team["models"], "team_model_aliases": aliases})
	}
	answer := object{"status": "ready", "user_id": flow.user, "teams": append([]string{}, flow.teams...), "team_details": details}
	asked := c.query.Get("team_id")
	switch {
	case asked == "" && len(flow.teams) > 1:
		answer["requires_team_selection"] = true
		return ok(answer)
	case asked != "" && !slices.Contains(flow.teams, asked):
		return detail(http.StatusForbidden, "User does not belong to team: "+asked+". Available teams: "+pyList(flow.teams))
	case asked == "" && len(flow.teams) == 1:
		asked = flow.teams[0]
	}
	answer["key"], answer["team_id"] = c.sealToken(flow.user, asked), nil
	if asked != "" {
		answer["team_id"] = asked
	}
	c.sso.flows = slices.DeleteFunc(c.sso.flows, func(f *cliFlow) bool { return f == flow })
	return ok(answer)
}
