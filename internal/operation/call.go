package operation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"

	"litellm-proxy/proxyclient"
)

// Invoke is the one door to an operation: it validates the arguments, asks
// Env.Confirm before something is destroyed, and runs it. Errors are of type
// [*proxyclient.Error]; the arguments they name stand as {name}.
//
// A Result may come with an error: then a part was done, and the result says
// which.
func Invoke(ctx context.Context, env Env, op *Operation, args Args) (Result, error) {
	if err := op.Validate(args); err != nil {
		return Result{}, err
	}
	args, err := op.resolve(ctx, env, args)
	if err != nil {
		return Result{}, proxyclient.Wrap(op.Path, err)
	}
	env.op, env.effect, env.Args = op, op.EffectFor(args), args
	if env.effect == Destructive && env.Confirm != nil {
		if err := env.Confirm(ctx, op, args); err != nil {
			return Result{}, err
		}
	}
	result, err := op.Do.Run(ctx, env, args)
	result.tell()
	if err != nil {
		return result, proxyclient.Wrap(op.doing(args), err)
	}
	if result.Done == "" && env.effect != Read && len(result.Failed) == 0 {
		result.Done = op.done(args, result.Body)
	}
	return result, nil
}

// tell keeps secrets out of what the result says, and puts the failures into an
// answer that has not said them itself.
func (r *Result) tell() {
	r.Done = proxyclient.RedactText(r.Done)
	for i, f := range r.Failed {
		r.Failed[i] = Failure{proxyclient.RedactText(f.What), proxyclient.RedactText(f.Why)}
	}
	body := bytes.TrimSpace(r.Body)
	if len(r.Failed) == 0 || len(body) < 2 || body[0] != '{' || Lookup(body, "failed") != nil {
		return
	}
	head, comma := bytes.TrimSpace(body[:len(body)-1]), ","
	if len(head) == 1 {
		comma = ""
	}
	r.Body = slices.Concat(head, []byte(comma+`"failed":`), Encode(r.Failed), []byte("}"))
}

// Plan runs the operation with its writes recorded instead of sent, and returns
// them in order, secrets masked. Its reads are sent. An operation that writes
// according to an answer is planned up to there.
func Plan(ctx context.Context, env Env, op *Operation, args Args) ([]proxyclient.Recorded, error) {
	if err := op.Validate(args); err != nil {
		return nil, err
	}
	args, err := op.resolve(ctx, env, args)
	if err != nil {
		return nil, proxyclient.Wrap(op.Path, err)
	}
	client, recorder := env.Client.Recording()
	env.Client, env.Confirm, env.Delta = client, nil, nil
	env.op, env.effect, env.Args = op, op.EffectFor(args), args
	if _, err := op.Do.Run(ctx, env, args); err != nil {
		return nil, proxyclient.Wrap(op.doing(args), err)
	}
	return recorder.Requests(), nil
}

// maxPageSize is the most that a gateway sends on one page (422 above).
const MaxPageSize = 100

// Pages runs a paged list from the page that the arguments name to the last
// one, a page at a time. Without a size of their own the pages are of 100 items.
func Pages(ctx context.Context, env Env, op *Operation, args Args) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		if l, ok := op.Do.(lister); ok && args[l.shape().Size] == nil && l.shape().Size != "" {
			args = args.With(l.shape().Size, MaxPageSize)
		}
		for args != nil {
			result, err := Invoke(ctx, env, op, args)
			if !yield(result, err) || err != nil || result.Page == nil {
				return
			}
			args = result.Page.Next
		}
	}
}

// doing names the call in an error: the path and what it is about.
func (op *Operation) doing(args Args) string {
	words := []string{op.Path}
	for _, f := range op.Fields() {
		if value := args[f.Name]; value != nil && f.Arg > 0 {
			words = append(words, Words(value))
		}
	}
	return proxyclient.RedactText(strings.Join(words, " "))
}

// done fills the placeholders of the operation's Done.
func (op *Operation) done(args Args, body json.RawMessage) string {
	text := op.Done
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		out.WriteString(before)
		if !ok {
			return proxyclient.RedactText(out.String())
		}
		var names string
		names, text, _ = strings.Cut(rest, "}")
		for name := range strings.SplitSeq(names, "|") {
			value := Lookup(body, name)
			if value == nil {
				value = NoNull(args[name])
			}
			if value != nil {
				out.WriteString(Words(value))
				break
			}
		}
	}
}

// plainList is a value for a reader: a text without quotes, a list with commas.
func Words(value json.RawMessage) string {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return Word(value)
	}
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = Word(v)
	}
	return strings.Join(words, ", ")
}

// isNotFound tells whether the gateway said that the object does not exist.
func IsNotFound(err error) bool { return proxyclient.CodeOf(err) == proxyclient.CodeNotFound }

// isRefused tells whether the key may not do what was tried.
func IsRefused(err error) bool {
	code := proxyclient.CodeOf(err)
	return code == proxyclient.CodeForbidden || code == proxyclient.CodeUnauthorized
}

// as returns the error of the gateway in err, or nil.
func AsError(err error) *proxyclient.Error {
	var e *proxyclient.Error
	errors.As(err, &e)
	return e
}

// isRead tells whether an HTTP method changes nothing by itself.
func IsRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// shown is a name for a reader: a key masked, everything else as it is.
func Shown(name string) string { return proxyclient.RedactText(name) }
