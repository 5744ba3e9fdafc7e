package mcpserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

const hello = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"pipe","version":"1"}}}`

// What is piped into the server is answered to the last request, with or without
// a newline behind it, and nothing else is on stdout.
func TestPipe(t *testing.T) {
	slow := make(chan struct{})
	client := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		<-slow
		_, _ = io.WriteString(w, `{"data":[]}`)
	})
	s := newServer(t, Options{Client: client})
	var in strings.Builder
	in.WriteString(hello + "\n\n" + `{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\r\n" + `no JSON` + "\n")
	for i := range 5 {
		if i > 0 {
			in.WriteString("\n")
		}
		fmt.Fprintf(&in, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"models_list"}}`, i+1)
	}
	// The gateway answers only when the input has ended.
	input := io.MultiReader(strings.NewReader(in.String()), atEOF(func() { close(slow) }))
	var out bytes.Buffer
	if err := s.ServeStdio(context.Background(), input, &out); err != nil {
		t.Fatal(err)
	}
	answered := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.JSONRPC != "2.0" {
			t.Fatalf("a line is no protocol message: %q", line)
		}
		answered[string(m.ID)] = m.Result != nil
	}
	for i := range 6 {
		if !answered[fmt.Sprint(i)] {
			t.Errorf("request %d was not answered:\n%s", i, out.String())
		}
	}
	if answered["null"] || len(answered) != 7 {
		t.Errorf("want seven answers, one of them an error without a number:\n%s", out.String())
	}
}

type atEOF func()

func (f atEOF) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

func TestStdioEnds(t *testing.T) {
	s := newServer(t, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	defer w.Close()
	ended := make(chan error)
	go func() { ended <- s.ServeStdio(ctx, r, io.Discard) }()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the end of the context is an error: %v", err)
	}
	if err := s.ServeStdio(context.Background(), strings.NewReader(hello), brokenPipe{}); err == nil {
		t.Error("a client that cannot be written to is no error")
	}
	if err := s.ServeStdio(context.Background(), strings.NewReader(strings.Repeat("x", maxLine+1)), io.Discard); err == nil {
		t.Error("a line without end is no error")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// A subscription of 2026-07-28, which has no end of its own, ends with the input.
func TestSubscriptionEnds(t *testing.T) {
	s := newServer(t, Options{})
	in := `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":` + modernMeta + `}}`
	ended := make(chan error, 1)
	go func() { ended <- s.ServeStdio(context.Background(), strings.NewReader(in), io.Discard) }()
	if err := receive(t, ended); err != nil {
		t.Error(err)
	}
}

// panics adds a tool that panics with a secret.
func panics(s *Server) {
	s.mcp.AddTool(mcp.NewTool("boom"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		panic("the secret sk-abcdefghijklmnopqrstuvwx")
	})
	s.mcp.AddPrompts(server.ServerPrompt{Prompt: mcp.Prompt{Name: "boom"}, Handler: func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		panic("the secret sk-abcdefghijklmnopqrstuvwx")
	}})
}

func TestPanicTellsNothing(t *testing.T) {
	var log logBuffer
	s := newServer(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	panics(s)
	c := dial(t, s, `{}`, nil)
	for _, m := range []message{
		c.request("tools/call", `{"name":"boom","arguments":{"a":"argument-value"}}`),
		c.request("prompts/get", `{"name":"boom"}`),
	} {
		if m.Error == nil || m.Error.Code != -32603 || m.Error.Message != "internal error" {
			t.Errorf("a panic is answered with %+v", m)
		}
	}
	wantText(t, log.String(), "internal error", "tool boom", "stdio_test.go")
	for _, secret := range []string{"secret", "sk-abc", "argument-value"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, log.String())
		}
	}
	if m := c.request("ping", `{}`); m.Error != nil {
		t.Error("the server is dead after a panic")
	}
}
