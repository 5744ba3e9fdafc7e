package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/config"
	"litellm-proxy/internal/keycopy"
	"litellm-proxy/internal/keystore"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// sourceKeyVariable holds the key of the gateway that keys import reads.
const sourceKeyVariable = "LITELLM_SOURCE_API_KEY"

// inKeystore is the value of --keys-out for the key store.
const inKeystore = "keystore:"

func keysCommands() []local {
	return []local{
		{path: "keys import", summary: "Copy virtual keys from another gateway or a file", writes: true, bind: bindKeysImport},
		{path: "keys export", summary: "Write virtual keys to a file, without secrets", bind: bindKeysExport},
	}
}

// keyImport is one run of keys import.
type keyImport struct {
	*bulkRun
	from, sourceURL, sourceKey, since, keysOut, inputFormat string
	options                                                 keycopy.Options
}

func bindKeysImport(a *app, cmd *cobra.Command) {
	cmd.Use, cmd.Args = "import [<file>]", atMostOneFile
	cmd.Long = `Copy virtual keys from another gateway (--from) or from a file that keys export wrote.
A copy is never less limited than its source: it keeps alias, limits, spend, expiry,
owner, models, metadata and whether it is blocked. A key whose settings cannot be kept
is refused and named. Keys that the target has already, by alias or as an earlier copy,
are left unchanged, so a second run makes only what is missing.

Each copy has a new key, which --keys-out keeps. Files end in .csv, .yaml or .jsonl; - is
standard input.`
	cmd.Example = `  litellm-proxy keys import --from staging --keys-out keys.csv --dry-run
  litellm-proxy keys import --from https://old.example.com --source-api-key @old.key --keys-out keys.csv
  litellm-proxy keys import keys.jsonl --keys-out keystore:`
	i := &keyImport{bulkRun: a.bindBulk(cmd)}
	flags := cmd.Flags()
	flags.StringVar(&i.from, "from", "", "Profile or URL of the gateway to copy from")
	flags.StringVar(&i.sourceURL, "source-base-url", "", "URL of the gateway to copy from")
	flags.StringVar(&i.sourceKey, "source-api-key", "", "API key of the gateway to copy from, @file or @- (default "+sourceKeyVariable+")")
	flags.StringVar(&i.keysOut, "keys-out", "", "CSV file for the new keys, readable by you only, or "+inKeystore+" for the key store")
	flags.StringVar(&i.since, "created-since", "", "Only keys created at this time (UTC) or later: 2026-01-31 or 2026-01-31_08:00")
	flags.BoolVar(&i.options.IncludeExpired, "include-expired", false, "Copy expired keys too; the copies are expired")
	flags.BoolVar(&i.options.RestartBudgets, "restart-budgets", false, "Copy keys with model budgets or budget windows, whose spend starts again at 0")
	inputFormatFlag(cmd, &i.inputFormat)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return i.start(cmd.Context(), args) }
}

// start checks the command line and runs the import.
func (i *keyImport) start(ctx context.Context, args []string) error {
	if err := i.check(); err != nil {
		return err
	}
	source, err := i.source(args)
	if err != nil {
		return err
	}
	if i.since != "" {
		start, err := sinceTime(i.since)
		if err != nil {
			return err
		}
		source = source.Since(start)
	}
	switch {
	case i.dryRun:
		return i.copy(ctx, source, nil)
	case i.keysOut == "":
		return usageError("--keys-out is required: the new keys are shown nowhere else; give a CSV file or " + inKeystore)
	case i.keysOut == inKeystore:
		store, err := keystore.Open(i.Getenv)
		if err != nil {
			return err
		}
		client, err := i.client()
		if err != nil {
			return err
		}
		return i.copy(ctx, source, keycopy.InStore(store, client.BaseURL()))
	case !strings.HasSuffix(strings.ToLower(i.keysOut), ".csv"):
		return usageError("--keys-out: the name must end in .csv; nothing was sent")
	}
	return i.copyToFile(ctx, source)
}

// copyToFile copies keys, alone with the file of the new ones.
func (i *keyImport) copyToFile(ctx context.Context, source keycopy.Source) error {
	client, err := i.client()
	if err != nil {
		return err
	}
	var ran error
	err = config.Locked(ctx, i.keysOut, func() error {
		vault, err := keycopy.OpenFile(i.keysOut, client.BaseURL())
		if err == nil {
			ran = i.copy(ctx, source, vault)
			err = vault.Close()
		}
		return err
	})
	if ran == nil && err != nil {
		return usageError("--keys-out: " + err.Error())
	}
	if err != nil {
		i.note("--keys-out: %v", err)
	}
	return ran
}

// sinceTime reads --created-since as the Python CLI does.
func sinceTime(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, "2006-01-02_15:04", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError(fmt.Sprintf("--created-since: %q is not a date such as 2026-01-31 or 2026-01-31_08:00", text))
}

// source returns the keys to copy: of another gateway, or of a file.
func (i *keyImport) source(args []string) (keycopy.Source, error) {
	given := 0
	for _, way := range []bool{len(args) > 0, i.from != "", i.sourceURL != ""} {
		if way {
			given++
		}
	}
	if given != 1 {
		return nil, usageError("give one source: --from PROFILE, --from URL or a file")
	}
	if len(args) > 0 {
		if i.sourceKey != "" {
			return nil, usageError("--source-api-key is for --from with a URL")
		}
		i.input = args[0]
		return i.rows(args[0])
	}
	from := i.from + i.sourceURL
	client, err := i.sourceClient(from)
	if err != nil {
		return nil, err
	}
	target, err := i.client()
	if err != nil {
		return nil, err
	}
	if config.SameURL(client.BaseURL(), target.BaseURL()) {
		return nil, usageError(fmt.Sprintf("%s is both source and target; give the target with --base-url or --profile", client.BaseURL()))
	}
	i.options.From = client
	said := func(text string) { i.note("Source: %s", i.words(text)) }
	return fromSource(keycopy.Gateway(client, i.Operations.Find("keys list"), said)), nil
}

// fromSource makes the errors of a gateway say that it is the source, whose settings are
// others than the target's.
func fromSource(source keycopy.Source) keycopy.Source {
	return func(ctx context.Context) iter.Seq2[json.RawMessage, error] {
		return func(yield func(json.RawMessage, error) bool) {
			for key, err := range source(ctx) {
				if e := operation.AsError(err); e != nil {
					told := *e
					told.Hint = strings.NewReplacer("{api_key}", "the source's key", "{base_url}", "the source's URL").Replace(e.Hint)
					err = proxyclient.Wrap("the source", &told)
				}
				if !yield(key, err) {
					return
				}
			}
		}
	}
}

// sourceClient makes the client of the source. A profile's credential goes to its gateway
// only; a URL has a key of its own.
func (i *keyImport) sourceClient(from string) (*proxyclient.Client, error) {
	if !strings.Contains(from, "://") && i.sourceURL == "" {
		if i.sourceKey != "" {
			return nil, usageError("--source-api-key is for --from with a URL; a profile has a credential of its own")
		}
		client, err := i.profileClient(from)
		if e := operation.AsError(err); e != nil {
			e.Message = strings.Replace(e.Message, "--profile: ", "--from: ", 1)
		}
		return client, err
	}
	named := "--from"
	if i.from == "" {
		named = "--source-base-url"
	}
	key, source := i.sourceKey, "--source-api-key"
	if key == "" {
		key, source = i.Getenv(sourceKeyVariable), sourceKeyVariable
	}
	text, _, err := i.sources.at(key, "API key of the source")
	if proxyclient.CodeOf(err) == proxyclient.CodeCanceled {
		return nil, err
	}
	if err != nil {
		return nil, usageError("--source-api-key: " + err.Error())
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil, usageError("the source needs a key: --source-api-key @file or " + sourceKeyVariable)
	}
	s, err := i.choice()
	if err != nil {
		return nil, err
	}
	way := config.Settings{BaseURL: from, BaseURLSource: named, APIKey: text, APIKeySource: source, Timeout: s.Timeout}
	if strings.HasPrefix(strings.ToLower(from), "https:") {
		way.CAFile = s.CAFile
	}
	return i.clientFor(way)
}

// rows returns the keys of a file, which is read as a whole first.
func (i *keyImport) rows(name string) (keycopy.Source, error) {
	format, err := bulk.FormatOf(name, i.inputFormat)
	if err != nil {
		return nil, usageError(err.Error() + "; give the format with --input-format")
	}
	open := func() (io.ReadCloser, error) {
		file, err := os.Open(name)
		if err != nil {
			return nil, usageError("cannot read " + name + ": " + reason(err) + "; nothing was sent")
		}
		return file, nil
	}
	if info, err := os.Stat(name); name == "-" || err == nil && !info.Mode().IsRegular() {
		data, err := i.once(name, open)
		if err != nil {
			return nil, err
		}
		open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	}
	source := keycopy.Rows(open, format)
	faults := source.Check(context.Background())
	if len(faults) == 1 && proxyclient.CodeOf(faults[0]) == proxyclient.CodeUsage {
		return nil, faults[0]
	}
	if more := noteEach(i.app, fileName(name)+": ", faults); more > 0 {
		i.note("%s more", operation.Counted(more, "error"))
	}
	if len(faults) > 0 {
		return nil, usageError(fmt.Sprintf("%s has %s; nothing was sent", fileName(name), operation.Counted(len(faults), "error")))
	}
	return source, nil
}

// once reads what can be read only once, such as standard input or a pipe.
func (i *keyImport) once(name string, open func() (io.ReadCloser, error)) ([]byte, error) {
	from := io.NopCloser(i.Stdin)
	if name != "-" {
		var err error
		if from, err = open(); err != nil {
			return nil, err
		}
	}
	defer from.Close()
	data, err := io.ReadAll(io.LimitReader(from, maxValueFile+1))
	if err != nil {
		return nil, usageError("cannot read " + fileName(name) + ": " + reason(err) + "; nothing was sent")
	}
	if len(data) > maxValueFile {
		return nil, usageError(fmt.Sprintf("%s is larger than %d MiB; write it to a file", fileName(name), maxValueFile>>20))
	}
	return data, nil
}

// copy plans the import, asks, and makes the copies.
func (i *keyImport) copy(ctx context.Context, source keycopy.Source, vault keycopy.Vault) error {
	client, err := i.client()
	if err != nil {
		return err
	}
	client = client.WithChangedBy(config.Person(i.Getenv, os.Hostname))
	ops := keycopy.Catalog{List: i.Operations.Find("keys list"), Generate: i.Operations.Find("keys generate")}
	copier, err := keycopy.New(ctx, source, client, ops, vault, i.options)
	if err != nil {
		return err
	}
	planned := func(func(bulk.Outcome) bool) {}
	if i.dryRun {
		planned = func(yield func(bulk.Outcome) bool) { _, _ = copier.Plan(ctx, func(o bulk.Outcome) { yield(o) }) }
	}
	plan, err := copier.Plan(ctx, func(bulk.Outcome) {})
	if err != nil {
		return err
	}
	for _, said := range plan.Notes {
		i.note("%s", said)
	}
	var failed error
	var kept atomic.Bool
	ran := i.run(ctx, bulkPlan{
		what: "key",
		steps: []planStep{
			{verb: "create", count: plan.Create, first: plan.Names},
			{verb: "replace", count: plan.Replace, first: plan.Replaced},
			{state: "unchanged", count: plan.Exists},
			{state: "refused", fails: true, count: plan.Refused},
		},
		items: noting(copier.Items(ctx, func(err error) { failed = err }), &kept), planned: planned,
		again: "make what is missing on the target, then run the same command again: it does only the rest",
	})
	if plan.Expired > 0 {
		i.note("%s left out: expired; to copy them too, use --include-expired", operation.Counted(plan.Expired, "key"))
	}
	if kept.Load() {
		i.note("The new keys are in %s.", vault.Place())
	}
	if failed != nil && !errors.Is(failed, context.Canceled) {
		return proxyclient.Wrap("the import stopped", failed)
	}
	return ran
}

// noting sets made when an item makes a key, or may have made one.
func noting(items iter.Seq[bulk.Item], made *atomic.Bool) iter.Seq[bulk.Item] {
	return func(yield func(bulk.Item) bool) {
		for item := range items {
			item.Ended = func(o bulk.Outcome) {
				if o.State == bulk.Created || o.State == bulk.Changed || o.State == bulk.Unknown {
					made.Store(true)
				}
			}
			if !yield(item) {
				return
			}
		}
	}
}
