package keystore

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	secretService = "org.freedesktop.secrets"

	// busLimit is how long the session bus may take to say whether it has a key store.
	busLimit = 3 * time.Second
)

// present asks the session bus for a Secret Service, running or to be started. Without a
// bus nothing is asked: the library would start one.
func present(getenv func(string) string) error {
	if !busAnnounced(getenv) {
		return errAbsent
	}
	has, err := within(busLimit, func() (bool, error) {
		conn, err := dbus.SessionBus() // which the key ring then uses too
		if err != nil {
			return false, err
		}
		var owned bool
		if err := conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, secretService).Store(&owned); err != nil || owned {
			return owned, err
		}
		var names []string
		err = conn.BusObject().Call("org.freedesktop.DBus.ListActivatableNames", 0).Store(&names)
		return slices.Contains(names, secretService), err
	})
	if err != nil || !has {
		return errAbsent
	}
	return nil
}

// busAnnounced reports whether the environment names a session bus that is there.
func busAnnounced(getenv func(string) string) bool {
	if address := getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return !strings.HasPrefix(address, "autolaunch:")
	}
	dir := getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		return false
	}
	info, err := os.Stat(filepath.Join(dir, "bus"))
	return err == nil && info.Mode()&os.ModeSocket != 0
}
