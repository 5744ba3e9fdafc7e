package proxyclient_test

import (
	"cmp"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/openapi"
	"litellm-proxy/proxyclient"
)

//go:generate go test . -run TestSinceOpenAPI -update

var update = flag.Bool("update", false, "add the new endpoints of the documents in LITELLM_OPENAPI to since.txt")

func TestSince(t *testing.T) {
	for request, want := range map[string]string{
		"GET /access_group/{access_group}/budget":   "1.100.0",
		"get /access_group/a%2Fb/budget?x=/":        "1.100.0",
		"GET /access_group/budget":                  "",
		"GET /v1/model/deprecations":                "1.99.0",
		"POST /v1/model/deprecations":               "",
		"GET /v1/tool/spend":                        "1.94.0",
		"GET /v1/tool/{tool_name}":                  "", // in 1.83.14
		"GET /user/daily/activity/aggregated/users": "1.108.0",
		"GET /key/list":                             "",
		"GET /nope":                                 "",
		"GET /":                                     "",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := proxyclient.Since(method, path); got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}

func TestOlder(t *testing.T) {
	for _, tt := range []struct {
		version, than string
		want          bool
	}{{"1.90.7", "1.110", true}, {"1.110.2", "1.110", false}, {"1.109.3", "1.110", true}, {"2.0.0", "1.110", false}, {"1", "1.110", true}, {"dev", "1.110", false}, {"1.110.2", "1.110.2", false}} {
		if got := proxyclient.Older(tt.version, tt.than); got != tt.want {
			t.Errorf("%s older than %s: %v", tt.version, tt.than, got)
		}
	}
}

// TestSinceOpenAPI holds since.txt against the gateways' OpenAPI documents in
// LITELLM_OPENAPI, a list separated by colons. With -update it adds the management endpoints
// that a release later than all in since.txt has and no older document: give it at least the
// documents of the newest release that was looked at and of a later one.
func TestSinceOpenAPI(t *testing.T) {
	documents, err := openapi.ReadFiles(os.Getenv("LITELLM_OPENAPI"))
	if err != nil {
		t.Fatal(err)
	}
	if len(documents) == 0 {
		t.Skip("set LITELLM_OPENAPI to the openapi.json of gateways")
	}
	slices.SortFunc(documents, func(a, b *openapi.Document) int {
		if proxyclient.Older(a.Version, b.Version) {
			return -1
		}
		return 1
	})
	had, lines, newest := map[string]bool{}, readSince(t), ""
	for _, line := range lines {
		if _, version, _ := strings.Cut(line, "\t"); newest == "" || proxyclient.Older(newest, version) {
			newest = version
		}
	}
	for i, d := range documents {
		for _, e := range d.Endpoints {
			name := e.Method + " " + parameter.ReplaceAllString(e.Path, "{}")
			first := proxyclient.Since(e.Method, e.Path)
			switch {
			case first != "" && proxyclient.Older(d.Version, first):
				t.Errorf("%s came with %s according to since.txt, and %s has it", name, first, d.Version)
			case first == "" && i > 0 && !had[name] && e.Manages() && proxyclient.Older(newest, d.Version):
				lines = append(lines, name+"\t"+d.Version)
				if !*update {
					t.Errorf("%s has %s, which is not in since.txt", d.Version, name)
				}
			}
			had[name] = true
		}
	}
	if *update && !t.Failed() {
		slices.SortFunc(lines, byPath)
		if err := os.WriteFile("since.txt", []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// parameter is a parameter of a path.
var parameter = regexp.MustCompile(`\{[^}]*\}`)

// byPath orders lines of since.txt by path and then by method.
func byPath(a, b string) int {
	a, _, _ = strings.Cut(a, "\t")
	b, _, _ = strings.Cut(b, "\t")
	methodA, pathA, _ := strings.Cut(a, " ")
	methodB, pathB, _ := strings.Cut(b, " ")
	return cmp.Or(strings.Compare(pathA, pathB), strings.Compare(methodA, methodB))
}

// TestSinceFile: the lines are in order, of the form that Since reads, and found by it.
func TestSinceFile(t *testing.T) {
	lines := readSince(t)
	if !slices.IsSortedFunc(lines, byPath) {
		t.Error("since.txt is not sorted by path and method")
	}
	form := regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) /\S+\t\d+\.\d+\.\d+$`)
	for _, line := range lines {
		endpoint, version, _ := strings.Cut(line, "\t")
		method, path, _ := strings.Cut(endpoint, " ")
		if !form.MatchString(line) || proxyclient.Since(method, path) != version {
			t.Errorf("%q: %q", line, proxyclient.Since(method, path))
		}
	}
}

func readSince(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("since.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func BenchmarkSince(b *testing.B) {
	for b.Loop() {
		proxyclient.Since("GET", "/v1/tool/spend")
	}
}
