package secret

import "bytes"

// shape says how to recognize a secret by its first characters.
type shape struct {
	prefix string
	min    int    // characters after the prefix
	kind   uint8  // of these characters
	rule   rule   // what else they must be
	hides  string // what is shown in place of the value; "": as Mask shows it
}

type rule uint8

const (
	anyTail  rule = iota // as many characters as min will do
	keyTail              // not a name, see [scanner.isSecretTail]
	runTail              // begins with min letters and digits in a row that are not a word
	dotTail              // as keyTail, perhaps after a letter and a dot
	gridTail             // two parts of fixed lengths
	jwtTail              // parts joined by dots
	pemTail              // up to the end of the block
	pathTail             // the rest of a URL
)

// shapes by the first byte. Longer prefixes stand before those they begin with.
// An AWS access key ID (AKIA…) is an identifier and shown.
var shapes = func() (by [256][]shape) {
	add := func(r rule, kind uint8, min int, prefixes ...string) {
		for _, p := range prefixes {
			s := shape{prefix: p, min: min, kind: kind, rule: r}
			if r == pathTail {
				s.hides = p + masked
			}
			by[p[0]] = append(by[p[0]], s)
		}
	}
	add(keyTail, kindKey, minSecret,
		"sk-ant-", "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-or-v1-", "sk-lf-", "sk-",
		"litellm_login_", "llm_srefresh_", "nvapi-", "tgp_v1_", "glpat-", "glptt-", "gldt-", "whsec_", "pypi-")
	add(runTail, kindKey, minSecret, "gsk_", "xai-", "pplx-", "csk-", "fw_",
		"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
		"sk_live_", "sk_test_", "rk_live_", "rk_test_", "lsv2_pt_", "lsv2_sk_", "npm_", "dop_v1_", "shpat_", "jina_")
	add(runTail, kindKey, 30, "hf_", "r8_")
	add(keyTail, kindKey, 10, "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-")
	add(anyTail, kindKey, 20, "AIza")
	add(anyTail, kindKey, 40, "ABSK")
	add(dotTail, kindKey|kindName, minSecret, "ya29.", "hvs.")
	add(gridTail, kindKey|kindName, 40, "SG.")
	add(jwtTail, kindKey|kindName, 8, "eyJ")
	add(pemTail, 0, 0, "BEGIN ")
	add(pathTail, kindKey|kindPath, 1, "hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/",
		"discord.com/api/webhooks/", "discordapp.com/api/webhooks/", "webhook.office.com/webhookb2/", "api.telegram.org/bot",
		"hooks.zapier.com/hooks/catch/", "outlook.office.com/webhook/")
	return by
}()

// token masks the secret that begins at i, if one does, and returns its end.
func (s *scanner) token(i int) (end int, ok bool) {
	if s.in[i]|0x20 == 'b' {
		if end, ok = s.bearer(i); ok {
			return end, true
		}
	}
	for j := range shapes[s.in[i]] {
		sh := &shapes[s.in[i]][j]
		if len(s.in)-i < len(sh.prefix) || string(s.in[i:i+len(sh.prefix)]) != sh.prefix {
			continue
		}
		if end, ok = s.shaped(i, sh); ok {
			return end, true
		}
	}
	return i, false
}

func (s *scanner) shaped(i int, sh *shape) (end int, ok bool) {
	tail := i + len(sh.prefix)
	if sh.rule == pemTail {
		return s.pem(i, tail)
	}
	switch sh.rule {
	case keyTail:
		end = s.runEnd(tail)
		ok = end-tail >= sh.min && s.isSecretTail(tail, end)
	case runTail:
		end = s.runEnd(tail)
		word := span(s.in[:min(end, tail+2*sh.min)], tail, kindAlnum)
		s.work += word - tail
		ok = word-tail >= sh.min && isRandom(s.in[tail:word])
	case dotTail:
		if ok = s.isDotted(tail, sh.min); ok {
			end = span(s.in, tail, sh.kind)
		}
	case gridTail:
		if ok = s.isGrid(tail, sh.min); ok {
			end = span(s.in, tail, sh.kind)
		}
	case jwtTail:
		if ok = s.isJWT(tail, sh.min); ok {
			end = span(s.in, tail, sh.kind)
		}
	default:
		end = span(s.in, tail, sh.kind)
		ok = end-tail >= sh.min
	}
	if !ok {
		return i, false
	}
	with := sh.hides
	if with == "" {
		with = Mask(string(s.in[i:end]))
	}
	return s.mask(i, end, with), true
}

// isDotted looks for a secret after the prefix, as in ya29.a0A…, or after another
// letter and a dot, as in ya29.c.b0A….
func (s *scanner) isDotted(from, min int) bool {
	end := s.runEnd(from)
	if end == from+1 && at(s.in, end) == '.' {
		from = end + 1
		end = span(s.in, from, kindKey) // not the run that runEnd is in
		s.work += end - from
	}
	return end-from >= min && s.isSecretTail(from, end)
}

// isGrid reports whether 22 characters, a dot and at least least characters follow.
func (s *scanner) isGrid(from, least int) bool {
	dot := s.runEnd(from)
	if dot != from+22 || at(s.in, dot) != '.' {
		return false
	}
	second := dot + 1
	return span(s.in[:min(len(s.in), second+least)], second, kindKey) == second+least
}

// isJWT wants a second part, and a third when the second is short. Only the
// first few bytes of the second are looked at.
func (s *scanner) isJWT(from, min int) bool {
	dot := s.runEnd(from)
	if dot-from < min || at(s.in, dot) != '.' {
		return false
	}
	second := dot + 1
	window := s.in[:len(s.in)]
	if second+min+2 < len(window) {
		window = window[:second+min+2]
	}
	end := span(window, second, kindKey)
	return end-second >= min || end > second && at(window, end) == '.' && isKeyByte(at(window, end+1))
}

// isSecretTail tells a secret from a name such as sk-learn-experiments-2026. A
// name has parts separated by one - or _ each, none of them is random
// ([isRandom]), and their letters are all small, all capital, or all capitalized.
// LiteLLM's own keys are sk- and 22 characters of base64url: hardly one in a
// million has the shape of a name.
func (s *scanner) isSecretTail(from, end int) bool {
	part := span(s.in[:end], from, kindAlnum)
	s.work += part - from
	if part == end || isUUID(s.in[from:end]) {
		return true
	}
	if end <= s.calm {
		return false // a prefix further on in the same run
	}
	s.work += end - from
	style := byte(0)
	for start := from; start < end; {
		stop := span(s.in[:end], start, kindAlnum)
		word := s.in[start:stop]
		if len(word) == 0 || isRandom(word) {
			return true
		}
		if is := caseOf(word); is != 0 {
			if style != 0 && style != is {
				return true
			}
			style = is
		}
		start = stop + 1
	}
	s.calm = end
	return false
}

// caseOf is 'a' for small letters, 'A' for two capitals or more, 'C' for a
// capitalized word, 0 for anything that begins with a digit.
func caseOf(word []byte) byte {
	switch {
	case isLower(word[0]):
		return 'a'
	case isUpper(word[0]) && isUpper(at(word, 1)):
		return 'A'
	case isUpper(word[0]):
		return 'C'
	}
	return 0
}

// runEnd is the end of the run of key bytes that i is in.
func (s *scanner) runEnd(i int) int {
	if i >= s.run {
		s.run = span(s.in, i, kindKey)
		s.work += s.run - i
	}
	return max(s.run, i)
}

var (
	pemDashes = []byte("-----")
	pemEnd    = []byte("-----END ")
)

// pem masks a PEM block, cut off or not, unless it holds a certificate or a
// public key.
func (s *scanner) pem(i, label int) (end int, ok bool) {
	from := i - len(pemDashes)
	if from < 0 || !bytes.Equal(s.in[from:i], pemDashes) {
		return i, false
	}
	to := label
	for to < len(s.in) && to-label < 40 && (isUpper(s.in[to]) || s.in[to] == ' ') {
		to++
	}
	for _, public := range [...]string{"CERTIFICATE", "CERTIFICATE REQUEST", "PUBLIC KEY"} {
		if bytes.HasSuffix(s.in[label:to], []byte(public)) {
			return i, false
		}
	}
	end = len(s.in)
	if n := bytes.Index(s.in[label:], pemEnd); n >= 0 {
		end = label + n + len(pemEnd)
		if n := bytes.Index(s.in[end:min(len(s.in), end+60)], pemDashes); n >= 0 {
			end += n + len(pemDashes)
		}
	}
	s.work += end - i
	return s.mask(from, end, masked), true
}

// bearer masks the token after the word Bearer.
func (s *scanner) bearer(i int) (end int, ok bool) {
	const word = len("bearer")
	v := i + word
	if v >= len(s.in) || !bytes.EqualFold(s.in[i:v], []byte("bearer")) {
		return i, false
	}
	switch {
	case s.in[v] == ' ':
		for v < len(s.in) && s.in[v] == ' ' {
			v++
		}
	case bytes.HasPrefix(s.in[v:], []byte("%20")):
		v += 3
	case s.in[v] == '+':
		v++
	default:
		return i, false
	}
	end = span(s.in, v, kindToken)
	s.work += end - v
	value := s.in[v:end]
	switch {
	case len(value) < 6 || isBearerProse(value):
		return v, true
	case isMasked(value):
		return end, true
	}
	return s.mask(v, end, Mask(string(value))), true
}

func isBearerProse(v []byte) bool {
	if len(v) > 16 {
		return false
	}
	switch string(bytes.ToLower(bytes.TrimRight(v, "."))) {
	case "tokens", "authentication", "authorization", "scheme", "format", "prefix", "header", "credentials":
		return true
	}
	return false
}
