package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// soon is how early the end of a certificate or a key is reported. Certificates that are
// renewed by themselves are so some 30 days before.
const soon = 14 * 24 * time.Hour

// handshake judges the TLS connection to the gateway.
func (e *exam) handshake(ctx context.Context) []Finding {
	p := e.look(ctx)
	switch {
	case e.url.Scheme != "https" && isLoopback(e.url.Hostname()):
		return good("not used: the connection stays on this machine")
	case e.url.Scheme != "https":
		return warn("not used: the key and the answers are sent unencrypted", "use https in {base_url} if the gateway offers it")
	case len(p.chain) == 0:
		return e.noHandshake(ctx, p)
	}
	leaf := p.chain[0]
	if err := e.verify(p.chain, e.roots); err != nil {
		return e.untrusted(leaf, err)
	}
	if p.failed != nil && p.asked {
		found, fix := "the gateway, or a proxy in front of it, rejected the client certificate", "check {client_cert} and {client_key}"
		if e.Settings.ClientCert == "" {
			found, fix = "the gateway, or a proxy in front of it, requires a client certificate", "set {client_cert} and {client_key}"
		}
		return fail(proxyclient.CodeUnreachable, found, fix)
	}
	var findings []Finding
	if left := leaf.NotAfter.Sub(e.now()); left < soon {
		findings = warn(fmt.Sprintf("the gateway's certificate expires in %s, on %s", days(left), day(leaf.NotAfter)), "renew the gateway's certificate")
	} else {
		findings = good("%s; the certificate of %s is valid until %s%s", tls.VersionName(p.tls), issued(leaf), day(leaf.NotAfter), e.trust(p))
	}
	return findings
}

// trust tells what the certificate is trusted by, where it is not the system, and whether
// a client certificate is in use.
func (e *exam) trust(p *probe) (text string) {
	if e.Settings.CAFile != "" && e.verify(p.chain, nil) != nil {
		text += ", trusted because of " + e.Settings.CAFile
	}
	switch {
	case p.asked && e.Settings.ClientCert != "":
		text += "; the client certificate is accepted"
	case e.Settings.ClientCert != "":
		text += "; the gateway asks for no client certificate"
	}
	return text
}

// verify checks a chain as the client does, with other words for what is wrong.
func (e *exam) verify(chain []*x509.Certificate, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: e.url.Hostname(), CurrentTime: e.now()})
	return err
}

// untrusted words why a certificate is rejected.
func (e *exam) untrusted(leaf *x509.Certificate, err error) []Finding {
	now, host := e.now(), e.url.Hostname()
	at := func(found, fix string) []Finding { return fail(proxyclient.CodeUnreachable, found, fix) }
	_, wrongName := errors.AsType[x509.HostnameError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case now.After(leaf.NotAfter):
		return at(fmt.Sprintf("the gateway's certificate expired on %s", day(leaf.NotAfter)), "renew the gateway's certificate, unless the clock of this machine is wrong: it says "+day(now))
	case now.Before(leaf.NotBefore):
		return at(fmt.Sprintf("the gateway's certificate is not valid before %s", day(leaf.NotBefore)), "check the clock of this machine: it says "+day(now))
	case wrongName:
		return at(fmt.Sprintf("the gateway's certificate is for %s, not for %s", names(leaf), host), "use a host name of the certificate in {base_url}, or a certificate for "+host+" at the gateway")
	case unknown && selfSigned(leaf):
		return at("the gateway's certificate is self-signed", "set {ca_file} to a file with this certificate, after you checked where it comes from")
	case unknown && e.Settings.CAFile != "":
		return at(fmt.Sprintf("the gateway's certificate is from %s, which neither this system nor %s knows", issuer(leaf), e.Settings.CAFile), "set {ca_file} to a file with the certificates of that authority, intermediate ones included")
	case unknown:
		return at(fmt.Sprintf("the gateway's certificate is from %s, which this system does not trust", issuer(leaf)), "if this is your company's authority, set {ca_file} to its PEM file; otherwise the gateway may not send its intermediate certificates")
	}
	return at("the gateway's certificate is not trusted: "+strings.TrimPrefix(err.Error(), "x509: "), "renew the gateway's certificate, or set {ca_file}")
}

// noHandshake words why there was no TLS connection, as the client words it.
func (e *exam) noHandshake(ctx context.Context, p *probe) []Finding {
	if f := p.silent(); f != nil {
		return f
	}
	if e.Client == nil {
		return failed(proxyclient.CodeUnreachable, p.failed, "check {base_url}")
	}
	_, err := e.Client.WithKey("", "").JSON(ctx, proxyclient.Request{Method: http.MethodGet, Path: "/health/liveliness", Read: true})
	if err == nil {
		err = p.failed
	}
	if err == nil {
		return skip("the gateway sent no certificate")
	}
	return failed(proxyclient.CodeUnreachable, err, "check {base_url}")
}

func selfSigned(c *x509.Certificate) bool {
	return slices.Equal(c.RawSubject, c.RawIssuer)
}

// issued names the owner of a certificate.
func issued(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return fmt.Sprintf("%q", c.Subject.CommonName)
	}
	return names(c)
}

func issuer(c *x509.Certificate) string {
	name := c.Issuer.CommonName
	if name == "" {
		name = c.Issuer.String()
	}
	return fmt.Sprintf("%q", name)
}

// names lists the hosts of a certificate.
func names(c *x509.Certificate) string {
	all := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		all = append(all, net.IP.String(ip))
	}
	const most = 5
	if len(all) == 0 {
		return "no host"
	}
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// days is a time that is left, in whole days or hours.
func days(d time.Duration) string {
	n, unit := int(d.Hours()/24), "day"
	if n < 2 {
		n, unit = int(d.Hours()), "hour"
	}
	return plural.Count(n, unit)
}
