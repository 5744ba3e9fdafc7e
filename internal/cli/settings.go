package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/keystore"
	"litellm-proxy/proxyclient"
)

// inForce is the settings of this run. Each step is done once: reading the flags and the
// configuration file, and following what refers to secrets.
type inForce struct {
	config.Settings
	chosen, revealed bool
	file             *config.File
	// guarded says that somebody agreed to changes of a protected gateway.
	guarded atomic.Bool
}

// client makes the client of this run. Without a key from elsewhere, it has that of the
// session with its gateway. It sends no change to a protected gateway before [app.guard].
func (a *app) client() (*proxyclient.Client, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	c, err := a.keyed(s)
	if err != nil {
		return nil, err
	}
	return a.gated(c, s), nil
}

// keyed is a client with these settings, and without a key of theirs that of the session.
func (a *app) keyed(s config.Settings) (*proxyclient.Client, error) {
	c, err := a.clientFor(s)
	if err == nil && s.APIKey == "" && !s.Sandbox() {
		return a.sessionKey(c)
	}
	return c, err
}

// gated is a client that sends no change to a protected gateway before [app.guard].
func (a *app) gated(c *proxyclient.Client, s config.Settings) *proxyclient.Client {
	if s.Protected == "" {
		return c
	}
	return c.Gated(func(proxyclient.Recorded) error {
		if a.set.guarded.Load() {
			return nil
		}
		return a.unguarded()
	})
}

// clientFor makes a client with these settings.
func (a *app) clientFor(s config.Settings) (*proxyclient.Client, error) {
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

// nonEmpty is a flag that an unset variable of a script must not leave empty: another
// profile would be used.
type nonEmpty string

func (v *nonEmpty) String() string { return string(*v) }
func (v *nonEmpty) Type() string   { return "string" }
func (v *nonEmpty) Set(text string) error {
	if *v = nonEmpty(strings.TrimSpace(text)); *v == "" {
		return errors.New("must not be empty")
	}
	return nil
}

// profileClient makes a client for a profile by its own settings alone, to read from
// another gateway than that of this run. It sends no change.
func (a *app) profileClient(name string) (*proxyclient.Client, error) {
	hidden := func(variable string) string {
		switch variable {
		case config.URLVariable, config.KeyVariable, config.KeyHeaderVariable, config.CAFileVariable,
			config.ClientCertVariable, config.ClientKeyVariable, config.HeadersVariable:
			return ""
		}
		return a.Getenv(variable)
	}
	s, err := config.Resolve(config.Flags{Profile: name, Timeout: a.flags.Timeout}, hidden, a.configFile)
	if err != nil {
		return nil, a.configError(err)
	}
	if err := s.Reveal(a.resolver()); err != nil {
		return nil, a.configError(err)
	}
	c, err := a.keyed(s)
	if err != nil {
		return nil, err
	}
	return c.Gated(func(r proxyclient.Recorded) error {
		return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "profile " + name + " is only read from; not sent: " + r.Method + " " + r.Path}
	}), nil
}

// settings are those of this run, with the secrets that they refer to.
func (a *app) settings() (config.Settings, error) {
	s, err := a.choice()
	if err != nil || a.set.revealed {
		return s, err
	}
	a.set.revealed = true
	for _, note := range s.Notes {
		a.note("%s", note)
	}
	if err := s.Reveal(a.resolver()); err != nil {
		return s, a.configError(err)
	}
	a.set.Settings, a.key = s, s.APIKey
	return s, nil
}

// choice are the settings of this run before anything secret is looked up. The key may
// stand in a file, on standard input, or be typed at a hidden prompt.
func (a *app) choice() (config.Settings, error) {
	if a.set.chosen {
		return a.set.Settings, nil
	}
	flags, source, err := a.givenFlags()
	if err != nil {
		return config.Settings{}, err
	}
	s, err := config.Resolve(flags, a.Getenv, a.configFile)
	if a.key = s.APIKey; err != nil {
		return s, a.configError(err)
	}
	if source != "" {
		s.APIKeySource = source
	}
	a.set.Settings, a.set.chosen = s, true
	return s, nil
}

// givenFlags are the global flags with what @file stands for; source is where the key came
// from, if it is not --api-key itself.
func (a *app) givenFlags() (flags config.Flags, source string, err error) {
	flags = a.flags.Flags
	if a.LookupEnv != nil {
		url, set := a.LookupEnv(config.URLVariable)
		flags.EmptyURL = set && strings.TrimSpace(url) == ""
	}
	switch key, literal, err := a.sources.at(flags.APIKey, "API key"); {
	case proxyclient.CodeOf(err) == proxyclient.CodeCanceled:
		return flags, "", err
	case err != nil:
		return flags, "", usageError("--api-key: " + err.Error())
	case literal && a.demo == nil && isTerminal(a.Stderr) && strings.HasPrefix(key, "sk-") && len(key) >= len("sk-")+16:
		a.note("The key is visible in the process list; use --api-key @file or %s.", config.KeyVariable)
	case !literal:
		if key = strings.TrimSpace(key); key == "" {
			return flags, "", usageError("--api-key: " + flags.APIKey + " is empty")
		}
		flags.APIKey, source = key, "--api-key "+flags.APIKey
	}
	flags.Headers = slices.Clone(flags.Headers)
	for i, header := range flags.Headers {
		if flags.Headers[i], err = a.extraHeader(header); err != nil {
			return flags, "", err
		}
	}
	return flags, source, nil
}

// configFile is the configuration file, read once. Without a home directory there is none.
func (a *app) configFile() (*config.File, error) {
	if a.set.file != nil {
		return a.set.file, nil
	}
	path, err := config.FilePath(a.Getenv)
	if err != nil {
		a.set.file = &config.File{Path: "the configuration"}
		return a.set.file, nil
	}
	file, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	a.set.file = file
	return file, nil
}

func (a *app) resolver() *config.Resolver {
	return &config.Resolver{NoKey: a.keyless, Context: a.ctx, Getenv: a.Getenv, Store: func() (config.KeyStore, error) { return keystore.Open(a.Getenv) }}
}

// configError is the error for settings that cannot be used. Nothing was sent.
func (a *app) configError(err error) error {
	if a.ctx.Err() != nil && errors.Is(err, a.ctx.Err()) {
		return errInterrupted
	}
	e := &proxyclient.Error{Code: proxyclient.CodeUsage, Message: err.Error(), Err: err}
	if fault, broken := errors.AsType[*config.FileError](err); broken && fault.Line > 0 {
		e.Hint = "edit it with " + program + " config edit"
	} else if _, unset := errors.AsType[*config.ReferenceError](err); unset {
		e.Hint = "to change it, run " + program + " config set --help"
	} else if _, unknown := errors.AsType[*config.UnknownProfileError](err); unknown {
		e.Hint = program + " config list shows the profiles"
	}
	return e
}

// profileName is the name of the profile in use, or "".
func (a *app) profileName() string {
	if a.set.Profile == nil {
		return ""
	}
	return a.set.Profile.Name
}

// guard asks for the name of the protected profile whose gateway is in force: at the
// terminal, unless --confirm-profile gives it. Commands call it before the first change.
func (a *app) guard(ctx context.Context) error {
	s, err := a.choice()
	if err != nil || s.Protected == "" || a.set.guarded.Load() {
		return err
	}
	if a.flags.ConfirmProfile != s.Protected {
		if a.Terminal == nil {
			return a.unguarded()
		}
		fmt.Fprintf(a.Stderr, "Profile %s is protected (%s).\nType the profile's name to continue: ", s.Protected, s.BaseURL)
		answer, err := a.readLine(ctx)
		if err != nil {
			return err
		}
		if strings.TrimSpace(answer) != s.Protected {
			return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "not confirmed; nothing was sent", Hint: "to confirm changes, type " + s.Protected + " or add --confirm-profile " + s.Protected}
		}
	}
	a.set.guarded.Store(true)
	return nil
}

// unguarded is the error for a change of a protected gateway that nobody agreed to.
func (a *app) unguarded() error {
	s := a.set.Settings
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: fmt.Sprintf("profile %s (%s) is protected; nothing was sent", s.Protected, s.BaseURL),
		Hint: "to confirm changes, add --confirm-profile " + s.Protected}
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

// completeProfiles completes the name of a profile.
func (a *app) completeProfiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	file, err := a.configFile()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, p := range file.Profiles {
		names = append(names, cobra.CompletionWithDesc(p.Name, p.Get(config.BaseURL)))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
