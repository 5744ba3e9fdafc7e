package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// helpCommand is "help": the help of the command that its arguments name.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "help [command]",
		Short:              "Show the help of a command",
		Long:               "Show the help of a command: " + program + " help keys list.",
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true}, // those of the command
		ValidArgsFunction:  topics,
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, rest, err := cmd.Root().Find(args)
			switch {
			case err != nil:
				return err
			case len(rest) > 0 && topic.HasSubCommands():
				return a.group(topic, rest)
			case len(rest) > 0:
				return usageError(fmt.Sprintf("unknown command %q for %q", rest[0], topic.CommandPath()))
			}
			topic.InitDefaultHelpFlag()
			topic.InitDefaultVersionFlag()
			return topic.Help()
		},
	}
}

// topics completes the arguments of help.
func topics(cmd *cobra.Command, args []string, begun string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
	topic, _, err := cmd.Root().Find(args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, c := range topic.Commands() {
		if c.IsAvailableCommand() && strings.HasPrefix(c.Name(), begun) {
			names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// helpWriter is where Cobra writes help, the version and completions. Cobra loses or
// rewords the error of a write, so that is kept here.
type helpWriter struct {
	w   io.Writer
	err error // the first
}

// Write implements [io.Writer]. It never fails.
func (h *helpWriter) Write(p []byte) (int, error) {
	if h.err == nil {
		_, h.err = h.w.Write(p)
	}
	return len(p), nil
}
