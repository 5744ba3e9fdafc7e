package operation

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// scan finds what every write is sensitive to in its arguments, at any depth: where a
// secret would be sent, what of the gateway's environment or files would be read, roles
// and permissions. The words of a conversation are left alone, and so are the targets
// of what is destroyed.
//
// What decides is shown as it came, although it may be masked elsewhere.
func scan(op *Operation, args Args) []string {
	var s scanner
	for _, f := range op.Fields() {
		value := args[f.Name]
		switch {
		case value == nil || f.Kind == KindMessages || f.Name == clearField:
		case f.Name == ExtraField:
			s.value(nil, value)
		case f.Kind == KindObject || f.Kind == KindPairs || f.Kind == KindHeaders:
			s.value([]string{f.Name}, value)
		case op.Effect == Destructive || f.Arg > 0 || f.Ref != "":
			// It names what the call is about. A model may be named by an address.
			s.references(f.Name, Words(value))
			if text := Word(value); op.Effect != Destructive && scheme().MatchString(text) {
				s.add(f.Name, "names the address %s", quoted(text))
			}
			s.document([]string{f.Name}, Word(value))
		default:
			s.value([]string{f.Name}, value)
		}
	}
	slices.Sort(s.found)
	return slices.Compact(s.found)
}

// maxDepth is how deep arguments are looked through. What is nested deeper is a danger
// by itself.
const maxDepth = 50

type scanner struct {
	found []string
	depth int
}

func (s *scanner) add(path, format string, args ...any) {
	s.found = append(s.found, fmt.Sprintf(format, args...)+" ("+visible(path)+")")
}

// value looks at one value; path are the names of the members that lead to it.
func (s *scanner) value(path []string, value json.RawMessage) {
	name, where := "", strings.Join(path, ".")
	if len(path) > 0 {
		name = strings.ToLower(strings.ReplaceAll(path[len(path)-1], "-", "_"))
	}
	if s.depth++; s.depth > maxDepth {
		s.add(where, "has members that are nested too deep to be looked through")
		s.depth--
		return
	}
	defer func() { s.depth-- }()
	s.power(path, name, value)
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) == nil && object != nil {
		for member, v := range object {
			s.references(where, member)
			if isHeaders(name) {
				s.add(where, "sends the header %s with each request", unmasked(member))
			}
			s.value(append(slices.Clone(path), member), v)
		}
		return
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && list != nil {
		for _, v := range list {
			s.value(path, v)
		}
		return
	}
	var text string
	if json.Unmarshal(value, &text) != nil || text == "" {
		return
	}
	s.references(where, text)
	s.destination(path, name, text)
	s.document(path, text)
}

// document looks into a text that is a JSON document: the gateway reads some so.
func (s *scanner) document(path []string, text string) {
	if text = strings.TrimSpace(text); text != "" && (text[0] == '{' || text[0] == '[') && json.Valid([]byte(text)) {
		s.value(path, json.RawMessage(text))
	}
}

func isHeaders(name string) bool { return name == "headers" || strings.HasSuffix(name, "_headers") }

// free tells whether a member stands in what is only kept: names like role and
// permissions mean nothing to the gateway there.
func free(path []string) bool {
	return len(path) > 1 && slices.Contains([]string{"metadata", "model_info", "credential_info", "config"}, path[0])
}

// power finds what gives a user, a key or a caller more than models: by the names that
// the gateway reads.
func (s *scanner) power(path []string, name string, value json.RawMessage) {
	if free(path) || NoNull(value) == nil {
		return
	}
	where := strings.Join(path, ".")
	switch {
	case name == "user_role" || name == "role" || name == "global_role":
		if role := Word(value); role != "" && !slices.Contains(ordinaryRoles, strings.ToLower(role)) {
			s.add(where, "gives the role %s", unmasked(role))
		}
	case name == "key_type" && Word(value) == "management":
		s.add(where, "makes a key that manages the gateway")
	case name == "allowed_routes":
		var routes []string
		_ = json.Unmarshal(value, &routes)
		if more := slices.DeleteFunc(routes, modelRoute); len(more) > 0 {
			s.add(where, "gives access to routes that manage the gateway: %s", NameList(Encode(more)))
		}
	case name == "allowed_passthrough_routes" && !isNothing(value):
		s.add(where, "gives access to routes that pass the gateway's credentials on: %s", NameList(value))
	case (name == "permissions" || strings.HasSuffix(name, "_permissions") || name == "object_permission") && !isNothing(value):
		s.add(where, "gives permissions: %s", permissions(value))
	case name == "configurable_clientside_auth_params" && !isNothing(value):
		s.add(where, "lets callers choose where the stored key is sent")
	case name == "ssl_verify" && strings.EqualFold(Word(value), "false"):
		s.add(where, "turns off the check of TLS certificates")
	case name == "temp_budget_increase" && !isNothing(value):
		s.add(where, "raises the budget for a time by %s US dollars", visible(Word(value)))
	}
}

// permissions names what a list or an object allows.
func permissions(value json.RawMessage) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) != nil {
		return NameList(value)
	}
	var names []string
	for name := range object {
		names = append(names, unmasked(name))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// isNothing tells whether a value gives nothing: empty, false or 0.
func isNothing(value json.RawMessage) bool {
	return slices.Contains([]string{"", "[]", "{}", `""`, "false", "0"}, strings.Join(strings.Fields(string(value)), ""))
}

// ordinaryRoles may do nothing to others.
var ordinaryRoles = []string{"internal_user", "internal_user_viewer", "user", "customer", "team"}

// modelRoute tells whether a route, or a name for several, calls models and no more.
func modelRoute(route string) bool {
	if slices.Contains([]string{"llm_api_routes", "openai_routes", "anthropic_routes", "google_routes"}, route) {
		return true
	}
	path := strings.TrimPrefix(strings.TrimPrefix(route, "/openai"), "/v1")
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return strings.HasPrefix(path, "/") && !strings.ContainsAny(first, "*{.%") && slices.Contains(strings.Fields(
		"chat completions embeddings images audio moderations models responses messages rerank engines"), first)
}

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
				s.add(path, "reads the gateway's file %s", quoted(m[1]))
			} else {
				s.add(path, "reads the gateway's environment variable %s", unmasked(m[1]))
			}
		}
	}
	if !found && strings.Contains(lower, "oidc/") {
		s.add(path, "sends a token of the gateway's own identity: %s", quoted(text))
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
		s.add(where, "sends headers with each request: %s", quoted(text))
	case strings.HasSuffix(name, "credential_name") && (len(path) > 1 || name != "credential_name"):
		s.add(where, "uses the stored credential %s", unmasked(text))
	case strings.Contains(name, "webhook"), strings.Contains(name, "endpoint"), ends("_base", "url", "uri", "host", "_domain", "_proxy", "_server"), name == "proxy":
		s.add(where, "sends requests to %s", host(text))
	case strings.Contains(name, "bucket"):
		s.add(where, "stores data in %s", unmasked(text))
	case ends("callback", "callbacks"), ends("callback_name") && len(path) > 1:
		s.add(where, "logs calls to %s", unmasked(text))
	case ends("aws_profile_name", "aws_role_name"):
		s.add(where, "uses the gateway's own identity as %s", unmasked(text))
	case ends("region", "region_name", "_location") && !plainRegion().MatchString(text):
		s.add(where, "changes the address that requests go to: %s", quoted(text))
	case isFile(path, name, text):
		s.add(where, "reads the gateway's file %s", quoted(text))
	case connects(path) && scheme().MatchString(text):
		s.add(where, "names the address %s", host(text))
	case connects(path) && bends(name, text):
		s.add(where, "may change the address that requests go to: %s", quoted(text))
	}
}

var (
	scheme      = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b(https?|wss?|ftp):|://`) })
	plainRegion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9-]+$`) })
	hostAndPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)[a-z0-9-]\.[a-z]{2,}[:/]`) })
	secretName  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`key|secret|token|password|mock_response`) })
)

// bends tells whether a text that providers put into an address, such as an account,
// leads somewhere else: "evil.example/#". Secrets may have such characters.
func bends(name, text string) bool {
	if secretName().MatchString(name) || strings.ContainsAny(text, " \t\n") {
		return false
	}
	return strings.ContainsAny(text, `#?\`) || name != "model" && hostAndPath().MatchString(text)
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
	if strings.HasPrefix(text, "file:") {
		return true
	}
	for _, part := range []string{"_file", "_path", "path_", "_credentials", "service_account_json"} {
		if strings.Contains(name, part) || name == "file" || name == "path" {
			return true
		}
	}
	if !connects(path) {
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
	return quoted(text)
}
