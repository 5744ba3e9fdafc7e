package mcpserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/tools"
)

// A header narrows what a request may list and call, in both eras; the next request
// without it has all again.
func TestNarrowedByHeader(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo), Toolsets: []string{"keys", "users", "models"}})
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	legacy := (&httpClient{t: t, url: url, key: keyA}).open()
	modern := &httpClient{t: t, url: url, key: keyA}
	// do sends a request of one era with these headers.
	do := func(c *httpClient, header http.Header, method, params string) (int, []message) {
		c.header = header.Clone()
		if c == modern {
			params = strings.TrimSuffix(params, "}") + `,"_meta":` + modernMeta + `}`
			c.header.Set("Mcp-Protocol-Version", "2026-07-28")
			c.header.Set("Mcp-Method", method)
			var p struct{ Name, URI string }
			_ = json.Unmarshal([]byte(params), &p)
			if p.Name+p.URI != "" {
				c.header.Set("Mcp-Name", p.Name+p.URI)
			}
		}
		return c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params))
	}
	for _, tt := range []struct {
		header http.Header
		has    func(*operation.Operation) bool
	}{
		{http.Header{headerToolsets: {"keys"}}, func(op *operation.Operation) bool { return op.Resource() == "keys" }},
		{http.Header{headerToolsets: {"keys, users ", "models"}}, func(*operation.Operation) bool { return true }},
		{http.Header{headerToolsets: {"default"}}, func(op *operation.Operation) bool { return op.Default }},
		{http.Header{headerReadOnly: {"true"}}, func(op *operation.Operation) bool { return op.Effect == operation.Read }},
		{http.Header{headerReadOnly: {"TRUE"}, headerToolsets: {"users", "models"}}, func(op *operation.Operation) bool {
			return op.Effect == operation.Read && op.Resource() != "keys"
		}},
		{http.Header{headerReadOnly: {"false"}, headerToolsets: {" "}}, func(*operation.Operation) bool { return true }},
		{http.Header{}, func(*operation.Operation) bool { return true }},
	} {
		var want []string
		for _, op := range tools.All() {
			if slices.Contains([]string{"keys", "users", "models"}, op.Resource()) && tt.has(op) {
				want = append(want, op.Tool())
			}
		}
		slices.Sort(want)
		for era, c := range map[string]*httpClient{"legacy": legacy, "modern": modern} {
			_, all := do(c, tt.header, "tools/list", `{"x":1}`)
			var list struct{ Tools []struct{ Name string } }
			if err := json.Unmarshal(all[0].Result, &list); err != nil {
				t.Fatalf("%s: %v %+v", era, err, all[0].Error)
			}
			var got []string
			for _, tool := range list.Tools {
				got = append(got, tool.Name)
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("%s, %v: %v\nwant %v", era, tt.header, got, want)
			}
			for _, name := range []string{"keys_list", "users_list", "keys_block"} {
				_, all := do(c, tt.header, "tools/call", fmt.Sprintf(`{"name":%q,"arguments":{}}`, name))
				last := all[len(all)-1]
				if slices.Contains(want, name) == (last.Error != nil) {
					t.Errorf("%s, %v: %s: %+v", era, tt.header, name, last.Error)
				}
				if last.Error != nil && (last.Error.Code != -32602 || !strings.Contains(last.Error.Message, headerToolsets)) {
					t.Errorf("%s: %+v", era, last.Error)
				}
			}
			_, all = do(c, tt.header, "resources/templates/list", `{"x":1}`)
			if has := strings.Contains(string(all[0].Result), "litellm://users/"); has != slices.Contains(want, "users_get") {
				t.Errorf("%s, %v: the template of users is listed: %v", era, tt.header, has)
			}
			_, all = do(c, tt.header, "resources/read", `{"uri":"litellm://users/u1"}`)
			if no := all[len(all)-1].Error; no != nil && strings.Contains(no.Message, headerToolsets) == slices.Contains(want, "users_get") {
				t.Errorf("%s, %v: reading a user: %+v", era, tt.header, no)
			}
		}
	}
	for words, header := range map[string]http.Header{
		"did you mean keys": {headerToolsets: {"kyes"}}, "toolsets are all, default, keys": {headerToolsets: {"spend"}},
		"true or false": {headerReadOnly: {"maybe"}},
	} {
		if response, text := ask(t, http.MethodPost, url, header, hello); response.StatusCode != http.StatusBadRequest || !strings.Contains(text, words) {
			t.Errorf("%v: %d %s", header, response.StatusCode, text)
		}
	}
}

// Over SSE, what opened the stream and what posts a message both narrow.
func TestNarrowedSSE(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo), Toolsets: []string{"keys", "users"}})
	url := listen(t, s, HTTPOptions{Transport: "sse"})
	for _, tt := range []struct{ get, post http.Header }{
		{http.Header{headerReadOnly: {"true"}}, http.Header{headerToolsets: {"keys"}}},
		{http.Header{headerToolsets: {"keys"}}, http.Header{headerReadOnly: {"1"}}},
	} {
		c := openSSEWith(t, url+"/sse", keyA, tt.get)
		c.header = tt.post
		c.post(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
		list := string(c.events.next().Result)
		if !strings.Contains(list, `"keys_list"`) || strings.Contains(list, `"users_list"`) || strings.Contains(list, `"keys_block"`) {
			t.Errorf("%v, %v: %s", tt.get, tt.post, list)
		}
		c.post(`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"keys_block","arguments":{}}}`)
		if m := c.events.next(); m.Error == nil || !strings.Contains(m.Error.Message, headerReadOnly) {
			t.Errorf("%v, %v: %+v", tt.get, tt.post, m)
		}
	}
}
