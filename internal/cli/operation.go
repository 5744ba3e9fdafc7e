package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/output"
	"litellm-proxy/proxyclient"
)

// extraField is the property that --set and --body fill.
const extraField = "extra"

// call is one run of an operation.
type call struct {
	*app
	op     *operation.Operation
	values arguments
	out    output.Options

	columns          []string
	jq               string
	hidden           []string // columns that the terminal had no room for
	all, yes, dryRun bool
	// exitCode is --exit-code: see alarm.
	exitCode bool
	// follows is --follow, interval the time between its readings.
	follows  bool
	interval time.Duration
	// streaming says that the words of the answer are written as they come; lost is the
	// first error of writing them.
	streaming bool
	lost      error
	picture   picture
	// authorization replaces the key: see takeAuthorization.
	authorization string
	keysOut       keysOut
}

// bindOperation gives the command of an operation its flags, help and action.
func (a *app) bindOperation(cmd *cobra.Command, op *operation.Operation) {
	c := &call{app: a, op: op}
	a.op = op
	if a.progress != nil {
		a.progress.what = op.Path
	}
	_, clears := op.Field("clear")
	c.values = arguments{args: operation.Args{}, given: map[string]bool{}, sources: a.sources, clears: clears}
	flags := cmd.Flags()
	flags.SortFlags = false
	var positional []operation.Field
	for _, f := range op.Fields() {
		switch {
		case f.Arg > 0:
			positional = append(positional, f)
			c.bindField(cmd, f)
		case f.Name == extraField:
			c.bindBody(cmd, f, &bodyValue{to: &c.values}, "Additional body field", "Additional body fields as a JSON object")
		case f.Name == bodyField && f.Kind == operation.KindJSON:
			c.bindBody(cmd, f, &wholeBody{to: &c.values}, "Field of the body", "Body as JSON")
		case f.Name == filesField && f.Kind == operation.KindObject:
			cmd.Flags().VarP(&filesValue{to: &c.values}, "file", "F", "File of a form: field=@path")
		default:
			c.bindField(cmd, f)
		}
	}
	slices.SortFunc(positional, func(a, b operation.Field) int { return a.Arg - b.Arg })
	c.bindOutput(cmd)
	a.describe(cmd, op, positional)
	c.completePositional(cmd, positional)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := c.positional(positional, args); err != nil {
			return err
		}
		return c.run(cmd)
	}
	if op.People {
		c.peopleRunE(cmd)
	}
}

// describe writes the help of an operation.
func (a *app) describe(cmd *cobra.Command, op *operation.Operation, positional []operation.Field) {
	cmd.Use = usageLine(op, positional)
	cmd.Long = op.Summary + "."
	if op.Help != "" {
		cmd.Long += " " + a.words(op.Help)
	}
	for i, f := range positional {
		if i == 0 {
			cmd.Long += "\n"
		}
		cmd.Long += fmt.Sprintf("\n  <%s>  %s", f.Flag, f.Help)
	}
	for i, example := range op.Examples {
		op := "  " + program + " " + example
		if i > 0 {
			op = "\n" + op
		}
		cmd.Example += op
	}
}

// usageLine is the operation's line in help: "add <model-name>".
func usageLine(op *operation.Operation, positional []operation.Field) string {
	_, line, ok := strings.Cut(op.Path, " ")
	if !ok {
		line = op.Path
	}
	for _, f := range positional {
		word := "<" + f.Flag + ">"
		if f.Kind == operation.KindStrings || f.Words {
			word += "..."
		}
		if !f.Required {
			word = "[" + word + "]"
		}
		line += " " + word
	}
	return line
}

func (c *call) bindField(cmd *cobra.Command, f operation.Field) {
	flags := cmd.Flags()
	help := c.words(f.Help)
	if len(f.Enum) > 0 {
		help = withValues(help, strings.Join(f.Enum, ", "))
	}
	if f.Required && f.Arg == 0 {
		help += " (required)"
	}
	value := &fieldValue{field: f, to: &c.values}
	flags.VarP(value, f.Flag, f.Short, help)
	if f.Kind == operation.KindBoolean {
		flags.Lookup(f.Flag).NoOptDefVal = "true"
	}
	for _, alias := range f.FlagAliases() {
		if cmd.InheritedFlags().Lookup(alias) != nil { // --api-key is not the gateway's filter api_key
			continue
		}
		flags.Var(value, alias, "Alias of --"+f.Flag)
		_ = flags.MarkHidden(alias)
		if f.Kind == operation.KindBoolean {
			flags.Lookup(alias).NoOptDefVal = "true"
		}
	}
	if c.values.clears && f.Cleared != "" {
		c.bindClear(cmd, f)
	}
	c.completeField(cmd, f)
}

// bindClear adds --clear-display-name as another way to write --clear display_name.
func (c *call) bindClear(cmd *cobra.Command, f operation.Field) {
	name := "clear-" + f.Flag
	cmd.Flags().BoolFunc(name, "Short for --clear "+f.Property, func(text string) error {
		clear, err := strconv.ParseBool(text)
		if err == nil && clear {
			c.values.add("clear", quote(f.Name))
		}
		return err
	})
	_ = cmd.Flags().MarkHidden(name)
}

// withValues adds the values of a flag to its help: "Sort order: asc, desc (default asc)".
func withValues(help, values string) string {
	if at := strings.LastIndex(help, " ("); at >= 0 && strings.HasSuffix(help, ")") {
		return help[:at] + ": " + values + help[at:]
	}
	return help + " (" + values + ")"
}

// bindOutput adds the flags that depend on what the operation does and answers:
// none that would do nothing.
func (c *call) bindOutput(cmd *cobra.Command) {
	flags := cmd.Flags()
	c.bindRendering(cmd)
	if c.op.Draws {
		c.bindPicture(cmd)
	}
	if c.op.Paged() {
		help := "Fetch all pages"
		if c.op.ByID() {
			help = "Fetch all pages, ordered by ID unless --sort-by is given"
		}
		flags.BoolVar(&c.all, "all", false, help)
	}
	if c.op.Follows() {
		c.bindFollow(cmd)
	}
	if c.op.Alarm {
		flags.BoolVar(&c.exitCode, "exit-code", false, "Exit with status 6 if anything is listed, for cron")
	}
	if c.op.Effect != operation.Read {
		flags.BoolVar(&c.dryRun, "dry-run", false, "Show the requests that would change something without sending them")
	}
	if c.op.KeepsKeys {
		c.bindKeysOut(cmd)
	}
	if c.op.Effect == operation.Destructive && !c.op.Consent.Typed {
		flags.BoolVarP(&c.yes, "yes", "y", false, "Skip the confirmation")
	}
}

// positional stores the positional arguments.
func (c *call) positional(fields []operation.Field, args []string) error {
	for i, arg := range args {
		words := len(fields) > 0 && fields[len(fields)-1].Words
		if words && i == len(fields)-1 {
			arg = strings.Join(args[i:], " ")
		}
		switch {
		case words && i >= len(fields):
			// It is a part of the last one.
		case i < len(fields) && fields[i].Kind != operation.KindStrings:
			if err := c.values.set(fields[i], arg); errors.Is(err, errInterrupted) {
				return err
			} else if err != nil {
				return usageError(fmt.Sprintf("<%s>: %v", fields[i].Flag, err))
			}
		case len(fields) > 0 && fields[len(fields)-1].Kind == operation.KindStrings:
			c.values.add(fields[len(fields)-1].Name, quote(arg))
		default:
			return c.tooMany(len(fields), arg)
		}
	}
	return nil
}

func (c *call) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	limitMemory(commandMemory)
	spareCollection()
	if c.readOnly && c.op.Effect != operation.Read {
		return usageError(c.op.Path + " changes something, and --read-only is given; nothing was sent")
	}
	if err := c.render(cmd); err != nil {
		return err
	}
	if err := c.picture.check(); err != nil {
		return err
	}
	if page := c.op.PageArgument(); c.all && c.values.args[page] != nil {
		return usageError("give either --all or --" + page)
	}
	if limit := cmd.Flags().Lookup("limit"); c.all && limit != nil && limit.Changed {
		return usageError("give either --all or --limit")
	}
	if err := c.checkFollow(cmd); err != nil {
		return err
	}
	c.streaming = string(c.values.args["stream"]) == "true"
	if c.streaming && c.format != "" && c.format != "text" {
		return usageError("--stream cannot be combined with --format " + c.format + ", which needs the whole answer")
	}
	if err := c.takeAuthorization(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer c.closeKeysOut()
	prepared, err := c.prepare(ctx, stop)
	if err != nil {
		return err
	}
	c.out.Conceal = prepared.Effect() == operation.Read
	c.out.Named = output.Named(c.op, prepared.Args())
	if c.dryRun {
		return c.plan(ctx, prepared)
	}
	if err := c.consent(ctx, prepared); err != nil {
		return err
	}
	if c.follows {
		return c.follow(ctx, prepared)
	}
	if c.all {
		return c.walk(ctx, prepared)
	}
	result, err := prepared.Run(ctx)
	result = c.keysOut.without(c.op, result)
	if c.lost != nil {
		return c.unshown(prepared.Effect(), result, c.lost)
	}
	return c.alarm(result.Page, c.show(ctx, prepared.Effect(), result, err))
}

// defaultFormat takes the profile's output format where none is given and the operation has
// it together with the other flags.
func (c *call) defaultFormat() error {
	s, err := c.choice()
	format := s.Setting(config.Format)
	wish := c.out
	wish.Format = output.Format(format)
	if err != nil || format == "" || c.format != "" || string(c.values.args["stream"]) == "true" || wish.Check(c.op) != nil {
		return err
	}
	c.format = format
	c.jsonErrors = format == "json" || format == "jsonl"
	return nil
}

// prepare makes the call of the operation; stop ends it when nobody reads its words.
func (c *call) prepare(ctx context.Context, stop func()) (*operation.Call, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	if c.authorization != "" {
		client = client.WithAuthorization(c.authorization, "--header Authorization")
	}
	redactor := client.Redactor()
	c.out.Redactor = &redactor
	env := operation.Env{Client: client.WithChangedBy(config.Person(c.Getenv, os.Hostname)), Profile: c.profileName(), Team: c.set.Setting(config.Team), CacheDir: config.CacheDir(c.Getenv), Hold: c.hold}
	if c.progress != nil {
		env.Progress = c.progress.update
	}
	if c.streaming {
		env.Delta = func(words string) {
			if _, err := io.WriteString(c.Stdout, words); err != nil && c.lost == nil {
				c.lost = err
				stop()
			}
		}
	}
	if err := c.openKeysOut(&env); err != nil {
		return nil, err
	}
	return operation.Prepare(ctx, env, c.op, c.values.args)
}

// plan is --dry-run.
func (c *call) plan(ctx context.Context, prepared *operation.Call) error {
	plan, err := prepared.Plan(ctx)
	if err != nil {
		return err
	}
	requests := plan.Requests
	if requests == nil {
		requests = []proxyclient.Recorded{}
	}
	e := json.NewEncoder(c.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	c.note("Dry run: no changes were sent.")
	c.notes(plan.Notes)
	answer := map[string]any{"dry_run": true, "requests": requests}
	if plan.Report != nil {
		answer["report"] = plan.Report
	}
	return unwritten(e.Encode(answer))
}
