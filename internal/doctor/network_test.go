package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/proxyclient"
)

// authority signs the certificates of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // PEM
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{key: newKey(t)}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Acme Root"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.file = filepath.Join(t.TempDir(), "ca.pem")
	write(t, a.file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o644)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue makes a certificate for 127.0.0.1 that change alters.
func (a authority) issue(t *testing.T, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "gw"}, IPAddresses: []net.IP{{127, 0, 0, 1}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour)}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// pemFile writes a certificate and its key to one file.
func pemFile(t *testing.T, c tls.Certificate) string {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "client.pem")
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	write(t, path, text, 0o600)
	return path
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// ready answers as a gateway does.
func ready(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/health/readiness":
		fmt.Fprint(w, `{"status": "healthy", "db": "connected"}`)
	case "/health/readiness/details":
		fmt.Fprint(w, `{"litellm_version": "1.110.2"}`)
	default:
		fmt.Fprint(w, `"I'm alive!"`)
	}
}

const testKey = "sk-0123456789abcdefghijklmn"

// examine runs all checks on a subject, with an environment that has nothing but a home.
func examine(t *testing.T, s Subject, change func(*exam)) Report {
	t.Helper()
	if s.Getenv == nil {
		home := t.TempDir()
		s.Getenv = func(name string) string { return map[string]string{"HOME": home}[name] }
	}
	if s.Settings.APIKey == "" {
		s.Settings.APIKey = testKey
	}
	s.Version, s.BuiltFor, s.Oldest = "1.0.0", "1.110.2", "1.106.2"
	s.Client, s.Trouble = proxyclient.New(proxyclient.Config{BaseURL: s.Settings.BaseURL, APIKey: s.Settings.APIKey, CAFile: s.Settings.CAFile,
		ClientCertFile: s.Settings.ClientCert, ClientKeyFile: s.Settings.ClientKey, Retries: -1})
	if s.Account == nil {
		s.Account = func(context.Context) (json.RawMessage, error) {
			return json.RawMessage(`{"key": {"status": "accepted", "role": "proxy_admin"}}`), nil
		}
	}
	e := &exam{Subject: s, now: time.Now, proxy: func(*http.Request) (*url.URL, error) { return nil, nil }, system: "linux"}
	if change != nil {
		change(e)
	}
	r, err := e.report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := json.Marshal(r); strings.Contains(string(text), testKey) {
		t.Errorf("the key is in the report: %s", text)
	}
	return r
}

// expect compares the first finding of a check: its verdict, and words of it.
func expect(t *testing.T, r Report, name string, status Status, words ...string) {
	t.Helper()
	for _, f := range r.Checks {
		if f.Check != name {
			continue
		}
		for _, w := range words {
			if f.Status != status || !strings.Contains(f.Found+" -> "+f.Fix, w) {
				t.Errorf("%s is %s: %s -> %s; want %s with %q", name, f.Status, f.Found, f.Fix, status, w)
			}
		}
		if f.Status != status {
			t.Errorf("%s is %s: %s; want %s", name, f.Status, f.Found, status)
		}
		if (f.Status == Failed || f.Status == Warning) && f.Fix == "" {
			t.Errorf("%s says nothing to do: %s", name, f.Found)
		}
		return
	}
	t.Errorf("%s was not checked: %+v", name, r.Checks)
}

func TestPlain(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(ready))
	defer gateway.Close()
	r := examine(t, Subject{Settings: config.Settings{BaseURL: gateway.URL, BaseURLSource: "--base-url"}}, nil)
	if r.Status != OK || r.Code() != "" {
		t.Errorf("%+v", r)
	}
	expect(t, r, "url", OK, "from --base-url")
	expect(t, r, "tls", OK, "stays on this machine")
	expect(t, r, "version", OK, "1.110.2")
	expect(t, r, "access", OK, "role: proxy_admin")
}

func TestTLS(t *testing.T) {
	ours, other, now := newAuthority(t), newAuthority(t), time.Now()
	in := func(d time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotAfter = now.Add(d) }
	}
	client := ours.issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	tests := []struct {
		name     string
		change   func(*x509.Certificate)
		settings config.Settings
		mutual   bool
		status   Status
		words    []string
	}{
		{"trusted", nil, config.Settings{CAFile: ours.file}, false, OK, []string{"TLS 1.3", `"gw" is valid until`, "trusted because of " + ours.file}},
		{"expired", in(-time.Minute), config.Settings{CAFile: ours.file}, false, Failed, []string{"expired on", "renew", "it says " + now.UTC().Format(time.DateOnly)}},
		{"expires soon", in(50 * time.Hour), config.Settings{CAFile: ours.file}, false, Warning, []string{"expires in 2 days", "renew"}},
		{"not yet", func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }, config.Settings{CAFile: ours.file}, false, Failed, []string{"not valid before", "clock"}},
		{"other name", func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"gw.example"} }, config.Settings{CAFile: ours.file}, false, Failed, []string{"is for gw.example, not for 127.0.0.1"}},
		{"private authority", nil, config.Settings{}, false, Failed, []string{`from "Acme Root", which this system does not trust`, "{ca_file}"}},
		{"another authority", nil, config.Settings{CAFile: other.file}, false, Failed, []string{"neither this system nor " + other.file}},
		{"no client certificate", nil, config.Settings{CAFile: ours.file}, true, Failed, []string{"requires a client certificate", "{client_cert}"}},
		{"client certificate", nil, config.Settings{CAFile: ours.file, ClientCert: pemFile(t, client)}, true, OK, []string{"client certificate is accepted"}},
		{"wrong client certificate", nil, config.Settings{CAFile: ours.file, ClientCert: pemFile(t, other.issue(t, nil))}, true, Failed, []string{"rejected the client certificate"}},
		{"useless client certificate", nil, config.Settings{CAFile: ours.file, ClientCert: pemFile(t, client)}, false, OK, []string{"asks for no client certificate"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			gateway := httptest.NewUnstartedServer(http.HandlerFunc(ready))
			gateway.Config.ErrorLog = quiet
			gateway.TLS = &tls.Config{Certificates: []tls.Certificate{ours.issue(t, tt.change)}}
			if tt.mutual {
				gateway.TLS.ClientAuth, gateway.TLS.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
				gateway.TLS.ClientCAs.AddCert(ours.cert)
			}
			gateway.StartTLS()
			defer gateway.Close()
			tt.settings.BaseURL = gateway.URL
			r := examine(t, Subject{Settings: tt.settings}, func(e *exam) { e.now = func() time.Time { return now } })
			expect(t, r, "tls", tt.status, tt.words...)
			if tt.status != Failed {
				expect(t, r, "gateway", OK)
				return
			}
			expect(t, r, "gateway", Skipped, "because of tls")
			if r.Code() != proxyclient.CodeUnreachable {
				t.Errorf("code %q", r.Code())
			}
		})
	}
}

// TestSelfSigned: a certificate that is its own authority.
func TestSelfSigned(t *testing.T) {
	gateway := httptest.NewUnstartedServer(http.HandlerFunc(ready))
	gateway.Config.ErrorLog = quiet
	gateway.StartTLS() // with the certificate of the package
	defer gateway.Close()
	expect(t, examine(t, Subject{Settings: config.Settings{BaseURL: gateway.URL}}, nil), "tls", Failed, "self-signed", "{ca_file}")
}

// TestUnencrypted: the other end does not speak TLS, or speaks it where the URL does not.
func TestUnencrypted(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(ready))
	defer plain.Close()
	r := examine(t, Subject{Settings: config.Settings{BaseURL: strings.Replace(plain.URL, "http:", "https:", 1)}}, nil)
	expect(t, r, "tls", Failed, "must start with http://")
	encrypted := httptest.NewUnstartedServer(http.HandlerFunc(ready))
	encrypted.Config.ErrorLog = quiet
	encrypted.StartTLS()
	defer encrypted.Close()
	r = examine(t, Subject{Settings: config.Settings{BaseURL: strings.Replace(encrypted.URL, "https:", "http:", 1)}}, nil)
	expect(t, r, "gateway", Failed, "https://")
}

func TestClock(t *testing.T) {
	for name, tt := range map[string]struct {
		off    time.Duration
		status Status
		words  string
	}{
		"right":  {0, OK, "agree"},
		"behind": {time.Hour, Warning, "is 1h0m behind the gateway's"},
		"ahead":  {-10 * time.Minute, Warning, "ahead of the gateway's"},
	} {
		gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(tt.off).UTC().Format(http.TimeFormat))
			ready(w, r)
		}))
		r := examine(t, Subject{Settings: config.Settings{BaseURL: gateway.URL}}, nil)
		gateway.Close()
		t.Run(name, func(t *testing.T) { expect(t, r, "clock", tt.status, tt.words) })
	}
}

func TestUnreachable(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	r := examine(t, Subject{Settings: config.Settings{BaseURL: closed.URL}}, nil)
	expect(t, r, "tcp", Failed, "nothing listens at 127.0.0.1:", "start the gateway")
	expect(t, r, "version", Skipped, "because of tcp")
	r = examine(t, Subject{Settings: config.Settings{BaseURL: "http://gw.invalid"}}, nil)
	expect(t, r, "dns", Failed, "gw.invalid", "{base_url}")

	// A host that takes connections and says nothing.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for scheme, check := range map[string]string{"http://": "gateway", "https://": "tls"} {
		r = examine(t, Subject{Settings: config.Settings{BaseURL: scheme + silent.Addr().String()}, Limit: time.Second}, nil)
		expect(t, r, check, Failed, "did not answer within ", "{timeout}")
		if r.Code() != proxyclient.CodeUnreachable {
			t.Errorf("%s: code %q, %+v", scheme, r.Code(), r.Checks)
		}
	}
}

func TestProxies(t *testing.T) {
	gateway := httptest.NewServer(http.HandlerFunc(ready))
	defer gateway.Close()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer refusing.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	through := func(address, variable string) func(*exam) {
		return func(e *exam) {
			via, _ := url.Parse(address)
			e.proxy = http.ProxyURL(via)
			e.Getenv = func(name string) string { return map[string]string{variable: address}[name] }
		}
	}
	settings := config.Settings{BaseURL: gateway.URL}
	r := examine(t, Subject{Settings: settings}, through(closed.URL, "HTTP_PROXY"))
	expect(t, r, "proxy", OK, "go through 127.0.0.1:", "from HTTP_PROXY")
	expect(t, r, "tcp", Failed, "start the proxy", "NO_PROXY")
	r = examine(t, Subject{Settings: settings}, through("http://user:hunter2secret@"+strings.TrimPrefix(closed.URL, "http://"), "http_proxy"))
	expect(t, r, "proxy", OK, "from http_proxy")
	if text, _ := json.Marshal(r); strings.Contains(string(text), "hunter2secret") {
		t.Errorf("the proxy's password is in the report: %s", text)
	}
	r = examine(t, Subject{Settings: config.Settings{BaseURL: "https://gw.invalid"}}, func(e *exam) {
		e.Getenv = func(name string) string { return map[string]string{"HTTPS_PROXY": "http://proxy"}[name] }
	})
	expect(t, r, "proxy", OK, "NO_PROXY exempts gw.invalid from HTTPS_PROXY")
	r = examine(t, Subject{Settings: config.Settings{BaseURL: "http://gw.invalid"}}, func(e *exam) {
		e.Getenv = func(name string) string { return map[string]string{"ALL_PROXY": "http://proxy"}[name] }
	})
	expect(t, r, "proxy", Warning, "does not use ALL_PROXY", "HTTP_PROXY")
	r = examine(t, Subject{Settings: settings}, func(e *exam) {
		e.proxy = func(*http.Request) (*url.URL, error) { return nil, fmt.Errorf("no address") }
		e.Getenv = func(name string) string { return map[string]string{"HTTP_PROXY": "::"}[name] }
	})
	expect(t, r, "proxy", Failed, "HTTP_PROXY is not a valid proxy address")
}
