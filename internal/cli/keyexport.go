package cli

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/keycopy"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/replace"
)

func bindKeysExport(a *app, cmd *cobra.Command) {
	cmd.Use = "export [<file>]"
	cmd.Long = `Write virtual keys as rows that keys import reads: CSV, YAML or JSON lines, by the ending
of the file. Without a file, they go to standard output. A row has the hash of the key,
never the key itself; metadata and other settings that hold secrets are left out.`
	cmd.Example = `  litellm-proxy keys export keys.csv
  litellm-proxy keys export --file-format jsonl | jq -r .key_alias`
	cmd.Args = cobra.MaximumNArgs(1)
	format := ""
	cmd.Flags().StringVar(&format, "file-format", "", "Format: csv, yaml, jsonl (default by the file's ending, then jsonl)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name := strings.Join(args, "")
		if name == "" && format == "" {
			format = string(bulk.JSONL)
		}
		written, err := bulk.FormatOf(name, format)
		if err != nil {
			return usageError(err.Error() + "; give --file-format")
		}
		if name == "" || name == "-" {
			return a.exportKeys(cmd.Context(), a.Stdout, written)
		}
		return replaced(name, func(w io.Writer) error { return a.exportKeys(cmd.Context(), w, written) })
	}
}

// exportKeys writes the keys of the gateway.
func (a *app) exportKeys(ctx context.Context, w io.Writer, format bulk.Format) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	source := keycopy.Gateway(client, a.Operations.Find("keys list"), func(said string) { a.note("%s", a.words(said)) })
	n, left, err := keycopy.Export(ctx, source, bulk.NewWriter(w, format, keycopy.Columns()))
	if err != nil {
		return err
	}
	a.note("Exported %s", operation.Counted(n, "key"))
	if left > 0 {
		a.note("Left out %s with secrets", operation.Counted(left, "setting"))
	}
	return nil
}

// replaced writes a file for its owner alone, and puts it in its place when it is whole.
func replaced(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		_ = f.Close()
		return err
	}
	if err = f.Sync(); err != nil {
		_ = f.Close()
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return replace.File(f.Name(), name)
}
