package proxyclient

import (
	"strings"
	"time"
)

// TokenPrefix begins the tokens that a gateway gives to people who sign in.
const TokenPrefix = "litellm_login_"

// Session is what is known of a key that is the token of a sign-in. The gateway tells none
// of it again.
type Session struct {
	TeamID, TeamAlias string    // of the team that the token is for; empty: none, or not known
	Expires           time.Time // zero: not known
	// Assumed says that Expires is the gateway's default, not what it said.
	Assumed bool
}

// SignedIn reports whether the key is the token of somebody who signed in.
func (c *Client) SignedIn() bool { return strings.HasPrefix(c.key, TokenPrefix) }

// Session is what [Config] or [Client.WithSession] said about the key.
func (c *Client) Session() Session { return c.session }

// WithSession returns a copy of the client whose key is the token of this session.
func (c *Client) WithSession(s Session) *Client {
	d := *c
	d.session = s
	return &d
}
