package mcpserver

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// origins are the pages whose scripts may use the server: those that the operator
// names, exactly as browsers send them. By default no page of another origin may.
type origins struct {
	allowed []string
	check   *http.CrossOriginProtection
}

// Headers of the protocol's requests; each other header that begins with "mcp-" or
// "x-mcp-" is one of its parameters.
var requestHeaders = []string{"Authorization", "Content-Type", "Accept", "Last-Event-ID", "Mcp-Session-Id",
	"MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", headerToolsets, headerReadOnly}

// exposedHeaders are those of answers that a page's script may read.
const exposedHeaders = "Mcp-Session-Id, MCP-Protocol-Version, Retry-After, WWW-Authenticate"

func newOrigins(allowed []string) (*origins, error) {
	o := &origins{check: http.NewCrossOriginProtection()}
	for _, origin := range allowed {
		origin = strings.TrimSpace(origin)
		if why := noOrigin(origin); why != "" {
			return nil, usage("--allowed-origins: %q %s", origin, why)
		}
		origin = strings.ToLower(origin)
		if err := o.check.AddTrustedOrigin(origin); err != nil {
			return nil, usage("--allowed-origins: %q is not an origin; write it like https://app.example.com", origin)
		}
		o.allowed = append(o.allowed, origin)
	}
	return o, nil
}

// noOrigin says why no browser sends this as its origin, and what to write; "" when one
// may.
func noOrigin(origin string) string {
	u, err := url.Parse(origin)
	switch {
	case origin == "" || origin == "null":
		return "is not an origin; write it like https://app.example.com"
	case strings.Contains(origin, "*"):
		return "is a pattern; name each origin, like https://app.example.com"
	case err != nil || !strings.Contains(origin, "://") || u.Host == "":
		return "has no scheme or no host; write it like https://app.example.com"
	case u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(origin, "#") || strings.HasSuffix(origin, "?"):
		return fmt.Sprintf("is more than an origin; write %s://%s", u.Scheme, u.Host)
	case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80", strings.HasSuffix(u.Host, ":"):
		return fmt.Sprintf("has a port that browsers leave out; write %s://%s", u.Scheme, strings.TrimSuffix(u.Host, ":"+u.Port()))
	}
	return ""
}

// admits tells whether the page that sends a request may. Streams are opened with GET,
// which the check takes for harmless.
func (o *origins) admits(r *http.Request) bool {
	probe := *r
	probe.Method = http.MethodPost
	return o.check.Check(&probe) == nil
}

// listed tells whether the page is one that the operator named.
func (o *origins) listed(r *http.Request) bool {
	return slices.Contains(o.allowed, r.Header.Get("Origin"))
}

// share lets an allowed page read the answer, whatever it is.
func (o *origins) share(h http.Header, r *http.Request) {
	if len(o.allowed) == 0 {
		return
	}
	h.Add("Vary", "Origin")
	if o.listed(r) {
		h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		h.Set("Access-Control-Expose-Headers", exposedHeaders)
	}
}

// preflight answers OPTIONS: what requests an endpoint takes, for an allowed page also
// with which headers. It asks for no key, since a browser sends none. Without an endpoint
// it lets the page read why there is none.
func (o *origins) preflight(w http.ResponseWriter, r *http.Request, at *endpoint) {
	h := w.Header()
	if at != nil {
		h.Set("Allow", at.allow())
	}
	if h.Get("Access-Control-Allow-Origin") != "" {
		headers := slices.Clone(requestHeaders)
		for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			known := slices.ContainsFunc(headers, func(h string) bool { return strings.EqualFold(h, name) })
			if !known && (strings.HasPrefix(name, "mcp-") || strings.HasPrefix(name, "x-mcp-")) {
				headers = append(headers, name)
			}
		}
		h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS")
		h.Set("Access-Control-Allow-Headers", strings.Join(headers, ", "))
		h.Set("Access-Control-Max-Age", "600")
		if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
			h.Set("Access-Control-Allow-Private-Network", "true")
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
