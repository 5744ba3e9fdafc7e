// Package output writes what an operation answers: as a table, CSV, JSON, JSON
// lines, YAML or the text in it.
//
// Call [Options.Check] before anything is sent, then [Write] for one answer or
// [NewStream] for the pages of a long list.
//
//   - JSON, JSON lines and YAML carry the gateway's answer: every field, in its
//     order, numbers digit for digit, secrets masked.
//   - Tables and CSV carry columns of it, formatted as each [operation.Column] says.
//     A table is for people: control characters are made visible. CSV is for programs:
//     a text cell is the gateway's text.
//   - IDs and jq expressions work on what JSON would carry, secrets masked.
//   - At a terminal, a table is for reading: times are relative, amounts rounded, lists
//     shortened, and columns leave a table that is too wide. Characters that could drive
//     the terminal are written as escapes. No other format changes a value there.
package output

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// Options are the user's wishes. The zero value writes the operation's default
// format and masks nothing, for it has nothing to mask with.
type Options struct {
	// Format is one of [Formats]; "" is the first of them.
	Format Format
	// Columns are the names of the columns to show, in order; nil: all but the
	// optional ones. +name adds a column to these, or to the others named, and -name
	// removes one. +name may be any field of the answer (dotted), so that one which the
	// operation does not declare can be shown.
	Columns []string
	// Wide shows the optional columns too, however wide the table becomes.
	Wide bool
	// Quiet writes nothing but identifiers; see [Identifies]. Named are those to write for
	// an answer that has none.
	Quiet bool
	Named []string
	// Filter writes the results of a jq expression on the answer as JSON, or with
	// [JSONL] on each item; nil: none.
	Filter *Filter
	// Missing, when set, is told of each field after a plus that no row has.
	Missing func(field string)
	// NoHeader leaves out the header of a table or CSV.
	NoHeader bool
	// ShowSecrets leaves the answer as it is: Redactor is not used.
	ShowSecrets bool
	// Conceal masks what the operation reveals, too: the call only read.
	Conceal bool
	// Redactor masks the secrets of the answer, but for what the operation
	// reveals; nil: nothing is masked.
	Redactor *secret.Redactor
	// Terminal says that a person's terminal reads the output.
	Terminal bool
	// Width is how many characters a line of the terminal has; 0: tables are not fitted.
	Width int
	// Color marks states and headers of tables.
	Color bool
	// Live says that a [Stream] goes on for long: each page is written when it comes, a table
	// too, and times are not relative.
	Live bool
	// Hidden, when set, is told the columns that a table had no room for.
	Hidden func(columns []string)
	// Now is the time that relative times count from; zero: the present.
	Now time.Time
}

// Check tells what is wrong with the options for this operation: the error lists
// what would be right. Call it before anything is sent.
func (o Options) Check(op *operation.Operation) error {
	valid := Formats(op)
	if o.Format != "" && !slices.Contains(valid, string(o.Format)) {
		return fmt.Errorf("%s has no format %q; valid: %s", op.Path, o.Format, strings.Join(valid, ", "))
	}
	if err := o.checkForm(op); err != nil {
		return err
	}
	what := "--columns"
	switch {
	case o.Columns != nil:
	case o.NoHeader:
		what = "--no-header"
	case o.Wide:
		what = "-o wide"
	}
	switch {
	case o.Columns == nil && !o.NoHeader && !o.Wide || o.form(op).columns:
	case slices.Contains(valid, string(CSV)):
		return fmt.Errorf("%s needs a table or CSV, but the format is %s; add --format table or --format csv", what, o.form(op).name)
	default:
		return fmt.Errorf("%s needs a table or CSV, but %s supports only %s", what, op.Path, strings.Join(valid, ", "))
	}
	_, err := o.columns(op, nil)
	return err
}

// checkForm tells what is wrong with --quiet and --jq, which replace the format.
func (o Options) checkForm(op *operation.Operation) error {
	switch {
	case o.Filter != nil && o.Quiet:
		return errors.New("give either --jq or --quiet")
	case o.Quiet && (o.Format != "" || o.Columns != nil || o.NoHeader):
		return errors.New("--quiet prints identifiers only; remove --format, --columns and --no-header")
	case o.Quiet && !Identifies(op):
		return fmt.Errorf("%s has no identifiers to print; remove --quiet", op.Path)
	case o.Filter != nil && o.Format != "" && o.Format != JSON && o.Format != JSONL:
		return fmt.Errorf("--jq filters JSON, but the format is %s; use --format json or remove --format", o.Format)
	case o.Filter != nil && (o.Columns != nil || o.NoHeader || o.Wide):
		return errors.New("--jq filters JSON, which has no columns; remove --columns, --no-header and -o wide")
	}
	return nil
}

// form is the format that is meant, if the operation has it.
func (o Options) form(op *operation.Operation) form {
	switch {
	case o.Filter != nil:
		return form{name: JSON, items: o.Format == JSONL, codec: newFilter}
	case o.Quiet:
		return form{items: true, codec: newIDs}
	}
	fit, name := formsOf(op), o.Format
	if name == "" && o.Terminal && o.Columns == nil && !o.NoHeader {
		name = View
	}
	i := slices.IndexFunc(fit, func(f form) bool { return f.name == name })
	return fit[max(i, 0)]
}

// Write writes one answer. An answer that is no JSON is written as it is in
// every format; an answer without a body is written as nothing. Its memory is that
// of a few items, however large the answer is. YAML overwrites the members of the
// answer that later ones of the same name replace.
func Write(ctx context.Context, w io.Writer, op *operation.Operation, res operation.Result, o Options) error {
	if err := o.Check(op); err != nil {
		return err
	}
	out := newOut(ctx, w, op, o)
	if err := out.write(res); err != nil {
		return err
	}
	return out.w.Flush()
}

func (o *out) write(res operation.Result) error {
	form := o.form(o.op)
	switch {
	case res.Binary != nil:
		return o.binary(res.Binary)
	case res.Body == nil:
		return o.text(res.Text)
	case !json.Valid(res.Body):
		return o.text(res.Body)
	case form.name == Text && o.op.Prose:
		return o.text(res.Text)
	case form.name == Text && res.Streamed:
		return nil
	case form.name == Chart && res.Chart != nil:
		return o.chart(res.Chart)
	}
	items, list := listItems(res)
	bare := res.Page != nil && res.Page.Bare
	if !list || !bare && !form.items {
		o.joined = res.Joined
		return form.codec(o).object(document{res.Body, o.reveal(o.op)})
	}
	o.show(res)
	return o.list(form.codec(o), items)
}

// list writes items that are all there.
func (o *out) list(c codec, items iter.Seq[json.RawMessage]) error {
	keep := keptInItems(o.reveal(o.op))
	if m, ok := c.(measurer); ok {
		for item := range items {
			if err := m.measure(document{item, keep}); err != nil {
				return err
			}
		}
	}
	for item := range items {
		if err := c.item(document{item, keep}); err != nil {
			return err
		}
	}
	return c.end()
}

// listItems returns the items of an answer that is a list. A body that is a bare
// array is one even where the operation does not say so.
func listItems(res operation.Result) (iter.Seq[json.RawMessage], bool) {
	if res.Page != nil {
		return slices.Values(res.Page.Items), true
	}
	if body := bytes.TrimLeft(res.Body, " \t\r\n"); len(body) > 0 && body[0] == '[' {
		return secret.Elements(body), true
	}
	return nil, false
}

// reveal returns the paths of the answer that are shown although they are secrets.
func (o Options) reveal(op *operation.Operation) []string {
	if o.Conceal {
		return nil
	}
	return op.Reveal
}

// keptInItems are the parts of an item that are no secret.
func keptInItems(reveal []string) []string {
	var keep []string
	for _, path := range reveal {
		keep = append(keep, inItem(path))
	}
	return keep
}

// inItem turns a dotted path in a list's answer into one in an item of it.
func inItem(path string) string {
	if _, rest, ok := strings.Cut(path, "*"); ok {
		return strings.TrimPrefix(rest, ".")
	}
	return path
}
