package cli_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"litellm-proxy/internal/audit"
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

// TestKeyFromFile: a key without a known form is known as the caller's wherever it was
// read from.
func TestKeyFromFile(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	const key = "plainownkeyvalue-Q7w9E2r4"
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stdout, stderr := run(t, server.URL, "", "http", "request", "GET", "/"+key, "--api-key", "@"+file); strings.Contains(stdout+stderr, key) {
		t.Errorf("the key is repeated: %s%s", stdout, stderr)
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
	auditLog := filepath.Join(t.TempDir(), "audit.jsonl")
	for _, status := range []int{200, 400, 401, 500} {
		server := httptest.NewServer(leaky(status))
		defer server.Close()
		client, err := proxyclient.New(proxyclient.Config{BaseURL: server.URL, APIKey: marked, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		mcp := connect(t, mcpserver.Options{Operations: tools.All(), Client: client, Toolsets: []string{"all"}, Confirm: "never",
			Watch: mcpserver.Watch{Audit: audit.New(auditLog, nil)}}, marked)
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
	written, err := os.ReadFile(auditLog)
	if n := strings.Count(string(written), `"event":"end"`); err != nil || n != 4*len(tools.All()) {
		t.Errorf("the audit log has the ends of %d calls, not %d: %v", n, 4*len(tools.All()), err)
	}
	check(t, "the audit log", string(written))
}

func check(t *testing.T, where, text string) {
	t.Helper()
	if i := strings.Index(text, "MARKED"); i >= 0 {
		t.Errorf("%s shows the secret: …%s…", where, text[max(0, i-60):min(len(text), i+60)])
	}
}

const existingKey = "sk-a1B2c3D4e5F6g7H8i9J0kL"

// rawRequests tell whether a key in their answer is new.
var rawRequests = []struct {
	method, uri, data string
	shown             bool
}{
	{"POST", "/key/generate", `{}`, true},
	{"post", "key/generate/", "", true},
	{"POST", "/key/service-account/generate", `{"team_id":"t"}`, true},
	{"POST", "/key/regenerate?key=old", "", true},
	{"POST", "/key/0123/regenerate", "", true},
	{"POST", "/user/new", `{}`, true},
	{"POST", "/key/generate", `{"key":"` + existingKey + `"}`, false},
	{"POST", "/key/generate", `{"key":"\u0073k` + existingKey[2:] + `"}`, false},
	{"POST", "/key/regenerate?key=%73k" + existingKey[2:], "", false},
	{"POST", "/key/" + existingKey + "/regenerate", "", false},
	{"GET", "/key/generate", "", false},
	{"GET", "/key/x", "", false},
	{"GET", "/key%2Finfo?key=" + existingKey, "", false},
	{"GET", "/unlisted", "", false},
	{"POST", "/v2/key/info", `{"keys":["` + existingKey + `"]}`, false},
	{"POST", "/key/update", `{"key":"0123","spend":0}`, false},
	{"POST", "/key%2Fgenerate", `{}`, true}, // the gateway takes it for /key/generate
}

// TestRawRequestsHideKeys: the answer to a raw request shows a key that the request made,
// and masks one that was there before. The caller's own key is never shown.
func TestRawRequestsHideKeys(t *testing.T) {
	const own = "sk-caller-Xq7Rb2vLmZ0pT4wY"
	answer := ""
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/v1/models" {
			fmt.Fprint(w, `{"data": []}`) // the MCP server lets the key in
			return
		}
		fmt.Fprintf(w, `{"key": %q, "deep": {"key": %q}}`, answer, answer)
	}))
	defer gateway.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: gateway.URL, APIKey: own})
	if err != nil {
		t.Fatal(err)
	}
	mcp := connect(t, mcpserver.Options{Operations: tools.All(), Client: client, Toolsets: []string{"all"}, Confirm: "never"}, own)
	for _, tt := range rawRequests {
		for _, answered := range []string{existingKey, own} {
			answer = answered
			line := []string{"http", "request", tt.method, tt.uri}
			args := operation.Args{"method": operation.Encode(tt.method), "uri": operation.Encode(tt.uri)}
			if tt.data != "" {
				line, args["data"] = append(line, "--data", tt.data), operation.Encode(tt.data)
			}
			status, stdout, _ := run(t, gateway.URL, own, line...)
			tool := marshal(mcp.call("http_request", args))
			want, wantTool := 0, 0
			if tt.shown && answered == existingKey {
				want, wantTool = 1, 2 // as text and as a value
			}
			if got, gotTool := strings.Count(stdout, answered), strings.Count(tool, answered); status != 0 || got != want || gotTool != wantTool {
				t.Errorf("%s %s %s: exit %d, %s is shown %d and %d times, want %d:\n%s\n%s", tt.method, tt.uri, tt.data, status, answered, got, gotTool, want, stdout, tool)
			}
		}
	}
}

// TestOwnKeyInAnswers: the caller's own key is masked also where an operation shows
// what it is answered, and in the words of a stream, however they are cut.
func TestOwnKeyInAnswers(t *testing.T) {
	const own = "team/own-Xq7Rb2vLmZ0pT4wY"
	const words = "the key " + own + " and team/own-Xq, sk-a1B2c3D4e5F6g7H8i9J0kL"
	const want = "the key **** and team/own-Xq, sk-a1B2c3D4e5F6g7H8i9J0kL"
	size := 0
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"stream":true`) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"key": %q, "token": "t", "choices": [{"message": {"role": "assistant", "content": %q}}]}`, own, words)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for rest := words; rest != ""; rest = rest[min(size, len(rest)):] {
			fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", rest[:min(size, len(rest))])
		}
		fmt.Fprint(w, "data: [DONE]\n\n")
	}))
	defer gateway.Close()
	for _, line := range []string{"chat completions m -m user:x", "chat completions m -m user:x --format text", "chat completions m -m user:x --format yaml", "keys generate"} {
		if _, stdout, _ := run(t, gateway.URL, own, strings.Fields(line)...); strings.Contains(stdout, own) || stdout == "" {
			t.Errorf("%s shows %s", line, stdout)
		} else if strings.HasPrefix(line, "chat") && !strings.Contains(stdout, want) {
			t.Errorf("%s shows %s, want %s in it", line, stdout, want)
		}
	}
	for size = 1; size < len(words)+2; size++ {
		if _, stdout, _ := run(t, gateway.URL, own, "chat", "completions", "m", "-m", "user:x", "--stream"); stdout != want+"\n" {
			t.Errorf("in pieces of %d bytes: %q, want %q", size, stdout, want)
		}
	}
}

// TestTypedKeys: a key that stands where something else was expected is masked in the
// error, whatever is wrong.
func TestTypedKeys(t *testing.T) {
	const own, typed = "team/own-QWERTYUIOP", "sk-QWERTYUIOPASDFGH1234"
	for _, line := range []string{
		"KEY", "keys KEY", "keys list KEY", "keys list --KEY", "keys list -KEY", "sandbox KEY", "mcp KEY", "completion KEY", "completion bash KEY",
		"keys list --format KEY", "keys list --format json --columns KEY", "keys list --columns KEY", "keys list --timeout KEY", "keys list --size KEY",
		"keys list --period KEY", "keys list --base-url KEY", "keys list --base-url http://KEY.invalid", "keys list --ca-file KEY", "keys list --api-key @KEY",
		"keys list --debug=KEY", "keys generate --body KEY", "keys generate --metadata KEY", "keys generate --set KEY", "--read-only=KEY keys list",
		"mcp --transport KEY", "mcp --confirm KEY", "mcp --toolsets KEY", "mcp --tools KEY", "mcp --transport http --addr KEY", "mcp --transport http --auth-token-file KEY",
		"sandbox serve --addr KEY", "help KEY", "help keys KEY", "help keys list KEY", "help --KEY",
		"__complete KEY x", "__complete keys KEY x", "__complete keys list --format KEY", "__completeNoDesc keys list --KEY x",
	} {
		for _, key := range []string{typed, own} {
			_, stdout, stderr := run(t, "http://127.0.0.1:1", own, strings.Fields(strings.ReplaceAll(line, "KEY", key))...)
			if strings.Contains(stdout+stderr, "QWERTY") {
				t.Errorf("%s shows the key: %s%s", strings.ReplaceAll(line, "KEY", key), stdout, stderr)
			}
		}
	}
}
