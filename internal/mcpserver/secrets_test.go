package mcpserver

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/secret"
	"litellm-proxy/tools"
)

// keyMakers makes a new key with each operation that can.
var keyMakers = []struct {
	tool, args string
	keys       int
}{
	{"keys_generate", `{"key_alias":"ci","confirm":true}`, 1},
	{"keys_generate", `{"confirm":true}`, 1},
	{"keys_regenerate", `{"alias":"ci","confirm":true}`, 1},
	{"keys_rotate", `{"key":"ci","confirm":true}`, 1},
	{"teams_create", `{"team_alias":"research","team_id":"research"}`, 0},
	{"keys_service_account", `{"team_id":"research","key_alias":"robot","confirm":true}`, 1},
	{"users_create", `{"user_email":"ann@example.com","confirm":true}`, 1},
	{"users_create", `{"user_email":"bob@example.com","auto_create_key":false,"confirm":true}`, 0},
	{"users_bulk_create", `{"user_emails":["c@example.com","d@example.com"],"auto_create_key":true,"confirm":true}`, 2},
	{"users_onboard", `{"user_email":"eve@example.com","team":"research","key_alias":"eve","confirm":true}`, 1},
	{"teams_setup", `{"team_alias":"ops","key_alias":"ops-batch","confirm":true}`, 1},
	{"teams_setup", `{"team_alias":"ops-2","confirm":true}`, 0},
	{"http_request", `{"method":"POST","uri":"/key/generate","json":{"key_alias":"raw"},"confirm":true}`, 1},
	{"http_request", `{"method":"POST","uri":"/key/%67enerate","json":{"key_alias":"escaped"},"confirm":true}`, 1},
	{"http_request", `{"method":"POST","uri":"/user/new","json":{"user_email":"f@example.com"},"confirm":true}`, 1},
	{"api_write", `{"method":"POST","path":"/key/generate","body":{"key_alias":"api"},"confirm":true}`, 1},
}

// TestKeyMakers: the calls above are those of all operations that generate keys.
func TestKeyMakers(t *testing.T) {
	for _, op := range tools.All() {
		tried := false
		for _, c := range keyMakers {
			tried = tried || c.tool == op.Tool()
		}
		if op.MakesKeys() != (tried && op.Tool() != "teams_create") {
			t.Errorf("%s generates keys: %v; it is tried: %v", op.Tool(), op.MakesKeys(), tried)
		}
	}
}

// keyFiles are the keys in a directory of key files.
func keyFiles(t *testing.T, dir string) (keys []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		key := strings.TrimSpace(string(b))
		if strings.Contains(file, key) || !strings.HasPrefix(key, "sk-") {
			t.Errorf("%s holds %q", file, key)
		}
		keys = append(keys, key)
	}
	return keys
}

func TestKeysInFiles(t *testing.T) {
	_, client := gateway(t)
	dir := filepath.Join(t.TempDir(), "keys")
	audit, _, read := auditLog(t)
	var log logBuffer
	s := newServer(t, Options{Client: client, Secrets: "file:" + dir, Watch: Watch{Audit: audit}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	c := dial(t, s, cannotAsk, nil)
	want := 0
	for _, call := range keyMakers {
		before := len(keyFiles(t, dir))
		r := c.call(call.tool, call.args)
		if call.tool == "keys_regenerate" {
			call.keys = 0 // the sandbox has no license
		} else if r.IsError {
			t.Fatalf("%s: %s", call.tool, r.Text)
		}
		want += call.keys
		if made := len(keyFiles(t, dir)) - before; made != call.keys {
			t.Errorf("%s %s made %d files: %s", call.tool, call.args, made, r.Text)
		}
		// Each channel has the path.
		if n := strings.Count(string(r.Structured), `"key_file":"`+dir+`/`); n != call.keys {
			t.Errorf("%s: %d paths in %s", call.tool, n, r.Structured)
		}
		if call.keys > 0 && !strings.Contains(r.Text, "The new key") || !strings.Contains(r.Text, dir) == (call.keys > 0) {
			t.Errorf("%s: the text does not name the file: %s", call.tool, r.Text)
		}
	}
	keys := keyFiles(t, dir)
	if len(keys) != want {
		t.Fatalf("%d keys for %d calls", len(keys), want)
	}
	c.mu.Lock()
	out := strings.Join(c.lines, "\n")
	c.mu.Unlock()
	for _, e := range read() {
		out += e.line
	}
	out += log.String()
	for _, key := range keys {
		if strings.Contains(out, key) {
			t.Errorf("a key came out: …%s…", out[max(0, strings.Index(out, key)-200):strings.Index(out, key)])
		}
		// It works, and the answer names it by its hash.
		if !strings.Contains(out, secret.Hash(key)) {
			t.Errorf("the key's hash is nowhere")
		}
		if r := c.call("keys_info", `{"key":"`+secret.Hash(key)+`"}`); r.IsError && !strings.Contains(r.Text, "not found") {
			t.Error(r.Text)
		}
	}
}

// TestKeyFileOfRegeneratedKey: so for a key that the sandbox does not make.
func TestKeyFileOfRegeneratedKey(t *testing.T) {
	const key = "sk-MARKEDmarkedMARKED0123456789"
	client := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"key":"`+key+`","key_alias":"ci","token":"`+secret.Hash(key)+`","info":{"key_alias":"ci"},"keys":[{"token":"`+secret.Hash("x")+`","key_alias":"ci"}]}`)
	})
	dir := filepath.Join(t.TempDir(), "keys")
	c := dial(t, newServer(t, Options{Client: client, Secrets: "file:" + dir}), cannotAsk, nil)
	r := c.call("keys_regenerate", `{"key":"`+secret.Hash("x")+`","confirm":true}`)
	if strings.Contains(string(r.raw), "MARKED") || !strings.Contains(r.Text, "ci-"+secret.Hash(key)[:12]+".key") || !slices.Equal(keyFiles(t, dir), []string{key}) {
		t.Errorf("the files hold %v: %s", keyFiles(t, dir), r.raw)
	}
}

// TestKeyFileOfFailure: a write that fails leaves no file, and without room none is sent.
func TestKeyFileOfFailure(t *testing.T) {
	g, client := gateway(t)
	dir := filepath.Join(t.TempDir(), "keys")
	c := dial(t, newServer(t, Options{Client: client, Secrets: "file:" + dir}), cannotAsk, nil)
	c.call("keys_generate", `{"key_alias":"ci"}`)
	if r := c.call("keys_generate", `{"key_alias":"ci"}`); !r.IsError || len(keyFiles(t, dir)) != 1 {
		t.Errorf("after a failure, there are %d files: %s", len(keyFiles(t, dir)), r.Text)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	g.ClearRequests()
	r := c.call("keys_generate", `{"key_alias":"other"}`)
	if field(r.Structured, "error", "code") != `"local"` || writes(g) > 0 {
		t.Errorf("without a directory: %s", r.Text)
	}
}

// TestMaskedSecrets: with mask, no key is made, and everything else works.
func TestMaskedSecrets(t *testing.T) {
	g, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client, Secrets: "mask"}), cannotAsk, nil)
	post(t, client, "/key/generate", `{"key_alias":"ci"}`)
	for _, call := range keyMakers {
		g.ClearRequests()
		for _, args := range []string{call.args, strings.TrimSuffix(call.args, "}") + `,"dry_run":true}`} {
			r := c.call(call.tool, args)
			if call.keys > 0 && (!strings.Contains(r.Text, "it would generate a key") || writes(g) > 0) {
				t.Errorf("%s %s was not refused: %s", call.tool, args, r.Text)
			}
			if call.keys == 0 && r.IsError && !strings.Contains(args, "dry_run") {
				t.Errorf("%s: %s", call.tool, r.Text)
			}
		}
	}
	wantText(t, c.call("users_create", `{"user_email":"x@example.com"}`).Text, "auto_create_key: false leaves the key out")
}

// TestRawAnswersHideKeys: where keys go to files, no answer to a raw request shows one.
func TestRawAnswersHideKeys(t *testing.T) {
	const key = "sk-MARKEDmarkedMARKED0123456789"
	answers := map[string]string{
		"/text": "a text with " + key, "/json": `{"deep":[{"key":"` + key + `"}],"x":"` + key + `"}`,
		"/binary": "\xff\xfe" + key + "\xff", "/key/list": `{"keys":[{"key":"` + key + `"}]}`,
	}
	client := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/binary" {
			w.Header().Set("Content-Type", "application/octet-stream")
		}
		_, _ = io.WriteString(w, answers[r.URL.Path])
	})
	dir := filepath.Join(t.TempDir(), "keys")
	c := dial(t, newServer(t, Options{Client: client, Secrets: "file:" + dir}), cannotAsk, nil)
	for path := range answers {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			r := c.call("http_request", fmt.Sprintf(`{"method":%q,"uri":%q,"confirm":true}`, method, path))
			if strings.Contains(string(r.raw), "MARKED") || strings.Contains(string(r.raw), "TUFSS0VE") || strings.Contains(string(r.raw), "NQVJLRU") {
				t.Errorf("%s %s shows the key: %s", method, path, r.raw)
			}
		}
	}
	if keys := keyFiles(t, dir); len(keys) > 0 {
		t.Errorf("there are files for keys that are not new: %v", keys)
	}
}

func TestSecretsRefused(t *testing.T) {
	_, client := gateway(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"show", "file", "file:", "file:" + file, "MASK"} {
		if _, err := New(Options{Operations: tools.All(), Client: client, Secrets: value}); err == nil {
			t.Errorf("--secrets %s is taken", value)
		}
	}
	s := newServer(t, Options{Client: client, Secrets: "file:" + filepath.Join(filepath.Dir(file), "keys")})
	for _, transport := range []string{"http", "sse"} {
		if _, _, err := s.Handler(HTTPOptions{Transport: transport}); err == nil || !strings.Contains(err.Error(), "needs --transport stdio") {
			t.Errorf("over %s: %v", transport, err)
		}
	}
	for _, value := range []string{"reveal", "file:x", "mask"} {
		if !slices.ContainsFunc(strings.Split(instructions(Options{Secrets: value}, confirmAuto, true), "\n"), func(l string) bool { return l == keyWords(value) }) {
			t.Errorf("the instructions do not tell of --secrets %s", value)
		}
	}
}
