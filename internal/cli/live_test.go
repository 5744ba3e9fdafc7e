package cli_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// completions returns what the shell is offered for the last word, without descriptions.
func completions(env map[string]string, args ...string) (values []string, directive string) {
	_, out, _ := invoke(env, "", append([]string{"__complete"}, args...)...)
	for line := range strings.Lines(out) {
		value, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(value, ":") {
			directive = value
		} else {
			values = append(values, value)
		}
	}
	return values, directive
}

// gone is the number of requests after which the gateway of [listing] fails.
const gone = 1000

// listing answers lists of teams and models, and counts requests.
func listing(t *testing.T, requests *atomic.Int64) map[string]string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) > gone {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Header.Get("Authorization") != "Bearer sk-x":
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/models"):
			_, _ = w.Write([]byte(`{"data":[{"id":"gpt-4o"},{"id":"gpt-4o-mini"},{"id":"claude"}]}`))
		case r.URL.Query().Get("team_alias") == "zeb": // beyond the first page
			_, _ = w.Write([]byte(`{"teams":[{"team_id":"t9","team_alias":"zebra"}],"total":1,"total_pages":1}`))
		case r.URL.Query().Get("key_alias") == "zeb" && r.URL.Query().Get("substring_matching") == "true":
			_, _ = w.Write([]byte(`{"keys":[{"token":"h9","key_alias":"zebra-key"}],"total_count":1,"total_pages":1}`))
		case strings.HasSuffix(r.URL.Path, "/key/list"): // an alias is compared as a whole
			_, _ = w.Write([]byte(`{"keys":[],"total_count":0,"total_pages":0}`))
		default:
			_, _ = w.Write([]byte(`{"teams":[{"team_id":"t1","team_alias":"research"},{"team_id":"t2","team_alias":"sk-1234567890abcdefghij"}],"total":2,"total_pages":1}`))
		}
	}))
	t.Cleanup(server.Close)
	return map[string]string{"LITELLM_PROXY_URL": server.URL, "LITELLM_PROXY_API_KEY": "sk-x", "HOME": t.TempDir(), "XDG_CACHE_HOME": t.TempDir()}
}

// TestLiveCompletion: names of the gateway complete arguments; what was typed of a list
// stays; answers are kept for the next keystroke, and no secret with them.
func TestLiveCompletion(t *testing.T) {
	var requests atomic.Int64
	env := listing(t, &requests)
	for typed, want := range map[string]string{
		"keys list --team ":                               "research",
		"keys list --team zeb":                            "zebra",
		"keys info zeb":                                   "zebra-key",
		"keys generate --models gpt":                      "gpt-4o gpt-4o-mini",
		"keys generate --models gpt-4o,":                  "gpt-4o,gpt-4o-mini gpt-4o,claude",
		"keys generate --models gpt-4o,cl":                "gpt-4o,claude",
		"keys list --columns spend,bloc":                  "spend,blocked",
		"keys list --columns +bloc":                       "+blocked",
		"keys list --sort-order ":                         "asc desc",
		"spend summary --period last":                     "last-week last-month",
		"mcp --toolsets keys,use":                         "keys,users",
		"help sear":                                       "search search-tools",
		"keys list --nosuch ":                             "",
		"completion install z":                            "zsh",
		"--base-url http://127.0.0.1:1 keys list --team ": "",
		"--api-key sk-wrong keys list --team ":            "",
		"--sandbox keys list --team ":                     "",
	} {
		got, _ := completions(env, strings.Split(typed, " ")...)
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if _, directive := completions(env, "keys", "generate", "--models", "gpt"); directive != ":6" {
		t.Errorf("a list ends with a space: %s", directive)
	}
	before := requests.Load()
	completions(env, "keys", "list", "--team", "")
	if requests.Load() != before {
		t.Error("the second keystroke asked the gateway again")
	}
	files, _ := filepath.Glob(filepath.Join(env["XDG_CACHE_HOME"], "litellm-proxy", "completion", "*"))
	for _, file := range files {
		b, _ := os.ReadFile(file)
		info, _ := os.Stat(file)
		if os.PathSeparator == '/' && info.Mode().Perm() != 0o600 || bytes.Contains(b, []byte("sk-")) {
			t.Errorf("%s: %v %s", file, info.Mode(), b)
		}
	}
	if len(files) == 0 {
		t.Error("nothing was kept")
	}
}

// TestLastCompletion: without an answer of the gateway, the names of the last day are offered.
func TestLastCompletion(t *testing.T) {
	var requests atomic.Int64
	env := listing(t, &requests)
	completions(env, "keys", "list", "--team", "")
	files, _ := filepath.Glob(filepath.Join(env["XDG_CACHE_HOME"], "litellm-proxy", "completion", "*"))
	for age, want := range map[time.Duration]string{time.Hour: "research", 48 * time.Hour: ""} {
		for _, file := range files {
			if err := os.Chtimes(file, time.Time{}, time.Now().Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
		requests.Store(gone)
		if got, _ := completions(env, "keys", "list", "--team", ""); strings.Join(got, " ") != want {
			t.Errorf("after %v: %q, want %q", age, got, want)
		}
	}
}

// TestCompletionInstall: the script is written once, where the shell looks for it.
func TestCompletionInstall(t *testing.T) {
	for shell, file := range map[string]string{
		"bash": ".local/share/bash-completion/completions/litellm-proxy", "zsh": ".local/share/zsh/site-functions/_litellm-proxy",
		"fish": ".config/fish/completions/litellm-proxy.fish", "powershell": ".config/powershell/litellm-proxy-completion.ps1",
	} {
		env := map[string]string{"HOME": t.TempDir(), "SHELL": "/bin/" + shell}
		path := filepath.Join(env["HOME"], filepath.FromSlash(file))
		if status, out, _ := invoke(env, "", "completion", "install", shell, "--dry-run"); status != 0 || out != path+"\n" {
			t.Errorf("%s: dry run: exit %d, %s", shell, status, out)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: the dry run wrote the script", shell)
		}
		for _, said := range []string{"Installed the " + shell, "is up to date"} {
			if status, out, stderr := invoke(env, "", "completion", "install", shell); status != 0 || out != path+"\n" || !strings.Contains(stderr, said) {
				t.Errorf("%s: exit %d, %s%s", shell, status, out, stderr)
			}
		}
		written, _ := os.ReadFile(path)
		if _, printed, _ := invoke(env, "", "completion", "install", shell, "--print"); printed != string(written) || len(written) < 1000 {
			t.Errorf("%s: the file is not what --print prints", shell)
		}
	}
	if status, _, stderr := invoke(map[string]string{"HOME": t.TempDir(), "SHELL": "/bin/tcsh"}, "", "completion", "install"); status != 2 || !strings.Contains(stderr, "name the shell") {
		t.Errorf("unknown shell: exit %d, %s", status, stderr)
	}
}

// TestShellCompletes: the scripts work in the real shells that there are.
func TestShellCompletes(t *testing.T) {
	scripts := map[string]string{
		"bash": `. "$1"
			for line in "litellm-proxy keys li" "litellm-proxy keys list --columns spend,bloc" "litellm-proxy keys list --columns spend,key_"; do
				read -ra COMP_WORDS <<< "$line"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$line; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
				compopt() { :; }
				__start_litellm-proxy; printf '%s\n' "${COMPREPLY[@]}"
			done`,
		"fish": `source $argv[1]; complete -C 'litellm-proxy keys li'`,
		"zsh":  `autoload -Uz compinit; compinit -u -D; source "$1"; whence _litellm-proxy`,
	}
	want := map[string]string{"bash": "list\nspend,blocked\nspend,key_alias\nspend,key_name\n", "fish": "list", "zsh": "_litellm-proxy"}
	dir := t.TempDir()
	self, err := os.Executable() // which is the program when it is called so
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "litellm-proxy")); err != nil {
		t.Skip(err)
	}
	for name, script := range scripts {
		shell, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		_, text, _ := invoke(nil, "", "completion", name)
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"-c", script, name, file}
		if name == "fish" {
			args = []string{"-c", script, file}
		}
		cmd := exec.Command(shell, args...)
		cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+dir)
		out, _ := cmd.CombinedOutput()
		if !strings.HasPrefix(strings.TrimSpace(string(out))+"\n", want[name]) {
			t.Errorf("%s completes %q", name, out)
		}
	}
}
