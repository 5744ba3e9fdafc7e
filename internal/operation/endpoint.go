package operation

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// Endpoint is an operation of one request. Arguments fill the path parameters of their
// name; the others go to the query of a GET or DELETE and to the body of everything else,
// except those listed in Query and Body.
type Endpoint[In any] struct {
	Method, Path string
	Query, Body  []string
	// Subject is the arguments of an update that identify its object. Without another
	// argument it would change nothing, which is an error.
	Subject []string
	// Fixed means that the request takes no further body fields, so there is no extra.
	Fixed bool
}

// Input implements [Action].
func (Endpoint[In]) Input() reflect.Type { return reflect.TypeFor[In]() }

// Run implements [Action].
func (e Endpoint[In]) Run(ctx context.Context, call *Call) (Result, error) {
	r := proxyclient.Request{Method: e.Method, Path: e.Path, Params: map[string]string{}, Read: call.effect == Read}
	queried := e.Method == http.MethodGet || e.Method == http.MethodDelete
	query, body, fields := url.Values{}, Args{}, call.Body()
	if len(e.Subject) > 0 && len(fields) <= len(e.Subject) {
		return Result{}, NothingToChange(call.op.example(e.Subject))
	}
	fields, err := call.Change(ctx)
	if err != nil {
		return Result{}, err
	}
	call.Lifetime(fields)
	for name, value := range fields {
		switch {
		case proxyclient.InPath(e.Path, name):
			r.Params[name] = Word(value)
		case queried && !slices.Contains(e.Body, name) || slices.Contains(e.Query, name):
			addQuery(query, name, value)
		default:
			body[name] = value
		}
	}
	r.Query = query
	if len(body) > 0 || !queried {
		r.Body = Encode(body)
	}
	answer, err := call.Client().JSON(ctx, r)
	return Result{Body: answer}, err
}

// example returns a field of an update to name in an error: its limit, or else the first
// one that is not its subject.
func (op *Operation) example(subject []string) string {
	if _, ok := op.Field("max_budget"); ok {
		return "max_budget"
	}
	for _, f := range op.Fields() {
		if f.Collection == nil && f.Arg == 0 && !slices.Contains(subject, f.Name) {
			return f.Name
		}
	}
	return ExtraField
}

// Endpoints returns the endpoints that the operation is for, as the gateway's document writes
// them: "POST /key/delete". They are its own requests and not the reads of checks and look-ups.
func (op *Operation) Endpoints() []string {
	if op.Sends != nil {
		return op.Sends
	}
	if one, ok := op.Do.(interface{ endpoint() string }); ok {
		return []string{documented(one.endpoint())}
	}
	if c := op.Collection(); c != nil && c.Path != "" {
		return []string{documented("GET " + c.Path)}
	}
	return nil
}

// documented writes a path of ours as the gateway's document does.
func documented(path string) string { return strings.ReplaceAll(path, ":path}", "}") }

func (e Endpoint[In]) endpoint() string { return e.Method + " " + e.Path }
