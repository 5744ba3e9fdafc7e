package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/operation"
)

// bulkRun is what commands that do one thing to many items have in common: flags, the
// plan before the first write, a progress bar, one line for each failure, a report and the
// exit status. A command binds the flags with bindBulk, makes a bulkPlan without writing
// anything, and ends with run.
type bulkRun struct {
	*app
	parallel    int
	report      string
	dryRun, yes bool
	format      string
	// input is the file that the command reads, which must not be its report.
	input string
}

// bindBulk adds the flags to a command.
func (a *app) bindBulk(cmd *cobra.Command) *bulkRun {
	b := &bulkRun{app: a}
	if a.progress != nil {
		a.progress.what = strings.TrimPrefix(cmd.CommandPath(), program+" ")
	}
	flags := cmd.Flags()
	flags.IntVar(&b.parallel, "parallel", bulk.DefaultParallel, fmt.Sprintf("Requests under way at once, 1 to %d", bulk.MaxParallel))
	flags.StringVar(&b.report, "report", "", "Write one row per item to this file: .csv or .jsonl")
	flags.BoolVar(&b.dryRun, "dry-run", false, "Show the plan without sending changes")
	flags.BoolVarP(&b.yes, "yes", "y", false, "Skip the confirmation")
	flags.StringVarP(&b.format, "format", "o", "", "Output format of the summary: json, table (default a sentence at a terminal, else json)")
	completes(cmd, "format", []string{"json", "table"})
	return b
}

// check refuses values of the flags, before anything is read or sent.
func (b *bulkRun) check() error {
	if b.parallel < 1 || b.parallel > bulk.MaxParallel {
		return usageError(fmt.Sprintf("--parallel must be between 1 and %d", bulk.MaxParallel))
	}
	if b.format != "" && b.format != "json" && b.format != "table" {
		return usageError(fmt.Sprintf("--format: %q is not one of json, table", b.format))
	}
	return nil
}

// bulkPlan is what a bulk run is about to do, found out without writing anything.
type bulkPlan struct {
	// what is the word for one item, such as "user".
	what string
	// steps are the changes, such as create and change, and what stays unchanged.
	steps []planStep
	// items does them. Outcomes are counted by their own states.
	items iter.Seq[bulk.Item]
	// planned gives the report of a dry run: each item with what would become of it.
	planned iter.Seq[bulk.Outcome]
	// again is the advice after failures (default: run the same command again).
	again string
}

// planStep is one kind of change in a plan.
type planStep struct {
	// verb is the change as a command, such as "create", and done as a state, such as
	// "unchanged" for items that stay as they are; one of the two is set.
	verb, state string
	// fails marks items that the run cannot do, so that it fails.
	fails bool
	count int
	first []string // some of the names
}

// planNames is how many names of each step a plan shows.
const planNames = 5

// add counts one item of a step.
func (s *planStep) add(name string) {
	if s.count++; len(s.first) < planNames {
		s.first = append(s.first, name)
	}
}

// String says what the step does: "create 20 users: ann, bob and 18 more".
func (s *planStep) words(what string) string {
	text := fmt.Sprintf("%s %s", s.verb, operation.Counted(s.count, what))
	if s.verb == "" {
		text = fmt.Sprintf("%s %s", operation.Counted(s.count, what), s.state)
	}
	if s.count == 0 || s.verb == "" {
		return text
	}
	names := make([]string, len(s.first))
	for i, name := range s.first {
		names[i] = operation.Shown(name)
	}
	text += ": " + strings.Join(names, ", ")
	if more := s.count - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// total is the number of items of a plan; writes is the number of those that change something.
func (p *bulkPlan) total() (total, writes int) {
	for _, s := range p.steps {
		if total += s.count; s.verb != "" {
			writes += s.count
		}
	}
	return total, writes
}

// maxFailureLines is how many failures, or values left out, are told one by one.
const maxFailureLines = 50

// run shows the plan, asks at a terminal, does the items and tells how it went. Its
// error has been reported unless it says that nothing was sent.
func (b *bulkRun) run(ctx context.Context, p bulkPlan) error {
	total, writes := p.total()
	for _, s := range p.steps {
		if s.count > 0 {
			b.note("%s", s.words(p.what))
		}
	}
	report, err := b.openReport()
	if err != nil {
		return err
	}
	if b.dryRun {
		return b.dry(p, report)
	}
	if writes > 0 {
		if err := b.agreed(ctx, p); err != nil {
			_ = report.Close()
			return err
		}
	}
	// From here on the run ends by itself after an interrupt, and says what it did.
	b.serving.Store(true)
	said := make(chan struct{})
	uninterrupted := context.AfterFunc(ctx, func() {
		b.note("Interrupted; waiting for the requests under way. Press Ctrl-C again to stop at once.")
		close(said)
	})
	told := 0
	options := bulk.Options{Parallel: b.parallel, Total: total, Paused: func(wait time.Duration) {
		b.note("The gateway asked to wait; continuing in %s.", wait.Round(time.Second/10))
	}}
	if b.progress != nil {
		options.Progress = b.progress.update
	}
	summary := bulk.Run(ctx, p.items, options, func(o bulk.Outcome) {
		o.Reason = b.plain(o.Reason)
		report.Add(o)
		if o.State == bulk.Failed || o.State == bulk.Unknown {
			if told++; told <= maxFailureLines {
				b.note("%s: %s: %s", o.Name, o.State, o.Reason)
			}
		}
	})
	if !uninterrupted() {
		<-said
	}
	b.progress.end()
	return b.ended(ctx, p, summary, told, report.Close())
}

// argument is an argument of an operation in a text: a column, to the reader of a file.
var argument = regexp.MustCompile(`\{([a-z_]+)\}`)

// plain words a reason for somebody who wrote a file, not flags.
func (b *bulkRun) plain(text string) string {
	return argument.ReplaceAllString(b.words(text), "$1")
}

func (b *bulkRun) openReport() (*bulk.Report, error) {
	if b.report == "" {
		return nil, nil
	}
	report, err := bulk.OpenReport(b.report, b.input, b.masked)
	if err != nil {
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			err = errors.New("cannot write " + b.report + ": " + reason(err))
		}
		return nil, usageError("--report: " + err.Error() + "; nothing was sent")
	}
	return report, nil
}

// agreed asks before the first write, at a terminal.
func (b *bulkRun) agreed(ctx context.Context, p bulkPlan) error {
	if b.yes || b.Terminal == nil {
		return b.guard(ctx)
	}
	var parts []string
	for _, s := range p.steps {
		if s.verb != "" && s.count > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", s.verb, operation.Counted(s.count, p.what)))
		}
	}
	what := strings.Join(parts, " and ")
	s, err := b.choice()
	if err != nil {
		return err
	}
	where := s.BaseURL
	if s.Profile != nil {
		where += " (profile " + s.Profile.Name + ")"
	}
	return b.accept(ctx, fmt.Sprintf("%s%s at %s?", strings.ToUpper(what[:1]), what[1:], where))
}

// refuses reports whether the plan has items that the run cannot do.
func (p *bulkPlan) refuses() bool {
	return slices.ContainsFunc(p.steps, func(s planStep) bool { return s.fails && s.count > 0 })
}

// moreFailures says how many failures were not told one by one.
func (b *bulkRun) moreFailures(told int) {
	more := told - maxFailureLines
	if more <= 0 {
		return
	}
	where := "to see all, use --report FILE"
	if b.report != "" {
		where = "all are in " + b.report
	}
	b.note("%s; %s", operation.Counted(more, "more failure"), where)
}

// dry ends a dry run: it tells what is refused, and why. Refused items make it fail.
func (b *bulkRun) dry(p bulkPlan, report *bulk.Report) error {
	told := 0
	if p.planned != nil && (report != nil || p.refuses()) {
		for o := range p.planned {
			o.Reason = b.plain(o.Reason)
			report.Add(o)
			if o.State == bulk.Failed {
				if told++; told <= maxFailureLines {
					b.note("%s: %s", o.Name, o.Reason)
				}
			}
		}
	}
	b.moreFailures(told)
	if err := report.Close(); err != nil {
		return unwritten(err)
	}
	b.note("Dry run: no changes were sent.")
	counts := operation.Row{{Name: "dry_run", Value: true}}
	for _, s := range p.steps {
		name := s.state
		if s.verb != "" {
			name = "to_" + s.verb
		}
		counts = append(counts, operation.Member{Name: name, Value: s.count})
	}
	if err := b.print(counts); err != nil {
		return err
	}
	if p.refuses() {
		return errFailed // as the run itself
	}
	return nil
}

// ended tells how the run went: what is left to do on stderr, the counts on stdout, and
// the exit status.
func (b *bulkRun) ended(ctx context.Context, p bulkPlan, summary bulk.Summary, told int, lost error) error {
	b.moreFailures(told)
	if summary.Stopped != "" {
		b.note("Stopped: %s. %s not tried.", summary.Stopped, operation.Counted(summary.NotTried, p.what))
	}
	b.note("%s", summary.String())
	if !summary.OK() {
		again := p.again
		if again == "" {
			again = "run the same command again: it does only what is missing"
		}
		b.note("hint: %s", again)
	}
	var counts operation.Row
	var members map[string]json.RawMessage
	_ = json.Unmarshal(operation.Encode(summary), &members)
	for _, name := range []string{"created", "changed", "deleted", "unchanged", "failed", "unknown", "not_tried", "stopped"} {
		if value := members[name]; value != nil {
			counts = append(counts, operation.Member{Name: name, Value: value})
		}
	}
	if err := b.print(counts); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return reported(interrupted)
	case lost != nil:
		b.note("--report: cannot write %s: %s", b.report, reason(lost))
		return errFailed
	case !summary.OK():
		return errFailed
	}
	return nil
}

// print writes the counts to stdout. A person at a terminal has read them in the sentence.
func (b *bulkRun) print(counts operation.Row) error {
	if b.format == "" && isTerminal(b.Stdout) {
		return nil
	}
	if b.format == "table" {
		w := tabwriter.NewWriter(b.Stdout, 0, 0, 2, ' ', 0)
		for _, m := range counts {
			fmt.Fprintf(w, "%s\t%s\n", m.Name, operation.Word(operation.Encode(m.Value)))
		}
		return unwritten(w.Flush())
	}
	e := json.NewEncoder(b.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return unwritten(e.Encode(counts))
}

// reported ends a run that has said everything; the value is its exit status.
type reported int

// Error implements error.
func (r reported) Error() string { return fmt.Sprintf("exit status %d", int(r)) }
