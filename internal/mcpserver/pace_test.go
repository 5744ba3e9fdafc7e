package mcpserver

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/metrics"
	"litellm-proxy/internal/sandbox"
)

// writes counts the requests that changed something.
func writes(g *sandbox.Gateway) (n int) {
	for _, r := range g.Requests() {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

func TestMaxWrites(t *testing.T) {
	g, client := gateway(t)
	s := newServer(t, Options{Client: client, MaxWrites: 2})
	now := time.Now()
	s.pace.now = func() time.Time { return now }
	c := dial(t, s, cannotAsk, nil)
	g.ClearRequests()
	// What changes nothing does not count.
	for i := range 4 {
		c.call("keys_generate", fmt.Sprintf(`{"key_alias":"dry-%d","dry_run":true}`, i))
		c.call("keys_delete", `{"keys":["0123"]}`)
		c.call("keys_generate", `{"nonsense":1}`)
		c.call("keys_list", `{}`)
	}
	for i := range 2 {
		if r := c.call("keys_generate", fmt.Sprintf(`{"key_alias":"key-%d"}`, i)); r.IsError {
			t.Fatal(r.Text)
		}
	}
	r := c.call("keys_generate", `{"key_alias":"one-more"}`)
	if field(r.Structured, "error", "code") != `"rate_limited"` || writes(g) != 2 {
		t.Fatalf("%d writes were sent; the last one: %s", writes(g), r.Text)
	}
	wantText(t, r.Text, "nothing was sent: the limit of this server is 2 writes per minute and session; the next one is possible in 30 s", "--max-writes")
	if r := c.call("keys_generate", `{"key_alias":"one-more","dry_run":true}`); r.IsError {
		t.Errorf("a dry run has to wait: %s", r.Text)
	}
	now = now.Add(31 * time.Second)
	if r := c.call("keys_generate", `{"key_alias":"one-more"}`); r.IsError {
		t.Errorf("after the wait: %s", r.Text)
	}
}

// TestMaxWritesOfEach: sessions are counted apart, and what has no session by its key.
func TestMaxWritesOfEach(t *testing.T) {
	client := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"key":"sk-0123456789abcdefghij","token":"x","keys":[]}`)
	})
	s := newServer(t, Options{Client: client, MaxWrites: 1})
	now := time.Now()
	s.pace.now = func() time.Time { return now }
	url := listen(t, s, HTTPOptions{}) + pathHTTP
	refused := func(r result) bool { return field(r.Structured, "error", "code") == `"rate_limited"` }
	for i := range 2 {
		c := (&httpClient{t: t, url: url, key: keyA}).open()
		if r := c.call("keys_generate", `{}`); refused(r) {
			t.Errorf("session %d must wait for another one: %s", i, r.Text)
		}
		if r := c.call("keys_generate", `{}`); !refused(r) {
			t.Errorf("session %d makes two changes: %s", i, r.Text)
		}
	}
	modern := func(key string) result {
		c := &httpClient{t: t, url: url, key: key, header: http.Header{
			"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"keys_generate"}}}
		_, all := c.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"keys_generate","arguments":{},"_meta":{` +
			`"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`)
		if len(all) == 0 {
			t.Fatal("no answer")
		}
		return toResult(t, all[len(all)-1])
	}
	if first, second, other := modern(keyA), modern(keyA), modern(keyB); refused(first) || !refused(second) || refused(other) {
		t.Errorf("without a session: %s\n%s\n%s", first.Text, second.Text, other.Text)
	}
}

// TestPaceForgets: sessions at rest are not remembered for ever.
func TestPaceForgets(t *testing.T) {
	p := newPace(60)
	now := time.Now()
	p.now = func() time.Time { return now }
	for i := range 3 * manyPaces {
		p.take(fmt.Sprint("session ", i))
		now = now.Add(time.Second)
	}
	if n := len(p.of); n > manyPaces {
		t.Errorf("%d sessions are remembered", n)
	}
}

// TestMetricsOfCalls: what calls come to is counted, and nothing of callers.
func TestMetricsOfCalls(t *testing.T) {
	_, client := gateway(t)
	m := metrics.New()
	c := dial(t, newServer(t, Options{Client: client, Watch: Watch{Metrics: m}}), cannotAsk, nil)
	c.call("keys_generate", `{"key_alias":"my-alias"}`)
	c.call("keys_delete", `{"key_aliases":["my-alias"]}`)
	c.call("keys_list", `{"nonsense-of-a-caller":1}`)
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	got := answer.Body.String()
	wantText(t, got,
		`litellm_proxy_mcp_calls_total{effect="write",outcome="done",tool="keys_generate"} 1`,
		`litellm_proxy_mcp_calls_total{effect="destructive",outcome="refused",tool="keys_delete"} 1`,
		`litellm_proxy_mcp_calls_total{effect="read",outcome="usage",tool="keys_list"} 1`,
		`litellm_proxy_mcp_calls_in_flight 0`,
		`litellm_proxy_mcp_sessions_total 1`,
		`litellm_proxy_mcp_gateway_requests_total{method="POST",status="200"} 1`,
	)
	if strings.Contains(got, "my-alias") || strings.Contains(got, "nonsense") {
		t.Errorf("something of a caller is in the metrics:\n%s", got)
	}
}
