package operation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// Action is what an operation does: an [Endpoint], a [List], a [Func] or [Rows].
type Action interface {
	// Input returns the struct that describes the arguments. Schema, flags and help
	// follow from it.
	Input() reflect.Type
	// Run expects valid arguments. Surfaces use [Call.Run] instead.
	Run(context.Context, *Call) (Result, error)
}

// Func is an operation of several requests, or of one that is not simply made of the
// arguments.
type Func[In any] func(context.Context, *Call, In) (Result, error)

// Input implements [Action].
func (Func[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action].
func (f Func[In]) Run(ctx context.Context, call *Call) (Result, error) {
	var in In
	d := json.NewDecoder(bytes.NewReader(Encode(call.args)))
	d.UseNumber()
	if err := d.Decode(&in); err != nil {
		return Result{}, Usage(outOfRange(err))
	}
	return f(ctx, call, in)
}

// outOfRange words why arguments that are valid by their schema cannot be read: a number is
// larger than any limit.
func outOfRange(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	number := ""
	if ok {
		number, ok = strings.CutPrefix(wrong.Value, "number ")
	}
	if !ok {
		return "cannot read the arguments: " + err.Error()
	}
	return fmt.Sprintf("%s: %s is out of range", wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:], number)
}

// Rows is a Func that makes a list and sets Result.Page.
type Rows[In any] func(context.Context, *Call, In) (Result, error)

func (Rows[In]) collection() *Collection { return &Collection{} }

// Input implements [Action].
func (Rows[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action].
func (r Rows[In]) Run(ctx context.Context, call *Call) (Result, error) {
	return Func[In](r).Run(ctx, call)
}

// About is what the items of an answer do not say, such as the period that it covers.
type About struct {
	// Members are put next to the items in a structured answer.
	Members Args
	// Resolved is the arguments for the next page, with relative dates made absolute; nil
	// means the arguments as given.
	Resolved Args
	// Notes are sentences shown next to the answer.
	Notes []string
	// Keep reports whether an item matches the request; nil keeps all. It narrows a filter of
	// the gateway that matches slightly too much.
	Keep func(item json.RawMessage) bool
	// Narrowed means that the gateway counts items that it leaves out of the pages, so the
	// total is not known and a page may be empty although others follow.
	Narrowed bool

	dropped int // items of all pages so far
}

// keep drops the items of a page that do not match the request.
func (a *About) keep(p *Page) {
	if a.Narrowed {
		p.Total = -1
	}
	if a.Keep == nil {
		return
	}
	kept := slices.DeleteFunc(p.Items, func(item json.RawMessage) bool { return !a.Keep(item) })
	a.dropped += len(p.Items) - len(kept)
	if p.Total >= 0 {
		p.Total -= a.dropped
	}
	p.Items = kept
}

// Word returns a JSON value as a path segment or a query value: a text without quotes,
// anything else as it is.
func Word(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

// addQuery adds a value to a query. A list repeats the parameter, a null adds nothing.
func addQuery(q url.Values, name string, value json.RawMessage) {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && list != nil {
		for _, v := range list {
			q.Add(name, Word(v))
		}
		return
	}
	if NoNull(value) != nil {
		q.Set(name, Word(value))
	}
}

// Usage returns an error about the caller's arguments, with [proxyclient.CodeUsage]. It
// may name arguments as {max_budget}.
func Usage(message string) error {
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: message}
}

// NothingToChange returns the [Usage] error of an update without a change. fields are
// named as examples.
func NothingToChange(fields ...string) error {
	return Usage("nothing to change: give at least one field, for example {" + strings.Join(fields, "}, {") + "}")
}
