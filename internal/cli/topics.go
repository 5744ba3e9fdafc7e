package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/output"
)

// topic is a page of help that is not about one command.
type topic struct {
	name, usage, summary string
	write                func(a *app, b *strings.Builder, root *cobra.Command, args []string) error
}

func helpTopics() []topic {
	return []topic{
		{"search", "search WORDS", "Find a command by task, such as: why is my key refused", (*app).searchTopic},
		{"output", "output [COMMAND]", "Formats, columns and exit status", (*app).outputTopic},
		{"values", "values", "How to write values: key=value, @file, periods, names and IDs", (*app).valuesTopic},
		{"flags", "flags", "Global flags", (*app).flagsTopic},
	}
}

// topicNamed returns a page of help, or nil.
func topicNamed(name string) *topic {
	topics := helpTopics()
	if i := slices.IndexFunc(topics, func(t topic) bool { return t.name == name }); i >= 0 {
		return &topics[i]
	}
	return nil
}

const outputHelp = `Results go to standard output; notes, progress and errors go to standard error.

Formats, with --format or -o:
  table  Columns for people; the default of lists
  wide   A table with all columns
  json   The gateway's answer, unchanged; the default of single objects
  jsonl  One JSON object per line
  yaml   YAML
  csv    Comma-separated values with a header
  text   Plain text, where an answer is text

Columns:
  --columns a,b      These columns, in this order
  --columns +a,-b    The default columns with a, without b; a can be any field of the answer
  --no-header        Omit the header

Parts of a result:
  -q, --quiet        Identifiers only, one per line; for a new key, the key itself
  --jq EXPRESSION    Filter the JSON with jq: strings are printed as text, other values as JSON.
                     Add -o jsonl to filter item by item.

At a terminal, tables are for reading: columns that do not fit are hidden, times are relative,
amounts rounded and lists shortened; states have colors, and long output opens in a pager. In a
pipe nothing is hidden, rounded or colored. COLUMNS sets the width, NO_COLOR or --color never
turns colors off, --no-pager or LITELLM_PROXY_PAGER= the pager.
`

const exitHelp = `
Exit status:
  0    Done
  1    The gateway refused or failed, or a part of a bulk run failed
  2    Usage: an unknown command or flag, a missing or invalid value; nothing was sent
  3    Not found
  4    Authentication or permission
  5    The gateway is unreachable
  6    Something was listed, with --exit-code
  130  Interrupted
`

// outputTopic explains formats and columns, and lists those of a command.
func (a *app) outputTopic(b *strings.Builder, root *cobra.Command, args []string) error {
	if len(args) == 0 {
		b.WriteString(wrap(outputHelp) + "\n")
		fmt.Fprintf(b, "\nFor the columns of a command, see %s help output keys list.\n%s", program, exitHelp)
		return nil
	}
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return a.group(cmd, rest)
	}
	path := strings.TrimPrefix(cmd.CommandPath(), program+" ")
	op := a.Operations.Find(path)
	if op == nil {
		return usageError(fmt.Sprintf("%q has no columns; see %s %s --help", path, program, path))
	}
	fmt.Fprintf(b, "%s.\n\nFormats: %s (default %s)\n", op.Summary, strings.Join(output.Formats(op), ", "), output.Formats(op)[0])
	var usual, more []string
	for _, c := range op.Columns {
		if c.Optional {
			more = append(more, c.Name)
		} else {
			usual = append(usual, c.Name)
		}
	}
	if usual != nil {
		hang(b, "Default columns: ", strings.Join(usual, ", "))
	}
	if more != nil {
		hang(b, "More columns: ", strings.Join(more, ", "))
	}
	if op.Columns != nil {
		fmt.Fprintf(b, "\nFor any field of the answer, use --columns +field. See also %s help output.\n", program)
	}
	return nil
}

const valuesHelp = `Names and IDs:
  Where a command takes a key, team, user or other thing, give its ID or its name (alias, email).
  If several have that name, they are listed and nothing is changed.

Lists: separate values with commas, or repeat the flag. '[]' is an empty list.

key=value (--set, --param and similar flags):
  key=value    Numbers, true, false and null are typed; everything else is text
  key:=JSON    JSON, such as tags:='["a","b"]'
  key=@file    The contents of a file; @- is standard input, or a hidden prompt at a terminal
  key=@@x      The text @x

Flags of the type @file|text read @file, @- and @@x too. So does --api-key.

Durations: 30s, 15m, 24h, 7d, 1mo. Budgets that reset after 7d do so on Mondays, after 30d on the
first of the month, after 24h at midnight UTC.

Periods of reports: today, yesterday, 7d, this-week, this-month, last-month, 2026-10, or
2026-10-01..2026-10-15.

Clearing: --clear max_budget removes a limit. An omitted flag leaves a field unchanged.
`

func (a *app) valuesTopic(b *strings.Builder, _ *cobra.Command, _ []string) error {
	b.WriteString(wrap(valuesHelp) + "\n")
	return nil
}

func (a *app) flagsTopic(b *strings.Builder, root *cobra.Command, _ []string) error {
	b.WriteString("Every command takes these flags.\n")
	a.flagSections(b, root)
	return nil
}
