package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"litellm-proxy/proxyclient"
)

// resolve looks up the host of the gateway or of the proxy.
func (e *exam) resolve(ctx context.Context) []Finding {
	host, port, what := e.peer()
	if net.ParseIP(host) != nil {
		e.addrs = []string{net.JoinHostPort(host, port)}
		return good("%s is an IP address", host)
	}
	ips, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		why, fix := "the DNS server did not answer", "check the network of this machine"
		if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
			why, fix = "no such host", "check the spelling; an internal name may need your company's VPN"
		} else if ctx.Err() == nil {
			why = strings.TrimPrefix(err.Error(), "lookup "+host+": ")
		}
		if e.via == nil {
			fix += ". The host is set by {base_url}"
		}
		return fail(proxyclient.CodeUnreachable, fmt.Sprintf("cannot look up %s, the host of %s: %s", host, what, why), fix)
	}
	for _, ip := range ips {
		e.addrs = append(e.addrs, net.JoinHostPort(ip, port))
	}
	return good("%s is %s", host, strings.Join(ips, ", "))
}

// connect opens a connection to each address.
func (e *exam) connect(ctx context.Context) []Finding {
	_, _, what := e.peer()
	errs := make([]error, len(e.addrs))
	start := time.Now()
	var took time.Duration // of the first that answered
	var mu sync.Mutex
	var all sync.WaitGroup
	for i, addr := range e.addrs {
		all.Go(func() {
			var d net.Dialer
			conn, err := d.DialContext(ctx, "tcp", addr)
			if errs[i] = err; err != nil {
				return
			}
			_ = conn.Close()
			mu.Lock()
			defer mu.Unlock()
			if took == 0 {
				took = time.Since(start)
			}
		})
	}
	all.Wait()
	var open, shut []string
	for i, err := range errs {
		if err == nil {
			open = append(open, e.addrs[i])
		} else {
			shut = append(shut, e.addrs[i])
		}
	}
	switch {
	case len(open) > 0 && len(shut) == 0:
		return good("%s accepts connections at %s (%s)", what, strings.Join(open, ", "), short(took))
	case len(open) > 0:
		// Programs try the next address by themselves.
		return good("%s accepts connections at %s, not at %s", what, strings.Join(open, ", "), strings.Join(shut, ", "))
	}
	return e.unconnected(what, shut, errs[0])
}

func (e *exam) unconnected(what string, addrs []string, err error) []Finding {
	at := strings.Join(addrs, ", ")
	setting := "check the host and port in {base_url}"
	if e.via != nil {
		setting = "check the proxy variables, or list the gateway's host in NO_PROXY"
	}
	switch ne, _ := errors.AsType[net.Error](err); {
	case proxyclient.IsRefused(err):
		return fail(proxyclient.CodeUnreachable, "nothing listens at "+at, "start "+what+", or "+setting)
	case ne != nil && ne.Timeout():
		return fail(proxyclient.CodeUnreachable, "no answer from "+at, "a firewall may drop the connection, or the gateway is reached through a VPN; "+setting)
	}
	return fail(proxyclient.CodeUnreachable, fmt.Sprintf("cannot connect to %s: %v", at, errors.Unwrap(err)), setting)
}

func short(d time.Duration) time.Duration {
	if d < time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// probe is what a request without a key, on a connection that trusts any certificate,
// showed of the gateway.
type probe struct {
	chain  []*x509.Certificate // as the gateway sent it
	tls    uint16              // the version
	asked  bool                // for a client certificate
	date   time.Time           // of the answer; zero without one
	sent   time.Time
	got    time.Time
	failed error
}

// look makes the probe. It sends nothing that is secret: whoever is at the other end is
// not known.
func (e *exam) look(ctx context.Context) *probe {
	if e.probed != nil {
		return e.probed
	}
	p := &probe{}
	e.probed = p
	config, err := e.tlsConfig()
	if err != nil {
		p.failed = err
		return p
	}
	certificates := config.Certificates
	config.Certificates = nil
	config.InsecureSkipVerify = true // the chain is judged afterwards, in more words
	config.VerifyConnection = func(s tls.ConnectionState) error {
		p.chain, p.tls = s.PeerCertificates, s.Version
		return nil
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		p.asked = true
		if len(certificates) > 0 {
			return &certificates[0], nil
		}
		return &tls.Certificate{}, nil
	}
	transport := &http.Transport{Proxy: e.proxy, TLSClientConfig: config, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url.String()+"/health/liveliness", nil)
	if err != nil {
		p.failed = err
		return p
	}
	r.Header.Set("User-Agent", "litellm-proxy/"+e.Version)
	p.sent = e.now()
	resp, err := transport.RoundTrip(r)
	p.got = e.now()
	if err != nil {
		p.failed = err
		return p
	}
	_ = resp.Body.Close()
	p.date, _ = http.ParseTime(resp.Header.Get("Date"))
	return p
}

// silent is the failure of a gateway that takes connections and does not answer, or nil.
func (p *probe) silent() []Finding {
	if ne, ok := errors.AsType[net.Error](p.failed); !ok || !ne.Timeout() {
		return nil
	}
	return fail(proxyclient.CodeUnreachable, fmt.Sprintf("the gateway accepts connections but did not answer within %s", p.got.Sub(p.sent).Round(100*time.Millisecond)),
		"check the gateway's log: it may be starting or overloaded; or allow more time with {timeout}")
}

// tlsConfig is that of the client.
func (e *exam) tlsConfig() (*tls.Config, error) {
	s := e.Settings
	config, err := proxyclient.Config{CAFile: s.CAFile, ClientCertFile: s.ClientCert, ClientKeyFile: s.ClientKey}.TLS()
	if err != nil {
		return nil, err
	}
	e.roots = config.RootCAs
	return config, nil
}

// wrongBy is how far two clocks may be apart: sessions and certificates last minutes.
const wrongBy = time.Minute

// clock compares the clock of this machine with the gateway's.
func (e *exam) clock(ctx context.Context) []Finding {
	p := e.look(ctx)
	if p.date.IsZero() {
		return skip("not checked: the gateway sent no time")
	}
	// The gateway's time has whole seconds, and was taken while the request was under way.
	apart := p.date.Sub(p.sent)
	if apart > 0 {
		apart = max(0, p.date.Sub(p.got))
	} else {
		apart = min(0, apart+time.Second)
	}
	if apart.Abs() > wrongBy {
		by, way := strings.TrimSuffix(apart.Abs().Round(time.Minute).String(), "0s"), "behind"
		if apart < 0 {
			way = "ahead of"
		}
		return warn(fmt.Sprintf("the clock of this machine is %s %s the gateway's", by, way), "correct the clock of this machine, or the gateway's: keys, sessions and certificates expire by it")
	}
	return good("this machine and the gateway agree")
}

// speaksTLS reports whether the gateway answers a TLS handshake, where the URL says that it
// does not speak TLS.
func (e *exam) speaksTLS(ctx context.Context) bool {
	if e.url == nil || e.url.Scheme != "http" || e.via != nil || len(e.addrs) == 0 {
		return false
	}
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // nothing is sent
	conn, err := d.DialContext(ctx, "tcp", e.addrs[0])
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
