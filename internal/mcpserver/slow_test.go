package mcpserver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// big is a gateway whose list of keys takes 6 MiB.
func big(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintf(w, `{"total_count":1,"keys":[{"token":"t","key_alias":%q}]}`, strings.Repeat("x", 6<<20))
}

// TestStalledReader: a client that reads nothing of a large answer is cut off long before
// the time for a whole answer is over, and its calls make room, whatever form the answer
// has. The memory for answers is enough for two of these.
func TestStalledReader(t *testing.T) {
	for _, accept := range []string{"application/json", "application/json, text/event-stream"} {
		t.Run(accept, func(t *testing.T) {
			s := newServer(t, Options{Client: fake(t, big)})
			s.writeLimit, s.stallLimit = time.Hour, 10*time.Millisecond
			f, url := listenFront(t, s, HTTPOptions{})
			c := (&httpClient{t: t, url: url + "/mcp", key: keyA}).open()
			call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"keys_list","arguments":{"full":true}}}`
			head := strings.Replace(requestHead("POST", "/mcp", keyA, len(call)), "\r\n\r\n",
				"\r\nAccept: "+accept+"\r\nMcp-Session-Id: "+c.session+"\r\n\r\n", 1)
			for range 4 {
				dialRaw(t, url, head+call)
			}
			waitFor(t, "the calls run", func() bool { return !empty(f.calls) })
			waitFor(t, "the calls end", func() bool { return empty(f.calls) && open(f.requests) == 0 })
		})
	}
}

// TestLargeAnswerInPieces: a client that reads gets as much of a large answer as a message
// holds.
func TestLargeAnswerInPieces(t *testing.T) {
	url := listen(t, newServer(t, Options{Client: fake(t, big)}), HTTPOptions{})
	c := (&httpClient{t: t, url: url + "/mcp", key: keyA}).open()
	if r := c.call("keys_list", `{"full":true}`); r.IsError || len(r.Structured) < fullBound/2 {
		t.Errorf("%d bytes, error %v", len(r.Structured), r.IsError)
	}
}
