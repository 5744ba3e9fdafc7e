package mcpserver

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"litellm-proxy/tools"
)

const (
	providerSecret = "plain-PROVIDER-secret-value-7"
	fileSecret     = `{"type":"service_account","private_key":"FILE\nsecret"}`
)

// naming is a server whose operator lets calls name a variable and a directory.
func naming(t *testing.T, o Options) *Server {
	t.Helper()
	t.Setenv("TEST_PROVIDER_KEY", providerSecret)
	o.SecretEnv, o.SecretDir = []string{"TEST_PROVIDER_KEY"}, t.TempDir()
	if err := os.WriteFile(filepath.Join(o.SecretDir, "vertex.json"), []byte(fileSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return newServer(t, o)
}

// namings are calls that name secrets, in each kind of place.
var namings = []struct{ tool, args, ref, where string }{
	{"models_add", `{"model_name":"m","litellm_params":{"model":"openai/m","api_key":"env:TEST_PROVIDER_KEY"}}`, "env:TEST_PROVIDER_KEY", "litellm_params.api_key"},
	{"models_add", `{"model_name":"v","litellm_params":{"model":"vertex_ai/v","vertex_credentials":"file:vertex.json"}}`, "file:vertex.json", "litellm_params.vertex_credentials"},
	{"credentials_create", `{"credential_name":"c","credential_info":{},"credential_values":{"api_key":"env:TEST_PROVIDER_KEY"}}`, "env:TEST_PROVIDER_KEY", "credential_values.api_key"},
	{"credentials_update", `{"credential_name":"c","credential_values":{"api_key":"file:vertex.json"}}`, "file:vertex.json", "credential_values.api_key"},
	{"models_update", `{"name":"m","litellm_params":{"api_key":"file:vertex.json"}}`, "file:vertex.json", "litellm_params.api_key"},
}

// TestNamedSecrets: a secret of the server reaches the gateway and nobody else.
func TestNamedSecrets(t *testing.T) {
	var sent strings.Builder
	g, _ := gateway(t)
	client := fake(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent.Write(body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		r.Header.Set("Authorization", "Bearer sk-1234")
		g.ServeHTTP(w, r)
	})
	log, _, read := auditLog(t)
	var out logBuffer
	c := dial(t, naming(t, Options{Client: client, Watch: Watch{Audit: log}, Log: slog.New(slog.NewTextHandler(&out, nil))}), cannotAsk, nil)
	for _, n := range namings {
		sent.Reset()
		c.unconfirmed(n.tool, n.args, "sends the secret "+n.ref+" of this server to the gateway ("+n.where+")")
		if r := c.call(n.tool, strings.TrimSuffix(n.args, "}")+`,"dry_run":true}`); r.IsError {
			t.Errorf("%s: %s", n.tool, r.Text)
		}
		if strings.Contains(sent.String(), "secret") {
			t.Errorf("%s sent a secret before the yes", n.tool)
		}
		if r := c.call(n.tool, strings.TrimSuffix(n.args, "}")+`,"confirm":true}`); r.IsError {
			t.Fatalf("%s: %s", n.tool, r.Text)
		}
		want := encode(providerSecret)
		if strings.HasPrefix(n.ref, "file:") {
			want = encode(fileSecret)
		}
		if got := sent.String(); !strings.Contains(got, string(want)) || strings.Contains(got, "named_secret") || strings.Contains(got, n.ref) {
			t.Errorf("%s sent %s", n.tool, got)
		}
	}
	c.call("models_info", `{"full":true}`)
	c.mu.Lock()
	all := strings.Join(c.lines, "\n")
	c.mu.Unlock()
	named := 0
	for _, e := range read() {
		all += e.line
		if len(e.Secrets) == 1 {
			named++
		}
	}
	if named < 2*len(namings) {
		t.Errorf("%d lines of the audit log name a secret", named)
	}
	all += out.String()
	for _, part := range []string{"PROVIDER-secret", "service_account", "named_secret", `FILE\\`} {
		if i := strings.Index(all, part); i >= 0 {
			t.Errorf("%s came out: …%s…", part, all[max(0, i-200):min(len(all), i+100)])
		}
	}
}

// TestUnnamedSecrets: what the operator did not allow is refused, and never sent as text.
func TestUnnamedSecrets(t *testing.T) {
	g, client := gateway(t)
	t.Setenv("TEST_OTHER_KEY", "other-secret-value")
	plain, named := dial(t, newServer(t, Options{Client: client, Confirm: confirmNever}), cannotAsk, nil), dial(t, naming(t, Options{Client: client, Confirm: confirmNever}), cannotAsk, nil)
	g.ClearRequests()
	for _, n := range namings {
		flag := "--secret-env TEST_PROVIDER_KEY"
		if strings.HasPrefix(n.ref, "file:") {
			flag = "--secret-dir DIR"
		}
		wantText(t, plain.call(n.tool, n.args).Text, "nothing was sent", flag)
	}
	for args, why := range map[string]string{
		`{"model_name":"m","litellm_params":{"model":"openai/m","api_key":"env:TEST_OTHER_KEY"}}`:      "--secret-env TEST_OTHER_KEY",
		`{"model_name":"m","litellm_params":{"model":"openai/m","api_key":"env:PATH"}}`:                "--secret-env PATH",
		`{"model_name":"m","litellm_params":{"model":"openai/m","api_key":"file:../x"}}`:               "outside the directory",
		`{"model_name":"m","litellm_params":{"model":"openai/m","api_key":"file:/etc/passwd"}}`:        "outside the directory",
		`{"model_name":"m","litellm_params":{"model":"openai/m","api_key":"file:none"}}`:               "no such file",
		`{"model_name":"m","litellm_params":{"model":"openai/m","api_key":"{\"api_key\":\"env:X\"}"}}`: "--secret-env X",
	} {
		wantText(t, named.call("models_add", args).Text, "nothing was sent", why)
	}
	wantText(t, named.call("http_request", `{"method":"POST","uri":"/model/new","json":{"api_key":"env:TEST_PROVIDER_KEY"}}`).Text, "raw requests take none")
	wantText(t, named.call("spend_logs", `{"api_key":"env:TEST_PROVIDER_KEY"}`).Text, "in writes only")
	if n := writes(g); n > 0 {
		t.Errorf("%d writes were sent", n)
	}
	// Where no secret belongs, it is text.
	if r := named.call("keys_generate", `{"key_alias":"env:TEST_PROVIDER_KEY"}`); r.IsError || !strings.Contains(r.Text, "env:TEST_PROVIDER_KEY") {
		t.Error(r.Text)
	}
}

func TestReferenceFlags(t *testing.T) {
	for _, o := range []Options{{SecretEnv: []string{"A=B"}}, {SecretDir: filepath.Join(t.TempDir(), "none")}} {
		o.Operations = tools.All()
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o.SecretEnv)
		}
	}
	wantText(t, instructions(Options{SecretEnv: strings.Fields("A B C D E"), SecretDir: "x"}, confirmAuto, true),
		"- Give a provider's secret by reference: env:A, env:B, env:C, 2 more, file:NAME.")
}
