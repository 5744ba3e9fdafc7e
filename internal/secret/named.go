package secret

import "bytes"

// Headers whose value is masked in a text up to the end of the line.
var headerNames = setOf("authorization proxy_authorization cookie set_cookie x_api_key x_litellm_api_key x_goog_api_key")

// Parameters that are secrets in a URL only.
var queryNames = setOf("key keys code sig signature access_key x_amz_signature x_amz_credential x_goog_signature")

// delimiter masks the value after the : or = at i by the name before it:
// "api_key": "x", 'password': 'x', api_key=x, ?key=x, Authorization: x; or the
// userinfo after a ://. It returns where to go on.
func (s *scanner) delimiter(i int) int {
	if s.in[i] == ':' && at(s.in, i+1) == '/' && at(s.in, i+2) == '/' {
		return s.userinfo(i + 3)
	}
	name, quoted, before := s.nameBefore(i)
	if len(name) == 0 {
		return i + 1
	}
	if quoted {
		return s.quotedNamed(i, classify(name))
	}
	if s.in[i] == ':' {
		if inSet(headerNames, name) {
			return s.header(i)
		}
		return i + 1
	}
	return s.assigned(i, classify(name), (before == '?' || before == '&') && inSet(queryNames, name))
}

func inSet(set map[string]bool, name []byte) bool {
	var space [64]byte
	return len(name) <= 20 && set[string(fold(space[:0], name))]
}

func (s *scanner) userinfo(from int) int {
	end := span(s.in, from, kindHost)
	if user, password, ok := bytes.Cut(s.in[from:end], []byte(":")); ok && !bytes.ContainsAny(s.in[from:end], "@[") && !all(password, isDigit) && len(user) < maxPassword {
		// No port: the password may go on after a slash, if an @ follows soon.
		rest := s.in[end:span(s.in[:min(len(s.in), end+maxPassword)], end, kindHost|kindPath)]
		if n := bytes.IndexByte(rest, '@'); n >= 0 {
			end = span(s.in, end+n, kindHost)
		}
		s.work += len(rest)
	}
	s.work += end - from
	n := bytes.LastIndexByte(s.in[from:end], '@')
	switch {
	case n <= 0:
		return from
	case string(s.in[from:from+n]) == masked:
		return from + n
	}
	return s.mask(from, from+n, masked)
}

// maxPassword: how much of a password may follow its first slash.
const maxPassword = 64

const (
	maxBlanks = 64 // between a name and its : or =
	nameEnd   = 80 // of a longer name, only the end is looked at
)

// nameBefore finds the name that ends before i, and the byte before it. What was
// masked is read as it will be written, so that redacting twice changes nothing.
func (s *scanner) nameBefore(i int) (name []byte, quoted bool, before byte) {
	j := i
	for j > 0 && s.in[j-1] == ' ' && i-j < maxBlanks {
		j--
	}
	if j > 0 && (s.in[j-1] == '"' || s.in[j-1] == '\'') {
		quoted = true
		for j--; j > 0 && s.in[j-1] == '\\' && i-j < 2*maxBlanks; {
			j--
		}
	} else if s.in[i] == '=' {
		j = i // name = value is prose
	}
	k := j
	for k > 0 && kinds[s.in[k-1]]&kindName != 0 && j-k < nameEnd {
		k--
	}
	s.work += i - k
	if k > 0 {
		before = s.in[k-1]
	}
	if k < s.done || k == s.done && k > 0 {
		with := []byte(s.with)
		from := len(with)
		for from > 0 && kinds[with[from-1]]&kindName != 0 {
			from--
		}
		return append(with[from:], s.in[min(s.done, j):j]...), quoted, before
	}
	return s.in[k:j], quoted, before
}

// quotedNamed masks the value after a name in quotes: a string, or an object or
// list that holds nothing but secrets.
func (s *scanner) quotedNamed(i int, c class) int {
	if c&(secretName|wholeName|deepName|belowName|keyName|urlName) == 0 {
		return i + 1
	}
	v := skipSpace(s.in, i+1)
	s.work += v - i
	switch at(s.in, v) {
	case '{':
		if c&(wholeName|deepName|belowName) != 0 {
			return s.object(v)
		}
		return i + 1
	case '[':
		if c&(secretName|wholeName|deepName) != 0 {
			return s.object(v)
		}
		return i + 1
	}
	q, level, ok := s.opening(v)
	switch {
	case !ok && (c&secretName != 0 || c&(deepName|objectName) == deepName):
		return s.number(v)
	case !ok:
		return i + 1
	case c&secretName != 0 || c&(deepName|objectName) == deepName:
		return s.quoted(q, level, c)
	case c&(keyName|urlName) != 0:
		return s.quotedDoubtful(q, level, c)
	}
	return i + 1
}

// number masks the number at v, if there is one.
func (s *scanner) number(v int) int {
	if c := at(s.in, v); c != '-' && !isDigit(c) {
		return v
	}
	return s.mask(v, span(s.in, v, kindValue), masked)
}

// quoted masks the string whose quote stands at q.
func (s *scanner) quoted(q, level int, c class) int {
	end, next := s.closing(q, level, len(s.in))
	return max(next, s.value(q+1, end, c, false))
}

// quotedDoubtful masks a string if it looks like a secret. What it decides to
// leave it has looked at only as far as no other string begins.
func (s *scanner) quotedDoubtful(q, level int, c class) int {
	start := q + 1
	if c&urlName != 0 {
		if end, _ := s.closing(q, level, min(len(s.in), start+maxScheme)); isURL(s.in[start:end]) {
			return s.quoted(q, level, secretName)
		}
	}
	if c&keyName == 0 {
		return start
	}
	if bytes.HasPrefix(s.in[start:], []byte("sk-")) {
		end, next := s.closing(q, level, len(s.in))
		if v := s.in[start:end]; looksSecret(v) {
			return max(next, s.mask(start, end, Mask(string(v))))
		}
		return next
	}
	end := start
	for end < len(s.in) && isSecretByte(s.in[end]) {
		end++
	}
	s.work += end - start
	if next := at(s.in, end); (next == 0 || next == '\\' || next == s.in[q]) && looksSecret(s.in[start:end]) {
		return s.mask(start, end, Mask(string(s.in[start:end])))
	}
	return start
}

// maxScheme: a URL has its :// in its first characters.
const maxScheme = 32

func isURL(v []byte) bool {
	return bytes.Contains(v[:min(len(v), maxScheme)], []byte("://"))
}

// value masks in[from:to], which a name called a secret, unless it may be shown.
func (s *scanner) value(from, to int, c class, inQuery bool) int {
	v := s.in[from:to]
	token := bytes.TrimPrefix(v, bearer)
	switch {
	case isShown(token) || c&hashName != 0 && isHash(v):
		return to
	case inQuery, len(token) >= len("sk-")+minSecret && bytes.HasPrefix(v, []byte("sk-")) && all(v, isKeyByte):
		return s.mask(from, to, Mask(string(v)))
	case len(token) < len(v) && len(token) >= 6 && all(token, isTokenByte):
		return s.mask(from, to, string(bearer)+Mask(string(token)))
	}
	return s.mask(from, to, masked)
}

func isTokenByte(c byte) bool { return kinds[c]&kindToken != 0 }

// assigned masks the value after name=.
func (s *scanner) assigned(i int, c class, inQuery bool) int {
	if c&secretName == 0 && !inQuery {
		return i + 1
	}
	if q, level, ok := s.opening(i + 1); ok {
		return s.quoted(q, level, c)
	}
	if next := at(s.in, i+1); next == '[' || next == '{' {
		return s.hide(i+1, span(s.in, s.objectEnd(i+1), kindValue))
	}
	end := span(s.in, i+1, kindValue)
	if end == i+1 {
		return end
	}
	if isScheme(s.in[i+1:end]) && at(s.in, end) == ' ' && !inQuery {
		end = span(s.in, end+1, kindValue)
	}
	return s.value(i+1, end, c, inQuery)
}

// isScheme reports whether v is the word that stands before the secret in a header.
func isScheme(v []byte) bool {
	return bytes.EqualFold(v, []byte("bearer")) || bytes.EqualFold(v, []byte("basic")) || bytes.EqualFold(v, []byte("token"))
}

// header masks the rest of the line after the colon at i.
func (s *scanner) header(i int) int {
	v := i + 1
	for v < len(s.in) && s.in[v] == ' ' {
		v++
	}
	end := len(s.in)
	if n := bytes.IndexAny(s.in[v:], "\r\n"); n >= 0 {
		end = v + n
	}
	s.work += end - i
	if end == v {
		return v
	}
	return s.value(v, end, secretName, false)
}

// opening finds the quote at i; the level is the number of backslashes before
// it: one within a JSON string, three within two.
func (s *scanner) opening(i int) (q, level int, ok bool) {
	q = i
	for at(s.in, q) == '\\' {
		q++
	}
	s.work += q - i
	c := at(s.in, q)
	return q, q - i, c == '"' || c == '\''
}

// closing finds the end of the text whose quote is at q, and what follows the
// closing quote; both are limit when that is missing or further away.
func (s *scanner) closing(q, level, limit int) (end, next int) {
	for e := q + 1; e < limit; {
		n := bytes.IndexByte(s.in[e:limit], s.in[q])
		if n < 0 {
			break
		}
		e += n
		escapes := 0
		for e-1-escapes > q && s.in[e-1-escapes] == '\\' {
			escapes++
		}
		if escapes%(2*(level+1)) == level {
			s.work += e - q
			return e - level, e + 1
		}
		e++
	}
	s.work += limit - q
	return limit, limit
}

// object masks the object or list at v.
func (s *scanner) object(v int) int { return s.hide(v, s.objectEnd(v)) }

// hide masks an object or list unless it is empty.
func (s *scanner) hide(from, to int) int {
	if len(bytes.Trim(s.in[from:to], "{}[] \n\t\r")) == 0 {
		return to
	}
	return s.mask(from, to, masked)
}

// objectEnd is the end of the object or list at v, or of the text when it is cut
// off. Brackets within strings do not count.
func (s *scanner) objectEnd(v int) int {
	depth := 0
	end := v
	for end < len(s.in) && (depth > 0 || end == v) {
		switch s.in[end] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"', '\'':
			level := 0
			for end-1-level > v && s.in[end-1-level] == '\\' {
				level++
			}
			_, end = s.closing(end, level, len(s.in))
			continue
		}
		end++
	}
	s.work += end - v
	return end
}
