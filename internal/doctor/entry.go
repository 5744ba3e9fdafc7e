package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/keystore"
	"litellm-proxy/internal/malformed"
	"litellm-proxy/internal/mcpclients"
	"litellm-proxy/internal/nearest"
	"litellm-proxy/proxyclient"
)

// server checks one entry: a finding for each fault, or one that it is good.
func (e *exam) server(s clientEntry) []Finding {
	all := e.faults(s)
	if len(all) > 0 {
		return all
	}
	switch gateway := gatewayOf(s); {
	case s.Command == "" && s.URL != "":
		return good("%s: reached at %s", s.where, s.URL)
	case gateway != "":
		return good("%s: uses %s", s.where, gateway)
	case s.Flag("--profile") != "":
		return good("%s: uses the profile %s", s.where, s.Flag("--profile"))
	}
	return good("%s: starts", s.where)
}

// faults are what is wrong with an entry as it stands.
func (e *exam) faults(s clientEntry) (all []Finding) {
	if s.Command != "" {
		all = append(all, e.command(s)...)
	}
	all = append(all, e.filledIn(s)...)
	all = append(all, e.plainKey(s)...)
	if s.Command != "" && mcpclients.IsProgram(s.Command) {
		all = append(all, e.arguments(s)...)
		all = append(all, unread(s)...)
	}
	return all
}

// gatewayOf is the address that an entry names, or "".
func gatewayOf(s clientEntry) string {
	return cmp.Or(s.Flag("--base-url"), s.Env[config.URLVariable])
}

// command checks that the program of an entry is there.
func (e *exam) command(s clientEntry) []Finding {
	isPath := strings.ContainsAny(s.Command, `/\`)
	_, err := exec.LookPath(s.Command)
	switch {
	case strings.HasPrefix(s.Command, "~"):
		return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the command %s starts with ~, which clients do not replace", s.where, s.Command), "write the whole path, such as "+e.Program)
	case err != nil && s.IsLine():
		return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the command %q contains arguments", s.where, s.Command), `write the program alone as the command, and each argument in "args"`)
	case isPath && !filepath.IsAbs(s.Command) && !strings.HasPrefix(s.Command, "/"):
		return nil // relative to where the client runs, which is not known
	}
	if err == nil {
		return nil
	}
	if isPath {
		return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the command %s does not exist or cannot be run", s.where, s.Command), e.useThis())
	}
	return fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the command %s is not on PATH", s.where, s.Command), e.useThis())
}

// useThis is the advice to name the program that is running.
func (e *exam) useThis() string {
	if e.Program == "" || strings.Contains(e.Program, "go-build") { // go run deletes it
		return "install the program, and write its whole path as the command"
	}
	return "write the whole path: " + e.Program
}

// arguments checks what the entry tells this program.
func (e *exam) arguments(s clientEntry) (all []Finding) {
	if !slices.Contains(s.Args, "mcp") {
		all = append(all, fail(proxyclient.CodeLocal, s.where+": the arguments lack mcp, so no server starts", `add "mcp" to the arguments`)...)
	}
	gateway, profile := gatewayOf(s), cmp.Or(s.Flag("--profile"), s.Env[config.ProfileVariable])
	switch {
	case slices.Contains(s.Args, "--sandbox") || gateway == config.SandboxURL:
		all = append(all, warn(s.where+": uses the built-in sandbox, not your gateway", "remove --sandbox and set "+config.URLVariable+", if you want your gateway")...)
	case profile != "" && e.File != nil && e.File.Profile(profile) == nil && s.Env[config.FileVariable] == "":
		all = append(all, fail(proxyclient.CodeLocal, fmt.Sprintf("%s: there is no profile %q", s.where, profile), "correct the profile; config list shows those that exist")...)
	case gateway == "" && profile == "" && s.client.Desktop && (e.File == nil || e.File.Current == ""):
		all = append(all, warn(fmt.Sprintf("%s: names no gateway, and %s has none of your shell's variables", s.where, s.client.Name), "add "+config.URLVariable+" to the entry's env, or --profile to its arguments; without either, "+config.DefaultURL+" is used")...)
	}
	return all
}

// variables are what this program reads of the environment.
var variables = []string{
	config.URLVariable, config.KeyVariable, config.KeyHeaderVariable, config.CAFileVariable, config.ClientCertVariable, config.ClientKeyVariable,
	config.HeadersVariable, config.ProfileVariable, config.FileVariable, config.SandboxVariable, keystore.Variable,
}

// unread reports variables of an entry that this program does not read.
func unread(s clientEntry) (all []Finding) {
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		if strings.HasPrefix(name, "LITELLM_PROXY_") && !slices.Contains(variables, name) {
			near := nearest.Name(name, variables, math.MaxInt)
			all = append(all, warn(fmt.Sprintf("%s: %s does not read the variable %s", s.where, program, name), "correct the name: "+near+" is the nearest, or remove the variable")...)
		}
	}
	return all
}

// filledIn checks that no placeholder is left in an entry, other than what the client
// replaces itself.
func (e *exam) filledIn(s clientEntry) (all []Finding) {
	values := maps.Clone(s.Env)
	for _, flag := range []string{"--base-url", "--api-key"} {
		if value := s.Flag(flag); value != "" && !strings.HasPrefix(value, "@") {
			values[flag] = value
		}
	}
	if s.URL != "" {
		values["url"] = s.URL
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value, _, _ := s.client.Expand(values[name], func(string) string { return "" })
		_, unset, _ := s.client.Expand(values[name], e.Getenv)
		part, quoted := malformed.Placeholder(value), malformed.Quoted(value)
		if name == config.KeyVariable || name == "--api-key" { // a key may have any characters
			part, quoted = keyPart(value, part), malformed.Quoted(value) && malformed.Key(value) != nil
		}
		switch {
		case part != "":
			all = append(all, fail(proxyclient.CodeLocal, fmt.Sprintf("%s: %s still contains the placeholder %s", s.where, name, part), "write the value; "+s.client.Name+" does not replace it")...)
		case unset != "" && !s.client.Desktop:
			all = append(all, warn(fmt.Sprintf("%s: %s needs the variable %s, which is not set here", s.where, name, unset), "set "+unset+" where "+s.client.Name+" is started")...)
		case quoted:
			all = append(all, fail(proxyclient.CodeLocal, fmt.Sprintf("%s: the value of %s contains quotation marks", s.where, name), "write the value without them")...)
		}
	}
	return all
}

// keyPart is the part of a key that still has to be filled in, or "": one that no key has, or
// that of an example.
func keyPart(key, part string) string {
	lower := strings.ToLower(part)
	example := slices.ContainsFunc([]string{"your", "change", "...", "…"}, func(start string) bool { return strings.HasPrefix(lower, start) })
	switch {
	case part == "" || malformed.Key(key) == nil && !example:
		return ""
	case example || malformed.IsPlaceholder(part):
		return part
	}
	return "****"
}

// plainKey reports a key in a file that others can read, or that belongs to a project,
// whose files are shared.
func (e *exam) plainKey(s clientEntry) []Finding {
	values := append(slices.Collect(maps.Values(s.Env)), s.Args...)
	holds := slices.ContainsFunc(values, func(value string) bool {
		value, _, _ = s.client.Expand(value, func(string) string { return "" })
		return strings.Contains(value, "sk-") && malformed.Placeholder(value) == ""
	}) || slices.ContainsFunc(s.client.Secrets(s.Entry), func(value string) bool {
		return malformed.Key(value) == nil && keyPart(value, malformed.Placeholder(value)) == ""
	})
	switch {
	case !holds:
		return nil
	case s.scope == mcpclients.Project && e.Dir != e.home() && s.client.Refers():
		return warn(s.where+": a key in plain text in a file of the project", "do not commit it: use a reference to a variable instead, as "+s.client.Name+" documents")
	case e.system != "windows" && s.mode.Perm()&0o077 != 0:
		return warn(fmt.Sprintf("%s: a key in plain text in a file that other users can read (mode %04o)", s.where, s.mode.Perm()), "run: chmod 600 "+s.path)
	}
	return nil
}
