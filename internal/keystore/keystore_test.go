package keystore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// env is the environment of a test: a home of its own, and no session bus.
func env(t *testing.T, more ...string) func(string) string {
	t.Helper()
	values := map[string]string{"XDG_CONFIG_HOME": t.TempDir()}
	for i := 0; i < len(more); i += 2 {
		values[more[i]] = more[i+1]
	}
	return func(name string) string { return values[name] }
}

func open(t *testing.T, getenv func(string) string) Store {
	t.Helper()
	s, err := Open(getenv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFile(t *testing.T) {
	getenv := env(t)
	path := filepath.Join(getenv("XDG_CONFIG_HOME"), "litellm-proxy", "credentials.json")
	s := open(t, getenv)
	if _, err := s.Get("profile prod"); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing stored yet: %v", err)
	}
	if err := s.Delete("profile prod"); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted nothing: %v", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("looking for a secret made a directory")
	}
	for name, secret := range map[string]string{"profile prod": "sk-one", "session https://gw.example": "two\nlines \"quoted\""} {
		if err := s.Set(name, secret); err != nil {
			t.Fatal(err)
		}
		if got, err := open(t, getenv).Get(name); got != secret || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if s.Place() != path || s.Trouble() != nil {
		t.Errorf("stored in %s (%v), want %s", s.Place(), s.Trouble(), path)
	}
	if info, err := os.Stat(path); err != nil || filepath.Separator == '/' && info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := s.Delete("profile prod"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("profile prod"); !errors.Is(err, ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
	if _, err := s.Get("session https://gw.example"); err != nil {
		t.Errorf("the other one: %v", err)
	}
}

func TestDamagedFileIsNotReplaced(t *testing.T) {
	getenv := env(t)
	s := open(t, getenv)
	if err := s.Set("a", "b"); err != nil {
		t.Fatal(err)
	}
	const damaged = `{"a": "sk-cut-off`
	if err := os.WriteFile(s.Place(), []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"get":    func() error { _, err := s.Get("a"); return err }(),
		"set":    s.Set("c", "d"),
		"delete": s.Delete("a"),
	} {
		if err == nil || !strings.Contains(err.Error(), "credentials.json is not a JSON object") || strings.Contains(err.Error(), "sk-cut") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if data, _ := os.ReadFile(s.Place()); string(data) != damaged {
		t.Errorf("the file is now %q", data)
	}
}

func TestChoice(t *testing.T) {
	if _, err := Open(env(t, Variable, "cloud")); err == nil || !strings.Contains(err.Error(), `LITELLM_PROXY_KEYSTORE: "cloud" is not file or system`) {
		t.Errorf("unknown store: %v", err)
	}
	// The environment is not that of this process, so there is no key store in it.
	s := open(t, env(t, Variable, "system", "HOME", "/nowhere"))
	if err := s.Set("a", "b"); err == nil || !strings.Contains(err.Error(), "no key store") {
		t.Errorf("set: %v", err)
	}
	if _, err := s.Get("a"); err == nil || !strings.Contains(err.Error(), "no key store") {
		t.Errorf("get: %v", err)
	}
	if err := s.Delete("a"); err == nil || !strings.Contains(err.Error(), "no key store") {
		t.Errorf("delete: %v", err)
	}
}

func TestWithin(t *testing.T) {
	end := make(chan bool)
	defer close(end)
	if _, err := within(time.Millisecond, func() (bool, error) { return <-end, nil }); !errors.Is(err, errSilent) {
		t.Errorf("a call that does not end: %v", err)
	}
}
