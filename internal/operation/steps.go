package operation

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"litellm-proxy/proxyclient"
)

// Steps runs the parts of an operation that needs many requests and reports each:
// what was done, what was there already, what failed and why, what was not tried.
type Steps struct {
	call *Call
	// verb goes on after a failure: the parts are independent, and each is named by
	// what it is about. Empty: the first failure ends it, and each part is a sentence.
	verb, thing string
	said        []string // what was done, and what was there already
	done        int
	failed      []Failure
	err         error // the first failure
}

// NewSteps is for steps that need those before them: the first failure ends it.
func NewSteps(call *Call) *Steps { return &Steps{call: call} }

// NewParts is for doing the same to several things: it goes on after a failure. verb
// says what is done to them, in the past tense: "deleted". thing names one of them in
// a failure: "member".
func NewParts(call *Call, verb, thing string) *Steps {
	return &Steps{call: call, verb: verb, thing: thing}
}

// Err is the first failure.
func (s *Steps) Err() error { return s.err }

// Done tells whether any part was done.
func (s *Steps) Done() bool { return s.done > 0 }

// Try does one part and tells whether that succeeded. what names it for a reader.
func (s *Steps) Try(what string, do func() error) bool {
	if s.err != nil && s.verb == "" {
		s.Report(what, "not tried")
		return false
	}
	if err := do(); err != nil {
		s.Fail(what, err)
		return false
	}
	s.Report(what, "")
	return true
}

// Fail reports a part that failed.
func (s *Steps) Fail(what string, err error) {
	if s.err == nil {
		s.err = err
	}
	s.Report(what, reason(err))
}

// Report says how a part went that was done together with others: why it failed, or
// "" when it did not.
func (s *Steps) Report(what, why string) {
	if why != "" {
		s.failed = append(s.failed, Failure{Shown(strings.TrimSpace(s.thing + " " + what)), why})
		return
	}
	s.said = append(s.said, Shown(what))
	s.done++
}

// Skip says of a part that there is nothing to do: "team research exists".
func (s *Steps) Skip(sentence string) { s.said = append(s.said, Shown(sentence)) }

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

// Make is Write where a later part, or the caller, needs a member of the answer: id, of
// what is made. Without it the part has failed.
func (s *Steps) Make(ctx context.Context, what, path string, body any, id, of string) (answer, made json.RawMessage) {
	s.Try(what, func() (err error) {
		if answer, err = s.call.Write(ctx, http.MethodPost, path, body); err == nil {
			made, err = s.call.Identifier(answer, id, of)
		}
		return err
	})
	return answer, made
}

// Result is the operation's. With nothing done and one failure it is that error;
// otherwise it has the body and says what was done and what was not.
func (s *Steps) Result(body json.RawMessage) (Result, error) {
	if !s.Done() && s.err != nil && (s.verb == "" || len(s.failed) == 1) {
		return Result{}, s.err
	}
	result := Result{Failed: s.failed, Done: strings.Join(s.said, "; ")}
	if s.verb != "" && s.Done() {
		result.Done = s.verb + " " + strings.Join(s.said, ", ")
	}
	if result.Body = body; NoNull(body) == nil {
		result.Body = Encode(map[string]any{"done": s.said})
	}
	return result, nil
}
