package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"litellm-proxy/internal/sandbox"
)

func roundTrip(t *testing.T, g *sandbox.Gateway, ctx context.Context, path, body string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, "POST", "http://sandbox.invalid"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+g.AdminKey())
	return g.RoundTrip(request)
}

// TestRoundTripStreams reads the beginning of an answer that never ends: a
// transport that collected it first would never hand it over.
func TestRoundTripStreams(t *testing.T) {
	g := sandbox.New()
	g.Inject(sandbox.Fault{Endless: true})
	response, err := roundTrip(t, g, t.Context(), "/chat/completions", hello)
	if err != nil {
		t.Fatal(err)
	}
	piece := make([]byte, 100)
	if _, err := io.ReadFull(response.Body, piece); err != nil {
		t.Error(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestRoundTripOfAStream(t *testing.T) {
	response, err := roundTrip(t, sandbox.New(), t.Context(), "/chat/completions", `{"model":"gpt-4o-mini","stream":true,"messages":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil || response.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || !strings.HasSuffix(string(text), "data: [DONE]\n\n") {
		t.Errorf("%v %s %v", response.Header, text, err)
	}
}

func TestRoundTripFaults(t *testing.T) {
	g := sandbox.New()
	remove := g.Inject(sandbox.Fault{Drop: true})
	if _, err := roundTrip(t, g, t.Context(), "/chat/completions", hello); err == nil {
		t.Error("a dropped connection gave an answer")
	}
	remove()
	remove = g.Inject(sandbox.Fault{Cut: true})
	response, err := roundTrip(t, g, t.Context(), "/chat/completions", hello)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(response.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half an answer ended with %v", err)
	}
	remove()
	g.Inject(sandbox.Fault{Hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := roundTrip(t, g, ctx, "/chat/completions", hello); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled request ended with %v", err)
	}
}
