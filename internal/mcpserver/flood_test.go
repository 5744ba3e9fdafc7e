package mcpserver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"litellm-proxy/internal/sandbox"
)

// dialRaw sends text to a server and returns the connection, which a test may leave
// unread or half written.
func dialRaw(t *testing.T, url, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// requestHead is the head of a request with a body of a length.
func requestHead(method, path, key string, length int) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		method, path, key, length)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Bodies that never end hold no more than their budget, and small requests pass
// meanwhile.
func TestHalfSentBodies(t *testing.T) {
	const connections, half = 120, maxBody / 2
	f, url := listenFront(t, newServer(t, Options{Client: fake(t, echo)}), HTTPOptions{})
	c := (&httpClient{t: t, url: url + "/mcp", key: keyA}).open()
	part := bytes.Repeat([]byte(" "), half)
	before := heap()
	conns := make([]net.Conn, connections)
	for i := range conns {
		conns[i] = dialRaw(t, url, requestHead("POST", "/mcp", keyA, maxBody))
	}
	var wg sync.WaitGroup
	for _, conn := range conns {
		wg.Go(func() { _, _ = conn.Write(part) }) // fails where it is refused
	}
	wg.Wait()
	waitFor(t, "bodies are read", func() bool { return f.bodies.large.held.Load() > 0 })
	// What is refused is garbage soon after.
	waitFor(t, "half-sent bodies take no more than their budget", func() bool { return heap()-before < smallBodies+largeBodies })
	if held := f.bodies.held(); held > smallBodies+largeBodies {
		t.Errorf("%d MiB are held", held>>20)
	}
	c.call("keys_list", `{}`)
	for _, conn := range conns {
		conn.Close()
	}
	waitFor(t, "the bodies are given back", func() bool { return f.bodies.held() == 0 })
}

// Who has no room for a body hears it, and the room comes back.
func TestBodyBudget(t *testing.T) {
	f, url := listenFront(t, newServer(t, Options{Client: fake(t, echo)}), HTTPOptions{})
	c := (&httpClient{t: t, url: url + "/mcp", key: keyA}).open()
	ping := `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"x":"` + strings.Repeat("x", 1<<20) + `"}}}`
	if status, _ := c.post(ping); status != 200 {
		t.Errorf("a body of 1 MiB: %d", status)
	}
	if !f.bodies.large.TryAcquire(largeBodies) {
		t.Fatalf("%d bytes are held", f.bodies.held())
	}
	response := c.do(context.Background(), http.MethodPost, ping)
	response.Body.Close()
	if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("without room: %d, Retry-After %q", response.StatusCode, response.Header.Get("Retry-After"))
	}
	if status, _ := c.post(`{"jsonrpc":"2.0","id":1,"method":"ping"}`); status != 200 {
		t.Errorf("a small request beside large ones: %d", status)
	}
	f.bodies.large.Release(largeBodies)
	if status, _ := c.post(ping); status != 200 {
		t.Errorf("after that: %d", status)
	}
	anonymous := &httpClient{t: t, url: url + "/mcp"}
	if status, _ := anonymous.post(ping); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body without a key: %d", status)
	}
	waitFor(t, "nothing is held", func() bool { return f.bodies.held() == 0 })
}

// A body that does not come ends its request, and so does one that nobody wants.
func TestUnfinishedBodies(t *testing.T) {
	g := sandbox.New()
	h := httptest.NewServer(g)
	defer h.Close()
	s := newServer(t, Options{Client: clientOf(t, h.URL, sandbox.MasterKey)})
	s.bodyWait = 1 // at once
	f, url := listenFront(t, s, HTTPOptions{})
	for name, tt := range map[string]struct {
		method, key string
		want        int
	}{
		"of a client": {"POST", sandbox.MasterKey, http.StatusRequestTimeout},
		"of a GET":    {"GET", sandbox.MasterKey, http.StatusRequestEntityTooLarge},
		"refused":     {"POST", "sk-invented-0000000000", http.StatusUnauthorized},
	} {
		conn := dialRaw(t, url, requestHead(tt.method, "/mcp", tt.key, maxBody)+"{")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		response.Body.Close()
		if response.StatusCode != tt.want {
			t.Errorf("%s: status %d, want %d", name, response.StatusCode, tt.want)
		}
	}
	waitFor(t, "nothing is held", func() bool { return f.bodies.held() == 0 })
}

// Whatever comes, in whatever pieces, is read as it is.
func FuzzBody(f *testing.F) {
	f.Add([]byte(hello))
	f.Add([]byte(`[{"id":1}]`))
	f.Add([]byte(`{"id":{},"method":1,"params":"x"}`))
	f.Add(bytes.Repeat([]byte("x"), smallBody+1))
	b := newBodies(patience)
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, known := range []int64{int64(len(content)), -1} {
			r := httptest.NewRequest(http.MethodPost, "/mcp", io.NopCloser(iotest.OneByteReader(bytes.NewReader(content))))
			r.ContentLength = known
			m := b.read(httptest.NewRecorder(), r, maxBody)
			if m == nil {
				if len(content) <= maxBody {
					t.Fatalf("%d bytes are refused", len(content))
				}
				continue
			}
			came := bytes.Replace(m.content, []byte(`,"id":"`+m.own+`"}`), []byte("}"), 1)
			if want := bytes.TrimSpace(bytes.TrimPrefix(content, byteOrderMark)); !bytes.Equal(came, want) {
				t.Errorf("%q came as %q", want, came)
			}
			m.release()
		}
		if b.held() != 0 {
			t.Errorf("%d bytes are held", b.held())
		}
	})
}

// An SSE client that posts without reading makes a bounded number of goroutines,
// is told, and is cut off with all that waits for it.
func TestSSENonReader(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo)})
	f, url := listenFront(t, s, HTTPOptions{Transport: "sse"})
	before := runtime.NumGoroutine()
	conn, c := unread(t, url)
	statuses := map[int]int{}
	most := 0
	for i := range 1000 {
		status, _ := c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/list"}`, i))
		statuses[status]++
		most = max(most, runtime.NumGoroutine()-before)
	}
	if most >= 100 {
		t.Errorf("one client makes %d goroutines", most)
	}
	if statuses[http.StatusTooManyRequests] == 0 || statuses[http.StatusAccepted]+statuses[http.StatusTooManyRequests] != 1000 {
		t.Errorf("answers: %v", statuses)
	}
	conn.Close()
	waitFor(t, "the calls end", func() bool {
		return f.sessions.count() == 0 && f.bodies.held() == 0 && empty(f.calls) && empty(f.callers)
	})
}

// unread opens an SSE stream that is not read behind its first event, and returns a
// client that posts to it.
func unread(t *testing.T, url string) (net.Conn, *httpClient) {
	t.Helper()
	conn := dialRaw(t, url, "GET /sse HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+keyA+"\r\n\r\n")
	endpoint := newEvents(t, conn).data()
	if endpoint == "" {
		t.Fatal("the stream does not open")
	}
	return conn, &httpClient{t: t, url: url + "/" + endpoint, key: keyA}
}

func empty(l *lanes) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open) == 0
}

// A client that stays connected and does not read is cut off.
func TestSlowReaderIsCut(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo)})
	s.writeLimit = 10 * time.Millisecond
	t.Run("http", func(t *testing.T) {
		f, url := listenFront(t, s, HTTPOptions{})
		list := `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":` + modernMeta + `}}`
		request := strings.Replace(requestHead("POST", "/mcp", keyA, len(list)), "\r\n\r\n",
			"\r\nAccept: application/json\r\nMcp-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n\r\n", 1) + list
		conn := dialRaw(t, url, request)
		_ = conn.SetWriteDeadline(time.Now().Add(patience))
		var err error
		for err == nil {
			_, err = io.WriteString(conn, request)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("the server waits for a client that does not read")
		}
		waitFor(t, "its request ends", func() bool { return open(f.requests) == 0 })
	})
	t.Run("sse", func(t *testing.T) {
		f, url := listenFront(t, s, HTTPOptions{Transport: "sse"})
		_, c := unread(t, url)
		for end := time.Now().Add(patience); ; {
			status, _ := c.post(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
			if status == http.StatusNotFound {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the session of a client that does not read stays open")
			}
		}
		waitFor(t, "its stream ends", func() bool { return open(f.requests) == 0 })
	})
}

func open(q *quota) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.all
}
