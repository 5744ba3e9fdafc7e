package tools

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// TestBrokenStream: an error in a stream of events fails the call, although the status is 200.
func TestBrokenStream(t *testing.T) {
	for events, want := range map[string]string{
		"data: {\"choices\": []}\n\ndata: {\"error\": {\"message\": \"provider died\"}}\n\n": "provider died",
		"event: error\ndata: {\"error\": \"gone\"}\n\n":                                      "gone",
		"data: {\"choices\": [], \"error\": null}\n\ndata: [DONE]\n\n":                       "",
	} {
		gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, events)
		}))
		client, err := proxyclient.New(proxyclient.Config{BaseURL: gateway.URL, APIKey: "sk-x"})
		if err != nil {
			t.Fatal(err)
		}
		result, err := run(t.Context(), operation.Env{Client: client}, httpRequest, argsOf(map[string]any{"method": "POST", "uri": "/chat/completions", "json": map[string]any{"stream": true}}))
		gateway.Close()
		got := ""
		if len(result.Failed) > 0 {
			got = result.Failed[0].Why
		}
		if got != want || string(result.Text) != events {
			t.Errorf("%q failed with %q, want %q; the text is %q (%v)", events, got, want, result.Text, err)
		}
	}
}
