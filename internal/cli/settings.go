package cli

import (
	"slices"
	"strings"

	"litellm-proxy/internal/config"
	"litellm-proxy/proxyclient"
)

// client makes the client of this run.
func (a *app) client() (*proxyclient.Client, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	c := proxyclient.Config{
		BaseURL: s.BaseURL, BaseURLSource: s.BaseURLSource, APIKey: s.APIKey, APIKeySource: s.APIKeySource,
		KeyHeader: s.KeyHeader, Headers: s.Headers, CAFile: s.CAFile, ClientCertFile: s.ClientCert, ClientKeyFile: s.ClientKey, Timeout: s.Timeout, UserAgent: program + "/" + Version(),
		OnWrite: func() { a.writes.Add(1) },
	}
	if a.flags.debug {
		c.Debug = a.Stderr
	}
	if s.Sandbox() {
		if err := a.useSandbox(&c); err != nil {
			return nil, err
		}
	}
	return proxyclient.New(c)
}

// settings resolves the global flags. The key may stand in a file, on standard input,
// or be typed at a hidden prompt.
func (a *app) settings() (config.Settings, error) {
	flags, source := a.flags.Flags, ""
	switch key, literal, err := a.sources.at(flags.APIKey, "API key"); {
	case proxyclient.CodeOf(err) == proxyclient.CodeCanceled:
		return config.Settings{}, err
	case err != nil:
		return config.Settings{}, usageError("--api-key: " + err.Error())
	case literal && a.demo == nil && isTerminal(a.Stderr) && strings.HasPrefix(key, "sk-") && len(key) >= len("sk-")+16:
		a.note("The key is visible in the process list; use --api-key @file or %s.", config.KeyVariable)
	case !literal:
		if key = strings.TrimSpace(key); key == "" {
			return config.Settings{}, usageError("--api-key: " + flags.APIKey + " is empty")
		}
		flags.APIKey, source = key, "--api-key "+flags.APIKey
	}
	flags.Headers = slices.Clone(flags.Headers)
	for i, header := range flags.Headers {
		var err error
		if flags.Headers[i], err = a.extraHeader(header); err != nil {
			return config.Settings{}, err
		}
	}
	s, err := config.Resolve(flags, a.Getenv)
	if a.key = s.APIKey; err != nil {
		return s, usageError(err.Error())
	}
	if source != "" {
		s.APIKeySource = source
	}
	return s, nil
}

// extraHeader reads the value of a header from a file: NAME:@file.
func (a *app) extraHeader(header string) (string, error) {
	name, value, ok := strings.Cut(header, ":")
	if !ok {
		return header, nil
	}
	value, _, err := a.sources.at(strings.TrimSpace(value), "value of the header "+name)
	if proxyclient.CodeOf(err) == proxyclient.CodeCanceled {
		return "", err
	}
	if err != nil {
		return "", usageError("--extra-header: " + err.Error())
	}
	return name + ":" + value, nil
}
