package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"litellm-proxy/internal/operation"
)

// pageWidth is the width of help in columns.
const pageWidth = 100

func init() {
	cobra.EnableCommandSorting = false // help sorts by use; see arrange
}

// newGroup makes the command that holds a resource's commands.
func newGroup(r *operation.Resource, name string) *cobra.Command {
	cmd := &cobra.Command{Use: name}
	if r != nil {
		cmd.Short, cmd.Long = r.Summary, r.Summary+"."
		if r.Help != "" {
			cmd.Long += " " + r.Help
		}
	}
	return cmd
}

// ownResources describes the commands of the program that are no resource of the gateway.
var ownResources = []operation.Resource{
	{Name: "login"},
	{Name: "logout"},
	{Name: "auth", Summary: "Print the token of your session", Help: "For scripts that call the gateway themselves."},
	{Name: "config", Also: []string{"profile"}, Summary: "Manage profiles: gateways, keys and defaults",
		Help: "A profile holds the address of a gateway, a reference to its key, and defaults. To use one, add --profile NAME."},
	{Name: "mcp"},
	{Name: "doctor"},
	{Name: "demo"},
	{Name: "sandbox"},
	{Name: "completion", Summary: "Set up completion in bash, zsh, fish or PowerShell",
		Help: "With completion, the Tab key completes commands, flags, and names from the gateway."},
	{Name: "version"},
	{Name: "help", Also: []string{"man"}, Summary: "Show help, or find a command: help search WORDS"},
}

// ownResource returns the description of one of the program's own commands, or nil.
func ownResource(name string) *operation.Resource {
	for i, r := range ownResources {
		if r.Name == name {
			r.Section, r.Rank = operation.ProgramSection, i+1
			return &r
		}
	}
	return nil
}

// resource describes a command of the root, or is nil.
func (a *app) resource(name string) *operation.Resource {
	if own := ownResource(name); own != nil {
		return own
	}
	return a.Operations.Resource(name)
}

// arrange sorts the commands that the command line may mean by use: those of the group
// that is named.
func (a *app) arrange(root *cobra.Command) {
	for _, group := range root.Commands() {
		if !group.HasSubCommands() || !a.named[group.Name()] {
			continue
		}
		commands := slices.Clone(group.Commands())
		slices.SortStableFunc(commands, func(x, y *cobra.Command) int { return cmp.Compare(useOf(x.Name()), useOf(y.Name())) })
		group.RemoveCommand(commands...)
		group.AddCommand(commands...)
	}
}

// byUse is the order of verbs in the help of a group. Other verbs keep their order behind
// the changes; import and export come last.
var byUse = []string{"install", "search", "list", "get", "info", "create", "generate", "add", "setup", "onboard", "update", "set", "rotate", "regenerate",
	"block", "unblock", "delete", "remove", "retire", "", "import", "export"}

func useOf(verb string) int {
	if i := slices.Index(byUse, verb); i >= 0 {
		return i
	}
	return slices.Index(byUse, "")
}

// helpPage writes the help of a command.
func (a *app) helpPage(cmd *cobra.Command, _ []string) {
	text := cmp.Or(cmd.Long, cmd.Short+".")
	fmt.Fprintf(&a.help, "%s\n\n%s", wrap(text), a.usage(cmd))
}

// usagePage writes the usage of a command.
func (a *app) usagePage(cmd *cobra.Command) error {
	_, err := fmt.Fprint(&a.help, a.usage(cmd))
	return err
}

// usage is the help of a command without its description.
func (a *app) usage(cmd *cobra.Command) string {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if cmd.Runnable() && !(cmd.HasSubCommands() && cmd != a.mcp.cmd && a.bind[cmd] == nil) {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s <command>\n", cmd.CommandPath())
	}
	if cmd.HasExample() {
		b.WriteString("\nExamples:\n")
		for line := range strings.SplitSeq(strings.TrimRight(cmd.Example, "\n"), "\n") {
			b.WriteString(wrapCommand(line) + "\n")
		}
	}
	if cmd == cmd.Root() {
		a.sections(&b, cmd)
	} else if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		writeCommands(&b, cmd.Commands())
	}
	a.flagSections(&b, cmd)
	switch path := strings.TrimPrefix(cmd.CommandPath(), program); {
	case cmd == cmd.Root():
		b.WriteString("\nMore:\n")
		for _, t := range helpTopics() {
			fmt.Fprintf(&b, "  %-24s %s\n", "help "+t.usage, t.summary)
		}
		fmt.Fprintf(&b, "  %-24s %s\n", "<command> --help", "Show the commands of an entry, or the flags of a command")
	case cmd.HasAvailableSubCommands():
		fmt.Fprintf(&b, "\nFor the flags of a command, see %s%s <command> --help.\n", program, path)
	default:
		fmt.Fprintf(&b, "\nFor global flags, see %s help flags.\n", program)
	}
	return b.String()
}

// sections writes the commands of the root by purpose.
func (a *app) sections(b *strings.Builder, root *cobra.Command) {
	in := map[operation.Section][]*cobra.Command{}
	place := map[*cobra.Command]int{}
	for _, c := range root.Commands() {
		if !c.IsAvailableCommand() && c.Name() != "help" {
			continue
		}
		section := operation.ProgramSection
		if r := a.resource(c.Name()); r != nil {
			section, place[c] = r.Section, r.Rank
		}
		in[section] = append(in[section], c)
	}
	for _, section := range operation.Sections() {
		if commands := in[section]; commands != nil {
			slices.SortStableFunc(commands, func(x, y *cobra.Command) int { return cmp.Compare(place[x], place[y]) })
			fmt.Fprintf(b, "\n%s:\n", section)
			writeCommands(b, commands)
		}
	}
}

// writeCommands writes a line for each command.
func writeCommands(b *strings.Builder, commands []*cobra.Command) {
	width := 16
	for _, c := range commands {
		width = max(width, len(c.Name()))
	}
	for _, c := range commands {
		if c.IsAvailableCommand() || c.Name() == "help" {
			hang(b, fmt.Sprintf("  %-*s ", width, c.Name()), c.Short)
		}
	}
}

// answerFlags are the flags that say how an answer is shown: those of all operations, which
// the topic output explains.
var answerFlags = []string{"format", "output", "columns", "no-header", "quiet", "jq", "color", "no-pager"}

// flagSections writes the flags of a command. Those of every command stand in the help of
// the root, and those of every answer under the topic output.
func (a *app) flagSections(b *strings.Builder, cmd *cobra.Command) {
	own, answer := pflag.NewFlagSet("", pflag.ContinueOnError), pflag.NewFlagSet("", pflag.ContinueOnError)
	own.SortFlags, answer.SortFlags = false, false
	op := a.Operations.Find(strings.TrimPrefix(cmd.CommandPath(), program+" "))
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		_, field := fieldOfFlag(op, f.Name)
		switch {
		case f.Name == "help" || f.Name == "version":
		case op != nil && !field && slices.Contains(answerFlags, f.Name):
			answer.AddFlag(f)
		default:
			own.AddFlag(f)
		}
	})
	if own.HasAvailableFlags() && cmd == cmd.Root() {
		fmt.Fprintf(b, "\nGlobal flags:\n%s", own.FlagUsagesWrapped(pageWidth))
	} else if own.HasAvailableFlags() {
		fmt.Fprintf(b, "\nFlags:\n%s", own.FlagUsagesWrapped(pageWidth))
	}
	if answer.HasAvailableFlags() {
		fmt.Fprintf(b, "\nOutput flags (see %s help output %s):\n%s", program, op.Path, answer.FlagUsagesWrapped(pageWidth))
	}
	if op != nil && usesPairs(op) {
		fmt.Fprintf(b, "\nFor key=value and @file, see %s help values.\n", program)
	}
}

// fieldOfFlag returns the field of an operation that has a flag.
func fieldOfFlag(op *operation.Operation, flag string) (operation.Field, bool) {
	if op == nil {
		return operation.Field{}, false
	}
	fields := op.Fields()
	i := slices.IndexFunc(fields, func(f operation.Field) bool { return f.Flag == flag || slices.Contains(f.Aliases, flag) })
	if i < 0 {
		return operation.Field{}, false
	}
	return fields[i], true
}

func usesPairs(op *operation.Operation) bool {
	return slices.ContainsFunc(op.Fields(), func(f operation.Field) bool {
		return f.Kind == operation.KindPairs || f.Name == extraField
	})
}

// wrap breaks the lines of a text at pageWidth. Lines of a paragraph are joined first;
// indented lines stay lines of their own.
func wrap(text string) string {
	var b strings.Builder
	paragraph := ""
	flush := func() {
		if paragraph != "" {
			hang(&b, "", paragraph)
			paragraph = ""
		}
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			flush()
			b.WriteString("\n")
		case strings.HasPrefix(line, " "):
			flush()
			lead, rest := indentation(line)
			hang(&b, lead, rest)
		default:
			paragraph = strings.TrimPrefix(paragraph+" "+line, " ")
		}
	}
	flush()
	return strings.TrimRight(b.String(), "\n")
}

// indentation splits an indented line before its last column: "  <key>  Key or hash".
func indentation(line string) (lead, rest string) {
	text := strings.TrimLeft(line, " ")
	lead = line[:len(line)-len(text)]
	if term, after, ok := strings.Cut(text, "  "); ok {
		after = strings.TrimLeft(after, " ")
		return lead + term + strings.Repeat(" ", len(text)-len(term)-len(after)), after
	}
	return lead, text
}

// hang writes a text behind a lead, with further lines below the text.
func hang(b *strings.Builder, lead, text string) {
	width := max(pageWidth-len(lead), 30)
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			fmt.Fprintf(b, "%s%s\n", lead, line)
			lead, line = strings.Repeat(" ", len(lead)), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	fmt.Fprintf(b, "%s%s\n", lead, line)
}

// wrapCommand breaks a long command line between its arguments.
func wrapCommand(line string) string {
	if len(line) <= pageWidth {
		return line
	}
	cut, quoted := 0, byte(0)
	begin := len(line) - len(strings.TrimLeft(line, " "))
	for i := begin; i < len(line); i++ {
		switch c := line[i]; {
		case quoted != 0 && c == quoted:
			quoted = 0
		case quoted == 0 && (c == '\'' || c == '"'):
			quoted = c
		case quoted == 0 && c == ' ' && i <= pageWidth-2:
			cut = i
		}
	}
	if cut == 0 {
		return line
	}
	return line[:cut] + " \\\n" + wrapCommand("      "+line[cut+1:])
}
