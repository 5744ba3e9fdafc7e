// Package cli is the command line: it makes a Cobra command of every operation
// of package tools, and adds the commands that are no operation (mcp, sandbox,
// demo, version, completion).
//
// A call goes so: [Run] makes the bare commands, finds the one that is meant and
// gives that one its flags; the flags fill one JSON object under the gateway's
// names; operation.Prepare checks it and Call.Run does the work; package output writes the
// answer to stdout. Everything else, errors above all, goes to stderr.
package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

const program = "litellm-proxy"

// System is what a run sees of the world.
type System struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	// LookupEnv tells an empty variable from one that is not set; nil: both are not set.
	LookupEnv func(string) (string, bool)
	// Operations are those that become commands and tools.
	Operations operation.Catalog
	// Terminal is the file to ask questions on; nil when nobody can answer.
	Terminal *os.File
}

// Main runs the program on the real world, with these operations, and returns its
// exit status. The first interrupt cancels what is under way, a second one ends the
// process at once.
func Main(ops operation.Catalog) int {
	ctx, stop := interruptible()
	defer stop()
	// A reader that went away is an error of the write, not the end of the process.
	signal.Ignore(syscall.SIGPIPE)
	sys := System{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, LookupEnv: os.LookupEnv, Operations: ops}
	if term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd())) {
		sys.Terminal = os.Stdin
	}
	return Run(ctx, sys)
}

// Run runs the program and returns its exit status: 0 done, 1 refused or failed,
// 2 usage, 3 not found, 4 authentication or permission, 5 unreachable,
// 6 something is listed (--exit-code), 130 interrupted.
func Run(ctx context.Context, sys System) int { return run(ctx, sys, nil) }

func run(ctx context.Context, sys System, demo *sandbox.Gateway) int {
	a := &app{ctx: ctx, System: sys, readOnly: readOnly(sys.Args), jsonErrors: jsonErrors(sys.Args), demo: demo}
	a.Stdout, a.Stderr = a.screened(sys.Stdout), shared(a.screened(sys.Stderr))
	a.help.w = a.Stdout
	a.progress = watch(a.Stderr)
	a.sources = &sources{stdin: a.Stdin}
	if a.Terminal != nil {
		a.sources.prompt = hidden(ctx, a.Terminal, a.Stderr)
	}
	root := a.root()
	if leaf := leaf(root, a.Args); leaf != nil && a.bind[leaf] != nil {
		a.bind[leaf](leaf)
	}
	root.SetArgs(a.shownArgs())
	done := make(chan int, 1)
	go func() { done <- a.execute(ctx, root) }()
	return a.wait(ctx, done)
}

// execute runs the command that the arguments name and reports its error.
func (a *app) execute(ctx context.Context, root *cobra.Command) int {
	defer a.finish()
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && cmd == a.mcp.cmd && !a.mcp.started {
		err = a.mcp.serveAnyway(err)
	}
	if err == nil {
		err = unwritten(a.help.err)
	}
	if err == nil {
		return 0
	}
	return a.fail(ctx, err)
}

// app is one run of the program.
type app struct {
	System
	ctx   context.Context // ends with an interrupt; for what runs before a command's own context
	set   inForce
	flags struct {
		config.Flags
		debug, showSecrets, noPager bool
		color                       colorFlag
	}
	readOnly bool
	// keyless says that this process sends no key of its own: none is looked up.
	keyless bool
	// key is the caller's, wherever it was read from: errors do not repeat it.
	key string
	// typed is the credential of a typed Authorization header.
	typed string
	// bind gives a command its flags, when it is the one that is meant: all of
	// them for every command would cost each start some milliseconds.
	bind map[*cobra.Command]func(*cobra.Command)
	// named are the words of the command line, with the names of groups for their aliases.
	named   map[string]bool
	aliases map[string]string
	// op is the operation that runs, for the words of errors; format the output
	// format that was asked for, jsonErrors whether errors are JSON too.
	op         *operation.Operation
	mcp        *mcpRun // the command "mcp"
	format     string
	jsonErrors bool
	sources    *sources
	progress   *progress
	pager      *pager // what holds an answer back, if anything
	help       helpWriter
	// writes counts the requests sent that change something; shown is how many items
	// of a list were written.
	writes, shown atomic.Int64
	// answers counts those of a chat.
	answers atomic.Int64
	// following says that a log is followed, which has no end.
	following atomic.Bool
	// serving says that the command ends by itself after an interrupt, and takes its
	// time.
	serving atomic.Bool
	// renewing says that the session is being renewed, which must not end in the middle.
	renewing atomic.Bool
	// held counts the requests that an interrupt does not end: see [operation.Env].
	held atomic.Int64
	// demo is the throw-away sandbox of a demo under way, instead of the one in
	// the file.
	demo *sandbox.Gateway
	// sandboxSaid is what was said of the sandbox already.
	sandboxSaid string
}

// readOnly tells whether --read-only is given, in any spelling that pflag takes; the
// last one counts. It takes commands away, so it must be known before there are
// commands.
func readOnly(args []string) bool {
	only := false
	for _, arg := range args {
		if arg == "--" {
			break
		}
		if arg == "--read-only" {
			only = true
		} else if value, ok := strings.CutPrefix(arg, "--read-only="); ok {
			on, err := strconv.ParseBool(value)
			only = on || err != nil // pflag refuses the value; until then nothing is allowed
		}
	}
	return only
}

// jsonErrors tells whether the arguments ask for a JSON format. Errors of usage are
// found before the flags are read.
func jsonErrors(args []string) bool {
	format := ""
	for i, arg := range args {
		if arg == "--" {
			break
		}
		switch {
		case (arg == "--format" || arg == "-o") && i+1 < len(args):
			format = args[i+1]
		case strings.HasPrefix(arg, "--format="):
			format = strings.TrimPrefix(arg, "--format=")
		case strings.HasPrefix(arg, "-o"):
			format = strings.TrimPrefix(strings.TrimPrefix(arg, "-o"), "=")
		}
	}
	return format == "json" || format == "jsonl"
}

// shownArgs are the arguments for Cobra. Its help and its answers to the shell repeat
// theirs, and do nothing else with them: there, secrets are masked.
func (a *app) shownArgs() []string {
	if len(a.Args) == 0 || !isAboutCommands(a.Args[0]) {
		return a.Args
	}
	shown := make([]string, len(a.Args))
	for i, arg := range a.Args {
		shown[i] = a.masked(arg)
	}
	return shown
}

// isAboutCommands reports whether a command is help or the shell's request for
// completions.
func isAboutCommands(name string) bool {
	return name == "help" || name == cobra.ShellCompRequestCmd || name == cobra.ShellCompNoDescRequestCmd
}

// aboutCommands is the annotation of the root of a command line that is about commands.
const aboutCommands = "about commands"

// completes gives the shell the values of a flag. Cobra keeps the flags of such values, and
// all that hangs on them, as long as the process lives: only the shell's request needs them.
func completes(cmd *cobra.Command, flag string, values []string) {
	if completing(cmd) {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
}

// completesList gives the shell the values of a flag that takes a list with commas.
func completesList(cmd *cobra.Command, flag string, values func(begun string) []cobra.Completion) {
	if completing(cmd) {
		_ = cmd.RegisterFlagCompletionFunc(flag, inList(values))
	}
}

// completing reports whether completions may be asked for.
func completing(cmd *cobra.Command) bool {
	_, is := cmd.Root().Annotations[aboutCommands]
	return is
}

// leaf finds the command that the arguments name, also behind help and behind
// the shell's request for completions.
func leaf(root *cobra.Command, args []string) *cobra.Command {
	if len(args) > 0 && isAboutCommands(args[0]) {
		args = args[1:]
	}
	cmd, _, err := root.Find(args)
	if err != nil {
		return nil
	}
	return cmd
}

func (a *app) root() *cobra.Command {
	a.bind = map[*cobra.Command]func(*cobra.Command){}
	a.nouns()
	root := &cobra.Command{
		Use:   program,
		Short: "Manage a LiteLLM proxy",
		Long: `Manage a LiteLLM proxy (the gateway): keys, people, models, spend and safety.
Every command that talks to the gateway is also a tool for AI assistants: litellm-proxy mcp.`,
		Version:       Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	if len(a.Args) > 0 && isAboutCommands(a.Args[0]) {
		root.Annotations = map[string]string{aboutCommands: ""}
	}
	root.SetVersionTemplate(program + " {{.Version}}\n")
	root.SetIn(a.Stdin)
	root.SetOut(&a.help)
	root.SetErr(a.Stderr)
	root.SetFlagErrorFunc(a.flagError)
	a.globalFlags(root.PersistentFlags())
	a.groups(root)
	root.AddCommand(a.mcpCommand())
	a.addLocals(root)
	root.AddCommand(a.sandboxCommand(), a.demoCommand(), a.versionCommand())
	root.SetUsageFunc(a.usagePage)
	root.SetHelpFunc(a.helpPage)
	root.SetHelpCommand(a.helpCommand())
	root.InitDefaultCompletionCmd()
	if c := a.commandNamed(root, "completion"); c != nil {
		r := ownResource("completion")
		c.Short, c.Long = r.Summary, r.Summary+". "+r.Help
		c.AddCommand(a.completionInstall())
		a.ownBashScript(c)
	}
	if completing(root) {
		completes(root, "color", []string{"auto", "always", "never"})
		for _, flag := range []string{"profile", "confirm-profile"} {
			_ = root.RegisterFlagCompletionFunc(flag, a.completeProfiles)
		}
	}
	a.arrange(root)
	a.addAliases(root)
	for _, c := range root.Commands() {
		if c.HasSubCommands() && c != a.mcp.cmd {
			c.RunE, c.Args = a.group, nil
			c.FParseErrWhitelist.UnknownFlags = true // the unknown command is the fault
		}
	}
	return root
}

// globalFlags adds the flags of every command.
func (a *app) globalFlags(p *pflag.FlagSet) {
	p.SortFlags = false
	p.StringVar(&a.flags.BaseURL, "base-url", "", "Gateway URL (default "+config.URLVariable+", then the profile's, then "+config.DefaultURL+")")
	p.BoolVar(&a.flags.Sandbox, "sandbox", false, "Use the built-in sandbox (short for --base-url "+config.SandboxURL+")")
	p.Var((*nonEmpty)(&a.flags.Profile), "profile", "Profile of the configuration file to use (default "+config.ProfileVariable+", then the current one)")
	p.Var((*nonEmpty)(&a.flags.ConfirmProfile), "confirm-profile", "Name of the protected profile whose gateway may be changed")
	p.StringVar(&a.flags.APIKey, "api-key", "", "Virtual key or master key, @file or @- (default "+config.KeyVariable+")")
	p.StringVar(&a.flags.Timeout, "timeout", "", "Time limit of a request, such as 90s (default 60s; chat 10m)")
	p.StringVar(&a.flags.CAFile, "ca-file", "", "File with additional CA certificates to trust (default "+config.CAFileVariable+")")
	p.StringVar(&a.flags.ClientCert, "client-cert", "", "PEM file of the TLS client certificate, and of its key without --client-key (default "+config.ClientCertVariable+")")
	p.StringVar(&a.flags.ClientKey, "client-key", "", "PEM file of the TLS client key (default "+config.ClientKeyVariable+")")
	p.StringArrayVar(&a.flags.Headers, "extra-header", nil, "Extra header NAME:VALUE or NAME:@file for every request; repeatable (default "+config.HeadersVariable+")")
	p.StringVar(&a.flags.KeyHeader, "key-header", "", "Header that carries the key (default "+config.KeyHeaderVariable+", then Authorization)")
	p.BoolVar(&a.flags.debug, "debug", false, "Print each request and answer on stderr, secrets masked")
	p.BoolVar(&a.flags.showSecrets, "show-secrets", false, "Show secrets in answers instead of masking them")
	p.Var(&a.flags.color, "color", "Color at a terminal: auto, always, never (default auto, by NO_COLOR, CLICOLOR and CLICOLOR_FORCE)")
	p.BoolVar(&a.flags.noPager, "no-pager", false, "Do not page long output at a terminal (default "+pagerVariable+", then PAGER, then less)")
	p.BoolVar(&a.readOnly, "read-only", a.readOnly, "Disable every command that changes something")
}

// groups adds a command for each resource. Those of its operations are added only where
// the command line names the resource: the others cannot be meant.
func (a *app) groups(root *cobra.Command) {
	parents := map[string]*cobra.Command{}
	for _, op := range a.Operations {
		if a.readOnly && op.Effect != operation.Read {
			continue
		}
		resource, verb, ok := strings.Cut(op.Path, " ")
		parent := root
		if ok {
			if parent = parents[resource]; parent == nil {
				parent = newGroup(op.Of, resource)
				parent.RunE = a.group
				parents[resource] = parent
				root.AddCommand(parent)
			}
			if !a.named[resource] {
				continue
			}
		} else {
			verb = resource
		}
		cmd := &cobra.Command{Use: verb, Short: op.Summary}
		a.bind[cmd] = func(cmd *cobra.Command) { a.bindOperation(cmd, op) }
		cmd.RunE = func(*cobra.Command, []string) error { return nil } // until it is bound
		parent.AddCommand(cmd)
	}
}

// Version is that of this build, as Go recorded it: the release's, or for a build between
// releases one that ends with the commit.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" { // built without its repository
		return "devel"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}

// usageError is a fault of the command line: nothing was sent.
func usageError(message string) error {
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: message}
}

// errFailed ends a run whose failures were already reported.
var errFailed = errors.New("a part failed")
