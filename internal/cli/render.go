package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/output"
	"litellm-proxy/proxyclient"
)

// wide is the format that is a table with all columns.
const wide = "wide"

// bindFormats adds --format with its short form.
func bindFormats(cmd *cobra.Command, format *string, formats []string, standard string) {
	cmd.Flags().StringVarP(format, "format", "o", "", fmt.Sprintf("Output format: %s (default %s)", strings.Join(formats, ", "), standard))
	completes(cmd, "format", formats)
}

// bindRendering adds the flags for what is written of an answer, and how.
func (c *call) bindRendering(cmd *cobra.Command) {
	flags := cmd.Flags()
	formats := output.Formats(c.op)
	standard := formats[0]
	if c.op.Viewed() {
		standard = "view at a terminal, else " + standard
	}
	if at := slices.Index(formats, string(output.Table)); at >= 0 {
		formats = slices.Insert(formats, at+1, wide)
	}
	bindFormats(cmd, &c.format, formats, standard)
	if len(c.op.Columns) > 0 {
		flags.StringSliceVar(&c.columns, "columns", nil, "Columns of a table or CSV, in order; +field adds any field, -column removes one")
		completesList(cmd, "columns", columnNames(c.op.Columns))
		flags.BoolVar(&c.out.NoHeader, "no-header", false, "Omit the header of a table or CSV")
	}
	flags.StringVar(&c.jq, "jq", "", "Filter the JSON answer with a jq `expression`")
	if output.Identifies(c.op) && flags.ShorthandLookup("q") == nil {
		help := "Print only identifiers, one per line"
		if slices.Contains(c.op.Returns, "key") {
			help = "Print only the new key"
		}
		flags.BoolVarP(&c.out.Quiet, "quiet", "q", false, help)
	}
}

// render makes the options of the answer from the flags, before anything is sent.
func (c *call) render(cmd *cobra.Command) error {
	if cmd.Flags().Changed("jq") {
		filter, err := output.NewFilter(c.jq)
		if err != nil {
			return usageError("--jq: " + err.Error())
		}
		c.out.Filter = filter
	}
	if c.format == wide {
		c.format, c.out.Wide = string(output.Table), true
	}
	c.out.Columns = c.columns
	if err := c.defaultFormat(); err != nil {
		return err
	}
	c.out.Format = output.Format(c.format)
	c.out.Missing = func(field string) { c.note("No row has the field %s.", operation.Name(field)) }
	c.out.Hidden = func(columns []string) { c.hidden = columns }
	c.out.ShowSecrets, c.out.Terminal = c.flags.showSecrets, isTerminal(c.Stdout)
	c.out.Width = c.width()
	c.out.Color = c.colored(c.Stdout)
	if err := c.out.Check(c.op); err != nil {
		return usageError(err.Error())
	}
	return nil
}

// write writes one answer, with a pager if it is long, and notes what is not in it.
func (c *call) write(ctx context.Context, result operation.Result) error {
	w, done := c.paged()
	err := output.Write(ctx, w, c.op, result, c.out)
	done()
	if err == nil {
		c.noteHidden()
	}
	return err
}

// noteHidden names the columns that the terminal had no room for.
func (c *call) noteHidden() {
	if len(c.hidden) > 0 {
		c.note("Hidden columns: %s. Use -o wide to show all.", strings.Join(c.hidden, ", "))
	}
	c.hidden = nil
}

// walk is --all: a page at a time, so that memory does not grow with the list.
func (c *call) walk(ctx context.Context, prepared *operation.Call) error {
	w, done := c.paged()
	var notes []string
	err := c.stream(ctx, output.NewStream(ctx, w, c.op, c.out), prepared, &notes)
	done()
	c.notes(notes)
	c.noteHidden()
	return c.alarm(&operation.Page{Total: int(c.shown.Load())}, err)
}

// stream writes the pages of a list. What is to be said beside them is left in notes.
func (c *call) stream(ctx context.Context, stream *output.Stream, prepared *operation.Call, notes *[]string) error {
	for result, err := range prepared.Pages(ctx) {
		if err != nil && c.shown.Load() == 0 {
			return err
		}
		if err != nil {
			// What came is closed, so that it can be read, and the error says
			// that it is not the whole.
			if closed := stream.Close(); closed != nil {
				return unwritten(closed)
			}
			return proxyclient.Wrap("after "+operation.Counted(c.shown.Load(), "item"), err)
		}
		stream.Show(result)
		if err := stream.Add(result.Page.Items); errors.Is(err, output.ErrTableFull) {
			if closed := stream.Close(); closed != nil {
				return unwritten(closed)
			}
			return &proxyclient.Error{Code: proxyclient.CodeTooLarge, Message: err.Error()}
		} else if err != nil {
			return unwritten(err)
		}
		if c.shown.Load() == 0 {
			*notes = result.Notes
		}
		c.shown.Add(int64(len(result.Page.Items)))
	}
	return unwritten(stream.Close())
}
