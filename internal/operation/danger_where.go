package operation

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

var referenceForms = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`(?i)os\.environ/+(\S*)`),
		regexp.MustCompile(`(?i)oidc/env(?:_path)?/(\S*)`),
		regexp.MustCompile(`(?is)oidc/file/(.*)`),
	}
})

// references are the parts of the gateway's environment and files that a text makes it
// read.
func (s *scanner) references(path, text string) {
	lower := strings.ToLower(text)
	if !strings.Contains(lower, "os.environ/") && !strings.Contains(lower, "oidc/") {
		return
	}
	found := false
	for i, form := range referenceForms() {
		for _, m := range form.FindAllStringSubmatch(text, -1) {
			found = true
			if i == 2 {
				s.add(path, "reads the gateway's file %s", quoted(masked(m[1])))
			} else {
				s.add(path, "reads the gateway's environment variable %s", told(m[1]))
			}
		}
	}
	if !found && strings.Contains(lower, "oidc/") {
		s.add(path, "sends a token of the gateway's own identity: %s", quoted(masked(text)))
	}
}

// destination says where a text makes the gateway send something, and which file or
// identity of its own it uses for that.
func (s *scanner) destination(path []string, name, text string) {
	where := strings.Join(path, ".")
	ends := func(suffixes ...string) bool {
		return slices.ContainsFunc(suffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
	}
	switch {
	case isHeaders(name):
		s.add(where, "sends headers with each request: %s", quoted(masked(text)))
	case strings.HasSuffix(name, "credential_name") && (len(path) > 1 || name != "credential_name"):
		s.add(where, "uses the stored credential %s", told(text))
	case strings.Contains(name, "webhook"), strings.Contains(name, "endpoint"), ends("_base", "url", "uri", "host", "_domain", "_proxy", "_server"), name == "proxy", name == "target":
		s.add(where, "sends requests to %s", host(text))
	case strings.Contains(name, "bucket"):
		s.add(where, "stores data in %s", told(text))
	case ends("callback", "callbacks"), ends("callback_name") && len(path) > 1:
		s.add(where, "logs calls to %s", told(text))
	case ends("aws_profile_name", "aws_role_name"):
		s.add(where, "uses the gateway's own identity as %s", told(text))
	case ends("region", "region_name", "_location") && !plainRegion().MatchString(text):
		s.add(where, "changes the address that requests go to: %s", quoted(masked(text)))
	case isFile(path, name, text):
		s.add(where, "reads the gateway's file %s", quoted(masked(text)))
	case connects(path) && strings.HasPrefix(strings.TrimSpace(text), "//"):
		s.add(where, "names an address or a file of the gateway: %s", quoted(masked(text)))
	case connects(path) && scheme().MatchString(text):
		s.add(where, "names the address %s", host(text))
	case connects(path) && (bends(name, text) || placeName().MatchString(name) && strings.ContainsAny(text, "/@#?\\ \t\r\n")):
		s.add(where, "may change the address that requests go to: %s", quoted(masked(text)))
	}
}

var (
	scheme      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b(https?|wss?|ftp):|://`) })
	plainRegion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9-]+$`) })
	hostAndPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)[a-z0-9-]\.[a-z]{2,}[:/]`) })
	plainARN    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[^:]*arn:[a-z0-9-]*:[a-z0-9-]*:[a-z0-9-]*:`) })
	hostAfterAt = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)@[a-z0-9-]+\.[a-z]`) })
	placeName   = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(account_id|.*_account_id|vertex_project|tenant_id|resource_name|server|domain|hostname|address)$`)
	})
	secretName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`key|secret|token|password|auth_value|pattern|custom_code|mock_response`)
	})
)

// model finds names of models that providers make an address of: a host in the region of
// an ARN, an address behind the name of a provider.
func (s *scanner) model(where, text string) {
	switch lower := strings.ToLower(text); {
	case scheme().MatchString(text):
		// It is told as an address.
	case strings.Contains(lower, "agentcore"), strings.Contains(lower, "arn:") && !plainARN().MatchString(lower),
		strings.HasPrefix(lower, "baseten/"), strings.Contains(lower, "/baseten/"), strings.ContainsAny(text, `#?\`), hostAndPath().MatchString(text), hostAfterAt().MatchString(text):
		s.add(where, "may change the address that requests go to: %s", quoted(masked(text)))
	}
}

// isModel tells whether a member names models of the gateway or of a provider.
func isModel(name string) bool { return name == "model" || strings.HasSuffix(name, "fallbacks") }

// bends tells whether a text that providers put into an address, such as an account,
// leads somewhere else: "evil.example/#". Secrets, patterns and code may have such characters.
func bends(name, text string) bool {
	if secretName().MatchString(name) || strings.ContainsAny(text, " \t\n") {
		return false
	}
	return !isModel(name) && (strings.ContainsAny(text, `#?\`) || hostAndPath().MatchString(text))
}

// connects tells whether a member stands among those that say how a provider or a
// service is reached.
func connects(path []string) bool {
	return len(path) > 1 && !free(path)
}

// isFile tells whether a text names a file on the gateway's machine: by the name of its
// member, or by its form where connections are described.
func isFile(path []string, name, text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	if strings.HasPrefix(text, "{") || strings.Contains(name, "route") || strings.Contains(name, "permission") {
		return false
	}
	switch {
	case strings.HasPrefix(text, "file:"):
		return true
	case name == "path" && len(path) == 2 && isBody(path[:1]):
		return false // of a route, in a request to the gateway itself
	case name == "file", name == "path":
		return true
	}
	for _, part := range []string{"_file", "_path", "path_", "_credentials", "service_account_json"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	if !connects(path) || strings.HasPrefix(text, "//") {
		return false
	}
	for _, start := range []string{"/", "~/", "./", "../", `\\`} {
		if strings.HasPrefix(text, start) && len(text) > len(start) {
			return true
		}
	}
	return len(text) > 3 && text[1] == ':' && (text[2] == '\\' || text[2] == '/') && text[0] >= 'a' && text[0] <= 'z'
}

var plainHost = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$`) })

// host is the part of an address that decides who gets what is sent. Where programs may
// read an address in different ways, it is the whole address.
func host(text string) string {
	trimmed := strings.TrimSpace(text)
	if u, err := url.Parse(trimmed); err == nil && plainHost().MatchString(u.Host) && !strings.ContainsAny(trimmed, `\`) {
		return u.Host
	}
	if plainHost().MatchString(trimmed) {
		return trimmed
	}
	return quoted(masked(text))
}
