package proxyclient

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Request is one call of the gateway. Method and Path are needed.
type Request struct {
	Method string
	// Path is a template under the base URL, "/credentials/by_name/{credential_name}".
	// Each {name} is replaced by one escaped segment out of Params; an empty value
	// and one with the segments "." or ".." are refused, a / in a value becomes %2F.
	Path   string
	Params map[string]string
	Query  url.Values
	// Body is JSON unless ContentType says otherwise.
	Body        []byte
	ContentType string
	// Header is sent besides our own. What carries a credential or belongs to the
	// connection (Authorization, Cookie, Host, litellm-changed-by …) is refused.
	Header http.Header
	// Read: the request changes nothing at the gateway. It may be sent again, may
	// follow redirects of the same origin, and is sent by a recording client. No
	// method implies it.
	Read bool
	// RawPath: Path is what a user typed, escaped already, with or without a query.
	// Absolute URIs, //, dot segments (encoded too), backslashes and fragments are
	// refused. Params must be empty.
	RawPath bool
	// Timeout overrides [Config.Timeout].
	Timeout time.Duration
	// Accept overrides application/json.
	Accept string
}

// Response is an answer with a status of 200 to 299.
type Response struct {
	Status int
	Header http.Header
	Body   []byte // decompressed; nil when there was none
}

// prepared is a request that passed all checks.
type prepared struct {
	Request
	method string
	path   string // escaped, without the prefix
	query  string
	url    *url.URL
	header http.Header
	body   []byte
	wire   []byte // the body as it is sent, with the secrets of WithSecrets
	limit  time.Duration
	whole  bool // the limit is for all attempts

	exchange *Exchange // nil: nobody observes
}

func (c *Client) prepare(r Request) (*prepared, error) {
	p, err := c.check(r)
	if err != nil {
		if e, ok := err.(*Error); ok {
			e.Method = r.Method
			e.Path = c.scrub(r.Path)
			e.Message = c.scrub(e.Message)
		}
		return nil, err
	}
	return p, nil
}

func (c *Client) check(r Request) (*prepared, error) {
	if c.keyErr != nil {
		e := *c.keyErr.(*Error)
		return nil, &e
	}
	p := &prepared{Request: r, method: strings.ToUpper(r.Method), body: r.Body, limit: r.Timeout}
	switch p.method {
	case "":
		return nil, usage("no HTTP method was given")
	case "CONNECT", "TRACE":
		return nil, usage("the HTTP method %s is not sent", p.method)
	}
	if !isToken(p.method) {
		return nil, usage("%q is not an HTTP method", r.Method)
	}
	if p.limit <= 0 {
		p.limit, p.whole = c.timeout, c.whole > 0
	}
	if p.whole {
		p.limit = c.whole
	}
	var err error
	if r.RawPath {
		if len(r.Params) > 0 {
			return nil, usage("a literal path takes no parameters")
		}
		p.path, p.query, err = literal(r.Path)
	} else {
		p.path, err = expand(r.Path, r.Params)
		if err == nil {
			if why := unsafePath(withoutSegments(r.Path)); why != "" || strings.ContainsAny(r.Path, "?#") {
				err = usage("the path %q is not a plain path", r.Path)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	// The gateway reads some queries itself, and there + is no space.
	if q := strings.ReplaceAll(r.Query.Encode(), "+", "%20"); q != "" {
		if p.query != "" {
			p.query += "&"
		}
		p.query += q
	}
	u, err := url.Parse(c.base.String() + p.path)
	if err != nil || !strings.HasSuffix(u.EscapedPath(), p.path) {
		return nil, usage("the path %q cannot be sent", r.Path)
	}
	u.RawQuery = p.query
	p.url = u
	if p.header, err = c.headers(p); err != nil {
		return nil, err
	}
	return p, c.fill(p)
}

// withoutSegments takes the {names} out of a template.
func withoutSegments(t string) string {
	return strings.NewReplacer("{", "", "}", "").Replace(t)
}

func (c *Client) headers(p *prepared) (http.Header, error) {
	h, err := c.given(p)
	if err != nil {
		return nil, err
	}
	for name, values := range c.extra {
		if h[name] == nil {
			h[name] = values
		}
	}
	set := func(name, value string) {
		if h.Get(name) == "" {
			h.Set(name, value)
		}
	}
	accept := p.Accept
	if accept == "" {
		accept = "application/json"
	}
	set("Accept", accept)
	set("User-Agent", c.userAgent)
	if p.ContentType != "" {
		for i := 0; i < len(p.ContentType); i++ {
			if p.ContentType[i] < ' ' || p.ContentType[i] >= 0x7f {
				return nil, usage("the content type contains a control character or one outside ASCII")
			}
		}
		h.Set("Content-Type", p.ContentType)
	} else if len(p.body) > 0 {
		set("Content-Type", "application/json")
	}
	if c.key != "" {
		h.Set(c.keyHeader, c.keyValue())
	}
	if !p.Read && c.changedBy != "" {
		h["litellm-changed-by"] = []string{c.changedBy}
	}
	return h, nil
}

// given returns the headers of the request itself.
func (c *Client) given(p *prepared) (http.Header, error) {
	h := make(http.Header, len(p.Header)+len(c.extra)+6)
	for _, name := range slices.Sorted(maps.Keys(p.Header)) {
		if !isToken(name) {
			return nil, usage("%q is not a header name", name)
		}
		if isOwnHeader(name) || strings.EqualFold(name, c.keyHeader) {
			e := usage("the header %s is set by this program and cannot be overridden", name)
			e.Param = name
			return nil, e
		}
		key := http.CanonicalHeaderKey(name)
		if strings.EqualFold(name, "Idempotency-Key") || strings.EqualFold(name, "X-Idempotency-Key") {
			// net/http sends a write a second time by itself when it finds the
			// canonical name.
			key = strings.ToLower(name)
		}
		for _, v := range p.Header[name] {
			for i := 0; i < len(v); i++ {
				if v[i] < ' ' && v[i] != '\t' || v[i] == 0x7f {
					return nil, usage("the value of the header %s contains a control character", name)
				}
			}
			h[key] = append(h[key], v)
		}
	}
	return h, nil
}

// isOwnHeader: headers in which LiteLLM or somebody on the way looks for a
// credential or an identity, and those of the connection.
func isOwnHeader(name string) bool {
	n := strings.ToLower(name)
	switch n {
	case "authorization", "proxy-authorization", "cookie", "host", "litellm-changed-by",
		"api-key", "x-api-key", "x-goog-api-key", "x-litellm-api-key", "ocp-apim-subscription-key",
		"content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer",
		"accept-encoding", "expect", "x-http-method-override", "x-original-url", "x-rewrite-url", "forwarded":
		return true
	}
	return strings.HasPrefix(n, "proxy-") || strings.HasPrefix(n, "x-forwarded-")
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isAlnum(s[i]) && strings.IndexByte("!#$%&'*+-.^_`|~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// null is what JSON gives for an answer without a body.
var null = json.RawMessage("null")
