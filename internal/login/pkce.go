package login

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/proxyclient"
)

// pkceLife is how long the person may take in the browser.
const pkceLife = 10 * time.Minute

// A Visit is a sign-in under way by PKCE.
type Visit struct {
	// URL is the page to open in a browser on this machine.
	URL  string
	Ends time.Time

	callback *callback
	renewal  Renewal
	verifier string
}

// endpoints are what the gateway says of PKCE.
type endpoints struct {
	Issuer    string   `json:"issuer"`
	Authorize string   `json:"authorization_endpoint"`
	Token     string   `json:"token_endpoint"`
	Register  string   `json:"registration_endpoint"`
	Revoke    string   `json:"revocation_endpoint"`
	Resource  string   `json:"resource"`
	Methods   []string `json:"code_challenge_methods_supported"`
}

// Visit begins a sign-in by PKCE. The visit must be closed.
func (g *Gateway) Visit(ctx context.Context) (*Visit, error) {
	at, err := g.endpoints(ctx)
	if err != nil {
		return nil, err
	}
	state := rand.Text()
	back, err := listen(state)
	if err != nil {
		return nil, local(err)
	}
	v := &Visit{callback: back, verifier: rand.Text() + rand.Text(), Ends: g.now().Add(pkceLife),
		renewal: Renewal{TokenPath: g.path(at.Token), Resource: at.Resource}}
	if at.Revoke != "" {
		v.renewal.RevokePath = g.path(at.Revoke)
	}
	if v.renewal.ClientID, err = g.register(ctx, g.path(at.Register), back.url()); err != nil {
		v.Close()
		return nil, err
	}
	sum := sha256.Sum256([]byte(v.verifier))
	v.URL = at.Authorize + "?" + url.Values{
		"response_type": {"code"}, "client_id": {v.renewal.ClientID}, "redirect_uri": {back.url()}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "resource": {at.Resource},
	}.Encode()
	return v, nil
}

// Close stops listening for the browser.
func (v *Visit) Close() { v.callback.close() }

// endpoints reads the gateway's document. What it names must be the gateway: the code and
// the tokens go there.
func (g *Gateway) endpoints(ctx context.Context) (*endpoints, error) {
	const path = "/.well-known/litellm-cli-auth"
	var at endpoints
	err := g.read(ctx, g.client, path, &at)
	var e *proxyclient.Error
	switch {
	case errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed):
		return nil, refused(proxyclient.CodeUnsupported, "sign in without --pkce", "the gateway has no sign-in by PKCE (%s: HTTP %d)", path, e.Status)
	case err != nil:
		return nil, err
	case config.CanonicalURL(at.Issuer) != g.base:
		address := config.CanonicalURL(at.Issuer)
		return nil, refused(proxyclient.CodeUsage, "", "the gateway signs in at %s (its PROXY_BASE_URL), not at %s; use --base-url %s", address, g.base, address)
	case !slices.Contains(at.Methods, "S256"):
		return nil, refused(proxyclient.CodeUnsupported, "sign in without --pkce", "the gateway's PKCE does not support S256")
	}
	for _, endpoint := range []string{at.Authorize, at.Token, at.Register, cmp.Or(at.Revoke, at.Token)} {
		if g.path(endpoint) == "" {
			return nil, refused(proxyclient.CodeBadAnswer, "", "the gateway's sign-in would lead to another address (%q); nothing was sent there", endpoint)
		}
	}
	return &at, nil
}

// path is an endpoint's below the base URL, "" if it is elsewhere.
func (g *Gateway) path(endpoint string) string {
	rest, ok := strings.CutPrefix(config.CanonicalURL(endpoint), g.base+"/")
	if !ok || strings.ContainsAny(endpoint, "?#@") {
		return ""
	}
	return "/" + rest
}

// register gets the client ID for this address of the callback.
func (g *Gateway) register(ctx context.Context, path, callback string) (string, error) {
	body, err := json.Marshal(map[string]any{
		"client_name": "litellm-proxy", "redirect_uris": []string{callback}, "token_endpoint_auth_method": "none",
		"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
	})
	if err != nil {
		return "", err
	}
	answer, err := g.client.JSON(ctx, proxyclient.Request{Method: http.MethodPost, Path: path, RawPath: true, Body: body})
	if err != nil {
		return "", err
	}
	var registered struct {
		ID string `json:"client_id"`
	}
	if err := decode(path, answer, &registered); err != nil {
		return "", err
	}
	if registered.ID == "" {
		return "", refused(proxyclient.CodeBadAnswer, "sign in without --pkce", "the gateway registered this program without a client ID")
	}
	return registered.ID, nil
}

// Finish waits until the browser comes back and gets the session. team, by ID or alias, is
// checked: the person chooses it on the gateway's page. "" takes any.
func (g *Gateway) Finish(ctx context.Context, v *Visit, team string) (*Session, error) {
	waiting, cancel := context.WithDeadline(ctx, v.Ends)
	defer cancel()
	came, err := v.callback.wait(waiting)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, refused(proxyclient.CodeUnauthorized, again, "the browser did not come back within %s; the page there says why. You are not signed in", pkceLife)
	case came.problem == "access_denied":
		return nil, refused(proxyclient.CodeForbidden, again, "the sign-in was denied in the browser; you are not signed in")
	case came.problem != "":
		return nil, refused(proxyclient.CodeUnauthorized, again, "the gateway ended the sign-in (%s); you are not signed in", came.problem)
	}
	p, err := g.token(ctx, v.renewal.TokenPath, url.Values{
		"grant_type": {"authorization_code"}, "code": {came.code}, "redirect_uri": {v.callback.url()},
		"client_id": {v.renewal.ClientID}, "code_verifier": {v.verifier}, "resource": {v.renewal.Resource},
	})
	if e, ok := errors.AsType[*proxyclient.Error](err); ok && e.Status >= http.StatusInternalServerError && e.Hint == "" {
		e.Hint = "the gateway's log has the reason; its LITELLM_CLI_JWT_EXPIRATION_HOURS must be at least 1"
	}
	if err != nil {
		return nil, err
	}
	renewal := v.renewal
	session := &Session{BaseURL: g.base, UserID: p.User, TeamID: p.Team, Renewal: &renewal}
	session.take(p, g.now())
	g.nameTeams(ctx, session)
	if err := session.CheckTeam(team); err != nil {
		_, _ = g.Revoke(ctx, session)
		return nil, err
	}
	return session, nil
}

// nameTeams learns the alias of the session's team, for messages.
func (g *Gateway) nameTeams(ctx context.Context, session *Session) {
	if session.TeamID == "" {
		return
	}
	session.Teams = []Team{{ID: session.TeamID}}
	var found struct {
		Info struct {
			Alias string `json:"team_alias"`
		} `json:"team_info"`
	}
	body, err := g.client.WithKey(session.Key, Source).JSON(ctx, proxyclient.Request{Method: http.MethodGet, Path: "/team/info", Read: true,
		Query: url.Values{"team_id": {session.TeamID}}})
	if err == nil && json.Unmarshal(body, &found) == nil {
		session.Teams[0].Alias = found.Info.Alias
	}
}

// CheckTeam compares the team of the session with the one that was asked for by ID or
// alias, "" for any.
func (s *Session) CheckTeam(name string) error {
	switch t := s.Team(); {
	case name == "":
	case t.ID == "":
		return refused(proxyclient.CodeUsage, "", "you are in no team, so not in %q; nothing was stored", name)
	case t.ID != name && t.Alias != name:
		return refused(proxyclient.CodeUsage, "", "the sign-in is for the team %s, not for %q; nothing was stored", t, name)
	}
	return nil
}
