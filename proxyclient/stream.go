package proxyclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"
)

// maxEvent bounds a line and an event of a stream.
const maxEvent = 1 << 20

// Stream sends a request and hands over the data of each server-sent event as it
// comes, until [DONE]. What event returns ends the stream and is returned as it
// is; data is valid only during the call. A gateway that answers with one JSON
// document instead (a model that cannot stream) gives one event.
//
// An error event is an [*Error] like a refusal. A stream that ends without [DONE]
// has [CodeBadAnswer]: what was handed over may be incomplete. Nothing is sent
// again once an event was handed over.
func (c *Client) Stream(ctx context.Context, r Request, event func(data []byte) error) error {
	if r.Accept == "" {
		r.Accept = "text/event-stream"
	}
	p, err := c.prepare(r)
	if err != nil {
		return err
	}
	if c.recorder != nil && !r.Read {
		c.recorder.add(c.recorded(p))
		return nil
	}
	if c.allow != nil && !r.Read {
		if err := c.allow(c.recorded(p)); err != nil {
			return err
		}
	}
	var stopped error // what event returned
	err = c.send(ctx, p, func(a *attempt) (*Error, again) {
		kind, _, _ := mime.ParseMediaType(a.resp.Header.Get("Content-Type"))
		if kind == "application/json" || kind == "text/html" {
			e, more := c.wholeAnswer(a, event, &stopped)
			return e, more
		}
		c.debugAnswer(a.resp, nil, time.Since(a.start))
		e := c.events(a, event, &stopped)
		return e, never
	})
	if stopped != nil {
		return stopped
	}
	return err
}

func (c *Client) wholeAnswer(a *attempt, event func([]byte) error, stopped *error) (*Error, again) {
	body, e, more := c.readAll(a)
	if e != nil {
		return e, more
	}
	if !json.Valid(body) {
		return c.notJSON(a.p, &Response{Status: a.resp.StatusCode, Header: a.resp.Header, Body: body}), never
	}
	if e := c.errorEvent(a, body, false); e != nil {
		return e, never
	}
	*stopped = event(body)
	return nil, never
}

func (c *Client) events(a *attempt, event func([]byte) error, stopped *error) *Error {
	var failed *Error
	count := 0
	body := &liveBody{r: a.resp.Body, touch: func() { a.timer.Reset(a.p.limit) }, left: c.maxBytes}
	done, err := readEvents(body, func(name string, data []byte) error {
		if failed = c.errorEvent(a, data, name == "error"); failed != nil {
			return errStop
		}
		count++
		if *stopped = event(data); *stopped != nil {
			return errStop
		}
		return nil
	})
	c.debugNote("stream: event count %d in %s", count, time.Since(a.start).Round(time.Millisecond))
	switch {
	case failed != nil:
		return failed
	case *stopped != nil || done:
		return nil
	}
	return c.brokenStream(a, err, count)
}

// brokenStream is a stream that did not end with [DONE].
func (c *Client) brokenStream(a *attempt, err error, count int) *Error {
	if a.parent.Err() != nil {
		e := c.canceled(a.parent, a.p, true)
		e.RequestID = c.requestID(a.resp.Header)
		return e
	}
	e := a.p.error(CodeBadAnswer, a.resp.StatusCode)
	e.RequestID = c.requestID(a.resp.Header)
	e.Sent = true
	const incomplete = ": the answer may be incomplete"
	switch {
	case a.expired.Load():
		e.Err = c.cause(context.DeadlineExceeded)
		e.Message = "the stream stalled for " + Span(a.p.limit) + incomplete
		e.Hint = "allow more time with {timeout}"
	case errors.Is(err, errTooLarge):
		e.Code = CodeTooLarge
		e.Message = "the stream is larger than " + size(c.maxBytes) + incomplete
	case errors.Is(err, errLongEvent):
		e.Code = CodeTooLarge
		e.Message = "an event of the stream is larger than " + size(maxEvent) + incomplete
	case err == nil:
		e.Err = c.cause(io.ErrUnexpectedEOF)
		e.Message = fmt.Sprintf("the stream ended without [DONE]; events received: %d", count) + incomplete
	default:
		e.Err = c.cause(err)
		e.Message = "the stream ended early, " + c.netText(err) + incomplete
	}
	return e
}

// errorEvent makes an error of an event that is one: {"error": …}, or any data of
// an event named error. nil: it is none.
func (c *Client) errorEvent(a *attempt, data []byte, named bool) *Error {
	if !named {
		if !bytes.Contains(data, []byte(`"error"`)) {
			return nil
		}
		var top struct {
			Error json.RawMessage `json:"error"`
		}
		if json.Unmarshal(data, &top) != nil || len(top.Error) == 0 || string(top.Error) == "null" {
			return nil
		}
	}
	s := c.understand(0, data)
	e := a.p.error("", s.status)
	e.RequestID = c.requestID(a.resp.Header)
	e.Sent = true
	e.Body = c.errorBody(data)
	if s.status == 0 {
		s.status = 500
		c.judge(e, a.p, s)
		return e
	}
	c.judge(e, a.p, s)
	return e
}

// liveBody notes each sign of life and bounds the whole.
type liveBody struct {
	r     io.Reader
	touch func()
	left  int64
}

func (l *liveBody) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if n > 0 {
		l.touch()
		if l.left -= int64(n); l.left < 0 {
			return 0, errTooLarge
		}
	}
	return n, err
}

var (
	errStop      = errors.New("stop")
	errLongEvent = errors.New("event above the limit")
)

// readEvents reads server-sent events until [DONE] (true), the end of r (false,
// nil), or an error of r or f. Lines end with LF, CRLF or CR.
func readEvents(r io.Reader, f func(name string, data []byte) error) (bool, error) {
	var (
		line, data []byte
		name       string
		hasData    bool
		skipLF     bool // the line before ended with CR
		first      = true
		buf        = make([]byte, 16<<10)
	)
	dispatch := func() (bool, error) {
		defer func() { data, name, hasData = data[:0], "", false }()
		if !hasData {
			return false, nil
		}
		if strings.TrimSpace(string(data)) == "[DONE]" {
			return true, nil
		}
		return false, f(name, data)
	}
	endLine := func() (bool, error) {
		l := line
		line = line[:0]
		if first {
			l = bytes.TrimPrefix(l, []byte("\xef\xbb\xbf"))
			first = false
		}
		if len(l) == 0 {
			return dispatch()
		}
		field, value, _ := bytes.Cut(l, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			name = string(value)
		case "data":
			if hasData {
				data = append(data, '\n')
			}
			if hasData = true; len(data)+len(value) > maxEvent {
				return false, errLongEvent
			}
			data = append(data, value...)
			// Some servers close right after this line, without a blank one.
			if string(data) == "[DONE]" {
				return true, nil
			}
		}
		return false, nil
	}
	for {
		n, readErr := r.Read(buf)
		for chunk := buf[:n]; len(chunk) > 0; {
			if skipLF {
				skipLF = false
				if chunk[0] == '\n' {
					chunk = chunk[1:]
					continue
				}
			}
			i := bytes.IndexAny(chunk, "\r\n")
			if i < 0 {
				i = len(chunk)
			}
			if len(line)+i > maxEvent {
				return false, errLongEvent
			}
			line = append(line, chunk[:i]...)
			if i == len(chunk) {
				break
			}
			skipLF = chunk[i] == '\r'
			chunk = chunk[i+1:]
			if done, err := endLine(); done || err != nil {
				return done, err
			}
		}
		if readErr == nil {
			continue
		}
		if readErr != io.EOF {
			return false, readErr
		}
		// The last event may lack its blank line; half an event is none.
		if len(line) > 0 {
			if done, err := endLine(); done || err != nil {
				return done, err
			}
		}
		if hasData && json.Valid(data) {
			return dispatch()
		}
		return false, nil
	}
}
