package cli

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/keystore"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

func bindConfigSet(a *app, cmd *cobra.Command) {
	cmd.Use = "set <setting> [<value>]"
	cmd.Long = `Set a setting of the current profile, or of --profile NAME. Setting base_url creates a
profile; the first one becomes the current one.

api_key takes a reference to the key: env:NAME reads an environment variable, file:PATH a
file, and exec:COMMAND the first line that a command prints (without a shell). Anything
else is the key itself, which is stored in the system's key store, or in a private file
where there is none. Give it as @file or @-, or leave it out to be asked for it. Header
values take env:, file: and exec: too.` + settingsHelp()
	cmd.Example = `  litellm-proxy config set base_url https://gateway.example.com --profile prod
  litellm-proxy config set api_key --profile prod
  litellm-proxy config set api_key "exec:op read op://vault/litellm/key"
  litellm-proxy config set protected true --profile prod`
	cmd.Args = exactly("config set", "a setting and a value", 1, 2)
	cmd.ValidArgsFunction = a.completeSettings(true)
	s := &setting{app: a}
	cmd.Flags().BoolVar(&s.plaintext, "plaintext", false, "Store the key itself in the configuration file")
	cmd.Flags().BoolVar(&s.keep, "keep-credentials", false, "With base_url: send the profile's key, certificate and headers to the new gateway")
	cmd.RunE = func(_ *cobra.Command, args []string) error { return s.run(args) }
}

// setting is one run of "config set".
type setting struct {
	*app
	config.Setting
	name            string // headers.X-Tenant
	plaintext, keep bool
	value           string
	secret          string // for the key store
}

func (s *setting) run(args []string) (err error) {
	s.name = args[0]
	if s.Setting, err = config.FindSetting(s.name); err != nil {
		return usageError(err.Error())
	}
	if s.Kind == config.Map && s.name == s.Name {
		return usageError(fmt.Sprintf("%s needs the name of a header: %s.X-Tenant", s.name, s.name))
	}
	switch {
	case s.plaintext && s.Name != config.APIKey:
		return usageError("--plaintext needs the setting api_key")
	case s.keep && s.Name != config.BaseURL:
		return usageError("--keep-credentials needs the setting base_url")
	}
	file, err := s.configFile()
	if err != nil {
		return s.configError(err)
	}
	p, name, err := s.profileFor(file)
	if err != nil {
		return err
	}
	if err := s.mayCreate(file, p, name); err != nil {
		return err
	}
	if err := s.read(args[1:], name); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	return s.store(name)
}

// mayCreate refuses a setting of a profile that does not exist, which is mostly a mistyped
// name. Only base_url creates one.
func (s *setting) mayCreate(file *config.File, p *config.Profile, name string) error {
	if p != nil || s.Name == config.BaseURL {
		return nil
	}
	e := &proxyclient.Error{Code: proxyclient.CodeUsage, Message: file.Lacks(name).Error(),
		Hint: fmt.Sprintf("to create it, run %s config set base_url URL --profile %s", program, name)}
	if len(file.Profiles) == 0 {
		e.Message = fmt.Sprintf("there is no profile %s yet", name)
	}
	return e
}

// read finds the value: the argument, a file, standard input or a hidden prompt.
func (s *setting) read(args []string, profile string) error {
	secret := s.Name == config.APIKey || s.Kind == config.Map
	label := "API key of profile " + profile
	if s.Kind == config.Map {
		label = "Value of the header " + strings.TrimPrefix(s.name, config.Headers+".")
	}
	switch {
	case len(args) == 0 && secret && s.sources.prompt != nil:
		args = []string{"@-"}
	case len(args) == 0 && secret:
		return usageError("config set " + s.name + " needs a value: env:NAME, file:PATH, exec:COMMAND, @file or @-")
	case len(args) == 0:
		return usageError("config set " + s.name + " needs a value")
	}
	s.value = strings.TrimSpace(args[0])
	if !secret {
		return nil
	}
	text, literal, err := s.sources.at(s.value, label)
	if proxyclient.CodeOf(err) == proxyclient.CodeCanceled {
		return err
	}
	if err != nil {
		return usageError(s.name + ": " + err.Error())
	}
	s.value = strings.TrimSpace(text)
	if literal && config.IsLiteral(s.value) && isTerminal(s.Stderr) && strings.HasPrefix(s.value, "sk-") {
		s.note("The key is visible in the process list and the shell's history; leave it out to be asked for it.")
	}
	return nil
}

// check refuses a value that commands could not use.
func (s *setting) check() error {
	if err := s.Setting.Check(s.value); err != nil {
		return usageError(err.Error())
	}
	c := proxyclient.Config{BaseURL: "https://gateway.invalid"}
	switch s.Name {
	case config.BaseURL:
		if s.value == config.SandboxURL {
			return nil
		}
		c.BaseURL = s.value
	case config.APIKey:
		if config.IsLiteral(s.value) {
			c.APIKey = s.value
		}
	case config.KeyHeader:
		c.KeyHeader = s.value
	case config.Headers:
		c.Headers = http.Header{strings.TrimPrefix(s.name, config.Headers+"."): {s.value}}
	case config.CAFile, config.ClientCert, config.ClientKey:
		return s.checkFile(&c)
	case config.Toolsets:
		return s.checkToolsets()
	}
	if _, err := proxyclient.New(c); err != nil {
		e := *operation.AsError(err)
		e.Hint = ""
		if s.Name == config.BaseURL {
			e.Hint = "base_url has the form http(s)://host[:port][/prefix]"
		}
		return &e
	}
	return nil
}

// checkFile reads a file that is named, and stores its absolute path: the current directory
// is another one next time.
func (s *setting) checkFile(c *proxyclient.Config) (err error) {
	if s.value, err = absolute(s.value); err != nil {
		return usageError(s.name + ": " + err.Error())
	}
	if s.Name == config.CAFile {
		c.CAFile = s.value
		_, err := proxyclient.New(*c)
		return err
	}
	if _, err := os.ReadFile(s.value); err != nil {
		return usageError(fmt.Sprintf("%s: %v", s.name, err))
	}
	return nil
}

func absolute(path string) (string, error) {
	if strings.HasPrefix(path, "~") {
		return path, nil
	}
	return filepath.Abs(path)
}

func (s *setting) checkToolsets() error {
	known := append(s.resources(), "all", "default")
	for name := range strings.SplitSeq(s.value, ",") {
		if name = strings.ReplaceAll(strings.TrimSpace(name), "_", "-"); !slices.Contains(known, name) {
			return usageError(fmt.Sprintf("%s: there is no toolset %q; the toolsets are %s", s.name, name, strings.Join(known, ", ")))
		}
	}
	return nil
}

// store writes the setting, and a key into the key store before that.
func (s *setting) store(name string) error {
	if s.Name == config.APIKey || s.Kind == config.Map {
		if path, ok := strings.CutPrefix(s.value, "file:"); ok {
			path, err := absolute(path)
			if err != nil {
				return usageError(s.name + ": " + err.Error())
			}
			s.value = "file:" + path
		}
	}
	if s.Name == config.APIKey && config.IsLiteral(s.value) && !s.plaintext {
		s.secret, s.value = s.value, config.InKeyStore
	}
	var before *config.Profile
	first, stored := false, false
	err := s.update(func(e *config.Editor) error {
		if before = e.Profile(name); before != nil {
			stored = before.Get(config.APIKey) == config.InKeyStore
		}
		first = e.Current == "" && len(e.Profiles) == 0
		if err := s.move(before); err != nil {
			return err
		}
		if err := s.keepKey(before); err != nil {
			return err
		}
		if err := e.Set(name, s.name, s.value); err != nil || !first {
			return err
		}
		return e.SetCurrent(name)
	})
	if err != nil {
		return err
	}
	s.tell(name, before == nil, first)
	if s.Name == config.APIKey && s.value != config.InKeyStore && stored {
		return s.dropKey(name, before.Get(config.BaseURL))
	}
	return nil
}

// move refuses to point a profile's credentials to another gateway, unless that is asked
// for.
func (s *setting) move(p *config.Profile) error {
	if s.Name != config.BaseURL || p == nil || len(p.Credentials()) == 0 || config.SameURL(p.Get(config.BaseURL), s.value) || s.keep {
		return nil
	}
	return &proxyclient.Error{Code: proxyclient.CodeUsage,
		Message: fmt.Sprintf("profile %s has credentials (%s) for %s; nothing was changed", p.Name, strings.Join(p.Credentials(), ", "), p.Get(config.BaseURL)),
		Hint:    "use --profile NAME for another gateway, or add --keep-credentials to send them to " + s.value}
}

// keepKey stores a key in the key store, bound to the profile's gateway.
func (s *setting) keepKey(p *config.Profile) error {
	moved := s.keep && p != nil && p.Get(config.APIKey) == config.InKeyStore
	switch {
	case s.value != config.InKeyStore && !moved:
		return nil
	case p == nil:
		return usageError("the profile was removed meanwhile; nothing was changed")
	}
	store, err := keystore.Open(s.Getenv)
	if err != nil {
		return usageError(err.Error())
	}
	url := p.Get(config.BaseURL)
	switch {
	case moved:
		stored, err := store.Get(config.KeyName(p.Name))
		if err != nil {
			return s.storeError(p, err)
		}
		_, s.secret, _ = config.OfStoredKey(stored)
		url = s.value
	case s.secret == "": // config set api_key keystore
		stored, err := store.Get(config.KeyName(p.Name))
		if bound, _, _ := config.OfStoredKey(stored); err == nil && !config.SameURL(bound, url) {
			err = fmt.Errorf("the one in %s is for %s", store.Place(), bound)
		}
		if err != nil {
			return s.storeError(p, err)
		}
		return nil
	case url == "":
		return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "profile " + p.Name + " has no base_url, which a stored key is bound to", Hint: "set base_url first"}
	}
	if err := store.Set(config.KeyName(p.Name), config.StoredKey(url, s.secret)); err != nil {
		return s.storeError(p, err)
	}
	if trouble := store.Trouble(); trouble != nil {
		s.note("The system's key store cannot be used: %v.", trouble)
	}
	s.note("Stored the key of profile %s in %s.", p.Name, store.Place())
	return nil
}

func (s *setting) storeError(p *config.Profile, err error) error {
	return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: fmt.Sprintf("the key of profile %s: %v", p.Name, err), Err: err,
		Hint: "use env:NAME, file:PATH or exec:COMMAND, or store it with " + program + " config set api_key"}
}

// tell says what was done, and what overrides it.
func (s *setting) tell(name string, created, first bool) {
	switch {
	case first:
		s.note("Created profile %s, which is now the current one.", name)
	case created:
		s.note("Created profile %s.", name)
	default:
		s.note("Set %s of profile %s.", s.name, name)
	}
	if s.keep {
		s.note("The credentials of profile %s are sent to %s now.", name, s.value)
	}
	variables := map[string]string{config.BaseURL: config.URLVariable, config.APIKey: config.KeyVariable, config.KeyHeader: config.KeyHeaderVariable,
		config.CAFile: config.CAFileVariable, config.ClientCert: config.ClientCertVariable, config.ClientKey: config.ClientKeyVariable}
	if variable := variables[s.Name]; variable != "" {
		s.overridden(variable, s.name)
	}
}
