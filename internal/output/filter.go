package output

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/itchyny/gojq"
)

// Filter is a jq expression, ready to run.
type Filter struct{ code *gojq.Code }

// NewFilter parses a jq expression. It has no access to the environment or to files.
func NewFilter(expression string) (*Filter, error) {
	query, err := gojq.Parse(expression)
	if err != nil {
		return nil, fmt.Errorf("cannot parse the jq expression: %w", err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, fmt.Errorf("cannot compile the jq expression: %w", err)
	}
	return &Filter{code}, nil
}

// FilterError is the error of a jq expression that failed on the answer.
type FilterError struct{ Err error }

// Error implements [error].
func (e *FilterError) Error() string { return "the jq expression failed: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *FilterError) Unwrap() error { return e.Err }

// maxFiltered bounds what a jq expression sees at once, which is held in memory.
const maxFiltered = 64 << 20

// ErrFilterFull is the error of an answer that is too large for a jq expression.
var ErrFilterFull = errors.New("--jq holds at most 64 MiB; add --format jsonl to filter item by item")

// filterCodec runs a jq expression on what --format json would print, or with jsonl on each
// item, and writes its results: strings as they are, other values as JSON, each on a line.
type filterCodec struct {
	*out
	held  []any // the items of a list, for json
	bytes int
}

func newFilter(o *out) codec { return &filterCodec{out: o} }

func (c *filterCodec) object(d document) error {
	value, err := c.decoded(d)
	if err != nil {
		return err
	}
	return c.run(value)
}

func (c *filterCodec) item(d document) error {
	if c.Format == JSONL {
		c.bytes = 0
		return c.object(d)
	}
	value, err := c.decoded(d)
	c.held = append(c.held, value)
	return err
}

func (c *filterCodec) end() error {
	if c.Format == JSONL {
		return nil
	}
	if c.held == nil {
		c.held = []any{}
	}
	return c.run(c.held)
}

// decoded returns a document without secrets, its numbers digit for digit.
func (c *filterCodec) decoded(d document) (any, error) {
	if c.bytes += len(d.raw); c.bytes > maxFiltered {
		return nil, ErrFilterFull
	}
	var b bytes.Buffer
	if err := c.copy(&b, d); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(&b)
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

func (c *filterCodec) run(value any) error {
	results := c.Filter.code.RunWithContext(c.ctx, value)
	for {
		result, more := results.Next()
		if !more {
			return nil
		}
		if err, failed := result.(error); failed {
			halt, halted := errors.AsType[*gojq.HaltError](err)
			switch {
			case halted && halt.Value() == nil:
				return nil
			case errors.Is(err, context.Canceled):
				return err
			}
			return &FilterError{err}
		}
		if err := c.result(result); err != nil {
			return err
		}
	}
}

func (c *filterCodec) result(value any) error {
	text, isText := value.(string)
	if !isText {
		b, err := gojq.Marshal(value)
		if err != nil {
			return &FilterError{err}
		}
		text = string(b)
		if c.Terminal {
			text = string(safeJSON(b))
		}
	}
	_, err := c.w.WriteString(strings.TrimSuffix(c.safeText(text), "\n") + "\n")
	return err
}
