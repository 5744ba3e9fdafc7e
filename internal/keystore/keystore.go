// Package keystore keeps secrets of this user: in the system's key store (Keychain,
// Secret Service, Windows Credential Manager), or where there is none, in a file that
// only the user can read.
//
// A secret is in one of the two. What was stored in the file before the system had a key
// store is found there and stays there until it is stored again.
package keystore

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/zalando/go-keyring"

	"litellm-proxy/internal/config"
)

// Variable picks the store: file, system, or by default the system's with the file where
// there is none.
const Variable = "LITELLM_PROXY_KEYSTORE"

const fileName = "credentials.json"

// ErrNotFound is the error for a name without a secret.
var ErrNotFound = errors.New("no such secret is stored")

// Store keeps secrets under names, such as "session https://gw.example". It opens the
// file or the key store when it is used.
type Store interface {
	// Get returns a secret, or [ErrNotFound].
	Get(name string) (string, error)
	// Set stores a secret, in place of an earlier one.
	Set(name, secret string) error
	// Delete removes a secret from wherever it is, or returns [ErrNotFound].
	Delete(name string) error
	// Place is where the last Get or Set found or put the secret, for messages: "the
	// system's key store", or the file. Before that, it is where Set would put one.
	Place() string
	// Trouble is why the last Set used the file although the system has a key store: nil
	// if it did not.
	Trouble() error
}

// Open returns the store of this user.
func Open(getenv func(string) string) (Store, error) {
	dir, err := config.Dir(getenv)
	if err != nil {
		return nil, err
	}
	s := &store{file: &file{path: filepath.Join(dir, fileName)}}
	switch choice := getenv(Variable); choice {
	case "file":
	case "system":
		s.file.unused = true
		s.system = &system{getenv: getenv}
	case "":
		s.system = &system{getenv: getenv}
	default:
		return nil, fmt.Errorf("%s: %q is not file or system", Variable, choice)
	}
	return s, nil
}

// store is the file before the system's key store: looking into the file costs nothing
// and asks nobody for a password.
type store struct {
	file    *file
	system  *system // nil: not to be used
	place   string
	trouble error
}

func (s *store) Get(name string) (string, error) {
	if !s.file.unused {
		secret, err := s.file.get(name)
		if !errors.Is(err, ErrNotFound) {
			s.place = s.file.path
			return secret, err
		}
	}
	if s.system == nil {
		return "", ErrNotFound
	}
	secret, err := s.system.get(name)
	switch {
	case errors.Is(err, errAbsent) && !s.file.unused:
		return "", ErrNotFound
	case err == nil:
		s.place = systemPlace
	}
	return secret, err
}

func (s *store) Set(name, secret string) error {
	s.trouble = nil
	if s.system != nil {
		err := s.system.set(name, secret)
		if err == nil {
			s.place = systemPlace
			if err := s.file.delete(name); !errors.Is(err, ErrNotFound) {
				return err
			}
			return nil
		}
		if s.file.unused {
			return err
		}
		if !errors.Is(err, errAbsent) {
			s.trouble = err
		}
	}
	s.place = s.file.path
	return s.file.set(name, secret)
}

func (s *store) Delete(name string) error {
	var found bool
	var failed error
	note := func(err error) {
		switch {
		case err == nil:
			found = true
		case !errors.Is(err, ErrNotFound):
			failed = errors.Join(failed, err)
		}
	}
	if !s.file.unused {
		note(s.file.delete(name))
	}
	if s.system != nil {
		if err := s.system.delete(name); s.file.unused || !errors.Is(err, errAbsent) {
			note(err)
		}
	}
	if failed == nil && !found {
		return ErrNotFound
	}
	return failed
}

func (s *store) Place() string {
	switch {
	case s.place != "":
		return s.place
	case s.file.unused, s.system != nil && s.system.available() == nil:
		return systemPlace
	}
	return s.file.path
}

func (s *store) Trouble() error { return s.trouble }

// Foreign reads what another program keeps in the system's key store, or returns
// [ErrNotFound].
func Foreign(getenv func(string) string, service, account string) (string, error) {
	if getenv(Variable) == "file" {
		return "", ErrNotFound
	}
	s := &system{getenv: getenv}
	return s.do(func() (string, error) { return keyring.Get(service, account) })
}
