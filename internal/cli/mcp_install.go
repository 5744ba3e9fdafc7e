package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"litellm-proxy/internal/malformed"
	"litellm-proxy/internal/mcpclients"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

func mcpCommands() []local {
	return []local{
		{path: "mcp install", summary: "Add this program to an MCP client's configuration", bind: (*app).bindInstall},
		{path: "mcp uninstall", summary: "Remove this program from an MCP client's configuration", bind: (*app).bindUninstall},
		{path: "mcp doctor", summary: "Start the configured servers as MCP clients do and find out what is wrong", bind: (*app).bindMCPDoctor},
	}
}

// setup is one run of "mcp install" or "mcp uninstall".
type setup struct {
	*app
	client        *mcpclients.Client
	scope         string
	name, command string
	print, force  bool
	keyInFile     bool
	// server are the flags for the server, which the entry passes on.
	server *mcpRun
	passed *pflag.FlagSet
	// notes are about the entry, for when it is known that there will be one.
	notes []string
}

// tell keeps a note about the entry.
func (s *setup) tell(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

func (a *app) bindInstall(cmd *cobra.Command) {
	s := &setup{app: a, server: &mcpRun{app: a, cmd: cmd}}
	cmd.Use = "install <client>"
	cmd.Long = `Add this program to an MCP client's configuration file, so that the client starts it.
The clients are ` + operation.Or(mcpclients.IDs()) + `.

The entry uses the selected profile, or else the gateway's URL. A key is not written to the
file: the entry refers to a profile, to the session of litellm-proxy login, or to
LITELLM_PROXY_API_KEY in the client's own environment (VS Code asks for the key instead).
--key-in-file writes the key.

The rest of the file stays as it is, comments included, and a copy of it is kept beside it.
A different entry with the same name is replaced only with --force, or if you agree. Flags for
the server, such as --read-only and --toolsets, become part of the entry.`
	cmd.Example = `  litellm-proxy mcp install claude-code
  litellm-proxy mcp install claude-desktop --profile prod --read-only
  litellm-proxy mcp install vscode --scope project --toolsets keys,users
  litellm-proxy mcp install codex --print`
	s.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&s.command, "command", "", "Command that the client starts (default: the path of this program)")
	f.BoolVar(&s.keyInFile, "key-in-file", false, "Write the key to the file in plain text (in a project's file only with --force)")
	s.passed = pflag.NewFlagSet("server", pflag.ContinueOnError)
	s.passed.SortFlags = false
	s.server.offerFlags(s.passed)
	s.server.safetyFlags(s.passed)
	s.server.watchFlags(s.passed)
	f.AddFlagSet(s.passed)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return s.run(cmd, args, s.install) }
}

func (a *app) bindUninstall(cmd *cobra.Command) {
	s := &setup{app: a}
	cmd.Use = "uninstall <client>"
	cmd.Long = `Remove this program's entry from an MCP client's configuration file. The rest of the file
stays as it is, comments included, and a copy of it is kept beside it. The clients are
` + operation.Or(mcpclients.IDs()) + `.`
	cmd.Example = `  litellm-proxy mcp uninstall claude-code
  litellm-proxy mcp uninstall vscode --scope project`
	s.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return s.run(cmd, args, s.uninstall) }
}

// flags are those of both commands.
func (s *setup) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.scope, "scope", string(mcpclients.User), "Whose configuration: user, or project (a file in this directory that others may share)")
	f.StringVar(&s.name, "name", mcpclients.Program, "Name of the entry")
	f.BoolVar(&s.print, "print", false, "Print the entry with secrets masked, and write nothing")
	f.BoolVar(&s.force, "force", false, "Replace or remove an entry that differs")
	completes(cmd, "scope", []string{"user", "project"})
	cmd.ValidArgsFunction = completeClients
	cmd.Args = nil
}

// completeClients completes the one argument.
func completeClients(_ *cobra.Command, args []string, _ string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, c := range mcpclients.All() {
		if len(args) == 0 {
			all = append(all, cobra.CompletionWithDesc(c.ID, c.Name))
		}
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

// clientNamed returns the client that the argument names.
func clientNamed(path string, args []string) (*mcpclients.Client, error) {
	switch {
	case len(args) == 0:
		return nil, usageError(path + " needs a client: " + operation.Or(mcpclients.IDs()))
	case len(args) > 1:
		return nil, usageError(fmt.Sprintf("%s takes one client; remove %q", path, args[1]))
	}
	if c := mcpclients.Find(args[0]); c != nil {
		return c, nil
	}
	return nil, usageError(fmt.Sprintf("unknown client %q; the clients are %s", args[0], strings.Join(mcpclients.IDs(), ", ")))
}

func (s *setup) run(cmd *cobra.Command, args []string, do func(context.Context, string) error) (err error) {
	if s.client, err = clientNamed("mcp "+cmd.Name(), args); err != nil {
		return err
	}
	if err := filled(cmd.LocalNonPersistentFlags()); err != nil {
		return err
	}
	switch scope := mcpclients.Scope(s.scope); {
	case scope != mcpclients.User && scope != mcpclients.Project:
		return usageError(fmt.Sprintf("--scope: %q is not one of user, project", s.scope))
	case scope == mcpclients.Project && len(s.client.Scopes()) == 1:
		return usageError(s.client.Name + " has no configuration file in projects; drop --scope project")
	}
	path, err := s.file()
	if err != nil {
		return err
	}
	return do(cmd.Context(), path)
}

// file returns the client's file: the one with the entry, or one that exists, or the usual one.
func (s *setup) file() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "the working directory is not known: " + err.Error(), Err: err}
	}
	paths := s.client.Files(mcpclients.Place{System: runtime.GOOS, Getenv: s.Getenv, Dir: dir}, mcpclients.Scope(s.scope))
	if len(paths) == 0 {
		return "", &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "there is no home directory for the configuration of " + s.client.Name, Hint: "set HOME (on Windows: USERPROFILE and APPDATA)"}
	}
	best := paths[0]
	for i, path := range paths {
		if edit, err := s.client.Uninstall(path, s.name); err == nil && edit.Old != nil {
			return path, nil
		}
		if _, err := os.Stat(path); err == nil && i > 0 {
			if _, err := os.Stat(best); errors.Is(err, os.ErrNotExist) {
				best = path
			}
		}
	}
	return best, nil
}

// install adds the entry.
func (s *setup) install(ctx context.Context, path string) error {
	entry, err := s.entry()
	if err != nil {
		return err
	}
	if s.print {
		s.told()
		fmt.Fprint(s.Stdout, s.shown(entry))
		s.note("Nothing was written. The file of %s is %s.", s.client.Name, path)
		return nil
	}
	edit, err := s.client.Install(path, entry)
	if err != nil {
		return localError(err)
	}
	s.told()
	if edit.Same {
		s.note("%s already has this entry; nothing was changed.", path)
		return nil
	}
	if edit.Old != nil && !s.force {
		if err := s.replaces(ctx, path, *edit.Old, entry); err != nil {
			return err
		}
	}
	return s.write(edit, path, "Added %q to", s.client.After)
}

// told prints the notes about the entry.
func (s *setup) told() {
	for _, note := range s.notes {
		s.note("%s", note)
	}
}

// replaces asks whether an entry may be replaced.
func (s *setup) replaces(ctx context.Context, path string, old, entry mcpclients.Entry) error {
	fmt.Fprintf(s.Stderr, "%s has another entry %q:\n%s\nNew:\n%s", path, s.name, s.shown(old), s.shown(entry))
	if s.Terminal != nil {
		fmt.Fprint(s.Stderr, "Replace it? [y/N] ")
		line, err := s.readLine(ctx)
		if err != nil {
			return err
		}
		if answer := strings.ToLower(strings.TrimSpace(line)); answer == "y" || answer == "yes" {
			return nil
		}
	}
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: fmt.Sprintf("%s has another entry %q; nothing was changed", path, s.name), Hint: "to replace it, add --force; to keep both, add --name"}
}

// shown is an entry in the client's form, without secrets: references to variables are none.
func (s *setup) shown(e mcpclients.Entry) string {
	const hidden = "****"
	if s.app.flags.showSecrets {
		return s.client.Snippet(e)
	}
	own := secret.Redactor{Own: slices.DeleteFunc(s.client.Secrets(e), malformed.IsPlaceholder)}
	masked := func(text string) string {
		text, _ = own.Text(context.Background(), s.masked(text))
		return text
	}
	env := map[string]string{}
	for name, value := range e.Env {
		rest, _, _ := s.client.Expand(value, func(string) string { return "" })
		if env[name] = masked(value); secret.IsField(name) && rest != "" {
			env[name] = hidden
		}
	}
	args := slices.Clone(e.Args)
	for i, arg := range e.Args {
		switch args[i] = masked(arg); {
		case i > 0 && e.Args[i-1] == "--api-key" && !strings.HasPrefix(arg, "@"):
			args[i] = hidden
		case strings.HasPrefix(arg, "--api-key=") && !strings.HasPrefix(arg, "--api-key=@"):
			args[i] = "--api-key=" + hidden
		}
	}
	e.Command, e.Env, e.Args = masked(e.Command), env, args
	return s.client.Snippet(e)
}

// uninstall removes the entry.
func (s *setup) uninstall(_ context.Context, path string) error {
	edit, err := s.client.Uninstall(path, s.name)
	if err != nil {
		return localError(err)
	}
	switch {
	case edit.Old == nil:
		others := ""
		if len(edit.Others) > 0 {
			others = fmt.Sprintf(" To remove another entry for %s, use --name %s.", program, operation.Or(edit.Others))
		}
		s.note("%s has no entry %q; nothing was changed.%s", path, s.name, others)
		return nil
	case !edit.Old.Ours() && !s.force:
		return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: fmt.Sprintf("the entry %q in %s does not start %s; nothing was changed", s.name, path, program), Hint: "to remove it anyway, add --force"}
	case s.print:
		fmt.Fprint(s.Stdout, s.shown(*edit.Old))
		s.note("Nothing was written. The entry above would be removed from %s.", path)
		return nil
	}
	return s.write(edit, path, "Removed %q from", "")
}

// write writes an edit and says so.
func (s *setup) write(edit *mcpclients.Edit, path, done, after string) error {
	backup, err := edit.Write(mcpclients.Scope(s.scope))
	if err != nil {
		return localError(err)
	}
	text := fmt.Sprintf(done+" %s (%s).", s.name, path, s.client.Name)
	if backup != "" {
		text += " The file as it was: " + backup + "."
	}
	s.note("%s", strings.TrimSpace(text+" "+after))
	if edit.Old != nil && backup != "" && len(s.client.Secrets(*edit.Old)) > 0 {
		s.note("The copy holds a key; delete it when you no longer need it.")
	}
	if info, err := os.Stat(edit.Path); err == nil && s.keyInFile && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		s.note("Other users can read the key in %s; run: chmod 600 %s", edit.Path, edit.Path)
	}
	return nil
}

// localError is the error for a file of this machine that cannot be edited.
func localError(err error) error {
	return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: err.Error(), Err: err}
}

// program is the command of the entry. A project's file is for several machines.
func (s *setup) program() (string, error) {
	if s.command != "" {
		return s.command, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "the path of this program is not known: " + err.Error(), Hint: "give it with --command", Err: err}
	}
	onPath, err := exec.LookPath(program)
	if mcpclients.Scope(s.scope) == mcpclients.Project && err == nil {
		return program, nil
	}
	// The path of a link outlasts an upgrade.
	if err == nil && sameFile(onPath, self) {
		if onPath, err = filepath.Abs(onPath); err == nil {
			return onPath, nil
		}
	}
	switch {
	case strings.Contains(self, "go-build"): // go run deletes it
		return "", &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "this program is a temporary build, which will be gone when the client starts it", Hint: "install the program, or give its path with --command"}
	case mcpclients.Scope(s.scope) == mcpclients.Project:
		s.tell("%s is not on PATH, so the entry has its path on this machine; --command sets another.", program)
	}
	return self, nil
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return cmp.Or(errX, errY) == nil && os.SameFile(x, y)
}

// check refuses flags for the server that it would refuse.
func (s *setup) check() error {
	o := s.server.o
	o.Operations, o.ReadOnly = s.Operations, s.readOnly
	if dir, ok := strings.CutPrefix(o.Secrets, "file:"); ok && dir != "" {
		o.Secrets = "" // the directory is made when the server starts
	}
	if _, err := s.server.watchable(); err != nil {
		return err
	}
	_, err := mcpserver.New(o)
	return err
}
