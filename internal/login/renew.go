package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/proxyclient"
)

const (
	// SignInAgain is the next step when a session has ended.
	SignInAgain = "sign in again: litellm-proxy login"
	// Source is where a session's key came from, for messages.
	Source = "the stored session"

	// renewBefore is how long before its end a token is renewed, warnBefore when one that
	// cannot be renewed is announced to end.
	renewBefore, warnBefore = 10 * time.Minute, time.Hour

	// longestLife, in seconds, is what a token's life may be for us to believe it.
	longestLife = 1e9
)

// Use returns the session of the gateway with a token that is good for now: renewed if
// need be. The text is a note for the person. Nil: there is no session.
func (s *Store) Use(ctx context.Context, g *Gateway) (*Session, string, error) {
	session, err := s.Load(g.base)
	if session == nil || err != nil {
		return nil, "", err
	}
	left := session.Expires.Sub(s.now())
	if session.Renewal != nil && session.RefreshToken != "" && left < renewBefore {
		return s.renew(ctx, g)
	}
	switch {
	case left <= 0 && !session.Assumed:
		return nil, "", ended(session)
	case left <= 0 || left > warnBefore || session.Warned:
		return session, "", nil
	}
	_ = s.warned(ctx, g.base) // else the person is told again
	about := ""
	if session.Assumed {
		about = "about "
	}
	return session, "Your session with " + g.base + " expires at " + about + session.Expires.Local().Format("15:04") + "; " + SignInAgain, nil
}

func ended(session *Session) error {
	return refused(proxyclient.CodeUnauthorized, SignInAgain, "your session with %s expired at %s", session.BaseURL, session.Expires.Local().Format("2006-01-02 15:04"))
}

// warned notes that the person was told. The secrets are not touched.
func (s *Store) warned(ctx context.Context, baseURL string) error {
	return local(config.Locked(ctx, s.path, func() error {
		all, err := s.read()
		if err != nil || all[baseURL] == nil {
			return err
		}
		all[baseURL].Warned = true
		return s.write(all)
	}))
}

// renew gets a new token. A refresh token works once, so only one process at a time does
// that, and the others take what it stored.
func (s *Store) renew(ctx context.Context, g *Gateway) (session *Session, note string, err error) {
	err = config.Locked(ctx, s.path, func() error {
		if session, err = s.Load(g.base); session == nil || err != nil {
			return err
		}
		if session.RefreshToken == "" || session.Renewal == nil || session.Expires.Sub(s.now()) >= renewBefore {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if s.Renewing != nil {
			s.Renewing(true)
			defer s.Renewing(false)
		}
		// Not ended by Ctrl-C: the refresh token would be used up and its answer lost.
		fresh, err := g.refresh(context.WithoutCancel(ctx), session)
		if err != nil {
			if !s.now().Before(session.Expires) {
				return err
			}
			note = "The session with " + g.base + " could not be renewed (" + reason(err) + "); it expires at " + session.Expires.Local().Format("15:04")
			if proxyclient.CodeOf(err) != proxyclient.CodeUnauthorized {
				return nil
			}
			kept := *session
			kept.RefreshToken, kept.Warned = "", true // not tried, nor told, again
			fresh, note = &kept, note+"; "+SignInAgain
		}
		session = fresh
		if err := s.put(fresh); err != nil {
			note = "The renewed session with " + g.base + " could not be stored (" + err.Error() + "); " + SignInAgain
		}
		return nil
	})
	return session, note, local(err)
}

// reason is an error in the middle of a sentence.
func reason(err error) string {
	var e *proxyclient.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// refresh exchanges the refresh token.
func (g *Gateway) refresh(ctx context.Context, old *Session) (*Session, error) {
	pair, err := g.token(ctx, old.Renewal.TokenPath, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {old.RefreshToken},
		"client_id": {old.Renewal.ClientID}, "resource": {old.Renewal.Resource},
	})
	var e *proxyclient.Error
	switch {
	case err == nil:
	case errors.As(err, &e) && e.Code != proxyclient.CodeUnreachable && (e.Status == http.StatusBadRequest || e.Status == http.StatusUnauthorized):
		return nil, refused(proxyclient.CodeUnauthorized, SignInAgain, "your session with %s cannot be renewed: %s", g.base, e.Message)
	default:
		return nil, err
	}
	fresh := *old
	fresh.take(pair, g.now())
	return &fresh, nil
}

// take puts the tokens of an answer into the session.
func (s *Session) take(p *pair, now time.Time) {
	s.Key, s.Obtained, s.Warned = p.Token, now, false
	s.Expires, s.Assumed = now.Add(time.Duration(p.Seconds*float64(time.Second))), false
	if p.Seconds <= 0 || p.Seconds > longestLife {
		s.Expires, s.Assumed = now.Add(assumedLife), true
	}
	if p.Refresh != "" {
		s.RefreshToken = p.Refresh
	}
}

// pair is what the token endpoint answers.
type pair struct {
	Token   string  `json:"access_token"`
	Refresh string  `json:"refresh_token"`
	Seconds float64 `json:"expires_in"`
	User    string  `json:"user_id"`
	Team    string  `json:"team_id"`
}

// token asks the token endpoint. It is sent once: codes and refresh tokens work once.
func (g *Gateway) token(ctx context.Context, path string, form url.Values) (*pair, error) {
	body, err := g.post(ctx, path, form)
	if err != nil {
		return nil, err
	}
	var p pair
	if err := decode(path, body, &p); err != nil {
		return nil, err
	}
	if p.Token == "" {
		return nil, refused(proxyclient.CodeBadAnswer, again, "the gateway's answer has no token; you are not signed in")
	}
	return &p, nil
}

// post sends a form. The gateway's refusals are in the terms of OAuth.
func (g *Gateway) post(ctx context.Context, path string, form url.Values) (json.RawMessage, error) {
	body, err := g.client.JSON(ctx, proxyclient.Request{Method: http.MethodPost, Path: path, RawPath: true,
		Body: []byte(form.Encode()), ContentType: "application/x-www-form-urlencoded"})
	var e *proxyclient.Error
	var said struct {
		Description string `json:"error_description"`
	}
	if errors.As(err, &e) && e.Status != 0 && json.Unmarshal(e.Body, &said) == nil && said.Description != "" {
		e.Message, e.Hint = said.Description, ""
	}
	return body, err
}

// Revoke ends the renewal of a session. The token itself goes on working until it
// expires. It reports false if there is nothing to revoke.
func (g *Gateway) Revoke(ctx context.Context, session *Session) (bool, error) {
	if session.RefreshToken == "" || session.Renewal == nil || session.Renewal.RevokePath == "" {
		return false, nil
	}
	_, err := g.post(ctx, session.Renewal.RevokePath, url.Values{"token": {session.RefreshToken}, "client_id": {session.Renewal.ClientID}})
	return err == nil, err
}

// Live is the session of one gateway for a process that runs for long: it sees a renewal,
// a new sign-in and a sign-out by other processes. It is safe for concurrent use.
type Live struct {
	store   *Store
	gateway *Gateway

	mu      sync.Mutex
	read    os.FileInfo // the list when session was read; nil: none
	session *Session
}

// Watch returns the live session of a gateway.
func (s *Store) Watch(g *Gateway) *Live { return &Live{store: s, gateway: g} }

// Session returns the session for a request, nil if nobody is signed in.
func (l *Live) Session(ctx context.Context) (*Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, err := l.store.changed()
	if err != nil {
		return nil, local(err)
	}
	if now == nil {
		l.read, l.session = nil, nil
		return nil, nil
	}
	same := l.read != nil && os.SameFile(l.read, now) && l.read.ModTime().Equal(now.ModTime())
	if !same || l.session != nil && l.session.Renewal != nil && l.session.Expires.Sub(l.store.now()) < renewBefore {
		session, _, err := l.store.Use(ctx, l.gateway)
		if err != nil {
			l.read = nil
			return nil, err
		}
		l.read, l.session = now, session
	}
	return l.session, nil
}
