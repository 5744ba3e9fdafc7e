package operation

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"reflect"
	"strings"

	"litellm-proxy/proxyclient"
)

// Action is how an operation is done: an [Endpoint], a [List], a [Func] or [Rows].
type Action interface {
	// Input is the struct that describes the arguments: schema, flags and help
	// are made from it.
	Input() reflect.Type
	// Run does it with the call's arguments, which are valid. Surfaces use
	// [Call.Run].
	Run(context.Context, *Call) (Result, error)
}

// Func is an operation that is more than one request, or a request that must be
// made from the arguments.
type Func[In any] func(context.Context, *Call, In) (Result, error)

// Input implements [Action].
func (Func[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action].
func (f Func[In]) Run(ctx context.Context, call *Call) (Result, error) {
	var in In
	d := json.NewDecoder(bytes.NewReader(Encode(call.args)))
	d.UseNumber()
	if err := d.Decode(&in); err != nil {
		return Result{}, Usage("the arguments cannot be read: " + err.Error())
	}
	return f(ctx, call, in)
}

// Rows is an operation that makes a list: from several requests, or from an
// answer that is none. It sets Result.Page.
type Rows[In any] func(context.Context, *Call, In) (Result, error)

func (Rows[In]) collection() *Collection { return &Collection{} }

// Input implements [Action].
func (Rows[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action].
func (r Rows[In]) Run(ctx context.Context, call *Call) (Result, error) {
	return Func[In](r).Run(ctx, call)
}

// About is what an answer is about, which its items do not say: the period that it
// covers.
type About struct {
	// Members stand beside the items in a structured answer.
	Members Args
	// Resolved are the arguments that say the same whenever they are read, for the next
	// page; nil: the arguments themselves.
	Resolved Args
	// Notes are sentences for a reader.
	Notes []string
}

// Word is a value as a path segment or a query value.
func Word(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}

// addQuery adds a value to a query: a list as the parameter repeated, a null not
// at all.
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

// Usage is an error of the caller's arguments: nothing was sent.
func Usage(message string) error {
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: message}
}

// NothingToChange is the error of an update that changes nothing. fields are those to
// name as an example.
func NothingToChange(fields ...string) error {
	return Usage("nothing to change: give at least one field, for example {" + strings.Join(fields, "}, {") + "}")
}
