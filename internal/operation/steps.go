package operation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"litellm-proxy/proxyclient"
)

// Steps runs the parts of an operation and reports each: done, there already, failed and
// why, or not tried.
type Steps struct {
	call *Call
	// verb is set for independent parts: they continue after a failure, and each is named
	// by its object. If empty, the first failure ends them, and each is a sentence.
	verb, thing string
	said        []string // what was done, and what was there already
	done        int
	failed      []Failure
	err         error // the first failure
}

// NewSteps returns Steps that depend on each other: the first failure ends them.
func NewSteps(call *Call) *Steps { return &Steps{call: call} }

// NewParts returns Steps that do the same to several things and continue after a
// failure. verb is in the past tense: "deleted". thing names one of them in a failure:
// "member".
func NewParts(call *Call, verb, thing string) *Steps {
	return &Steps{call: call, verb: verb, thing: thing}
}

// Err returns the first failure.
func (s *Steps) Err() error { return s.err }

// Done reports whether any part succeeded.
func (s *Steps) Done() bool { return s.done > 0 }

// Try does one part, named what, and reports whether it succeeded.
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

// Fail records a part that failed.
func (s *Steps) Fail(what string, err error) {
	if s.err == nil {
		s.err = err
	}
	s.Report(what, reason(err))
}

// Report adds the outcome of a part that was done together with others: why it failed, or
// "" if it succeeded.
func (s *Steps) Report(what, why string) {
	if why != "" {
		s.failed = append(s.failed, Failure{Shown(strings.TrimSpace(s.thing + " " + what)), why})
		return
	}
	s.said = append(s.said, Shown(what))
	s.done++
}

// Skip reports a part with nothing to do: "team research exists".
func (s *Steps) Skip(sentence string) { s.said = append(s.said, Shown(sentence)) }

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

// Make is [Steps.Write] for a part whose answer must have a member that is needed later,
// such as the identifier of what it makes. Without the member the part has failed.
func (s *Steps) Make(ctx context.Context, what, path string, body any, id, of string) (answer, made json.RawMessage) {
	s.Try(what, func() (err error) {
		write := func() (json.RawMessage, error) { return s.call.Write(ctx, http.MethodPost, path, body) }
		if id == "key" { // which is shown only once
			write = func() (json.RawMessage, error) { return s.call.Uninterrupted(ctx, path, body) }
		}
		if answer, err = write(); err == nil {
			made, err = s.call.Identifier(answer, id, of)
		}
		return err
	})
	return answer, made
}

// fewNames is how many names the sentence about many things has.
const fewNames = 5

// Result returns the result of the operation: body, with what was done and what failed.
// If nothing was done and only one part failed, it returns that error instead.
func (s *Steps) Result(body json.RawMessage) (Result, error) {
	if !s.Done() && s.err != nil && (s.verb == "" || len(s.failed) == 1) {
		return Result{}, s.err
	}
	result := Result{Failed: s.failed, Done: strings.Join(s.said, "; "), Unchanged: s.done == 0 && s.err == nil}
	if s.verb != "" && s.Done() {
		result.Done = s.verb + " " + strings.Join(s.said, ", ")
		if more := len(s.said) - fewNames; more > fewNames {
			verb, _, _ := strings.Cut(s.verb, " ")
			result.Done = fmt.Sprintf("%s %d: %s and %d more", verb, s.done, strings.Join(s.said[:fewNames], ", "), more)
		}
	}
	if result.Body = body; NoNull(body) == nil {
		result.Body = Encode(map[string]any{"done": s.said})
	}
	return result, nil
}
