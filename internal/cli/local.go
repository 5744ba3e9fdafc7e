package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/secret"
)

// local is a command that is not an operation. It works with this machine's files,
// terminal or browser, so it is not a tool.
type local struct {
	path, summary string // "models import"
	// writes marks a command that --read-only removes.
	writes bool
	// bind gives the command its help, flags and action once it is known to be the one
	// that runs.
	bind func(*app, *cobra.Command)
}

// locals returns all of them. A command is declared in the file of its subject and
// listed there.
func locals() []local {
	return slices.Concat(
		loginCommands(),
		configCommands(),
		chatCommands(),
		doctorCommands(),
		mcpCommands(),
		keysCommands(),
		modelCommands(),
		sheetCommands(),
	)
}

// addLocals adds the local commands, some of them to the groups of operations.
func (a *app) addLocals(root *cobra.Command) {
	for _, l := range locals() {
		if a.readOnly && l.writes {
			continue
		}
		parent, verb := root, l.path
		if group, rest, ok := strings.Cut(l.path, " "); ok {
			parent, verb = a.groupFor(root, group), rest
		}
		bind := func(cmd *cobra.Command) {
			cmd.Flags().SortFlags = false
			l.bind(a, cmd)
		}
		if group := a.commandNamed(root, l.path); group != nil { // "chat" beside "chat completions"
			group.Short = l.summary
			a.bind[group] = bind
			continue
		}
		cmd := &cobra.Command{Use: verb, Short: l.summary, Args: noArguments}
		cmd.RunE = func(*cobra.Command, []string) error { return nil } // until it is bound
		a.bind[cmd] = bind
		parent.AddCommand(cmd)
	}
}

// noArguments refuses positional arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	path := strings.TrimPrefix(cmd.CommandPath(), program+" ")
	return usageError(fmt.Sprintf("%s takes no arguments; remove %q", path, secret.Text(args[0])))
}

// groupFor returns the command that holds a resource's commands.
func (a *app) groupFor(root *cobra.Command, name string) *cobra.Command {
	if group := a.commandNamed(root, name); group != nil {
		return group
	}
	group := newGroup(ownResource(name), name)
	group.RunE = a.group
	root.AddCommand(group)
	return group
}

// commandNamed returns the command of that name, or nil.
func (a *app) commandNamed(root *cobra.Command, name string) *cobra.Command {
	for _, c := range root.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}
