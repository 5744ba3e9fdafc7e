// Package login signs a person in at a gateway and keeps the session.
//
// There are two ways, both through a browser. In the code flow, the person types a code
// into the gateway's page, so the browser can be on another machine. PKCE sends the
// browser back to a port of this machine; its tokens can be renewed and the renewal can
// be revoked.
//
// A session belongs to exactly one base URL, and its token is sent nowhere else. The list
// of sessions is a file, without secrets; the secrets are in package keystore.
package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"litellm-proxy/internal/config"
	"litellm-proxy/proxyclient"
)

// Team is a team of the person who signed in.
type Team struct {
	ID    string `json:"id"`
	Alias string `json:"alias,omitempty"`
}

// String is how a message names the team: alias and ID, on one line.
func (t Team) String() string {
	text := t.Alias + " (" + t.ID + ")"
	if t.Alias == "" || t.Alias == t.ID {
		text = t.ID
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// Names lists teams for a message.
func Names(teams []Team) string {
	names := make([]string, len(teams))
	for i, t := range teams {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}

// Find returns the team with this ID or, if only one has it, this alias.
func Find(teams []Team, name string) (Team, error) {
	var found []Team
	for _, t := range teams {
		if t.ID == name {
			return t, nil
		}
		if t.Alias == name {
			found = append(found, t)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Team{}, refused(proxyclient.CodeUsage, "", "several of your teams have the alias %q; use an ID: %s", name, Names(found))
	case len(teams) == 0:
		return Team{}, refused(proxyclient.CodeUsage, "", "you are in no team, so not in %q", name)
	}
	return Team{}, refused(proxyclient.CodeUsage, "", "you are not in the team %q; your teams: %s", name, Names(teams))
}

// Gateway is the gateway to sign in at.
type Gateway struct {
	client *proxyclient.Client // without a key
	base   string              // canonical
	now    func() time.Time
	pause  time.Duration // between two polls
}

// New returns the gateway of a client. The client's key is not used.
func New(client *proxyclient.Client) *Gateway {
	return &Gateway{client: client.WithKey("", ""), base: config.CanonicalURL(client.BaseURL()), now: time.Now, pause: 2 * time.Second}
}

// BaseURL is the address that a session with the gateway is bound to.
func (g *Gateway) BaseURL() string { return g.base }

// refused is an error of signing in.
func refused(code proxyclient.Code, hint, format string, args ...any) *proxyclient.Error {
	return &proxyclient.Error{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Check asks the gateway whether signing in can succeed at all. It is the one moment at
// which the gateway tells.
func (g *Gateway) Check(ctx context.Context, pkce bool) error {
	var facts struct {
		SSO      *bool  `json:"sso_configured"`
		Disabled bool   `json:"admin_ui_disabled"`
		Address  string `json:"proxy_base_url"`
	}
	err := g.read(ctx, g.client, "/.well-known/litellm-ui-config", &facts)
	var e *proxyclient.Error
	switch {
	case errors.As(err, &e) && e.Status == http.StatusNotFound:
		return nil // an older gateway: start tells more
	case err != nil:
		return err
	}
	if facts.Address != "" && !sameHost(facts.Address, g.base) {
		address := config.CanonicalURL(facts.Address)
		return refused(proxyclient.CodeUsage, "", "the gateway signs in at %s (its PROXY_BASE_URL), not at %s; use --base-url %s", address, g.base, address)
	}
	switch {
	case pkce && facts.Disabled:
		return refused(proxyclient.CodeUnsupported, "sign in without --pkce", "the gateway's admin UI is disabled (DISABLE_ADMIN_UI), and --pkce needs it")
	case !pkce && facts.SSO != nil && !*facts.SSO:
		return refused(proxyclient.CodeUnsupported, "use a virtual key with {api_key}; an administrator can sign in with --pkce", "the gateway has no single sign-on configured, so this sign-in cannot be completed")
	}
	return nil
}

// sameHost compares host names: the browser's cookies are for one, on any port.
func sameHost(a, b string) bool {
	host := func(s string) string {
		if u, err := url.Parse(config.CanonicalURL(s)); err == nil {
			return u.Hostname()
		}
		return s
	}
	return host(a) == host(b)
}

// read sends a GET and decodes the answer.
func (g *Gateway) read(ctx context.Context, client *proxyclient.Client, path string, into any) error {
	body, err := client.JSON(ctx, proxyclient.Request{Method: http.MethodGet, Path: path, Read: true})
	if err != nil {
		return err
	}
	return decode(path, body, into)
}

func decode(path string, body json.RawMessage, into any) error {
	if json.Unmarshal(body, into) != nil {
		return refused(proxyclient.CodeBadAnswer, proxyclient.NoGatewayHint, "the gateway's answer to %s is not what a LiteLLM gateway sends", path)
	}
	return nil
}

// Person is who a token speaks for, as the gateway says.
type Person struct {
	ID    string   `json:"user_id"`
	Role  string   `json:"user_role"`
	Teams []string `json:"teams"`
}

// ErrUnchecked is the error of [Gateway.Try] when the gateway could not say whether it
// takes the token.
var ErrUnchecked = errors.New("the token could not be checked")

// Try uses a new token once. A gateway may hand out tokens that it then refuses.
func (g *Gateway) Try(ctx context.Context, token string) (Person, error) {
	var who Person
	err := g.read(ctx, g.client.WithKey(token, "this sign-in"), "/v2/user/info", &who)
	var e *proxyclient.Error
	switch {
	case err == nil || ctx.Err() != nil:
		return who, err
	case errors.As(err, &e) && (e.Code == proxyclient.CodeUsage || e.Status == http.StatusRequestHeaderFieldsTooLarge):
		return who, refused(proxyclient.CodeBadAnswer, "", "the gateway gave a token that cannot be sent; you are not signed in: %s", e.Message)
	case !errors.As(err, &e) || e.Code != proxyclient.CodeUnauthorized && e.Code != proxyclient.CodeForbidden:
		return who, fmt.Errorf("%w: %w", ErrUnchecked, err)
	case e.Type == "expired_key":
		return who, refused(e.Code, "set LITELLM_CLI_JWT_EXPIRATION_HOURS at the gateway to at least 1",
			"the gateway gave a token that has already expired; you are not signed in")
	case strings.Contains(e.Message, "LiteLLM Virtual Key expected"):
		return who, refused(e.Code, "at the gateway, remove EXPERIMENTAL_UI_LOGIN=false; until then, use a virtual key",
			"the gateway gave a token and does not accept it: its tokens for signing in are switched off; you are not signed in")
	}
	return who, refused(e.Code, "", "the gateway gave a token and refuses it; you are not signed in: %s", e.Message)
}
