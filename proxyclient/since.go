package proxyclient

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
)

// endpoints lists the endpoints that came after LiteLLM 1.83.14 and the release that first
// had each, as METHOD /path, a tab and the release; {} stands for a parameter. The releases
// up to 1.110.2 were read from their source. TestSinceOpenAPI adds those of later ones.
//
//go:embed since.txt
var endpoints string

// Since returns the LiteLLM version that first had an endpoint of the management API, such
// as "1.109.0", or "" if 1.83.14 had it already or the version is not known. The path is
// concrete or a template, whose parameters may have any names.
func Since(method, path string) string {
	version, _ := since(method, path)
	return version
}

// since is [Since], with the path of the endpoint.
func since(method, path string) (version, endpoint string) {
	path, _, _ = strings.Cut(path, "?")
	asked := strings.Split(strings.Trim(withoutNames(path), "/"), "/")
	best := ""
	for line := range strings.Lines(endpoints) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.EqualFold(verb, method) {
			continue
		}
		route, release, _ := strings.Cut(rest, "\t")
		if how := fits(asked, strings.Split(strings.Trim(route, "/"), "/")); how > best {
			version, endpoint, best = release, route, how
		}
	}
	return version, endpoint
}

// fields lists the fields that endpoints got after LiteLLM 1.83.14, in their bodies and
// queries, as METHOD /path, a tab, the release that first had them, a tab and their names.
// A gateway ignores a field that it does not know.
//
//go:embed since_fields.txt
var fields string

// FieldSince returns the LiteLLM version that first had a field in the body or query of an
// endpoint, or "" if it came with the endpoint, 1.83.14 had it already, or the version is not
// known. The path is a template.
func FieldSince(method, path, field string) string {
	endpoint := method + " " + withoutNames(path) + "\t"
	for line := range strings.Lines(fields) {
		rest, ok := strings.CutPrefix(line, endpoint)
		release, names, _ := strings.Cut(rest, "\t")
		if ok && slices.Contains(strings.Fields(names), field) {
			return release
		}
	}
	return ""
}

// withoutNames is a path template without the names of its parameters.
func withoutNames(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, "{") {
			segments[i] = anySegment
		}
	}
	return strings.Join(segments, "/")
}

// anySegment stands for a parameter.
const anySegment = "{}"

// Fits reports whether a concrete path is one of a route, in which {} stands for any segment.
func Fits(route, path string) bool {
	return fits(strings.Split(path, "/"), strings.Split(route, "/")) != ""
}

// fits compares a path with a route by segments. The result is "" if the route does not
// match it, and otherwise greater the earlier the route has a literal.
func fits(asked, route []string) string {
	if len(asked) != len(route) {
		return ""
	}
	how := make([]byte, len(asked))
	for i, segment := range route {
		switch segment {
		case asked[i]:
			how[i] = '2'
		case anySegment:
			how[i] = '1'
		default:
			return ""
		}
	}
	return string(how)
}

// Older reports whether a version comes before another. It compares number by number:
// 1.90.7 is older than 1.110. A version that is no number, such as "dev", is not older.
func Older(version, than string) bool {
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range b {
		if i >= len(a) {
			return true
		}
		x, errX := strconv.Atoi(a[i])
		y, errY := strconv.Atoi(b[i])
		if errX != nil || errY != nil || x != y {
			return errX == nil && errY == nil && x < y
		}
	}
	return false
}
