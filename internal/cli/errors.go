package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/malformed"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// listed is the exit status of --exit-code when there is something to worry about.
const listed = reported(6)

// exitStatus is the one place that decides what an error makes of the exit
// status.
func exitStatus(code proxyclient.Code) int {
	switch code {
	case proxyclient.CodeUsage:
		return 2
	case proxyclient.CodeNotFound:
		return 3
	case proxyclient.CodeUnauthorized, proxyclient.CodeForbidden:
		return 4
	case proxyclient.CodeUnreachable:
		return 5
	case proxyclient.CodeCanceled:
		return 130
	}
	return 1
}

// fail reports an error on stderr, as JSON when the answer would have been JSON,
// and returns the exit status.
func (a *app) fail(ctx context.Context, err error) int {
	if status, ok := errors.AsType[reported](err); ok {
		return int(status)
	}
	switch {
	case errors.Is(err, errReaderLeft):
		return 0
	case errors.Is(err, errInterrupted):
		return a.report(errInterrupted, interrupted)
	case ctx.Err() != nil && endedBy(err):
		return a.report(a.interruption(err), interrupted)
	case errors.Is(err, errFailed):
		return 1
	}
	e := operation.AsError(err)
	if e == nil {
		// Cobra's own: an unknown command or flag.
		e = &proxyclient.Error{Code: proxyclient.CodeUsage, Message: a.cobraWords(err.Error())}
		err = e
	}
	status := exitStatus(e.Code)
	switch {
	case ctx.Err() != nil:
		status = interrupted
	case a.op != nil && a.op.Consent.Typed && e.Status != 0:
		// The answer to a raw request: what it means is not ours to say.
		status = 1
	}
	return a.report(err, status)
}

// report writes an error, which has an [*proxyclient.Error] in its chain, to stderr and
// returns the exit status. Every error passes here, and secrets in it are masked: a key
// may stand where something else was expected.
func (a *app) report(err error, status int) int {
	e := operation.AsError(err)
	text := err.Error()
	if status == interrupted && errors.Is(err, context.Canceled) {
		text = e.Message
	}
	text, hint := a.masked(strings.TrimSuffix(a.words(text), ".")), a.masked(a.hint(e))
	if status == interrupted && isTerminal(a.Stderr) {
		fmt.Fprintln(a.Stderr) // behind the ^C
	}
	if a.jsonErrors {
		out := *e
		out.Message, out.Hint = text, hint
		fmt.Fprintf(a.Stderr, "%s\n", operation.Encode(map[string]any{"error": &out}))
		return status
	}
	a.noteError(text)
	if hint != "" {
		a.note("hint: %s", hint)
	}
	return status
}

// masked masks secrets in a text, and the caller's own key.
func (a *app) masked(text string) string {
	own := []string{a.Getenv(config.KeyVariable), a.key, a.typed}
	if !strings.HasPrefix(a.flags.APIKey, "@") {
		own = append(own, a.flags.APIKey)
	}
	own = slices.DeleteFunc(own, malformed.IsPlaceholder)
	text, _ = secret.Redactor{Own: own}.Text(context.Background(), text)
	return text
}

// cobraWords puts an error of Cobra's on one line.
func (a *app) cobraWords(text string) string {
	if rest, ok := strings.CutPrefix(text, "unknown command "); ok {
		quoted, _ := strconv.QuotedPrefix(rest)
		name, _ := strconv.Unquote(quoted)
		line, _, _ := strings.Cut(text, "\n")
		switch where := elsewhere(name); {
		case a.disabled(name):
			return line + readOnlyNote
		case where != "":
			return line + ": " + where
		}
	}
	text = strings.ReplaceAll(text, "\n\nDid you mean this?\n\t", " (did you mean ")
	if before, after, ok := strings.Cut(text, " (did you mean "); ok {
		return before + " (did you mean " + operation.Or(strings.Fields(after)) + "?)"
	}
	line, _, _ := strings.Cut(text, "\n")
	if rest, ok := strings.CutPrefix(line, "unknown command "); ok {
		quoted, _ := strconv.QuotedPrefix(rest)
		name, _ := strconv.Unquote(quoted)
		if meant := a.finder().mean(name, ""); meant != nil {
			return line + " (did you mean " + operation.Or(meant) + "?)"
		}
	}
	return line
}

// elsewhere says where a command of the Python CLI is that has another name here, or none.
func elsewhere(name string) string {
	switch name {
	case "debug":
		return "the requests of a session are in " + program + " spend session <session-id>"
	case "claude", "codex", "opencode", "pi", "up", "down", "autoroute", "configure", "reconfigure", "unconfigure":
		return "coding agents are started and set up by LiteLLM's Python CLI (lite " + name + ")"
	}
	return ""
}

// words replaces {key_alias} by what the user writes for it: --key-alias, or
// <model-id> for a positional argument; and {op:keys list} by the command. What follows a
// slash is a part of a path.
func (a *app) words(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	text = operation.Mentions(text, func(path string) (string, bool) { return path, true })
	old := []string{"/{", "/{"}
	if a.op != nil {
		for _, f := range a.op.Fields() {
			old = append(old, "{"+f.Name+"}", written(f), "{"+f.Property+"}", written(f))
		}
	}
	old = append(old,
		"{base_url}", a.setWith(config.BaseURL, config.URLVariable, a.flags.BaseURL),
		"{login}", program+" login",
		"{api_key}", a.setWith(config.APIKey, config.KeyVariable, a.flags.APIKey),
		"{ca_file}", a.setWith(config.CAFile, config.CAFileVariable, a.flags.CAFile),
		"{client_cert}", a.setWith(config.ClientCert, config.ClientCertVariable, a.flags.ClientCert),
		"{client_key}", a.setWith(config.ClientKey, config.ClientKeyVariable, a.flags.ClientKey),
		"{key_header}", a.setWith(config.KeyHeader, config.KeyHeaderVariable, a.flags.KeyHeader),
		"{extra_header}", "--extra-header or "+config.HeadersVariable,
		"{timeout}", "--timeout")
	return strings.NewReplacer(old...).Replace(text)
}

// setWith names what sets a setting: the profile that it is from, or else its flag and
// variable.
func (a *app) setWith(setting, variable, flag string) string {
	if flag == "" && a.set.Setting(setting) != "" && strings.TrimSpace(a.Getenv(variable)) == "" {
		return setting + " of " + a.set.Source()
	}
	return "--" + strings.ReplaceAll(setting, "_", "-") + " or " + variable
}

// written is how a field stands on the command line.
func written(f operation.Field) string {
	if f.Arg > 0 {
		return "<" + f.Flag + ">"
	}
	if f.Name == extraField {
		return "--set"
	}
	return "--" + f.Flag
}

// hint is the next step, for somebody at a command line.
func (a *app) hint(e *proxyclient.Error) string {
	if e.Hint == "give a key with {api_key}" {
		return "sign in with " + program + " login, or give a key with --api-key or " + config.KeyVariable
	}
	if e.Hint != "" {
		return strings.TrimSuffix(a.words(e.Hint), ".")
	}
	switch e.Code {
	case proxyclient.CodeUsage:
		if a.op != nil && strings.HasSuffix(e.Message, " is required") {
			return fmt.Sprintf("for example: %s %s", program, a.op.Examples[0])
		}
		if a.op != nil {
			return fmt.Sprintf("see %s %s --help", program, a.op.Path)
		}
	case proxyclient.CodeUnauthorized:
		if s := a.set.Settings; s.Profile != nil && strings.HasPrefix(s.APIKeySource, s.Source()) {
			return fmt.Sprintf("give the profile another key: %s config set api_key --profile %s", program, s.Profile.Name)
		}
		return "give a key with --api-key or " + config.KeyVariable
	case proxyclient.CodeForbidden:
		return program + " status shows what your key may do"
	case proxyclient.CodeUnreachable:
		return "check that the gateway is running; to use another, set --base-url or " + config.URLVariable
	case proxyclient.CodeNotFound:
		if a.op == nil {
			return ""
		}
		if list := a.Operations.Finder(a.op); list != nil {
			return fmt.Sprintf("to see what exists, run %s %s --columns %s", program, list.Path, strings.Join(list.Identifiers(), ","))
		}
	}
	return ""
}

// tooMany is the error for a positional argument without a place. It names the flag that
// takes such a text: an email address, or else an alias.
func (c *call) tooMany(places int, arg string) error {
	text := c.op.Path + " takes no positional arguments"
	if places > 0 {
		text = c.op.Path + " takes at most " + operation.Counted(places, "positional argument")
	}
	shown := secret.Text(arg)
	for _, f := range c.op.Fields() {
		list := f.Kind == operation.KindStrings && strings.HasSuffix(f.Flag, "aliases")
		single := f.Kind == operation.KindString && strings.HasSuffix(f.Flag, "alias")
		if fits := strings.Contains(arg, "@") && strings.HasPrefix(f.Flag, "email") || places == 0 && (list || single); fits && shown == arg {
			return usageError(text + "; use --" + f.Flag + " " + shellLine([]string{arg}))
		}
	}
	name, value, pair := strings.Cut(shown, "=")
	for _, f := range c.op.Fields() {
		if pair && shown == arg && slices.Contains([]string{f.Flag, f.Property, f.Name}, name) {
			return usageError(text + "; use --" + f.Flag + " " + shellLine([]string{value}))
		}
	}
	return usageError(fmt.Sprintf("%s; remove %q", text, shown))
}
