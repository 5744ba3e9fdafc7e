package config

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// profiles is a configuration file with everything.
const profiles = `
# gateways of the company
current: dev
profiles:
  dev:
    base_url: http://localhost:4000/
    api_key: dev-key
    headers: {X-Tenant: emea}
    format: json
  prod:
    base_url: https://gw.example
    api_key: env:PROD_KEY
    key_header: X-Key
    ca_file: ca.pem
    client_cert: ~/cert.pem
    client_key: /keys/key.pem
    headers:
      X-Secret: file:secret.txt
    team: research
    mcp: {confirm: always, toolsets: [keys, users]}
    protected: true
  bare:
    format: table
`

func parsed(t testing.TB, text string) func() (*File, error) {
	t.Helper()
	f, err := Parse("/etc/lp/config.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return func() (*File, error) { return f, nil }
}

// TestPrecedence is the order of flag, environment, profile and default, for what selects the
// gateway and for the key; a profile's key is used at its own gateway only.
func TestPrecedence(t *testing.T) {
	tests := []struct {
		name              string
		flags             Flags
		env               map[string]string
		url, urlFrom      string
		key, keyFrom      string
		protected, profil string
		notes             string
	}{
		{"current", Flags{}, nil, "http://localhost:4000/", "profile dev", "dev-key", "profile dev", "", "dev", ""},
		{"variable", Flags{}, map[string]string{ProfileVariable: "prod"}, "https://gw.example", "profile prod", "sk-prod", "profile prod (env:PROD_KEY)", "prod", "prod", ""},
		{"flag before variable", Flags{Profile: "dev"}, map[string]string{ProfileVariable: "prod"}, "http://localhost:4000/", "profile dev", "dev-key", "profile dev", "", "dev", ""},
		{"key by flag", Flags{Profile: "prod", APIKey: "sk-f"}, nil, "https://gw.example", "profile prod", "sk-f", "--api-key", "prod", "prod", ""},
		{"key by variable", Flags{Profile: "prod"}, map[string]string{KeyVariable: "sk-e"}, "https://gw.example", "profile prod", "sk-e", KeyVariable, "prod", "prod",
			KeyVariable + " overrides the key of profile prod."},
		{"another URL by variable", Flags{}, map[string]string{URLVariable: "http://127.0.0.1:4000"}, "http://127.0.0.1:4000", URLVariable, "", "", "", "",
			URLVariable + " names another gateway than profile dev; its key and headers are not used."},
		{"another URL by variable beats --profile", Flags{Profile: "prod"}, map[string]string{URLVariable: "https://gw.example/v2"}, "https://gw.example/v2", URLVariable, "", "", "", "",
			URLVariable + " names another gateway than profile prod; its key, client certificate and headers are not used."},
		{"another URL by flag", Flags{Profile: "prod", BaseURL: "http://gw.example"}, nil, "http://gw.example", "--base-url", "", "", "", "",
			"--base-url names another gateway than profile prod; its key, client certificate and headers are not used."},
		{"the same URL, written differently", Flags{BaseURL: "HTTPS://GW.example:443/", Profile: "prod"}, nil, "HTTPS://GW.example:443/", "--base-url", "sk-prod", "profile prod (env:PROD_KEY)", "prod", "prod", ""},
		{"a protected gateway that is not selected", Flags{}, map[string]string{URLVariable: "https://gw.example/"}, "https://gw.example/", URLVariable, "", "", "prod", "",
			URLVariable + " names another gateway than profile dev; its key and headers are not used."},
		{"no base_url", Flags{Profile: "bare"}, nil, DefaultURL, "the default", "", "", "", "",
			"Profile bare has no base_url. To set it, run litellm-proxy config set base_url URL --profile bare"},
		{"sandbox", Flags{Sandbox: true}, map[string]string{ProfileVariable: "prod"}, SandboxURL, "--sandbox", "", "", "", "", ""},
	}
	for _, tt := range tests {
		env := map[string]string{"PROD_KEY": "sk-prod"}
		for name, value := range tt.env {
			env[name] = value
		}
		getenv := func(name string) string { return env[name] }
		s, err := Resolve(tt.flags, getenv, parsed(t, strings.ReplaceAll(profiles, "X-Secret: file:secret.txt", "X-Secret: env:PROD_KEY")))
		if err == nil {
			err = s.Reveal(&Resolver{Context: context.Background(), Getenv: getenv})
		}
		profile := ""
		if s.Profile != nil {
			profile = s.Profile.Name
		}
		if err != nil || s.BaseURL != tt.url || s.BaseURLSource != tt.urlFrom || s.APIKey != tt.key || s.APIKeySource != tt.keyFrom ||
			s.Protected != tt.protected || profile != tt.profil || strings.Join(s.Notes, "|") != tt.notes {
			t.Errorf("%s: URL %q from %q, key %q from %q, protected %q, profile %q, notes %q, error %v",
				tt.name, s.BaseURL, s.BaseURLSource, s.APIKey, s.APIKeySource, s.Protected, profile, s.Notes, err)
		}
		if profile != "prod" && (s.ClientCert != "" || s.CAFile != "" || s.KeyHeader != "" || s.Headers.Get("X-Secret") != "") {
			t.Errorf("%s: what belongs to profile prod is used elsewhere: %+v", tt.name, s)
		}
		if profile != "dev" && s.Headers.Get("X-Tenant") != "" {
			t.Errorf("%s: the headers of profile dev are used elsewhere", tt.name)
		}
	}
}

func TestRevealedSettings(t *testing.T) {
	env := map[string]string{"HOME": "/home/ann", "PROD_KEY": "sk-prod"}
	getenv := func(name string) string { return env[name] }
	s, err := Resolve(Flags{Profile: "prod", Headers: []string{"x-secret: mine"}}, getenv, parsed(t, profiles))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Reveal(&Resolver{Context: t.Context(), Getenv: getenv}); err != nil {
		t.Fatal(err)
	}
	if s.KeyHeader != "X-Key" || s.CAFile != "/etc/lp/ca.pem" || s.ClientCert != "/home/ann/cert.pem" || s.ClientKey != "/keys/key.pem" || s.Headers.Get("X-Secret") != "mine" {
		t.Errorf("got %+v", s)
	}
	if s.Setting(Team) != "research" || s.Setting(Confirm) != "always" || s.Setting(Toolsets) != "keys,users" {
		t.Errorf("team %q, confirm %q, toolsets %q", s.Setting(Team), s.Setting(Confirm), s.Setting(Toolsets))
	}
}

func TestRefusedSelections(t *testing.T) {
	none := func(string) string { return "" }
	for _, tt := range []struct {
		name  string
		flags Flags
		env   string
		want  string
	}{
		{"unknown flag", Flags{Profile: "prd"}, "", `--profile: no profile "prd" in /etc/lp/config.yaml; did you mean prod?`},
		{"unknown variable", Flags{}, "nowhere-near", `LITELLM_PROXY_PROFILE: no profile "nowhere-near" in /etc/lp/config.yaml; there are dev, prod, bare`},
		{"sandbox", Flags{Profile: "prod", Sandbox: true}, "", "--sandbox and --profile both set the gateway; give one"},
		{"wrong name", Flags{Profile: "prod", ConfirmProfile: "dev"}, "", `--confirm-profile: "dev" is not the name of this gateway's profile`},
		{"no profile", Flags{BaseURL: "http://other", ConfirmProfile: "dev"}, "", "--confirm-profile: the gateway http://other is not that of a profile"},
	} {
		_, err := Resolve(tt.flags, func(name string) string {
			if name == ProfileVariable {
				return tt.env
			}
			return ""
		}, parsed(t, profiles))
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v; want %s", tt.name, err, tt.want)
		}
	}
	missing := func() (*File, error) { return &File{Path: "/none.yaml"}, nil }
	if _, err := Resolve(Flags{Profile: "prod"}, none, missing); err == nil || !strings.Contains(err.Error(), "/none.yaml does not exist") {
		t.Errorf("without a file: %v", err)
	}
}

// TestProtectedByURL: a protected gateway is recognized by each of its names, a credential's
// only by its own.
func TestProtectedByURL(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		a, b            string
		same, reachable bool
	}{
		{"http://localhost:4000", "http://127.0.0.1:04000", false, true},
		{"http://localhost:4000", "http://" + name + ":4000", false, true},
		{"http://localhost:4000", "http://192.0.2.1:4000", false, false},
		{"http://localhost:4000", "HTTP://LOCALHOST:4000/", true, true},
		{"https://gw.example", "https://gw.example:443//", true, true},
		{"http://localhost:4000", "http://127.0.0.1:4000", false, true},
		{"http://localhost:4000", "http://[::1]:4000", false, true},
		{"https://gw.example", "https://gw.example.", false, true},
		{"https://gw.example/a", "https://gw.example/%61", false, true},
		{"https://gw.example", "http://gw.example", false, false},
		{"https://gw.example", "https://gw.example/v1", false, false},
		{"https://gw.example", "https://gw.example.evil", false, false},
		{"http://localhost:4000", "http://localhost:4001", false, false},
		{"sandbox:", "sandbox:", true, true},
		{"sandbox:", "", false, false},
	} {
		if SameURL(tt.a, tt.b) != tt.same || reachesSame(tt.a, tt.b) != tt.reachable {
			t.Errorf("%s and %s: same %v, reachable %v", tt.a, tt.b, SameURL(tt.a, tt.b), reachesSame(tt.a, tt.b))
		}
	}
}

type fakeStore map[string]string

func (s fakeStore) Get(name string) (string, error) {
	if secret, ok := s[name]; ok {
		return secret, nil
	}
	return "", errors.New("no such secret is stored")
}
func (s fakeStore) Place() string { return "the system's key store" }

// TestStoredKeyIsBound: a key from the key store is sent to the gateway that it was stored
// for, also after the file names another.
func TestStoredKeyIsBound(t *testing.T) {
	store := fakeStore{KeyName("prod"): StoredKey("https://gw.example/", "sk-stored")}
	for url, want := range map[string]string{"https://GW.example:443": "sk-stored", "https://evil.example": ""} {
		text := strings.NewReplacer("https://gw.example", url, "env:PROD_KEY", InKeyStore, "file:secret.txt", "literal").Replace(profiles)
		s, err := Resolve(Flags{Profile: "prod"}, func(string) string { return "" }, parsed(t, text))
		if err != nil {
			t.Fatal(err)
		}
		err = s.Reveal(&Resolver{Context: t.Context(), Getenv: func(string) string { return "" }, Store: func() (KeyStore, error) { return store, nil }})
		if s.APIKey != want || (err == nil) != (want != "") {
			t.Errorf("%s: key %q, %v", url, s.APIKey, err)
		}
		if err != nil && strings.Contains(err.Error(), "sk-stored") {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

func TestReferences(t *testing.T) {
	if os.PathSeparator != '/' {
		t.Skip("the commands are those of Unix")
	}
	dir := t.TempDir()
	write(t, dir+"/key.txt", "sk-file\n")
	write(t, dir+"/empty.txt", "\n")
	r := &Resolver{Context: t.Context(), Dir: dir, Limit: 5 * time.Second, Getenv: func(name string) string { return map[string]string{"HOME": dir, "KEY": " sk-env "}[name] }}
	for _, tt := range []struct{ value, want, place, problem string }{
		{"sk-literal", "sk-literal", "", ""},
		{"env:KEY", "sk-env", "env:KEY", ""},
		{"env:NOPE", "", "", "the environment variable NOPE is not set"},
		{"file:key.txt", "sk-file", "file:key.txt", ""},
		{"file:~/key.txt", "sk-file", "file:~/key.txt", ""},
		{"file:nope.txt", "", "", "no such file"},
		{"file:empty.txt", "", "", "is empty"},
		{"exec:echo sk-exec", "sk-exec", "exec:echo", ""},
		{`exec:printf '%s\nurl: x\n' "sk-first line"`, "sk-first line", "exec:printf", ""},
		{"exec:sh -c 'echo sk-hidden; echo not signed in: sk-hidden >&2; exit 3'", "", "", "sh failed: exit status 3: not signed in: ****"},
		{"exec:no-such-command-here", "", "", "executable file not found"},
		{"exec:sh -c 'echo token=sk-hidden; echo not signed in: sk-hidden >&2; exit 3'", "", "", "sh failed: exit status 3: not signed in: ****"},
		{"exec:sh -c 'sleep 2 & echo sk-daemon'", "sk-daemon", "exec:sh", ""},
		{"exec:true", "", "", "true printed nothing"},
	} {
		found, place, err := r.Resolve(&Profile{Name: "prod"}, tt.value)
		switch {
		case tt.problem == "" && (err != nil || found != tt.want || place != tt.place):
			t.Errorf("%s: %q from %q, %v", tt.value, found, place, err)
		case tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem) || strings.Contains(err.Error(), "sk-hidden")):
			t.Errorf("%s: %v; want %s", tt.value, err, tt.problem)
		}
	}
}

// TestCommandLimit: a command that hangs ends, with what it started.
func TestCommandLimit(t *testing.T) {
	if os.PathSeparator != '/' {
		t.Skip("the command is one of Unix")
	}
	r := &Resolver{Context: t.Context(), Limit: 50 * time.Millisecond, Getenv: func(string) string { return "" }}
	_, _, err := r.Resolve(&Profile{}, "exec:sh -c 'sleep 60 & sleep 60'")
	if err == nil || err.Error() != "sh did not end within 50ms" {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Context = ctx
	if _, _, err := r.Resolve(&Profile{}, "exec:sleep 60"); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestSplitCommand(t *testing.T) {
	for line, want := range map[string]string{
		`op read op://a/b`:            "op|read|op://a/b",
		`  pass   show "my key" `:     "pass|show|my key",
		`'C:\Program Files\op.exe' x`: `C:\Program Files\op.exe|x`,
		`C:\tools\op.exe a\ b`:        `C:\tools\op.exe|a b`,
		`sh -c 'echo "a b"'`:          `sh|-c|echo "a b"`,
		`a ""`:                        "a|",
		`"open`:                       "error",
		`  `:                          "error",
		`x "a\"b"`:                    `x|a"b`,
	} {
		words, err := splitCommand(line)
		got := strings.Join(words, "|")
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}
