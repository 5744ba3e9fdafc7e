package config

import (
	"path/filepath"
	"testing"
)

func TestConfigDir(t *testing.T) {
	home := t.TempDir()
	for _, c := range []struct {
		system, want string
		env          map[string]string
	}{
		{"linux", filepath.Join(home, ".config"), map[string]string{"HOME": home}},
		{"darwin", filepath.Join(home, "Library", "Application Support"), map[string]string{"HOME": home}},
		{"windows", home, map[string]string{"APPDATA": home}},
		{"linux", home, map[string]string{"HOME": "/elsewhere", "XDG_CONFIG_HOME": home}},
		{"linux", filepath.Join(home, ".config"), map[string]string{"HOME": home, "XDG_CONFIG_HOME": "relative"}},
		{"linux", "", nil},
	} {
		if got := configDir(c.system, func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s with %v: %q, want %q", c.system, c.env, got, c.want)
		}
	}
}

func TestCacheDir(t *testing.T) {
	home := t.TempDir()
	for _, c := range []struct {
		system, want string
		env          map[string]string
	}{
		{"linux", filepath.Join(home, ".cache"), map[string]string{"HOME": home}},
		{"linux", home, map[string]string{"HOME": "/elsewhere", "XDG_CACHE_HOME": home}},
		{"darwin", filepath.Join(home, "Library", "Caches"), map[string]string{"HOME": home}},
		{"darwin", home, map[string]string{"HOME": "/elsewhere", "XDG_CACHE_HOME": home}},
		{"windows", home, map[string]string{"LOCALAPPDATA": home}},
		{"linux", "", nil},
	} {
		if got := cacheDir(c.system, func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s with %v: %q, want %q", c.system, c.env, got, c.want)
		}
	}
}
