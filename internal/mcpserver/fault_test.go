package mcpserver

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// TestUnfilledAuthorization: what a client did not fill in is named in the answer to each
// call and never sent on.
func TestUnfilledAuthorization(t *testing.T) {
	var seen atomic.Int64
	client := fake(t, func(http.ResponseWriter, *http.Request) { seen.Add(1) })
	url := listen(t, newServer(t, Options{Client: client}), HTTPOptions{}) + "/mcp"
	for header, want := range map[string]string{
		"Bearer ${LITELLM_KEY}":                "is the placeholder ${LITELLM_KEY}, which nothing filled in",
		"Bearer <your-key>":                    "is the placeholder <your-key>",
		"Bearer {{KEY}}":                       "is the placeholder {{KEY}}",
		"Bearer sk-...":                        "is the placeholder sk-...",
		`Bearer "sk-0123456789abcdef"`:         "is in quotation marks",
		"Bearer Bearer sk-0123456789abcdef01":  `starts with "Bearer "`,
		"${env:LITELLM_KEY}":                   "is the placeholder ${env:LITELLM_KEY}",
		"sk-0123456789abcdef0123456789abcdef0": "is not of the form Bearer KEY",
	} {
		c := &httpClient{t: t, url: url, header: http.Header{"Authorization": {header}}}
		c.open()
		for _, args := range []string{`{}`, `{"page":"nonsense"}`} {
			r := c.call("keys_list", args)
			if !r.IsError || strings.Contains(r.Text, "0123456789") {
				t.Errorf("%s: %s", header, r.raw)
			}
			if args == `{}` {
				wantText(t, r.Text, want, "nothing was sent", "Authorization: Bearer sk-...")
			}
		}
		r := c.call("keys_delete", `{"key_aliases":["x"],"dry_run":true}`)
		wantText(t, r.Text, want)
	}
	if seen.Load() != 0 {
		t.Errorf("%d requests reached the gateway", seen.Load())
	}
}

// TestFaults: a server with faults lists its tools and fails every call with them, also one
// with wrong arguments, and without a client.
func TestFaults(t *testing.T) {
	s := newServer(t, Options{Faults: []string{`--timeout: "x" is no duration.`, "{base_url} stays as it is, and so does keys list."}, Toolsets: []string{"keys"}})
	c := dial(t, s, `{}`, nil)
	for _, args := range []string{`{}`, `{"nonsense":1}`} {
		r := c.call("keys_list", args)
		if !r.IsError || field(r.Structured, "error", "code") != `"usage"` {
			t.Errorf("%s", r.raw)
		}
		wantText(t, r.Text, `--timeout: "x" is no duration. Also: {base_url} stays as it is, and so does keys list.`, "restart the server")
	}
	long := instructions(Options{Faults: []string{strings.Repeat("fault é ", 1000) + "."}}, confirmAuto, true)
	if len(long) > maxInstructions || !strings.Contains(long, "restart the server") {
		t.Errorf("%d bytes of instructions: %s", len(long), long)
	}
}
