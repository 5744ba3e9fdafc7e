package proxyclient

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// identity writes a client certificate and its key, each alone and both in one file.
func identity(t *testing.T) (cert, key, both string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", certPEM), write("key.pem", keyPEM), write("both.pem", append(certPEM, keyPEM...))
}

// TestClientCertificate: a gateway that wants a certificate gets it; without one, the
// error says so and a write was not sent.
func TestClientCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{}")
	})))
	s.Config.ErrorLog = quiet()
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.StartTLS()
	t.Cleanup(s.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key, both := identity(t)
	with := func(cert, key string) *Client {
		return newClient(t, s.URL, func(cfg *Config) { cfg.CAFile, cfg.ClientCertFile, cfg.ClientKeyFile = ca, cert, key })
	}
	for _, c := range []*Client{with(cert, key), with(both, "")} {
		if _, err := c.Do(t.Context(), write); err != nil {
			t.Error(err)
		}
	}
	e := wantCode(t, errOf(with("", "").Do(t.Context(), write)), CodeUnreachable)
	if e.Sent || !strings.Contains(e.Hint, "{client_cert}") {
		t.Errorf("without a certificate: %v, hint %q, sent %v", e, e.Hint, e.Sent)
	}
	otherCert, _, _ := identity(t)
	for name, files := range map[string][2]string{
		"the key of another": {otherCert, key}, "no key": {cert, ""}, "no certificate": {"", key}, "no file": {"absent.pem", key},
	} {
		if _, err := New(Config{BaseURL: s.URL, ClientCertFile: files[0], ClientKeyFile: files[1]}); CodeOf(err) != CodeUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHeaders: extra headers and the key's header go with each request, a request's own
// header wins, and the debug output shows no value.
func TestHeaders(t *testing.T) {
	var got http.Header
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		_, _ = io.WriteString(w, "{}")
	})
	var debug bytes.Buffer
	c := newClient(t, s.URL, func(cfg *Config) {
		cfg.KeyHeader, cfg.Debug = "x-corp-key", &debug
		cfg.Headers = http.Header{"Authorization": {"Basic hunter2secret"}, "X-Tenant": {"hunter2secret"}, "X-Trace": {"1"}}
	})
	r := read
	r.Header = http.Header{"X-Trace": {"2"}}
	if _, err := c.Do(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"X-Corp-Key": "Bearer " + testKey, "Authorization": "Basic hunter2secret", "X-Tenant": "hunter2secret", "X-Trace": "2"} {
		if v := got.Values(name); len(v) != 1 || v[0] != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	if text := debug.String(); strings.Contains(text, "hunter2secret") || strings.Contains(text, testKey) {
		t.Errorf("the debug output has a secret:\n%s", text)
	}
	bare := newClient(t, s.URL, func(cfg *Config) { cfg.KeyHeader = "x-api-key" })
	if _, err := bare.Do(t.Context(), read); err != nil || got.Get("X-Api-Key") != testKey || got.Get("Authorization") != "" {
		t.Errorf("%v: %v", err, got)
	}
	for name, change := range map[string]Config{
		"the key":          {Headers: http.Header{"Authorization": {"x"}}},
		"the connection":   {Headers: http.Header{"Host": {"x"}}},
		"who changed it":   {Headers: http.Header{"Litellm-Changed-By": {"x"}}},
		"two lines":        {Headers: http.Header{"X-A": {"x\r\ny: z"}}},
		"nothing":          {Headers: http.Header{"X-A": {""}}},
		"no name":          {Headers: http.Header{"X A": {"x"}}},
		"the body's type":  {Headers: http.Header{"Content-Type": {"x"}}},
		"key in Host":      {KeyHeader: "Host"},
		"key in no header": {KeyHeader: "X A"},
	} {
		change.BaseURL = s.URL
		if _, err := New(change); CodeOf(err) != CodeUsage || strings.Contains(err.Error(), "y: z") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
