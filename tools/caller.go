package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// caller is who the gateway takes the caller for. A role is never guessed: it is empty
// where the gateway does not tell it.
type caller struct {
	kind string
	hash string          // of a virtual key
	key  json.RawMessage // a virtual key's row
	user json.RawMessage // the user behind the credential; nil: none, or not readable
}

// The kinds of credentials.
const (
	masterKey  = "master key"
	virtualKey = "virtual key"
	signIn     = "sign-in"
	ownIssuer  = "token" // of the gateway's own way to authenticate, such as a company's JWT
	noKey      = "none"  // the gateway answers everybody
)

// identify asks the gateway who the caller is. Only /key/info tells keys apart, and only
// by the prefix is the token of a sign-in told from the master key, of which the gateway
// stores nothing either.
func identify(ctx context.Context, call *operation.Call) (*caller, error) {
	who := &caller{kind: signIn}
	if !call.Client().SignedIn() {
		info, err := call.Read(ctx, proxyclient.Request{Path: "/key/info"})
		switch {
		case !call.Client().HasKey() && (err == nil || notStored(err)):
			return &caller{kind: noKey}, nil // what it tells is about nobody
		case err == nil:
			who.kind, who.hash, who.key = virtualKey, operation.Word(operation.Lookup(info, "key")), operation.Lookup(info, "info")
			if operation.NoNull(who.key) == nil {
				return nil, otherServer("the answer about the key has no info")
			}
			if operation.Word(operation.Lookup(who.key, "user_id")) == "" {
				return who, nil
			}
		case notStored(err):
			who.kind = masterKey
		default:
			return nil, err
		}
	}
	user, err := callersUser(ctx, call)
	e := operation.AsError(err)
	if e != nil && (e.Status == 0 || who.kind == signIn) {
		if operation.IsNotFound(err) {
			e.Hint = "the gateway's database does not have the user of the session; sign in again: {login}"
		}
		return nil, err
	}
	switch id := operation.Word(operation.Lookup(user, "user_id")); {
	case who.kind == masterKey && e != nil && e.Status == http.StatusBadRequest:
		who.kind = ownIssuer // without a user, which the master key has
	case who.kind == masterKey && (id == "" || id == administrator):
		return who, nil // its user has whatever role the database gives it
	case who.kind == masterKey:
		who.kind = ownIssuer
	}
	who.user = user
	return who, nil
}

// notStored reports whether the gateway says that it took the key and has no row of it.
// Another 404 may be that of a server which is no such gateway.
func notStored(err error) bool {
	e := operation.AsError(err)
	return operation.IsNotFound(err) && strings.Contains(e.Message, "not found in database")
}

// otherServer is the error for a good answer which no gateway gives.
func otherServer(why string) error {
	return &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: why, Hint: proxyclient.NoGatewayHint}
}

// callersUser reads the user that the credential belongs to. Older gateways have only the
// route that also lists the user's keys and teams.
func callersUser(ctx context.Context, call *operation.Call) (json.RawMessage, error) {
	user, err := call.Read(ctx, proxyclient.Request{Path: "/v2/user/info"})
	if proxyclient.CodeOf(err) != proxyclient.CodeUnsupported {
		return user, err
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: "/user/info"})
	return operation.Lookup(body, "user_info"), err
}

// userID is the caller's user, "" if there is none.
func (c *caller) userID() string {
	if id := operation.Word(operation.Lookup(c.user, "user_id")); id != "" {
		return id
	}
	return operation.Word(operation.Lookup(c.key, "user_id"))
}

// role is the caller's role at the gateway, "" if it does not tell.
func (c *caller) role() string {
	if c.kind == masterKey {
		return "proxy_admin (master key)"
	}
	return operation.Word(operation.Lookup(c.user, "user_role"))
}

// own is the caller's virtual key, the zero Thing if the credential is none.
func (c *caller) own() operation.Thing {
	if c.kind != virtualKey {
		return operation.Thing{}
	}
	return operation.Thing{ID: operation.Encode(c.hash), Name: operation.Word(operation.Lookup(c.key, "key_alias")), Item: c.key}
}

// limits is what model calls with the credential are held to, as the row of a key: that of
// a virtual key, or the user and team of a sign-in.
func (c *caller) limits(call *operation.Call) json.RawMessage {
	if c.kind == virtualKey || c.user == nil {
		return c.key
	}
	row := operation.RowOf("user_id", operation.Lookup(c.user, "user_id"))
	if team := call.Client().Session().TeamID; team != "" {
		row = append(row, operation.Member{Name: "team_id", Value: team})
	}
	return operation.Encode(row)
}

// expires is when the credential expires, nil if that is never or not known.
func (c *caller) expires(call *operation.Call) json.RawMessage {
	if at := call.Client().Session().Expires; c.kind == signIn && !at.IsZero() {
		return operation.Encode(at.UTC().Format(time.RFC3339))
	}
	return operation.Lookup(c.key, "expires")
}

// bound reports whether it is known for which team the credential is, if for any.
func (c *caller) bound(call *operation.Call) bool {
	return c.kind == virtualKey || c.kind == signIn && !call.Client().Session().Expires.IsZero()
}

// showKey reads one key, by default the caller's own. The gateway stores no token of a
// sign-in, and no master key.
func showKey(ctx context.Context, call *operation.Call, in keysInfoInput) (operation.Result, error) {
	const hint = "whoami shows who you are; to see a virtual key, give {key}"
	query := url.Values{}
	switch {
	case in.Key != "":
		query.Set("key", string(in.Key))
	case call.Client().SignedIn():
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "you are signed in, and a sign-in token is not a virtual key", Hint: hint}
	}
	body, err := call.Read(ctx, proxyclient.Request{Path: "/key/info", Query: query})
	if e := operation.AsError(err); in.Key == "" && operation.IsNotFound(err) {
		e.Hint = hint
	}
	return operation.Result{Body: body}, err
}

// notesSessionTeam notes that a key made in a session does not belong to its team.
func notesSessionTeam(_ context.Context, call *operation.Call) error {
	team := call.Client().Session()
	if team.TeamID != "" && call.Body().String("team_id") == "" {
		call.Note("The key belongs to no team, so the limits of your session's team " + operation.Shown(cmp.Or(team.TeamAlias, team.TeamID)) + " do not apply to it")
	}
	return nil
}
