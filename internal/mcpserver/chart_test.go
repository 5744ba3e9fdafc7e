package mcpserver

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image/png"
	"strings"
	"testing"
)

// TestChart: the picture comes behind a text that is enough without it.
func TestChart(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	r := c.call("spend_chart", `{"by":["day","team"],"period":"7d"}`)
	wantText(t, r.Text, "(UTC)", "total 0 US dollars")
	var raw struct {
		Content []struct{ Type, Data, MimeType string }
	}
	if err := json.Unmarshal(r.raw, &raw); err != nil {
		t.Fatal(err)
	}
	if len(raw.Content) != 2 || raw.Content[1].Type != "image" || raw.Content[1].MimeType != "image/png" {
		t.Fatalf("no image: %.300s", r.raw)
	}
	picture, err := base64.StdEncoding.DecodeString(raw.Content[1].Data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
		t.Errorf("the image: %v", err)
	}
	if r := c.call("spend_chart", `{"by":["team","user"]}`); !r.IsError || !strings.Contains(r.Text, "by: give one dimension, or day and one more") {
		t.Errorf("two owners: %s", r.Text)
	}
}

// TestChartForCodex: Codex shows its model the picture only without structured content.
func TestChartForCodex(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	c.request("initialize", `{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"codex-mcp-client","version":"0.171.0"}}`)
	answer := c.request("tools/call", `{"name":"spend_chart","arguments":{"by":["day"]}}`)
	result := field(answer.Result, "content")
	if !strings.Contains(result, "total 0 US dollars") || !strings.Contains(result, "image/png") || field(answer.Result, "structuredContent") != "" {
		t.Errorf("a chart for Codex: %.500s", answer.Result)
	}
}

// TestCrowded: the toolsets that are named fit, and are left by nobody who could have more.
func TestCrowded(t *testing.T) {
	warning := newServer(t, Options{}).Crowded()
	_, toolsets, ok := strings.Cut(warning, "--toolsets ")
	if !ok {
		t.Fatalf("no warning for all tools: %q", warning)
	}
	fit := newServer(t, Options{Toolsets: strings.Split(toolsets, ",")})
	if n := len(fit.Tools()); n > mostTools || n < mostTools-5 || fit.Crowded() != "" {
		t.Errorf("%s are %d tools, warning %q", toolsets, n, fit.Crowded())
	}
	if warning := newServer(t, Options{Toolsets: []string{"default"}}).Crowded(); warning != "" {
		t.Errorf("the usual tools: %q", warning)
	}
}
