package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/login"
	"litellm-proxy/proxyclient"
)

// loginCommands are the commands that sign in and out.
func loginCommands() []local {
	return []local{
		{path: "login", summary: "Sign in at the gateway through a browser", bind: bindLogin},
		{path: "logout", summary: "Sign out of the gateway", bind: bindLogout},
		{path: "auth print-token", summary: "Print the token of the session, for scripts", bind: bindPrintToken},
	}
}

// loginRun is one run of "login".
type loginRun struct {
	*app
	team            string
	noBrowser, pkce bool
	gateway         *login.Gateway
	sessions        *login.Store
}

func bindLogin(a *app, cmd *cobra.Command) {
	cmd.Long = `Sign in at the gateway through a browser, with the gateway's single sign-on.

The code flow prints a page and a code to enter there; the browser may be on another
machine. --pkce needs a browser on this machine; its sessions are renewed automatically.
Without --pkce, a session lasts 24 hours unless the gateway is set up otherwise.

The token is stored in the system's key store, or in a file that only you can read
(LITELLM_PROXY_KEYSTORE: file or system). It is used for exactly this gateway URL, where
no key is given with --api-key, LITELLM_PROXY_API_KEY or a profile.`
	cmd.Example = `  litellm-proxy login
  litellm-proxy login --team platform
  litellm-proxy login --pkce
  litellm-proxy login --base-url https://gateway.example --no-browser`
	l := &loginRun{app: a}
	f := cmd.Flags()
	f.StringVar(&l.team, "team", "", "Team to sign in for, by alias or ID (default: your only team, or a choice at the terminal)")
	f.BoolVar(&l.noBrowser, "no-browser", false, "Print the page without opening a browser")
	f.BoolVar(&l.pkce, "pkce", false, "Sign in through a browser on this machine, and renew the session automatically")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		err := l.run(cmd.Context())
		if e, ok := errors.AsType[*proxyclient.Error](err); ok && e.Status != 0 {
			return proxyclient.Wrap("login", err) // the gateway's own words
		}
		return err
	}
}

func (l *loginRun) run(ctx context.Context) error {
	// An interrupted sign-in ends by itself at the gateway: nothing was changed.
	defer func() {
		if ctx.Err() != nil {
			l.writes.Store(0)
		}
	}()
	gateway, settings, err := l.signInClient()
	if err != nil {
		return err
	}
	l.gateway = gateway
	if l.sessions, err = l.app.sessions(); err != nil {
		return err
	}
	if err := l.sessions.Ready(ctx); err != nil { // before the person does anything
		return err
	}
	if err := gateway.Check(ctx, l.pkce); err != nil {
		return err
	}
	signIn := l.byCode
	if l.pkce {
		signIn = l.byPKCE
	}
	session, err := signIn(ctx)
	if err != nil {
		return err
	}
	who, err := gateway.Try(ctx, session.Key)
	switch {
	case errors.Is(err, login.ErrUnchecked):
		l.note("%v", err)
	case err != nil:
		return err
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err := l.keep(ctx, session, who); err != nil {
		return err
	}
	if settings.APIKey != "" {
		l.note("The key from %s takes precedence over this session.", settings.APIKeySource)
	}
	return nil
}

// keep stores the session and ends the renewal of the one that it replaces.
func (l *loginRun) keep(ctx context.Context, session *login.Session, who login.Person) error {
	replaced, _ := l.sessions.Load(session.BaseURL) // what cannot be read cannot be revoked
	if err := l.sessions.Save(ctx, session); err != nil {
		return err
	}
	l.say(session, who)
	if replaced != nil {
		if _, err := l.gateway.Revoke(ctx, replaced); err != nil {
			l.note("The renewal of the session before this one could not be revoked: %v", err)
		}
	}
	return nil
}

// byCode signs in by the code flow.
func (l *loginRun) byCode(ctx context.Context) (*login.Session, error) {
	code, err := l.gateway.Start(ctx)
	if err != nil {
		return nil, err
	}
	page := code.URL
	if code.Full != "" {
		page = code.Full
	}
	opened := l.open(page)
	if opened == nil {
		fmt.Fprintf(l.Stderr, "Open this page in a browser, here or on another machine, and enter the code:\n")
	} else {
		fmt.Fprintf(l.Stderr, "Opening your browser. If nothing appears, open this page and enter the code:\n")
	}
	fmt.Fprintf(l.Stderr, "\n  %s\n  Code: %s\n\n", code.URL, code.UserCode)
	clock := l.countdown(code.Ends, opened)
	defer clock.stop()
	session, err := l.gateway.Wait(ctx, code, func(ctx context.Context, teams []login.Team) (login.Team, error) {
		clock.stop()
		return l.choose(ctx, teams)
	})
	if err != nil {
		return nil, err
	}
	return session, session.CheckTeam(l.team)
}

// byPKCE signs in by PKCE.
func (l *loginRun) byPKCE(ctx context.Context) (*login.Session, error) {
	visit, err := l.gateway.Visit(ctx)
	if err != nil {
		return nil, err
	}
	defer visit.Close()
	opened := l.open(visit.URL)
	if opened == nil {
		fmt.Fprintf(l.Stderr, "Open this page in a browser on this machine (elsewhere, sign in without --pkce):\n")
	} else {
		fmt.Fprintf(l.Stderr, "Opening your browser. If nothing appears, open this page on this machine:\n")
	}
	fmt.Fprintf(l.Stderr, "\n  %s\n\n", visit.URL)
	if l.team != "" {
		l.note("Choose the team %s on the page.", l.team)
	}
	clock := l.countdown(visit.Ends, opened)
	defer clock.stop()
	return l.gateway.Finish(ctx, visit, l.team)
}

// open opens the page in a browser if there is one. The channel brings the failure of
// that; nil: nothing was opened.
func (l *loginRun) open(page string) <-chan error {
	if l.noBrowser || !login.HasBrowser(l.Getenv) {
		return nil
	}
	failed := make(chan error, 1)
	go func() {
		if err := login.OpenBrowser(l.Getenv, page); err != nil {
			failed <- err
		}
	}()
	return failed
}

// choose returns the team that the person wants.
func (l *loginRun) choose(ctx context.Context, teams []login.Team) (login.Team, error) {
	if l.team != "" {
		return login.Find(teams, l.team)
	}
	if l.Terminal == nil {
		return login.Team{}, &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "you are in several teams; name one with --team: " + login.Names(teams)}
	}
	fmt.Fprintln(l.Stderr, "Your teams:")
	for i, t := range teams {
		fmt.Fprintf(l.Stderr, "  %d  %s\n", i+1, t)
	}
	for {
		answer, err := l.ask(ctx, "Sign in for team (number, alias or ID): ")
		if ctx.Err() != nil {
			return login.Team{}, ctx.Err()
		}
		if err != nil {
			return login.Team{}, err
		}
		if t, err := login.Find(teams, answer); err == nil {
			return t, nil
		}
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(teams) {
			return teams[n-1], nil
		}
		if answer != "" {
			l.note("%q is not one of the teams.", answer)
		}
	}
}

// ask reads a line at the terminal. The end of the input is an error.
func (l *loginRun) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(l.Stderr, question)
	line, err := l.readLine(ctx)
	if err == nil && !strings.HasSuffix(line, "\n") {
		err = &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "no team was chosen; you are not signed in"}
	}
	return strings.TrimSpace(line), err
}

// say reports who is signed in, and for how long.
func (l *loginRun) say(session *login.Session, who login.Person) {
	name := session.UserID
	if who.ID != "" {
		name = who.ID
	}
	if who.Role != "" {
		name += " (" + who.Role + ")"
	}
	team := "no team"
	if session.TeamID != "" {
		team = "team " + session.Team().String()
	}
	until := session.Expires.Local().Format("2006-01-02 15:04")
	switch {
	case session.Renewal != nil && session.RefreshToken != "":
		until = "is renewed automatically"
	case session.Assumed:
		until = "expires about " + until
	default:
		until = "expires " + until
	}
	l.note("Signed in to %s as %s, %s. The session is in %s and %s.", session.BaseURL, name, team, session.Place, until)
	if err := l.sessions.Trouble(); err != nil {
		l.note("The system's key store was not used: %v", err)
	}
	if session.TeamID == "" && len(session.Teams) == 0 && len(who.Teams) > 0 {
		l.note("This sign-in made you a member of %s, but its token is for no team; to get one for your team, sign in again.", strings.Join(who.Teams, ", "))
	}
}

// countdown shows on a terminal how much time is left, and says when the browser could
// not be opened.
type countdown struct{ stopping, stopped chan struct{} }

func (l *loginRun) countdown(ends time.Time, failed <-chan error) *countdown {
	c := &countdown{make(chan struct{}), make(chan struct{})}
	var to io.Writer = io.Discard
	if s, ok := l.Stderr.(*screen); ok {
		to = s.w
	}
	go func() {
		defer close(c.stopped)
		ticks := time.NewTicker(time.Second)
		defer ticks.Stop()
		const width = len("Waiting for the browser: 00:00 left")
		erase := func() { fmt.Fprintf(to, "\r%*s\r", width, "") }
		for {
			left := max(time.Until(ends), 0).Round(time.Second)
			fmt.Fprintf(to, "\rWaiting for the browser: %d:%02d left ", int(left.Minutes()), int(left.Seconds())%60)
			select {
			case <-ticks.C:
			case err := <-failed:
				erase()
				l.note("The browser could not be opened (%v); open the page yourself.", err)
			case <-c.stopping:
				erase()
				return
			}
		}
	}()
	return c
}

// stop takes the line away. It may be called again.
func (c *countdown) stop() {
	select {
	case <-c.stopped:
		return
	default:
	}
	close(c.stopping)
	<-c.stopped
}
