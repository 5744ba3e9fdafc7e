package cli_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"litellm-proxy/internal/audit"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

// TestMarkedSecretInFiles calls every tool, with --secrets file:DIR and an audit log, on a
// gateway that answers with a key wherever it can, and looks for that in all output.
func TestMarkedSecretInFiles(t *testing.T) {
	for _, status := range []int{200, 400} {
		gateway := httptest.NewServer(leaky(status))
		defer gateway.Close()
		dir, auditLog := filepath.Join(t.TempDir(), "keys"), filepath.Join(t.TempDir(), "audit.jsonl")
		client, err := proxyclient.New(proxyclient.Config{BaseURL: gateway.URL, APIKey: "sk-ofthecallerXq7Rb2vLmZ0pT4", Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		server, err := mcpserver.New(mcpserver.Options{Operations: tools.All(), Client: client, Toolsets: []string{"all"}, Confirm: "never",
			Secrets: "file:" + dir, Watch: mcpserver.Watch{Audit: audit.New(auditLog, nil)}})
		if err != nil {
			t.Fatal(err)
		}
		var in, out bytes.Buffer
		fmt.Fprintln(&in, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
		for i, op := range tools.All() {
			args := inputs(op)[0]
			for _, f := range op.Fields() {
				if _, ok := args[f.Name]; ok && f.Kind == operation.KindString && len(f.Enum) == 0 && f.Name != "method" && f.Name != "uri" {
					args[f.Name] = []byte(`"` + marked + `"`)
				}
			}
			if op.Path == "http request" {
				args = operation.Args{"method": []byte(`"POST"`), "uri": []byte(`"/key/generate"`)}
			}
			fmt.Fprintf(&in, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%q,"arguments":%s}}`+"\n", i+1, op.Tool(), marshal(args))
		}
		if err := server.ServeStdio(t.Context(), &in, &out); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			check(t, fmt.Sprintf("%d %.20s", status, line), line)
		}
		written, err := os.ReadFile(auditLog)
		if n := strings.Count(string(written), `"event":"end"`); err != nil || n != len(tools.All()) {
			t.Errorf("the audit log has the ends of %d calls: %v", n, err)
		}
		check(t, "the audit log", string(written))
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, file := range files {
			check(t, "the name of a file", file)
		}
		if status != 200 && len(files) > 0 {
			t.Errorf("calls that failed left %v", files)
		}
	}
}
