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
		Short:              ownResource("help").Summary,
		Long:               "Show the help of a command or topic: " + program + " help keys list.",
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true}, // those of the command
		ValidArgsFunction:  topics,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				if t := topicNamed(args[0]); t != nil {
					return a.showTopic(cmd.Root(), t, args[1:])
				}
			}
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

// showTopic writes a page that is not about one command.
func (a *app) showTopic(root *cobra.Command, t *topic, args []string) error {
	var b strings.Builder
	if err := t.write(a, &b, root, args); err != nil {
		return err
	}
	_, _ = io.WriteString(&a.help, b.String())
	return nil
}

// topics completes the arguments of help.
func topics(cmd *cobra.Command, args []string, begun string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
	topic, _, err := cmd.Root().Find(args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if topic == cmd.Root() {
		for _, t := range helpTopics() {
			if strings.HasPrefix(t.name, begun) {
				names = append(names, cobra.CompletionWithDesc(t.name, t.summary))
			}
		}
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
