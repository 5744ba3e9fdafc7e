package proxyclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"litellm-proxy/internal/secret"
)

// connections are the connections to the gateway. After an internal error the gateway closes
// the connection without saying so (uvicorn, when its application raises): a write that
// meets that would have an unknown outcome, so later requests open others.
type connections struct {
	kept atomic.Pointer[http.Transport]
}

// RoundTrip implements [http.RoundTripper].
func (c *connections) RoundTrip(r *http.Request) (*http.Response, error) {
	kept := c.kept.Load()
	response, err := kept.RoundTrip(r)
	if err == nil && response.StatusCode == http.StatusInternalServerError && c.kept.CompareAndSwap(kept, kept.Clone()) {
		kept.CloseIdleConnections()
	}
	return response, err
}

// newTransport returns the connections to the gateway.
func newTransport(base *url.URL, cfg Config) (*connections, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: conn}, nil
		},
		OnProxyConnectResponse: tunnel,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    32,
		// uvicorn closes an idle connection after 5 s; a write that meets the closing
		// would have an unknown outcome.
		IdleConnTimeout:        4 * time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}
	var err error
	if base.Scheme == "https" {
		t.TLSClientConfig, err = cfg.TLS()
	}
	c := &connections{}
	c.kept.Store(t)
	return c, err
}

// TLS returns the settings of an encrypted connection to the gateway: the authorities that
// are trusted and the client's certificate. Its errors have [CodeUsage].
func (cfg Config) TLS() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.ClientCertFile != "" || cfg.ClientKeyFile != "" {
		cert, err := clientCertificate(cfg.ClientCertFile, cfg.ClientKeyFile)
		if err != nil {
			return nil, err
		}
		out.Certificates = []tls.Certificate{*cert}
	}
	if cfg.CAFile == "" {
		return out, nil
	}
	pool, err := trusted(cfg.CAFile)
	out.RootCAs = pool
	return out, err
}

// trusted returns the system's certificate authorities and those of a file.
func trusted(caFile string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, &Error{Code: CodeUsage, Message: "the CA file cannot be read: " + secret.Text(err.Error()), Hint: "see {ca_file}"}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &Error{Code: CodeUsage, Message: fmt.Sprintf("the CA file %q holds no PEM certificate", caFile), Hint: "see {ca_file}"}
	}
	return pool, nil
}

// countedConn knows how much was written to it: that is how a write that never
// left is told from one that may have arrived.
type countedConn struct {
	net.Conn
	written atomic.Int64
}

// Write counts before it writes, so that what is in flight is never overlooked.
func (c *countedConn) Write(b []byte) (int, error) {
	c.written.Add(int64(len(b)))
	return c.Conn.Write(b)
}
