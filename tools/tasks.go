package tools

import (
	"context"
	"encoding/json"
	"strings"

	"litellm-proxy/proxyclient"
)

// tasks runs the steps of an operation that needs many requests, in order. The
// first failure ends it: the steps after it are not sent, and the result says
// what was done and what was not.
type tasks struct {
	env    Env
	done   []string
	failed []Failure
	err    error // the first failure
}

// do sends one write. what says it in the past tense, for the reader.
func (t *tasks) do(ctx context.Context, what, method, path string, body any) json.RawMessage {
	if t.err != nil {
		t.failed = append(t.failed, Failure{shown(what), "not tried"})
		return nil
	}
	answer, err := t.env.write(ctx, method, path, body)
	if err != nil {
		t.err = err
		t.failed = append(t.failed, Failure{shown(what), err.Error()})
		return nil
	}
	t.done = append(t.done, shown(what))
	return answer
}

// result is the operation's: with nothing done the error itself, otherwise what
// was made, as far as it came, and what was done and what was not.
func (t *tasks) result(body json.RawMessage) (Result, error) {
	if t.err != nil && len(t.done) == 0 {
		return Result{}, t.err
	}
	if noNull(body) == nil {
		body = encode(map[string]any{"done": t.done})
	}
	return Result{Body: body, Failed: t.failed, Done: strings.Join(t.done, "; ")}, nil
}

// send is write with one path parameter: the first in the path, whatever its
// name.
func (env Env) send(ctx context.Context, method, path, param string, body any) (json.RawMessage, error) {
	_, name, _ := strings.Cut(path, "{")
	name, _, _ = strings.Cut(name, "}")
	return env.Client.JSON(ctx, proxyclient.Request{Method: method, Path: path, Params: map[string]string{name: param}, Body: encode(body)})
}
