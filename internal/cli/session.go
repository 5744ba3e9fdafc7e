package cli

import (
	"context"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/login"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/proxyclient"
)

// sessionKey gives a client without a key that of the session with its gateway, or the
// one that the Python CLI stored for it.
func (a *app) sessionKey(c *proxyclient.Client) (*proxyclient.Client, error) {
	sessions, err := a.sessions()
	switch {
	case proxyclient.CodeOf(err) == proxyclient.CodeUsage:
		return nil, err
	case err != nil:
		return a.pythonKey(c), nil // no home directory: nobody signed in
	}
	session, note, err := a.useSession(a.ctx, sessions, login.New(c))
	if note != "" {
		a.note("%s", note)
	}
	switch {
	case err != nil:
		return nil, err
	case session == nil:
		return a.pythonKey(c), nil
	}
	a.key = session.Key
	return session.Client(c), nil
}

// sessions are those of this user.
func (a *app) sessions() (*login.Store, error) {
	sessions, err := login.Open(a.Getenv)
	if err == nil {
		sessions.Renewing = a.renewing.Store
	}
	return sessions, err
}

// useSession is the session of a gateway, renewed if need be. A renewal is not one of the
// changes that the command makes.
func (a *app) useSession(ctx context.Context, sessions *login.Store, gateway *login.Gateway) (*login.Session, string, error) {
	defer a.writes.Store(a.writes.Load())
	return sessions.Use(ctx, gateway)
}

// pythonKey gives the client the key that the Python CLI stored for its gateway.
func (a *app) pythonKey(c *proxyclient.Client) *proxyclient.Client {
	key := login.Python(c.BaseURL(), a.Getenv, time.Now())
	if key == "" {
		return c
	}
	a.note("Using %s.", login.PythonSource)
	a.key = key
	return c.WithKey(key, login.PythonSource)
}

// liveKey is the credential of an MCP server over stdio that was started without a key:
// that of the session, also when it is renewed or replaced while the server runs.
func (a *app) liveKey(c *proxyclient.Client) mcpserver.Credential {
	python := login.Python(c.BaseURL(), a.Getenv, time.Now())
	if python != "" {
		a.note("Using %s until you sign in.", login.PythonSource)
	}
	sessions, err := a.sessions()
	if err != nil {
		if proxyclient.CodeOf(err) != proxyclient.CodeUsage {
			err = nil // no home directory: nobody signed in
		}
		return func(_ context.Context, c *proxyclient.Client) (*proxyclient.Client, error) {
			return c.WithKey(python, login.PythonSource), err
		}
	}
	live := sessions.Watch(login.New(c))
	return func(ctx context.Context, c *proxyclient.Client) (*proxyclient.Client, error) {
		session, err := live.Session(ctx)
		switch {
		case session != nil:
			return session.Client(c), err
		case python != "":
			return c.WithKey(python, login.PythonSource), err
		}
		return c.WithKey("", login.Source), err
	}
}

// signedIn reports whether there is a session with the client's gateway.
func (a *app) signedIn(c *proxyclient.Client) bool {
	sessions, err := a.sessions()
	if err != nil {
		return false
	}
	session, err := sessions.Find(c.BaseURL())
	return err == nil && session != nil
}

// signInClient is the gateway of the settings for signing in and out.
func (a *app) signInClient() (*login.Gateway, config.Settings, error) {
	s, err := a.settings()
	if err != nil {
		return nil, s, err
	}
	if s.Sandbox() {
		return nil, s, errSandboxSignIn
	}
	c, err := a.clientFor(s)
	if err != nil {
		return nil, s, err
	}
	return login.New(c), s, nil
}

// signedInAt is the gateway of the settings, and the stored sessions.
func (a *app) signedInAt() (*login.Gateway, *login.Store, error) {
	gateway, _, err := a.signInClient()
	if err != nil {
		return nil, nil, err
	}
	sessions, err := a.sessions()
	return gateway, sessions, err
}

var errSandboxSignIn error = &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "the built-in sandbox needs no sign-in; set the gateway with --base-url"}
