package proxyclient

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"litellm-proxy/internal/secret"
)

// A path template names its parameters. The gateway decodes a path before it routes it, so
// {name} cannot carry a slash; {name:path} can, but no line break.

// CheckPath returns an error with [CodeUsage] if a route of the gateway cannot carry a value
// in the parameter name.
func CheckPath(template, name, value string) error {
	_, err := escapeSegment(name, value, strings.Contains(template, "{"+name+":path}"))
	return err
}

// InPath reports whether a path template has this parameter.
func InPath(template, name string) bool {
	return strings.Contains(template, "{"+name+"}") || strings.Contains(template, "{"+name+":path}")
}

// expand fills a path template. Each parameter is escaped, slashes in it too.
func expand(template string, params map[string]string) (string, error) {
	if !strings.HasPrefix(template, "/") {
		return "", usage("the path %q does not start with /", template)
	}
	var b strings.Builder
	used := 0
	for rest := template; ; {
		before, after, ok := strings.Cut(rest, "{")
		b.WriteString(before)
		if !ok {
			break
		}
		name, tail, ok := strings.Cut(after, "}")
		if !ok {
			return "", usage("the path %q has a { without a }", template)
		}
		name, slashes := strings.CutSuffix(name, ":path")
		value, ok := params[name]
		if !ok {
			return "", usage("{%s} is needed for %s", name, template)
		}
		segment, err := escapeSegment(name, value, slashes)
		if err != nil {
			return "", err
		}
		b.WriteString(segment)
		used++
		rest = tail
	}
	if used < len(params) {
		for _, name := range slices.Sorted(maps.Keys(params)) {
			if !InPath(template, name) {
				return "", usage("the path %s has no place for %q", template, name)
			}
		}
	}
	return encodePath(b.String()), nil
}

// escapeSegment refuses what the route cannot carry, and what would leave its place once
// somebody on the way decodes it: reverse proxies turn %2F into / and then resolve "..".
func escapeSegment(name, value string, slashes bool) (string, error) {
	bad := func(why string) error {
		e := usage("{%s}: %s", name, why)
		e.Param = name
		return e
	}
	if value == "" {
		return "", bad("must not be empty")
	}
	if strings.ContainsRune(value, 0) {
		return "", bad("contains a NUL character")
	}
	if hasDotSegment(value) {
		return "", bad(`must not be or contain the path segments "." and ".."`)
	}
	if !slashes && strings.Contains(value, "/") {
		return "", bad("the gateway's route cannot carry the / in " + secret.Text(value))
	}
	if slashes && strings.Contains(value, "\n") {
		return "", bad("the gateway's route cannot carry a line break")
	}
	return url.PathEscape(value), nil
}

// hasDotSegment looks through up to three layers of percent-encoding.
func hasDotSegment(s string) bool {
	for range 4 {
		for seg := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '/' || r == '\\' }) {
			// "..;x": some servers cut path parameters before they resolve dots.
			seg, _, _ = strings.Cut(seg, ";")
			if seg == "." || seg == ".." {
				return true
			}
		}
		next := unescapeLoosely(s)
		if next == s {
			return false
		}
		s = next
	}
	return false
}

// unescapeLoosely decodes what is validly percent-encoded and leaves the rest.
func unescapeLoosely(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// unsafePath says why an escaped path is refused, or "".
func unsafePath(p string) string {
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c <= ' ' || c >= 0x7f:
			return "contains a blank, a control character or one outside ASCII: write it percent-encoded"
		case c == '\\':
			return "contains a backslash"
		case c == '%' && (i+2 >= len(p) || unhex(p[i+1]) < 0 || unhex(p[i+2]) < 0):
			return "contains a % that is not followed by two hexadecimal digits"
		}
	}
	if strings.Contains(p, "//") {
		return "contains //"
	}
	decoded := p
	for range 4 {
		if strings.ContainsAny(decoded, "\\\x00") {
			return "contains an encoded backslash or NUL character"
		}
		next := unescapeLoosely(decoded)
		if next == decoded {
			break
		}
		decoded = next
	}
	if hasDotSegment(p) {
		return `contains the path segment "." or ".."`
	}
	return ""
}

// encodePath writes as net/url does what it would otherwise encode by itself:
// one such byte, and it encodes the whole path anew, turning %2F into a slash.
func encodePath(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		c := p[i]
		if isAlnum(c) || strings.IndexByte("-_.~!$&'()*+,;=:@[]%/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		const digits = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// literal checks a path that a user typed: path and query as they go out.
func literal(s string) (path, query string, err error) {
	bad := func(why string) (string, string, error) {
		e := usage("the path %q %s", s, why)
		e.Param = "path"
		return "", "", e
	}
	path, query, hasQuery := strings.Cut(s, "?")
	if strings.Contains(s, "#") {
		return bad("contains a fragment (#)")
	}
	if strings.HasPrefix(path, "//") {
		return bad("starts with //")
	}
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ":") {
		return bad("is an absolute URI; give a path on the configured gateway")
	}
	if path == "" && hasQuery {
		return bad("has only a query; begin it with /")
	}
	if path == "" {
		return bad("is empty")
	}
	if path[0] != '/' {
		path = "/" + path
	}
	if why := unsafePath(path); why != "" {
		return bad(why)
	}
	if hasQuery {
		for i := 0; i < len(query); i++ {
			if query[i] <= ' ' || query[i] >= 0x7f {
				return bad("contains a blank, a control character or one outside ASCII in its query: write it percent-encoded")
			}
		}
	}
	return encodePath(path), query, nil
}
