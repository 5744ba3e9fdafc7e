package config

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestFaults: whatever is wrong in the file is named with its line, and values are not
// repeated.
func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"curent: x\n": `f:1: unknown key "curent"; did you mean current?`,
		"profiles:\n  a:\n    base_ulr: http://x\n":           `f:3: profile a: unknown setting "base_ulr"; did you mean base_url?`,
		"profiles:\n  a:\n    mcp: {confrim: auto}\n":         `f:3: mcp of profile a: unknown setting "confrim"; did you mean confirm?`,
		"profiles:\n  a:\n    mcp.confirm: auto\n":            `f:3: profile a: unknown setting "mcp.confirm"; there are base_url`,
		"profiles:\n  a: {base_url: x}\n  a: {base_url: y}\n": `f:3: "a" is set twice in profiles`,
		"profiles:\n  a b: {}\n":                              `f:2: profile "a b": the name of a profile has`,
		"profiles:\n  a:\n    protected:\n":                   `f:3: profile a: protected is neither true nor false`,
		"profiles:\n  a:\n    protected: maybe\n":             `f:3: protected is not true or false`,
		"profiles:\n  a:\n    format: jsn\n":                  `f:3: profile a: format: "jsn" is not one of table`,
		"profiles:\n  a:\n    api_key: [sk-secret]\n":         `f:3: api_key must be a single value`,
		"profiles:\n  a:\n    api_key: evn:SECRET\n":          `f:3: profile a: api_key: unknown reference "evn:"`,
		"profiles:\n  a:\n    headers: {X-A: keystore}\n":     `f:3: headers of profile a: headers: the key store holds keys only`,
		"profiles:\n  a:\n    headers: [x]\n":                 `f:3: headers of profile a must be a mapping`,
		"profiles: [a]\n":                                     `f:1: profiles must be a mapping`,
		"current: b\nprofiles:\n  a: {base_url: x}\n":         `f:1: current: no profile "b"; did you mean a?`,
		"profiles:\n  a: {base_url: \"x\n":                    `f:2: not valid YAML`,
		"a: &a {<<: *a}\n":                                    `f:`,
		"profiles: &p {a: {<<: *p}}\n":                        `f:`,
		"current: x\n---\ncurrent: y\n":                       `f:2: the file holds more than one YAML document`,
		"- a\n":                                               `f:1: the file must be a mapping`,
		"profiles:\n  a:\n    base_url: ''\n":                 `f:3: profile a: base_url must not be empty`,
		"profiles:\n  a:\n    api_key: \"exec:op 'x\"\n":      `f:3: profile a: api_key: exec: a quote in the command is not closed`,
	} {
		_, err := Parse("f", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "sk-secret") {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{"", "# nothing\n", "---\n", "null\n", "profiles:\n", "profiles: {a: }\n", "current:\nprofiles: {a: {team: }}\n"} {
		if _, err := Parse("f", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestMergedProfiles: profiles may share settings by YAML's own means.
func TestMergedProfiles(t *testing.T) {
	f, err := Parse("f", []byte("profiles:\n  a: &a\n    base_url: http://a\n    headers: &h {X-A: b}\n  b:\n    <<: *a\n    base_url: http://b\n  c:\n    <<: [*a]\n    headers: *h\n"))
	if err != nil {
		t.Fatal(err)
	}
	if b := f.Profile("b"); b.Get(BaseURL) != "http://b" || b.Headers()["X-A"] != "b" {
		t.Errorf("b has %v", b.values)
	}
	if c := f.Profile("c"); c.Get(BaseURL) != "http://a" || c.Headers()["X-A"] != "b" {
		t.Errorf("c has %v", c.values)
	}
}

const commented = `# top

# which one
current: dev # the usual

profiles:
  # on this machine
  dev:
    base_url: http://localhost:4000 # no TLS
    # about the team
    team: research
  prod: {base_url: 'https://gw.example', protected: true}   # careful
# bottom
`

// TestEditKeepsTheRest: comments, order and style of what is not changed stay.
func TestEditKeepsTheRest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "config.yaml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, path, commented)
	err := Update(path, func(e *Editor) error {
		if err := e.Set("dev", BaseURL, "http://localhost:4001"); err != nil {
			return err
		}
		if err := e.Set("dev", Toolsets, "keys, users"); err != nil {
			return err
		}
		if err := e.Set("prod", Headers+".X-Tenant", "emea"); err != nil {
			return err
		}
		if err := e.Set("new", BaseURL, "http://new"); err != nil {
			return err
		}
		if _, err := e.Unset("dev", Team); err != nil {
			return err
		}
		return e.SetCurrent("prod")
	})
	if err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	text := string(data)
	for _, want := range []string{"# top", "# which one", "current: prod # the usual", "# on this machine", "base_url: http://localhost:4001 # no TLS",
		"toolsets: [keys, users]", "'https://gw.example'", "# careful", "# bottom", "  new:\n    base_url: http://new"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is lost:\n%s", want, text)
		}
	}
	if strings.Contains(text, "research") {
		t.Errorf("team is still there:\n%s", text)
	}
	f, err := Load(path)
	if err != nil || !slices.Equal(f.ProfileNames(), []string{"dev", "prod", "new"}) || !f.Profile("prod").Protected() || f.Profile("prod").Headers()["X-Tenant"] != "emea" {
		t.Errorf("%v, %v", f, err)
	}
	if runtime.GOOS != "windows" {
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
	}
}

func TestEditOfCommentsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	write(t, path, "# mine\n# keep\n")
	if err := Update(path, func(e *Editor) error { return e.Set("a", BaseURL, "http://a") }); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); string(data) != "# mine\n# keep\n\nprofiles:\n  a:\n    base_url: http://a\n" {
		t.Errorf("got %q", data)
	}
}

// TestFailedEditChangesNothing: neither the change's own error nor a fault in the file
// touches it.
func TestFailedEditChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	for _, text := range []string{commented, "profiles: {a: {nope: 1}}\n", "profiles: &a\n  x: {base_url: http://x}\n  y: *a\n"} {
		write(t, path, text)
		err := Update(path, func(e *Editor) error {
			_ = e.Set("dev", Team, "x")
			return fmt.Errorf("mine")
		})
		if err == nil {
			t.Errorf("%q: no error", text)
		}
		if data, _ := os.ReadFile(path); string(data) != text {
			t.Errorf("%q became %q", text, data)
		}
	}
	write(t, path, "profiles:\n  a: &a {base_url: http://a}\n  b: *a\n")
	if err := Update(path, func(e *Editor) error { return e.Set("b", Team, "x") }); err == nil || !strings.Contains(err.Error(), "alias") {
		t.Errorf("a shared profile was changed: %v", err)
	}
}

func TestEditBehindALink(t *testing.T) {
	dir := t.TempDir()
	for _, target := range []string{filepath.Join(dir, "dotfiles.yaml"), "relative.yaml"} {
		link := filepath.Join(dir, "link-"+filepath.Base(target))
		if err := os.Symlink(target, link); err != nil {
			t.Skip(err)
		}
		for _, url := range []string{"http://a", "http://b"} { // the first makes the file
			if err := Update(link, func(e *Editor) error { return e.Set("a", BaseURL, url) }); err != nil {
				t.Fatal(err)
			}
		}
		if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more", link)
		}
		if data, _ := os.ReadFile(filepath.Join(dir, filepath.Base(target))); !strings.Contains(string(data), "http://b") {
			t.Errorf("%s: %q", target, data)
		}
	}
}

// TestConcurrentEdits: of 50 changes at the same time, none is lost.
func TestConcurrentEdits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			if err := Update(path, func(e *Editor) error { return e.Set(fmt.Sprint("p", i), BaseURL, fmt.Sprint("http://gw", i)) }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f, err := Load(path)
	if err != nil || len(f.Profiles) != 50 {
		t.Errorf("%d profiles, %v", len(f.Profiles), err)
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are not Windows's")
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	for _, tt := range []struct {
		text string
		mode os.FileMode
		want string
	}{
		{"profiles: {a: {api_key: sk-literal}}", 0o600, ""},
		{"profiles: {a: {api_key: sk-literal}}", 0o640, "it holds a secret, and other users can read it (mode 0640); run chmod 600"},
		{"profiles: {a: {headers: {X-A: b}}}", 0o604, "it holds a secret"},
		{"profiles: {a: {api_key: env:KEY}}", 0o644, ""},
		{"profiles: {a: {api_key: env:KEY}}", 0o664, "other users can change it"},
		{"profiles: {a: {base_url: http://a}}", 0o602, "other users can change it"},
	} {
		write(t, path, tt.text)
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s with %04o: %v", tt.text, tt.mode, err)
		}
	}
	if f, err := Load("/dev/null"); err != nil || len(f.Profiles) != 0 {
		t.Errorf("/dev/null: %v", err)
	}
}

func TestFilePath(t *testing.T) {
	home := t.TempDir()
	env := map[string]string{"HOME": home}
	getenv := func(name string) string { return env[name] }
	for variable, want := range map[string]string{"": filepath.Join(configDir(runtime.GOOS, getenv), "litellm-proxy", "config.yaml"), "mine.yaml": "mine.yaml", "~/x.yaml": filepath.Join(home, "x.yaml")} {
		env[FileVariable] = variable
		if got, err := FilePath(getenv); got != want || err != nil {
			t.Errorf("%q: %q, %v", variable, got, err)
		}
	}
}

// TestPythonFiles: the Python CLI's URL is used when nothing else is set, and that is said.
func TestPythonFiles(t *testing.T) {
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".litellm"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, ".litellm", "config.json")
	write(t, path, `{"base_url": "https://old.example"}`)
	env := map[string]string{"HOME": home}
	getenv := func(name string) string { return env[name] }
	s, err := Resolve(Flags{}, getenv, noFile)
	if err != nil || s.BaseURL != "https://old.example" || s.BaseURLSource != path || len(s.Notes) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = Resolve(Flags{}, getenv, parsed(t, profiles)); err != nil || s.BaseURLSource != "profile dev" || s.Notes != nil {
		t.Errorf("with a profile: %+v, %v", s, err)
	}
	write(t, path, `{"base_url"`)
	if _, err = Resolve(Flags{}, getenv, noFile); err == nil {
		t.Error("a broken file was ignored")
	}
	env[URLVariable] = "http://x"
	if _, err = Resolve(Flags{}, getenv, noFile); err != nil {
		t.Errorf("with a URL the file is not needed: %v", err)
	}
	if LegacyDir(func(string) string { return "" }) != "" {
		t.Error("a directory was found without a home")
	}
}

// FuzzFile reads any text without a panic, and edits what it can read: the change is in the
// file and the rest is as before.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{profiles, commented, "", "# x", "profiles: {a: &a {base_url: x}, b: {<<: *a}}", "profiles:\n- a", "current: a\nprofiles: {a: {mcp: {toolsets: a}}}", "? a\n: b", "profiles: !!x {}", "\xef\xbb\xbfcurrent: a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		before, err := Parse("f", []byte(text))
		if err != nil {
			return
		}
		data, err := edited("f", []byte(text), func(e *Editor) error { return e.Set("fuzz", Team, "x # y: z") })
		if err != nil {
			return // said to be beyond an automatic change
		}
		after, err := Parse("f", data)
		if err != nil || after.Profile("fuzz").Get(Team) != "x # y: z" {
			t.Fatalf("%q became %q: %v", text, data, err)
		}
		for _, p := range before.Profiles {
			for _, name := range p.Names() {
				if q := after.Profile(p.Name); (p.Name != "fuzz" || name != Team) && (q == nil || q.Get(name) != p.Get(name)) {
					t.Fatalf("%s of %s changed: %q became %q", name, p.Name, text, data)
				}
			}
		}
	})
}
