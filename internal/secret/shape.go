package secret

import "bytes"

const (
	masked    = "****"
	minSecret = 16 // characters after a prefix such as "sk-"
)

// isKeyByte: base64url, which keys are made of.
func isKeyByte(c byte) bool {
	return kinds[c]&kindKey != 0
}

func isAlnum(c byte) bool {
	return kinds[c]&kindAlnum != 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

func isHex(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// all reports whether each byte of s is one of a kind.
func all(s []byte, is func(byte) bool) bool {
	for _, c := range s {
		if !is(c) {
			return false
		}
	}
	return true
}

// isHash recognizes a key's SHA-256, which names it and opens nothing.
func isHash(s []byte) bool {
	return len(s) == 64 && all(s, isHex)
}

func isUUID(s []byte) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range s {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !isHex(c) {
			return false
		}
	}
	return true
}

// isMasked recognizes what gateways and [Mask] leave of a secret: "sk-...abcd",
// "sk****et", "****". At most 8 and 4 characters around "...", 4 and 4 around
// stars; a value that only contains stars somewhere is no masked one.
func isMasked(s []byte) bool {
	if i := bytes.Index(s[:min(len(s), 11)], dots); i >= 0 {
		return len(s)-i-len(dots) <= 4
	}
	from := bytes.IndexByte(s[:min(len(s), 5)], '*')
	if from < 0 {
		return false
	}
	to := from
	for to < len(s) && s[to] == '*' {
		to++
	}
	return to-from >= len(masked) && len(s)-to <= 4
}

var (
	dots    = []byte("...")
	environ = []byte("os.environ/")
	bearer  = []byte("Bearer ")
)

// isShown reports whether the value of a secret field may be shown: it is empty, "unset" (as
// the gateway says where a setting comes from), masked, or names an environment variable of the gateway.
func isShown(v []byte) bool {
	if len(v) == 0 || string(v) == "None" || string(v) == "unset" || string(v) == masterKey || bytes.HasPrefix(v, internalKey) && all(v, isKeyByte) || isMasked(v) {
		return true
	}
	name, ok := bytes.CutPrefix(v, environ)
	return ok && len(name) <= 256 && all(name, isKeyByte)
}

// isRandom reports whether a run of letters and digits is no part of a name.
// Parts of names are words of up to 20 letters in one case or capitalized, with
// a vowel if they have five letters or more, and up to four digits after them
// (team, Alpha, PROD, gpt4); two short words in small letters with one or two digits
// between them (gpt4o, bert4rec); numbers of up to 8 digits; numbers with a short unit
// (70b, 405B, 1st); and whatever has at most three characters of one case, or four small
// ones.
func isRandom(s []byte) bool {
	if len(s) <= 3 {
		return mixesCase(s)
	}
	letters := 0
	for letters < len(s) && !isDigit(s[letters]) {
		letters++
	}
	word, rest := s[:letters], s[letters:]
	if letters == 0 {
		digits := 0
		for digits < len(s) && isDigit(s[digits]) {
			digits++
		}
		unit := s[digits:]
		return digits > 8 || len(unit) > 0 && (digits > 4 || len(unit) > 2 || !all(unit, isLower) && !all(unit, isUpper))
	}
	if !all(rest, isDigit) {
		return (len(s) > 4 || !all(word, isLower)) && !isCompound(word, rest)
	}
	if len(rest) > 4 || letters > 20 {
		return true
	}
	if !all(word[1:], isLower) && !all(word, isUpper) {
		return true
	}
	return !isSpoken(word)
}

// isSpoken reports whether a run of letters is short, or has a vowel.
func isSpoken(word []byte) bool {
	return len(word) < 5 || bytes.ContainsAny(word, "aeiouyAEIOUY")
}

// isCompound recognizes a word with digits and a second word after it.
func isCompound(word, rest []byte) bool {
	second := bytes.TrimLeft(rest, "0123456789")
	if len(rest)-len(second) > 2 || len(word) > 10 || len(second) > 10 {
		return false
	}
	return all(word, isLower) && all(second, isLower) && isSpoken(word) && isSpoken(second)
}

// mixesCase reports whether a capital follows a small letter.
func mixesCase(s []byte) bool {
	small := false
	for _, c := range s {
		if small && isUpper(c) {
			return true
		}
		small = small || isLower(c)
	}
	return false
}

// looksSecret judges the value of a member that is called key or *_key and may
// as well hold an identifier. A secret begins with sk-, or has 20 characters or
// more without a blank or colon, of which random runs make up half.
func looksSecret(v []byte) bool {
	if isShown(v) || isHash(v) || isUUID(v) {
		return false
	}
	if bytes.HasPrefix(v, []byte("sk-")) {
		return true
	}
	if len(v) < 20 {
		return false
	}
	random, start := 0, 0
	for i := 0; i <= len(v); i++ {
		if i < len(v) && isAlnum(v[i]) {
			continue
		}
		if isRandom(v[start:i]) {
			random += i - start
		}
		start = i + 1
		if i < len(v) && !isSecretByte(v[i]) {
			return false
		}
	}
	return random >= 12 && 2*random >= len(v)
}

// isSecretByte: base64 in both alphabets, and dots.
func isSecretByte(c byte) bool {
	return isKeyByte(c) || c == '+' || c == '/' || c == '=' || c == '.'
}

// Kinds of bytes, for the scanner.
const (
	kindAlnum = 1 << iota
	kindKey
	kindName  // within a field's name
	kindPath  // within the path of a URL
	kindValue // within an unquoted value after =
	kindToken // within a bearer token
	kindHost  // within the authority of a URL
)

var kinds = func() (k [256]uint8) {
	for i := range k {
		c := byte(i)
		if isDigit(c) || isUpper(c) || isLower(c) {
			k[c] = kindAlnum | kindKey | kindName | kindToken
		}
		if c > ' ' && bytes.IndexByte([]byte("&,;)}]\"'<>\\`"), c) < 0 {
			k[c] |= kindValue
		}
		if c > ' ' && bytes.IndexByte([]byte("/?#\"'<>\\`"), c) < 0 {
			k[c] |= kindHost
		}
		if c > ' ' && bytes.IndexByte([]byte("*,;)]}\"'<>\\`"), c) < 0 {
			k[c] |= kindPath
		}
	}
	for _, c := range []byte("-_") {
		k[c] |= kindKey | kindName | kindToken
	}
	for _, c := range []byte(".~+/=*") {
		k[c] |= kindToken
	}
	k['.'] |= kindName
	return k
}()

// span is the end of the run of bytes of a kind that begins at i.
func span(b []byte, i int, kind uint8) int {
	for i < len(b) && kinds[b[i]]&kind != 0 {
		i++
	}
	return i
}
