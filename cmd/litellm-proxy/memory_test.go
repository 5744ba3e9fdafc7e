//go:build linux && !race

package main

import (
	"bufio"
	"bytes"
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
	"syscall"
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

// key is one of many that make a large answer; # stands for its number.
var key = `{"token":"####################","key_name":"sk-...abcd","key_alias":"key-####################","spend":1.25e-5,"models":["gpt-4o","gpt-4o-mini"],` +
	`"metadata":{"note":"some \"text\" here","api_key":"sk-abcdefghijklmnop1234567890"}` + fields(80) + `}`

// fields are members that say nothing, as a key has many.
func fields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"some_field_%d":null`, i)
	}
	return b.String()
}

// keys writes a key list of a size, and tells its length.
func keys(w io.Writer, size int) int {
	item := []byte("," + key)
	var places []int // of the digits
	for i, c := range item {
		if c == '#' {
			places = append(places, i)
		}
	}
	count := size / len(item)
	head, tail := `{"keys":[`, fmt.Sprintf(`],"total_count":%d,"current_page":1,"total_pages":1}`, count)
	length := len(head) + count*len(item) - 1 + len(tail)
	if w == nil {
		return length
	}
	out := bufio.NewWriterSize(w, 64<<10)
	_, _ = out.WriteString(head)
	for i := range count {
		for k, n := len(places)-1, i; k >= 0; k, n = k-1, n/10 {
			if k == 19 {
				n = i
			}
			item[places[k]] = byte('0' + n%10)
		}
		if _, err := out.Write(item[max(0, 1-i):]); err != nil {
			return length
		}
	}
	_, _ = out.WriteString(tail)
	_ = out.Flush()
	return length
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

// names writes objects of many names within one another.
func names(w io.Writer) {
	out := bufio.NewWriterSize(w, 64<<10)
	const objects, members = 60, 99_000
	for range objects {
		_, _ = out.WriteString("{")
		for i := range members {
			_, _ = out.WriteString(`"` + strconv.Itoa(i) + `":0,`)
		}
		_, _ = out.WriteString(`"next":`)
	}
	_, _ = out.WriteString("0" + strings.Repeat("}", objects))
	_ = out.Flush()
}

// large is a gateway of which every answer has the 60 MiB, or more than is taken.
// It holds none of them.
func large(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/key/list": // with its length, as the gateway sends it
		size := 60 * mib
		if r.URL.Query().Get("size") == "50" {
			size = 4 * mib
		}
		w.Header().Set("Content-Length", strconv.Itoa(keys(nil, size)))
		keys(w, size)
	case "/bomb":
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		keys(z, 300*mib)
		_ = z.Close()
	case "/endless":
		keys(w, 300*mib)
	case "/metrics":
		w.Header().Set("Content-Type", "text/plain")
		fill(w, "", "metric{key=\"x\"} 1\n", "", 60*mib)
	case "/models": // a list that comes whole
		fill(w, `{"data":[`, `{"id":"gpt-4o-mini","object":"model","created":1677610602,"owned_by":"openai"},`, `{"id":"last"}]}`, 60*mib)
	case "/one":
		fill(w, `{"key_alias":"one","metadata":{"note":"`, `words and more `, `"}}`, 60*mib)
	case "/hard": // a name and a text that must be decoded, and members that come again
		fill(w, `{"`, `\u202e`, `":"\n`, 20*mib)
		fill(w, "", `words and more `, `",`, 20*mib)
		fill(w, "", `"a":1,`, `"b":1}`, 20*mib)
	case "/nested":
		names(w)
	case "/get/control": // six times as large where it leaves the server
		w.Header().Set("Content-Type", "text/plain")
		fill(w, "", "\x01", "", 400<<10)
	case "/v2/team/list":
		fill(w, `{"teams":[`, `{},`, `{}]}`, 60*mib)
	case "/chat/completions":
		fill(w, `{"choices":[{"message":{"content":"`, `word \"and\" more\n`, `"}}]}`, 60*mib)
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
	cmd.Env = append(os.Environ(), "LITELLM_PROXY_CONFIG="+os.DevNull, "LITELLM_PROXY_PROFILE=", peakFile+"="+path, "LITELLM_PROXY_URL="+url, "LITELLM_PROXY_API_KEY=sk-1234", "GOMEMLIMIT=")
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
		{args: "models list --format json", output: 60},
		{args: "models list --format csv", output: 20},
		{args: "http request GET /one --format yaml", output: 50},
		{args: "http request GET /metrics", output: 60},
		{args: "chat completions gpt -m user:hi --format text", output: 40},
		{args: "http request GET /hard --format yaml", output: 30},
		{args: "http request GET /nested --format yaml", refused: true},
		{args: "teams list --format yaml", refused: true},
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

// What clients ask for: some the largest answers, the rest answers of 4 MiB.
var (
	calls = []string{
		`"keys_list","arguments":{}`, `"keys_list","arguments":{"full":true}`,
		`"http_request","arguments":{"method":"GET","uri":"/bomb"}`, `"http_request","arguments":{"method":"GET","uri":"/one"}`,
	}
	smaller = []string{
		`"keys_list","arguments":{"full":true,"size":50}`, `"keys_list","arguments":{"size":50}`,
		`"http_request","arguments":{"method":"GET","uri":"/key/list?size=50"}`,
		`"http_request","arguments":{"method":"GET","uri":"/get/control"}`,
	}
)

const (
	clients    = 32
	initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
)

func callOf(i int) string {
	call := smaller[i%len(smaller)]
	if i%8 == 0 {
		call = calls[i/8]
	}
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":%s}}`, i+1, call)
}

// tally counts what calls were answered with.
type tally struct {
	mu               sync.Mutex
	answered, failed int
}

func (c *tally) add(message []byte) {
	var m struct {
		ID     int
		Result *struct{ IsError bool }
	}
	if json.Unmarshal(message, &m) != nil || m.ID == 0 || m.Result == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered++
	if m.Result.IsError {
		c.failed++
	}
}

// check judges a server after its end.
func (c *tally) check(t *testing.T, peak int) {
	t.Helper()
	if c.answered != clients || c.failed != 2 {
		t.Errorf("%d calls were answered, %d of them with an error", c.answered, c.failed)
	}
	t.Logf("%d MiB", peak)
	if peak > 256 {
		t.Errorf("it took %d MiB, more than 256", peak)
	}
}

// TestMemoryOfServer: 32 clients, or one with 32 calls, that ask at once.
func TestMemoryOfServer(t *testing.T) {
	if testing.Short() {
		t.Skip("some answers of 60 MiB")
	}
	gateway := httptest.NewServer(http.HandlerFunc(large))
	defer gateway.Close()
	t.Run("stdio", func(t *testing.T) {
		cmd, peak := program(t, gateway.URL, "mcp", "--toolsets", "all")
		in, _ := cmd.StdinPipe()
		out, _ := cmd.StdoutPipe()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(in, initialize+"\n")
		for i := range clients {
			_, _ = io.WriteString(in, callOf(i)+"\n")
		}
		_ = in.Close() // it answers what came before
		var got tally
		lines := bufio.NewReader(out)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				break
			}
			got.add(line)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		got.check(t, peak())
	})
	t.Run("http", func(t *testing.T) {
		cmd, peak := program(t, gateway.URL, "mcp", "--toolsets", "all", "--transport", "http", "--addr", "127.0.0.1:0")
		log, _ := cmd.StderrPipe()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(log)
		url, said := "", ""
		for ok := false; !ok; {
			line, err := lines.ReadString('\n')
			if said += line; err != nil {
				t.Fatalf("it said %q", said)
			}
			_, url, ok = strings.Cut(strings.TrimSpace(line), "listening on ")
		}
		go func() { _, _ = io.Copy(io.Discard, lines) }()
		var got tally
		var running sync.WaitGroup
		for i := range clients {
			running.Go(func() {
				session, _ := post(t, url, "", i, initialize)
				_, answer := post(t, url, session, i, callOf(i))
				got.add(answer)
			})
		}
		running.Wait()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		got.check(t, peak())
	})
}

// post sends one message with a key of the client's own and returns the session
// and the last message of the answer.
func post(t *testing.T, url, session string, client int, message string) (string, []byte) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(message))
	if err != nil {
		t.Error(err)
		return "", nil
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Authorization", fmt.Sprintf("Bearer sk-of-client-%02d-0123456789", client))
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return "", nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("HTTP %d, %v: %.200s", response.StatusCode, err, body)
	}
	last := bytes.TrimSpace(body)
	if i := bytes.LastIndex(last, []byte("data: ")); i >= 0 {
		last = last[i+len("data: "):]
	}
	return response.Header.Get("Mcp-Session-Id"), last
}
