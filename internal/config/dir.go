package config

import (
	"errors"
	"path/filepath"
	"runtime"
)

// Dir returns the directory of the user's configuration: profiles, sessions and, where
// there is no key store, secrets. It is not created.
func Dir(getenv func(string) string) (string, error) {
	base := configDir(runtime.GOOS, getenv)
	if base == "" {
		if runtime.GOOS == "windows" {
			return "", errors.New("no directory for the configuration; set APPDATA")
		}
		return "", errors.New("no home directory for the configuration; set HOME or XDG_CONFIG_HOME")
	}
	return filepath.Join(base, "litellm-proxy"), nil
}

// CacheDir returns the directory of what can be fetched again, or "" if nothing says where it
// is. It is not created.
func CacheDir(getenv func(string) string) string {
	base := cacheDir(runtime.GOOS, getenv)
	if base == "" {
		return ""
	}
	return filepath.Join(base, "litellm-proxy")
}

// cacheDir is where an operating system wants what a program can fetch again.
func cacheDir(system string, getenv func(string) string) string {
	dir := userDir(system, getenv, "XDG_CACHE_HOME", "LOCALAPPDATA", ".cache")
	if system == "darwin" && dir == userDir(system, getenv, "", "", "") && dir != "" {
		return filepath.Join(getenv("HOME"), "Library", "Caches")
	}
	return dir
}

// configDir is where an operating system wants a program's configuration: "" if nothing
// says whose.
func configDir(system string, getenv func(string) string) string {
	return userDir(system, getenv, "XDG_CONFIG_HOME", "APPDATA", ".config")
}

// userDir is a directory of the user: that of the XDG variable, else the operating system's
// own, which the other variable names on Windows. "" if nothing says whose.
func userDir(system string, getenv func(string) string, xdg, windows, below string) string {
	if dir := getenv(xdg); filepath.IsAbs(dir) {
		return dir
	}
	if system == "windows" {
		return getenv(windows)
	}
	home := getenv("HOME")
	switch {
	case home == "":
		return ""
	case system == "darwin":
		return filepath.Join(home, "Library", "Application Support")
	}
	return filepath.Join(home, below)
}
