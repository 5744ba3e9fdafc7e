package proxyclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxRedirects  = 5
	maxRetryAfter = 30 * time.Second
	maxErrorRead  = 1 << 20
	maxErrorBody  = 64 << 10
)

// Do sends a request and reads the whole answer. A status outside 200 to 299 is an
// [*Error] with the answer's body. Reads are retried, writes are sent once.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	p, err := c.prepare(r)
	if err != nil {
		return nil, err
	}
	if c.recorder != nil && !r.Read {
		c.recorder.add(c.recorded(p))
		return &Response{
			Status: http.StatusOK,
			Header: http.Header{"Content-Type": {"application/json"}},
			Body:   []byte("{}"),
		}, nil
	}
	if c.allow != nil && !r.Read {
		if err := c.allow(c.recorded(p)); err != nil {
			return nil, err
		}
	}
	var out *Response
	err = c.send(ctx, p, func(a *attempt) (*Error, again) {
		body, e, more := c.readAll(a)
		if e != nil {
			return e, more
		}
		out = &Response{Status: a.resp.StatusCode, Header: a.resp.Header, Body: body}
		return nil, never
	})
	if err != nil {
		return nil, c.explain(ctx, r, err)
	}
	return out, nil
}

// JSON is [Client.Do] for an answer in JSON. Any other answer, such as the HTML page of a
// wrong base URL, is an error with [CodeBadAnswer]. An empty answer is null.
func (c *Client) JSON(ctx context.Context, r Request) (json.RawMessage, error) {
	resp, err := c.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(resp.Body)) == 0 {
		return null, nil
	}
	if !json.Valid(resp.Body) {
		p, err := c.prepare(r)
		if err != nil {
			return nil, err
		}
		return nil, c.notJSON(p, resp)
	}
	return resp.Body, nil
}

// NoGatewayHint is the next step after an answer that no gateway gives.
const NoGatewayHint = "check that {base_url} is the address of a LiteLLM gateway"

func (c *Client) notJSON(p *prepared, resp *Response) *Error {
	e := p.error(CodeBadAnswer, resp.Status)
	e.RequestID = c.requestID(resp.Header)
	e.Sent = true
	head := resp.Body
	if len(head) > maxErrorRead {
		head = wholeWords(head[:maxErrorRead])
	}
	e.Body = c.errorBody(head)
	e.Hint = NoGatewayHint
	if page, ok := c.htmlPage(head); ok {
		e.Message = "the gateway sent an HTML page instead of JSON"
		if title := strings.TrimPrefix(page, "an HTML page "); title != page {
			e.Message += " (" + title + ")"
		}
	} else {
		e.Message = "the answer is not valid JSON: " + c.excerpt(oneLine(string(head)), 120)
		e.Hint = ""
	}
	if !p.Read {
		e.Message += fmt.Sprintf("; the request was answered with HTTP %d and may have been applied", resp.Status)
	}
	return e
}

// again says whether, and how soon, a failed attempt may be made again.
type again int

const (
	never  again = iota
	later        // after a pause
	atOnce       // nothing had been sent: a kept connection was dead
)

// attempt is one exchange, from the connection to the end of the body.
type attempt struct {
	p       *prepared
	parent  context.Context
	resp    *http.Response
	start   time.Time
	timer   *time.Timer
	cancel  context.CancelFunc
	expired atomic.Bool
	conn    atomic.Pointer[connUse]
}

type connUse struct {
	counted *countedConn // nil: not ours
	before  int64
	reused  bool
}

// sent reports whether anything of the request may have left this machine.
func (a *attempt) sent(c *Client, err error) bool {
	use := a.conn.Load()
	switch {
	case use != nil && use.counted != nil:
		return use.counted.written.Load() != use.before
	case use != nil:
		return true
	case c.counted:
		return false
	}
	// A transport of somebody else's tells nothing; only a failed dial is certain.
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return false
	}
	_, dns := errors.AsType[*net.DNSError](err)
	return !dns
}

func (a *attempt) gotConn(info httptrace.GotConnInfo) {
	conn := info.Conn
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	use := &connUse{reused: info.Reused}
	if cc, ok := conn.(*countedConn); ok {
		use.counted, use.before = cc, cc.written.Load()
	}
	a.conn.Store(use)
}

// attempts are made until one succeeds or may not be repeated. handle reads the
// body of an answer of 200 to 299.
func (c *Client) attempts(ctx context.Context, p *prepared, handle func(*attempt) (*Error, again)) error {
	tries, dead, begun := 0, 0, time.Now()
	for {
		limit := p.limit
		if p.whole {
			limit -= time.Since(begun)
		}
		e, more := c.once(ctx, p, tries, limit, handle)
		if e == nil {
			return nil
		}
		switch {
		case more == atOnce && dead < 3:
			dead++
			continue
		case more == never || !p.Read || tries >= c.retries || e.RetryAfter > maxRetryAfter:
			return e
		}
		wait := e.RetryAfter
		if wait <= 0 {
			base := 200 * time.Millisecond << min(tries, 5)
			wait = base/2 + rand.N(base)
		}
		if p.whole && wait >= p.limit-time.Since(begun) {
			return e
		}
		tries++
		c.debugNote("%s: again in %s", e, wait.Round(time.Millisecond))
		if c.sleep(ctx, wait) != nil {
			return c.canceled(ctx, p, e.Sent)
		}
	}
}

func (c *Client) once(parent context.Context, p *prepared, try int, limit time.Duration, handle func(*attempt) (*Error, again)) (*Error, again) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	a := &attempt{p: p, parent: parent, cancel: cancel}
	if !p.Read && c.onWrite != nil {
		c.onWrite()
	}
	a.timer = time.AfterFunc(limit, func() {
		a.expired.Store(true)
		cancel()
	})
	defer a.timer.Stop()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: a.gotConn})

	target, method := p.url, p.method
	for hop := 0; ; hop++ {
		req := p.request(ctx, target, method)
		c.debugRequest(req, p.body, try)
		a.start = time.Now()
		resp, err := c.transport.RoundTrip(req)
		if err != nil {
			e, more := c.lost(a, err)
			c.debugNote("%s", e)
			return e, more
		}
		a.resp = resp
		next := redirectTarget(resp, target)
		if next == nil || !p.Read || !sameOrigin(next, target) || hop >= maxRedirects || !keepsMethod(resp.StatusCode, method) {
			break
		}
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection is kept
		_ = resp.Body.Close()
		c.debugAnswer(resp, nil, time.Since(a.start))
		target = next
	}
	defer func() { _ = a.resp.Body.Close() }()
	c.answered(p, a.resp)
	if a.resp.StatusCode >= 200 && a.resp.StatusCode < 300 {
		return handle(a)
	}
	return c.refused(a)
}

func (p *prepared) request(ctx context.Context, target *url.URL, method string) *http.Request {
	req := (&http.Request{
		Method:     method,
		URL:        target,
		Host:       target.Host,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     p.header.Clone(),
	}).WithContext(ctx)
	switch {
	case len(p.wire) > 0:
		req.Body = io.NopCloser(bytes.NewReader(p.wire))
		req.ContentLength = int64(len(p.wire))
		if p.Read {
			req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.wire)), nil }
		}
	case p.Read || method != "GET" && method != "HEAD" && method != "OPTIONS" && method != "DELETE":
		req.Body = http.NoBody
	default:
		// net/http may send these methods again by itself, unless there is a body
		// that it cannot rewind. An empty one makes no difference on the wire.
		req.Body = io.NopCloser(strings.NewReader(""))
		req.ContentLength = -1
	}
	return req
}

func redirectTarget(resp *http.Response, at *url.URL) *url.URL {
	switch resp.StatusCode {
	case 301, 302, 303, 307, 308:
	default:
		return nil
	}
	loc := resp.Header.Get("Location")
	if loc == "" {
		return nil
	}
	u, err := at.Parse(loc)
	if err != nil || u.User != nil {
		return nil
	}
	u.Fragment, u.RawFragment = "", ""
	return u
}

// keepsMethod: a POST that only reads is not turned into a GET.
func keepsMethod(status int, method string) bool {
	return status == 307 || status == 308 || method == "GET" || method == "HEAD"
}

func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if strings.EqualFold(u.Scheme, "https") {
		return "443"
	}
	return "80"
}
