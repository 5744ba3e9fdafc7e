package cli_test

import (
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"litellm-proxy/internal/secret"
)

// started is what a client sees of a server over stdio: the instructions, the tools, and the
// text of one call.
type started struct {
	status       int
	instructions string
	tools        []string
	failed       bool
	call, stderr string
	names        string // the error in the structured content
}

// start runs "mcp" over pipes as a client does.
func start(t *testing.T, env map[string]string, args ...string) (s started) {
	t.Helper()
	const lines = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/list"}
{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"models_list","arguments":{}}}
`
	status, stdout, stderr := invoke(env, lines, append([]string{"mcp"}, args...)...)
	s.status, s.stderr = status, stderr
	for line := range strings.Lines(stdout) {
		var m struct {
			ID     int `json:"id"`
			Result struct {
				Instructions string `json:"instructions"`
				Tools        []struct{ Name string }
				Content      []struct{ Text string }
				IsError      bool `json:"isError"`
				Structured   struct {
					Error struct{ Code, Message, Hint string }
				} `json:"structuredContent"`
			}
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("stdout has %q", line)
		}
		switch m.ID {
		case 1:
			s.instructions = m.Result.Instructions
		case 2:
			for _, tool := range m.Result.Tools {
				s.tools = append(s.tools, tool.Name)
			}
		case 3:
			s.failed = m.Result.IsError
			for _, c := range m.Result.Content {
				s.call += c.Text
			}
			s.names = m.Result.Structured.Error.Message + m.Result.Structured.Error.Hint
		}
	}
	return s
}

// recorder is a gateway that counts connections.
func recorder(t *testing.T) (url string, seen *atomic.Int64) {
	t.Helper()
	seen = &atomic.Int64{}
	g := httptest.NewUnstartedServer(http.NotFoundHandler())
	g.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			seen.Add(1)
		}
	}
	g.Start()
	t.Cleanup(g.Close)
	return g.URL, seen
}

// TestFaultsOverStdio: a fault of the settings ends no server over stdio. Tools are listed,
// the instructions and each call say what to correct, and nothing is sent.
func TestFaultsOverStdio(t *testing.T) {
	url, seen := recorder(t)
	const key = "sk-of-the-test-0123456789"
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	broken, good := write("broken.yaml", "profiles: [\n"), write("good.yaml", "profiles:\n  prod: {base_url: '"+url+"', api_key: env:NOT_SET, mcp: {toolsets: [keyz]}}\n")
	spoilt, bomKey := write("spoilt.pem", "nothing\n"), write("key.txt", "\ufeff"+key)
	for _, tt := range []struct {
		name string
		env  map[string]string
		args []string
		want string
	}{
		{"URL variable", map[string]string{"LITELLM_PROXY_URL": "${LITELLM_PROXY_URL}"}, nil, "the base URL from LITELLM_PROXY_URL is the placeholder ${LITELLM_PROXY_URL}, which nothing filled in"},
		{"URL in the client's form", map[string]string{"LITELLM_PROXY_URL": "${env:GATEWAY}"}, nil, "is the placeholder ${env:GATEWAY}"},
		{"URL with a part", map[string]string{"LITELLM_PROXY_URL": "https://<your-gateway>/"}, nil, "contains the placeholder <your-gateway>"},
		{"URL flag", nil, []string{"--base-url", "{{GATEWAY}}"}, "the base URL from --base-url is the placeholder {{GATEWAY}}"},
		{"URL without scheme", map[string]string{"LITELLM_PROXY_URL": "localhost:4000"}, nil, "has no scheme: write http://localhost:4000"},
		{"quoted URL", map[string]string{"LITELLM_PROXY_URL": `"` + url + `"`}, nil, "the base URL from LITELLM_PROXY_URL is in quotation marks"},
		{"empty URL", map[string]string{"LITELLM_PROXY_URL": ""}, nil, "LITELLM_PROXY_URL is set but empty"},
		{"key ${}", map[string]string{"LITELLM_PROXY_API_KEY": "${LITELLM_PROXY_API_KEY}"}, nil, "the API key from LITELLM_PROXY_API_KEY is the placeholder ${LITELLM_PROXY_API_KEY}"},
		{"key $V", map[string]string{"LITELLM_PROXY_API_KEY": "$V"}, nil, "is the placeholder $V"},
		{"key %V%", map[string]string{"LITELLM_PROXY_API_KEY": "%V%"}, nil, "is the placeholder %V%"},
		{"key <>", map[string]string{"LITELLM_PROXY_API_KEY": "<your-key>"}, nil, "is the placeholder <your-key>"},
		{"key {{}}", map[string]string{"LITELLM_PROXY_API_KEY": "{{KEY}}"}, nil, "is the placeholder {{KEY}}"},
		{"key ${env:}", map[string]string{"LITELLM_PROXY_API_KEY": "${env:KEY}"}, nil, "is the placeholder ${env:KEY}"},
		{"key ${input:}", map[string]string{"LITELLM_PROXY_API_KEY": "${input:litellm-key}"}, nil, "is the placeholder ${input:litellm-key}"},
		{"key flag", nil, []string{"--api-key", "$(KEY)"}, "the API key from --api-key is the placeholder $(KEY)"},
		{"quoted key", map[string]string{"LITELLM_PROXY_API_KEY": `"` + key + `"`}, nil, "is in quotation marks"},
		{"Bearer", map[string]string{"LITELLM_PROXY_API_KEY": "Bearer " + key}, nil, `starts with "Bearer "`},
		{"BOM", map[string]string{"LITELLM_PROXY_API_KEY": "\ufeff" + key}, nil, "byte order mark"},
		{"BOM in a file", nil, []string{"--api-key", "@" + bomKey}, "byte order mark"},
		{"line break", map[string]string{"LITELLM_PROXY_API_KEY": key[:8] + "\n" + key[8:]}, nil, "contains a line break"},
		{"blank", map[string]string{"LITELLM_PROXY_API_KEY": "sk 1234"}, nil, "contains a blank"},
		{"key from stdin", nil, []string{"--api-key", "@-"}, "--api-key @-: standard input belongs to the protocol"},
		{"no key file", nil, []string{"--api-key", "@" + dir + "/none"}, "--api-key: "},
		{"toolsets", nil, []string{"--toolsets", "keyz"}, `--toolsets: there is no toolset "keyz"; did you mean keys?`},
		{"tools", nil, []string{"--tools", "keys_lst"}, `--tools: there is no tool "keys_lst"; did you mean keys_list?`},
		{"exclude", nil, []string{"--exclude-tools", "nonsense"}, `--exclude-tools: there is no tool "nonsense"`},
		{"toolsets of the profile", map[string]string{"LITELLM_PROXY_CONFIG": good, "NOT_SET": key}, []string{"--profile", "prod", "--base-url", url}, `mcp.toolsets of profile prod: there is no toolset "keyz"; did you mean keys?`},
		{"confirm", nil, []string{"--confirm", "sometimes"}, `--confirm: "sometimes" is not one of auto, always, argument, never`},
		{"secrets", nil, []string{"--secrets", "hide"}, `--secrets: "hide" is not one of reveal, file:DIR, mask`},
		{"directory of keys", nil, []string{"--secrets", "file:" + spoilt}, "--secrets: "},
		{"directory of secrets", nil, []string{"--secret-dir", dir + "/none"}, "none"},
		{"variable of secrets", nil, []string{"--secret-env", "A=B"}, "A=B"},
		{"log level", nil, []string{"--log-level", "loud"}, `--log-level: "loud" is not one of`},
		{"slow", nil, []string{"--slow", "soon"}, "--slow: "},
		{"writes", nil, []string{"--max-writes", "many"}, `--max-writes: "many" is not a whole number`},
		{"metrics", nil, []string{"--metrics-addr", "nowhere"}, "nowhere"},
		{"timeout", nil, []string{"--timeout", "soon"}, `--timeout: "soon" is not a duration`},
		{"unknown flag", nil, []string{"--toolset", "keys"}, "unknown flag --toolset for \"mcp\"; did you mean --toolsets?"},
		{"argument", nil, []string{"serve"}, `mcp takes no arguments; remove "serve"`},
		{"flag of http", nil, []string{"--addr", ":1"}, "--addr needs --transport http or sse"},
		{"two gateways", nil, []string{"--sandbox", "--base-url", url}, "--sandbox and --base-url both set the gateway"},
		{"no profile", map[string]string{"LITELLM_PROXY_CONFIG": good}, []string{"--profile", "prd"}, `no profile "prd"`},
		{"profile placeholder", map[string]string{"LITELLM_PROXY_PROFILE": "${PROFILE}"}, nil, "LITELLM_PROXY_PROFILE is the placeholder ${PROFILE}"},
		{"profile's key", map[string]string{"LITELLM_PROXY_CONFIG": good, "LITELLM_PROXY_URL": url, "LITELLM_PROXY_API_KEY": " "}, []string{"--profile", "prod"}, "the environment variable NOT_SET is not set"},
		{"configuration file", map[string]string{"LITELLM_PROXY_CONFIG": broken}, nil, "broken.yaml"},
		{"CA file", map[string]string{"LITELLM_PROXY_CA_FILE": dir + "/none.pem", "LITELLM_PROXY_URL": strings.Replace(url, "http:", "https:", 1)}, nil, "none.pem"},
		{"CA file without certificates", map[string]string{"LITELLM_PROXY_CA_FILE": spoilt, "LITELLM_PROXY_URL": strings.Replace(url, "http:", "https:", 1)}, nil, "spoilt.pem"},
		{"client certificate", map[string]string{"LITELLM_PROXY_CLIENT_CERT": dir + "/none.pem", "LITELLM_PROXY_URL": strings.Replace(url, "http:", "https:", 1)}, nil, "none.pem"},
		{"header", map[string]string{"LITELLM_PROXY_EXTRA_HEADERS": "hunter2secret"}, nil, "LITELLM_PROXY_EXTRA_HEADERS: a header has the form NAME: VALUE"},
		{"header placeholder", map[string]string{"LITELLM_PROXY_EXTRA_HEADERS": "X-Tenant: ${TENANT}"}, nil, `the extra header "X-Tenant" is the placeholder ${TENANT}`},
		{"key header", map[string]string{"LITELLM_PROXY_KEY_HEADER": "${HEADER}"}, nil, "LITELLM_PROXY_KEY_HEADER is the placeholder ${HEADER}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{"LITELLM_PROXY_URL": url, "LITELLM_PROXY_API_KEY": key, "HOME": dir}
			maps.Copy(env, tt.env)
			s := start(t, env, tt.args...)
			for where, text := range map[string]string{"instructions": s.instructions, "call": s.call, "structured content": s.names} {
				if !strings.Contains(text, tt.want) || !strings.Contains(text, "the MCP client's configuration") {
					t.Errorf("the %s say %q, want %q", where, text, tt.want)
				}
			}
			if !strings.Contains(s.stderr, tt.want) || s.status != 2 {
				t.Errorf("status %d, stderr %q", s.status, s.stderr)
			}
			if !s.failed || len(s.tools) != 40 {
				t.Errorf("failed: %v; %d tools", s.failed, len(s.tools))
			}
			if len(s.instructions) > 1500 {
				t.Errorf("%d bytes of instructions", len(s.instructions))
			}
			all := s.instructions + s.call + s.names + s.stderr
			if secret.Text(all) != all || strings.Contains(all, key) || strings.Contains(all, "hunter2") {
				t.Errorf("a secret in %q", all)
			}
		})
	}
	if seen.Load() != 0 {
		t.Errorf("%d connections were made", seen.Load())
	}
}

// TestSecondServer: clients start a server for each window, and only one of them can serve
// the metrics. The others work all the same.
func TestSecondServer(t *testing.T) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	s := start(t, map[string]string{"HOME": t.TempDir()}, "--sandbox", "--metrics-addr", first.Addr().String())
	if s.failed || s.status != 0 || !strings.Contains(s.stderr, "no metrics of this server: cannot listen on "+first.Addr().String()) {
		t.Errorf("status %d, failed %v, call %q, stderr %q", s.status, s.failed, s.call, s.stderr)
	}
}

// TestFaultsWidenNothing: a server with faulty settings offers no write if it is read-only,
// wherever the flag stands, and no more than its toolsets if those are good.
func TestFaultsWidenNothing(t *testing.T) {
	env := map[string]string{"LITELLM_PROXY_URL": "${X}"}
	for _, args := range [][]string{
		{"--read-only"}, {"--nonsense", "--read-only"}, {"--read-only", "--toolsets", "keyz"}, {"--read-only=maybe"}, {"--confirm", "x", "--read-only"}, {"--read-only", "--tools", "keys_delete"},
	} {
		s := start(t, env, args...)
		if len(s.tools) == 0 || !s.failed {
			t.Errorf("%q: %d tools, failed %v", args, len(s.tools), s.failed)
		}
		for _, tool := range s.tools {
			if strings.HasSuffix(tool, "_delete") || strings.HasSuffix(tool, "_generate") {
				t.Errorf("%q offers %s", args, tool)
			}
		}
	}
	s := start(t, env, "--toolsets", "models")
	for _, tool := range s.tools {
		if !strings.HasPrefix(tool, "models_") {
			t.Errorf("--toolsets models offers %s", tool)
		}
	}
	if len(s.tools) == 0 {
		t.Error("--toolsets models offers nothing")
	}
}

// TestFaultsOverHTTP: an operator reads stderr, so there faults end the process.
func TestFaultsOverHTTP(t *testing.T) {
	url, seen := recorder(t)
	for _, args := range [][]string{
		{"--toolsets", "keyz"}, {"--nonsense"}, {"--base-url", "${URL}"}, {"--confirm", "x"}, {"serve"}, {"--timeout", "soon"},
	} {
		for _, transport := range []string{"http", "sse"} {
			status, stdout, stderr := invoke(map[string]string{"LITELLM_PROXY_URL": url}, "", append([]string{"mcp", "--transport", transport, "--addr", "127.0.0.1:0"}, args...)...)
			if status != 2 || stdout != "" || stderr == "" {
				t.Errorf("%s %q: status %d, %q %q", transport, args, status, stdout, stderr)
			}
		}
	}
	if status, stdout, stderr := invoke(nil, "", "mcp", "--transport", "htpp"); status != 2 || stdout != "" || !strings.Contains(stderr, `"htpp" is not one of stdio, http, sse`) {
		t.Errorf("an unknown transport: status %d, %q %q", status, stdout, stderr)
	}
	if seen.Load() != 0 {
		t.Errorf("%d connections were made", seen.Load())
	}
}

// TestPlaceholdersOnCommandLine: commands refuse what a client or a file did not fill in, with
// nothing sent.
func TestPlaceholdersOnCommandLine(t *testing.T) {
	url, seen := recorder(t)
	for value, want := range map[string]string{
		"${X}":                  "the API key from LITELLM_PROXY_API_KEY is the placeholder ${X}, which nothing filled in",
		`"sk-0123456789abcdef"`: "is in quotation marks",
		"Bearer sk-0123456789":  `starts with "Bearer "`,
	} {
		status, stdout, stderr := invoke(map[string]string{"LITELLM_PROXY_URL": url, "LITELLM_PROXY_API_KEY": value}, "", "keys", "list")
		if status != 2 || stdout != "" || !strings.Contains(stderr, want) || !strings.Contains(stderr, "--api-key or LITELLM_PROXY_API_KEY") || strings.Contains(stderr, "0123456789") {
			t.Errorf("%s: status %d, %q %q", value, status, stdout, stderr)
		}
	}
	if seen.Load() != 0 {
		t.Errorf("%d connections were made", seen.Load())
	}
}

// TestEmptyFlags: a flag whose variable is not set turns nothing off unnoticed.
func TestEmptyFlags(t *testing.T) {
	url, seen := recorder(t)
	env := map[string]string{"LITELLM_PROXY_URL": url, "LITELLM_PROXY_API_KEY": "sk-of-the-test-0123456789"}
	for _, flag := range []string{"audit-log", "confirm", "secrets", "exclude-tools", "toolsets", "metrics-addr"} {
		s := start(t, env, "--"+flag+"=")
		if want := "--" + flag + " is empty; give it a value, or remove it"; !s.failed || !strings.Contains(s.call, want) || len(s.tools) == 0 {
			t.Errorf("--%s: %v %q", flag, s.failed, s.call)
		}
	}
	status, _, stderr := invoke(env, "", "mcp", "--transport", "http", "--addr", "127.0.0.1:0", "--auth-token-file", "")
	if status != 2 || !strings.Contains(stderr, "--auth-token-file is empty") {
		t.Errorf("%d %q", status, stderr)
	}
	if n := seen.Load(); n != 0 {
		t.Errorf("%d connections to the gateway", n)
	}
}
