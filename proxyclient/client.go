package proxyclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"litellm-proxy/internal/malformed"
	"litellm-proxy/internal/secret"
)

const (
	// DefaultTimeout is the time one request may take when nothing else is said.
	DefaultTimeout = 60 * time.Second
	// DefaultMaxBytes is the largest answer accepted when nothing else is said.
	DefaultMaxBytes = 64 << 20

	defaultRetries   = 2
	defaultUserAgent = "litellm-proxy"
	maxChangedBy     = 120
)

// Config names the gateway, the credential and the limits. Only BaseURL is needed.
type Config struct {
	// BaseURL is http(s)://host[:port][/prefix]. A trailing slash is cut; userinfo,
	// a query, a fragment and a missing scheme are refused.
	BaseURL string
	// Name stands for BaseURL in messages and in [Client.BaseURL], where the
	// gateway is not at an address of the network. Empty: BaseURL itself.
	Name string
	// BaseURLSource is where BaseURL came from, for messages: "LITELLM_PROXY_URL".
	BaseURLSource string
	// APIKey is sent as a bearer token. Blanks around it are cut; blanks and control
	// characters within are refused. Empty: requests go out without a key.
	APIKey string
	// APIKeySource is where APIKey came from, for messages.
	APIKeySource string
	// Session is what is known of APIKey if it is the token of a sign-in.
	Session Session
	// Timeout is for one request with its answer; for a stream until its headers,
	// and then between two pieces of it. 0: [DefaultTimeout].
	Timeout time.Duration
	// CAFile holds PEM certificates trusted besides the system's own. It is read by
	// [New], and only for an https BaseURL.
	CAFile string
	// ClientCertFile and ClientKeyFile are the PEM files of the client certificate and its
	// key. Without ClientKeyFile, ClientCertFile contains both. [New] reads them, and only
	// for an https BaseURL.
	ClientCertFile, ClientKeyFile string
	// KeyHeader carries APIKey instead of Authorization, for a gateway with
	// litellm_key_header_name or behind a proxy that wants Authorization for itself.
	KeyHeader string
	// Headers are sent with each request, for a proxy or firewall in front of the gateway.
	// Headers that carry the gateway's key or belong to the connection are refused.
	Headers http.Header
	// UserAgent is sent with each request. Empty: "litellm-proxy".
	UserAgent string
	// ChangedBy goes out as litellm-changed-by on writes, reduced to printable
	// ASCII and 120 characters.
	ChangedBy string
	// Debug, when set, gets each request and answer with its timing, secrets masked
	// and long bodies cut. Writes to it do not overlap.
	Debug io.Writer
	// MaxBytes bounds an answer after decompression. 0: [DefaultMaxBytes].
	MaxBytes int64
	// Retries is how often a read is sent again. 0: 2; negative: never.
	Retries int
	// Transport replaces the connections, for tests and for a gateway in this
	// process. CAFile is not used then.
	Transport http.RoundTripper
	// OnWrite, when set, is called before each request that changes something
	// leaves.
	OnWrite func()
	// Sleep replaces the wait before a retry, for tests.
	Sleep func(context.Context, time.Duration) error
}

// Client talks to one gateway with one credential. It is safe for concurrent
// use; the With methods give copies that share its connections.
type Client struct {
	base       *url.URL // without a trailing slash
	baseText   string
	baseSource string
	key        string
	keySource  string
	session    Session
	keyHeader  string                                // canonical name
	scheme     *string                               // before the key, of WithAuthorization
	extra      http.Header                           // of each request
	proxy      func(*http.Request) (*url.URL, error) // nil: there is no network
	keyErr     error                                 // of WithKey; returned by the first request
	timeout    time.Duration
	whole      time.Duration // for a request with its retries; 0: timeout counts for each
	userAgent  string
	changedBy  string
	debug      *debugLog
	maxBytes   int64
	retries    int
	transport  http.RoundTripper
	counted    bool   // transport is ours: bytes written are known
	onWrite    func() // nil: nobody counts
	sleep      func(context.Context, time.Duration) error
	recorder   *Recorder
	allow      func(Recorded) error // nil: every write
	observe    Observe              // nil: nobody
	secrets    map[string]string    // see WithSecrets
}

// New returns a client. It checks the configuration and reads the certificate files, but
// opens no connection. Its errors have [CodeUsage].
func New(cfg Config) (*Client, error) {
	c := &Client{
		baseSource: cfg.BaseURLSource,
		timeout:    cfg.Timeout,
		userAgent:  printable(cfg.UserAgent, 200),
		maxBytes:   cfg.MaxBytes,
		retries:    cfg.Retries,
		onWrite:    cfg.OnWrite,
		transport:  cfg.Transport,
		sleep:      cfg.Sleep,
	}
	base, err := parseBase(cfg.BaseURL, cfg.BaseURLSource)
	if err != nil {
		return nil, err
	}
	c.base, c.baseText = base, base.String()
	if cfg.Name != "" {
		c.baseText = cfg.Name
	}
	if c.key, err = cleanKey(cfg.APIKey, cfg.APIKeySource); err != nil {
		return nil, err
	}
	c.keySource, c.session = cfg.APIKeySource, cfg.Session
	if c.keyHeader, err = cleanKeyHeader(cfg.KeyHeader); err != nil {
		return nil, err
	}
	if c.extra, err = c.cleanHeaders(cfg.Headers); err != nil {
		return nil, err
	}
	c.changedBy = changedBy(cfg.ChangedBy)
	c.setDefaults()
	if cfg.Debug != nil {
		c.debug = &debugLog{w: cfg.Debug}
	}
	if c.transport == nil {
		t, err := newTransport(base, cfg)
		if err != nil {
			return nil, err
		}
		c.transport, c.counted, c.proxy = t, true, http.ProxyFromEnvironment
	}
	return c, nil
}

// setDefaults fills in what the configuration leaves out.
func (c *Client) setDefaults() {
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if c.userAgent == "" {
		c.userAgent = defaultUserAgent
	}
	if c.maxBytes <= 0 {
		c.maxBytes = DefaultMaxBytes
	}
	switch {
	case c.retries == 0:
		c.retries = defaultRetries
	case c.retries < 0:
		c.retries = 0
	}
	if c.sleep == nil {
		c.sleep = Sleep
	}
}

// BaseURL is the gateway's address as it is used, without a trailing slash, or
// its name if it has one.
func (c *Client) BaseURL() string { return c.baseText }

// BaseURLSource is where the address came from, as [Config] said.
func (c *Client) BaseURLSource() string { return c.baseSource }

// APIKeySource is where the key came from, as [Config] or [Client.WithKey] said, or ""
// without one.
func (c *Client) APIKeySource() string {
	if c.key == "" {
		return ""
	}
	return c.keySource
}

// HasKey reports whether requests carry a key, valid or not.
func (c *Client) HasKey() bool { return c.key != "" }

// MaskedKey returns the key as [secret.Mask] shows it, such as sk-...abcd, or "" without one.
func (c *Client) MaskedKey() string {
	if c.key == "" {
		return ""
	}
	return secret.Mask(c.key)
}

// KeyHash returns the hash under which the gateway stores the key, as 64 hexadecimal digits,
// or "" without a key.
func (c *Client) KeyHash() string {
	if c.key == "" {
		return ""
	}
	return secret.Hash(c.key)
}

// Timeout returns the time limit of requests without a [Request].Timeout.
func (c *Client) Timeout() time.Duration { return c.timeout }

// WithKey returns a copy of the client with another key. source names its origin in
// messages. A key that no header can carry fails the first request with [CodeUsage].
func (c *Client) WithKey(key, source string) *Client {
	d := *c
	d.key, d.keyErr = cleanKey(key, source)
	d.keySource, d.session, d.scheme = source, Session{}, nil
	return &d
}

// WithAuthorization returns a copy of the client that sends a value for the Authorization
// header instead of the key: "Bearer sk-…", "Basic …" or a bare credential. A value that no
// header can carry fails the first request with [CodeUsage].
func (c *Client) WithAuthorization(value, source string) *Client {
	scheme, key, ok := strings.Cut(strings.TrimSpace(value), " ")
	if scheme += " "; !ok {
		scheme, key = "", strings.TrimSpace(value)
	}
	d := c.WithKey(key, source)
	d.keyHeader, d.scheme = "Authorization", &scheme
	switch {
	case d.keyErr == nil && key == "":
		d.keyErr = usage("the Authorization header%s is empty", from(source))
	case d.keyErr == nil && scheme != "" && !isToken(strings.TrimSpace(scheme)):
		d.keyErr = usage("the Authorization header%s is not a scheme and a credential (it is not shown)", from(source))
	}
	return d
}

// WithChangedBy returns a copy of the client that names another author of its writes; see
// [Config.ChangedBy].
func (c *Client) WithChangedBy(who string) *Client {
	d := *c
	d.changedBy = changedBy(who)
	return &d
}

func usage(format string, args ...any) *Error {
	return &Error{Code: CodeUsage, Message: secret.Text(fmt.Sprintf(format, args...))}
}

func from(source string) string {
	if source == "" {
		return ""
	}
	return " from " + source
}

func parseBase(s, source string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, &Error{Code: CodeUsage, Message: "no base URL of the gateway was given", Hint: "set {base_url}"}
	}
	// The text is not repeated where it may hold a password.
	shown := fmt.Sprintf("%q", s)
	if strings.Contains(s, "@") {
		shown = "(not shown: it may hold a password)"
	}
	bad := func(why string) error {
		e := usage("the base URL %s%s %s", shown, from(source), why)
		e.Hint = "{base_url} has the form http(s)://host[:port][/prefix]"
		return e
	}
	if f := malformed.URL(s); f != nil {
		e := usage("the base URL%s %s", from(source), f.Why)
		e.Hint = strings.TrimSpace("set {base_url} to the gateway's address " + f.Fix)
		if f.Fix == "" {
			e.Hint += ", such as https://litellm.example.com"
		}
		return nil, e
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			return nil, bad("contains a blank or a control character")
		}
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		if strings.Contains(s, "@") {
			return nil, bad("has no scheme")
		}
		return nil, bad("has no scheme: write http://" + s + " or https://" + s)
	}
	switch strings.ToLower(scheme) {
	case "http", "https":
	default:
		return nil, bad("has neither the scheme http nor https")
	}
	if rest == "" {
		return nil, bad("has no host")
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, bad("cannot be read as a URL")
	}
	switch {
	case u.User != nil:
		return nil, bad("contains a user name or password: give the key with {api_key} instead")
	case u.Hostname() == "":
		return nil, bad("has no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#"):
		return nil, bad("contains a query or a fragment")
	}
	prefix := strings.TrimRight(u.EscapedPath(), "/")
	if why := unsafePath(prefix); why != "" {
		return nil, bad(why)
	}
	out, err := url.Parse(strings.ToLower(u.Scheme) + "://" + u.Host + prefix)
	if err != nil {
		return nil, bad("cannot be read as a URL")
	}
	return out, nil
}

func cleanKey(key, source string) (string, error) {
	key = strings.TrimSpace(key)
	if f := malformed.Key(key); f != nil {
		e := usage("the API key%s %s", from(source), f.Why)
		e.Hint = "set {api_key} to the key itself"
		if e.Hint += ", " + f.Fix; f.Fix == "" {
			e.Hint = "set {api_key} to a key of the gateway (sk-...)"
		}
		return "", e
	}
	for i := 0; i < len(key); i++ {
		if key[i] <= ' ' || key[i] >= 0x7f {
			return "", usage("the API key%s contains a blank, a control character or one outside ASCII (the key is not shown)", from(source))
		}
	}
	return key, nil
}

func changedBy(s string) string { return printable(secret.Text(s), maxChangedBy) }

// printable is s reduced to printable ASCII and at most n characters.
func printable(s string, n int) string {
	var b strings.Builder
	for _, r := range s {
		if r >= ' ' && r < 0x7f && b.Len() < n {
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// Sleep waits for d, or until the context ends, and then returns the context's error.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
