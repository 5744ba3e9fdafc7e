package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// flagWords are the names, or parts of names, of the flags here for those of other programs
// and of everyday language. One that a command has is meant.
var flagWords = map[string][]string{
	"budget":      {"max-budget", "budget-id"},
	"cost":        {"max-budget"},
	"customer":    {"end-user"},
	"end-user":    {"customer"},
	"expires-in":  {"duration"},
	"expiry":      {"expires", "duration"},
	"fields":      {"columns"},
	"filter":      {"search"},
	"force":       {"yes"},
	"from":        {"start-date", "start"},
	"gateway":     {"base-url"},
	"host":        {"base-url"},
	"interactive": {"yes"},
	"json":        {"format json"},
	"limit":       {"page-size", "max-budget"},
	"mail":        {"email", "user-email"},
	"name":        {"name", "alias"},
	"no-confirm":  {"yes"},
	"no-headers":  {"no-header"},
	"order":       {"sort-order"},
	"output":      {"format"},
	"per-page":    {"page-size"},
	"quota":       {"max-budget"},
	"server":      {"base-url"},
	"since":       {"start-date", "start", "period"},
	"sort":        {"sort-by"},
	"to":          {"end-date", "end"},
	"ttl":         {"duration"},
	"until":       {"end-date", "end"},
	"url":         {"base-url"},
	"verbose":     {"debug"},
	"yaml":        {"format yaml"},
	"csv":         {"format csv"},
}

// flagError words Cobra's errors about flags, and for one that there is not
// names the nearest.
func (a *app) flagError(cmd *cobra.Command, err error) error {
	if proxyclient.CodeOf(err) == proxyclient.CodeCanceled {
		return err
	}
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		if name == "config-claude" {
			return usageError(text + ": coding agents are set up by LiteLLM's Python CLI (lite login --config-claude)")
		}
		if a.op != nil {
			if why := a.op.Refusal(strings.ReplaceAll(name, "-", "_")); why != "" {
				return usageError(fmt.Sprintf("%s takes no --%s: %s", a.op.Path, name, why))
			}
		}
		return usageError(a.unknownFlag(cmd, name))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: "); ok {
		if _, short, is := strings.Cut(name, " in -"); is {
			name = "-" + short
		}
		return usageError(name + " needs a value")
	}
	if letter, rest, ok := strings.Cut(strings.TrimPrefix(text, "unknown shorthand flag: "), " in "); ok && strings.HasPrefix(letter, "'") {
		return usageError(fmt.Sprintf("unknown flag -%s in %q for %q", strings.Trim(letter, "'"), rest, strings.TrimPrefix(cmd.CommandPath(), program+" ")))
	}
	// invalid argument "x" for "-m, --message" flag: why
	if rest, ok := strings.CutPrefix(text, "invalid argument "); ok {
		if _, rest, ok = strings.Cut(rest, ` for "`); ok {
			if flag, why, ok := strings.Cut(rest, `" flag: `); ok {
				if value, ok := strings.CutPrefix(why, "strconv.ParseBool: parsing "); ok {
					why = strings.TrimSuffix(value, ": invalid syntax") + " is not true or false"
				}
				if value, ok := strings.CutPrefix(why, "strconv.ParseInt: parsing "); ok {
					quoted, _ := strconv.QuotedPrefix(value)
					why = quoted + " is not a whole number"
				}
				text = flag + ": " + why
			}
		}
	}
	return usageError(text)
}

// unknownFlag words the error for a flag that a command does not have, with the one that is
// probably meant.
func (a *app) unknownFlag(cmd *cobra.Command, name string) string {
	text := "unknown flag --" + name
	if path := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), program), " "); path != "" {
		text += fmt.Sprintf(" for %q", path)
	}
	if others := a.takers(name); len(others) > 0 && !slices.ContainsFunc(strings.Split(name, "-"), a.isFlagOf(cmd)) {
		return text + "; it is a flag of " + strings.Join(others, ", ")
	}
	if best := a.meantFlag(cmd, name); best != "" {
		text += "; did you mean " + best + "?"
	}
	return text
}

// isFlagOf returns whether a word is a flag of the command, or one for another word.
func (a *app) isFlagOf(cmd *cobra.Command) func(string) bool {
	return func(word string) bool {
		return flagWords[word] != nil || cmd.Flags().Lookup(word) != nil
	}
}

// takers are the commands of the same resource that have a flag, at most three.
func (a *app) takers(flag string) (paths []string) {
	if a.op == nil {
		return nil
	}
	for _, op := range a.Operations {
		if op.Resource() == a.op.Resource() && slices.ContainsFunc(op.Fields(), func(f operation.Field) bool { return f.Flag == flag }) && len(paths) < 3 {
			paths = append(paths, op.Path)
		}
	}
	return paths
}

// meantFlag returns the flag or the argument that was probably meant, or "": by meaning, by
// a begun name, as a part of a name, or by spelling.
func (a *app) meantFlag(cmd *cobra.Command, name string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	var meant []string
	for _, word := range flagWords[name] {
		word, value, _ := strings.Cut(word, " ")
		best := strings.TrimSuffix(a.withWord(names, word)+" "+value, " ")
		if a.withWord(names, word) != "" && !slices.Contains(meant, best) {
			meant = append(meant, best)
		}
	}
	if len(meant) > 0 {
		return operation.Or(meant)
	}
	if i := slices.IndexFunc(names, func(flag string) bool { return strings.HasPrefix(flag, name) }); i >= 0 {
		return "--" + names[i]
	}
	if best := a.withWord(names, name); best != "" {
		return best
	}
	if best := nearest.Name(name, names, nearest.Limit(name)); best != "" {
		return "--" + best
	}
	return ""
}

// argumentNamed returns the positional argument that a word means, or "".
func (a *app) argumentNamed(word string) string {
	if a.op == nil {
		return ""
	}
	for _, f := range a.op.Fields() {
		if f.Arg > 0 && (f.Flag == word || strings.HasSuffix(f.Flag, "-"+word)) {
			return fmt.Sprintf("the argument <%s>", f.Flag)
		}
	}
	return ""
}

// withWord returns the argument or the shortest flag that has a word as its name or as a
// part of it, at its end rather than before it; or "".
func (a *app) withWord(names []string, word string) string {
	if argument := a.argumentNamed(word); argument != "" {
		return argument
	}
	score := func(flag string) int {
		switch {
		case flag == word:
			return 1
		case strings.HasSuffix(flag, "-"+word):
			return 100 + len(flag)
		case strings.Contains("-"+flag+"-", "-"+word+"-"):
			return 200 + len(flag)
		}
		return 0
	}
	best := ""
	for _, flag := range names {
		if n := score(flag); n > 0 && (best == "" || n < score(best)) {
			best = flag
		}
	}
	if best == "" {
		return ""
	}
	return "--" + best
}
