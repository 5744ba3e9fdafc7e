package proxyclient

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// RedactJSON masks the secrets of a JSON document and keeps every other byte as
// it is: order, blanks, the digits of numbers. The value of a secret field
// ([IsSecretField]) becomes "****", a key in any other string "sk-...abcd"; all
// strings of credential_values are secrets except places such as api_base and
// regions. Masked values, os.environ/ references and hashes of keys stay.
//
// Each keep is a dotted path whose value is left alone, with * for any item or
// member: "key", "keys.*.key". What is no JSON goes through [RedactText].
func RedactJSON(b []byte, keep ...string) []byte {
	if !json.Valid(b) {
		if t := RedactText(string(b)); t != string(b) {
			return []byte(t)
		}
		return b
	}
	r := &jsonRedactor{in: b}
	for _, k := range keep {
		r.keep = append(r.keep, strings.Split(k, "."))
	}
	r.value(scope{})
	if r.copied == 0 {
		return b
	}
	r.out.Write(b[r.copied:])
	return r.out.Bytes()
}

// jsonRedactor walks a valid document once; out gets what is left of the secrets.
type jsonRedactor struct {
	in     []byte
	pos    int
	copied int // in[:copied] is in out, masked
	out    bytes.Buffer
	keep   [][]string
	path   []string
}

// scope is what a value's surroundings say about it.
type scope struct {
	name     string // of the nearest member
	secret   bool   // every string here is one
	provider bool   // a provider's parameters: a hash there names no key of ours
}

func (r *jsonRedactor) blanks() {
	for r.pos < len(r.in) {
		switch r.in[r.pos] {
		case ' ', '\t', '\r', '\n':
			r.pos++
		default:
			return
		}
	}
}

// token skips a string and returns it with its quotes.
func (r *jsonRedactor) token() []byte {
	start := r.pos
	for r.pos++; r.pos < len(r.in); r.pos++ {
		switch r.in[r.pos] {
		case '\\':
			r.pos++
		case '"':
			r.pos++
			return r.in[start:r.pos]
		}
	}
	return r.in[start:]
}

func (r *jsonRedactor) replace(start, end int, with string) {
	r.out.Write(r.in[r.copied:start])
	r.out.Write(quoteJSON(with))
	r.copied = end
}

func (r *jsonRedactor) kept() bool {
	return slices.ContainsFunc(r.keep, func(k []string) bool {
		if len(k) != len(r.path) {
			return false
		}
		for i := range k {
			if k[i] != "*" && k[i] != r.path[i] {
				return false
			}
		}
		return true
	})
}

func (r *jsonRedactor) value(s scope) {
	r.blanks()
	if r.pos >= len(r.in) {
		return
	}
	if len(r.keep) > 0 && len(r.path) > 0 && r.kept() {
		r.skip()
		return
	}
	switch r.in[r.pos] {
	case '{':
		if isWholeSecret(s.name) {
			start := r.pos
			r.skip()
			if len(bytes.TrimSpace(r.in[start+1:r.pos-1])) > 0 {
				r.replace(start, r.pos, masked)
			}
			return
		}
		r.object(s)
	case '[':
		r.array(s)
	case '"':
		r.text(s)
	default:
		r.skip()
	}
}

func (r *jsonRedactor) object(s scope) {
	r.pos++
	for {
		r.blanks()
		if r.in[r.pos] == '}' {
			r.pos++
			return
		}
		if r.in[r.pos] == ',' {
			r.pos++
			continue
		}
		start := r.pos
		name := unquoteJSON(r.token())
		if t := redactKeys(name); t != name {
			r.replace(start, r.pos, t)
		}
		r.blanks()
		r.pos++ // the colon
		inner := scope{name: name, secret: s.secret, provider: s.provider}
		switch normalName(name) {
		case "credential_values":
			inner.secret, inner.provider = true, true
		case "litellm_params":
			inner.provider = true
		}
		r.path = append(r.path, name)
		r.value(inner)
		r.path = r.path[:len(r.path)-1]
	}
}

func (r *jsonRedactor) array(s scope) {
	r.pos++
	r.path = append(r.path, "*")
	for {
		r.blanks()
		switch r.in[r.pos] {
		case ']':
			r.pos++
			r.path = r.path[:len(r.path)-1]
			return
		case ',':
			r.pos++
		default:
			r.value(s)
		}
	}
}

func (r *jsonRedactor) text(s scope) {
	start := r.pos
	raw := r.token()
	if len(raw) == 2 {
		return
	}
	v := unquoteJSON(raw)
	if IsSecretField(s.name) || s.secret && !isPlace(s.name) {
		if !leaveValue(v) && (s.provider || !isHash(v) || !namesKey(s.name)) {
			r.replace(start, r.pos, masked)
		}
		return
	}
	if t := RedactText(v); t != v {
		r.replace(start, r.pos, t)
	}
}

// isPlace: what credential_values holds besides credentials.
func isPlace(name string) bool {
	n := normalName(name)
	switch n {
	case "api_base", "base_url", "api_version", "api_type", "organization", "custom_llm_provider", "model",
		"aws_access_key_id", "aws_profile_name", "aws_role_name", "aws_session_name", "tenant_id", "client_id", "azure_scope":
		return true
	}
	return strings.Contains(n, "region") || strings.HasSuffix(n, "location") || strings.HasSuffix(n, "project") ||
		strings.HasSuffix(n, "_endpoint") || strings.HasSuffix(n, "_api_base") || strings.HasSuffix(n, "project_id")
}

// skip passes over one value.
func (r *jsonRedactor) skip() {
	depth := 0
	for r.pos < len(r.in) {
		switch r.in[r.pos] {
		case '"':
			r.token()
			if depth == 0 {
				return
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return // the end of the object around a bare number
			}
			if depth--; depth == 0 {
				r.pos++
				return
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return
			}
		}
		r.pos++
	}
}

func unquoteJSON(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 && len(raw) >= 2 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// quoteJSON is s as JSON without the HTML escapes of json.Marshal.
func quoteJSON(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return []byte(`""`)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
