package cli_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/output"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

// marked stands in for every secret: the caller's key, a provider's, a password.
const marked = "sk-MARKEDmarkedMARKED0123456789"

// TestShowSecrets: who asks by name gets them; without this the test above would
// prove nothing.
func TestShowSecrets(t *testing.T) {
	server := httptest.NewServer(leaky(200))
	defer server.Close()
	status, stdout, _ := run(t, server.URL, marked, "models", "info", "--format", "json", "--show-secrets")
	if status != 0 || !strings.Contains(stdout, `"api_key": "`+marked) || !strings.Contains(stdout, "MARKEDaws") {
		t.Errorf("exit %d, the secrets are not shown: %s", status, stdout)
	}
}

// leaky answers every request with the secret in every place where a gateway has
// one, and every second time as an error.
func leaky(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		status := status
		if r.URL.Path == "/v1/models" {
			status = 200 // the MCP server lets the key in
		}
		w.WriteHeader(status)
		one := fmt.Sprintf(`{"id": "one", "model_name": "n", "key_alias": "a", "api_key": %[1]q, "password": "MARKED%[1]s",
			"litellm_params": {"api_key": %[1]q, "aws_secret_access_key": "MARKEDaws", "model": "m"},
			"credential_values": {"api_key": "MARKEDvalue"}, "headers": {"Authorization": "Bearer %[1]s"},
			"note": "the text %[1]s in a sentence", "description": "%[1]s"}`, marked)
		if status >= 400 {
			fmt.Fprintf(w, `{"error": {"message": "the key %s was sent to %s?x=%s with %d bytes", "type": "x", "code": "%d"}}`,
				marked, r.URL.Path, marked, len(body), status)
			return
		}
		fmt.Fprintf(w, `{"data": [%[1]s], "keys": [%[1]s], "users": [%[1]s], "credentials": [%[1]s], "teams": [%[1]s],
			"total_count": 1, "total": 1, "info": %[1]s, "status": "healthy", "db": "connected", "api_key": %[2]q,
			"message": "made with %[2]s", "headers": {"authorization": "Bearer %[2]s"}}`, one, marked)
	})
}

// TestMarkedSecret runs a secret through every operation, in every format, with
// --debug and as a tool, and looks for it in everything that comes out.
func TestMarkedSecret(t *testing.T) {
	for _, status := range []int{200, 400, 401, 500} {
		server := httptest.NewServer(leaky(status))
		defer server.Close()
		client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: marked, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		mcp := connect(t, mcpserver.Options{Operations: tools.All(), Client: client, Toolsets: []string{"all"}, Confirm: "never"}, marked)
		for _, op := range tools.All() {
			args := inputs(op)[0]
			for _, f := range op.Fields() {
				// A path holds a secret only in its query, and an enum holds none.
				if _, ok := args[f.Name]; ok && f.Kind == operation.KindString && len(f.Enum) == 0 && f.Name != "method" && f.Name != "uri" {
					args[f.Name] = []byte(`"` + marked + `"`)
				}
			}
			if op.Path == "http request" {
				args["uri"] = []byte(`"/key/info?key=` + marked + `"`)
				delete(args, "header")
			}
			for _, format := range output.Formats(op) {
				line := append(argv(t, op, args), "--format", format, "--debug")
				_, stdout, stderr := run(t, server.URL, marked, line...)
				check(t, fmt.Sprintf("%d litellm-proxy %s --format %s", status, op.Path, format), stdout+stderr)
			}
			if op.Effect != operation.Read {
				_, stdout, stderr := run(t, server.URL, marked, append(argv(t, op, args), "--dry-run")...)
				check(t, op.Path+" --dry-run", stdout+stderr)
			}
			answer := mcp.call(op.Tool(), args)
			check(t, fmt.Sprintf("%d tool %s", status, op.Tool()), marshal(answer))
		}
	}
}

func check(t *testing.T, where, text string) {
	t.Helper()
	if i := strings.Index(text, "MARKED"); i >= 0 {
		t.Errorf("%s shows the secret: …%s…", where, text[max(0, i-60):min(len(text), i+60)])
	}
}

// TestRawReadsHideKeys: a key in the answer to a raw request is shown where the request
// made it, and masked where it only read.
func TestRawReadsHideKeys(t *testing.T) {
	const key = "sk-a1B2c3D4e5F6g7H8i9J0kL"
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"key": %q, "deep": {"key": %q}}`, key, key)
	}))
	defer gateway.Close()
	for method, want := range map[string]int{"GET": 0, "POST": 1} {
		var out bytes.Buffer
		status := cli.Run(t.Context(), cli.System{Operations: tools.All(), Args: []string{"http", "request", method, "/key/x"}, Stdin: strings.NewReader(""),
			Stdout: &out, Stderr: io.Discard, Getenv: func(name string) string {
				return map[string]string{"LITELLM_PROXY_URL": gateway.URL, "LITELLM_PROXY_API_KEY": "sk-caller"}[name]
			}})
		if got := strings.Count(out.String(), key); status != 0 || got != want {
			t.Errorf("%s: status %d, the key is shown %d times, want %d:\n%s", method, status, got, want, out.String())
		}
	}
}
