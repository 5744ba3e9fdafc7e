package proxyclient

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func errOf(_ *Response, err error) error { return err }

func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, not an orderly end
		}
		_ = conn.Close()
	}
}

func TestRefusedConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := "http://" + l.Addr().String()
	_ = l.Close()
	n := &naps{}
	c := newClient(t, addr, func(cfg *Config) { cfg.Sleep = n.sleep })
	for _, r := range []Request{read, write} {
		e := wantCode(t, errOf(c.Do(t.Context(), r)), CodeUnreachable, "connection refused", addr+prefix, "from the test")
		if e.Sent || e.Status != 0 {
			t.Errorf("%+v", e)
		}
	}
	if len(n.all) != 2 {
		t.Errorf("pauses %v: a read is tried three times, a write once", n.all)
	}
}

func TestRetries(t *testing.T) {
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, `{"error":{"message":"try later"}}`)
		}
	}
	reset := func(w http.ResponseWriter, r *http.Request) { hangUp(w) }
	truncated := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"a":`)
	}
	date := time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)
	for _, tt := range []struct {
		name  string
		fault http.HandlerFunc
		calls int64 // of a read that always fails
		code  Code
		wr    Code // of a write
	}{
		{"429", status(429), 3, CodeRateLimited, CodeRateLimited},
		{"429 soon", status(429, "Retry-After", "7"), 3, CodeRateLimited, CodeRateLimited},
		{"429 date", status(429, "Retry-After", date), 3, CodeRateLimited, CodeRateLimited},
		{"429 much later", status(429, "Retry-After", "60"), 1, CodeRateLimited, CodeRateLimited},
		{"502", status(502), 3, CodeUnavailable, CodeUnavailable},
		{"503", status(503), 3, CodeUnavailable, CodeUnavailable},
		{"504", status(504), 3, CodeUnavailable, CodeUnavailable},
		{"500", status(500), 1, CodeInternal, CodeInternal},
		{"400", status(400), 1, CodeInvalid, CodeInvalid},
		{"reset", reset, 3, CodeUnreachable, CodeUnknownOutcome},
		{"truncated", truncated, 3, CodeBadAnswer, CodeUnknownOutcome},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var calls, healAfter atomic.Int64
			healAfter.Store(1 << 30)
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) > healAfter.Load() {
					_, _ = io.WriteString(w, `{"ok":true}`)
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				tt.fault(w, r)
			})
			n := &naps{}
			c := newClient(t, s.URL, func(cfg *Config) { cfg.Sleep = n.sleep })
			e := wantCode(t, errOf(c.Do(t.Context(), read)), tt.code)
			if calls.Load() != tt.calls || len(n.all) != int(tt.calls)-1 {
				t.Errorf("a read came %d times, pauses %v", calls.Load(), n.all)
			}
			for _, d := range n.all {
				if d <= 0 || d > maxRetryAfter || tt.name == "429 soon" && d != 7*time.Second || tt.name == "429 date" && d < 10*time.Second {
					t.Errorf("pause %v", d)
				}
			}
			if !e.Sent {
				t.Error("not marked as sent")
			}
			for _, r := range []Request{write, {Method: "GET", Path: "/reset"}, {Method: "DELETE", Path: "/x"}, {Method: "POST", Path: "/x"}} {
				r.Header = http.Header{"Idempotency-Key": {"1"}}
				calls.Store(0)
				wantCode(t, errOf(c.Do(t.Context(), r)), tt.wr)
				if calls.Load() != 1 {
					t.Errorf("a write (%s, %d bytes) came %d times", r.Method, len(r.Body), calls.Load())
				}
			}
			if tt.calls > 1 {
				calls.Store(0)
				healAfter.Store(2)
				if b, err := c.JSON(t.Context(), Request{Method: "POST", Path: "/tag/info", Body: []byte("{}"), Read: true}); err != nil || string(b) != `{"ok":true}` {
					t.Error(string(b), err)
				}
				calls.Store(0)
				never := newClient(t, s.URL, func(cfg *Config) { cfg.Retries = -1 })
				wantCode(t, errOf(never.Do(t.Context(), read)), tt.code)
			}
		})
	}
}

// A kept connection that the gateway resets as soon as the second request comes:
// net/http would send idempotent methods again by itself.
func TestWriteOnADyingConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	var requests atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for i := 0; ; i++ {
					r, err := http.ReadRequest(bufio.NewReader(conn))
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					if strings.HasSuffix(r.URL.Path, "/warm") {
						_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
						continue
					}
					requests.Add(1)
					return
				}
			}()
		}
	}()
	c := newClient(t, "http://"+l.Addr().String(), nil)
	for _, r := range []Request{
		{Method: "GET", Path: "/w"}, {Method: "HEAD", Path: "/w"}, {Method: "OPTIONS", Path: "/w"},
		{Method: "DELETE", Path: "/w"}, {Method: "PUT", Path: "/w", Body: []byte("{}")}, {Method: "POST", Path: "/w"},
		{Method: "GET", Path: "/w", Body: []byte("{}")},
	} {
		if _, err := c.Do(t.Context(), Request{Method: "GET", Path: "/warm", Read: true}); err != nil {
			t.Fatal(err)
		}
		requests.Store(0)
		e := wantCode(t, errOf(c.Do(t.Context(), r)), CodeUnknownOutcome, "may or may not have been applied")
		if requests.Load() != 1 || !e.Sent {
			t.Errorf("%s: %d requests", r.Method, requests.Load())
		}
	}
}

// TestWriteAfterAnInternalError: the gateway closes the connection of an internal error
// without saying so, and the write that comes next is not lost on it.
func TestWriteAfterAnInternalError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // answers one request, and hangs up when it has read another
				defer conn.Close()
				in := bufio.NewReader(conn)
				for _, answer := range []string{"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\n{}", ""} {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					_, _ = io.WriteString(conn, answer)
				}
			}()
		}
	}()
	c := newClient(t, "http://"+l.Addr().String(), nil)
	for range 5 {
		wantCode(t, errOf(c.Do(t.Context(), Request{Method: "POST", Path: "/w"})), CodeInternal)
	}
}

// A kept connection that turns out dead before anything is written is replaced,
// for writes too; once a byte is written, nothing is sent again.
func TestWriteOnADeadConnection(t *testing.T) {
	for _, tt := range []struct {
		written, dead, calls int
		reused               bool
		code                 Code
	}{
		{0, 1, 2, true, ""},
		{0, 3, 4, true, ""},
		{0, 100, 4, true, CodeUnreachable},
		{0, 100, 1, false, CodeUnreachable},
		{1, 1, 1, true, CodeUnknownOutcome},
	} {
		calls := 0
		c := newClient(t, "http://h", func(cfg *Config) {
			cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				if calls++; calls > tt.dead {
					return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("{}"))}, nil
				}
				conn := &countedConn{}
				conn.written.Store(7) // by an earlier request
				httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{Conn: conn, Reused: tt.reused})
				conn.written.Add(int64(tt.written))
				return nil, io.EOF
			})
		})
		c.counted = true
		_, err := c.Do(t.Context(), write)
		if CodeOf(err) != tt.code || calls != tt.calls {
			t.Errorf("%+v: %d calls, %v", tt, calls, err)
		}
	}
}

func TestLostAnswers(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/half" {
			_, _ = io.WriteString(w, `{"a":`)
			w.(http.Flusher).Flush()
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	short := func(r Request, path string) Request {
		r.Path, r.Timeout = path, 50*time.Millisecond
		return r
	}
	c := newClient(t, s.URL, nil)
	e := wantCode(t, errOf(c.Do(t.Context(), short(read, "/slow"))), CodeUnreachable, "did not answer within 50ms", "{timeout}")
	if !errors.Is(e, context.DeadlineExceeded) {
		t.Error(e.Err)
	}
	wantCode(t, errOf(c.Do(t.Context(), short(write, "/slow"))), CodeUnknownOutcome, "within 50ms", "may or may not have been applied")
	wantCode(t, errOf(c.Do(t.Context(), short(read, "/half"))), CodeBadAnswer, "within 50ms")
	wantCode(t, errOf(c.Do(t.Context(), short(write, "/half"))), CodeUnknownOutcome, "HTTP 200", "most likely applied")

	for _, path := range []string{"/slow", "/half"} {
		for _, r := range []Request{read, write} {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			r.Path = path
			_, err := c.Do(ctx, r)
			want := CodeUnknownOutcome
			if r.Read {
				want = CodeCanceled
			}
			e := wantCode(t, err, want)
			if !errors.Is(err, context.Canceled) || !e.Sent {
				t.Errorf("%s: %v %v", path, err, e.Sent)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e = wantCode(t, errOf(c.Do(ctx, write)), CodeCanceled)
	if e.Sent || !errors.Is(e, context.Canceled) {
		t.Errorf("%+v", e)
	}
}

func TestLimits(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			w.Header().Set("Content-Length", "2000000")
			w.(http.Flusher).Flush()
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 32<<10)); err != nil {
					return
				}
			}
		case "/endless-error":
			w.WriteHeader(500)
			for {
				if _, err := w.Write([]byte(strings.Repeat("no ", 5000))); err != nil {
					return
				}
			}
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 1 << 10 {
				_, _ = z.Write(make([]byte, 64<<10))
			}
			_ = z.Close()
		case "/exact":
			_, _ = w.Write([]byte(`"` + strings.Repeat("x", 1<<20-2) + `"`))
		}
	})
	c := newClient(t, s.URL, func(cfg *Config) { cfg.MaxBytes = 1 << 20 })
	for _, path := range []string{"/long", "/endless", "/bomb"} {
		wantCode(t, errOf(c.Do(t.Context(), Request{Method: "GET", Path: path, Read: true})), CodeTooLarge, "limit of 1 MiB")
		wantCode(t, errOf(c.Do(t.Context(), Request{Method: "POST", Path: path})), CodeTooLarge, "has been applied")
	}
	e := wantCode(t, errOf(c.Do(t.Context(), Request{Method: "GET", Path: "/endless-error", Read: true})), CodeInternal, "no no")
	if len(e.Body) > maxErrorBody || len(e.Message) > maxMessage {
		t.Error(len(e.Body), len(e.Message))
	}
	if b, err := c.JSON(t.Context(), Request{Method: "GET", Path: "/exact", Read: true}); err != nil || len(b) != 1<<20 {
		t.Error(len(b), err)
	}
}

func TestRedirects(t *testing.T) {
	var other atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { other.Add(1) }))
	defer elsewhere.Close()
	var seen []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, r.Method+" "+r.URL.Path+" "+string(body))
		var code int
		var to string
		_, _ = fmt.Sscanf(r.URL.Path, "/%d/%s", &code, &to)
		switch to {
		case "here":
			w.Header().Set("Location", "../end?k=v")
		case "away":
			w.Header().Set("Location", elsewhere.URL+"/x?key="+testKey)
		case "tls":
			w.Header().Set("Location", "https://"+r.Host+prefix+"/end")
		case "user":
			w.Header().Set("Location", "http://u:hunter2@"+r.Host+prefix+"/end")
		case "loop":
			w.Header().Set("Location", r.URL.Path[1:])
			w.Header().Set("Location", prefix+r.URL.Path)
		case "none":
		default:
			_, _ = io.WriteString(w, "{}")
			return
		}
		w.WriteHeader(code)
	})
	c := newClient(t, s.URL, nil)
	for _, tt := range []struct {
		method, path string
		read         bool
		code         Code // "": followed
		requests     int
	}{
		{"GET", "/301/here", true, "", 2},
		{"GET", "/302/here", true, "", 2},
		{"GET", "/303/here", true, "", 2},
		{"GET", "/307/here", true, "", 2},
		{"POST", "/307/here", true, "", 2},
		{"POST", "/308/here", true, "", 2},
		{"POST", "/302/here", true, CodeRedirected, 1},
		{"GET", "/307/here", false, CodeRedirected, 1},
		{"POST", "/307/here", false, CodeRedirected, 1},
		{"DELETE", "/308/away", false, CodeRedirected, 1},
		{"GET", "/302/away", true, CodeRedirected, 1},
		{"GET", "/302/tls", true, CodeRedirected, 1},
		{"GET", "/302/user", true, CodeRedirected, 1},
		{"GET", "/302/loop", true, CodeRedirected, maxRedirects + 1},
		{"GET", "/302/none", true, CodeBadAnswer, 1},
		{"GET", "/304/none", true, CodeBadAnswer, 1},
	} {
		seen = nil
		_, err := c.Do(t.Context(), Request{Method: tt.method, Path: tt.path, Body: []byte("{}"), Read: tt.read})
		if tt.code == "" {
			if err != nil || len(seen) != 2 || seen[1] != tt.method+" /end {}" {
				t.Errorf("%s %s: %v, %q", tt.method, tt.path, err, seen)
			}
			continue
		}
		e := wantCode(t, err, tt.code)
		if len(seen) != tt.requests {
			t.Errorf("%s %s: %q", tt.method, tt.path, seen)
		}
		if text := fmt.Sprintf("%+v", *e); strings.Contains(text, testKey) || strings.Contains(text, "hunter2") {
			t.Error("secret in", text)
		}
		if strings.HasSuffix(tt.path, "/away") && (!strings.Contains(e.Error(), elsewhere.URL) || !strings.Contains(e.Hint, "{base_url}") || e.Location == "") {
			t.Errorf("%v %s", e, e.Hint)
		}
	}
	if other.Load() != 0 {
		t.Error("another host was asked")
	}
}

// A Transport of somebody else's: nothing is known, so a write counts as sent.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestForeignTransport(t *testing.T) {
	for _, tt := range []struct {
		err  error
		code Code
	}{
		{errors.New("gone"), CodeUnknownOutcome},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, CodeUnreachable},
		{&net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}, CodeUnreachable},
	} {
		c := newClient(t, "http://h", func(cfg *Config) {
			cfg.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, tt.err })
		})
		wantCode(t, errOf(c.Do(t.Context(), write)), tt.code)
	}
}

func TestNotHTTP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "220 mail ready "+testKey+"\r\n")
			_ = conn.Close()
		}
	}()
	c := newClient(t, "http://"+l.Addr().String(), nil)
	e := asError(t, errOf(c.Do(t.Context(), read)))
	if e.Code != CodeUnreachable || strings.Contains(fmt.Sprint(e, e.Err), testKey) {
		t.Error(e, e.Err)
	}
}
