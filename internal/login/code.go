package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"litellm-proxy/proxyclient"
)

const (
	again = "to start again: litellm-proxy login"

	// assumedLife is how long a token lives when nothing says so: the gateway's default.
	assumedLife = 24 * time.Hour
	// mostPatience bounds what the gateway says about the life of a code.
	mostPatience = time.Hour
	// clocks is by how much the gateway may forget a code earlier than we expect.
	clocks = 15 * time.Second
)

// A Code is a sign-in under way by the code flow.
type Code struct {
	// URL is the page to open. Full is the same with the code in it, if the gateway offers
	// that.
	URL, Full string
	// UserCode is what the person types there.
	UserCode string
	// Ends is when the gateway forgets the sign-in.
	Ends time.Time

	id, secret string
}

// Start begins the code flow.
func (g *Gateway) Start(ctx context.Context) (*Code, error) {
	const path = "/sso/cli/start"
	body, err := g.client.JSON(ctx, proxyclient.Request{Method: http.MethodPost, Path: path})
	if err != nil {
		return nil, startError(err)
	}
	var started struct {
		ID      string  `json:"login_id"`
		Secret  string  `json:"poll_secret"`
		Code    string  `json:"user_code"`
		Seconds float64 `json:"expires_in"`
		Full    string  `json:"verification_uri_complete"`
	}
	if err := decode(path, body, &started); err != nil {
		return nil, err
	}
	if started.ID == "" || started.Secret == "" || started.Code == "" {
		return nil, refused(proxyclient.CodeUnsupported, "update the gateway, or use a virtual key", "the gateway signs in by another flow: its answer has no code")
	}
	life := time.Duration(started.Seconds * float64(time.Second))
	if life <= 0 {
		life = 10 * time.Minute
	}
	c := &Code{id: started.ID, secret: started.Secret, UserCode: oneLine(started.Code), Ends: g.now().Add(min(life, mostPatience)),
		URL: g.base + "/sso/key/generate?source=litellm-cli&key=" + url.QueryEscape(started.ID)}
	if web := strings.HasPrefix(started.Full, "http://") || strings.HasPrefix(started.Full, "https://"); web && sameHost(started.Full, g.base) {
		c.Full = started.Full
	}
	return c, nil
}

func startError(err error) error {
	var e *proxyclient.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed:
		return refused(proxyclient.CodeUnsupported, "update the gateway, or use a virtual key with {api_key}",
			"the gateway has no sign-in for command lines (POST /sso/cli/start: HTTP %d)", e.Status)
	case e.Status == http.StatusTooManyRequests:
		return refused(proxyclient.CodeRateLimited, "try again in a minute", "too many sign-ins from this address in the last minute")
	}
	return err
}

// expired is the end of a sign-in that nobody completed.
func expired() error {
	return refused(proxyclient.CodeUnauthorized, again, "the sign-in expired before it was completed; "+
		"a wrong code, a refusal by the provider or the gateway, and a page left open look alike from here; the browser's page says which it was")
}

// polled is an answer to a poll.
type polled struct {
	Status string   `json:"status"`
	Key    string   `json:"key"`
	User   string   `json:"user_id"`
	Team   string   `json:"team_id"`
	Choose bool     `json:"requires_team_selection"`
	Teams  []string `json:"teams"`
	Detail []struct {
		ID    string `json:"team_id"`
		Alias string `json:"team_alias"`
	} `json:"team_details"`
}

func (p *polled) teams() []Team {
	var teams []Team
	known := map[string]bool{}
	for _, d := range p.Detail {
		teams, known[d.ID] = append(teams, Team{d.ID, d.Alias}), true
	}
	for _, id := range p.Teams {
		if !known[id] {
			teams = append(teams, Team{ID: id})
		}
	}
	return teams
}

// Wait polls until the person is done in the browser. With several teams, choose names
// the one that the token is for. The answer with the token comes once: it is never asked
// for and dropped.
func (g *Gateway) Wait(ctx context.Context, c *Code, choose func(context.Context, []Team) (Team, error)) (*Session, error) {
	team, begun := "", g.now()
	for {
		p, err := g.poll(ctx, c, team)
		switch {
		case err != nil:
			return nil, err
		case p == nil:
		case p.Key != "":
			now := g.now()
			return &Session{BaseURL: g.base, UserID: p.User, TeamID: p.Team, Teams: p.teams(),
				Obtained: now, Expires: now.Add(assumedLife), Assumed: true, Key: p.Key}, nil
		case p.Choose && len(p.teams()) > 0 && team == "":
			chosen, err := choose(ctx, p.teams())
			if err != nil {
				return nil, err
			}
			team = chosen.ID
			continue
		case p.Status != "pending":
			return nil, refused(proxyclient.CodeBadAnswer, again, "the gateway ended the sign-in without a token (status %q); you are not signed in", p.Status)
		}
		if !g.now().Before(c.Ends) {
			return nil, expired()
		}
		// Soon at first: a browser that knows the person is done within a second.
		if err := proxyclient.Sleep(ctx, min(g.pause, 100*time.Millisecond+g.now().Sub(begun)/4)); err != nil {
			return nil, err
		}
	}
}

// poll asks once. Nil, without an error, is an answer that did not come: the next poll
// may bring it.
func (g *Gateway) poll(ctx context.Context, c *Code, team string) (*polled, error) {
	const path = "/sso/cli/poll/{login_id}"
	// It is no read: the answer with the token comes once.
	r := proxyclient.Request{Method: http.MethodGet, Path: path, Params: map[string]string{"login_id": c.id},
		Header: http.Header{"X-Litellm-Cli-Poll-Secret": {c.secret}}}
	if team != "" {
		r.Query = url.Values{"team_id": {team}}
	}
	body, err := g.client.JSON(ctx, r)
	var e *proxyclient.Error
	switch {
	case err == nil:
		var p polled
		return &p, decode(path, body, &p)
	case ctx.Err() != nil || !errors.As(err, &e):
		return nil, err
	case e.Status == http.StatusForbidden && strings.Contains(e.Message, "polling secret"):
		return nil, refused(proxyclient.CodeUnauthorized, again, "the gateway does not know the secret of this sign-in (Invalid CLI polling secret); you are not signed in")
	case e.Status == http.StatusForbidden && team != "":
		return nil, refused(proxyclient.CodeForbidden, again, "the gateway refuses the team: %s", e.Message)
	case e.Status == http.StatusBadRequest && strings.Contains(e.Message, "not found or expired") && g.now().After(c.Ends.Add(-clocks)):
		return nil, expired()
	case e.Status == http.StatusBadRequest && strings.Contains(e.Message, "not found or expired"):
		return nil, refused(proxyclient.CodeUnauthorized, again, "the gateway no longer knows this sign-in: it expired, its answer was lost on the way, "+
			"the gateway was restarted, or it runs several replicas without a shared cache")
	case e.Code == proxyclient.CodeUsage: // it cannot be sent, now or later
		return nil, err
	case e.Status >= http.StatusMultipleChoices && e.Status < http.StatusInternalServerError && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout:
		return nil, err
	}
	return nil, nil
}
