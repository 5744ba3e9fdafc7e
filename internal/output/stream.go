package output

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"litellm-proxy/internal/operation"
)

// Stream writes the items of a list as they come, page after page. Its memory is
// that of one page in every format but table.
type Stream struct {
	out    *out
	codec  codec
	keep   []string
	err    error
	closed bool
}

// NewStream returns a stream that writes to w. What [Options.Check] finds wrong
// is the error of every call of its methods.
func NewStream(ctx context.Context, w io.Writer, op *operation.Operation, o Options) *Stream {
	s := &Stream{out: newOut(ctx, w, op, o), keep: keptInItems(o.reveal(op)), err: o.Check(op)}
	s.codec = o.form(op).codec(s.out)
	return s
}

// Show announces the answer whose items come next: its columns, which have no effect once
// an item was written (see [operation.Page]), and the names that they show.
func (s *Stream) Show(res operation.Result) { s.out.show(res) }

// Add writes the items of one page. After [ErrTableFull] the table still has its
// first rows, which Close writes. Any other error is that of the writer, or
// [ErrYAMLFull]. YAML changes items as [Write] does.
func (s *Stream) Add(items []json.RawMessage) error {
	if s.err != nil {
		return s.err
	}
	if s.closed {
		return errors.New("output: Add after Close")
	}
	if m, ok := s.codec.(measurer); ok && s.out.Live {
		for _, item := range items {
			if s.err = m.measure(document{item, s.keep}); s.err != nil {
				return s.err
			}
		}
	}
	for _, item := range items {
		err := s.codec.item(document{item, s.keep})
		if errors.Is(err, ErrTableFull) {
			return err
		}
		if s.err = err; err != nil {
			return err
		}
	}
	// A reader of the stream sees whole pages as they come.
	s.err = s.out.w.Flush()
	return s.err
}

// Close writes what is still to be written, so that the output is whole even
// when the walk through the pages broke off: the end of the array, a table, the
// header of an empty list. It does not close the writer.
func (s *Stream) Close() error {
	if s.closed || s.err != nil {
		return s.err
	}
	s.closed = true
	if s.err = s.codec.end(); s.err == nil {
		s.err = s.out.w.Flush()
	}
	return s.err
}
