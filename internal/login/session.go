package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/keystore"
	"litellm-proxy/proxyclient"
)

// Session is a token and what is known of it.
type Session struct {
	BaseURL string `json:"-"`
	UserID  string `json:"user_id,omitempty"`
	// TeamID is the team that the token is for, "" for none. The gateway does not tell it
	// again.
	TeamID   string    `json:"team_id,omitempty"`
	Teams    []Team    `json:"teams,omitempty"`
	Obtained time.Time `json:"obtained"`
	Expires  time.Time `json:"expires"`
	// Assumed says that the gateway did not tell when the token expires: Expires is its
	// default.
	Assumed bool `json:"expiry_assumed,omitempty"`
	// Warned says that the person was told that the session ends soon.
	Warned bool `json:"warned,omitempty"`
	// Renewal is how the token is renewed; nil: it is not.
	Renewal *Renewal `json:"renewal,omitempty"`
	// Place is where the secrets are: "the system's key store", or a file.
	Place string `json:"place,omitempty"`

	Key          string `json:"-"`
	RefreshToken string `json:"-"`
}

// Renewal is what a renewal needs besides the refresh token. The paths are below the base
// URL.
type Renewal struct {
	ClientID   string `json:"client_id"`
	TokenPath  string `json:"token_path"`
	RevokePath string `json:"revoke_path,omitempty"`
	Resource   string `json:"resource,omitempty"`
}

// Team is the team that the token is for, with its alias where known.
func (s *Session) Team() Team {
	for _, t := range s.Teams {
		if t.ID == s.TeamID {
			return t
		}
	}
	return Team{ID: s.TeamID}
}

// Client is a client of the session's gateway, with the token and what is known of it.
func (s *Session) Client(c *proxyclient.Client) *proxyclient.Client {
	team := s.Team()
	return c.WithKey(s.Key, Source).WithSession(proxyclient.Session{TeamID: team.ID, TeamAlias: team.Alias, Expires: s.Expires, Assumed: s.Assumed})
}

// secrets is what the key store has of a session.
type secrets struct {
	Key          string `json:"key"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// Store has the sessions of this user.
type Store struct {
	// Renewing, when set, is called with true before a renewal and with false when its
	// result is stored. Ending the process in between loses the session.
	Renewing func(bool)

	path string // of the list
	keys keystore.Store
	now  func() time.Time
}

// Open returns the sessions of this user. It reads nothing yet.
func Open(getenv func(string) string) (*Store, error) {
	dir, err := config.Dir(getenv)
	if err != nil {
		return nil, local(err)
	}
	keys, err := keystore.Open(getenv)
	if err != nil {
		return nil, &proxyclient.Error{Code: proxyclient.CodeUsage, Message: err.Error()}
	}
	return &Store{path: filepath.Join(dir, "sessions.json"), keys: keys, now: time.Now}, nil
}

// local is a failure of this machine.
func local(err error) error {
	if err == nil || proxyclient.CodeOf(err) != "" {
		return err
	}
	return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: err.Error(), Err: err}
}

// Trouble is why the last session went to a file although the system has a key store.
func (s *Store) Trouble() error { return s.keys.Trouble() }

// Ready returns an error if no session can be stored in the list of sessions.
func (s *Store) Ready(ctx context.Context) error {
	return local(config.Locked(ctx, s.path, func() error { _, err := s.read(); return err }))
}

// List returns the base URLs that have a session, sorted.
func (s *Store) List() ([]string, error) {
	all, err := s.read()
	return slices.Sorted(maps.Keys(all)), err
}

// Find returns what is known of the session of exactly this base URL, without its
// secrets. Nil: there is none.
func (s *Store) Find(baseURL string) (*Session, error) {
	all, err := s.read()
	if err != nil {
		return nil, err
	}
	return all[config.CanonicalURL(baseURL)], nil
}

// Load returns the session of exactly this base URL with its secrets. Nil: there is none.
func (s *Store) Load(baseURL string) (*Session, error) {
	session, err := s.Find(baseURL)
	if session == nil || err != nil {
		return nil, err
	}
	text, err := s.keys.Get(name(session.BaseURL))
	switch {
	case errors.Is(err, keystore.ErrNotFound):
		return nil, refused(proxyclient.CodeUnauthorized, SignInAgain, "the token of the session with %s is not in %s any more, or that is out of reach", session.BaseURL, session.Place)
	case err != nil:
		return nil, refused(proxyclient.CodeLocal, "unlock the key store, or sign in again with "+keystore.Variable+"=file", "the session with %s cannot be read: %v", session.BaseURL, err)
	}
	var found secrets
	if json.Unmarshal([]byte(text), &found) != nil || found.Key == "" {
		return nil, refused(proxyclient.CodeUnauthorized, SignInAgain, "the session with %s in %s is damaged", session.BaseURL, s.keys.Place())
	}
	session.Key, session.RefreshToken = found.Key, found.RefreshToken
	return session, nil
}

// Save stores a session in place of an earlier one with the same gateway.
func (s *Store) Save(ctx context.Context, session *Session) error {
	return local(config.Locked(ctx, s.path, func() error { return s.put(session) }))
}

// put is Save under the lock.
func (s *Store) put(session *Session) error {
	all, err := s.read() // first: a list that cannot be read is not replaced
	if err != nil {
		return err
	}
	text, err := json.Marshal(secrets{session.Key, session.RefreshToken})
	if err != nil {
		return err
	}
	if err := s.keys.Set(name(session.BaseURL), string(text)); err != nil {
		return err
	}
	session.Place = s.keys.Place()
	all[session.BaseURL] = session
	return s.write(all)
}

// Remove forgets a session.
func (s *Store) Remove(ctx context.Context, baseURL string) error {
	baseURL = config.CanonicalURL(baseURL)
	return local(config.Locked(ctx, s.path, func() error {
		all, err := s.read()
		if err != nil {
			return err
		}
		// The secret first: what is in the list can be removed by another attempt.
		if err := s.keys.Delete(name(baseURL)); err != nil && !errors.Is(err, keystore.ErrNotFound) {
			return err
		}
		delete(all, baseURL)
		return s.write(all)
	}))
}

// name is the session's in the key store.
func name(baseURL string) string { return "session " + baseURL }

func (s *Store) read() (map[string]*Session, error) {
	data, err := config.ReadPrivate(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]*Session{}, nil
	}
	if err != nil {
		return nil, local(err)
	}
	var all map[string]*Session
	if json.Unmarshal(data, &all) != nil {
		return nil, local(fmt.Errorf("%s is not a list of sessions; remove it and sign in again", s.path))
	}
	for baseURL, session := range all {
		if session == nil || config.CanonicalURL(baseURL) != baseURL {
			return nil, local(fmt.Errorf("%s has no session at %q; remove it and sign in again", s.path, baseURL))
		}
		session.BaseURL = baseURL
	}
	if all == nil {
		all = map[string]*Session{}
	}
	return all, nil
}

func (s *Store) write(all map[string]*Session) error {
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return config.WritePrivate(s.path, append(data, '\n'))
}

// changed identifies the state of the list, for those who keep what they read of it.
func (s *Store) changed() (fs.FileInfo, error) {
	info, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return info, err
}
