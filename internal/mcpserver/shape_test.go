package mcpserver

import (
	"strings"
	"testing"

	"litellm-proxy/internal/sandbox"
)

func TestMisshapen(t *testing.T) {
	s := newServer(t, Options{})
	for _, tt := range []struct{ message, want string }{
		{`{"params":{"name":"x","arguments":{"n":1e999}}}`, "the number 1e999 is out of range"},
		{`{"params":{"arguments":{"a":[{"b":-1e400}]}}}`, "the number -1e400 is out of range"},
		{`{"params":{"name":5}}`, "params.name must be a string"},
		{`{"params":{"uri":{}}}`, "params.uri must be a string"},
		{`{"params":{"_meta":5}}`, "params._meta must be a JSON object"},
		{`{"params":{"task":5}}`, "params.task must be a JSON object"},
		{`{"params":{"protocolVersion":5}}`, "params.protocolVersion must be a string"},
		{`{"params":{"clientInfo":{"name":5}}}`, "params.clientInfo.name must be a string"},
		{`{"method":"tools/list","params":{"cursor":"zzz"}}`, `the cursor "zzz" is unknown. tools/list returns everything at once; leave cursor out`},
		{`{"method":"tools/list","params":{"cursor":""}}`, ""},
		{`{"method":"prompts/get","params":{"name":"x","arguments":{"max_budget":30}}}`, "the arguments of a prompt must be strings"},
		{`{"method":"prompts/get","params":{"name":"x","arguments":{"max_budget":"30"}}}`, ""},
		{`{"method":"prompts/get","params":{"name":"x"}}`, ""},
		{`{"method":"tools/call","params":{"name":"x","arguments":{"max_budget":30},"_meta":{"progressToken":1}}}`, ""},
		{`{"params":[]}`, "params must be a JSON object"},
		{`{"params":"x"}`, "params must be a JSON object"},
		{`{"params":null}`, ""},
		{`{"params":{"name":"1e999","arguments":{"n":"1e999","m":1e300}}}`, ""},
		{`{"method":"ping"}`, ""},
	} {
		if got := s.misshapen(read([]byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call",` + tt.message[1:]))); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.message, got, tt.want)
		}
	}
}

// TestMisshapenIsAnswered in words, and not with the names of Go types.
func TestMisshapenIsAnswered(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	url := listen(t, newServer(t, Options{Client: client}), HTTPOptions{}) + "/mcp"
	over := (&httpClient{t: t, url: url, key: sandbox.MasterKey}).open()
	for _, params := range []string{`{"name":"keys_list","arguments":{"size":1e999}}`, `{"name":5}`, `[]`} {
		_, all := over.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":` + params + `}`)
		if len(all) != 1 {
			t.Fatalf("http, %s: %d messages", params, len(all))
		}
		for name, answer := range map[string]message{"stdio": c.request("tools/call", params), "http": all[0]} {
			if answer.Error == nil || !strings.HasPrefix(answer.Error.Message, "Invalid params: ") || strings.Contains(answer.Error.Message, "Go ") {
				t.Errorf("%s, %s: %+v", name, params, answer.Error)
			}
		}
	}
}
