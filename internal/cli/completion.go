package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/replace"
	"litellm-proxy/proxyclient"
)

// shell is a shell that completion can be installed for.
type shell struct {
	name   string
	script func(*cobra.Command, *bytes.Buffer) error
	// file is where the script belongs, below the home directory or the directory that a
	// variable names.
	variable, instead, file string
	// then is what to do next; %s is the file, or its directory for zsh.
	then string
}

var shells = []shell{
	{"bash", bashScript,
		"XDG_DATA_HOME", ".local/share", "bash-completion/completions/" + program,
		"Open a new shell. Without the package bash-completion, first add to ~/.bashrc: source %s"},
	{"zsh", func(c *cobra.Command, b *bytes.Buffer) error { return c.GenZshCompletion(b) },
		"XDG_DATA_HOME", ".local/share", "zsh/site-functions/_" + program,
		"If it is not there yet, add to ~/.zshrc: fpath=(%s $fpath); autoload -Uz compinit; compinit. Then open a new shell."},
	{"fish", func(c *cobra.Command, b *bytes.Buffer) error { return c.GenFishCompletion(b, true) },
		"XDG_CONFIG_HOME", ".config", "fish/completions/" + program + ".fish",
		"Open a new shell."},
	{"powershell", func(c *cobra.Command, b *bytes.Buffer) error { return c.GenPowerShellCompletionWithDesc(b) },
		"XDG_CONFIG_HOME", ".config", "powershell/" + program + "-completion.ps1",
		"If it is not there yet, add to $PROFILE: . %s. Then open a new shell."},
}

// completionInstall is "completion install": it writes the script to where the shell looks.
func (a *app) completionInstall() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "install [<shell>]",
		Short: "Write the completion script to the directory where the shell looks for it",
		Long: `Write the completion script to the directory where the shell looks for it, and show what else
to do. Running it again updates the script. Without <shell>, the shell is the one in SHELL.`,
		Example:   "  " + program + " completion install\n  " + program + " completion install zsh --dry-run",
		ValidArgs: []cobra.Completion{"bash", "zsh", "fish", "powershell"},
	}
	a.bind[cmd] = func(cmd *cobra.Command) {
		printed := cmd.Flags().Bool("print", false, "Print the script instead of writing it")
		dry := cmd.Flags().Bool("dry-run", false, "Show the file without writing it")
		cmd.RunE = func(cmd *cobra.Command, args []string) error { return a.installCompletion(cmd, args, *printed, *dry) }
	}
	cmd.RunE = func(*cobra.Command, []string) error { return nil } // until it is bound
	return cmd
}

func (a *app) installCompletion(cmd *cobra.Command, args []string, printed, dry bool) error {
	s, err := a.shellNamed(args)
	if err != nil {
		return err
	}
	var script bytes.Buffer
	if err := s.script(cmd.Root(), &script); err != nil {
		return err
	}
	if printed {
		_, err := a.Stdout.Write(script.Bytes())
		return unwritten(err)
	}
	path, err := s.path(a.Getenv)
	if err != nil {
		return err
	}
	old, _ := os.ReadFile(path)
	switch same := bytes.Equal(old, script.Bytes()); {
	case dry:
		a.note("Dry run: nothing was written.")
	case same:
		a.note("The %s completion is up to date.", s.name)
	default:
		if err := writeScript(path, script.Bytes()); err != nil {
			return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "cannot write the completion script: " + err.Error(),
				Hint: "write it yourself: " + program + " completion " + s.name, Err: err}
		}
		a.note("Installed the %s completion.", s.name)
	}
	_, err = fmt.Fprintln(a.Stdout, path)
	then, place := s.then, path
	if s.name == "zsh" {
		place = filepath.Dir(path)
	}
	if strings.Contains(then, "%s") {
		then = fmt.Sprintf(then, shellLine([]string{place}))
	}
	a.note("%s", then)
	return unwritten(err)
}

// shellNamed returns the shell that the argument or SHELL names.
func (a *app) shellNamed(args []string) (shell, error) {
	name := filepath.Base(a.Getenv("SHELL"))
	if runtime.GOOS == "windows" {
		name = "powershell"
	}
	if len(args) > 0 {
		name = args[0]
	}
	if len(args) > 1 {
		return shell{}, usageError("completion install takes one shell")
	}
	if name == "pwsh" {
		name = "powershell"
	}
	var names []string
	for _, s := range shells {
		if s.name == name {
			return s, nil
		}
		names = append(names, s.name)
	}
	if len(args) == 0 {
		return shell{}, usageError("name the shell: " + operation.Or(names))
	}
	return shell{}, usageError(fmt.Sprintf("there is no completion for %q; use %s", name, operation.Or(names)))
}

// path returns where the script belongs.
func (s shell) path(getenv func(string) string) (string, error) {
	base := getenv(s.variable)
	if !filepath.IsAbs(base) {
		home := getenv("HOME")
		if home == "" {
			home = getenv("USERPROFILE")
		}
		if home == "" {
			return "", usageError("no home directory: set HOME or " + s.variable)
		}
		base = filepath.Join(home, filepath.FromSlash(s.instead))
	}
	return filepath.Join(base, filepath.FromSlash(s.file)), nil
}

func writeScript(path string, script []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+program+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(script)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return replace.File(f.Name(), path)
}
