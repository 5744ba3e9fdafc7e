package proxyclient

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

func size64(n int64) int64 { return n }

// taken tells whether a lease gets bytes without waiting.
func taken(t *testing.T, l *lease, bytes int64) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- l.take(t.Context(), bytes) }()
	synctest.Wait()
	return done
}

func ready(done <-chan error) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func leaseFrom(t *testing.T, b *Budget) *lease {
	ctx, _ := b.Lease(t.Context())
	return leaseOf(ctx)
}

func TestBudgetWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(100, size64)
		first, second, third := leaseFrom(t, b), leaseFrom(t, b), leaseFrom(t, b)
		if !ready(taken(t, first, 60)) {
			t.Fatal("the first waits for nobody")
		}
		waits, behind := taken(t, second, 60), taken(t, third, 10)
		if ready(waits) || ready(behind) {
			t.Error("one that does not fit, or one behind it, did not wait")
		}
		first.release()
		synctest.Wait()
		if !ready(waits) || !ready(behind) {
			t.Error("they wait although there is room")
		}
		second.release()
		third.release()
		if b.used != 0 {
			t.Errorf("%d bytes are held by nobody", b.used)
		}
	})
}

func TestReserve(t *testing.T) {
	b := NewBudget(100, size64)
	ctx, release := b.Lease(t.Context())
	for _, tt := range []struct {
		ctx         context.Context
		bytes, used int64
	}{{t.Context(), 10, 0}, {ctx, 30, 30}, {ctx, 0, 30}, {ctx, 1000, 130}} {
		if err := Reserve(tt.ctx, tt.bytes); err != nil || b.used != tt.used {
			t.Errorf("after %d more bytes: %v, %d are used, want %d", tt.bytes, err, b.used, tt.used)
		}
	}
	if release(); b.used != 0 || Reserve(ctx, 1) == nil {
		t.Error("a lease that ended holds bytes, or takes some")
	}
}

// Two that hold bytes and want more than there are do not wait for each other.
func TestBudgetHasNoDeadlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(100, size64)
		one, two := leaseFrom(t, b), leaseFrom(t, b)
		taken(t, one, 60)
		taken(t, two, 40)
		for range 2 {
			if !ready(taken(t, one, 50)) {
				t.Fatal("nobody may go on")
			}
		}
		other := taken(t, two, 50)
		if ready(other) {
			t.Error("two exceed the budget")
		}
		one.release()
		synctest.Wait()
		if !ready(other) {
			t.Error("the other waits for nobody")
		}
	})
}

func TestBudgetWaitIsCanceled(t *testing.T) {
	b := NewBudget(100, size64)
	holder, waiter := leaseFrom(t, b), leaseFrom(t, b)
	if err := holder.take(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := waiter.take(ctx, 1); !errors.Is(err, context.Canceled) || len(b.waiting) != 0 {
		t.Errorf("%v, and %d wait", err, len(b.waiting))
	}
	holder.release()
	if holder.take(t.Context(), 1) == nil {
		t.Error("a lease that ended takes bytes that nobody returns")
	}
}

func TestLeaseWithinLease(t *testing.T) {
	b := NewBudget(100, size64)
	ctx, release := b.Lease(t.Context())
	inner, end := b.Lease(ctx)
	if end(); leaseOf(inner) != leaseOf(ctx) || leaseOf(ctx).over() {
		t.Error("the inner lease is not the outer one, or ends it")
	}
	release()
	if again, _ := b.Lease(ctx); leaseOf(again) == leaseOf(ctx) {
		t.Error("a lease that ended is used again")
	}
}

// answering is a gateway of which each answer has a number of bytes, and may end
// early or not tell its length.
type answering struct {
	bytes, told int64
	broken      bool
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	var body io.Reader = strings.NewReader(`"` + strings.Repeat("x", int(a.bytes-2)) + `"`)
	if a.broken {
		body = io.MultiReader(body, failing{})
	}
	return &http.Response{Status: "200 OK", StatusCode: 200, Header: http.Header{}, ContentLength: a.told, Body: io.NopCloser(body), Request: r}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// TestAnswersTakeFromBudget: as long as its lease lasts, an answer is counted as
// what its buffer has; one that failed is not.
func TestAnswersTakeFromBudget(t *testing.T) {
	for _, tt := range []struct {
		name    string
		gateway answering
		used    int64
	}{
		{"length told", answering{bytes: 1 << 20, told: 1 << 20}, 1<<20 + 1},
		{"length unknown", answering{bytes: 1 << 20, told: -1}, 8 << 20},
		{"small", answering{bytes: 1000, told: -1}, 0},
		{"broken", answering{bytes: 1 << 20, told: 1 << 20, broken: true}, 0},
		{"too large", answering{bytes: 9 << 20, told: -1}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := NewBudget(100<<20, func(size int64) int64 {
				if size <= firstRead {
					return 0
				}
				return size
			})
			c, err := New(Config{BaseURL: "http://gateway", Transport: tt.gateway, MaxBytes: 8 << 20, Retries: -1})
			if err != nil {
				t.Fatal(err)
			}
			ctx, release := b.Lease(t.Context())
			resp, err := c.Do(ctx, Request{Method: "GET", Path: "/x", Read: true})
			if (err != nil) != (tt.gateway.broken || tt.gateway.bytes > 8<<20) || err == nil && len(resp.Body) != int(tt.gateway.bytes) {
				t.Fatalf("%v", err)
			}
			if b.used != tt.used {
				t.Errorf("%d bytes are held, want %d", b.used, tt.used)
			}
			if release(); b.used != 0 {
				t.Errorf("%d bytes are held after the end", b.used)
			}
		})
	}
}

// endless never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestBodyBuffers: however large an answer is, its buffers together have little
// more than the limit.
func TestBodyBuffers(t *testing.T) {
	const limit = 1 << 20
	for told, want := range map[int64]int64{-1: limit * 6 / 5, limit / 2: limit * 2, limit + 1: 0} {
		var all int64
		resp := &http.Response{ContentLength: told, Body: io.NopCloser(endless{})}
		b, err := readBounded(resp, limit, func(size int64) error { all += size; return nil })
		if !errors.Is(err, errTooLarge) || int64(len(b)) > limit {
			t.Errorf("%d bytes: %d, %v", told, len(b), err)
		}
		if all > want {
			t.Errorf("%d bytes: buffers of %d bytes in all, want at most %d", told, all, want)
		}
	}
}
