package proxyclient

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
)

// TestExpiredCertificate: an expired certificate is not taken for one of a private authority.
func TestExpiredCertificate(t *testing.T) {
	for reason, words := range map[x509.InvalidReason]string{x509.Expired: "clock", x509.NotAuthorizedToSign: "private certificate authority"} {
		err := fmt.Errorf("get: %w", &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: reason}})
		if hint := netHint(err); !strings.Contains(hint, words) {
			t.Errorf("reason %d: %s", reason, hint)
		}
	}
}
