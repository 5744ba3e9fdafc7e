package proxyclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"litellm-proxy/internal/secret"
)

// Code says what kind of failure an [Error] is. Surfaces map it to an exit
// status or a tool error; nothing else should be read out of a message.
type Code string

// The codes. All but usage, unreachable, canceled, local and unknown_outcome mean that
// the gateway answered.
const (
	CodeUsage          Code = "usage"           // the request was wrong; nothing was sent
	CodeInvalid        Code = "invalid"         // the gateway refused an argument
	CodeUnauthorized   Code = "unauthorized"    // no key, or one that is unknown, expired or blocked
	CodeForbidden      Code = "forbidden"       // the key is good but may not do this
	CodeNotFound       Code = "not_found"       // the thing named does not exist
	CodeConflict       Code = "conflict"        // it exists already
	CodeBlocked        Code = "blocked"         // a guardrail did not let the text through
	CodeRateLimited    Code = "rate_limited"    // see Error.RetryAfter
	CodeBudgetExceeded Code = "budget_exceeded" // of a key, user, team or customer
	CodeEnterprise     Code = "enterprise"      // needs LiteLLM Enterprise
	CodeUnsupported    Code = "unsupported"     // this gateway has no such route, or not the part it needs
	CodeUnreachable    Code = "unreachable"     // refused, DNS, TLS, time-out: there was no answer
	CodeUnknownOutcome Code = "unknown_outcome" // a write that may or may not have been applied
	CodeUnavailable    Code = "unavailable"     // 502, 503, 504 and overload
	CodeInternal       Code = "internal"        // any other 5xx
	CodeBadAnswer      Code = "bad_answer"      // not what a gateway sends: HTML, broken JSON, a body that ends early
	CodeNotApplied     Code = "not_applied"     // a write that the gateway accepted and did not do
	CodeIncomplete     Code = "incomplete"      // a list that changed while it was read
	CodeTooLarge       Code = "too_large"       // the answer is above the limit
	CodeRedirected     Code = "redirected"      // see Error.Location
	CodeCanceled       Code = "canceled"        // by the caller's context
	CodeUnwritten      Code = "unwritten"       // the answer came, and its reader could not be given it
	CodeLocal          Code = "local"           // this machine failed, not a gateway: a file, a port
)

var codeWords = map[Code]string{
	CodeInvalid:        "invalid request",
	CodeUnauthorized:   "unauthorized",
	CodeForbidden:      "forbidden",
	CodeNotFound:       "not found",
	CodeConflict:       "conflict",
	CodeBlocked:        "blocked",
	CodeRateLimited:    "rate limited",
	CodeBudgetExceeded: "budget exceeded",
	CodeEnterprise:     "needs LiteLLM Enterprise",
	CodeUnsupported:    "unsupported",
	CodeUnreachable:    "unreachable",
	CodeUnknownOutcome: "outcome unknown",
	CodeUnavailable:    "unavailable",
	CodeInternal:       "gateway error",
	CodeBadAnswer:      "bad answer",
	CodeNotApplied:     "not applied",
	CodeIncomplete:     "incomplete",
	CodeTooLarge:       "answer too large",
	CodeRedirected:     "redirected",
	CodeCanceled:       "canceled",
}

// Error is every failure of this package. Nothing in it holds a secret. Its JSON
// form is what a surface shows when it was asked for JSON.
type Error struct {
	Code      Code   `json:"code"`
	Status    int    `json:"status,omitempty"` // of the answer; in a stream what the error event named; 0 without either
	Message   string `json:"message"`          // the gateway's own words in one paragraph, or ours where it said nothing
	Param     string `json:"param,omitempty"`  // the field at fault, when the gateway named one
	Type      string `json:"-"`                // as the gateway sent it: not to be relied on
	RequestID string `json:"request_id,omitempty"`
	Hint      string `json:"hint,omitempty"` // a next step; settings and arguments stand in braces

	Method     string        `json:"-"`
	Path       string        `json:"-"` // without the base URL's prefix
	Location   string        `json:"-"` // where a redirect pointed
	RetryAfter time.Duration `json:"-"` // as the gateway asked; 0 when it did not
	Body       []byte        `json:"-"` // of the answer, up to 64 KiB
	Sent       bool          `json:"-"` // something of the request may have reached the gateway
	Err        error         `json:"-"` // the cause; keeps errors.Is for context and syscall errors
	lacking    bool          // the gateway itself said that it has no such route
}

// Error returns the kind of failure, the message and the HTTP status, in one paragraph.
func (e *Error) Error() string {
	msg := strings.TrimSuffix(e.Message, ".")
	word := codeWords[e.Code]
	var b strings.Builder
	b.WriteString(word)
	if msg != "" {
		if word != "" {
			b.WriteString(": ")
		}
		b.WriteString(msg)
	}
	if e.Status != 0 && !strings.Contains(msg, fmt.Sprintf("HTTP %d", e.Status)) {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if b.Len() == 0 {
		return "unknown error"
	}
	return b.String()
}

// Unwrap returns the cause. Its text has no secrets either.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf is the code of the [Error] in err's chain, [CodeCanceled] for a bare
// context.Canceled, and "" for nil and for errors of other origin.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	if errors.Is(err, context.Canceled) {
		return CodeCanceled
	}
	return ""
}

// Wrap puts what was being done before an error: "delete key sk-...abcd: not found: …".
// Secrets in what are masked, and errors.As still finds the [Error]. It returns nil for nil,
// and an error unchanged that begins with what already.
func Wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	what = secret.Text(what)
	if rest, said := strings.CutPrefix(err.Error(), what); said && (strings.HasPrefix(rest, ": ") || strings.HasPrefix(rest, " ")) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

// cause is an error's text without secrets. It unwraps to a known value only,
// never to the original, whose text may hold a URL with its query.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.err }

func (c *Client) cause(err error) error {
	if err == nil {
		return nil
	}
	out := &cause{text: c.scrub(err.Error())}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			out.err = known
			return out
		}
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		out.err = errno
	}
	return out
}
