package mcpserver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"sync"
	"unicode"

	"litellm-proxy/internal/plural"
)

// signer signs what clients hand back: sessions and questions. Its first key signs, and
// each of them verifies, so that keys can be replaced while sessions are open.
type signer struct {
	keys []string
	// shared: other processes have the keys, and this one after a restart.
	shared bool
}

const (
	minStateKey  = 32
	maxStateKeys = 8
)

// newSigner reads the keys from a file, one a line. Without a file, the key is random
// and lives as long as the process.
func newSigner(file string) (*signer, error) {
	if file == "" {
		var key [32]byte
		_, _ = rand.Read(key[:]) // never fails: it ends the program instead
		return &signer{keys: []string{string(key[:])}}, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, usage("the state key file cannot be read: %v", err)
	}
	keys := strings.Split(strings.TrimSpace(string(content)), "\n")
	if len(keys) > maxStateKeys {
		return nil, usage("the state key file %s has %s; at most %d keys are used", file, plural.Count(len(keys), "line"), maxStateKeys)
	}
	for i, line := range keys {
		keys[i] = strings.TrimSpace(line)
		if len(keys[i]) < minStateKey || strings.ContainsFunc(keys[i], func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }) {
			return nil, usage("line %d of the state key file %s must be a key of at least %d printable characters without blanks. Create one with: openssl rand -hex 32", i+1, file, minStateKey)
		}
	}
	return &signer{keys: keys, shared: true}, nil
}

// sum is a keyed hash of the parts, for one purpose.
func sum(key, purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(purpose))
	for _, p := range parts {
		fmt.Fprintf(h, "\x00%d\x00%s", len(p), p)
	}
	return h.Sum(nil)
}

// hash is a keyed hash that means something to whoever has the first key only.
func (s *signer) hash(purpose string, parts ...string) string {
	return hex.EncodeToString(sum(s.keys[0], purpose, parts...))
}

var tokenEncoding = base64.RawURLEncoding

// sign returns a token of the payload. It is good for one purpose, and for whoever names
// the same parts: they are not in the token.
func (s *signer) sign(purpose, payload string, bound ...string) string {
	return tokenEncoding.EncodeToString([]byte(payload)) + "." + tokenEncoding.EncodeToString(seal(s.keys[0], purpose, payload, bound))
}

func seal(key, purpose, payload string, bound []string) []byte {
	return sum(key, "sign", append([]string{purpose, payload}, bound...)...)
}

// verify returns the payload of a token and the key that signed it, or no key.
func (s *signer) verify(purpose, token string, bound ...string) (payload, key string) {
	encoded, signature, _ := strings.Cut(token, ".")
	content, err := tokenEncoding.DecodeString(encoded)
	if err != nil {
		return "", ""
	}
	given, err := tokenEncoding.Strict().DecodeString(signature)
	if err != nil {
		return "", ""
	}
	for _, key := range s.keys {
		if hmac.Equal(given, seal(key, purpose, string(content), bound)) {
			return string(content), key
		}
	}
	return "", ""
}

// maxRecent bounds a recent set: at about 100 bytes each, 6 MiB.
const maxRecent = 1 << 16

// recent keeps values by their names, and forgets the oldest when it is full.
type recent[V any] struct {
	mu    sync.Mutex
	known map[string]V
	order []string // a ring
	next  int
}

// put keeps a value. It returns false when there was one of that name, which it replaces.
func (r *recent[V]) put(name string, value V) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known = map[string]V{}
	}
	_, known := r.known[name]
	r.known[name] = value
	switch {
	case known:
		return false
	case len(r.order) < maxRecent:
		r.order = append(r.order, name)
		return true
	}
	delete(r.known, r.order[r.next])
	r.order[r.next] = name
	r.next = (r.next + 1) % maxRecent
	return true
}

// get returns the value of a name, and whether there is one.
func (r *recent[V]) get(name string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, known := r.known[name]
	return value, known
}
