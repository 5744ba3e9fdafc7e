package config

import (
	"path/filepath"
	"testing"
)

func TestResolveSandbox(t *testing.T) {
	tests := []struct {
		name   string
		flags  Flags
		env    string
		source string
	}{
		{"flag", Flags{Sandbox: true}, "http://env", "--sandbox"},
		{"URL flag", Flags{BaseURL: "sandbox:"}, "http://env", "--base-url"},
		{"both flags", Flags{Sandbox: true, BaseURL: "sandbox:"}, "", "--sandbox"},
		{"environment", Flags{}, "sandbox:", URLVariable},
	}
	for _, tt := range tests {
		got, err := Resolve(tt.flags, func(name string) string {
			if name == URLVariable {
				return tt.env
			}
			return ""
		}, noFile)
		if err != nil || !got.Sandbox() || got.BaseURLSource != tt.source {
			t.Errorf("%s: %+v, %v; want the sandbox from %s", tt.name, got, err, tt.source)
		}
	}
	if _, err := Resolve(Flags{Sandbox: true, BaseURL: "http://x"}, func(string) string { return "" }, noFile); err == nil {
		t.Error("--sandbox was accepted together with another gateway")
	}
}

func TestSandboxPath(t *testing.T) {
	state := t.TempDir()
	env := map[string]string{"HOME": "/home/ann", "XDG_STATE_HOME": state, "LOCALAPPDATA": "local", SandboxVariable: "mine.db"}
	getenv := func(name string) string { return env[name] }
	if got, err := SandboxPath(getenv); got != "mine.db" || err != nil {
		t.Errorf("with %s: %s, %v", SandboxVariable, got, err)
	}
	env[SandboxVariable] = ""
	if got, err := SandboxPath(getenv); got != filepath.Join(state, "litellm-proxy", "sandbox.db") || err != nil {
		t.Errorf("with XDG_STATE_HOME: %s, %v", got, err)
	}
	env["XDG_STATE_HOME"] = "relative" // the specification says to ignore it
	for system, want := range map[string]string{"linux": "/home/ann/.local/state", "darwin": "/home/ann/Library/Application Support", "windows": "local"} {
		if got := stateDir(system, getenv); filepath.ToSlash(got) != want {
			t.Errorf("%s: %q, want %q", system, got, want)
		}
	}
	if _, err := SandboxPath(func(string) string { return "" }); err == nil {
		t.Error("a path was found without a home directory")
	}
}
