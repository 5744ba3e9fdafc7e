package proxyclient

import "strings"

const (
	masked    = "****"
	minSecret = 16 // characters after "sk-"
)

// Mask shows a key as LiteLLM does: "sk-...abcd", "sk-..." when it is too short
// to show a part of, "****" when it is no sk- key. The 64-digit hash of a key
// and what is masked already are identifiers and come back as they are.
func Mask(key string) string {
	switch {
	case key == "" || isHash(key) || isMasked(key):
		return key
	case !strings.HasPrefix(key, "sk-"):
		return masked
	case len(key) < len("sk-")+minSecret:
		return "sk-..."
	}
	last := key[len(key)-4:]
	for i := range len(last) {
		if !isKeyByte(last[i]) {
			return "sk-..."
		}
	}
	return "sk-..." + last
}

func isKeyByte(c byte) bool {
	return isAlnum(c) || c == '-' || c == '_'
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if unhex(s[i]) < 0 {
			return false
		}
	}
	return true
}

// isMasked recognises "sk****et", "sk-...abcd" and "****". "..." alone proves
// nothing in a longer text.
func isMasked(s string) bool {
	if strings.Contains(s, masked) {
		return true
	}
	before, after, ok := strings.Cut(s, "...")
	return ok && len(before) <= 8 && len(after) <= 4
}

// leaveValue reports whether the value of a secret field may be shown.
func leaveValue(v string) bool {
	return v == "" || v == "None" || isMasked(v) || strings.HasPrefix(v, "os.environ/")
}

// IsSecretField reports whether a field or header of this name holds a secret,
// whatever its case and whether its words are joined by - or _. For token it is
// true although the gateway keeps a key's hash there: a value that is a 64-digit
// hash is shown all the same by the Redact functions.
func IsSecretField(name string) bool {
	n := normalName(name)
	switch n {
	case "password", "passwd", "passphrase", "secret", "api_key", "apikey", "token", "jwt",
		"authorization", "cookie", "private_key", "master_key", "salt_key", "license_key",
		"auth_value", "secret_key", "secret_access_key", "aws_credential", "litellm_license",
		"ocp_apim_subscription_key":
		return true
	}
	if isWholeSecret(name) {
		return true
	}
	for _, end := range []string{
		"apikey", "_api_key", "password", "_passphrase", "_secret", "secretkey", "_secret_key",
		"_access_key", "_private_key", "privatekey", "_master_key", "_salt_key", "_license_key",
		"_cookie", "clientsecret", "accesstoken", "_webhook_url", "_connection_string", "_sas_token",
	} {
		if strings.HasSuffix(n, end) {
			return true
		}
	}
	if strings.HasSuffix(n, "_token") {
		// Counts, prices and pages are no credentials.
		for _, word := range []string{
			"cost", "per_", "max", "min", "total", "prompt", "completion", "input", "output",
			"first", "last", "next", "prev", "page", "eos", "bos", "pad", "stop", "audio", "cached", "reasoning",
		} {
			if strings.Contains(n, word) {
				return false
			}
		}
		return true
	}
	return false
}

// namesKey: fields in which a 64-digit hash is the name of a gateway's key.
func namesKey(name string) bool {
	n := normalName(name)
	return n == "token" || n == "key" || n == "keys" || strings.HasSuffix(n, "api_key") || strings.HasSuffix(n, "_token")
}

// isWholeSecret: fields whose object, should they hold one, is masked in one piece.
func isWholeSecret(name string) bool {
	n := normalName(name)
	return strings.HasSuffix(n, "_credentials") || strings.HasSuffix(n, "authorization") ||
		n == "service_account_json" || n == "vertex_credentials_json"
}

func normalName(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' || c == '-' || c == ' ' || c == '.' || c >= 0x80 {
			return strings.Map(func(r rune) rune {
				if r == '-' || r == ' ' || r == '.' {
					return '_'
				}
				return r
			}, strings.ToLower(s))
		}
	}
	return s
}

// RedactText masks what is a secret wherever it stands in a text: sk- keys,
// bearer tokens, userinfo and secret parameters of URLs, and the values of
// secret fields in JSON, Python and header notation. A key's hash and masked
// keys stay.
func RedactText(s string) string {
	if len(s) < 8 {
		return s
	}
	s = redactKeys(s)
	s = redactBearer(s)
	s = redactUserinfo(s)
	return redactNamed(s)
}

func redactKeys(s string) string {
	var b strings.Builder
	start := 0
	for from := 0; ; {
		i := strings.Index(s[from:], "sk-")
		if i < 0 {
			break
		}
		i += from
		end := i + len("sk-")
		for end < len(s) && isKeyByte(s[end]) {
			end++
		}
		from = i + len("sk-")
		if end-from < minSecret || !startsWord(s, i) {
			continue
		}
		b.WriteString(s[start:i])
		b.WriteString(Mask(s[i:end]))
		start, from = end, end
	}
	if start == 0 {
		return s
	}
	b.WriteString(s[start:])
	return b.String()
}

// startsWord keeps "risk-assessment-production" whole. A letter that belongs to
// an escape (\n, \u0022, %20) is no part of a word.
func startsWord(s string, i int) bool {
	switch {
	case i == 0 || !isAlnum(s[i-1]):
		return true
	case i >= 2 && s[i-2] == '\\':
		return true
	case i >= 6 && s[i-6] == '\\' && s[i-5] == 'u':
		return true
	case i >= 3 && s[i-3] == '%' && unhex(s[i-2]) >= 0 && unhex(s[i-1]) >= 0:
		return true
	}
	return false
}

func redactBearer(s string) string {
	const word = "bearer"
	var b strings.Builder
	start := 0
	for i := 0; i+len(word) < len(s); i++ {
		if s[i]|0x20 != 'b' || !strings.EqualFold(s[i:i+len(word)], word) || i > 0 && isAlnum(s[i-1]) {
			continue
		}
		v := i + len(word)
		switch {
		case s[v] == ' ':
			for v < len(s) && s[v] == ' ' {
				v++
			}
		case strings.HasPrefix(s[v:], "%20"):
			v += 3
		case s[v] == '+':
			v++
		default:
			continue
		}
		end := v
		for end < len(s) && (isKeyByte(s[end]) || strings.IndexByte(".~+/=*", s[end]) >= 0) {
			end++
		}
		if value := s[v:end]; len(value) >= 6 && !isMasked(value) && !isBearerProse(value) {
			b.WriteString(s[start:v])
			b.WriteString(Mask(value))
			start = end
		}
		i = end - 1
	}
	if start == 0 {
		return s
	}
	b.WriteString(s[start:])
	return b.String()
}

func isBearerProse(v string) bool {
	switch strings.ToLower(strings.TrimRight(v, ".")) {
	case "tokens", "authentication", "authorization", "scheme", "format", "prefix", "header", "credentials":
		return true
	}
	return false
}

func redactUserinfo(s string) string {
	var b strings.Builder
	start := 0
	for from := 0; ; {
		i := strings.Index(s[from:], "://")
		if i < 0 {
			break
		}
		from += i + len("://")
		end := from
		for end < len(s) && s[end] > ' ' && strings.IndexByte("/?#\"'<>\\`", s[end]) < 0 {
			end++
		}
		at := strings.LastIndexByte(s[from:end], '@')
		if at <= 0 {
			continue
		}
		b.WriteString(s[start:from])
		b.WriteString(masked)
		start = from + at
		from = end
	}
	if start == 0 {
		return s
	}
	b.WriteString(s[start:])
	return b.String()
}

// redactNamed masks values by the name before them: "api_key": "x",
// 'password': 'x', api_key=x, ?key=x, Authorization: x.
func redactNamed(s string) string {
	var b strings.Builder
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '=' && s[i] != ':' {
			continue
		}
		name, quoted, before := nameBefore(s, i)
		if name == "" {
			continue
		}
		inQuery := s[i] == '=' && !quoted && (before == '?' || before == '&')
		if quoted && (isWholeSecret(name) || normalName(name) == "credential_values") {
			if v, end := objectAfter(s, i); v >= start && end > v+2 {
				b.WriteString(s[start:v])
				b.WriteString(masked)
				start, i = end, end-1
				continue
			}
		}
		if !IsSecretField(name) && !(inQuery && isQueryKey(name)) {
			continue
		}
		v, end := valueAfter(s, i, name, quoted)
		if v < i || v < start || end <= v {
			continue
		}
		value := s[v:end]
		if leaveValue(strings.TrimPrefix(value, "Bearer ")) || isHash(value) && namesKey(name) {
			continue
		}
		b.WriteString(s[start:v])
		if inQuery {
			b.WriteString(Mask(value))
		} else {
			b.WriteString(masked)
		}
		start = end
		i = end - 1
	}
	if start == 0 {
		return s
	}
	b.WriteString(s[start:])
	return b.String()
}

func isQueryKey(name string) bool {
	switch strings.ToLower(name) {
	case "key", "keys", "code", "sig", "signature", "access_key":
		return true
	}
	return false
}

// nameBefore finds the name that ends before position i, and the byte before it.
func nameBefore(s string, i int) (name string, quoted bool, before byte) {
	j := i
	for j > 0 && s[j-1] == ' ' {
		j--
	}
	if j > 0 && (s[j-1] == '"' || s[j-1] == '\'') {
		quoted = true
		j--
		if j > 0 && s[j-1] == '\\' {
			j--
		}
	} else if s[i] == '=' {
		j = i // name = value is prose
	}
	k := j
	for k > 0 && (isKeyByte(s[k-1]) || s[k-1] == '.') && j-k < 80 {
		k--
	}
	if k > 0 {
		before = s[k-1]
	}
	return s[k:j], quoted, before
}

// valueAfter finds the value after the = or : at i; -1 when there is none to mask.
func valueAfter(s string, i int, name string, quoted bool) (from, to int) {
	v := i + 1
	for v < len(s) && (s[v] == ' ' || quoted && (s[v] == '\n' || s[v] == '\t' || s[v] == '\r')) {
		v++
	}
	if v >= len(s) {
		return -1, -1
	}
	escaped := s[v] == '\\' && v+1 < len(s) && (s[v+1] == '"' || s[v+1] == '\'')
	q := v
	if escaped {
		q++
	}
	if s[q] == '"' || s[q] == '\'' {
		quote := s[q]
		for e := q + 1; e < len(s); e++ {
			switch {
			case s[e] == quote && !escaped:
				return q + 1, e
			case s[e] == '\\' && escaped && e+1 < len(s) && s[e+1] == quote:
				return q + 1, e
			case s[e] == '\\' && e+1 < len(s):
				e++
			}
		}
		return q + 1, len(s) // cut off: mask what is there
	}
	switch {
	case quoted:
		return -1, -1 // a number, null, an object
	case s[i] == '=':
		if v != i+1 {
			return -1, -1
		}
		e := v
		for e < len(s) && s[e] > ' ' && strings.IndexByte("&,;)}]\"'<>\\`", s[e]) < 0 {
			e++
		}
		return v, e
	case isHeaderName(name):
		e := v
		for e < len(s) && s[e] != '\n' && s[e] != '\r' {
			e++
		}
		return v, e
	}
	return -1, -1
}

// objectAfter finds the object after the colon at i, up to the end of the text
// when it is cut off; -1 when there is none. Strings are skipped, escaped quotes
// (JSON within JSON) included.
func objectAfter(s string, i int) (from, to int) {
	v := i + 1
	for v < len(s) && strings.IndexByte(" \n\t\r", s[v]) >= 0 {
		v++
	}
	if v >= len(s) || s[v] != '{' {
		return -1, -1
	}
	depth := 0
	for e := v; e < len(s); e++ {
		switch c := s[e]; c {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return v, e + 1
			}
		case '"', '\'':
			escaped := s[e-1] == '\\'
			for e++; e < len(s); e++ {
				if s[e] == c && (s[e-1] == '\\') == escaped {
					break
				}
				if s[e] == '\\' && !escaped {
					e++
				}
			}
		}
	}
	return v, len(s)
}

func isHeaderName(name string) bool {
	switch strings.ToLower(name) {
	case "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-litellm-api-key", "x-goog-api-key":
		return true
	}
	return false
}
