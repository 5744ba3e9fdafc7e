//go:build linux

package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestFollow: new requests are shown when they come, a gateway that is away for a moment is
// asked again, and Ctrl-C ends it.
func TestFollow(t *testing.T) {
	var entries atomic.Pointer[string]
	var away atomic.Bool
	set := func(ids ...string) {
		var rows []string
		for i, id := range ids {
			rows = append(rows, fmt.Sprintf(`{"request_id": %q, "startTime": "2026-11-01T12:00:0%d+00:00", "endTime": "2026-11-01T12:00:0%[2]d+00:00", "model_group": %[1]q}`, id, i))
		}
		text := fmt.Sprintf(`{"data": [%s], "total": %d, "total_pages": 1}`, strings.Join(rows, ","), len(rows))
		entries.Store(&text)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case away.Load():
			http.Error(w, "starting", http.StatusServiceUnavailable)
		case r.URL.Path == "/spend/logs/v2":
			fmt.Fprint(w, *entries.Load())
		default:
			fmt.Fprint(w, `{}`)
		}
	}))
	defer server.Close()
	set("old")
	c := atTerminal(t, server.URL, nil, "spend", "logs", "--follow", "--interval", "1s", "--start-date", "2026-11-01")
	c.expect("2026-11-01T12:00:00Z")
	set("old", "first")
	c.expect("first ")
	away.Store(true)
	c.expect("trying again every 1s")
	set("old", "first", "second-and-wider", "third")
	away.Store(false)
	c.expect("answers again")
	c.expect("third ")
	c.kind("\x03")
	status, text := c.end()
	if status != 130 || !strings.Contains(text, "Interrupted after 4 items") || strings.Contains(text, "not complete") {
		t.Errorf("exit %d:\n%s", status, text)
	}
	for _, once := range []string{"old ", "first ", "second-and-wider ", "third ", "TIME ", "trying again"} {
		if n := strings.Count(text, once); n != 1 {
			t.Errorf("%q is there %d times:\n%s", once, n, text)
		}
	}
}

// TestFollowFlags: what cannot be followed says so before anything is sent.
func TestFollowFlags(t *testing.T) {
	for _, tt := range [][2]string{
		{"--follow --format json", "--follow has the formats table, jsonl and csv"},
		{"--follow --jq .spend", "--jq with --follow needs --format jsonl"},
		{"--follow --all", "give either --follow or --all"},
		{"--follow --sort-by spend", "--follow cannot be combined with --sort-by"},
		{"--follow --start-date 2026-11-01 --end-date 2026-11-02", "--follow cannot be combined with --end-date"},
		{"--follow --interval 10ms", "--interval must be at least 1s"},
		{"--interval 10s", "--interval needs --follow"},
	} {
		status, _, stderr := run(t, "http://127.0.0.1:1", "sk-1", strings.Fields("spend logs "+tt[0])...)
		if status != 2 || !strings.Contains(stderr, tt[1]) {
			t.Errorf("%s: exit %d, %s", tt[0], status, stderr)
		}
	}
}
