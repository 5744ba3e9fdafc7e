package keystore

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/zalando/go-keyring"
)

const (
	service     = "litellm-proxy"
	systemPlace = "the system's key store"

	// answerLimit bounds one use of the key store, in which a person may have to type the
	// password of a locked one.
	answerLimit = time.Minute
)

var (
	// errAbsent is a system without a key store.
	errAbsent = errors.New("this system has no key store")
	errSilent = errors.New("the system's key store does not answer")
)

// system is the system's key store.
type system struct {
	getenv  func(string) string
	checked bool
	err     error // once checked
}

// available returns nil where there is a key store, and [errAbsent] where there is none.
func (s *system) available() error {
	if !s.checked {
		s.checked, s.err = true, s.check()
	}
	return s.err
}

func (s *system) check() error {
	// The libraries read the environment of the process. A caller with another one, such
	// as a test, has no key store.
	for _, name := range []string{"HOME", "USERPROFILE", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"} {
		if s.getenv(name) != os.Getenv(name) {
			return errAbsent
		}
	}
	return present(s.getenv)
}

func (s *system) get(name string) (string, error) {
	return s.do(func() (string, error) { return keyring.Get(service, name) })
}

func (s *system) set(name, secret string) error {
	_, err := s.do(func() (string, error) { return "", keyring.Set(service, name, secret) })
	return err
}

func (s *system) delete(name string) error {
	_, err := s.do(func() (string, error) { return "", keyring.Delete(service, name) })
	return err
}

// do uses the key store within the limit of time.
func (s *system) do(use func() (string, error)) (string, error) {
	if err := s.available(); err != nil {
		return "", err
	}
	secret, err := within(answerLimit, use)
	switch {
	case err == nil:
		return secret, nil
	case errors.Is(err, keyring.ErrNotFound):
		return "", ErrNotFound
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return "", errAbsent
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return "", fmt.Errorf("the secret is too long for %s", systemPlace)
	case errors.Is(err, errSilent):
		return "", err
	}
	return "", fmt.Errorf("%s cannot be used: %w", systemPlace, err)
}

// within bounds the time of a call that knows no limit itself.
func within[T any](limit time.Duration, do func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := do()
		answers <- answer{value, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-timer.C:
		var none T
		return none, errSilent
	}
}
