package doctor

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/mcpclients"
)

// TestEnvironment: a server gets what its client would give it.
func TestEnvironment(t *testing.T) {
	t.Setenv("LITELLM_PROXY_API_KEY", testKey)
	t.Setenv("LITELLM_PROXY_URL", "http://shell")
	t.Setenv("SOMETHING", "else")
	getenv := func(name string) string { return map[string]string{"LITELLM_PROXY_API_KEY": testKey}[name] }
	key, url, other := "LITELLM_PROXY_API_KEY="+testKey, "LITELLM_PROXY_URL=http://shell", "SOMETHING=else"
	for name, tt := range map[string]struct {
		client      string
		entry       mcpclients.Entry
		has, hasNot []string
		asked       bool
	}{
		"a shell's":       {"claude-code", mcpclients.Entry{}, []string{key, url, other}, nil, false},
		"left as it is":   {"claude-code", mcpclients.Entry{Env: map[string]string{"A": "${NOT_SET}", "B": "${NOT_SET:-b}"}}, []string{"A=${NOT_SET}", "B=b"}, nil, false},
		"a desktop's":     {"cursor", mcpclients.Entry{}, []string{other}, []string{key, url}, false},
		"few":             {"claude-desktop", mcpclients.Entry{}, nil, []string{key, url, other}, false},
		"handed on":       {"codex", mcpclients.Entry{Pass: []string{"LITELLM_PROXY_API_KEY"}}, []string{key}, []string{url, other}, false},
		"the entry's own": {"codex", mcpclients.Entry{Env: map[string]string{"LITELLM_PROXY_URL": "http://gw"}}, []string{"LITELLM_PROXY_URL=http://gw"}, []string{key, url}, false},
		"asked":           {"vscode", mcpclients.Entry{Env: map[string]string{"LITELLM_PROXY_API_KEY": "${input:k}"}}, []string{key}, []string{url}, true},
	} {
		e := &exam{Subject: Subject{Getenv: getenv}, system: "linux"}
		environment, asked := e.environment(clientEntry{client: mcpclients.Find(tt.client), Entry: tt.entry})
		for _, variable := range tt.has {
			if !slices.Contains(environment, variable) {
				t.Errorf("%s: %s is missing", name, variable)
			}
		}
		for _, variable := range tt.hasNot {
			if slices.Contains(environment, variable) {
				t.Errorf("%s: %s is there", name, variable)
			}
		}
		if asked != tt.asked {
			t.Errorf("%s: asked %v", name, asked)
		}
	}
}

// TestServersOfNobody: without an entry there is nothing to start, and a fault of a file is
// reported for the client alone.
func TestServersOfNobody(t *testing.T) {
	home := t.TempDir()
	getenv := func(name string) string { return map[string]string{"HOME": home, "USERPROFILE": home}[name] }
	s := Subject{Settings: config.Settings{}, Getenv: getenv, Dir: t.TempDir(), Version: "1"}
	r, err := Servers(context.Background(), s, "")
	if err != nil || len(r.Checks) != 1 || r.Checks[0].Status != Skipped {
		t.Errorf("%+v, %v", r, err)
	}
	write(t, home+"/.cursor/mcp.json", `{"mcpServers": {"litellm-proxy": {`, 0o600)
	for only, want := range map[string]int{"": 1, "cursor": 1, "codex": 0} {
		r, err := Servers(context.Background(), s, only)
		if err != nil || r.Count(Failed) != want {
			t.Errorf("%s: %+v, %v", only, r, err)
		}
		if want == 1 && (r.Checks[0].Check != "cursor" || !strings.Contains(r.Checks[0].Found, "error in line 1")) {
			t.Errorf("%s: %+v", only, r.Checks)
		}
	}
}

// TestSilentServer: a server that says nothing is given up and ended, and one that a project
// names is started only if the project is trusted.
func TestSilentServer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the server is a script of sh")
	}
	home, project := t.TempDir(), t.TempDir()
	getenv := func(name string) string { return map[string]string{"HOME": home}[name] }
	write(t, project+"/.mcp.json", `{"mcpServers": {"litellm-proxy": {"command": "sh", "args": ["-c", "echo started >> trace; echo waiting >&2; exec sleep 600"]}}}`, 0o600)
	s := Subject{Getenv: getenv, Dir: project, Version: "1", Limit: 50 * time.Millisecond}
	r, err := Servers(context.Background(), s, "claude-code")
	if err != nil || len(r.Checks) != 1 || r.Checks[0].Status != Skipped || !strings.Contains(r.Checks[0].Found, "--project") {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := os.Stat(project + "/trace"); err == nil {
		t.Error("the command of a project was run")
	}
	s.Trusted = true
	r, err = Servers(context.Background(), s, "claude-code")
	if err != nil || r.Count(Failed) != 1 || !strings.Contains(r.Checks[0].Found, "did not answer in time") {
		t.Errorf("%+v, %v", r, err)
	}
}
