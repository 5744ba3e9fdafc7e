package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/config"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/plural"
	"litellm-proxy/internal/sheet"
	"litellm-proxy/proxyclient"
)

// sheetCommands are the import and export of users, teams, budgets and customers.
func sheetCommands() (commands []local) {
	for _, r := range sheet.Resources {
		commands = append(commands,
			local{path: r.Name + " import", summary: "Import " + r.Name + " from a CSV, YAML or JSON lines file", writes: true,
				bind: func(a *app, cmd *cobra.Command) { a.bindImport(cmd, r) }},
			local{path: r.Name + " export", summary: "Export " + r.Name + " as rows that import reads",
				bind: func(a *app, cmd *cobra.Command) { a.bindExport(cmd, r) }})
	}
	return commands
}

// sheetImport is one run of an import.
type sheetImport struct {
	*bulkRun
	resource    *sheet.Resource
	path        string // of the command
	inputFormat string
	update      bool
}

const importHelp = `Import %[1]s from a CSV, YAML or JSON lines file; - reads standard input.

The columns are the flags of %[1]s create, such as %[2]s. An empty cell is not set.
Lists have commas between their items. The whole file is checked before anything is sent.
Rows are found by %[3]s. What exists is left unchanged and differences are reported;
--update applies them. Run the same command again after a failure: it does only what is missing.`

func (a *app) bindImport(cmd *cobra.Command, r *sheet.Resource) {
	i := &sheetImport{bulkRun: a.bindBulk(cmd), resource: r, path: r.Name + " import"}
	var names []string
	columns := r.Columns(a.Operations)
	for _, c := range columns[:min(4, len(columns))] {
		names = append(names, c.Name)
	}
	cmd.Use, cmd.Args = "import <file>", oneFile
	cmd.Long = fmt.Sprintf(importHelp, r.Name, strings.Join(names, ", "), r.IdentityWords(a.Operations))
	cmd.Example = fmt.Sprintf("  litellm-proxy %[1]s import %[1]s.csv --dry-run\n  litellm-proxy %[1]s import %[1]s.csv --update --parallel 4 --report done.csv", r.Name)
	cmd.Flags().BoolVar(&i.update, "update", false, "Change items that exist and differ")
	inputFormatFlag(cmd, &i.inputFormat)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return i.start(cmd.Context(), args[0]) }
}

func (i *sheetImport) start(ctx context.Context, name string) error {
	limitMemory(commandMemory)
	if err := i.check(); err != nil {
		return err
	}
	file, format, err := i.open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	client, err := i.client()
	if err != nil {
		return err
	}
	importer := &sheet.Importer{Resource: i.resource, Operations: i.Operations, Update: i.update,
		Env: operation.Env{Client: client.WithChangedBy(config.Person(i.Getenv, os.Hostname))}}
	if i.progress != nil {
		importer.Env.Progress = i.progress.update
	}
	plan, err := importer.Plan(ctx, bulk.Read(file, format))
	if err != nil {
		return err
	}
	if len(plan.Faults) > 0 {
		return i.refused(name, plan.Faults)
	}
	for _, note := range plan.Notes {
		i.note("%s", note)
	}
	return i.run(ctx, i.plan(plan))
}

// open opens the file of an import.
func (i *sheetImport) open(name string) (io.ReadCloser, bulk.Format, error) {
	if name == "-" && i.inputFormat == "" {
		return nil, "", usageError("standard input has no ending; give its format with --input-format")
	}
	format, err := bulk.FormatOf(name, i.inputFormat)
	if err != nil {
		return nil, "", usageError(fmt.Sprintf("%v; give the format with --input-format", err))
	}
	if name == "-" {
		return io.NopCloser(i.Stdin), format, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, "", usageError("cannot read " + name + ": " + reason(err) + "; nothing was sent")
	}
	i.input = name
	return file, format, nil
}

// refused tells every fault of the file.
func (i *sheetImport) refused(name string, faults []sheet.Fault) error {
	if more := noteEach(i.app, fileName(name)+": ", faults); more > 0 {
		i.note("%s", operation.Counted(more, "more error"))
	}
	return &proxyclient.Error{Code: proxyclient.CodeUsage,
		Message: fmt.Sprintf("%s has %s; nothing was sent", fileName(name), operation.Counted(len(faults), "error")),
		Hint:    fmt.Sprintf("see %s %s --help", program, i.path)}
}

// plan counts what the import does, and tells how existing items differ.
func (i *sheetImport) plan(p *sheet.Plan) bulkPlan {
	create, change := planStep{verb: "create"}, planStep{verb: "change"}
	same, stuck, differ := planStep{state: "unchanged"}, planStep{state: "refused", fails: true}, 0
	p.Count(func(name string, do bulk.State, reason string) {
		_, name, _ = strings.Cut(name, ": ")
		switch do {
		case bulk.Created:
			create.add(name)
		case bulk.Changed:
			change.add(name)
		case bulk.Failed:
			stuck.add(name)
			return // told as a failure
		default:
			same.add(name)
		}
		if reason == "" {
			return
		}
		if differ++; differ <= maxFailureLines {
			i.note("%s %s", name, reason)
		}
	})
	if differ > maxFailureLines {
		i.note("%s differ", operation.Counted(differ-maxFailureLines, "more "+i.resource.What))
	}
	if differ > 0 && !i.update {
		i.note("Existing %s were not changed; --update applies the differences.", plural.Of(i.resource.What))
	}
	return bulkPlan{what: i.resource.What, steps: []planStep{create, change, same, stuck}, items: p.Items(), planned: p.Planned()}
}

// sheetExport is one run of an export.
type sheetExport struct {
	*app
	resource             *sheet.Resource
	format               string
	generated, overwrite bool
}

const exportHelp = `Export %[1]s to a file, or to standard output, as rows that %[1]s import reads.

The columns are the flags of %[1]s create. What is not set is empty. Values that hold a
secret are left out and named. Spend is not exported.`

func (a *app) bindExport(cmd *cobra.Command, r *sheet.Resource) {
	e := &sheetExport{app: a, resource: r}
	if a.progress != nil {
		a.progress.what = r.Name + " export"
	}
	cmd.Use, cmd.Args = "export [<file>]", atMostOneFile
	cmd.Long = fmt.Sprintf(exportHelp, r.Name)
	cmd.Example = fmt.Sprintf("  litellm-proxy %[1]s export %[1]s.csv\n  litellm-proxy %[1]s export --format jsonl", r.Name)
	rowsFlag(cmd, &e.format, "format", "Output format: csv, yaml, jsonl (default: by the file's ending, else csv)")
	overwriteFlag(cmd, &e.overwrite)
	if r.Name == "budgets" {
		cmd.Flags().BoolVar(&e.generated, "generated", false, "Include budgets that the gateway created for one key, customer or team")
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name := ""
		if len(args) == 1 && args[0] != "-" {
			name = args[0]
		}
		return e.start(cmd.Context(), name)
	}
}

func (e *sheetExport) start(ctx context.Context, name string) error {
	limitMemory(commandMemory)
	format := bulk.CSV
	if name != "" || e.format != "" {
		var err error
		if format, err = exportFormat(name, e.format); err != nil {
			return err
		}
	}
	client, err := e.client()
	if err != nil {
		return err
	}
	exporter := &sheet.Exporter{Resource: e.resource, Operations: e.Operations, Generated: e.generated, Env: operation.Env{Client: client}}
	if e.progress != nil {
		exporter.Env.Progress = e.progress.update
	}
	if name == "" {
		out := &replies{w: e.Stdout}
		exported, err := exporter.Run(ctx, bulk.NewWriter(out, format, exporter.Columns()))
		return e.ended("", exported, err, out.err)
	}
	file, err := newFile(name, e.overwrite)
	if err != nil {
		return err
	}
	out := &replies{w: file}
	exported, err := exporter.Run(ctx, bulk.NewWriter(out, format, exporter.Columns()))
	if err != nil {
		file.discard()
		return e.ended(name, exported, err, out.err)
	}
	return e.ended(name, exported, nil, file.commit())
}

// ended tells what was exported and what was left out. unwrote is the error of the file or of
// standard output.
func (e *sheetExport) ended(name string, exported *sheet.Exported, err, unwrote error) error {
	e.progress.end()
	switch {
	case unwrote != nil:
		return unwritten(unwrote)
	case err != nil && exported.Items > 0 && name == "":
		return proxyclient.Wrap("after "+operation.Counted(exported.Items, e.resource.What), err)
	case err != nil:
		return err
	}
	if more := noteEach(e.app, hiddenSetting, exported.Secrets); more > 0 {
		e.note("%s with secrets", operation.Counted(more, "more value"))
	}
	if more := noteEach(e.app, "an import refuses this row: ", exported.Refused); more > 0 {
		e.note("%s that an import refuses", operation.Counted(more, "more row"))
	}
	if exported.Generated > 0 {
		e.note("Left out %s that the gateway created for one key, customer or team; --generated includes them.", operation.Counted(exported.Generated, "budget"))
	}
	if name != "" {
		e.note("exported %s to %s", operation.Counted(exported.Items, e.resource.What), name)
	}
	return nil
}

// replies remembers the first error of a writer.
type replies struct {
	w   io.Writer
	err error
}

func (r *replies) Write(p []byte) (int, error) {
	n, err := r.w.Write(p)
	if r.err == nil {
		r.err = err
	}
	return n, err
}
