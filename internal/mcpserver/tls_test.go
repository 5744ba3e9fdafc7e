package mcpserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	mathbig "math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"litellm-proxy/proxyclient"
)

// writeCertificate puts a new certificate and its key into files, and returns what a
// client must trust.
func writeCertificate(t *testing.T, certFile, keyFile, name string) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: mathbig.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for file, content := range map[string][]byte{certFile: cert, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

// The server speaks HTTPS, takes a new certificate while it runs, and keeps the old one
// while the new one is broken.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := writeCertificate(t, cert, key, "first")
	var log logBuffer
	s := newServer(t, Options{Client: fake(t, echo), Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.certInterval = time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- s.ServeHTTP(ctx, HTTPOptions{Addr: "127.0.0.1:0", TLSCert: cert, TLSKey: key, Ready: func(url string) { ready <- url }})
	}()
	url := receive(t, ready)
	if !strings.HasPrefix(url, "https://127.0.0.1:") {
		t.Errorf("the address is %s", url)
	}
	// health asks the server over a new connection and returns the certificate's name.
	health := func(pool *x509.CertPool) (string, error) {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
		response, err := client.Get(strings.TrimSuffix(url, pathHTTP) + pathHealth)
		if err != nil {
			return "", err
		}
		response.Body.Close()
		return response.TLS.PeerCertificates[0].Subject.CommonName, nil
	}
	if name, err := health(pool); name != "first" {
		t.Errorf("%q: %v", name, err)
	}
	if err := os.WriteFile(cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the broken certificate is in the log", func() bool { return strings.Contains(log.String(), "the old one stays") })
	if name, err := health(pool); name != "first" {
		t.Errorf("with a broken new one: %q: %v", name, err)
	}
	pool = writeCertificate(t, cert, key, "second")
	waitFor(t, "the new certificate is served", func() bool { name, _ := health(pool); return name == "second" })
	cancel()
	if err := receive(t, ended); err != nil {
		t.Error(err)
	}
	for what, o := range map[string]HTTPOptions{
		"no key": {TLSCert: cert}, "no certificate": {TLSKey: key}, "a missing file": {TLSCert: cert, TLSKey: filepath.Join(dir, "none")}, "no PEM": {TLSCert: cert, TLSKey: cert},
	} {
		o.Addr = "127.0.0.1:0"
		if err := s.ServeHTTP(context.Background(), o); proxyclient.CodeOf(err) != proxyclient.CodeUsage || !strings.Contains(err.Error(), "--tls-key") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
