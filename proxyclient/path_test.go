package proxyclient

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSegments(t *testing.T) {
	for value, want := range map[string]string{
		"a":                   "/x/a/y",
		"a/b":                 "",
		"openai/gpt-4o":       "",
		"/":                   "",
		"a?b#c":               "/x/a%3Fb%23c/y",
		"a b\n":               "/x/a%20b%0A/y",
		"100%":                "/x/100%25/y",
		"%2F":                 "/x/%252F/y",
		"...":                 "/x/.../y",
		"a..b":                "/x/a..b/y",
		"v1.0":                "/x/v1.0/y",
		"{y}":                 "/x/%7By%7D/y",
		"ü":                   "/x/%C3%BC/y",
		"":                    "",
		".":                   "",
		"..":                  "",
		"../../key/list":      "",
		"a/../b":              "",
		"a/./b":               "",
		`..\..\key`:           "",
		"%2e%2e":              "",
		"%2E./key":            "",
		"a%2f..%2fb":          "",
		"%252e%252e":          "",
		"..;x":                "",
		"a\x00":               "",
		"x/..":                "",
		"../":                 "",
		"\u2025":              "/x/%E2%80%A5/y", // "‥", one character
		"http://other.host/x": "",
	} {
		got, err := expand("/x/{id}/y", map[string]string{"id": value})
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", value, got, err)
		}
		if err != nil {
			if e := wantCode(t, err, CodeUsage, "{id}"); e.Param != "id" {
				t.Errorf("param %q", e.Param)
			}
		}
	}
}

// TestPathsWithSlashes holds what {name:path} carries: everything that a segment does, and
// slashes, but no line break. The gateway routes so.
func TestPathsWithSlashes(t *testing.T) {
	for value, want := range map[string]string{
		"a": "/x/a/y", "openai/gpt-4o": "/x/openai%2Fgpt-4o/y", "/": "/x/%2F/y", "http://other.host/x": "/x/http:%2F%2Fother.host%2Fx/y",
		"a b\n": "", "a/../b": "", "..": "", "": "",
	} {
		got, err := expand("/x/{id:path}/y", map[string]string{"id": value})
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", value, got, err)
		}
		if refused := CheckPath("/x/{id:path}/y", "id", value); (refused != nil) != (want == "") {
			t.Errorf("%q: CheckPath says %v", value, refused)
		}
	}
	if err := CheckPath("/x/{id}/y", "id", "prod/gpt"); err == nil || !strings.Contains(err.Error(), "{id}: the gateway's route cannot carry the / in prod/gpt") {
		t.Errorf("a slash: %v", err)
	}
}

func TestLiteralPath(t *testing.T) {
	for in, want := range map[string]string{
		"/models":              "/models?",
		"models":               "/models?",
		"/a?b=c&d=%20":         "/a?b=c&d=%20",
		"/a?b=http://x/../y":   "/a?b=http://x/../y",
		"/credentials/a%2Fb":   "/credentials/a%2Fb?",
		"/a/":                  "/a/?",
		"/a:b":                 "/a:b?",
		"":                     "",
		"?x=1":                 "",
		"http://other/x":       "",
		"HTTPS:x":              "",
		"//other/x":            "",
		"/a//b":                "",
		"/..":                  "",
		"/a/../b":              "",
		"/a/./b":               "",
		"/a/%2e%2e/b":          "",
		"/a/%2E/b":             "",
		"/a/..%2fb":            "",
		"/a/%252e%252e/b":      "",
		`/a\b`:                 "",
		`\\other\x`:            "",
		"/a%5cb":               "",
		"/a#b":                 "",
		"/a?b#c":               "",
		"/a b":                 "",
		"/a\r\nHost: x":        "",
		"/a?b\nc":              "",
		"/ü":                   "",
		"/a%":                  "",
		"/a%zz":                "",
		"/a%00":                "",
		"/a/..;jsessionid=1/b": "",
	} {
		path, query, err := literal(in)
		if err != nil {
			wantCode(t, err, CodeUsage)
			path = ""
		} else {
			path += "?" + query
		}
		if path != want {
			t.Errorf("%q: %q, %v", in, path, err)
		}
	}
}

func TestLiteralPathOnTheWire(t *testing.T) {
	var uri string
	c := gateway(t, func(w http.ResponseWriter, r *http.Request) { uri = r.RequestURI })
	_, err := c.Do(t.Context(), Request{Method: "GET", Path: "/a%2Fb/{c}?x=%41&y", RawPath: true, Query: url.Values{"z": {"1"}}, Read: true})
	if err != nil || uri != prefix+"/a%2Fb/%7Bc%7D?x=%41&y&z=1" {
		t.Errorf("%q %v", uri, err)
	}
}

// FuzzPath: whatever the argument, the request stays in its place under the
// prefix: same number of segments, same neighbours, and one decoding gives the
// value back.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"a", "../../key/list", "%2e%2e", "a/b", `..\x`, "?q", "#f", "a\nb", "//h", "%", "ü"} {
		f.Add(s)
	}
	c, err := New(Config{BaseURL: "http://gateway.test/prefix"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		p, err := c.prepare(Request{Method: "GET", Path: "/x/{id}/y", Params: map[string]string{"id": value}})
		if err == nil {
			uri := p.url.RequestURI()
			segments := strings.Split(uri, "/")
			if len(segments) != 5 || segments[1] != "prefix" || segments[2] != "x" || segments[4] != "y" {
				t.Fatalf("%q: %q", value, uri)
			}
			if back, err := url.PathUnescape(segments[3]); err != nil || back != value {
				t.Fatalf("%q: %q", value, uri)
			}
		} else if CodeOf(err) != CodeUsage {
			t.Fatal(err)
		}
		p, err = c.prepare(Request{Method: "GET", Path: value, RawPath: true})
		if err != nil {
			if CodeOf(err) != CodeUsage {
				t.Fatal(err)
			}
			return
		}
		if p.url.Host != "gateway.test" || p.url.Scheme != "http" || p.url.User != nil {
			t.Fatalf("%q leads to %v", value, p.url)
		}
		uri := p.url.RequestURI()
		path, _, _ := strings.Cut(uri, "?")
		if !strings.HasPrefix(path, "/prefix/") || strings.Contains(path, "//") || hasDotSegment(path) || strings.ContainsAny(uri, " \r\n#") {
			t.Fatalf("%q: %q", value, uri)
		}
	})
}
