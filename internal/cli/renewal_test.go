package cli

import (
	"context"
	"testing"
	"time"
)

// TestInterruptedRenewal: an interrupt waits for the renewal of a session, whose refresh
// token works once.
func TestInterruptedRenewal(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, done := &app{}, make(chan int)
	a.renewing.Store(true)
	go func() {
		time.Sleep(grace + grace/2)
		done <- 7
	}()
	if status := a.wait(ctx, done); status != 7 {
		t.Errorf("it ended in the middle, with status %d", status)
	}
}
