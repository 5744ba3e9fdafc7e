package proxyclient

import (
	"encoding/json"
	"slices"
	"sync"

	"litellm-proxy/internal/secret"
)

// Recorder holds the writes that a recording client was asked to send.
type Recorder struct {
	mu       sync.Mutex
	requests []Recorded
}

// Recorded is a request that was not sent. Secrets in it are masked.
type Recorded struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`            // escaped, without the base URL's prefix
	Query  string          `json:"query,omitempty"` // encoded, without the ?
	Body   json.RawMessage `json:"body,omitempty"`  // a body that is no JSON stands here as a JSON string
}

// Recording is the same client, except that its writes are recorded and not sent:
// each answers 200 with the body {}, a stream ends at once. Reads are sent.
// Requests that would be refused before they are sent are refused here too.
func (c *Client) Recording() (*Client, *Recorder) {
	d := *c
	d.recorder = &Recorder{}
	return &d, d.recorder
}

// Requests gives what was recorded so far, in order.
func (r *Recorder) Requests() []Recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func (r *Recorder) add(c *Client, p *prepared) {
	rec := Recorded{Method: p.method, Path: c.scrub(p.path), Query: c.scrubQuery(p.query)}
	if len(p.body) > 0 {
		if json.Valid(p.body) {
			rec.Body = c.scrubBody(p.body)
		} else {
			rec.Body = secret.Encode(c.scrub(string(p.body)))
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, rec)
}
