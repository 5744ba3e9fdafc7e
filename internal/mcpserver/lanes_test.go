package mcpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLanes(t *testing.T) {
	l := newLanes(2, 1)
	var all []*turn
	for range 3 {
		all = append(all, l.enter("a"))
	}
	if all[2] == nil || l.enter("a") != nil {
		t.Fatal("not three places")
	}
	other := l.enter("b")
	if other == nil || other.wait(context.Background()) != nil {
		t.Error("one lane blocks another")
	}
	other.leave()
	for _, one := range all[:2] {
		if err := one.wait(context.Background()); err != nil {
			t.Error(err)
		}
	}
	all[2].leave()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	late := l.enter("a")
	if err := late.wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that has gone: %v", err)
	}
	late.leave()
	for _, one := range all[:2] {
		one.leave()
	}
	if len(l.open) != 0 {
		t.Errorf("%d lanes are left", len(l.open))
	}
}

// gate is a gateway that answers when it is told to.
type gate struct {
	arrived, open chan struct{}
	calls         atomic.Int64
}

func (g *gate) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	g.calls.Add(1)
	g.arrived <- struct{}{}
	<-g.open
	_, _ = io.WriteString(w, `{"data":[]}`)
}

// A session limits the calls that run and those that wait. Notifications pass, and a
// call that is canceled while it waits never reaches the gateway.
func TestCallsOfOneSession(t *testing.T) {
	for _, transport := range []string{"http", "sse"} {
		t.Run(transport, func(t *testing.T) {
			g := &gate{arrived: make(chan struct{}, 100), open: make(chan struct{})}
			server := newServer(t, Options{Client: fake(t, g.ServeHTTP)})
			server.callLimit = time.Hour // no call ends by itself and makes room for another
			f, url := listenFront(t, server, HTTPOptions{Transport: transport})
			var c *httpClient
			if transport == "sse" {
				c = openSSE(t, url, keyA).httpClient
			} else {
				c = (&httpClient{t: t, url: url + "/mcp", key: keyA}).open()
			}
			id, call := c.session, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"models_list"}}`
			if transport == "sse" {
				id = c.url[strings.Index(c.url, "=")+1:]
			}
			waitFor(t, "the session is idle", func() bool { return empty(f.calls) })
			var wg sync.WaitGroup
			for i := range sessionCalls {
				wg.Go(func() { c.post(fmt.Sprintf(call, 100+i)) })
			}
			for range sessionCalls {
				receive(t, g.arrived)
			}
			for i := range sessionWaits {
				wg.Go(func() { c.post(fmt.Sprintf(call, 200+i)) })
			}
			waitFor(t, "the others wait", func() bool { return waiting(f.calls, id) == sessionWaits })
			response := c.do(context.Background(), http.MethodPost, fmt.Sprintf(call, 1))
			response.Body.Close()
			if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") == "" {
				t.Errorf("one more: %d", response.StatusCode)
			}
			for i := range sessionWaits {
				if status, _ := c.post(fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, 200+i)); status != http.StatusAccepted {
					t.Fatalf("a notification: %d", status)
				}
			}
			waitFor(t, "the canceled calls end", func() bool { return waiting(f.calls, id) == 0 })
			close(g.open)
			wg.Wait()
			waitFor(t, "all calls end", func() bool { return empty(f.calls) })
			if n := g.calls.Load(); n != sessionCalls {
				t.Errorf("the gateway got %d calls, want %d", n, sessionCalls)
			}
		})
	}
}

func waiting(l *lanes, name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[name] == nil {
		return 0
	}
	return l.open[name].waiting
}

// One key has a limit over all its sessions, and others do not feel it.
func TestCallsOfOneKey(t *testing.T) {
	f, _ := listenFront(t, newServer(t, Options{Client: fake(t, echo)}), HTTPOptions{})
	a, b, m := &caller{owner: "a"}, &caller{owner: "b"}, &received{incoming: &incoming{}}
	n := 0
	for session := 0; f.enter(a, fmt.Sprint(session/(sessionCalls+sessionWaits)), m) != nil; session++ {
		n++
	}
	if n != keyCalls+keyWaits {
		t.Errorf("one key has %d places, want %d", n, keyCalls+keyWaits)
	}
	if f.enter(b, "of b", m) == nil {
		t.Error("another key has none")
	}
}

// Streams that wait for notifications are counted by themselves.
func TestStreamsOfOneSession(t *testing.T) {
	url := listen(t, newServer(t, Options{Client: fake(t, echo)}), HTTPOptions{}) + "/mcp"
	c := (&httpClient{t: t, url: url, key: keyA}).open()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for i := range sessionStreams + 1 {
		response := c.do(ctx, http.MethodGet, "")
		defer response.Body.Close()
		if want := map[bool]int{true: 200, false: 503}[i < sessionStreams]; response.StatusCode != want {
			t.Errorf("stream %d: %d, want %d", i+1, response.StatusCode, want)
		}
	}
	c.call("keys_list", `{}`)
}
