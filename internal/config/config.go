// Package config finds out which gateway to use and with which credentials: flags before
// the environment before a profile of the configuration file before the default.
//
// The file is YAML, one for all profiles; [Load] reads it, [Update] changes it. A profile's
// credentials are sent to its base_url and nowhere else. They are mostly references, which
// [Settings.Reveal] follows when a client is made.
package config

import (
	"fmt"
	"net/http"
	"os/user"
	"strings"
	"time"

	"litellm-proxy/internal/malformed"
)

// The environment variables that are read.
const (
	URLVariable        = "LITELLM_PROXY_URL"
	KeyVariable        = "LITELLM_PROXY_API_KEY"
	KeyHeaderVariable  = "LITELLM_PROXY_KEY_HEADER"
	CAFileVariable     = "LITELLM_PROXY_CA_FILE"
	ClientCertVariable = "LITELLM_PROXY_CLIENT_CERT"
	ClientKeyVariable  = "LITELLM_PROXY_CLIENT_KEY"
	// HeadersVariable has a header per line, NAME: VALUE.
	HeadersVariable = "LITELLM_PROXY_EXTRA_HEADERS"
)

// DefaultURL is where a gateway stands when nothing says otherwise.
const DefaultURL = "http://localhost:4000"

// defaultSource is the source of [DefaultURL].
const defaultSource = "the default"

// Flags are the values of the global flags; "" is a flag that was not given.
type Flags struct {
	BaseURL, APIKey, Timeout, CAFile string
	KeyHeader, ClientCert, ClientKey string
	// Headers are the values of --extra-header, NAME: VALUE.
	Headers []string
	// Sandbox is --sandbox, short for --base-url sandbox:.
	Sandbox bool
	// EmptyURL says that LITELLM_PROXY_URL is set, and to nothing.
	EmptyURL bool
	// Profile is --profile. ConfirmProfile is --confirm-profile: the name of the profile
	// whose gateway may be changed.
	Profile, ConfirmProfile string
}

// Settings are what is in force, and for messages where it came from. The key
// may be missing: the first refusal of the gateway says so.
type Settings struct {
	BaseURL, BaseURLSource string
	APIKey, APIKeySource   string
	KeyHeader              string
	CAFile                 string
	ClientCert, ClientKey  string
	// Headers go with each request; a flag overrides the environment, and that a profile.
	Headers http.Header
	// Timeout is that of one request; 0: the client's default.
	Timeout time.Duration
	// Profile is the profile whose settings are used, or nil. Its gateway is the one in
	// force. ProfileSource is what selected it: --profile, LITELLM_PROXY_PROFILE, current.
	Profile       *Profile
	ProfileSource string
	// Protected is the name of the protected profile that has this gateway, or "".
	Protected string
	// Dir is the directory of the configuration file.
	Dir string
	// Notes say what was not used, and why.
	Notes []string
}

// Sandbox tells whether the gateway is the one in this program.
func (s Settings) Sandbox() bool { return s.BaseURL == SandboxURL }

// Setting returns a setting of the profile in use, or "".
func (s Settings) Setting(name string) string {
	if s.Profile == nil {
		return ""
	}
	return s.Profile.Get(name)
}

// Source is the profile in use, for messages.
func (s Settings) Source() string {
	if s.Profile == nil {
		return ""
	}
	return "profile " + s.Profile.Name
}

// Resolve puts flags before the environment before a profile before the Python CLI's
// configuration before the default. load reads the configuration file, if it is needed.
// References to secrets are not followed: see [Settings.Reveal]. The error is about a value
// that somebody gave.
func Resolve(flags Flags, getenv func(string) string, load func() (*File, error)) (Settings, error) {
	var s Settings
	if flags.Sandbox {
		switch {
		case flags.BaseURL != "" && flags.BaseURL != SandboxURL:
			return s, fmt.Errorf("--sandbox and --base-url both set the gateway; give one")
		case flags.Profile != "":
			return s, fmt.Errorf("--sandbox and --profile both set the gateway; give one")
		}
		flags.BaseURL = SandboxURL
	}
	s.BaseURL, s.BaseURLSource = first(flags.BaseURL, "--base-url", getenv, URLVariable)
	if flags.Sandbox {
		s.BaseURLSource = "--sandbox"
	}
	s.APIKey, s.APIKeySource = first(flags.APIKey, "--api-key", getenv, KeyVariable)
	s.KeyHeader, _ = first(flags.KeyHeader, "--key-header", getenv, KeyHeaderVariable)
	s.CAFile, _ = first(flags.CAFile, "--ca-file", getenv, CAFileVariable)
	s.ClientCert, _ = first(flags.ClientCert, "--client-cert", getenv, ClientCertVariable)
	s.ClientKey, _ = first(flags.ClientKey, "--client-key", getenv, ClientKeyVariable)
	if err := flags.unfilled(getenv); err != nil {
		return s, err
	}
	if !flags.Sandbox {
		if err := s.fromFile(flags, getenv, load); err != nil {
			return s, err
		}
	}
	if err := flags.useless(s.BaseURL); err != nil {
		return s, err
	}
	if err := s.confirm(flags.ConfirmProfile); err != nil {
		return s, err
	}
	if flags.EmptyURL && s.APIKey != "" && s.BaseURLSource == defaultSource {
		return s, fmt.Errorf("%s is set but empty, so the key from %s would be sent to %s; set it to the gateway's URL, or unset it to use %s",
			URLVariable, s.APIKeySource, DefaultURL, DefaultURL)
	}
	var err error
	if s.Headers, err = headers(flags.Headers, getenv(HeadersVariable)); err != nil {
		return s, err
	}
	s.Timeout, err = duration(flags.Timeout)
	return s, err
}

// unfilled returns an error for a setting that is a placeholder. The client refuses those of
// the gateway's URL, of the key and of headers, wherever they are from.
func (f Flags) unfilled(getenv func(string) string) error {
	for _, setting := range []struct{ flag, name, variable string }{
		{f.Profile, "--profile", ProfileVariable},
		{f.KeyHeader, "--key-header", KeyHeaderVariable},
		{f.CAFile, "--ca-file", CAFileVariable},
		{f.ClientCert, "--client-cert", ClientCertVariable},
		{f.ClientKey, "--client-key", ClientKeyVariable},
		{f.Timeout, "--timeout", ""},
		{f.ConfirmProfile, "--confirm-profile", ""},
		{"", "", FileVariable},
		{"", "", SandboxVariable},
	} {
		value, source := setting.flag, setting.name
		if value == "" && setting.variable != "" {
			value, source = getenv(setting.variable), setting.variable
		}
		if fault := malformed.Value(value); fault != nil {
			return fmt.Errorf("%s %s; set it to a value, or remove it", source, fault.Why)
		}
	}
	return nil
}

func duration(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("--timeout: %q is not a duration; use 90s, 2m or a number of seconds", text)
	}
	return d, nil
}

// useless returns an error for a flag that has no effect on this gateway.
func (f Flags) useless(baseURL string) error {
	sandbox, plain := baseURL == SandboxURL, strings.HasPrefix(strings.ToLower(baseURL), "http:")
	for _, flag := range []struct {
		name  string
		given bool
		tls   bool
	}{
		{"--ca-file", f.CAFile != "", true}, {"--client-cert", f.ClientCert != "", true}, {"--client-key", f.ClientKey != "", true},
		{"--key-header", f.KeyHeader != "", false}, {"--extra-header", len(f.Headers) > 0, false},
	} {
		switch {
		case flag.given && sandbox:
			return fmt.Errorf("%s does not apply to the sandbox", flag.name)
		case flag.given && flag.tls && plain:
			return fmt.Errorf("%s needs a gateway URL that starts with https://", flag.name)
		}
	}
	return nil
}

// headers reads the extra headers: those of the environment, one a line, unless a flag
// has the same name. The error does not repeat a value, which may be a secret.
func headers(flags []string, lines string) (http.Header, error) {
	if len(flags) == 0 && strings.TrimSpace(lines) == "" {
		return nil, nil
	}
	all := http.Header{}
	set := func(source, text string) error {
		name, value, ok := strings.Cut(text, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return fmt.Errorf("%s: a header has the form NAME: VALUE", source)
		}
		all.Set(name, strings.TrimSpace(value))
		return nil
	}
	for line := range strings.Lines(lines) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := set(HeadersVariable, line); err != nil {
			return nil, err
		}
	}
	for _, text := range flags {
		if err := set("--extra-header", text); err != nil {
			return nil, err
		}
	}
	return all, nil
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
