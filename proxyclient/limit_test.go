package proxyclient

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"
)

// A limit counts for a request with its retries, and not for one that names a time.
func TestWithLimit(t *testing.T) {
	calls := 0
	c := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			time.Sleep(100 * time.Millisecond)
			_, _ = io.WriteString(w, "{}")
			return
		}
		calls++
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	// A wait that does not fit is not begun.
	wantCode(t, errOf(c.WithLimit(10*time.Second).Do(t.Context(), read)), CodeUnavailable)
	if calls != 1 {
		t.Errorf("%d attempts", calls)
	}
	slow := read
	slow.Path = "/slow"
	wantCode(t, errOf(c.WithLimit(20*time.Millisecond).Do(t.Context(), slow)), CodeUnreachable, "did not answer within 20ms")
	slow.Timeout = time.Minute
	if _, err := c.WithLimit(20*time.Millisecond).Do(t.Context(), slow); err != nil {
		t.Error(err)
	}
}

// The cause of a context is what its requests end with.
func TestStop(t *testing.T) {
	arrived := make(chan struct{})
	c := gateway(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	for _, r := range []Request{read, write} {
		ctx, stop := context.WithCancelCause(t.Context())
		go func() { <-arrived; stop(&Stop{CodeUnreachable, "the moon is full", "wait"}) }()
		_, err := c.Do(ctx, r)
		if r.Read {
			wantCode(t, err, CodeUnreachable, "the moon is full", "wait")
		} else {
			wantCode(t, err, CodeUnknownOutcome, "but the moon is full: it may or may not have been applied", "wait")
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{45 * time.Second: "45 s", time.Minute: "60 s", 50 * time.Millisecond: "50ms", 1500 * time.Millisecond: "1.5s"} {
		if got := Span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
