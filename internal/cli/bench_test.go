package cli_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

// ratio times what we do against the bare request that it comes down to, in
// turns, and reports how many times longer it takes and how much it adds.
func ratio(b *testing.B, url string, ours func()) {
	bare := func() {
		resp, err := http.Get(url)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	var a, c time.Duration
	for b.Loop() {
		start := time.Now()
		ours()
		middle := time.Now()
		bare()
		a, c = a+middle.Sub(start), c+time.Since(middle)
	}
	b.ReportMetric(float64(a)/float64(c), "x-http")
	b.ReportMetric(float64((a-c).Microseconds())/float64(b.N), "µs-added")
}

// BenchmarkCommand is a whole command in process: parsing, validation, request,
// table.
func BenchmarkCommand(b *testing.B) {
	server := httptest.NewServer(&echo{})
	defer server.Close()
	env := map[string]string{"LITELLM_PROXY_URL": server.URL, "LITELLM_PROXY_API_KEY": "sk-x"}
	ratio(b, server.URL+"/models", func() {
		status := cli.Run(context.Background(), cli.System{Operations: tools.All(), Args: []string{"models", "list"}, Stdin: strings.NewReader(""),
			Stdout: io.Discard, Stderr: io.Discard, Getenv: func(name string) string { return env[name] }})
		if status != 0 {
			b.Fatalf("exit %d", status)
		}
	})
}

// BenchmarkTool is a tool call over stdio.
func BenchmarkTool(b *testing.B) {
	gateway := httptest.NewServer(&echo{})
	defer gateway.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: gateway.URL, APIKey: "sk-x"})
	if err != nil {
		b.Fatal(err)
	}
	server, err := mcpserver.New(mcpserver.Options{Operations: tools.All(), Client: client})
	if err != nil {
		b.Fatal(err)
	}
	in, calls := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- server.ServeStdio(context.Background(), in, out) }()
	lines := bufio.NewReader(answers)
	send := func(line string) {
		if _, err := io.WriteString(calls, line+"\n"); err != nil {
			b.Fatal(err)
		}
		if answer, err := lines.ReadString('\n'); err != nil || !strings.Contains(answer, `"result"`) || strings.Contains(answer, `"isError":true`) {
			b.Fatalf("%v %s", err, answer)
		}
	}
	send(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"b","version":"1"}}}`)
	id := 0
	ratio(b, gateway.URL+"/models", func() {
		id++
		send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"models_list","arguments":{}}}`, id))
	})
	calls.Close()
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkListAll walks 10,000 keys of the real size. What it allocates a page
// is what it allocates: the list is never held.
func BenchmarkListAll(b *testing.B) {
	key := `{"token": "` + strings.Repeat("8", 64) + `", "key_alias": "alias", "spend": 0.5, "filler": "` + strings.Repeat("x", 1600) + `"}`
	page := strings.Repeat(key+",", 99) + key
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number, _ := strconv.Atoi(r.URL.Query().Get("page"))
		fmt.Fprintf(w, `{"keys": [%s], "total_count": 10000, "current_page": %d, "total_pages": 100}`, page, max(number, 1))
	}))
	defer server.Close()
	env := map[string]string{"LITELLM_PROXY_URL": server.URL, "LITELLM_PROXY_API_KEY": "sk-x"}
	for b.Loop() {
		status := cli.Run(context.Background(), cli.System{Operations: tools.All(), Args: []string{"keys", "list", "--all", "--format", "jsonl"},
			Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(name string) string { return env[name] }})
		if status != 0 {
			b.Fatalf("exit %d", status)
		}
	}
}
