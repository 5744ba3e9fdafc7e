package certificate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair makes a certificate with this name and its key.
func pair(t *testing.T, name string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// served is the name in the certificate that a client would get.
func served(t *testing.T, f *Files) string {
	t.Helper()
	c, err := f.Config().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf.Subject.CommonName
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	content, secret := pair(t, "first")
	_, other := pair(t, "other")
	for what, files := range map[string][2][]byte{"no certificate": {secret, secret}, "no key": {content, content}, "another's key": {content, other}, "nothing": {nil, nil}} {
		write(t, cert, files[0])
		write(t, key, files[1])
		if _, err := Open(cert, key); err == nil || strings.Contains(err.Error(), "PRIVATE KEY-----") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Open(filepath.Join(dir, "none"), key); err == nil {
		t.Error("a missing file")
	}
	write(t, cert, content)
	write(t, key, secret)
	f, err := Open(cert, key)
	if err != nil || served(t, f) != "first" {
		t.Error(err)
	}
}

// A new certificate is served; a broken one is reported once, and the old one stays.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	content, secret := pair(t, "first")
	write(t, cert, content)
	write(t, key, secret)
	f, err := Open(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	reports, ended := make(chan error, 100), make(chan struct{})
	go func() {
		defer close(ended)
		f.Follow(ctx, time.Millisecond, func(err error) { reports <- err })
	}()
	// until waits for a report, after which nothing more is said.
	until := func(name string, good bool) {
		t.Helper()
		for end := time.After(2 * time.Minute); ; {
			select {
			case err := <-reports:
				if (err == nil) != good {
					continue // between the two writes
				}
				if got := served(t, f); got != name {
					t.Errorf("%q is served, want %q (%v)", got, name, err)
				}
				return
			case <-end:
				t.Fatal("no report")
			}
		}
	}
	write(t, cert, []byte("broken"))
	until("first", false)
	content, secret = pair(t, "second")
	write(t, cert, content)
	write(t, key, secret)
	until("second", true)
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	until("second", false)
	write(t, key, secret)
	until("second", true)
	cancel()
	<-ended
	if n := len(reports); n > 0 {
		t.Errorf("%d more reports", n)
	}
}
