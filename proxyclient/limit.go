package proxyclient

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Stop is a cause with which a caller ends requests (see [context.WithCancelCause]). The
// errors of the requests then say its reason.
type Stop struct {
	// Code is that of a request that changes nothing, or has not left yet.
	Code Code
	// Reason is a clause, such as "the gateway did not answer within 45 s".
	Reason string
	// Hint is the next step; "" for none.
	Hint string
}

// Error implements error.
func (s *Stop) Error() string { return s.Reason }

// StopOf is the cause with which a context ended, or nil.
func StopOf(ctx context.Context) *Stop {
	var stop *Stop
	if ctx.Err() == nil || !errors.As(context.Cause(ctx), &stop) {
		return nil
	}
	return stop
}

// WithLimit returns a copy of the client whose requests take at most d, retries included. A
// request with a Timeout of its own keeps it.
func (c *Client) WithLimit(d time.Duration) *Client {
	e := *c
	e.whole = d
	return &e
}

// Span formats a duration for a reader: "45 s", "50ms".
func Span(d time.Duration) string {
	if d >= time.Second && d%time.Second == 0 {
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return d.String()
}
