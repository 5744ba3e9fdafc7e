package operation

import (
	"context"
	"encoding/json"
	"strings"

	"litellm-proxy/proxyclient"
)

// Steps runs the parts of an operation and reports each: done, failed and why, or not
// tried.
type Steps struct {
	call *Call
	// verb is set for independent parts: they continue after a failure, and each is named
	// by its object. If empty, the first failure ends them, and each is a sentence.
	verb   string
	done   []string
	failed []Failure
	err    error // the first failure
}

// NewSteps returns Steps that depend on each other: the first failure ends them.
func NewSteps(call *Call) *Steps { return &Steps{call: call} }

// NewParts returns Steps that do the same to several things and continue after a
// failure. verb is in the past tense: "deleted".
func NewParts(call *Call, verb string) *Steps { return &Steps{call: call, verb: verb} }

// Err returns the first failure.
func (s *Steps) Err() error { return s.err }

// Done reports whether any part succeeded.
func (s *Steps) Done() bool { return len(s.done) > 0 }

// Try does one part, named what, and reports whether it succeeded.
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

// Fail records a part that failed.
func (s *Steps) Fail(what string, err error) {
	if s.err == nil {
		s.err = err
	}
	s.failed = append(s.failed, Failure{Shown(what), reason(err)})
}

// reason returns why a part failed: "not found" if its object does not exist.
func reason(err error) string {
	if e := AsError(err); e != nil && e.Code == proxyclient.CodeNotFound && e.Status == 0 {
		return "not found"
	}
	return err.Error()
}

// Write sends one write as a part and returns its answer, or nil if it failed.
func (s *Steps) Write(ctx context.Context, what, method, path string, body any) (answer json.RawMessage) {
	s.Try(what, func() (err error) {
		answer, err = s.call.Write(ctx, method, path, body)
		return err
	})
	return answer
}

// Result returns the result of the operation: body, with what was done and what failed.
// If nothing was done and only one part failed, it returns that error instead.
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
