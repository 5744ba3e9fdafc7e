package mcpserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// talker is a client over some transport, of some era.
type talker struct {
	modern bool
	ask    asker
}

// withMeta puts what a client of 2026-07-28 says in each request into its parameters.
func withMeta(params, more string) string {
	meta := strings.TrimSuffix(modernMeta, "}") + more + "}"
	if params == "{}" {
		return `{"_meta":` + meta + "}"
	}
	return strings.TrimSuffix(params, "}") + `,"_meta":` + meta + "}"
}

// asker sends a request and returns the answer and what came before it.
type asker func(method, params string) (message, []message)

func overStdio(t *testing.T, s *Server, _ string, _ bool) asker {
	c := dial(t, s, `{}`, nil)
	return func(method, params string) (message, []message) {
		c.mu.Lock()
		c.notes = nil
		c.mu.Unlock()
		_, reply := c.send(method, params)
		return c.wait(reply)
	}
}

func overHTTP(t *testing.T, s *Server, key string, modern bool) asker {
	c := &httpClient{t: t, url: listen(t, s, HTTPOptions{}) + "/mcp", key: key}
	if !modern {
		c.open()
	}
	return func(method, params string) (message, []message) {
		t.Helper()
		if modern {
			c.header = http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {method}}
			for _, name := range []string{"name", "uri"} {
				if value := field(json.RawMessage(params), name); value != "" {
					c.header["Mcp-Name"] = []string{strings.Trim(value, `"`)}
				}
			}
		}
		_, all := c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":%s}`, method, params))
		if len(all) == 0 {
			t.Fatalf("%s: no answer", method)
		}
		return all[len(all)-1], all[:len(all)-1]
	}
}

func overSSE(t *testing.T, s *Server, key string, _ bool) asker {
	c := openSSE(t, listen(t, s, HTTPOptions{Transport: "sse"}), key)
	c.post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return func(method, params string) (message, []message) {
		c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"method":%q,"params":%s}`, method, params))
		var before []message
		for {
			m := c.events.next()
			if m.Method == "" {
				return m, before
			}
			before = append(before, m)
		}
	}
}

// everywhere runs a test with a client of each era over each transport. key is the key of
// the HTTP clients; level is what they want to be told, or "".
func everywhere(t *testing.T, s *Server, key, level string, run func(t *testing.T, c talker)) {
	t.Helper()
	for _, transport := range []struct {
		name string
		over func(t *testing.T, s *Server, key string, modern bool) asker
	}{{"stdio", overStdio}, {"http", overHTTP}, {"sse", overSSE}} {
		for _, modern := range []bool{false, true} {
			era := map[bool]string{false: "2025-11-25", true: "2026-07-28"}[modern]
			t.Run(transport.name+" "+era, func(t *testing.T) {
				send := transport.over(t, s, key, modern)
				c := talker{modern: modern, ask: send}
				switch {
				case modern:
					more := ""
					if level != "" {
						more = `,"io.modelcontextprotocol/logLevel":"` + level + `"`
					}
					c.ask = func(method, params string) (message, []message) { return send(method, withMeta(params, more)) }
				case level != "":
					if m, _ := send("logging/setLevel", `{"level":"`+level+`"}`); m.Error != nil {
						t.Fatalf("logging/setLevel: %+v", m.Error)
					}
				}
				run(t, c)
			})
		}
	}
}
