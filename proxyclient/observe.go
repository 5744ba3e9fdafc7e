package proxyclient

import (
	"context"
	"net/http"
)

// Exchange is one request and its answer as an observer sees them, retries included.
// Nothing in it is secret.
type Exchange struct {
	Method string
	Path   string // escaped, without the base URL's prefix and the query
	Read   bool   // see [Request]
	// Status is that of the last answer, or 0 without one, and RequestID is what the
	// gateway called the request. Code is that of the error, or "". They are set when the
	// exchange has ended.
	Status    int
	RequestID string
	Code      Code
}

// Observe is called before a request is sent. An error refuses it, and nothing is sent;
// otherwise end is called when the answer has been read or the request has failed.
type Observe func(*Exchange) (end func(), err error)

// Observed returns a copy of the client that calls observe for each request its gates let
// through. A recording client calls it for reads only.
func (c *Client) Observed(observe Observe) *Client {
	d := *c
	d.observe = observe
	return &d
}

// send makes the request, and shows it to the observer.
func (c *Client) send(ctx context.Context, p *prepared, handle func(*attempt) (*Error, again)) error {
	if c.observe == nil {
		return c.attempts(ctx, p, handle)
	}
	p.exchange = &Exchange{Method: p.method, Path: c.scrub(p.path), Read: p.Read}
	end, err := c.observe(p.exchange)
	if err != nil {
		return err
	}
	defer end()
	err = c.attempts(ctx, p, handle)
	p.exchange.Code = CodeOf(err)
	return err
}

// answered notes the answer for the observer.
func (c *Client) answered(p *prepared, resp *http.Response) {
	if p.exchange != nil {
		p.exchange.Status, p.exchange.RequestID = resp.StatusCode, c.requestID(resp.Header)
	}
}
