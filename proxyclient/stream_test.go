package proxyclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

var chat = Request{Method: "POST", Path: "/chat/completions", Body: []byte(`{"stream":true}`)}

func streamed(t *testing.T, c *Client, r Request) ([]string, error) {
	t.Helper()
	var got []string
	err := c.Stream(t.Context(), r, func(data []byte) error {
		got = append(got, string(data))
		return nil
	})
	return got, err
}

func TestStream(t *testing.T) {
	big := strings.Repeat("x", 300<<10)
	for name, tt := range map[string]struct {
		body, kind string
		status     int
		want       []string
		code       Code
		words      string
	}{
		"plain":            {body: "data: {\"a\":1}\n\ndata: {\"a\":2}\n\ndata: [DONE]\n\n", want: []string{`{"a":1}`, `{"a":2}`}},
		"crlf":             {body: "data: 1\r\n\r\ndata:2\r\n\r\ndata: [DONE]\r\n\r\n", want: []string{"1", "2"}},
		"cr":               {body: "data: 1\r\rdata: [DONE]\r\r", want: []string{"1"}},
		"bom":              {body: "\xef\xbb\xbfdata: 1\n\ndata: [DONE]\n\n", want: []string{"1"}},
		"comments":         {body: ": ping\n\n:\nid: 7\nretry: 1\nevent: message\ndata: 1\n\n\n\ndata: [DONE]\n\n", want: []string{"1"}},
		"more lines":       {body: "data: [1,\ndata: 2]\ndata\n\ndata: [DONE]\n\n", want: []string{"[1,\n2]\n"}},
		"long line":        {body: "data: " + big + "\n\ndata: [DONE]\n\n", want: []string{big}},
		"ends at DONE":     {body: "data: 1\n\ndata: [DONE]", want: []string{"1"}},
		"after DONE":       {body: "data: [DONE]\n\ndata: 1\n\n"},
		"no DONE":          {body: "data: 1\n\n", want: []string{"1"}, code: CodeBadAnswer, words: "may be incomplete"},
		"no last newline":  {body: "data: {}", want: []string{"{}"}, code: CodeBadAnswer, words: "may be incomplete"},
		"half an event":    {body: "data: {\"a\":", code: CodeBadAnswer, words: "may be incomplete"},
		"empty":            {code: CodeBadAnswer, words: "events received: 0"},
		"error":            {body: "data: 1\n\ndata: {\"error\":{\"message\":\"{'error': 'slow down'}\",\"code\":\"429\"}}\n\n", want: []string{"1"}, code: CodeRateLimited, words: "slow down (HTTP 429)"},
		"error null":       {body: "data: {\"error\":null}\n\ndata: [DONE]\n\n", want: []string{`{"error":null}`}},
		"error in text":    {body: "data: {\"a\":\"\\\"error\\\"\"}\n\ndata: [DONE]\n\n", want: []string{`{"a":"\"error\""}`}},
		"event error":      {body: "event: error\ndata: it broke\n\n", code: CodeInternal, words: "it broke"},
		"too long":         {body: "data: " + strings.Repeat("x", maxEvent+10), code: CodeTooLarge, words: "1 MiB"},
		"too many lines":   {body: strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 1100), code: CodeTooLarge, words: "1 MiB"},
		"JSON":             {kind: "application/json", body: `{"choices":[]}`, want: []string{`{"choices":[]}`}},
		"JSON error":       {kind: "application/json", body: `{"error":"no"}`, code: CodeInternal, words: "no"},
		"broken JSON":      {kind: "application/json; charset=utf-8", body: `{"a`, code: CodeBadAnswer},
		"HTML":             {kind: "text/html", body: "<html><title>Login</title>", code: CodeBadAnswer, words: "Login"},
		"refused":          {status: 403, kind: "application/json", body: `{"error":{"message":"no","type":"key_model_access_denied"}}`, code: CodeForbidden, words: "no"},
		"a stream refused": {status: 500, body: "data: {\"error\":\"x\"}\n\n", code: CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			c := gateway(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Accept") != "text/event-stream" {
					t.Error("Accept", r.Header["Accept"])
				}
				kind := tt.kind
				if kind == "" {
					kind = "text/event-stream; charset=utf-8"
				}
				w.Header().Set("Content-Type", kind)
				if tt.status != 0 {
					w.WriteHeader(tt.status)
				}
				_, _ = io.WriteString(w, tt.body)
			})
			got, err := streamed(t, c, chat)
			if !slices.Equal(got, tt.want) {
				t.Errorf("%.200q", got)
			}
			switch {
			case tt.code != "":
				wantCode(t, err, tt.code, tt.words)
			case err != nil:
				t.Error(err)
			}
		})
	}
}

func TestStreamStops(t *testing.T) {
	gone := make(chan struct{}, 10)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		if r.URL.Path == "/reset" {
			hangUp(w)
			return
		}
		for r.URL.Path == "/endless" {
			if _, err := io.WriteString(w, "data: "+strings.Repeat("x", 1000)+"\n\n"); err != nil {
				break
			}
		}
		<-r.Context().Done()
		gone <- struct{}{}
	})
	c := newClient(t, s.URL, func(cfg *Config) { cfg.MaxBytes = 1 << 20 })

	mine := errors.New("enough")
	if err := c.Stream(t.Context(), chat, func([]byte) error { return mine }); err != mine {
		t.Error(err)
	}
	<-gone // the gateway noticed

	ctx, cancel := context.WithCancel(t.Context())
	err := c.Stream(ctx, chat, func([]byte) error { cancel(); return nil })
	wantCode(t, err, CodeCanceled)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-gone

	r := chat
	r.Timeout = 50 * time.Millisecond
	got, err := streamed(t, c, r)
	wantCode(t, err, CodeBadAnswer, "stalled for 50ms", "may be incomplete")
	if len(got) != 1 {
		t.Error(got)
	}
	<-gone

	r = chat
	r.Path, r.Read = "/reset", true
	got, err = streamed(t, c, r)
	wantCode(t, err, CodeBadAnswer, "may be incomplete")
	if len(got) != 1 {
		t.Error("sent again after an event:", got)
	}

	r.Path = "/endless"
	_, err = streamed(t, c, r)
	wantCode(t, err, CodeTooLarge, "larger than 1 MiB")
}

// The time limit is between two pieces: a stream may take longer in all.
func TestStreamKeepsGoing(t *testing.T) {
	c := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 8 {
			_, _ = io.WriteString(w, ": ping\n\n")
			w.(http.Flusher).Flush()
			time.Sleep(50 * time.Millisecond)
		}
		_, _ = io.WriteString(w, "data: [DONE]\n\n")
	})
	r := chat
	r.Timeout = 300 * time.Millisecond
	if _, err := streamed(t, c, r); err != nil {
		t.Error(err)
	}
}

// FuzzSSE: the events do not depend on how the bytes are cut into pieces, and
// none is above the limit.
func FuzzSSE(f *testing.F) {
	for _, s := range []string{"data: 1\n\ndata: [DONE]\n\n", "data: a\r\ndata: b\r\n\r\n", "event: error\ndata: x\r\r", ":\n\n", "data", "\xef\xbb\xbfdata: {}", "\r\n\r\n", "data: [DONE]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		events := func(r io.Reader) (out []string, done bool, err error) {
			done, err = readEvents(r, func(name string, data []byte) error {
				if len(data) > maxEvent {
					t.Fatal("event above the limit")
				}
				out = append(out, name+"\x00"+string(data))
				return nil
			})
			return
		}
		a, aDone, aErr := events(bytes.NewReader(in))
		b, bDone, bErr := events(iotest.OneByteReader(bytes.NewReader(in)))
		if !slices.Equal(a, b) || aDone != bDone || (aErr == nil) != (bErr == nil) {
			t.Fatalf("%q: %q %v %v, byte by byte %q %v %v", in, a, aDone, aErr, b, bDone, bErr)
		}
	})
}
