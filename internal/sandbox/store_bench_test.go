package sandbox_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"litellm-proxy/internal/sandbox"
)

// BenchmarkCommand is what a command does with the file of a sandbox that has a
// thousand keys: open it, and send one request.
func BenchmarkCommand(b *testing.B) {
	path := filepath.Join(b.TempDir(), "sandbox.db")
	g, err := sandbox.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		if status, answer, err := ask(g, "POST", "/key/generate", fmt.Sprintf(`{"key_alias":"key-%d","max_budget":5}`, i)); status != 200 || err != nil {
			b.Fatal(status, answer, err)
		}
	}
	for _, request := range []struct{ name, method, path, body string }{
		{"list", "GET", "/key/list?size=100&return_full_object=true", ""},
		{"generate", "POST", "/key/generate", `{}`},
	} {
		b.Run(request.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g, err := sandbox.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				if status, answer, err := ask(g, request.method, request.path, request.body); status != 200 || err != nil {
					b.Fatal(status, answer, err)
				}
			}
		})
	}
}
