package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/output"
	"litellm-proxy/proxyclient"
)

// configCommands are "config …": the profiles in the configuration file. They change
// nothing on a gateway, so --read-only leaves them.
func configCommands() []local {
	return []local{
		{path: "config list", summary: "List the profiles", bind: bindConfigList},
		{path: "config use", summary: "Make a profile the current one", bind: bindConfigUse},
		{path: "config get", summary: "Show a setting of a profile, or all of them", bind: bindConfigGet},
		{path: "config set", summary: "Change a setting of a profile", bind: bindConfigSet},
		{path: "config unset", summary: "Remove a setting of a profile, or the profile", bind: bindConfigUnset},
		{path: "config edit", summary: "Edit the configuration file in an editor", bind: bindConfigEdit},
		{path: "config path", summary: "Print the path of the configuration file", bind: bindConfigPath},
	}
}

// settingsHelp lists the settings.
func settingsHelp() string {
	var b strings.Builder
	b.WriteString("\n\nSettings:\n")
	for _, s := range config.ProfileSettings() {
		help := s.Help
		if s.Values != nil {
			help += " (" + strings.Join(s.Values, ", ") + ")"
		}
		fmt.Fprintf(&b, "  %-13s %s\n", s.Name, help)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// configPath is where the configuration file is, or would be.
func (a *app) configPath() (string, error) {
	path, err := config.FilePath(a.Getenv)
	if err != nil {
		return "", usageError(err.Error())
	}
	return path, nil
}

// profileFor returns the profile that a config command is about, nil if it does not exist,
// and its name.
func (a *app) profileFor(file *config.File) (*config.Profile, string, error) {
	name := a.flags.Profile
	if name == "" {
		name = strings.TrimSpace(a.Getenv(config.ProfileVariable))
	}
	if name == "" {
		name = file.Current
	}
	switch {
	case name == "" && len(file.Profiles) > 0:
		e := operation.AsError(usageError("no profile is current; the profiles are " + strings.Join(file.ProfileNames(), ", ")))
		e.Hint = "choose one with --profile NAME or config use NAME"
		return nil, "", e
	case name == "":
		name = "default"
	}
	return file.Profile(name), name, nil
}

// existing returns the profile that a config command is about.
func (a *app) existing() (*config.Profile, error) {
	file, err := a.configFile()
	if err != nil {
		return nil, a.configError(err)
	}
	p, name, err := a.profileFor(file)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: file.Lacks(name).Error()}
	}
	return p, nil
}

func bindConfigPath(a *app, cmd *cobra.Command) {
	cmd.Long = "Print the path of the configuration file, which may not exist yet. " + config.FileVariable + " sets another one."
	cmd.RunE = func(*cobra.Command, []string) error {
		path, err := a.configPath()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(a.Stdout, path)
		return unwritten(err)
	}
}

var configList = &operation.Operation{Path: "config list", Effect: operation.Read, Do: operation.Rows[struct{}](nil),
	Columns: []operation.Column{{Name: "current"}, {Name: "profile"}, {Name: "base_url"}, {Name: "api_key"}, {Name: "team"}, {Name: "format"}, {Name: "protected"}}}

func bindConfigList(a *app, cmd *cobra.Command) {
	cmd.Long = "List the profiles in the configuration file. Secrets are masked."
	formats := output.Formats(configList)
	a.bindFormat(cmd, formats)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		file, err := a.configFile()
		if err != nil {
			return a.configError(err)
		}
		var rows []operation.Row
		for _, p := range file.Profiles {
			row := operation.RowOf("current", p.Name == file.Current, "profile", p.Name)
			for _, name := range p.Names() {
				row = append(row, operation.Member{Name: name, Value: a.shownSetting(p, name)})
			}
			rows = append(rows, row)
		}
		result := operation.Listed(nil, rows, len(rows), nil, nil)
		result.Page.Bare = true
		if len(rows) == 0 {
			a.note("There are no profiles. To make one, use config set.")
		}
		return a.writeLocal(cmd.Context(), configList, result, formats)
	}
}

func (a *app) bindFormat(cmd *cobra.Command, formats []string) {
	bindFormats(cmd, &a.format, formats, formats[0])
}

// writeLocal writes the answer of a command that is not an operation.
func (a *app) writeLocal(ctx context.Context, op *operation.Operation, result operation.Result, formats []string) error {
	if a.format == "" {
		a.format = formats[0]
	}
	o := output.Options{Format: output.Format(a.format), Terminal: isTerminal(a.Stdout)}
	if err := o.Check(op); err != nil {
		return usageError(err.Error())
	}
	return unwritten(output.Write(ctx, a.Stdout, op, result, o))
}

// shownSetting is the value of a setting as it is shown: typed, and masked unless
// --show-secrets is given.
func (a *app) shownSetting(p *config.Profile, name string) any {
	value := p.Shown(name)
	if a.flags.showSecrets {
		value = p.Get(name)
	}
	setting, _ := config.FindSetting(name)
	switch setting.Kind {
	case config.Boolean:
		return value == "true"
	case config.List:
		return strings.Split(value, ",")
	}
	return value
}

func bindConfigUse(a *app, cmd *cobra.Command) {
	cmd.Use = "use <profile>"
	cmd.Long = "Make a profile the current one: commands use it unless --profile or " + config.ProfileVariable + " names another."
	cmd.Example = "  litellm-proxy config use prod"
	cmd.Args = exactly("config use", "the name of a profile", 1, 1)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.completeProfiles(cmd, args, begun)
	}
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		url := ""
		err := a.update(func(e *config.Editor) error {
			p := e.Profile(args[0])
			if p == nil {
				return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: e.Lacks(args[0]).Error(), Hint: program + " config list shows the profiles"}
			}
			url = p.Get(config.BaseURL)
			return e.SetCurrent(args[0])
		})
		if err != nil {
			return err
		}
		a.note("Using profile %s (%s).", args[0], url)
		a.overridden(config.ProfileVariable, "the current profile")
		a.overridden(config.URLVariable, "the profile's base_url")
		return nil
	}
}

// overridden notes that a variable makes a change without effect for now.
func (a *app) overridden(variable, what string) {
	if strings.TrimSpace(a.Getenv(variable)) != "" {
		a.note("%s is set and takes precedence over %s.", variable, what)
	}
}

// exactly checks the number of positional arguments.
func exactly(path, what string, least, most int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usageError(path + " needs " + what)
		case len(args) > most:
			return usageError(fmt.Sprintf("%s takes at most %s", path, operation.Counted(most, "argument")))
		}
		return nil
	}
}

// update changes the configuration file.
func (a *app) update(change func(*config.Editor) error) error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	if err := config.Update(path, change); err != nil {
		if _, ours := errors.AsType[*proxyclient.Error](err); ours {
			return err
		}
		return a.configError(err)
	}
	return nil
}

var configGet = &operation.Operation{Path: "config get", Effect: operation.Read, Do: operation.Func[struct{}](nil)}

func bindConfigGet(a *app, cmd *cobra.Command) {
	cmd.Use = "get [<setting>]"
	cmd.Long = "Show a setting of a profile, or all of them. Secrets are masked unless --show-secrets is given;\nreferences to secrets are not followed." + settingsHelp()
	cmd.Example = "  litellm-proxy config get base_url\n  litellm-proxy config get --profile prod"
	cmd.Args = exactly("config get", "", 0, 1)
	cmd.ValidArgsFunction = a.completeSettings(false)
	formats := []string{"yaml", "json"}
	a.bindFormat(cmd, formats)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := a.existing()
		if err != nil {
			return err
		}
		if len(args) == 0 {
			row := operation.Row{}
			for _, name := range p.Names() {
				row = append(row, operation.Member{Name: name, Value: a.shownSetting(p, name)})
			}
			return a.writeLocal(cmd.Context(), configGet, operation.Result{Body: operation.Encode(row)}, formats)
		}
		if cmd.Flags().Changed("format") {
			return usageError("--format needs config get without a setting")
		}
		return a.printSetting(p, args[0])
	}
}

// printSetting prints one setting, or all extra headers.
func (a *app) printSetting(p *config.Profile, name string) error {
	setting, err := config.FindSetting(name)
	if err != nil {
		return usageError(err.Error())
	}
	found := false
	for _, n := range p.Names() {
		if n != name && !(setting.Kind == config.Map && strings.HasPrefix(n, name+".")) {
			continue
		}
		found = true
		text := fmt.Sprint(a.shownSetting(p, n))
		if setting.Kind == config.List {
			text = p.Get(n)
		}
		if n != name {
			text = strings.TrimPrefix(n, name+".") + ": " + text
		}
		if _, err := fmt.Fprintln(a.Stdout, text); err != nil {
			return unwritten(err)
		}
	}
	if !found {
		return &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: fmt.Sprintf("%s is not set in profile %s", name, p.Name)}
	}
	return nil
}

// completeSettings completes a setting, and with values its value.
func (a *app) completeSettings(values bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) (out []cobra.Completion, _ cobra.ShellCompDirective) {
		switch {
		case len(args) == 0:
			for _, s := range config.ProfileSettings() {
				name := s.Name
				if s.Kind == config.Map {
					name += "."
				}
				out = append(out, cobra.CompletionWithDesc(name, s.Help))
			}
		case len(args) == 1 && values:
			return a.completeValue(args[0])
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) completeValue(name string) ([]cobra.Completion, cobra.ShellCompDirective) {
	setting, err := config.FindSetting(name)
	switch {
	case err != nil:
		return nil, cobra.ShellCompDirectiveNoFileComp
	case setting.Kind == config.Boolean:
		return []cobra.Completion{"true", "false"}, cobra.ShellCompDirectiveNoFileComp
	case setting.Kind == config.List:
		return append([]cobra.Completion{"default", "all"}, a.resources()...), cobra.ShellCompDirectiveNoFileComp
	case slices.Contains([]string{config.CAFile, config.ClientCert, config.ClientKey}, name):
		return nil, cobra.ShellCompDirectiveDefault
	case name == config.APIKey:
		return []cobra.Completion{"env:", "file:", "exec:", "@"}, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	return setting.Values, cobra.ShellCompDirectiveNoFileComp
}

// resources are the names of the toolsets.
func (a *app) resources() (names []string) {
	for _, op := range a.Operations {
		names = append(names, op.Resource())
	}
	slices.Sort(names)
	return slices.Compact(names)
}
