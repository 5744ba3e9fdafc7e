package mcpserver

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// A client that does not read its answer keeps no other one from getting its own.
func TestAbandonWaitsForNobody(t *testing.T) {
	u := newUnderway()
	told, stuck := make(chan struct{}, 10), make(chan struct{})
	for i := range 10 {
		say := func(*fault) { told <- struct{}{} }
		if i%2 == 0 {
			say = func(*fault) { <-stuck }
		}
		_, over := u.begin(context.Background(), "", &incoming{}, say)
		defer over()
	}
	defer close(stuck) // before the requests are over
	abandoned := make(chan struct{})
	go func() {
		u.abandon(func(m *incoming) *fault { return m.refuse(mcp.INTERNAL_ERROR, "") }, time.Millisecond)
		close(abandoned)
	}()
	receive(t, abandoned)
	for range 5 {
		receive(t, told)
	}
}

// A request whose answer is being said is not over: its handler must not return.
func TestAbandonedIsOverWhenSaid(t *testing.T) {
	u, saying, release := newUnderway(), make(chan struct{}), make(chan struct{})
	var said atomic.Bool
	_, over := u.begin(context.Background(), "", &incoming{}, func(*fault) {
		close(saying)
		<-release
		said.Store(true)
	})
	go u.abandon(func(m *incoming) *fault { return m.refuse(mcp.INTERNAL_ERROR, "") }, time.Hour)
	receive(t, saying)
	ended := make(chan bool, 1)
	go func() { over(); ended <- said.Load() }()
	close(release)
	if !receive(t, ended) {
		t.Error("the request was over before its answer was said")
	}
}
