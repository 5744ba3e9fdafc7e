package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/mcpclients"
	"litellm-proxy/proxyclient"
)

// entry is what the client's file gets: the command, its arguments, and the variables that say
// which gateway and key are used.
func (s *setup) entry() (e mcpclients.Entry, err error) {
	if err := s.check(); err != nil {
		return e, err
	}
	e = mcpclients.Entry{Name: s.name, Args: []string{"mcp"}, Env: map[string]string{}}
	if e.Command, err = s.program(); err != nil {
		return e, err
	}
	in, err := s.choice()
	if err != nil {
		return e, err
	}
	for _, note := range in.Notes {
		s.tell("%s", note)
	}
	switch {
	case in.Profile != nil:
		e.Args = append(e.Args, "--profile", in.Profile.Name)
		if file := s.Getenv(config.FileVariable); file != "" {
			e.Env[config.FileVariable] = wholePath(file)
		}
	case in.Sandbox():
		e.Args = append(e.Args, "--sandbox")
	default:
		keyless := in
		keyless.APIKey = ""
		client, err := s.clientFor(keyless)
		if err != nil {
			return e, err
		}
		e.Env[config.URLVariable] = client.BaseURL()
		if in.BaseURLSource == "the default" {
			s.tell("No gateway is set; the entry uses %s.", client.BaseURL())
		}
	}
	if err := s.passOn(&e); err != nil {
		return e, err
	}
	if err := s.literal(e); err != nil || in.Sandbox() {
		return e, err
	}
	return e, s.key(&e, in)
}

// literal refuses values in which the client would replace a part.
func (s *setup) literal(e mcpclients.Entry) error {
	changes := func(value string) bool {
		expanded, unset, asks := s.client.Expand(value, s.Getenv)
		return expanded != value || unset != "" || asks
	}
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		if changes(e.Env[name]) {
			return usageError(fmt.Sprintf("%s would replace a part of %s, because it looks like a reference to a variable; nothing was written", s.client.Name, name))
		}
	}
	for i, arg := range e.Args {
		if changes(arg) {
			return usageError(fmt.Sprintf("%s would replace a part of the value of %s, because it looks like a reference to a variable; nothing was written", s.client.Name, e.Args[max(0, i-1)]))
		}
	}
	return nil
}

// passOn adds the flags for the server, and the settings of the connection.
func (s *setup) passOn(e *mcpclients.Entry) error {
	if s.readOnly {
		e.Args = append(e.Args, "--read-only")
	}
	s.passed.VisitAll(func(f *pflag.Flag) {
		if !f.Changed {
			return
		}
		value := f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		switch dir, isDir := strings.CutPrefix(value, "file:"); {
		case f.Name == "audit-log" || f.Name == "secret-dir":
			value = wholePath(value)
		case f.Name == "secrets" && isDir:
			value = "file:" + wholePath(dir)
		case f.Name == "secret-env":
			s.client.PassOn(e, s.server.o.SecretEnv)
		}
		if f.Value.Type() == "bool" {
			e.Args = append(e.Args, "--"+f.Name+"="+value)
			return
		}
		e.Args = append(e.Args, "--"+f.Name, value)
	})
	return s.connection(e)
}

// connection puts into the entry how its gateway is reached.
func (s *setup) connection(e *mcpclients.Entry) error {
	given := s.app.flags.Flags
	if given.Timeout != "" {
		e.Args = append(e.Args, "--timeout", given.Timeout)
	}
	for _, setting := range []struct {
		given, variable string
		file            bool
	}{
		{given.CAFile, config.CAFileVariable, true},
		{given.ClientCert, config.ClientCertVariable, true},
		{given.ClientKey, config.ClientKeyVariable, true},
		{given.KeyHeader, config.KeyHeaderVariable, false},
	} {
		value := setting.given
		if value == "" {
			value = s.Getenv(setting.variable)
		}
		if value != "" && setting.file {
			value = wholePath(value)
		}
		if value != "" {
			e.Env[setting.variable] = value
		}
	}
	if len(given.Headers) > 0 || s.Getenv(config.HeadersVariable) != "" {
		return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "extra headers may be secrets and are not written to the file of " + s.client.Name,
			Hint: "store them in a profile: " + program + " config set headers.NAME --profile PROFILE; then install with --profile PROFILE"}
	}
	return nil
}

// wholePath is a path that means the same wherever the client runs.
func wholePath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// key decides how the server gets its key, and adds what the entry needs for that.
func (s *setup) key(e *mcpclients.Entry, in config.Settings) error {
	project := mcpclients.Scope(s.scope) == mcpclients.Project
	switch {
	case s.keyInFile && in.APIKey == "":
		return usageError("--key-in-file needs a key: set --api-key or " + config.KeyVariable)
	case s.keyInFile && project && !s.force:
		return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "a key in a project's file is seen by everybody who has the project; nothing was written", Hint: "drop --key-in-file, or write it anyway with --force"}
	case s.keyInFile:
		// Checked as the server would: a placeholder is no key.
		if _, err := s.clientFor(in); err != nil {
			return err
		}
		e.Env[config.KeyVariable] = in.APIKey
		return s.literal(*e)
	case in.Profile != nil && in.Profile.Get(config.APIKey) != "":
		return nil
	case in.APIKey == "" && s.session(in):
		return nil
	case s.client.Prompts():
		s.client.Refer(e, config.KeyVariable)
		return nil
	case in.APIKey == "":
		s.tell("The entry has no key: sign in with %s login, or set %s and install again.", program, config.KeyVariable)
		return nil
	case in.APIKeySource != config.KeyVariable:
		return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "the key from --api-key is not written to the file of " + s.client.Name, Hint: s.advice()}
	case s.client.Refer(e, config.KeyVariable):
		s.tell("The entry takes the key from %s, which must be set where %s is started.", config.KeyVariable, s.client.Name)
		return nil
	case s.session(in):
		s.tell("%s does not get %s; it uses the session of %s login.", s.client.Name, config.KeyVariable, program)
		return nil
	default:
		return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: fmt.Sprintf("%s has no variables of your shell, and the key is not written to its file", s.client.Name), Hint: s.advice()}
	}
}

// advice is how a key gets to a client without standing in its file.
func (s *setup) advice() string {
	return fmt.Sprintf("sign in with %[1]s login, or store the key in a profile (%[1]s config set api_key --profile NAME) and install with --profile NAME; --key-in-file writes it in plain text", program)
}

// session reports whether somebody has signed in to the gateway.
func (s *setup) session(in config.Settings) bool {
	client, err := s.clientFor(in)
	return err == nil && s.signedIn(client)
}
