// Package secret knows what is a secret and masks it, and it is the project's
// one JSON walker and encoder.
//
// A secret is known by its place in a JSON document (everything under headers or
// env, what is called api_key, the value of a pair whose name is one), by its
// shape anywhere in a text (sk- keys and other known prefixes, bearer tokens, PEM
// blocks, passwords in URLs and connection strings), and because it is the
// caller's own key. Identifiers stay: the 64-digit hash of a key, "sk-...abcd",
// UUIDs, AWS access key IDs, public keys, os.environ/ references, and names such
// as sk-learn-experiments-2026.
//
// All of it takes time in proportion to the input, whatever the input, and
// redacting twice is redacting once.
package secret

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
)

// Mask shows a key as LiteLLM does: "sk-...abcd", "sk-..." when it is too short
// to show a part of, "****" when it is no sk- key. The 64-digit hash of a key
// and what is masked already are identifiers and come back as they are.
func Mask(key string) string {
	switch {
	case key == "" || isHash([]byte(key)) || isMasked([]byte(key)):
		return key
	case !strings.HasPrefix(key, "sk-"):
		return masked
	case len(key) < len("sk-")+minSecret:
		return "sk-..."
	}
	last := key[len(key)-4:]
	if !all([]byte(last), isKeyByte) {
		return "sk-..."
	}
	return "sk-..." + last
}

// Hash returns the SHA-256 of a text as 64 hexadecimal digits. Of a key, it is the identifier
// under which the gateway stores it.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Text masks the secrets in a text: known keys, bearer tokens, PEM blocks,
// userinfo and secret parameters of URLs, and the values of secret fields in
// JSON, Python, header and connection string notation.
func Text(s string) string {
	t, _ := Redactor{}.Text(context.Background(), s)
	return t
}

// JSON masks the secrets of a JSON document and keeps every other byte: order,
// blanks, the digits of numbers. Each keep is a dotted path whose value is left
// alone, with * for any item or member: "key", "keys.*.key". Anything that is
// not JSON is redacted as [Text] does. It returns b itself when nothing was masked.
func JSON(b []byte, keep ...string) []byte {
	t, _ := Redactor{Keep: keep}.JSON(context.Background(), b)
	return t
}

// minOwn: a key of a few characters would be found in every other word.
const minOwn = 6

// Redactor masks what [JSON] and [Text] mask, and the caller's own keys wherever
// they stand. The zero value has none. Its methods return an error only when ctx
// ends, and never a document that is redacted in part.
type Redactor struct {
	// Own are credentials to mask anywhere, also URL-encoded and in member names.
	// One of fewer than 6 characters is ignored.
	Own []string
	// Keep are the paths of a JSON document to leave alone, see [JSON]. The caller's own
	// keys are masked there, too.
	Keep []string
}

// Text masks the secrets in s.
func (r Redactor) Text(ctx context.Context, s string) (string, error) {
	j := newJob(ctx, r.Own)
	out := j.redacted([]byte(s))
	switch {
	case j.err != nil:
		return "", j.err
	case out == nil:
		return s, nil
	}
	return string(out), nil
}

// JSON masks the secrets of b, or returns b itself when it has none.
func (r Redactor) JSON(ctx context.Context, b []byte) ([]byte, error) {
	var out bytes.Buffer
	changed, err := r.redact(ctx, &out, b)
	switch {
	case err != nil:
		return nil, err
	case !changed:
		return b, nil
	}
	return out.Bytes(), nil
}

// Copy writes the redacted b to w while it reads it, without a second copy of
// the document. After an error, w has a redacted beginning. What w reports is
// returned as it is.
func (r Redactor) Copy(ctx context.Context, w io.Writer, b []byte) error {
	out := bufio.NewWriterSize(w, 32<<10)
	changed, err := r.redact(ctx, out, b)
	if err != nil {
		return err
	}
	if !changed {
		_, _ = out.Write(b)
	}
	return out.Flush()
}

// Binary masks the caller's own keys in an answer that is no text. Its length
// may change.
func (r Redactor) Binary(b []byte) []byte {
	for _, own := range newJob(context.Background(), r.Own).own {
		if bytes.Contains(b, own) {
			b = bytes.ReplaceAll(b, own, []byte(Mask(string(own))))
		}
	}
	return b
}

// redact writes the redacted b, or nothing at all when nothing changed.
func (r Redactor) redact(ctx context.Context, w io.Writer, b []byte) (changed bool, err error) {
	d := document{job: newJob(ctx, r.Own), in: b, w: w}
	d.redactAll(r.Keep)
	return d.finish()
}
