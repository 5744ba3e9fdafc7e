package mcpserver

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"litellm-proxy/proxyclient"
)

const inspector = "http://localhost:6274"

// ask sends a request with these headers and returns the answer.
func ask(t *testing.T, method, url string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header.Clone()
	}
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return response, ""
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(content)
}

// A page whose origin the operator allowed may use the server, and reads its refusals.
func TestAllowedOrigins(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo)})
	o := HTTPOptions{AllowedOrigins: []string{"http://LOCALHOST:6274", " https://app.example.com"}}
	streamable := listen(t, s, o)
	o.Transport = "sse"
	sse := listen(t, s, o)
	for _, tt := range []struct {
		method, url string
		header      http.Header
		body        string
		status      int
	}{
		{"OPTIONS", streamable + "/mcp", http.Header{"Access-Control-Request-Method": {"POST"}}, "", 204},
		{"OPTIONS", sse + "/sse", http.Header{"Access-Control-Request-Method": {"GET"}}, "", 204},
		{"OPTIONS", sse + "/message", http.Header{"Access-Control-Request-Method": {"POST"}}, "", 204},
		{"OPTIONS", streamable + "/elsewhere", http.Header{"Access-Control-Request-Method": {"POST"}}, "", 204},
		{"POST", streamable + "/mcp", http.Header{"Content-Type": {"application/json"}}, hello, 200},
		{"POST", streamable + "/mcp", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Content-Type": {"application/json"}}, hello, 200},
		{"GET", sse + "/sse", nil, "", 200},
		{"GET", streamable + "/mcp", nil, "", 400},
		{"DELETE", streamable + "/mcp", http.Header{"Mcp-Session-Id": {"x"}}, "", 404},
		{"PUT", streamable + "/mcp", nil, "", 405},
		{"POST", sse + "/message?sessionId=x", nil, "{}", 404},
		{"GET", streamable + "/elsewhere", nil, "", 404},
		{"POST", streamable + "/mcp", http.Header{"Host": {"evil.example.com"}}, hello, 403},
		{"POST", streamable + "/mcp", nil, strings.Repeat("x", maxBody+1), 413},
	} {
		header := tt.header.Clone()
		if header == nil {
			header = http.Header{}
		}
		header.Set("Origin", inspector)
		response, text := ask(t, tt.method, tt.url, header, tt.body)
		h := response.Header
		if response.StatusCode != tt.status || h.Get("Access-Control-Allow-Origin") != inspector || h.Get("Vary") != "Origin" ||
			!strings.Contains(h.Get("Access-Control-Expose-Headers"), "Mcp-Session-Id") {
			t.Errorf("%s %s: %d, want %d; %v %s", tt.method, tt.url, response.StatusCode, tt.status, h, text)
		}
	}

	header := http.Header{"Origin": {inspector}, "Access-Control-Request-Method": {"POST"},
		"Access-Control-Request-Headers": {"authorization,mcp-param-team, x-other"}, "Access-Control-Request-Private-Network": {"true"}}
	response, _ := ask(t, "OPTIONS", streamable+"/mcp/", header, "")
	h := response.Header
	for _, name := range []string{"Authorization", "Content-Type", "Accept", "Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Last-Event-ID", "mcp-param-team"} {
		if !strings.Contains(h.Get("Access-Control-Allow-Headers"), name) {
			t.Errorf("the header %s is not allowed: %s", name, h.Get("Access-Control-Allow-Headers"))
		}
	}
	if h.Get("Access-Control-Allow-Methods") != "GET, POST, DELETE, OPTIONS" || strings.Contains(h.Get("Access-Control-Allow-Headers"), "x-other") ||
		h.Get("Access-Control-Allow-Private-Network") != "true" {
		t.Errorf("%v", h)
	}

	// Nobody else: not by a part of the name, and without the option no page at all.
	for url, origins := range map[string][]string{
		streamable + "/mcp":                  {inspector + "0", "https://localhost:6274", "http://localhost", "null", "https://app.example.com.evil.example", "https://APP.example.com"},
		listen(t, s, HTTPOptions{}) + "/mcp": {inspector},
	} {
		for _, origin := range origins {
			for _, method := range []string{"OPTIONS", "POST"} {
				response, text := ask(t, method, url, http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"}}, hello)
				if response.StatusCode != 403 || response.Header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(text, "--allowed-origins") {
					t.Errorf("%s from %s: %d %s", method, origin, response.StatusCode, text)
				}
			}
		}
	}
}

func TestAllowedOriginsAreOrigins(t *testing.T) {
	s := newServer(t, Options{})
	for origin, words := range map[string]string{
		"*": "pattern", "https://*.example.com": "pattern", "localhost:6274": "no scheme", "app.example.com": "no scheme",
		"https://app.example.com/": "write https://app.example.com", "https://app.example.com/mcp": "write https://app.example.com",
		"https://app.example.com?": "write https://app.example.com", "https://me@app.example.com": "write https://app.example.com",
		"https://app.example.com:443": "write https://app.example.com", "http://localhost:80": "write http://localhost",
		"null": "not an origin", "": "not an origin", "https://": "no host", "http://[::1": "https://app.example.com",
	} {
		_, _, err := s.Handler(HTTPOptions{AllowedOrigins: []string{origin}})
		if proxyclient.CodeOf(err) != proxyclient.CodeUsage || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), "--allowed-origins") {
			t.Errorf("%q: %v, want words with %q", origin, err, words)
		}
	}
	for _, origin := range []string{"http://[::1]:6274", "chrome-extension://abcdefghijklmnop", "tauri://localhost"} {
		if _, _, err := s.Handler(HTTPOptions{AllowedOrigins: []string{origin}}); err != nil {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

// A host name that no client sends is refused: each request would be.
func TestAllowedHostsRefused(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo)})
	for _, host := range []string{"http://mcp.example.com", "*.example.com", "mcp.example.com/mcp", ""} {
		if _, _, err := s.Handler(HTTPOptions{AllowedHosts: []string{host}}); proxyclient.CodeOf(err) != proxyclient.CodeUsage || !strings.Contains(err.Error(), "is not a host name") {
			t.Errorf("%q: %v", host, err)
		}
	}
	_, end, err := s.Handler(HTTPOptions{AllowedHosts: []string{"mcp.example.com", "MCP.example.com:8808", "[::1]:8808", " 10.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	end()
}
