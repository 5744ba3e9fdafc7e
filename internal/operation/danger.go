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

// scan finds what is dangerous in the arguments of any write, at any depth: where a
// secret would be sent, what the gateway would read from its environment or files, and
// roles. It ignores the messages of a conversation.
func scan(op *Operation, args Args) []string {
	var found []string
	for _, f := range op.Fields() {
		value := args[f.Name]
		if value == nil || f.Kind == KindMessages || f.Arg > 0 && f.Kind == KindString {
			continue
		}
		path := f.Name
		if path == ExtraField {
			path = ""
		}
		found = append(found, scanValue(path, f.Name, value)...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func scanValue(path, name string, value json.RawMessage) (found []string) {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) == nil && object != nil {
		for member, v := range object {
			inner := strings.TrimPrefix(path+"."+member, ".")
			if isHeaders(name) {
				found = append(found, "sends the header "+Shown(member)+" with each request ("+path+")")
			}
			found = append(found, scanValue(inner, member, v)...)
		}
		return found
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && list != nil {
		for _, v := range list {
			found = append(found, scanValue(path, name, v)...)
		}
		return found
	}
	var text string
	if json.Unmarshal(value, &text) != nil || text == "" {
		return nil
	}
	found = append(found, references(path, text)...)
	return append(found, destination(path, name, text)...)
}

func isHeaders(name string) bool {
	n := strings.ToLower(name)
	return n == "headers" || strings.HasSuffix(n, "_headers")
}

var referenceForms = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`(?i)os\.environ/+([^\s"'{},;]*)`),
		regexp.MustCompile(`(?i)oidc/env(?:_path)?/([^\s"'{},;]*)`),
	}
})

// references returns the parts of the gateway's environment and files that a value makes
// it read.
func references(path, text string) (found []string) {
	for _, form := range referenceForms() {
		for _, m := range form.FindAllStringSubmatch(text, -1) {
			found = append(found, "reads the gateway's environment variable "+m[1]+" ("+path+")")
		}
	}
	lower := strings.ToLower(strings.TrimSpace(text))
	switch {
	case strings.Contains(lower, "oidc/file/"):
		found = append(found, "reads the gateway's file "+text[strings.Index(lower, "oidc/file/")+len("oidc/file"):]+" ("+path+")")
	case strings.Contains(lower, "oidc/") && len(found) == 0:
		found = append(found, "sends a token of the gateway's own identity: "+Shown(text)+" ("+path+")")
	case isFile(path, lower):
		found = append(found, "reads the gateway's file "+Shown(text)+" ("+path+")")
	}
	return found
}

// isFile reports whether a value names a file on the gateway's machine. Routes begin
// with a slash too, but in other fields.
func isFile(path, text string) bool {
	name := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])
	if strings.HasPrefix(text, "file:") {
		return true
	}
	for _, end := range []string{"_file", "_path", "_credentials"} {
		if strings.HasSuffix(name, end) && !strings.HasPrefix(text, "{") {
			return true
		}
	}
	if strings.Contains(name, "route") || strings.Contains(name, "permission") || strings.Contains(name, "passthrough") {
		return false
	}
	for _, start := range []string{"/", "~/", "./", "../", `\\`} {
		if strings.HasPrefix(text, start) && len(text) > len(start) {
			return true
		}
	}
	return len(text) > 3 && text[1] == ':' && (text[2] == '\\' || text[2] == '/') && text[0] >= 'a' && text[0] <= 'z'
}

// destination returns where a value makes the gateway send something, or the role that
// it gives.
func destination(path, name, text string) []string {
	n := strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	last := path[strings.LastIndexByte(path, '.')+1:]
	if strings.Contains(n, "headers") {
		n = "headers"
	}
	switch {
	case n == "user_role" || n == "role" || n == "global_role":
		if !slices.Contains(ordinaryRoles, strings.ToLower(text)) {
			return []string{"gives the role " + Shown(text) + " (" + path + ")"}
		}
	case strings.HasSuffix(n, "credential_name") && strings.Contains(path, "."):
		return []string{"uses the stored credential " + Shown(text) + " (" + path + ")"}
	case strings.Contains(n, "webhook"), strings.HasSuffix(n, "_base"), strings.Contains(n, "endpoint"), strings.HasSuffix(n, "url"),
		strings.HasSuffix(n, "_uri"), n == "uri", strings.HasSuffix(n, "host"), strings.HasSuffix(n, "_domain"):
		return []string{"sends requests to " + host(text) + " (" + path + ")"}
	case strings.Contains(n, "callback"):
		return []string{"logs calls to " + Shown(text) + " (" + path + ")"}
	case last != "headers" && isAddress(text):
		return []string{"names the address " + host(text) + " (" + path + ")"}
	}
	return nil
}

// ordinaryRoles is the roles without rights over others.
var ordinaryRoles = []string{"internal_user", "internal_user_viewer", "user", "customer", "team"}

func isAddress(text string) bool {
	lower := strings.ToLower(strings.TrimSpace(text))
	return strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
}

// host returns the part of an address that decides who receives what is sent.
func host(text string) string {
	if u, err := url.Parse(strings.TrimSpace(text)); err == nil && u.Host != "" {
		return u.Host
	}
	return fmt.Sprintf("%q", Shown(text))
}
