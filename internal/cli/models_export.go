package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/modelfile"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// modelsExport is one run of models export.
type modelsExport struct {
	*app
	merge                          string
	names                          []string
	dbOnly, credentials, overwrite bool
}

func (a *app) bindModelsExport(cmd *cobra.Command) {
	cmd.Use, cmd.Args = "export [<file>]", atMostOneFile
	cmd.Long = `Write the gateway's models in the form of config.yaml, to a file or to standard output.

The gateway does not show secrets and shows references such as os.environ/NAME as their
values. With --merge, both are taken from the file that the models came from, matched by ID,
then by name and content. What is not known is left out, named, and marked with a comment;
masks are never written. The file is readable by its owner only.`
	cmd.Example = "  litellm-proxy models export models.yaml --merge config.yaml\n  litellm-proxy models export --db-only | litellm-proxy models lint -"
	run := &modelsExport{app: a}
	flags := cmd.Flags()
	flags.StringVar(&run.merge, "merge", "", "Take secrets and references from this config.yaml")
	flags.StringArrayVar(&run.names, "name", nil, "Only deployments of the model with this name; repeatable")
	flags.BoolVar(&run.credentials, "credentials", false, "Export credentials, too, as credential_list")
	flags.BoolVar(&run.dbOnly, "db-only", false, "Leave out models of the gateway's own configuration file")
	overwriteFlag(cmd, &run.overwrite)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return run.start(cmd.Context(), strings.Join(args, ""))
	}
}

func (e *modelsExport) start(ctx context.Context, path string) error {
	if path == "-" {
		path = ""
	}
	if err := writable(path, e.overwrite); path != "" && err != nil {
		return err
	}
	from, err := e.source()
	if err != nil {
		return err
	}
	client, err := e.client()
	if err != nil {
		return err
	}
	env := operation.Env{Client: client}
	deployments, err := e.deployments(ctx, env)
	if err != nil {
		return err
	}
	if deployments, err = e.selected(deployments); err != nil {
		return err
	}
	var credentials []modelfile.StoredCredential
	if e.credentials {
		if credentials, err = e.selectedCredentials(ctx, env, deployments); err != nil {
			return err
		}
	}
	out, err := modelfile.Export(deployments, credentials, from)
	if err != nil {
		return err
	}
	if err := e.write(path, out.YAML); err != nil {
		return err
	}
	fromConfig := 0
	for _, d := range deployments {
		if d.Config {
			fromConfig++
		}
	}
	e.tell(out, path, len(deployments), fromConfig)
	return nil
}

// selected returns the deployments that the flags ask for.
func (e *modelsExport) selected(deployments []modelfile.Deployment) ([]modelfile.Deployment, error) {
	for _, name := range e.names {
		if !slices.ContainsFunc(deployments, func(d modelfile.Deployment) bool { return d.Name == name }) {
			return nil, &proxyclient.Error{Code: proxyclient.CodeNotFound, Message: "no deployment has the name " + operation.Name(name) + "; nothing was written",
				Hint: "to see what exists, run " + program + " models info"}
		}
	}
	return slices.DeleteFunc(deployments, func(d modelfile.Deployment) bool {
		return e.dbOnly && d.Config || len(e.names) > 0 && !slices.Contains(e.names, d.Name)
	}), nil
}

// selectedCredentials returns the credentials to export, never nil: with --name, those that
// the models use.
func (e *modelsExport) selectedCredentials(ctx context.Context, env operation.Env, of []modelfile.Deployment) ([]modelfile.StoredCredential, error) {
	out := []modelfile.StoredCredential{}
	stored, err := e.storedCredentials(ctx, env)
	for _, c := range stored {
		used := slices.ContainsFunc(of, func(d modelfile.Deployment) bool { return d.Credential() == c.Name })
		if !(e.dbOnly && c.Config) && (used || len(e.names) == 0) {
			out = append(out, c)
		}
	}
	return out, err
}

// source reads the file of --merge.
func (e *modelsExport) source() (*modelfile.File, error) {
	if e.merge == "" {
		return nil, nil
	}
	from, err := e.modelFile(e.merge)
	if err != nil {
		return nil, err
	}
	if n := from.Findings.Errors(); n > 0 {
		for _, f := range from.Findings {
			if f.Severity == modelfile.Error {
				e.note("%s", f)
			}
		}
		return nil, usageError(fmt.Sprintf("--merge: %s has %s; nothing was written", e.merge, operation.Counted(n, "error")))
	}
	return from, nil
}

// write writes the export to standard output or to a file.
func (e *modelsExport) write(path string, data []byte) error {
	if path == "" {
		_, err := e.Stdout.Write(data)
		return unwritten(err)
	}
	file, err := newFile(path, e.overwrite)
	if err != nil {
		return err
	}
	if _, err := file.Write(data); err != nil {
		file.discard()
		return unwritten(err)
	}
	return unwritten(file.commit())
}

// tell says what was exported and what is missing from it.
func (e *modelsExport) tell(out modelfile.Exported, path string, models, fromConfig int) {
	if more := noteEach(e.app, "Left out, because the gateway does not show it: ", out.Left); more > 0 {
		e.note("… and %s left out; comments in the file name them", operation.Counted(more, "more value"))
	}
	if out.Unknown > 0 {
		e.note("The gateway shows neither api_key nor references: %s may lack some. Use --merge with the file they came from.", operation.Counted(out.Unknown, "model"))
	}
	if fromConfig > 0 {
		e.note("%s from the gateway's own configuration file; --db-only leaves such models out.", operation.Counted(fromConfig, "model"))
	}
	where := ""
	if path != "" {
		where = " to " + path
	}
	e.note("exported %s%s", operation.Counted(models, "model"), where)
}
