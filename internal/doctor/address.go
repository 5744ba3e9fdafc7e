package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"litellm-proxy/internal/malformed"
	"litellm-proxy/proxyclient"
)

func asError(err error) *proxyclient.Error {
	e, _ := errors.AsType[*proxyclient.Error](err)
	return e
}

// source words where a setting came from.
func source(from string) string {
	if from == "" {
		return ""
	}
	return " (from " + from + ")"
}

// address checks the form of the gateway's URL.
func (e *exam) address(context.Context) []Finding {
	text, from := e.Settings.BaseURL, source(e.Settings.BaseURLSource)
	if text == "" && e.Trouble != nil {
		e.blocked["url"] = "settings"
		return skip("not known because of the settings")
	}
	if e.Settings.Sandbox() {
		return good("the built-in sandbox%s", from)
	}
	if part := malformed.Placeholder(text); part != "" {
		return fail(proxyclient.CodeLocal, fmt.Sprintf("the URL%s still contains the placeholder %s", from, part), "set {base_url} to the gateway's address, such as https://litellm.example.com")
	}
	if malformed.Quoted(text) {
		return fail(proxyclient.CodeLocal, "the URL"+from+" contains quotation marks", "set {base_url} without the quotation marks")
	}
	c, err := proxyclient.New(proxyclient.Config{BaseURL: text, BaseURLSource: e.Settings.BaseURLSource, Transport: http.DefaultTransport})
	if err != nil {
		return failed(proxyclient.CodeLocal, err, "correct {base_url}")
	}
	if e.url, err = url.Parse(c.BaseURL()); err != nil {
		return failed(proxyclient.CodeLocal, err, "correct {base_url}")
	}
	for _, end := range []string{"/v1", "/ui", "/chat/completions", "/mcp", "/sso"} {
		if strings.HasSuffix(e.url.Path, end) {
			return warn(fmt.Sprintf("%s%s ends in %s, which is a part of the gateway", c.BaseURL(), from, end), "remove "+end+" from {base_url}")
		}
	}
	if strings.HasPrefix(e.Settings.BaseURLSource, "the default") {
		return good("%s (the default; no gateway is configured)", c.BaseURL())
	}
	return good("%s%s", c.BaseURL(), from)
}

// route finds the proxy between this machine and the gateway.
func (e *exam) route(context.Context) []Finding {
	names := []string{"HTTP_PROXY", "http_proxy"}
	if e.url.Scheme == "https" {
		names = []string{"HTTPS_PROXY", "https_proxy"}
	}
	name := ""
	for _, n := range names {
		if name == "" && e.Getenv(n) != "" {
			name = n
		}
	}
	via, err := e.proxy(&http.Request{URL: e.url})
	switch {
	case err != nil:
		return fail(proxyclient.CodeUnreachable, name+" is not a valid proxy address", "set "+name+" to http://host:port")
	case via != nil:
		e.via = via
		return good("requests go through %s (from %s)", via.Host, name)
	case name != "" && isLoopback(e.url.Hostname()):
		return good("no proxy: %s does not apply to this machine", name)
	case name != "":
		return good("no proxy: NO_PROXY exempts %s from %s", e.url.Hostname(), name)
	}
	for _, n := range []string{"ALL_PROXY", "all_proxy"} {
		if e.Getenv(n) != "" && !isLoopback(e.url.Hostname()) {
			return warn("no proxy: this program does not use "+n, "if the gateway is behind that proxy, set "+names[0]+" too")
		}
	}
	return good("no proxy")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// peer is the host and port that this machine connects to, and what is there.
func (e *exam) peer() (host, port, what string) {
	u, what := e.url, "the gateway"
	if e.via != nil {
		u, what = e.via, "the proxy"
	}
	port = u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	return u.Hostname(), port, what
}
