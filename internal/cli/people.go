package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/config"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/sheet"
)

// peopleRun is one run of users onboard or teams setup for the people of a file.
type peopleRun struct {
	*sheetImport
	call          *call
	from, keysOut string
}

const peopleHelp = `
With --from, each row of a CSV, YAML or JSON lines file is a person. The columns are %s.
Flags are for rows without a value of their own. The whole file is checked before anything
is sent. The new keys are written to --keys-out. Run the same command again after a
failure: it does only what is missing.`

// bindPeople adds the flags for a file of people.
func (c *call) bindPeople(cmd *cobra.Command) *peopleRun {
	b := &bulkRun{app: c.app}
	p := &peopleRun{sheetImport: &sheetImport{bulkRun: b, path: c.op.Path}, call: c}
	flags := cmd.Flags()
	flags.StringVar(&p.from, "from", "", "Onboard the people of this file: .csv, .yaml or .jsonl; - is standard input")
	flags.StringVar(&p.keysOut, "keys-out", "", "File for the new keys, readable by you only (default: the name of the --from file with -keys.csv)")
	flags.IntVar(&b.parallel, "parallel", bulk.DefaultParallel, fmt.Sprintf("With --from, people under way at once, 1 to %d", bulk.MaxParallel))
	flags.StringVar(&b.report, "report", "", "With --from, write one row per person to this file: .csv or .jsonl")
	flags.BoolVarP(&b.yes, "yes", "y", false, "With --from, skip the confirmation")
	inputFormatFlag(cmd, &p.inputFormat)
	cmd.Long += "\n" + fmt.Sprintf(peopleHelp, strings.Join(sheet.PeopleColumns(c.Operations), ", "))
	cmd.Example += fmt.Sprintf("\n  %s %s --from people.csv --dry-run", program, c.op.Path)
	return p
}

// unused refuses flags that mean nothing without a file.
func (p *peopleRun) unused(cmd *cobra.Command) error {
	for _, name := range []string{"keys-out", "parallel", "report", "yes", "input-format"} {
		if cmd.Flags().Changed(name) {
			return usageError("--" + name + " needs --from")
		}
	}
	return nil
}

// start plans the file, asks at a terminal, and onboards the people.
func (p *peopleRun) start(ctx context.Context) error {
	limitMemory(commandMemory)
	p.dryRun, p.bulkRun.format = p.call.dryRun, p.call.format
	if p.readOnly {
		return usageError(p.call.op.Path + " changes something, and --read-only is given; nothing was sent")
	}
	if err := p.check(); err != nil {
		return err
	}
	o, err := p.onboarding()
	if err != nil {
		return err
	}
	file, format, err := p.open(p.from)
	if err != nil {
		return err
	}
	defer file.Close()
	plan, err := o.Plan(ctx, bulk.Read(file, format))
	p.progress.end()
	if err != nil {
		return err
	}
	if len(plan.Faults) > 0 {
		return p.refused(p.from, plan.Faults)
	}
	return p.onboard(ctx, o, plan)
}

// onboarding makes the run out of the flags.
func (p *peopleRun) onboarding() (*sheet.Onboarding, error) {
	given := maps.Clone(p.call.values.args)
	for _, name := range []string{"user_email", "user_emails", "user_ids", "create_missing", "key_alias", "user_alias"} {
		if given[name] != nil {
			f, _ := p.call.op.Field(name)
			return nil, usageError("--" + f.Flag + " cannot be combined with --from; give it in the file")
		}
	}
	client, err := p.client()
	if err != nil {
		return nil, err
	}
	o := &sheet.Onboarding{Operations: p.Operations, Common: given,
		Env: operation.Env{Client: client.WithChangedBy(config.Person(p.Getenv, os.Hostname)), Profile: p.profileName(), Hold: p.hold}}
	if p.progress != nil {
		o.Env.Progress = p.progress.update
	}
	if p.call.op.Resource() != "teams" {
		o.Env.Team = p.set.Setting(config.Team)
		return o, nil
	}
	// The flags are the team's, but for the limit of each member.
	o.Setup, o.Common = given, operation.Args{}
	if limit := given["max_budget_in_team"]; limit != nil {
		o.Common["max_budget_in_team"] = limit
		delete(o.Setup, "max_budget_in_team")
	}
	return o, nil
}

// onboard shows the plan and carries it out.
func (p *peopleRun) onboard(ctx context.Context, o *sheet.Onboarding, plan *sheet.PeoplePlan) error {
	for _, note := range plan.Notes {
		p.note("%s", note)
	}
	if len(plan.Teams) > 0 {
		step := planStep{verb: "create"}
		for _, name := range plan.Teams {
			step.add(name)
		}
		p.note("%s", step.words("team"))
	}
	todo, same, keys := planStep{verb: "onboard"}, planStep{state: "unchanged"}, 0
	for _, person := range plan.People {
		_, name, _ := strings.Cut(person.Name, ": ")
		if len(person.Steps) == 0 {
			same.add(name)
			continue
		}
		if todo.add(name); p.dryRun && todo.count <= maxFailureLines {
			p.note("%s: %s", person.Name, strings.Join(person.Steps, ", "))
		}
		if person.Key {
			keys++
		}
	}
	var file *peopleKeys
	var kept atomic.Bool
	if keys > 0 {
		path := p.keysPath()
		p.note("%s will be written to %s", operation.Counted(keys, "new key"), path)
		var err error
		if file, err = openPeopleKeys(path, o.Env.Client.BaseURL(), p.dryRun); err != nil {
			return usageError("--keys-out: " + err.Error() + "; nothing was sent")
		}
		defer file.close()
	}
	o.Keep = func(answer json.RawMessage) error {
		kept.Store(true)
		return file.add(answer)
	}
	ran := p.run(ctx, bulkPlan{what: "user", steps: []planStep{todo, same}, items: o.Items(plan), planned: plannedPeople(plan)})
	if kept.Load() {
		p.note("The new keys are in %s.", file.path)
	}
	return ran
}

// plannedPeople is the report of a dry run.
func plannedPeople(plan *sheet.PeoplePlan) iter.Seq[bulk.Outcome] {
	return func(yield func(bulk.Outcome) bool) {
		for _, person := range plan.People {
			o := bulk.Outcome{Name: person.Name, State: bulk.Unchanged}
			if len(person.Steps) > 0 {
				o.State, o.Reason = "to onboard", strings.Join(person.Steps, ", ")
			}
			if !yield(o) {
				return
			}
		}
	}
}

// keysPath is the file for the new keys.
func (p *peopleRun) keysPath() string {
	switch {
	case p.keysOut != "":
		return p.keysOut
	case p.from == "-":
		return "people-keys.csv"
	}
	return strings.TrimSuffix(p.from, filepath.Ext(p.from)) + "-keys.csv"
}

// peopleRunE makes the command of an operation take a file of people.
func (c *call) peopleRunE(cmd *cobra.Command) {
	p, one := c.bindPeople(cmd), cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if p.from == "" {
			if err := p.unused(cmd); err != nil {
				return err
			}
			return one(cmd, args)
		}
		fields := slices.DeleteFunc(c.op.Fields(), func(f operation.Field) bool { return f.Arg == 0 })
		if err := c.positional(fields, args); err != nil {
			return err
		}
		return p.start(cmd.Context())
	}
}
