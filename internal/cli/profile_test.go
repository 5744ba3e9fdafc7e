package cli_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/tools"
)

// tlsGateway is a gateway over TLS that remembers who called it.
type tlsGateway struct {
	*httptest.Server
	writes atomic.Int64
	certs  atomic.Int64 // of clients

	mu   sync.Mutex
	seen []string // all header values
}

func newTLSGateway(t *testing.T, gateway http.Handler) *tlsGateway {
	r := &tlsGateway{}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for name, values := range q.Header {
			r.seen = append(r.seen, name+": "+strings.Join(values, ","))
		}
		if q.Method != http.MethodGet {
			r.writes.Add(1)
		}
		r.certs.Add(int64(len(q.TLS.PeerCertificates)))
		gateway.ServeHTTP(w, q)
	}))
	r.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	r.StartTLS()
	t.Cleanup(r.Close)
	return r
}

// headers are all header values until now, one a line.
func (r *tlsGateway) headers() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.seen, "\n")
}

func (r *tlsGateway) has(text string) bool { return strings.Contains(r.headers(), text) }

// pair writes a client certificate and its key into one file.
func pair(t *testing.T, path string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// invoke runs the program with an environment of its own and returns what it wrote.
func invoke(env map[string]string, stdin string, args ...string) (status int, stdout, stderr string) {
	var out, problems bytes.Buffer
	status = cli.Run(context.Background(), cli.System{Args: args, Operations: tools.All(), Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &problems,
		Getenv:    func(name string) string { return env[name] },
		LookupEnv: func(name string) (string, bool) { value, set := env[name]; return value, set }})
	return status, out.String(), problems.String()
}

// TestCredentialsStayHome: the key, the client certificate and the headers of a profile are
// sent to its base_url, and nothing of them to another gateway that a flag or a variable
// names.
func TestCredentialsStayHome(t *testing.T) {
	empty := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data": []}`) })
	home, other := newTLSGateway(t, empty), newTLSGateway(t, empty)
	dir := t.TempDir()
	pair(t, filepath.Join(dir, "client.pem"))
	authorities := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: home.Certificate().Raw}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Certificate().Raw})...)
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), authorities, 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf("current: prod\nprofiles:\n  prod:\n    base_url: %s\n    api_key: sk-the-key-of-prod-1234\n    client_cert: client.pem\n    ca_file: ca.pem\n    headers: {X-Front: the-header-of-prod}\n", home.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(more ...string) map[string]string {
		all := map[string]string{"LITELLM_PROXY_CONFIG": file, "LITELLM_PROXY_CA_FILE": filepath.Join(dir, "ca.pem")}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	if status, _, stderr := invoke(env(), "", "models", "list"); status != 0 || !home.has("sk-the-key-of-prod-1234") || !home.has("the-header-of-prod") || home.certs.Load() == 0 {
		t.Fatalf("at home: status %d, headers %q, %d certificates; %s", status, home.headers(), home.certs.Load(), stderr)
	}
	const note = "names another gateway than profile prod; its key, client certificate and headers are not used."
	for name, try := range map[string]struct {
		env  map[string]string
		args []string
		note bool
	}{
		"variable":             {env("LITELLM_PROXY_URL", other.URL), nil, true},
		"flag":                 {env(), []string{"--base-url", other.URL}, true},
		"flag and profile":     {env(), []string{"--base-url", other.URL, "--profile", "prod"}, true},
		"variable and profile": {env("LITELLM_PROXY_URL", other.URL, "LITELLM_PROXY_PROFILE", "prod"), nil, true},
		"a path":               {env(), []string{"--base-url", other.URL + "/prod"}, true},
		"one's own key":        {env("LITELLM_PROXY_URL", other.URL, "LITELLM_PROXY_API_KEY", "sk-mine"), nil, true},
	} {
		status, _, stderr := invoke(try.env, "", append(try.args, "models", "list")...)
		if status != 0 || strings.Contains(stderr, note) != try.note {
			t.Errorf("%s: status %d, %s", name, status, stderr)
		}
	}
	call := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"models_list","arguments":{}}}
`
	if status, stdout, stderr := invoke(env("LITELLM_PROXY_URL", other.URL), call, "mcp"); status != 0 || !strings.Contains(stdout, `"id":2`) {
		t.Errorf("mcp: status %d, %s %s", status, stdout, stderr)
	}
	sessionFiles(t, dir, other.URL)
	status, _, stderr := invoke(env("XDG_CONFIG_HOME", dir, "LITELLM_PROXY_KEYSTORE", "file"), "", "logout", "--all")
	if status != 0 || other.writes.Load() == 0 || !strings.Contains(stderr, "revoked the renewal") {
		t.Errorf("logout: status %d, %d requests, %s", status, other.writes.Load(), stderr)
	}
	if other.headers() == "" || other.has("sk-the-key") || other.has("the-header") || other.certs.Load() > 0 {
		t.Errorf("the other gateway got %q and %d certificates", other.headers(), other.certs.Load())
	}
}

// sessionFiles stores a session that can be renewed.
func sessionFiles(t *testing.T, configHome, baseURL string) {
	t.Helper()
	dir := filepath.Join(configHome, "litellm-proxy")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"sessions.json":    fmt.Sprintf(`{%q: {"obtained": "2026-01-01T00:00:00Z", "expires": "2099-01-01T00:00:00Z", "renewal": {"client_id": "c", "token_path": "/token", "revoke_path": "/revoke"}}}`, baseURL),
		"credentials.json": fmt.Sprintf(`{"session %s": "{\"key\": \"litellm_login_x\", \"refresh_token\": \"llm_srefresh_x\"}"}`, baseURL),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestProtected: nothing that changes something reaches a protected gateway without the
// profile's name, by whatever way the gateway is named.
func TestProtected(t *testing.T) {
	gateway := newTLSGateway(t, sandbox.New())
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: gateway.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(fmt.Sprintf("profiles:\n  prod: {base_url: '%s', api_key: env:K, protected: true}\n", gateway.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"LITELLM_PROXY_CONFIG": file, "LITELLM_PROXY_CA_FILE": ca, "K": sandbox.MasterKey, "LITELLM_PROXY_API_KEY": sandbox.MasterKey}
	byURL := map[string]string{"LITELLM_PROXY_URL": gateway.URL + "/"}
	for name, value := range env {
		byURL[name] = value
	}
	if status, _, stderr := invoke(map[string]string{"LITELLM_PROXY_CA_FILE": ca, "LITELLM_PROXY_URL": gateway.URL, "LITELLM_PROXY_API_KEY": sandbox.MasterKey}, "", "teams", "create", "t", "--team-id", "t"); status != 0 {
		t.Fatal(stderr)
	}
	gateway.writes.Store(0)
	writes := [][]string{
		{"teams", "create", "a"}, {"teams", "delete", "t", "--yes"}, {"http", "request", "POST", "/key/generate", "-j", "{}"},
		{"chat", "completions", "gpt-4o-mini", "-m", "user:hi"}, {"keys", "generate"}, {"keys", "delete", "--keys", "sk-12345678901234567890"},
	}
	for _, args := range writes {
		for how, run := range map[string][]string{
			"selected": append([]string{"--profile", "prod"}, args...),
			"by flag":  append([]string{"--base-url", gateway.URL}, args...),
		} {
			if status, _, stderr := invoke(env, "", run...); status != 2 || !strings.Contains(stderr, "profile prod") || !strings.Contains(stderr, "nothing was sent") || !strings.Contains(stderr, "--confirm-profile prod") {
				t.Errorf("%s %v: status %d, %s", how, args, status, stderr)
			}
		}
		if status, _, stderr := invoke(byURL, "", args...); status != 2 {
			t.Errorf("by variable %v: status %d, %s", args, status, stderr)
		}
		if status, _, stderr := invoke(env, "", append([]string{"--profile", "prod", "--confirm-profile", "production"}, args...)...); status != 2 {
			t.Errorf("a wrong name, %v: status %d, %s", args, status, stderr)
		}
	}
	for _, args := range [][]string{{"models", "list"}, {"http", "request", "GET", "/models"}, {"teams", "create", "a", "--dry-run"}} {
		if status, _, stderr := invoke(env, "", append([]string{"--profile", "prod"}, args...)...); status != 0 {
			t.Errorf("%v: status %d, %s", args, status, stderr)
		}
	}
	if gateway.writes.Load() != 0 {
		t.Fatalf("%d changes reached the gateway", gateway.writes.Load())
	}
	if status, _, stderr := invoke(env, "", "--profile", "prod", "--confirm-profile", "prod", "http", "request", "POST", "/key/generate", "-j", "{}"); status != 0 || gateway.writes.Load() != 1 {
		t.Errorf("with the name: status %d, %d changes, %s", status, gateway.writes.Load(), stderr)
	}
}

// TestProtectedTools: neither a confirmation that other gateways take nor --confirm never is
// enough for a protected one.
func TestProtectedTools(t *testing.T) {
	gateway := newTLSGateway(t, sandbox.New())
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: gateway.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte(fmt.Sprintf("current: prod\nprofiles:\n  prod: {base_url: '%s', api_key: env:K, ca_file: ca.pem, protected: true, mcp: {toolsets: [teams, models]}}\n", gateway.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"LITELLM_PROXY_CONFIG": file, "K": sandbox.MasterKey}
	for i, tt := range []struct {
		confirm, arguments string
		sent               int64
	}{
		{"auto", `{"team_alias": "a"}`, 0}, {"auto", `{"team_alias": "a", "confirm": true}`, 0}, {"auto", `{"team_alias": "a", "confirm_profile": "dev"}`, 0},
		{"never", `{"team_alias": "a"}`, 0}, {"argument", `{"team_alias": "a", "confirm": true}`, 0}, {"always", `{"team_alias": "a", "confirm_profile": "prod"}`, 0},
		{"auto", `{"team_alias": "a", "confirm_profile": "prod"}`, 1}, {"never", `{"team_alias": "a", "confirm_profile": "prod"}`, 1}, {"argument", `{"team_alias": "a", "confirm_profile": "prod"}`, 1},
	} {
		gateway.writes.Store(0)
		call := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"teams_create","arguments":` + strings.ReplaceAll(tt.arguments, `"a"`, fmt.Sprintf(`"a%d"`, i)) + `}}
{"jsonrpc":"2.0","id":3,"method":"tools/list"}
`
		status, stdout, stderr := invoke(env, call, "mcp", "--confirm", tt.confirm)
		if status != 0 || gateway.writes.Load() != tt.sent {
			t.Errorf("--confirm %s, %s: status %d, %d changes sent; %s %s", tt.confirm, tt.arguments, status, gateway.writes.Load(), stdout, stderr)
		}
		if strings.Contains(stdout, `"keys_list"`) || strings.Contains(stdout, `"confirm_profile":{"type":"string"`) != (tt.confirm != "always") {
			t.Errorf("--confirm %s: the tools are not those of the profile: %.300s", tt.confirm, stdout)
		}
	}
}

// TestProfileDefaults: team and output format of a profile are defaults, and a team is never
// used in silence.
func TestProfileDefaults(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte("current: play\nprofiles:\n  play: {base_url: 'sandbox:', team: red, format: yaml}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"LITELLM_PROXY_CONFIG": file, "LITELLM_PROXY_SANDBOX": filepath.Join(dir, "sandbox.db")}
	if status, _, stderr := invoke(env, "", "keys", "generate"); status != 3 || !strings.Contains(stderr, "default team of profile play") {
		t.Fatalf("a team that does not exist: %d %s", status, stderr)
	}
	if status, stdout, stderr := invoke(env, "", "teams", "create", "red", "--team-id", "red-1"); status != 0 || !strings.Contains(stdout, "team_id: red-1") {
		t.Fatalf("%d %s %s", status, stdout, stderr)
	}
	const note = `Using team red (red-1), the default of profile play; for no team, set --team to "".`
	for name, tt := range map[string]struct {
		args []string
		team string
		note bool
	}{
		"default":    {nil, `"red-1"`, true},
		"no team":    {[]string{"--team", ""}, "null", false},
		"given":      {[]string{"--team-id", "red-1"}, `"red-1"`, false},
		"given name": {[]string{"--team", "red"}, `"red-1"`, false},
	} {
		status, stdout, stderr := invoke(env, "", append([]string{"keys", "generate", "--format", "json"}, tt.args...)...)
		var key struct {
			TeamID json.RawMessage `json:"team_id"`
		}
		if err := json.Unmarshal([]byte(stdout), &key); status != 0 || err != nil || string(key.TeamID) != tt.team || strings.Contains(stderr, note) != tt.note {
			t.Errorf("%s: %d, team %s, %v; %s", name, status, key.TeamID, err, stderr)
		}
	}
	if _, stdout, _ := invoke(env, "", "keys", "list", "--columns", "team_id", "--no-header"); strings.Count(stdout, "\n") != 4 || strings.Contains(stdout, ":") {
		t.Errorf("a list is narrowed by the default team, or the format beats --columns: %q", stdout)
	}
	if status, _, stderr := invoke(env, "", "models", "get", "--id", "nope"); status != 3 || strings.HasPrefix(stderr, "{") {
		t.Errorf("%d %s", status, stderr)
	}
}
