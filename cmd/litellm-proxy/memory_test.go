//go:build linux && !race

package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"litellm-proxy/internal/cli"
	"litellm-proxy/tools"
)

// peakFile names the file into which a run of the program writes the most memory
// that it had. Without it the test binary is the tests.
const peakFile = "LITELLM_PROXY_TEST_PEAK"

func TestMain(m *testing.M) {
	path := os.Getenv(peakFile)
	if path == "" {
		os.Exit(m.Run())
	}
	code := cli.Main(tools.All())
	status, _ := os.ReadFile("/proc/self/status")
	_ = os.WriteFile(path, status, 0o600)
	os.Exit(code)
}

const mib = 1 << 20

// key is one of many that make a large answer.
var key = `{"token":"%064x","key_name":"sk-...abcd","key_alias":"key-%06d","spend":1.25e-5,"models":["gpt-4o","gpt-4o-mini"],"user_id":"u",` +
	`"metadata":{"note":"some \"text\" here","api_key":"sk-abcdefghijklmnop1234567890"}` + strings.Repeat(`,"some_field":null`, 80) + `}`

// keys writes a key list of a size.
func keys(w io.Writer, size int) {
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(`{"keys":[`)
	count, sep := 0, ""
	for size > 0 {
		n, err := fmt.Fprintf(out, sep+key, count, count)
		if err != nil {
			return
		}
		size, count, sep = size-n, count+1, ","
	}
	_, _ = fmt.Fprintf(out, `],"total_count":%d,"current_page":1,"total_pages":1}`, count)
	_ = out.Flush()
}

// fill writes a text again and again.
func fill(w io.Writer, head, text, tail string, size int) {
	_, _ = io.WriteString(w, head)
	text = strings.Repeat(text, 64<<10/len(text))
	for ; size > 0; size -= len(text) {
		_, _ = io.WriteString(w, text)
	}
	_, _ = io.WriteString(w, tail)
}

// large is a gateway of which every answer has the 60 MiB, or more than is taken.
// It holds none of them.
func large(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/measured": // with its length
		var n length
		keys(&n, 60*mib)
		w.Header().Set("Content-Length", strconv.Itoa(int(n)))
		keys(w, 60*mib)
	case "/zipped", "/bomb":
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		keys(z, map[string]int{"/zipped": 60, "/bomb": 300}[r.URL.Path]*mib)
		_ = z.Close()
	case "/endless":
		keys(w, 300*mib)
	case "/metrics":
		w.Header().Set("Content-Type", "text/plain")
		fill(w, "", "metric{key=\"x\"} 1\n", "", 60*mib)
	case "/one":
		fill(w, `{"key_alias":"one","metadata":{"note":"`, `word \"and\" more\n`, `"}}`, 60*mib)
	case "/chat/completions":
		fill(w, `{"choices":[{"message":{"content":"`, `word \"and\" more\n`, `"}}]}`, 60*mib)
	case "/key/list":
		size := 60
		if r.URL.Query().Get("size") == "50" {
			size = 2
		}
		keys(w, size*mib)
	case "/key/info":
		fill(w, `{"key":"x","info":{"key_alias":"one","models":["a"],"metadata":{"note":"`, `word \"and\" more\n`, `"}}}`, 60*mib)
	default:
		_, _ = io.WriteString(w, `{"data":[]}`)
	}
}

// length counts what is written.
type length int

func (n *length) Write(p []byte) (int, error) {
	*n += length(len(p))
	return len(p), nil
}

// program is a run of the program against the gateway, and what tells its peak.
func program(t *testing.T, url string, args ...string) (*exec.Cmd, func() int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "status")
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), peakFile+"="+path, "LITELLM_PROXY_URL="+url, "LITELLM_PROXY_API_KEY=sk-1234", "GOMEMLIMIT=")
	return cmd, func() int {
		t.Helper()
		status, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(status)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
				kib, _ := strconv.Atoi(f[1])
				return kib >> 10
			}
		}
		t.Fatalf("no peak in %s", status)
		return 0
	}
}

// TestMemoryOfCommands: whatever the format and whatever the answer, a command
// stays within 128 MiB for one of 60 MiB, and within 100 MiB when it is refused.
func TestMemoryOfCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("some answers of 60 MiB")
	}
	gateway := httptest.NewServer(http.HandlerFunc(large))
	defer gateway.Close()
	tests := []struct {
		args    string
		output  int // at least, in MiB
		refused bool
	}{
		{args: "keys list --format json", output: 60},
		{args: "keys list --format jsonl", output: 50},
		{args: "keys list --format yaml", output: 60},
		{args: "keys list --format csv", output: 2},
		{args: "keys list --format table", output: 2},
		{args: "keys list --all --format jsonl", output: 50},
		{args: "keys info x --format yaml", output: 50},
		{args: "keys info x --format table"},
		{args: "keys info x --format csv"},
		{args: "http request GET /measured", output: 60},
		{args: "http request GET /zipped", output: 60},
		{args: "http request GET /one --format yaml", output: 50},
		{args: "http request GET /metrics", output: 60},
		{args: "chat completions gpt -m user:hi --format text", output: 40},
		{args: "http request GET /bomb", refused: true},
		{args: "http request GET /endless", refused: true},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			cmd, peak := program(t, gateway.URL, strings.Fields(tt.args)...)
			var n length
			var stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &n, &stderr
			err := cmd.Run()
			if (err != nil) != tt.refused || int(n) < tt.output*mib {
				t.Fatalf("%v after %d bytes: %s", err, n, stderr.String())
			}
			limit := 128
			if tt.refused {
				limit = 100
			}
			t.Logf("%d MiB", peak())
			if peak() > limit {
				t.Errorf("it took %d MiB, more than %d", peak(), limit)
			}
		})
	}
}

// TestMemoryOfServer: 32 clients that ask for answers of every size at once.
func TestMemoryOfServer(t *testing.T) {
	if testing.Short() {
		t.Skip("some answers of 60 MiB")
	}
	gateway := httptest.NewServer(http.HandlerFunc(large))
	defer gateway.Close()
	cmd, peak := program(t, gateway.URL, "mcp", "--toolsets", "all")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	calls := []string{
		`"keys_list","arguments":{}`, `"keys_list","arguments":{"full":true}`, `"keys_list","arguments":{"full":true,"size":50}`,
		`"http_request","arguments":{"method":"GET","uri":"/bomb"}`, `"http_request","arguments":{"method":"GET","uri":"/metrics"}`,
		`"http_request","arguments":{"method":"GET","uri":"/one"}`, `"http_request","arguments":{"method":"GET","uri":"/key/list?size=50"}`,
	}
	const clients = 32
	_, _ = io.WriteString(in, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`+"\n")
	for i := range clients {
		_, _ = fmt.Fprintf(in, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%s}}`+"\n", i+1, calls[i%len(calls)])
	}
	answered, failed := 0, 0
	lines := bufio.NewReader(out)
	var once sync.Once
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var m struct {
			ID     int
			Result struct{ IsError bool }
		}
		if json.Unmarshal(line, &m) == nil && m.ID > 0 {
			answered++
			if m.Result.IsError {
				failed++
			}
		}
		if answered == clients {
			once.Do(func() { _ = in.Close() })
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if answered != clients || failed == 0 || failed == clients {
		t.Errorf("%d calls were answered, %d of them with an error", answered, failed)
	}
	t.Logf("%d MiB", peak())
	if peak() > 256 {
		t.Errorf("it took %d MiB, more than 256", peak())
	}
}
