// Package certificate serves TLS with a certificate and a key from two files, and follows
// their changes: what renews certificates need not restart the server.
package certificate

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// Files are a certificate and its key, in PEM.
type Files struct {
	cert, key string
	current   atomic.Pointer[tls.Certificate]
	seen      string // what the files held when they were read the last time
}

// Open reads the files. The certificate's may hold the chain behind it.
func Open(cert, key string) (*Files, error) {
	f := &Files{cert: cert, key: key}
	if _, err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// Config is the TLS configuration of a server. Each connection gets the certificate that
// is current when it is made.
func (f *Files) Config() *tls.Config {
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current.Load(), nil }}
}

// Follow reads the files at every interval until ctx ends. It reports each change: nil for
// a new certificate in use, or why it cannot be used and the old one stays.
func (f *Files) Follow(ctx context.Context, interval time.Duration, report func(error)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if changed, err := f.read(); changed {
				report(err)
			}
		}
	}
}

// read takes what the files hold, if that has changed.
func (f *Files) read() (changed bool, err error) {
	pair, seen, err := load(f.cert, f.key)
	changed = seen != f.seen
	f.seen = seen
	if err == nil && changed {
		f.current.Store(pair)
	}
	return changed, err
}

// load reads the two files; seen differs when they do.
func load(certFile, keyFile string) (pair *tls.Certificate, seen string, err error) {
	var content [2][]byte
	for i, name := range []string{certFile, keyFile} {
		if content[i], err = os.ReadFile(name); err != nil {
			return nil, err.Error(), err
		}
	}
	seen = fmt.Sprintf("%x %x", sha256.Sum256(content[0]), sha256.Sum256(content[1]))
	read, err := tls.X509KeyPair(content[0], content[1])
	if err != nil {
		return nil, seen, fmt.Errorf("%s and %s: %w", certFile, keyFile, err)
	}
	return &read, seen, nil
}
