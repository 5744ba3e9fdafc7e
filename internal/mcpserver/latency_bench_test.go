package mcpserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

// BenchmarkAdded compares a call with the bare request that it sends, one after the other,
// and reports the median of what it adds, absolute and as a ratio.
func BenchmarkAdded(b *testing.B) {
	g := httptest.NewServer(sandbox.New())
	defer g.Close()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: g.URL, APIKey: sandbox.MasterKey, Retries: -1})
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100 {
		if _, err := client.JSON(b.Context(), proxyclient.Request{Method: "POST", Path: "/key/generate", Body: fmt.Appendf(nil, `{"key_alias":"key-%d"}`, i)}); err != nil {
			b.Fatal(err)
		}
	}
	s, err := New(Options{Operations: tools.All(), Client: client})
	if err != nil {
		b.Fatal(err)
	}
	f, err := s.open(HTTPOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer f.end()
	h := httptest.NewServer(f.handler)
	defer h.Close()
	fetch := func(method, url, body string, header map[string]string) (string, http.Header) {
		r, _ := http.NewRequestWithContext(b.Context(), method, url, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+sandbox.MasterKey)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		for name, value := range header {
			r.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			b.Fatalf("%d %v %s", response.StatusCode, err, content)
		}
		return string(content), response.Header
	}
	_, opened := fetch("POST", h.URL+pathHTTP, hello, nil)
	pipe := pipeTo(b, s)
	pipe(hello)
	for _, tool := range []struct{ name, args, path string }{
		{"models_list", `{}`, "/v1/models"},
		{"keys_list", `{"size":100}`, "/key/list?size=100&page=1&return_full_object=true"},
	} {
		call := func(more string) string {
			return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s%s}}`, tool.name, tool.args, more)
		}
		for _, way := range []struct {
			name string
			call func() string
		}{
			{"stdio", func() string { return pipe(call("")) }},
			{"http", func() string {
				answer, _ := fetch("POST", h.URL+pathHTTP, call(""), map[string]string{"Mcp-Session-Id": opened.Get("Mcp-Session-Id")})
				return answer
			}},
			{"2026-07-28", func() string {
				answer, _ := fetch("POST", h.URL+pathHTTP, call(`,"_meta":`+modernMeta), map[string]string{
					"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool.name})
				return answer
			}},
		} {
			b.Run(tool.name+"/"+way.name, func(b *testing.B) {
				var bare, added []time.Duration
				for b.Loop() {
					start := time.Now()
					fetch("GET", g.URL+tool.path, "", nil)
					between := time.Now()
					answer := way.call()
					end := time.Now()
					if !strings.Contains(answer, `"result"`) || strings.Contains(answer, `"isError":true`) {
						b.Fatal(answer)
					}
					bare, added = append(bare, between.Sub(start)), append(added, end.Sub(between)-between.Sub(start))
				}
				slices.Sort(bare)
				slices.Sort(added)
				middle := len(bare) / 2
				b.ReportMetric(float64(added[middle].Microseconds()), "added-µs")
				b.ReportMetric(float64(bare[middle]+added[middle])/float64(bare[middle]), "times-bare")
			})
		}
	}
}

// pipeTo serves stdio and returns what sends a message and reads its answer.
func pipeTo(b *testing.B, s *Server) func(string) string {
	in, to := io.Pipe()
	from, out := io.Pipe()
	ctx, cancel := context.WithCancel(b.Context())
	go func() { _ = s.ServeStdio(ctx, in, out) }()
	b.Cleanup(func() { cancel(); to.Close(); from.Close() })
	lines := bufio.NewReaderSize(from, 1<<20)
	return func(message string) string {
		if _, err := io.WriteString(to, message+"\n"); err != nil {
			b.Fatal(err)
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		return line
	}
}
