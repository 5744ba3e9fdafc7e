package proxyclient

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"litellm-proxy/internal/malformed"
	"litellm-proxy/internal/secret"
)

// bareKeyHeaders are the headers in which LiteLLM expects a key without "Bearer".
var bareKeyHeaders = []string{"api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key"}

// authorization is the header that carries the key unless [Config.KeyHeader] names one.
const authorization = "Authorization"

// cleanKeyHeader returns the canonical name of the header that carries the key.
func cleanKeyHeader(name string) (string, error) {
	if name = strings.TrimSpace(name); name == "" {
		return authorization, nil
	}
	forbidden := isOwnHeader(name) && !strings.EqualFold(name, authorization) &&
		!strings.EqualFold(name, "x-litellm-api-key") && !slices.Contains(bareKeyHeaders, strings.ToLower(name))
	if !isToken(name) || forbidden || isBodyHeader(name) {
		return "", &Error{Code: CodeUsage, Message: fmt.Sprintf("%q cannot carry the key", secret.Text(name)), Hint: "see {key_header}"}
	}
	return http.CanonicalHeaderKey(name), nil
}

// keyValue is the key as its header carries it.
func (c *Client) keyValue() string {
	if c.scheme != nil {
		return *c.scheme + c.key
	}
	if slices.Contains(bareKeyHeaders, strings.ToLower(c.keyHeader)) {
		return c.key
	}
	return "Bearer " + c.key
}

// isBodyHeader reports whether a header describes the body or the answer, which each
// request sets itself.
func isBodyHeader(name string) bool {
	return slices.Contains([]string{"accept", "content-type", "content-encoding"}, strings.ToLower(name))
}

// cleanHeaders checks [Config.Headers]. Values may be secrets and are not repeated.
func (c *Client) cleanHeaders(given http.Header) (http.Header, error) {
	out := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		// A proxy in front of the gateway may want these for itself.
		free := strings.EqualFold(name, "cookie") || strings.EqualFold(name, authorization) && c.keyHeader != authorization
		refuse := func(why string) error {
			return &Error{Code: CodeUsage, Message: fmt.Sprintf("the extra header %q %s", secret.Text(name), why), Hint: "see {extra_header}"}
		}
		switch {
		case !isToken(name):
			return nil, refuse("is not a header name")
		case strings.EqualFold(name, authorization) && !free:
			return nil, refuse("carries the gateway's key; use {api_key}, or move the key to another header with {key_header}")
		case strings.EqualFold(name, c.keyHeader):
			return nil, refuse("carries the gateway's key; use {api_key}")
		case isOwnHeader(name) && !free || isBodyHeader(name):
			return nil, refuse("is set by this program")
		}
		for _, value := range given[name] {
			if value = strings.TrimSpace(value); value == "" {
				return nil, refuse("has no value")
			}
			if f := malformed.Value(value); f != nil {
				return nil, refuse(f.Why)
			}
			if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return nil, refuse("has a control character in its value")
			}
			out.Add(name, value)
		}
	}
	return out, nil
}

// clientCertificate reads the certificate that the gateway, or a proxy in front of it,
// asks for. The key may be in the same file.
func clientCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	if keyFile == "" {
		keyFile = certFile
	}
	if certFile == "" {
		return nil, &Error{Code: CodeUsage, Message: "the client key has no certificate", Hint: "set {client_cert} too"}
	}
	read := func(what, file, setting string) ([]byte, error) {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, &Error{Code: CodeUsage, Message: "the client " + what + " cannot be read: " + secret.Text(err.Error()), Hint: "see " + setting}
		}
		return pem, nil
	}
	cert, err := read("certificate", certFile, "{client_cert}")
	if err != nil {
		return nil, err
	}
	key, err := read("key", keyFile, "{client_key}")
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	switch {
	case err == nil:
		return &pair, nil
	case strings.Contains(string(key), "ENCRYPTED"):
		err = errors.New("the key is encrypted; decrypt it to a file that only you can read")
	}
	e := usage("the client certificate %q and its key cannot be used: %s", certFile, strings.TrimPrefix(err.Error(), "tls: "))
	e.Hint = "{client_cert} and {client_key} must be PEM files; the certificate's file may contain the key"
	return nil, e
}
