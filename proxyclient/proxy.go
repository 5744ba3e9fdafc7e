package proxyclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
)

// via is the HTTP or SOCKS proxy between this machine and the gateway.
type via struct {
	name   string // host and port, without a user and password
	source string // the environment variable that names it
	login  bool   // the variable has a user and password
	bad    bool   // the variable is no address
}

// String returns the proxy with where it came from.
func (v *via) String() string { return "the proxy " + v.name + " (from " + v.source + ")" }

// way returns the proxy of requests to the gateway, or nil without one.
func (c *Client) way() *via {
	if c.proxy == nil {
		return nil
	}
	u, err := c.proxy(&http.Request{URL: c.base})
	if u == nil && err == nil {
		return nil
	}
	names := []string{"HTTP_PROXY", "http_proxy"}
	if c.base.Scheme == "https" {
		names = []string{"HTTPS_PROXY", "https_proxy"}
	}
	v := &via{source: names[0], bad: err != nil}
	if i := slices.IndexFunc(names, func(name string) bool { return os.Getenv(name) != "" }); i >= 0 {
		v.source = names[i]
	}
	if err != nil {
		return v
	}
	v.name, v.login = u.Host, u.User != nil
	if u.Scheme != "http" {
		v.name = u.Scheme + "://" + u.Host
	}
	return v
}

// errTunnel is a proxy's refusal to connect to the gateway.
type errTunnel struct {
	status  int
	schemes []string // of authentication that it offers
}

// Error implements error.
func (e *errTunnel) Error() string { return fmt.Sprintf("CONNECT was answered HTTP %d", e.status) }

// tunnel looks at a proxy's answer to CONNECT.
func tunnel(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &errTunnel{resp.StatusCode, schemes(resp.Header)}
}

// schemes returns the kinds of authentication that a proxy offers.
func schemes(h http.Header) (names []string) {
	for _, challenge := range h.Values("Proxy-Authenticate") {
		if name, _, _ := strings.Cut(strings.TrimSpace(challenge), " "); isToken(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// blame turns e into the proxy's fault if the request never got past the proxy. It
// reports whether it did, and whether another try may succeed.
func (v *via) blame(c *Client, e *Error, a *attempt, err error) (blamed, temporary bool) {
	refused, isTunnel := errors.AsType[*errTunnel](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case v.bad:
		e.Message = v.source + " is not a valid proxy address"
		e.Hint = "set " + v.source + " to http://host:port"
		return true, false
	case isTunnel:
		v.refusal(c, e, refused)
		return true, refused.status >= 500
	case a.conn.Load() == nil && isOp && (op.Op == "proxyconnect" || op.Op == "socks connect" || op.Op == "dial"):
		e.Message = v.String() + " " + v.failure(c, err)
		e.Hint = "check " + v.source + ", or list the gateway's host in NO_PROXY"
		return true, !isPermanent(err)
	}
	return false, false
}

// failure describes briefly why the proxy could not be used.
func (v *via) failure(c *Client, err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "has an unknown host name"
	}
	if IsRefused(err) {
		return "refused the connection"
	}
	return "failed: " + c.netText(err)
}

// refusal describes the answer of a proxy that did not pass the request on.
func (v *via) refusal(c *Client, e *Error, refused *errTunnel) {
	host := c.base.Host
	switch {
	case refused.status == http.StatusProxyAuthRequired:
		e.Message, e.Hint = v.wants(refused.schemes)
	case refused.status >= 500:
		e.Message = fmt.Sprintf("%s cannot reach %s (it answered HTTP %d)", v, host, refused.status)
		e.Hint = "check {base_url}, or list the gateway's host in NO_PROXY"
	default:
		e.Message = fmt.Sprintf("%s refused to connect to %s (it answered HTTP %d)", v, host, refused.status)
		e.Hint = "ask the owner of the proxy to allow " + host + ", or list the gateway's host in NO_PROXY"
	}
}

// wants describes the authentication that a proxy requires. Only a user and password can be
// sent.
func (v *via) wants(schemes []string) (message, hint string) {
	basic := len(schemes) == 0 || slices.ContainsFunc(schemes, func(s string) bool { return strings.EqualFold(s, "Basic") })
	switch {
	case !basic:
		return fmt.Sprintf("%s requires %s authentication, which this program does not support", v, strings.Join(schemes, " or ")),
			"use a local proxy that logs in for you, or list the gateway's host in NO_PROXY"
	case v.login:
		return fmt.Sprintf("%s rejected the user and password", v), "check the user and password in " + v.source
	}
	return fmt.Sprintf("%s requires a user and password", v), "add the user and password to the address in " + v.source + ", before the host"
}

// between marks an answer that did not come from the gateway: a proxy that wants a login,
// or a web page with a status by which firewalls and login pages reject. The gateway
// itself answers such statuses with JSON.
func (c *Client) between(e *Error, s said, h http.Header) bool {
	v := c.way()
	if e.Status == http.StatusProxyAuthRequired {
		e.Code = CodeUnreachable
		if v == nil {
			e.Message, e.Hint = "a proxy in front of the gateway requires a login", "check {base_url}, HTTP_PROXY and HTTPS_PROXY"
		} else {
			e.Message, e.Hint = v.wants(schemes(h))
		}
		return true
	}
	if !s.page || !slices.Contains([]int{401, 403, 406, 451}, e.Status) {
		return false
	}
	e.Code, e.Param, e.Type = CodeUnreachable, "", ""
	who := "a firewall or proxy in front of the gateway"
	if v != nil && c.base.Scheme == "http" {
		who = v.String() + " or a firewall"
	}
	e.Message = who + " rejected the request: the answer was " + s.message
	e.Hint = "the request did not reach the gateway; ask your network team to allow it, or add a header it requires with {extra_header}"
	return true
}
