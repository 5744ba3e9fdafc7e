package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/login"
	"litellm-proxy/proxyclient"
)

func bindLogout(a *app, cmd *cobra.Command) {
	cmd.Long = `Sign out of the gateway: remove its session from this machine.

If the session is renewed automatically (login --pkce), the renewal is revoked at the
gateway. The token itself cannot be revoked; it works until it expires.`
	cmd.Example = `  litellm-proxy logout
  litellm-proxy logout --base-url https://gateway.example
  litellm-proxy logout --all`
	all := false
	cmd.Flags().BoolVar(&all, "all", false, "Sign out of every gateway")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		a.keyless = true
		if all {
			return a.logoutAll(cmd.Context())
		}
		gateway, sessions, err := a.signedInAt()
		if err != nil {
			return err
		}
		return a.logout(cmd.Context(), sessions, gateway)
	}
}

// logout removes the session with one gateway.
func (a *app) logout(ctx context.Context, sessions *login.Store, gateway *login.Gateway) error {
	baseURL := gateway.BaseURL()
	session, err := sessions.Find(baseURL)
	if err != nil {
		return err
	}
	if session == nil {
		text := "You are not signed in to " + baseURL + "; nothing was removed."
		if others, err := sessions.List(); err == nil && len(others) > 0 {
			text += " You are signed in to: " + strings.Join(others, ", ")
		}
		a.note("%s", text)
		a.notePython(baseURL)
		return nil
	}
	until := lifeOf(session)
	revoked, problem := false, error(nil)
	if session.Renewal != nil {
		// A session whose secret is lost is removed all the same.
		if session, problem = sessions.Load(baseURL); problem == nil {
			revoked, problem = gateway.Revoke(ctx, session)
		}
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err := sessions.Remove(ctx, baseURL); err != nil {
		return err
	}
	switch {
	case problem != nil:
		var e *proxyclient.Error
		if !errors.As(problem, &e) {
			return problem
		}
		return &proxyclient.Error{Code: e.Code, Status: e.Status, Hint: e.Hint,
			Message: "signed out of " + baseURL + " on this machine, but the renewal could not be revoked at the gateway: " + e.Message}
	case revoked:
		a.note("Signed out of %s and revoked the renewal. The token %s.", baseURL, until)
	default:
		a.note("Signed out of %s. The token cannot be revoked; it %s.", baseURL, until)
	}
	a.notePython(baseURL)
	return nil
}

// lifeOf says how long the token of a session works, or worked.
func lifeOf(session *login.Session) string {
	at, past := clockTime(session.Expires), time.Now().After(session.Expires)
	switch {
	case past && session.Assumed:
		return "expired about " + at + ", unless the gateway lets tokens live longer"
	case past:
		return "expired at " + at
	case session.Assumed:
		return "works until it expires, about " + at
	}
	return "works until it expires at " + at
}

func clockTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// notePython says that another program's session is still used.
func (a *app) notePython(baseURL string) {
	if login.Python(baseURL, a.Getenv, time.Now()) != "" {
		a.note("%s is still used for this gateway; to end it, run lite logout.", upperFirst(login.PythonSource))
	}
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// logoutAll removes every session.
func (a *app) logoutAll(ctx context.Context) error {
	if a.flags.BaseURL != "" {
		return usageError("--all signs out of every gateway; drop --base-url")
	}
	elsewhere, err := a.choice() // without what a profile has for its own gateway
	if err != nil {
		return err
	}
	elsewhere.Headers, elsewhere.ClientCert, elsewhere.ClientKey = nil, "", "" // for one gateway, too
	settings, err := a.settings()
	if err != nil {
		return err
	}
	sessions, err := a.sessions()
	if err != nil {
		return err
	}
	all, err := sessions.List()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		a.note("You are not signed in anywhere; nothing was removed.")
	}
	failed := false
	for _, baseURL := range all {
		s := elsewhere
		if config.SameURL(baseURL, settings.BaseURL) {
			s = settings
		}
		s.BaseURL, s.BaseURLSource, s.APIKey = baseURL, "a session", ""
		c, err := a.clientFor(s)
		if err == nil {
			err = a.logout(ctx, sessions, login.New(c))
		}
		if ctx.Err() != nil {
			return errInterrupted
		}
		if err != nil {
			failed = true
			a.note("%v", err)
		}
	}
	if failed {
		return errFailed
	}
	return nil
}

func bindPrintToken(a *app, cmd *cobra.Command) {
	cmd.Long = `Print the token of the session with the gateway, and nothing else, on standard output.

A session of login --pkce is renewed first if it is about to expire. Without a session, or
with one that has expired, the exit status is 4. Keys from --api-key, LITELLM_PROXY_API_KEY
and profiles are not printed.`
	cmd.Example = `  litellm-proxy auth print-token
  curl -H "Authorization: Bearer $(litellm-proxy auth print-token)" https://gateway.example/models`
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		a.keyless = true
		gateway, sessions, err := a.signedInAt()
		if err != nil {
			return err
		}
		session, note, err := a.useSession(cmd.Context(), sessions, gateway)
		if err != nil {
			return err
		}
		if note != "" {
			a.note("%s", note)
		}
		key := login.Python(gateway.BaseURL(), a.Getenv, time.Now())
		if session != nil {
			key = session.Key
			if session.Expires.Before(time.Now()) { // as far as is known: the gateway decides
				if _, err := gateway.Try(cmd.Context(), key); err != nil && !errors.Is(err, login.ErrUnchecked) {
					return &proxyclient.Error{Code: proxyclient.CodeUnauthorized, Message: "your session with " + gateway.BaseURL() + " has expired", Hint: login.SignInAgain}
				}
			}
		} else if key != "" {
			a.note("Using %s.", login.PythonSource)
		}
		if key == "" {
			return &proxyclient.Error{Code: proxyclient.CodeUnauthorized, Message: "you are not signed in to " + gateway.BaseURL(), Hint: "sign in: litellm-proxy login"}
		}
		_, err = fmt.Fprintln(a.Stdout, key)
		return unwritten(err)
	}
}
