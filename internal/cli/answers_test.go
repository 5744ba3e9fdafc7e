package cli_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"litellm-proxy/internal/sandbox"
)

// TestRawAnswers: http request takes every kind of answer.
func TestRawAnswers(t *testing.T) {
	binary := "\x89PNG\r\n\x1a\n\x00\xff"
	answers := map[string]struct {
		status     int
		kind, body string
		exit       int
		out        string
	}{
		"/none":   {204, "", "", 0, ""},
		"/text":   {200, "text/plain", "litellm_requests 5\n", 0, "litellm_requests 5\n"},
		"/html":   {200, "text/html", "<html>\n", 0, "<html>\n"},
		"/binary": {200, "image/png", binary, 0, binary},
		"/number": {200, "application/json", "1", 0, "1\n"},
		"/empty":  {200, "application/json", "", 0, ""},
		"/teapot": {418, "text/plain", "short and stout", 1, ""},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answers[r.URL.Path]
		w.Header().Set("Content-Type", a.kind)
		w.WriteHeader(a.status)
		fmt.Fprint(w, a.body)
	}))
	defer server.Close()
	for path, want := range answers {
		status, stdout, stderr := run(t, server.URL, "sk-x", "http", "request", "GET", path)
		if status != want.exit || stdout != want.out {
			t.Errorf("%s: exit %d, %q; want %d, %q (stderr %q)", path, status, stdout, want.exit, want.out, stderr)
		}
		if want.status >= 400 && !strings.Contains(stderr, want.body) {
			t.Errorf("%s: the body is not shown: %q", path, stderr)
		}
	}
}

// TestYAMLFull: an answer with more names than YAML can hold is refused with a way out.
func TestYAMLFull(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "{")
		for i := range 1 << 18 {
			fmt.Fprintf(w, `"%d":0,`, i)
		}
		fmt.Fprint(w, `"last":0}`)
	}))
	defer server.Close()
	status, _, stderr := run(t, server.URL, "sk-x", "http", "request", "GET", "/key/info", "--format", "yaml")
	if status != 1 || !strings.Contains(stderr, "answer too large: YAML holds at most 262,144 fields") || !strings.Contains(stderr, "--format json") {
		t.Errorf("exit %d, %s", status, stderr)
	}
}

// TestOwnCA: a gateway behind a private CA is refused without --ca-file and
// reached with it.
func TestOwnCA(t *testing.T) {
	server := httptest.NewTLSServer(sandbox.New())
	defer server.Close()
	server.Config.ErrorLog = nil
	file := filepath.Join(t.TempDir(), "ca.pem")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := run(t, server.URL, sandbox.MasterKey, "models", "list")
	if status != 5 || !strings.Contains(stderr, "--ca-file") {
		t.Errorf("without the CA: exit %d, %q; want 5 and a word about --ca-file", status, stderr)
	}
	status, stdout, stderr := run(t, server.URL, sandbox.MasterKey, "models", "list", "--ca-file", file)
	if status != 0 || !strings.Contains(stdout, "gpt-4o-mini") {
		t.Errorf("with the CA: exit %d, %q %q", status, stdout, stderr)
	}
}

// TestHeaderFlags: the extra headers and the key's header reach the gateway with each
// request; a value may stand in a file, and no value is repeated in an error.
func TestHeaderFlags(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		fmt.Fprint(w, `{"data": []}`)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hunter2secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := run(t, server.URL, "sk-x", "models", "list", "--key-header", "X-Corp-Key", "--extra-header", "X-Tenant: emea", "--extra-header", "X-Access:@"+file)
	if status != 0 || got.Get("X-Corp-Key") != "Bearer sk-x" || got.Get("X-Tenant") != "emea" || got.Get("X-Access") != "hunter2secret" || got.Get("Authorization") != "" {
		t.Errorf("exit %d, %s\n%v", status, stderr, got)
	}
	for _, header := range []string{"Authorization: hunter2secret", "hunter2secret", "X-A:", "Host: hunter2secret"} {
		if status, _, stderr = run(t, server.URL, "sk-x", "models", "list", "--extra-header", header); status != 2 || strings.Contains(stderr, "hunter2secret") {
			t.Errorf("%s: exit %d, %s", header, status, stderr)
		}
	}
}

// TestFaults: what a gateway does wrong is said in one line, and a write is not
// repeated.
func TestFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault sandbox.Fault
		read  int // exit status of models list
		write int // of keys generate
		words string
	}{
		{"HTML error", sandbox.Fault{Status: 500, Body: "<html><title>Bad</title></html>", Header: map[string]string{"Content-Type": "text/html"}}, 1, 1, "HTTP 500"},
		{"HTML answer", sandbox.Fault{Status: 200, Body: "<html><title>Login</title></html>", Header: map[string]string{"Content-Type": "text/html"}}, 1, 1, "HTML"},
		{"truncated JSON", sandbox.Fault{Status: 200, Body: `{"data": [`}, 1, 1, "JSON"},
		{"reset", sandbox.Fault{Cut: true}, 1, 1, ""},
		{"no answer", sandbox.Fault{Drop: true}, 5, 1, ""},
		{"redirect", sandbox.Fault{Status: 302, Header: map[string]string{"Location": "https://elsewhere.example/login"}}, 1, 1, "elsewhere.example"},
	}
	for _, tt := range tests {
		gateway := sandbox.New()
		server := httptest.NewServer(gateway)
		remove := gateway.Inject(tt.fault)
		for _, call := range []struct {
			want int
			args []string
		}{{tt.read, []string{"models", "list"}}, {tt.write, []string{"keys", "generate", "--key-alias", "once"}}} {
			gateway.ClearRequests()
			status, stdout, stderr := run(t, server.URL, sandbox.MasterKey, call.args...)
			if status != call.want || stdout != "" || !strings.Contains(stderr, tt.words) || strings.Contains(stderr, "goroutine") {
				t.Errorf("%s: %v: exit %d, stdout %q, stderr %q; want exit %d and %q", tt.name, call.args, status, stdout, stderr, call.want, tt.words)
			}
			if sent := len(gateway.Requests()); call.args[0] == "keys" && sent != 1 {
				t.Errorf("%s: the write was sent %d times", tt.name, sent)
			}
		}
		// An answer that is lost leaves it open whether the key was made.
		if tt.fault.Cut || tt.fault.Drop {
			_, _, stderr := run(t, server.URL, sandbox.MasterKey, "keys", "generate", "--key-alias", "twice")
			if !strings.Contains(stderr, "may or may not have been applied") && !strings.Contains(stderr, "most likely applied") {
				t.Errorf("%s: stderr %q", tt.name, stderr)
			}
		}
		remove()
		if tt.fault.Drop {
			_, stdout, _ := run(t, server.URL, sandbox.MasterKey, "keys", "list", "--format", "csv", "--no-header", "--columns", "key_alias")
			if strings.Count(stdout, "once") != 1 {
				t.Errorf("%s: the keys are %q; want once one time", tt.name, stdout)
			}
		}
		server.Close()
	}
}
