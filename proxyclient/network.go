package proxyclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
)

// netText says in a few words why a connection failed.
func (c *Client) netText(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "no such host: " + dns.Name
		}
		return c.scrub("looking up " + dns.Name + " failed: " + dns.Err)
	}
	switch {
	case IsRefused(err):
		return "connection refused"
	case isReset(err):
		return "the connection was reset"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the connection was closed"
	}
	text := oneLine(err.Error())
	if strings.Contains(text, "malformed HTTP") {
		// The rest of it quotes the answer's bytes.
		text = "the answer is not HTTP"
	}
	return c.excerpt(text, 300)
}

// Windows has numbers of its own for these errors; no other system uses them.
const (
	wsaAborted = syscall.Errno(10053)
	wsaReset   = syscall.Errno(10054)
	wsaRefused = syscall.Errno(10061)
)

// IsRefused reports whether nothing listens at the address of a connection.
func IsRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaRefused)
}

// isReset reports whether the other side broke the connection.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, wsaReset) || errors.Is(err, wsaAborted)
}

func netHint(err error) string {
	if isUnidentified(err) {
		return "the gateway, or a proxy in front of it, requires a client certificate; check {client_cert} and {client_key}"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "if the gateway's certificate is from a private authority, set its PEM file with {ca_file}"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate does not match the host name in {base_url}"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "the gateway's certificate must be renewed, unless the clock of this machine is wrong"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "for a private certificate authority, set {ca_file}"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || strings.Contains(err.Error(), "HTTP response to HTTPS client") {
		return "the gateway speaks plain HTTP: {base_url} must start with http://"
	}
	if strings.Contains(err.Error(), "malformed HTTP") {
		return "if the gateway speaks TLS, {base_url} must start with https://"
	}
	return "check {base_url} and that the gateway is running"
}

// isUnidentified reports whether the other side ended the TLS handshake over the client's
// certificate: it wants one, or rejects the one it got. The request was not read.
func isUnidentified(err error) bool {
	_, alert, ok := strings.Cut(err.Error(), "remote error: tls: ")
	return ok && slices.ContainsFunc([]string{"certificate required", "bad certificate", "unknown certificate", "unsupported certificate", "revoked certificate", "expired certificate"},
		func(text string) bool { return strings.HasPrefix(alert, text) })
}

// isPermanent: asking again gives the same answer.
func isPermanent(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return true
	}
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		return true
	}
	text := err.Error()
	return isUnidentified(err) || strings.Contains(text, "HTTP response to HTTPS") || strings.Contains(text, "malformed HTTP") ||
		strings.Contains(text, "unsupported protocol") || strings.Contains(text, "invalid header")
}
