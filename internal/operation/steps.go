package operation

import (
	"context"
	"encoding/json"
	"strings"

	"litellm-proxy/proxyclient"
)

// tasks runs the steps of an operation that needs many requests, in order. The
// first failure ends it: the steps after it are not sent, and the result says
// what was done and what was not.
type Steps struct {
	Env    Env
	done   []string
	failed []Failure
	Err    error // the first failure
}

// do sends one write. what says it in the past tense, for the reader.
func (t *Steps) Do(ctx context.Context, what, method, path string, body any) json.RawMessage {
	if t.Err != nil {
		t.failed = append(t.failed, Failure{Shown(what), "not tried"})
		return nil
	}
	answer, err := t.Env.Write(ctx, method, path, body)
	if err != nil {
		t.Err = err
		t.failed = append(t.failed, Failure{Shown(what), err.Error()})
		return nil
	}
	t.done = append(t.done, Shown(what))
	return answer
}

// result is the operation's: with nothing done the error itself, otherwise what
// was made, as far as it came, and what was done and what was not.
func (t *Steps) Result(body json.RawMessage) (Result, error) {
	if t.Err != nil && len(t.done) == 0 {
		return Result{}, t.Err
	}
	if NoNull(body) == nil {
		body = Encode(map[string]any{"done": t.done})
	}
	return Result{Body: body, Failed: t.failed, Done: strings.Join(t.done, "; ")}, nil
}

// send is write with one path parameter: the first in the path, whatever its
// name.
func (env Env) Send(ctx context.Context, method, path, param string, body any) (json.RawMessage, error) {
	_, name, _ := strings.Cut(path, "{")
	name, _, _ = strings.Cut(name, "}")
	return env.Client.JSON(ctx, proxyclient.Request{Method: method, Path: path, Params: map[string]string{name: param}, Body: Encode(body)})
}
