package doctor

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/keystore"
	"litellm-proxy/internal/malformed"
	"litellm-proxy/internal/nearest"
	"litellm-proxy/proxyclient"
)

// server checks one entry: a finding for each fault, or one that it is good.
func (e *exam) server(c client, path string, mode fs.FileMode, where string, s server) []Finding {
	where = fmt.Sprintf("%s, server %q", where, s.name)
	var all []Finding
	add := func(f []Finding) { all = append(all, f...) }
	if s.command != "" {
		add(e.command(where, s))
	}
	add(e.filledIn(c, where, s))
	add(e.plainKey(c, path, mode, where, s))
	if s.command != "" && isProgram(s.command) {
		add(e.arguments(c, where, s))
		add(unread(where, s))
	}
	if len(all) > 0 {
		return all
	}
	switch gateway := s.gateway(); {
	case s.command == "" && s.url != "":
		return good("%s: reached at %s", where, s.url)
	case gateway != "":
		return good("%s: uses %s", where, gateway)
	case s.flag("--profile") != "":
		return good("%s: uses the profile %s", where, s.flag("--profile"))
	}
	return good("%s: starts", where)
}

// command checks that the program of an entry is there.
func (e *exam) command(where string, s server) []Finding {
	isPath := strings.ContainsAny(s.command, `/\`)
	_, err := exec.LookPath(s.command)
	switch {
	case strings.HasPrefix(s.command, "~"):
		return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the command %s starts with ~, which clients do not replace", where, s.command), "write the whole path, such as "+e.Program)
	case err != nil && s.isLine():
		return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the command %q contains arguments", where, s.command), `write the program alone as the command, and each argument in "args"`)
	case isPath && !filepath.IsAbs(s.command) && !strings.HasPrefix(s.command, "/"):
		return nil // relative to where the client runs, which is not known
	}
	if err == nil {
		return nil
	}
	if isPath {
		return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the command %s does not exist or cannot be run", where, s.command), e.useThis())
	}
	return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the command %s is not on PATH", where, s.command), e.useThis())
}

// useThis is the advice to name the program that is running.
func (e *exam) useThis() string {
	if e.Program == "" || strings.Contains(e.Program, "go-build") { // go run deletes it
		return "install the program, and write its whole path as the command"
	}
	return "write the whole path: " + e.Program
}

// arguments checks what the entry tells this program.
func (e *exam) arguments(c client, where string, s server) (all []Finding) {
	if !slices.Contains(s.args, "mcp") {
		all = append(all, fail(proxyclient.CodeLocal, where+": the arguments lack mcp, so no server starts", `add "mcp" to the arguments`)...)
	}
	gateway, profile := s.gateway(), cmp.Or(s.flag("--profile"), s.env[config.ProfileVariable])
	switch {
	case slices.Contains(s.args, "--sandbox") || gateway == config.SandboxURL:
		all = append(all, warn(where+": uses the built-in sandbox, not your gateway", "remove --sandbox and set "+config.URLVariable+", if you want your gateway")...)
	case profile != "" && e.File != nil && e.File.Profile(profile) == nil && s.env[config.FileVariable] == "":
		all = append(all, fail(proxyclient.CodeLocal, fmt.Sprintf("%s: there is no profile %q", where, profile), "correct the profile; config list shows those that exist")...)
	case gateway == "" && profile == "" && c.desktop && (e.File == nil || e.File.Current == ""):
		all = append(all, warn(fmt.Sprintf("%s: names no gateway, and %s has none of your shell's variables", where, c.name), "add "+config.URLVariable+" to the entry's env, or --profile to its arguments; without either, "+config.DefaultURL+" is used")...)
	}
	return all
}

// variables are what this program reads of the environment.
var variables = []string{
	config.URLVariable, config.KeyVariable, config.KeyHeaderVariable, config.CAFileVariable, config.ClientCertVariable, config.ClientKeyVariable,
	config.HeadersVariable, config.ProfileVariable, config.FileVariable, config.SandboxVariable, keystore.Variable,
}

// unread reports variables of an entry that this program does not read.
func unread(where string, s server) (all []Finding) {
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		if strings.HasPrefix(name, "LITELLM_PROXY_") && !slices.Contains(variables, name) {
			near := nearest.Name(name, variables, math.MaxInt)
			all = append(all, warn(fmt.Sprintf("%s: %s does not read the variable %s", where, program, name), "correct the name: "+near+" is the nearest, or remove the variable")...)
		}
	}
	return all
}

// filledIn checks that no placeholder is left in an entry, other than what the client
// replaces itself.
func (e *exam) filledIn(c client, where string, s server) (all []Finding) {
	values := maps.Clone(s.env)
	for _, flag := range []string{"--base-url", "--api-key"} {
		if value := s.flag(flag); value != "" && !strings.HasPrefix(value, "@") {
			values[flag] = value
		}
	}
	if s.url != "" {
		values["url"] = s.url
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value, unset := e.expanded(c, values[name])
		switch part := malformed.Placeholder(value); {
		case part != "":
			all = append(all, fail(proxyclient.CodeLocal, fmt.Sprintf("%s: %s still contains the placeholder %s", where, name, part), "write the value; "+c.name+" does not replace it")...)
		case unset != "" && !c.desktop:
			all = append(all, warn(fmt.Sprintf("%s: %s needs the variable %s, which is not set here", where, name, unset), "set "+unset+" where "+c.name+" is started")...)
		case malformed.Quoted(value):
			all = append(all, fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the value of %s contains quotation marks", where, name), "write the value without them")...)
		}
	}
	return all
}

// expanded is a value without what the client replaces, and the first variable in it
// that is not set.
func (e *exam) expanded(c client, value string) (rest, unset string) {
	if c.expands == nil {
		return value, ""
	}
	for _, m := range c.expands.FindAllStringSubmatch(value, -1) {
		if c.name == "Claude Code" && m[2] != "" {
			continue // it has a default
		}
		for _, name := range m[1:] {
			if name != "" && unset == "" && e.Getenv(name) == "" {
				unset = name
			}
		}
	}
	return c.expands.ReplaceAllString(value, ""), unset
}

// plainKey reports a key in a file that others can read, or that belongs to a project,
// whose files are shared.
func (e *exam) plainKey(c client, path string, mode fs.FileMode, where string, s server) []Finding {
	holds := slices.ContainsFunc(append(slices.Collect(maps.Values(s.env)), s.args...), func(value string) bool {
		value, _ = e.expanded(c, value)
		return strings.Contains(value, "sk-") && malformed.Placeholder(value) == ""
	})
	switch {
	case !holds:
		return nil
	case e.inProject(c, path) && c.expands != nil:
		return warn(where+": a key in plain text in a file of the project", "do not commit it: use a reference to a variable instead, as "+c.name+" documents")
	case e.system != "windows" && mode.Perm()&0o077 != 0:
		return warn(fmt.Sprintf("%s: a key in plain text in a file that other users can read (mode %04o)", where, mode.Perm()), "run: chmod 600 "+path)
	}
	return nil
}

// inProject reports whether a file is one of the working directory.
func (e *exam) inProject(c client, path string) bool {
	return e.Dir != "" && e.Dir != e.home() && slices.ContainsFunc(c.project, func(file string) bool {
		return path == filepath.Join(e.Dir, filepath.FromSlash(file))
	})
}
