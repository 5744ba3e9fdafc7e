package proxyclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"litellm-proxy/internal/secret"
)

// brokenBody is an answer of 200 to 299 whose body did not come whole.
func (c *Client) brokenBody(a *attempt, err error) (*Error, again) {
	p, status := a.p, a.resp.StatusCode
	e := p.error(CodeBadAnswer, status)
	e.RequestID = c.requestID(a.resp.Header)
	e.Sent = true
	e.Err = c.cause(err)
	if errors.Is(err, errTooLarge) {
		e.Code = CodeTooLarge
		e.Message = "the answer is above the limit of " + size(c.maxBytes)
		e.Hint = "ask for less: a smaller page, a narrower filter"
		if !p.Read {
			e.Message += fmt.Sprintf("; the request was answered with HTTP %d and has been applied", status)
		}
		return e, never
	}
	why, more := "its body ended early: "+c.netText(err), later
	switch {
	case a.parent.Err() != nil:
		if p.Read {
			return c.canceled(a.parent, p, true), never
		}
		e.Err = c.cause(a.parent.Err())
		why, more = whyStopped(a.parent, "the caller stopped waiting"), never
	case a.expired.Load():
		why, more = "its body did not come within "+Span(p.limit), never
		e.Hint = "allow more time with {timeout}"
	}
	e.Message = fmt.Sprintf("the gateway answered HTTP %d, but %s", status, why)
	if !p.Read {
		e.Code = CodeUnknownOutcome
		e.Message += "; the request was most likely applied, but its answer is lost"
		e.Hint = "check whether it was applied before you send it again"
		more = never
	}
	return e, more
}

// refused is an answer with a status outside 200 to 299.
func (c *Client) refused(a *attempt) (*Error, again) {
	body, err := readBounded(a.resp, min(c.maxBytes, maxErrorRead), func(int64) error { return nil })
	c.debugAnswer(a.resp, body, time.Since(a.start))
	e := c.refusal(a.p, a.resp, body)
	if err != nil && a.parent.Err() != nil && a.p.Read {
		return c.canceled(a.parent, a.p, true), never
	}
	switch e.Status {
	case 429, 502, 503, 504, 529:
		if e.Code == CodeRateLimited || e.Code == CodeUnavailable {
			return e, later
		}
	}
	return e, never
}

// lost is an exchange that ended without an answer.
func (c *Client) lost(a *attempt, err error) (*Error, again) {
	p := a.p
	e := p.error(CodeUnreachable, 0)
	e.Sent = a.sent(c, err) && !isUnidentified(err)
	e.Err = c.cause(err)
	stopped := a.parent.Err()
	if stopped != nil {
		e.Err = c.cause(stopped)
	}
	timedOut := a.expired.Load() && stopped == nil
	if timedOut {
		e.Err = c.cause(context.DeadlineExceeded)
	}
	if e.Sent && !p.Read {
		c.unknown(e, a, err, timedOut)
		return e, never
	}
	if stopped != nil {
		return c.canceled(a.parent, p, e.Sent), never
	}
	where := "cannot reach the gateway at " + c.baseText
	if c.baseSource != "" {
		where += " (from " + c.baseSource + ")"
	}
	if timedOut {
		e.Message = where + ": no connection within " + Span(p.limit)
		e.Hint = "check {base_url}, or allow more time with {timeout}"
		if a.conn.Load() != nil {
			e.Message = "the gateway at " + c.baseText + " did not answer within " + Span(p.limit)
			e.Hint = "allow more time with {timeout}"
		}
		return e, never
	}
	if v := c.way(); v != nil {
		if blamed, temporary := v.blame(c, e, a, err); blamed {
			if temporary {
				return e, later
			}
			return e, never
		}
		where += " through " + v.String()
	}
	e.Message = where + ": " + c.netText(err)
	e.Hint = netHint(err)
	more := later
	if use := a.conn.Load(); use != nil && use.reused && !e.Sent {
		more = atOnce
	}
	if isPermanent(err) {
		more = never
	}
	return e, more
}

// unknown words the error about a write that may have been applied.
func (c *Client) unknown(e *Error, a *attempt, err error, timedOut bool) {
	p, why := a.p, c.netText(err)
	e.Code, e.Hint = CodeUnknownOutcome, "check whether it was applied before you send it again"
	switch {
	case a.parent.Err() != nil:
		why = whyStopped(a.parent, "it was interrupted while the gateway worked on it")
		if stop := StopOf(a.parent); stop != nil && stop.Hint != "" {
			e.Hint += "; " + stop.Hint
		}
	case timedOut:
		why = "the gateway did not answer within " + Span(p.limit)
		e.Hint += "; to allow more time, use {timeout}"
	}
	e.Message = fmt.Sprintf("%s %s was sent, but %s: it may or may not have been applied", p.method, c.scrub(p.path), why)
}

// whyStopped is the reason with which the caller's context ended, or otherwise.
func whyStopped(ctx context.Context, otherwise string) string {
	if stop := StopOf(ctx); stop != nil {
		return stop.Reason
	}
	return otherwise
}

// canceled is a request whose caller stopped waiting and that changed nothing.
func (c *Client) canceled(ctx context.Context, p *prepared, sent bool) *Error {
	e := p.error(CodeCanceled, 0)
	e.Message = "the request was canceled before its answer came"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Code = CodeUnreachable
		e.Message = "the caller's time limit passed before " + c.baseText + " answered"
	}
	if stop := StopOf(ctx); stop != nil {
		e.Code, e.Message, e.Hint = stop.Code, stop.Reason, stop.Hint
	}
	e.Err = c.cause(ctx.Err())
	e.Sent = sent
	return e
}

func (p *prepared) error(code Code, status int) *Error {
	return &Error{Code: code, Status: status, Method: p.method, Path: secret.Text(p.path)}
}

func (c *Client) errorBody(b []byte) []byte {
	b = c.scrubBody(b)
	if len(b) > maxErrorBody {
		b = b[:maxErrorBody]
	}
	return b
}

func (c *Client) requestID(h http.Header) string {
	for _, name := range []string{"X-Litellm-Call-Id", "X-Request-Id"} {
		if v := printable(c.scrub(h.Get(name)), 120); v != "" {
			return v
		}
	}
	return ""
}

func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if n, err := strconv.ParseFloat(v, 64); err == nil {
		if !(n > 0) {
			return 0
		}
		return time.Duration(min(n, 1e6) * float64(time.Second))
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}

func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
