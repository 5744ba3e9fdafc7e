package metrics

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func scrape(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	b, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", answer.Status, err)
	}
	return string(b)
}

func TestMetrics(t *testing.T) {
	m := New()
	ctx, stop := context.WithCancel(t.Context())
	url, err := m.Serve(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		m.Begin()
	}
	m.Session()
	m.End("keys_list", "read", "done", 20*time.Millisecond)
	m.End("keys_delete", "destructive", "refused: not confirmed", time.Second)
	m.Request("GET", 200, time.Millisecond)
	m.Request("MADE-UP", 0, time.Millisecond)
	m.Request("GET", 99999, time.Millisecond)
	got := scrape(t, url)
	for _, want := range []string{
		`litellm_proxy_mcp_calls_total{effect="read",outcome="done",tool="keys_list"} 1`,
		`litellm_proxy_mcp_calls_total{effect="destructive",outcome="refused",tool="keys_delete"} 1`,
		`litellm_proxy_mcp_call_duration_seconds_bucket{tool="keys_list",le="0.025"} 1`,
		`litellm_proxy_mcp_calls_in_flight 1`,
		`litellm_proxy_mcp_sessions_total 1`,
		`litellm_proxy_mcp_gateway_requests_total{method="GET",status="200"} 1`,
		`litellm_proxy_mcp_gateway_requests_total{method="other",status="error"} 1`,
		`litellm_proxy_mcp_gateway_requests_total{method="GET",status="error"} 1`,
		`litellm_proxy_mcp_gateway_request_duration_seconds_count{method="GET"} 2`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
	stop()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		answer, err := http.Get(url)
		if err != nil {
			break
		}
		_ = answer.Body.Close()
		if time.Now().After(deadline) {
			t.Fatal("the metrics are served after the end")
		}
	}
	if _, err := m.Serve(t.Context(), "nonsense"); err == nil {
		t.Error("served at no address")
	}
}

func TestOutcome(t *testing.T) {
	for words, want := range map[string]string{
		"done": "done", "2 parts failed": "partial", "refused: not confirmed": "refused", "dry run": "dry_run",
		"dry run: usage": "dry_run", "asked": "asked", "internal error": "internal_error", "unknown_outcome": "unknown_outcome", "canceled": "canceled", "7 things": "other",
	} {
		if got := Outcome(words); got != want {
			t.Errorf("%q is %q, not %q", words, got, want)
		}
	}
}

func TestNone(*testing.T) {
	var m *Metrics
	m.Begin()
	m.End("keys_list", "read", "done", time.Second)
	m.Session()
	m.Request("GET", 200, time.Second)
}
