// Package config finds out which gateway to use and with which key: flags before
// the environment before the default. It reads nothing else.
package config

import (
	"fmt"
	"os/user"
	"strings"
	"time"
)

// The environment variables that are read.
const (
	URLVariable    = "LITELLM_PROXY_URL"
	KeyVariable    = "LITELLM_PROXY_API_KEY"
	CAFileVariable = "LITELLM_PROXY_CA_FILE"
)

// DefaultURL is where a gateway stands when nothing says otherwise.
const DefaultURL = "http://localhost:4000"

// Flags are the values of the global flags; "" is a flag that was not given.
type Flags struct {
	BaseURL, APIKey, Timeout, CAFile string
	// Sandbox is --sandbox, short for --base-url sandbox:.
	Sandbox bool
}

// Settings are what is in force, and for messages where it came from. The key
// may be missing: the first refusal of the gateway says so.
type Settings struct {
	BaseURL, BaseURLSource string
	APIKey, APIKeySource   string
	CAFile                 string
	// Timeout is that of one request; 0: the client's default.
	Timeout time.Duration
}

// Sandbox tells whether the gateway is the one in this program.
func (s Settings) Sandbox() bool { return s.BaseURL == SandboxURL }

// Resolve puts flags before the environment before the default. The error is
// about a flag's value.
func Resolve(flags Flags, getenv func(string) string) (Settings, error) {
	var s Settings
	if flags.Sandbox {
		if flags.BaseURL != "" && flags.BaseURL != SandboxURL {
			return s, fmt.Errorf("--sandbox and --base-url both set the gateway; give one")
		}
		flags.BaseURL = SandboxURL
	}
	s.BaseURL, s.BaseURLSource = first(flags.BaseURL, "--base-url", getenv, URLVariable)
	switch {
	case s.BaseURL == "":
		s.BaseURL, s.BaseURLSource = DefaultURL, "the default"
	case flags.Sandbox:
		s.BaseURLSource = "--sandbox"
	}
	s.APIKey, s.APIKeySource = first(flags.APIKey, "--api-key", getenv, KeyVariable)
	s.CAFile, _ = first(flags.CAFile, "--ca-file", getenv, CAFileVariable)
	if flags.Timeout != "" {
		d, err := time.ParseDuration(flags.Timeout)
		if err != nil {
			d, err = time.ParseDuration(flags.Timeout + "s")
		}
		if err != nil || d <= 0 {
			return s, fmt.Errorf("--timeout: %q is not a duration; use 90s, 2m or a number of seconds", flags.Timeout)
		}
		s.Timeout = d
	}
	return s, nil
}

func first(flag, name string, getenv func(string) string, variable string) (value, source string) {
	if flag != "" {
		return flag, name
	}
	if value := getenv(variable); strings.TrimSpace(value) != "" {
		return value, variable
	}
	return "", ""
}

// Person names who works at this terminal, for the gateway's audit trail:
// user@host.
func Person(getenv func(string) string, hostname func() (string, error)) string {
	name := getenv("USER")
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	if host, err := hostname(); err == nil {
		name += "@" + host
	}
	return name
}
