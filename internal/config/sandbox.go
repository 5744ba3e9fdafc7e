package config

import (
	"errors"
	"path/filepath"
	"runtime"
)

const (
	// SandboxURL as the gateway's URL means the one in this program.
	SandboxURL = "sandbox:"
	// SandboxVariable names the file of the sandbox's state.
	SandboxVariable = "LITELLM_PROXY_SANDBOX"
)

// SandboxPath is the file in which the sandbox keeps its state: that of
// LITELLM_PROXY_SANDBOX, else one in the directory for the state of programs.
func SandboxPath(getenv func(string) string) (string, error) {
	if path := getenv(SandboxVariable); path != "" {
		return path, nil
	}
	dir := stateDir(runtime.GOOS, getenv)
	if dir == "" {
		return "", errors.New("no home directory for the sandbox's state; set a file with " + SandboxVariable)
	}
	return filepath.Join(dir, "litellm-proxy", "sandbox.db"), nil
}

// stateDir is where an operating system wants what a program keeps and could do
// without: "" if nothing says whose.
func stateDir(system string, getenv func(string) string) string {
	return userDir(system, getenv, "XDG_STATE_HOME", "LOCALAPPDATA", filepath.Join(".local", "state"))
}
