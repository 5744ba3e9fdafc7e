package operation

import (
	"context"
	"encoding/json"
	"strings"

	"litellm-proxy/proxyclient"
)

// Steps runs the parts of an operation that needs many requests and reports each:
// what was done, what failed and why, what was not tried.
type Steps struct {
	call *Call
	// verb goes on after a failure: the parts are independent, and each is named by
	// what it is about. Empty: the first failure ends it, and each part is a sentence.
	verb   string
	done   []string
	failed []Failure
	err    error // the first failure
}

// NewSteps is for steps that need those before them: the first failure ends it.
func NewSteps(call *Call) *Steps { return &Steps{call: call} }

// NewParts is for doing the same to several things: it goes on after a failure. verb
// says what is done to them, in the past tense: "deleted".
func NewParts(call *Call, verb string) *Steps { return &Steps{call: call, verb: verb} }

// Err is the first failure.
func (s *Steps) Err() error { return s.err }

// Done tells whether any part was done.
func (s *Steps) Done() bool { return len(s.done) > 0 }

// Try does one part and tells whether that succeeded. what names it for a reader.
func (s *Steps) Try(what string, do func() error) bool {
	if s.err != nil && s.verb == "" {
		s.failed = append(s.failed, Failure{Shown(what), "not tried"})
		return false
	}
	if err := do(); err != nil {
		s.Fail(what, err)
		return false
	}
	s.done = append(s.done, Shown(what))
	return true
}

// Fail reports a part that failed.
func (s *Steps) Fail(what string, err error) {
	if s.err == nil {
		s.err = err
	}
	s.failed = append(s.failed, Failure{Shown(what), reason(err)})
}

// reason is why a part failed, in few words where the thing is just not there.
func reason(err error) string {
	if e := AsError(err); e != nil && e.Code == proxyclient.CodeNotFound && e.Status == 0 {
		return "not found"
	}
	return err.Error()
}

// Write does one part that is one request, and returns its answer.
func (s *Steps) Write(ctx context.Context, what, method, path string, body any) (answer json.RawMessage) {
	s.Try(what, func() (err error) {
		answer, err = s.call.Write(ctx, method, path, body)
		return err
	})
	return answer
}

// Result is the operation's. With nothing done and one failure it is that error;
// otherwise it has the body and says what was done and what was not.
func (s *Steps) Result(body json.RawMessage) (Result, error) {
	if !s.Done() && s.err != nil && (s.verb == "" || len(s.failed) == 1) {
		return Result{}, s.err
	}
	result := Result{Failed: s.failed, Done: strings.Join(s.done, "; ")}
	if s.verb != "" && s.Done() {
		result.Done = s.verb + " " + strings.Join(s.done, ", ")
	}
	if result.Body = body; NoNull(body) == nil {
		result.Body = Encode(map[string]any{"done": s.done})
	}
	return result, nil
}
