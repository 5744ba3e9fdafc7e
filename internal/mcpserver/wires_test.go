package mcpserver

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// rawWire is a client that sends and gets messages as bytes.
type rawWire struct {
	t    *testing.T
	name string
	send func(message string)
	// got are the messages that came, status those of the HTTP answers without one.
	got    chan string
	status chan int
	// shutDown is what SIGTERM does; ended is how the server came to its end.
	shutDown func()
	ended    chan error
}

// next is the next message that came.
func (w *rawWire) next() string {
	w.t.Helper()
	select {
	case line := <-w.got:
		return line
	case <-time.After(patience):
		w.t.Fatal(w.name, ": nothing came")
		return ""
	}
}

// wants sends a message and compares the next one with a text.
func (w *rawWire) wants(message, want string) {
	w.t.Helper()
	w.send(message)
	if got := w.next(); got != want {
		w.t.Errorf("%s: %.200s\n got %s\nwant %s", w.name, message, got, want)
	}
}

// onEachWire runs a test over all transports, each with a server of its own.
func onEachWire(t *testing.T, server func(t *testing.T) *Server, test func(t *testing.T, w *rawWire)) {
	for name, open := range map[string]func(*testing.T, *Server, *rawWire){"stdio": rawStdio, "http": rawHTTP, "sse": rawSSE} {
		t.Run(name, func(t *testing.T) {
			w := &rawWire{t: t, name: name, got: make(chan string, 100), status: make(chan int, 100), ended: make(chan error, 1)}
			open(t, server(t), w)
			test(t, w)
		})
	}
}

func rawStdio(t *testing.T, s *Server, w *rawWire) {
	inR, in := io.Pipe()
	outR, out := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	w.shutDown = cancel
	go func() {
		w.ended <- s.ServeStdio(ctx, inR, out)
		out.Close()
	}()
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(outR)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			w.got <- lines.Text()
		}
	}()
	t.Cleanup(func() { in.Close(); cancel(); <-read })
	w.send = func(message string) { _, _ = io.WriteString(in, message+"\n") }
	w.send(hello)
	w.next()
}

// served is the address of a server that w can shut down.
func served(t *testing.T, s *Server, w *rawWire, transport string) string {
	ctx, cancel := context.WithCancel(context.Background())
	ready, over := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(over)
		w.ended <- s.ServeHTTP(ctx, HTTPOptions{Transport: transport, Addr: "127.0.0.1:0", Ready: func(url string) { ready <- url }})
	}()
	w.shutDown = cancel
	t.Cleanup(func() { cancel(); <-over })
	url := receive(t, ready)
	return url[:strings.LastIndex(url, "/")]
}

func rawHTTP(t *testing.T, s *Server, w *rawWire) {
	c := (&httpClient{t: t, url: served(t, s, w, "http") + "/mcp", key: keyA}).open()
	w.send = func(message string) {
		one := *c
		one.header = http.Header{}
		if strings.Contains(message, `"2026-07-28"`) {
			one.session = ""
			one.header.Set("Mcp-Protocol-Version", "2026-07-28")
			method, _, _ := strings.Cut(message[strings.Index(message, `"method":"`)+10:], `"`)
			one.header.Set("Mcp-Method", method)
		}
		response := one.do(context.Background(), http.MethodPost, message)
		go func() {
			defer response.Body.Close()
			lines := bufio.NewScanner(response.Body)
			lines.Buffer(nil, maxLine)
			n, events := 0, strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream")
			for lines.Scan() {
				if data, is := strings.CutPrefix(lines.Text(), "data: "); is || !events {
					n++
					w.got <- data
				}
			}
			if n == 0 {
				w.status <- response.StatusCode
			}
		}()
	}
}

func rawSSE(t *testing.T, s *Server, w *rawWire) {
	c := openSSE(t, served(t, s, w, "sse"), keyA)
	go func() {
		for data := c.events.data(); data != ""; data = c.events.data() {
			w.got <- data
		}
	}()
	w.send = func(message string) {
		response := c.do(context.Background(), http.MethodPost, message)
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		if body = bytes.TrimSpace(body); len(body) > 0 {
			w.got <- string(body)
		}
	}
}
