package proxyclient

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// errTooLarge and errors of the network are what reading a body ends with.
var errTooLarge = errors.New("answer above the limit")

const (
	firstRead = 64 << 10 // of a body whose length is unknown
	growth    = 4        // little is copied, and little is held twice
)

// readBounded reads at most limit bytes, after decompression. reserve is asked
// before a buffer of a size is made. With an error come the first bytes, up to the
// limit, if any were read: those that [wholeWords] leaves.
func readBounded(resp *http.Response, limit int64, reserve func(size int64) error) ([]byte, error) {
	if resp.Body == nil || resp.Body == http.NoBody {
		return nil, nil
	}
	if resp.ContentLength > limit {
		return nil, errTooLarge
	}
	size := min(firstRead, limit+1)
	if resp.ContentLength > 0 {
		size = resp.ContentLength + 1 // the last byte finds the end
	}
	var b []byte
	for {
		if len(b) == cap(b) {
			if err := reserve(size); err != nil {
				return nil, err
			}
			b = append(make([]byte, 0, size), b...)
			if size *= growth; size > limit/8 {
				size = limit + 1
			}
		}
		n, err := resp.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case int64(len(b)) > limit:
			return wholeWords(b[:limit]), errTooLarge
		case err == io.EOF:
			return b, nil
		case err != nil:
			return wholeWords(b), err
		}
	}
}

// maxKey is more than a server takes as the value of a header.
const maxKey = 64 << 10

// wholeWords leaves out the word at the end of a body that was cut off: it may be
// the beginning of a key, which nothing recognizes.
func wholeWords(b []byte) []byte {
	end := len(b)
	for end > 0 && len(b)-end < maxKey && b[end-1] > ' ' && b[end-1] < 0x7f {
		end--
	}
	return b[:end]
}

// readAll reads the body of an answer of 200 to 299. Its memory is taken from the
// caller's budget if there is one; while it waits for that, time stands still.
func (c *Client) readAll(a *attempt) ([]byte, *Error, again) {
	lease, held := leaseOf(a.parent), int64(0)
	known := a.resp.ContentLength >= 0
	body, err := readBounded(a.resp, c.maxBytes, func(size int64) error {
		cost := lease.costs(size)
		if !known && cost > 0 {
			// How long it gets is seen when it is too late to wait.
			cost = lease.costs(c.maxBytes)
		}
		if cost <= held {
			return nil
		}
		a.timer.Stop()
		defer a.timer.Reset(a.p.limit)
		err := lease.take(a.parent, cost-held)
		if err == nil {
			held = cost
		}
		return err
	})
	c.debugAnswer(a.resp, body, time.Since(a.start))
	if err == nil {
		if rest := held - lease.costs(int64(cap(body))); rest > 0 {
			lease.give(rest)
		}
		if len(body) == 0 {
			return nil, nil, never
		}
		return body, nil, never
	}
	if held > 0 {
		lease.give(held)
	}
	e, more := c.brokenBody(a, err)
	return nil, e, more
}
