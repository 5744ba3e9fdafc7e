package config

import (
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
)

// CanonicalURL returns a gateway's URL in the form in which two that mean the same address
// are equal: scheme and host in lower case, no default port, no trailing slash. A text that
// is not a URL is returned as it is.
func CanonicalURL(text string) string {
	text = strings.TrimSpace(text)
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname())
	port := u.Port()
	if scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		port = ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/")
}

// SameURL reports whether two URLs are one address of a gateway. localhost and 127.0.0.1
// are two.
func SameURL(a, b string) bool { return CanonicalURL(a) == CanonicalURL(b) }

// reachesSame reports whether two URLs may lead to one gateway: unlike [SameURL], it takes
// all names and addresses of this machine for one. It is for protection, not for
// credentials.
func reachesSame(a, b string) bool { return loose(a) == loose(b) }

func loose(text string) string {
	u, err := url.Parse(CanonicalURL(text))
	if err != nil || u.Host == "" {
		return CanonicalURL(text)
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if thisMachine(host) {
		host = "localhost"
	}
	port := strings.TrimLeft(u.Port(), "0")
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(host, port) + strings.TrimRight(u.Path, "/")
}

// thisMachine reports whether a host is this machine, without asking the network.
func thisMachine(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	if ip == nil {
		name, err := os.Hostname()
		return err == nil && strings.EqualFold(host, name)
	}
	if ip.IsLoopback() || ip.IsUnspecified() {
		return true
	}
	own, _ := net.InterfaceAddrs() // without them, only the loopback is known
	return slices.ContainsFunc(own, func(a net.Addr) bool {
		network, ok := a.(*net.IPNet)
		return ok && network.IP.Equal(ip)
	})
}
