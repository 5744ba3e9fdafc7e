package output

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"slices"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
)

// Format is the form of the output, as --format names it.
type Format string

// The formats. [Formats] tells which of them an operation has.
const (
	Table Format = "table"
	JSON  Format = "json"
	JSONL Format = "jsonl"
	YAML  Format = "yaml"
	CSV   Format = "csv"
	Text  Format = "text"
	Chart Format = "chart"
	View  Format = "view"
)

// codec writes an answer in one format: either one object, or items and their
// end. What it writes has no secrets any more.
type codec interface {
	// object writes an answer that is no list.
	object(document) error
	// item writes the next item of a list.
	item(document) error
	// end writes what ends a list. The list may have no items.
	end() error
}

// measurer is a codec that must see every item of a list before it writes the
// first. A list that comes page by page it holds, up to a limit.
type measurer interface{ measure(document) error }

// formats are all formats in the order in which help shows them. A new one is a
// codec and a line here.
var formats = []form{
	{name: Chart, fits: func(op *operation.Operation) bool { return op.Draws }, codec: newText},
	{name: Table, columns: true, items: true, fits: hasColumns, codec: newTable},
	{name: JSON, fits: always, codec: newJSON},
	{name: JSONL, items: true, fits: func(op *operation.Operation) bool { return op.Lists() || hasColumns(op) }, codec: newLines},
	{name: YAML, fits: always, codec: newYAML},
	{name: CSV, columns: true, items: true, fits: hasColumns, codec: newCSV},
	{name: Text, fits: func(op *operation.Operation) bool { return op.Text != "" || op.Prose }, codec: newText},
	{name: View, fits: (*operation.Operation).Viewed, codec: newView},
}

// form is one format.
type form struct {
	name    Format
	columns bool // columns and a header make sense in it
	items   bool // of a list it writes the items alone, not what stands around them
	fits    func(*operation.Operation) bool
	codec   func(*out) codec
}

func always(*operation.Operation) bool        { return true }
func hasColumns(op *operation.Operation) bool { return len(op.Columns) > 0 }

// formsOf returns the formats that the operation has, its default first: table
// for a list that has columns, text for prose, json for everything else. At a
// terminal the default of one thing is its view.
func formsOf(op *operation.Operation) []form {
	var fit []form
	for _, f := range formats {
		switch {
		case !f.fits(op):
		case f.name == JSON && !op.Lists(), f.name == Text && op.Prose:
			fit = slices.Insert(fit, 0, f)
		default:
			fit = append(fit, f)
		}
	}
	return fit
}

// Formats returns the names of the formats that the operation has, its default
// first.
func Formats(op *operation.Operation) []string {
	var names []string
	for _, f := range formsOf(op) {
		names = append(names, string(f.name))
	}
	return names
}

// document is a JSON value of an answer, its secrets still in it but for those
// at the dotted paths keep, which may be shown.
type document struct {
	raw  json.RawMessage
	keep []string
}

// out is where a codec writes, and how.
type out struct {
	Options
	ctx   context.Context
	w     *bufio.Writer
	op    *operation.Operation
	shown []string // the columns of this answer; nil: the operation's

	joined *operation.Joined
	page   []json.RawMessage // whose names were not looked up yet; nil: none
}

// show takes from an answer what a table of its items needs.
func (o *out) show(res operation.Result) {
	o.joined = res.Joined
	if res.Page != nil {
		o.shown, o.page = res.Page.Columns, res.Page.Items
	}
}

// bufferSize is how much is written at once.
const bufferSize = 32 << 10

func newOut(ctx context.Context, w io.Writer, op *operation.Operation, o Options) *out {
	return &out{Options: o, ctx: ctx, w: bufio.NewWriterSize(w, bufferSize), op: op}
}

// large documents are masked while they are written, or in parts. Smaller ones
// may be copied.
const large = 1 << 20

// copy writes a document to w, its secrets masked.
func (o *out) copy(w io.Writer, d document) error {
	if o.shows() {
		_, err := w.Write(d.raw)
		return err
	}
	if len(d.raw) > large {
		return o.redactor(d).Copy(o.ctx, w, d.raw)
	}
	b, err := o.masked(d)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}

// masked is a document without its secrets.
func (o *out) masked(d document) (json.RawMessage, error) {
	if o.shows() {
		return d.raw, nil
	}
	return o.redactor(d).JSON(o.ctx, d.raw)
}

// shows tells whether secrets are shown.
func (o *out) shows() bool { return o.ShowSecrets || o.Redactor == nil }

func (o *out) redactor(d document) secret.Redactor {
	r := *o.Redactor
	r.Keep = d.keep
	return r
}
