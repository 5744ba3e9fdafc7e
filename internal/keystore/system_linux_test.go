package keystore

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

// The stand-in for a Secret Service: one collection, no encryption, no prompts.
const (
	standInPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	standInCollection = standInPath + "/collection/login"
	standInItems      = standInCollection + "/"
	standInSession    = standInPath + "/session/1"
)

type standIn struct {
	conn   *dbus.Conn
	mu     sync.Mutex
	locked bool
	items  map[dbus.ObjectPath]secretItem
}

type secretItem struct {
	attributes map[string]string
	value      secretValue
}

type secretValue struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (s *standIn) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), standInSession, nil
}

func (s *standIn) Unlock(objects []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.locked {
		return nil, "/", dbus.MakeFailedError(errors.New("the person closed the window"))
	}
	return objects, "/", nil
}

// Get is that of the properties.
func (s *standIn) Get(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant([]dbus.ObjectPath{standInCollection}), nil
}

func (s *standIn) SearchItems(want map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []dbus.ObjectPath{}
	for path, item := range s.items {
		if item.attributes["username"] == want["username"] && item.attributes["service"] == want["service"] {
			found = append(found, path)
		}
	}
	return found, nil
}

func (s *standIn) CreateItem(properties map[string]dbus.Variant, value secretValue, _ bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	attributes, _ := properties["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
	path := standInItems + dbus.ObjectPath(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, attributes["username"]))
	s.mu.Lock()
	s.items[path] = secretItem{attributes, value}
	s.mu.Unlock()
	if err := s.conn.Export(&standInItem{s, path}, path, "org.freedesktop.Secret.Item"); err != nil {
		return "", "", dbus.MakeFailedError(err)
	}
	return path, "/", nil
}

// Close is that of a session.
func (s *standIn) Close() *dbus.Error { return nil }

type standInItem struct {
	*standIn
	path dbus.ObjectPath
}

func (i *standInItem) GetSecret(dbus.ObjectPath) (secretValue, *dbus.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.items[i.path].value, nil
}

func (i *standInItem) Delete() (dbus.ObjectPath, *dbus.Error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.items, i.path)
	return "/", nil
}

// bus starts a session bus of this test alone and returns its address.
func bus(t *testing.T) string {
	t.Helper()
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("needs dbus-daemon")
	}
	cmd := exec.Command(daemon, "--session", "--nofork", "--nopidfile", "--print-address=1", "--address=unix:dir="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("dbus-daemon does not start:", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Skip("dbus-daemon has no address:", err)
	}
	return strings.TrimSpace(address)
}

// TestSystem walks through a life with and without a key store. The libraries keep one
// connection to one bus in a process, so it is one test.
func TestSystem(t *testing.T) {
	address := bus(t)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	t.Setenv(Variable, "")
	const name, path = "session https://gw.example", "/.config/litellm-proxy/credentials.json"
	file := os.Getenv("HOME") + path

	s := open(t, os.Getenv)
	if err := s.Set(name, "before"); err != nil || s.Place() != file || s.Trouble() != nil {
		t.Fatalf("a bus without a key store: %v, in %s (%v)", err, s.Place(), s.Trouble())
	}
	service := serve(t, address)

	s = open(t, os.Getenv)
	if s.Place() != systemPlace {
		t.Errorf("the next secret would go to %s", s.Place())
	}
	if got, err := s.Get(name); got != "before" || err != nil || s.Place() != file {
		t.Errorf("stored before there was a key store: %q, %v, in %s", got, err, s.Place())
	}
	if err := s.Set(name, "after"); err != nil || s.Place() != systemPlace {
		t.Fatalf("set: %v, in %s", err, s.Place())
	}
	if data, _ := os.ReadFile(file); strings.Contains(string(data), "before") {
		t.Error("the old secret is still in the file")
	}
	if got, err := open(t, os.Getenv).Get(name); got != "after" || err != nil {
		t.Errorf("get: %q, %v", got, err)
	}
	if _, err := s.Get("session http://127.0.0.1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("another name: %v", err)
	}

	service.mu.Lock()
	service.locked = true
	service.mu.Unlock()
	if _, err := s.Get(name); err == nil || errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "closed the window") {
		t.Errorf("get from a locked key store: %v", err)
	}
	if err := s.Delete(name); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("delete from a locked key store: %v", err)
	}
	if err := s.Set(name, "locked"); err != nil || s.Place() != file || s.Trouble() == nil {
		t.Errorf("set with a locked key store: %v, in %s (%v)", err, s.Place(), s.Trouble())
	}
	service.mu.Lock()
	service.locked = false
	service.mu.Unlock()

	if got, err := open(t, os.Getenv).Get(name); got != "locked" || err != nil {
		t.Errorf("the newer of two: %q, %v", got, err)
	}
	if err := s.Delete(name); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, os.Getenv).Get(name)
	service.mu.Lock()
	defer service.mu.Unlock()
	if !errors.Is(err, ErrNotFound) || len(service.items) != 0 {
		t.Errorf("after delete: %v, %d in the key store", err, len(service.items))
	}
}

// serve puts the stand-in on the bus.
func serve(t *testing.T, address string) *standIn {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &standIn{conn: conn, items: map[dbus.ObjectPath]secretItem{}}
	for path, names := range map[dbus.ObjectPath][]string{
		standInPath:       {"org.freedesktop.Secret.Service", "org.freedesktop.DBus.Properties"},
		standInCollection: {"org.freedesktop.Secret.Collection"},
		standInSession:    {"org.freedesktop.Secret.Session"},
	} {
		for _, name := range names {
			if err := conn.Export(s, path, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if reply, err := conn.RequestName(secretService, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
	return s
}

func TestNoBusIsStarted(t *testing.T) {
	dir := t.TempDir()
	at := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}
	for what, values := range map[string]map[string]string{
		"nothing set":          {},
		"autolaunch":           {"DBUS_SESSION_BUS_ADDRESS": "autolaunch:"},
		"no socket":            {"XDG_RUNTIME_DIR": dir},
		"no runtime directory": {"XDG_RUNTIME_DIR": filepath.Join(dir, "none")},
	} {
		if busAnnounced(at(values)) {
			t.Errorf("%s: there would be a bus", what)
		}
	}
	l, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if !busAnnounced(at(map[string]string{"XDG_RUNTIME_DIR": dir})) {
		t.Error("the socket of the runtime directory is not seen")
	}
}
