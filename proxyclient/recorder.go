package proxyclient

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"litellm-proxy/internal/secret"
)

// Recorder holds the writes of a recording client; see [Client.Recording].
type Recorder struct {
	mu       sync.Mutex
	requests []Recorded
}

// Recorded is a request that was not sent. Secrets in what can be seen of it are
// masked; [Recorded.Digest] covers the request as it would be sent.
type Recorded struct {
	Method string          `json:"method"`
	Path   string          `json:"path"`              // escaped, without the base URL's prefix
	Query  string          `json:"query,omitempty"`   // encoded, without the ?
	Header json.RawMessage `json:"headers,omitempty"` // an object of those that the caller chose
	Body   json.RawMessage `json:"body,omitempty"`    // a body that is no JSON stands here as a JSON string

	sent sent
	raw  bool // the caller wrote the request
}

// sent is a request as it goes out.
type sent struct{ method, path, query, header, body string }

// String is the request on one line: method, path, query, headers and body, secrets
// masked.
func (r Recorded) String() string {
	text := r.Method + " " + r.Path
	if r.Query != "" {
		text += "?" + r.Query
	}
	if len(r.Header) > 0 {
		text += " with the headers " + string(r.Header)
	}
	if len(r.Body) > 0 {
		var b bytes.Buffer
		if json.Compact(&b, r.Body) == nil {
			text += " " + b.String()
		}
	}
	return text
}

// Digest identifies the request as it would be sent, secrets included. It tells
// nothing of them: it is keyed for this process.
func (r Recorded) Digest() string { return r.KeyedDigest(digestKey()) }

// KeyedDigest is a digest that every process with the key makes of the same request.
func (r Recorded) KeyedDigest(key []byte) string {
	h := hmac.New(sha256.New, key)
	for _, part := range []string{r.sent.method, r.sent.path, r.sent.query, r.sent.header, r.sent.body} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

var digestKey = sync.OnceValue(func() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	return key
})

// Size is how many bytes the request would have, without the server's headers.
func (r Recorded) Size() int {
	return len(r.sent.path) + len(r.sent.query) + len(r.sent.header) + len(r.sent.body)
}

// Fill is the request with values in place of placeholders: where one is the whole of
// a JSON string, of a query value or of a segment of the path.
func (r Recorded) Fill(values map[string]string) Recorded {
	for placeholder, value := range values {
		r.sent.body = strings.ReplaceAll(r.sent.body, string(secret.Encode(placeholder)), string(secret.Encode(value)))
		r.sent.query = strings.ReplaceAll(r.sent.query, "="+url.QueryEscape(placeholder), "="+url.QueryEscape(value))
		r.sent.path = strings.ReplaceAll(r.sent.path, "/"+url.PathEscape(placeholder), "/"+url.PathEscape(value))
	}
	return r
}

// Recording returns a copy of the client that records writes instead of sending them. A
// recorded write gets the answer 200 with the body {}, a recorded stream ends at once. Reads
// are sent. Requests are checked as before sending.
func (c *Client) Recording() (*Client, *Recorder) {
	d := *c
	d.recorder = &Recorder{}
	return &d, d.recorder
}

// Gated returns a copy of the client that calls allow before each write. If allow returns an
// error, the request fails with it and nothing is sent. A client may have several gates.
func (c *Client) Gated(allow func(Recorded) error) *Client {
	d := *c
	d.allow = allow
	if before := c.allow; before != nil {
		d.allow = func(r Recorded) error {
			if err := before(r); err != nil {
				return err
			}
			return allow(r)
		}
	}
	return &d
}

// Requests returns the recorded writes so far, in order.
func (r *Recorder) Requests() []Recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

func (r *Recorder) add(rec Recorded) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, rec)
}

// recorded is a request for those who are shown it.
func (c *Client) recorded(p *prepared) Recorded {
	rec := Recorded{Method: p.method, Path: c.scrub(p.path), Query: c.scrubQuery(p.query),
		sent: sent{method: p.method, path: p.path, query: p.query, body: string(p.body)}, raw: p.RawPath}
	if len(p.body) > 0 {
		if json.Valid(p.body) {
			rec.Body = c.scrubBody(p.body)
		} else {
			rec.Body = secret.Encode(c.scrub(string(p.body)))
		}
	}
	if chosen, err := json.Marshal(p.Header); err == nil && len(p.Header) > 0 {
		rec.sent.header, rec.Header = string(chosen)+p.ContentType, c.scrubBody(chosen)
	}
	return rec
}
