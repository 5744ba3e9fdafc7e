package references

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"litellm-proxy/internal/secret"
)

const value = "provider-secret-value"

func source(t *testing.T) *Source {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"keys/openai": value + "\n", "outside": value, "keys/empty": "\n", "keys/large": strings.Repeat("x", maxSecret+1),
		"keys/binary": "\xff\xfe\xff\xfe\xff\xfe", "keys/short": "abc", "keys/vertex.json": `{"private_key":"x"}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "keys", "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		for link, target := range map[string]string{"out": "../outside", "absolute": filepath.Join(dir, "outside"), "in": "openai"} {
			if err := os.Symlink(target, filepath.Join(dir, "keys", link)); err != nil {
				t.Fatal(err)
			}
		}
	}
	env := map[string]string{"OPENAI_API_KEY": value, "UNNAMED": "unnamed-secret"}
	s, err := New([]string{"OPENAI_API_KEY", " EMPTY"}, filepath.Join(dir, "keys"), func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestResolve(t *testing.T) {
	s := source(t)
	for _, c := range []struct{ name, in, where string }{
		{"litellm_params", `{"model":"openai/x","api_key":"env:OPENAI_API_KEY","n":1.50}`, "litellm_params.api_key"},
		{"litellm_params", `{"aws_secret_access_key":"file:openai"}`, "litellm_params.aws_secret_access_key"},
		{"litellm_params", `{"vertex_credentials":"file:vertex.json"}`, "litellm_params.vertex_credentials"},
		{"litellm_params", `{"extra_headers":{"Authorization":"env:OPENAI_API_KEY"}}`, "litellm_params.extra_headers.Authorization"},
		{"credential_values", `{"api_key":"env:OPENAI_API_KEY","api_base":"https://x"}`, "credential_values.api_key"},
		{"credential_values", `{"anything":"env:OPENAI_API_KEY"}`, "credential_values.anything"},
		{"extra", `{"password":"file:openai"}`, "extra.password"},
		{"extra", `{"litellm_params":{"api_key":"env:OPENAI_API_KEY"}}`, "extra.litellm_params.api_key"},
		{"api_key", `"env:OPENAI_API_KEY"`, "api_key"},
		{"api_key", `"\u0065nv:OPENAI_API_KEY"`, "api_key"},
		{"extra", `{"list":[{"api_key":"x"},{"api_key":"env:OPENAI_API_KEY"}]}`, "extra.list.api_key"},
	} {
		out, found, err := s.Resolve(c.name, json.RawMessage(c.in))
		if err != nil || len(found) != 1 || found[0].Where != c.where {
			t.Errorf("%s %s: %v, %v", c.name, c.in, found, err)
			continue
		}
		if strings.Contains(string(out), found[0].Name) || strings.Contains(string(out), value) || !strings.Contains(string(out), string(secret.Encode(found[0].Placeholder))) {
			t.Errorf("%s became %s", c.in, out)
		}
		back := strings.ReplaceAll(string(out), string(secret.Encode(found[0].Placeholder)), string(secret.Encode(found[0].Name)))
		if back != strings.ReplaceAll(c.in, `\u0065`, "e") {
			t.Errorf("%s changed otherwise: %s", c.in, out)
		}
		if !strings.Contains(c.in, "vertex") && found[0].Value != value {
			t.Errorf("%s is %q", c.in, found[0].Value)
		}
	}
}

// TestText: where no secret belongs, it is text.
func TestText(t *testing.T) {
	s := source(t)
	for name, in := range map[string]string{
		"key_alias":      `"env:OPENAI_API_KEY"`,
		"metadata":       `{"stage":"env:prod","note":"file:openai"}`,
		"litellm_params": `{"model":"env:OPENAI_API_KEY","api_base":"file:openai","api_key":"os.environ/OPENAI_API_KEY"}`,
		"messages":       `[{"role":"user","content":"env:OPENAI_API_KEY"}]`,
		"extra":          `{"api_key":"the env:OPENAI_API_KEY","password":"profile:x","max_budget":5}`,
		"models":         `["env:OPENAI_API_KEY"]`,
	} {
		out, found, err := s.Resolve(name, json.RawMessage(in))
		if err != nil || len(found) > 0 || string(out) != in {
			t.Errorf("%s %s became %s with %v: %v", name, in, out, found, err)
		}
	}
}

// TestMeant: a reference with blanks around it, or with capitals in its prefix, is one. As a
// key, its text would be stored and reported as done.
func TestMeant(t *testing.T) {
	s := source(t)
	for in, want := range map[string]string{" env:OPENAI_API_KEY": "env:OPENAI_API_KEY", "env:OPENAI_API_KEY\n": "env:OPENAI_API_KEY", "ENV:OPENAI_API_KEY": "env:OPENAI_API_KEY", "File:openai ": "file:openai"} {
		_, found, err := s.Resolve("extra", json.RawMessage(secret.Encode(map[string]string{"api_key": in})))
		if err != nil || len(found) != 1 || found[0].Name != want || found[0].Value != value {
			t.Errorf("%q: %v, %v", in, found, err)
		}
	}
	if _, _, err := s.Resolve("extra", json.RawMessage(`{"api_key":"env:openai_api_key"}`)); err == nil {
		t.Error("the name of a variable is taken in other letters")
	}
}

func TestRefused(t *testing.T) {
	s, none := source(t), &Source{}
	cases := []struct {
		s            *Source
		in, wantText string
	}{
		{none, "env:OPENAI_API_KEY", "--secret-env OPENAI_API_KEY"},
		{nil, "env:OPENAI_API_KEY", "--secret-env OPENAI_API_KEY"},
		{none, "file:openai", "--secret-dir DIR"},
		{s, "env:UNNAMED", "--secret-env UNNAMED"},
		{s, "env:", "--secret-env NAME"},
		{s, "env:../x y", "--secret-env NAME"},
		{s, "env:EMPTY", "is empty"},
		{s, "file:empty", "is empty"},
		{s, "file:short", "less than 6 characters"},
		{s, "file:binary", "is not text"},
		{s, "file:large", "above 64 KiB"},
		{s, "file:sub", "not a regular file"},
		{s, "file:none", "no such file"},
		{s, "file:", "cannot be read"},
		{s, "file:../outside", "outside the directory"},
		{s, "file:sub/../../outside", "outside the directory"},
		{s, "file:/etc/passwd", "outside the directory"},
	}
	if runtime.GOOS != "windows" {
		cases = append(cases, []struct {
			s            *Source
			in, wantText string
		}{{s, "file:out", "outside the directory"}, {s, "file:absolute", "outside the directory"}}...)
	}
	for _, c := range cases {
		in := json.RawMessage(secret.Encode(map[string]string{"api_key": c.in}))
		_, found, err := c.s.Resolve("extra", in)
		if err == nil || !strings.Contains(err.Error(), c.wantText) || len(found) > 0 {
			t.Errorf("%s: %v, %v", c.in, found, err)
			continue
		}
		if strings.Contains(err.Error(), value) || strings.Contains(err.Error(), os.TempDir()) {
			t.Errorf("%s tells too much: %v", c.in, err)
		}
	}
	if _, found, err := s.Resolve("extra", json.RawMessage(`{"data":"{\"api_key\":\"env:OPENAI_API_KEY\"}"}`)); err == nil || found != nil || !strings.Contains(err.Error(), "not within a document") {
		t.Errorf("within a document: %v, %v", found, err)
	}
	for _, names := range [][]string{{"A-B"}, {""}, {"1A"}, {"A=b"}} {
		if _, err := New(names, "", os.Getenv); err == nil {
			t.Errorf("the variable %q is taken", names)
		}
	}
	if _, err := New(nil, filepath.Join(t.TempDir(), "none"), os.Getenv); err == nil {
		t.Error("a missing directory is taken")
	}
}

// FuzzResolve: whatever the arguments, nothing is read that was not allowed, and text that
// is not replaced stays.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{`{"api_key":"env:A"}`, `{"headers":[{"name":"api_key","value":"file:x"}]}`, `"env:A"`, `[{"a":{"password":"env:A"}},1,null]`, `{"api_key":"{\"x\":\"env:A\"}"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if !json.Valid([]byte(in)) {
			return
		}
		s := &Source{env: []string{"A"}, getenv: func(name string) string {
			if name != "A" {
				t.Errorf("the variable %q is read", name)
			}
			return value
		}}
		out, found, err := s.Resolve("extra", json.RawMessage(in))
		switch {
		case err != nil:
		case !json.Valid(out):
			t.Errorf("%s became %s", in, out)
		case len(found) == 0 && string(out) != in:
			t.Errorf("%s became %s", in, out)
		case strings.Contains(string(out), value) && !strings.Contains(in, value):
			t.Errorf("the value is in %s", out)
		}
	})
}
