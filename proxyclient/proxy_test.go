package proxyclient

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// behind returns a client whose requests go through the proxy of an environment
// variable. net/http reads the environment once per process.
func behind(t *testing.T, base, variable, address string) *Client {
	t.Helper()
	t.Setenv(variable, address)
	c := newClient(t, base, nil)
	c.proxy = func(*http.Request) (*url.URL, error) {
		u, err := url.Parse(address)
		if err == nil && u.Host == "" {
			err = fmt.Errorf("invalid proxy address %q", address)
		}
		return u, err
	}
	c.transport.(*connections).kept.Load().Proxy = c.proxy
	return c
}

// refusing is an address where nothing listens.
func refusing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return l.Addr().String()
}

// TestProxyFaults: a proxy that fails is named with the variable it comes from, without
// its password, and a write that it stopped was not sent.
func TestProxyFaults(t *testing.T) {
	answering := func(status int, challenges ...string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Proxy-Authenticate"] = challenges
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html><title>Proxy</title></html>")
		}))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	dead, wants := refusing(t), answering(407, `Basic realm="corp"`)
	ntlm, stuck, closed := answering(407, "Negotiate", "NTLM"), answering(502), answering(403)
	tests := []struct {
		name, base, variable, proxy string
		words                       []string
	}{
		{"refused, https", "https://gw.example", "HTTPS_PROXY", "http://" + dead, []string{"the proxy " + dead + " (from HTTPS_PROXY) refused the connection"}},
		{"refused, http", "http://gw.example", "HTTP_PROXY", "http://" + dead, []string{"the proxy " + dead + " (from HTTP_PROXY) refused the connection"}},
		{"lower case", "https://gw.example", "https_proxy", "http://" + dead, []string{"(from https_proxy) refused"}},
		{"socks", "https://gw.example", "HTTPS_PROXY", "socks5://" + dead, []string{"the proxy socks5://" + dead, "refused"}},
		{"password wanted, https", "https://gw.example", "HTTPS_PROXY", "http://" + wants, []string{"requires a user and password", "add the user and password to the address in HTTPS_PROXY, before the host"}},
		{"password wanted, http", "http://gw.example", "HTTP_PROXY", "http://" + wants, []string{"(from HTTP_PROXY) requires a user and password"}},
		{"password rejected", "https://gw.example", "HTTPS_PROXY", "http://ann:hunter2secret@" + wants, []string{"rejected the user and password"}},
		{"another login", "https://gw.example", "HTTPS_PROXY", "http://" + ntlm, []string{"requires Negotiate or NTLM authentication"}},
		{"no way on", "https://gw.example", "HTTPS_PROXY", "http://" + stuck, []string{"cannot reach gw.example (it answered HTTP 502)"}},
		{"forbidden", "https://gw.example", "HTTPS_PROXY", "http://" + closed, []string{"refused to connect to gw.example", "NO_PROXY"}},
		{"no address", "https://gw.example", "HTTPS_PROXY", "hunter2secret", []string{"HTTPS_PROXY is not a valid proxy address"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []Request{read, write} {
				c := behind(t, tt.base, tt.variable, tt.proxy)
				e := wantCode(t, errOf(c.Do(t.Context(), r)), CodeUnreachable)
				text := e.Error() + "; " + e.Hint
				for _, word := range tt.words {
					if !strings.Contains(text, word) {
						t.Errorf("%s %s: %q lacks %q", r.Method, r.Path, text, word)
					}
				}
				if strings.Contains(text, "hunter2secret") {
					t.Errorf("the password is shown: %s", text)
				}
			}
		})
	}
}

// TestFirewall: a web page with a status by which firewalls reject is not the gateway's
// word about the key; the gateway's own JSON is.
func TestFirewall(t *testing.T) {
	for _, status := range []int{401, 403, 451} {
		page := gateway(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<!doctype html><html><head><title>Access denied</title></head></html>")
		})
		e := wantCode(t, errOf(page.Do(t.Context(), read)), CodeUnreachable, "firewall", "Access denied", fmt.Sprint(status))
		if strings.Contains(e.Error(), "key used") {
			t.Errorf("it speaks of the key: %v", e)
		}
	}
	own := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(403)
		_, _ = io.WriteString(w, `{"error": {"message": "no"}}`)
	})
	wantCode(t, errOf(own.Do(t.Context(), read)), CodeForbidden, "the key used")
}
