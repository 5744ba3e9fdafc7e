package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/nearest"
	"litellm-proxy/internal/operation"
)

// group is what a command does that only holds others.
func (a *app) group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		if err := a.groupFlags(cmd); err != nil {
			return err
		}
		return cmd.Help()
	}
	message := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	same := append([]string{args[0]}, familyOf(args[0])...)
	if slices.ContainsFunc(same, func(verb string) bool { return a.disabled(cmd.Name() + " " + verb) }) {
		return usageError(message + readOnlyNote)
	}
	if meant := a.meant(cmd, args[0]); meant != nil {
		message += fmt.Sprintf(" (did you mean %s?)", operation.Or(meant))
	} else {
		message += "; the commands are " + commandNames(cmd)
	}
	return usageError(message)
}

// meant returns the commands of a group that an unknown word may mean: by the spelling of a
// name, or else of a further name, or else by meaning.
func (a *app) meant(group *cobra.Command, word string) (names []string) {
	if group.SuggestionsMinimumDistance <= 0 {
		group.SuggestionsMinimumDistance = 2
	}
	if near := group.SuggestionsFor(word); len(near) > 0 {
		return near
	}
	for _, c := range group.Commands() {
		if nearest.Name(word, c.Aliases, group.SuggestionsMinimumDistance) != "" {
			return []string{c.Name()}
		}
	}
	prefix := strings.TrimPrefix(strings.TrimPrefix(group.CommandPath(), program)+" ", " ")
	return a.finder().mean(word, prefix)
}

func commandNames(cmd *cobra.Command) string {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return strings.Join(names, ", ")
}

// groupFlags refuses the flags that a group without a command does not know.
func (a *app) groupFlags(cmd *cobra.Command) error {
	_, args, err := cmd.Root().Find(a.Args)
	if err != nil {
		return err
	}
	cmd.FParseErrWhitelist.UnknownFlags = false
	if err := cmd.ParseFlags(args); err != nil {
		e := operation.AsError(a.flagError(cmd, err))
		e.Hint = fmt.Sprintf("%s needs a command: %s", cmd.CommandPath(), commandNames(cmd))
		return e
	}
	return nil
}

// readOnlyNote follows the name of a command that there is without --read-only.
const readOnlyNote = " (--read-only disables commands that change something)"

// disabled tells whether there is such a command, or a group of commands, when
// --read-only is not given.
func (a *app) disabled(path string) bool {
	under := func(other string) bool { return other == path || strings.HasPrefix(other, path+" ") }
	return a.readOnly && (path == "sandbox reset" ||
		slices.ContainsFunc(a.Operations, func(op *operation.Operation) bool { return op.Effect != operation.Read && under(op.Path) }) ||
		slices.ContainsFunc(locals(), func(l local) bool { return l.writes && under(l.path) }))
}
