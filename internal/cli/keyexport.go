package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/bulk"
	"litellm-proxy/internal/keycopy"
	"litellm-proxy/internal/operation"
)

func bindKeysExport(a *app, cmd *cobra.Command) {
	cmd.Use, cmd.Args = "export [<file>]", atMostOneFile
	cmd.Long = `Write virtual keys as rows that keys import reads: CSV, YAML or JSON lines, by the ending
of the file. Without a file, they go to standard output. A row has the hash of the key,
never the key itself; metadata and other settings that hold secrets are left out.`
	cmd.Example = `  litellm-proxy keys export keys.csv
  litellm-proxy keys export --format jsonl | jq -r .key_alias`
	format, overwrite := "", false
	rowsFlag(cmd, &format, "format", "Output format: csv, yaml, jsonl (default: by the file's ending, else jsonl)")
	overwriteFlag(cmd, &overwrite)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name := strings.Join(args, "")
		if name == "-" {
			name = ""
		}
		if name == "" && format == "" {
			format = string(bulk.JSONL)
		}
		written, err := exportFormat(name, format)
		if err != nil {
			return err
		}
		if name == "" {
			return a.exportKeys(cmd.Context(), a.Stdout, written, "")
		}
		file, err := newFile(name, overwrite)
		if err != nil {
			return err
		}
		if err := a.exportKeys(cmd.Context(), file, written, " to "+name); err != nil {
			file.discard()
			return err
		}
		return unwritten(file.commit())
	}
}

// exportKeys writes the keys of the gateway.
func (a *app) exportKeys(ctx context.Context, w io.Writer, format bulk.Format, where string) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	source := keycopy.Gateway(client, a.Operations.Find("keys list"), func(said string) { a.note("%s", a.words(said)) })
	out := &replies{w: w}
	n, left, err := keycopy.Export(ctx, source, bulk.NewWriter(out, format, keycopy.Columns()))
	if out.err != nil {
		return unwritten(out.err)
	}
	if err != nil {
		return err
	}
	a.note("exported %s%s", operation.Counted(n, "key"), where)
	if more := noteEach(a, hiddenSetting, left); more > 0 {
		a.note("%s with secrets", operation.Counted(more, "more setting"))
	}
	return nil
}
