package mcpserver

import (
	"net/http"
	"strings"
	"testing"
)

// A slash at the end of a path changes nothing.
func TestPathsWithSlash(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo)})
	c := &httpClient{t: t, url: listen(t, s, HTTPOptions{}) + "/mcp/", key: keyA}
	c.open().call("keys_list", `{}`)

	proxied := behindPrefix(t, listen(t, s, HTTPOptions{Transport: "sse"}))
	for _, path := range []string{"/sse", "/sse/"} {
		sse := openSSEWith(t, proxied+path, keyA, nil)
		sse.url = strings.Replace(sse.url, "/message?", "/message/?", 1)
		sse.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"keys_list"}}`)
		if r := toResult(t, sse.events.next()); r.IsError {
			t.Errorf("%s: %s", path, r.Text)
		}
	}
}

// Everything else says where to go, without asking for a key.
func TestOtherPaths(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo)})
	streamable, sse := listen(t, s, HTTPOptions{}), listen(t, s, HTTPOptions{Transport: "sse"})
	for _, tt := range []struct {
		method, url string
		status      int
		allow       string
		words       []string
	}{
		{"POST", streamable + "/", 404, "", []string{"endpoint is /mcp"}},
		{"POST", streamable + "/mcp/v1", 404, "", []string{"endpoint is /mcp"}},
		{"GET", streamable + "/.well-known/oauth-protected-resource", 404, "", []string{"endpoint is /mcp"}},
		{"GET", streamable + "/sse", 404, "", []string{"connect to /mcp", "--transport sse"}},
		{"POST", streamable + "/message/?sessionId=x", 404, "", []string{"connect to /mcp", "--transport sse"}},
		{"PUT", streamable + "/mcp", 405, "GET, POST, DELETE, HEAD, OPTIONS", []string{"POST"}},
		{"GET", sse + "/", 404, "", []string{"endpoint is /sse"}},
		{"POST", sse + "/mcp", 404, "", []string{"connect to /sse", "--transport http"}},
		{"POST", sse + "/sse/", 405, "GET, OPTIONS", []string{"/sse takes GET"}},
		{"GET", sse + "/message", 405, "POST, OPTIONS", []string{"/message takes POST"}},
		{"OPTIONS", sse + "/message", 204, "POST, OPTIONS", nil},
		{"OPTIONS", sse + "/", 404, "", []string{"endpoint is /sse"}},
	} {
		response, text := ask(t, tt.method, tt.url, http.Header{"Authorization": {"Bearer sk-unknown"}}, "{}")
		if response.StatusCode != tt.status || response.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d, Allow %q: %s", tt.method, tt.url, response.StatusCode, response.Header.Get("Allow"), text)
		}
		wantText(t, text, tt.words...)
	}
}
