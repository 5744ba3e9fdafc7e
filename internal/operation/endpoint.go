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

// Endpoint is an operation of one request. Path parameters are taken by their
// names from the arguments; the others go into the query of a GET or DELETE and
// into the body of everything else, but for the exceptions that Query and Body
// name.
type Endpoint[In any] struct {
	Method, Path string
	Query, Body  []string
	// Subject are the arguments of an update that say what is changed: without
	// another one it changes nothing, which is refused.
	Subject []string
	// Fixed says that the request has no further fields: there is no extra.
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
		return Result{}, Usage("name what to change")
	}
	for name, value := range fields {
		switch {
		case strings.Contains(e.Path, "{"+name+"}"):
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
	answer, err := call.client.JSON(ctx, r)
	return Result{Body: answer}, err
}

// TakesBody tells whether the request has a body that takes fields of any name.
func (e Endpoint[In]) TakesBody() bool {
	return !e.Fixed && e.Method != http.MethodGet && e.Method != http.MethodDelete
}
