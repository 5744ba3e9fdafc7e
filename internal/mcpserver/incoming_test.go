package mcpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/prompts"
	"litellm-proxy/tools"
)

var oddIDs = []string{`9007199254740993`, `18446744073709551615`, `-9223372036854775809`, `1.0`, `1e2`, `0`, `"a<b>&\u0041\/"`,
	`"` + strings.Repeat("long ", 2000) + `"`, `"\"id\":5,\"id\""`, `"~1"`, `""`}

// IDs come back byte for byte, in results and errors, on every transport.
func TestIDsComeBack(t *testing.T) {
	onEachWire(t, func(t *testing.T) *Server { return newServer(t, Options{Client: fake(t, echo)}) }, func(t *testing.T, w *rawWire) {
		for _, id := range oddIDs {
			w.wants(`{"jsonrpc":"2.0","id":`+id+`,"method":"ping"}`, `{"jsonrpc":"2.0","id":`+id+`,"result":{}}`)
			w.wants(`{"id":`+id+`,"jsonrpc":"2.0","method":"no/such","params":{"id":5}}`,
				`{"jsonrpc":"2.0","id":`+id+`,"error":{"code":-32601,"message":"This server does not have the method \"no/such\"."}}`)
			w.send(`{"jsonrpc":"2.0","id":` + id + `,"method":"tools/call","params":{"name":"keys_list","arguments":{}}}`)
			if got := w.next(); !strings.HasPrefix(got, `{"jsonrpc":"2.0","id":`+id+`,"result":{`) {
				t.Errorf("a result: %.300s", got)
			}
			w.send(`{"jsonrpc":"2.0","id":` + id + `,"method":"tools/call","params":[]}`)
			if got := w.next(); !strings.HasPrefix(got, `{"jsonrpc":"2.0","id":`+id+`,"error":{`) {
				t.Errorf("an error: %.300s", got)
			}
		}
	})
}

// Progress tokens come back byte for byte.
func TestTokensComeBack(t *testing.T) {
	chat := func(t *testing.T) *Server {
		return newServer(t, Options{Client: fake(t, stream("one ", "two"))})
	}
	onEachWire(t, chat, func(t *testing.T, w *rawWire) {
		for _, token := range oddIDs {
			w.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"chat_completions","arguments":` + chatArgs + `,"_meta":{"progressToken":` + token + `}}}`)
			n := 0
			for got := w.next(); !strings.HasPrefix(got, `{"jsonrpc":"2.0","id":1,`); got = w.next() {
				if n++; !strings.HasPrefix(got, `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":`+token+`,`) {
					t.Errorf("progress: %.300s", got)
				}
			}
			if n == 0 {
				t.Errorf("no progress for %.80s", token)
			}
		}
	})
}

// What is no message is refused in words, and nothing waits for it.
func TestNoMessage(t *testing.T) {
	onEachWire(t, func(t *testing.T) *Server { return newServer(t, Options{Client: fake(t, echo)}) }, func(t *testing.T, w *rawWire) {
		fails := func(message, id string, code int, text string) {
			t.Helper()
			w.wants(message, fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":%d,"message":%s}}`, id, code, encode(text)))
		}
		fails(`{"jsonrpc":`, "null", mcp.PARSE_ERROR, "Parse error: the message is not valid JSON.")
		fails(`[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"}]`, "null", mcp.INVALID_REQUEST,
			"Invalid request: batches are not supported. Send each message by itself.")
		fails(`"ping"`, "null", mcp.INVALID_REQUEST, "Invalid request: a message must be a JSON object.")
		fails(`{"jsonrpc":"2.0","id":1}`, "1", mcp.INVALID_REQUEST, "Invalid request: method is missing.")
		fails(`{"id":1,"method":"ping"}`, "1", mcp.INVALID_REQUEST, `Invalid request: jsonrpc must be "2.0".`)
		fails(`{"jsonrpc":"2.0","id":1,"method":5}`, "1", mcp.INVALID_REQUEST, "Invalid request: method must be a string.")
		for _, id := range []string{`{}`, `[1]`, `true`, `null`} {
			fails(`{"jsonrpc":"2.0","id":`+id+`,"method":"ping"}`, "null", mcp.INVALID_REQUEST, "Invalid request: id must be a string or a number.")
		}
		fails(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"abc"}}`, "1", mcp.INVALID_PARAMS,
			`Invalid params: the cursor "abc" is unknown. tools/list returns everything at once; leave cursor out.`)
		prompt, argument := requiredArgument(t)
		fails(`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"`+prompt+`","arguments":{"nope":"x"}}}`, "1", mcp.INVALID_PARAMS,
			"Invalid params: prompt "+prompt+": the argument "+argument.Name+" is required: "+strings.TrimSuffix(argument.Description, ".")+".")
		fails(`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"nope"}}`, "1", mcp.INVALID_PARAMS,
			`There is no prompt "nope". The prompts are `+strings.Join(newServer(t, Options{}).guideNames(), ", ")+".")
		fails(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"keys_lists"}}`, "1", mcp.INVALID_PARAMS,
			`There is no tool "keys_lists" (did you mean keys_list?). List the tools with tools/list; whoever runs this server selects them with --toolsets, --tools and --read-only.`)
		fails(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nope"}}`, "1", mcp.INVALID_PARAMS,
			`There is no tool "nope". List the tools with tools/list; whoever runs this server selects them with --toolsets, --tools and --read-only.`)
		w.wants("\ufeff"+`{"jsonrpc":"2.0","id":1,"method":"ping"}`, map[bool]string{
			true:  `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error: the message is not valid JSON."}}`,
			false: `{"jsonrpc":"2.0","id":1,"result":{}}`,
		}[w.name == "stdio"]) // only at the start of the input
	})
}

// requiredArgument is one of any prompt.
func requiredArgument(t *testing.T) (string, prompts.Argument) {
	for _, p := range newServer(t, Options{}).guides {
		for _, a := range p.Arguments {
			if a.Required {
				return p.Name, a
			}
		}
	}
	t.Fatal("no prompt has a required argument")
	panic("unreachable")
}

// A byte order mark before the first message is skipped.
func TestByteOrderMark(t *testing.T) {
	var out bytes.Buffer
	if err := newServer(t, Options{}).ServeStdio(t.Context(), strings.NewReader("\ufeff"+hello), &out); err != nil || !strings.Contains(out.String(), `"result"`) {
		t.Errorf("%v %s", err, out.String())
	}
}

// A canceled request gets no answer, whatever comes of it, and a write is logged.
func TestCanceledGetsNoAnswer(t *testing.T) {
	for _, call := range []string{`{"name":"models_list"}`, `{"name":"keys_block","arguments":{"key":"` + strings.Repeat("ab", 32) + `"}}`} {
		arrived, left := make(chan struct{}), make(chan struct{})
		var log logBuffer
		server := func(t *testing.T) *Server {
			return newServer(t, Options{Confirm: "never", Log: slog.New(slog.NewTextHandler(&log, nil)), Client: fake(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				arrived <- struct{}{}
				<-r.Context().Done()
				left <- struct{}{}
			})})
		}
		onEachWire(t, server, func(t *testing.T, w *rawWire) {
			before := strings.Count(log.String(), "keys_block")
			sent := make(chan struct{})
			go func() {
				w.send(`{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call","params":` + call + `}`)
				close(sent)
			}()
			receive(t, arrived)
			w.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9007199254740992}}`) // another one
			w.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9007199254740993}}`)
			receive(t, left)
			if receive(t, sent); w.name == "http" {
				for range 3 { // the call and the two notifications
					if status := receive(t, w.status); status != http.StatusAccepted {
						t.Errorf("status %d", status)
					}
				}
			}
			if strings.Contains(call, "block") {
				waitFor(t, "the write is logged", func() bool { return strings.Count(log.String(), "keys_block") > before })
			}
			w.wants(`{"jsonrpc":"2.0","id":2,"method":"ping"}`, `{"jsonrpc":"2.0","id":2,"result":{}}`)
		})
	}
}

// A subscription is acknowledged and answered on every transport, each time.
func TestListen(t *testing.T) {
	onEachWire(t, func(t *testing.T) *Server { return newServer(t, Options{}) }, func(t *testing.T, w *rawWire) {
		for range 50 {
			w.send(`{"jsonrpc":"2.0","id":9007199254740993,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":` + modernMeta + `}}`)
			const meta = `"_meta":{"io.modelcontextprotocol/subscriptionId":9007199254740993}`
			if got := w.next(); got != `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{`+meta+`,"notifications":{}}}` {
				t.Fatalf("acknowledgment: %s", got)
			}
			got := parseMessage(t, w.next())
			if id := field(got.Result, "_meta", "io.modelcontextprotocol/subscriptionId"); string(got.ID) != "9007199254740993" || id != "9007199254740993" {
				t.Fatalf("result: %s %s", got.ID, got.Result)
			}
		}
		w.send(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{}}}`)
		if got := w.next(); !strings.Contains(got, `needs protocol version 2026-07-28`) {
			t.Errorf("of an older client: %s", got)
		}
	})
}

// The library sees an ID of ours and nothing else is changed; the answer leaves with
// the bytes that came.
func FuzzIncoming(f *testing.F) {
	for _, id := range oddIDs {
		f.Add([]byte(`{"jsonrpc":"2.0","id":` + id + `,"method":"ping","params":{"id":7,"_meta":{"progressToken":` + id + `}}}`))
	}
	f.Add([]byte(`{"ID":1,"id":2,"jsonrpc":"2.0","method":"x","Id":3} `))
	f.Add([]byte(`{"jsonrpc":"2.0","method":"\"id\":1}","id":"}"}`))
	s, err := New(Options{Operations: tools.All()})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		m := read(append(make([]byte, 0, len(content)+slack), content...))
		if m.own == "" {
			if m.fault == nil && m.request() {
				t.Fatal("a request without an ID of ours")
			}
			return
		}
		var came, seen map[string]json.RawMessage
		if json.Unmarshal(content, &came) != nil || json.Unmarshal(m.content, &seen) != nil {
			t.Fatalf("%q became %q", content, m.content)
		}
		if string(seen["id"]) != `"`+m.own+`"` || len(seen) != len(came) && came["id"] != nil {
			t.Fatalf("%q became %q", content, m.content)
		}
		for name, value := range came {
			if name != "id" && !bytes.Equal(seen[name], value) {
				t.Fatalf("%s became %s", value, seen[name])
			}
		}
		if !bytes.Contains(content, m.ID) || !bytes.Contains(content, m.token()) {
			t.Fatalf("%q is not what came in %q", m.ID, content)
		}
		for _, lead := range []string{"", eventLead} {
			parts, is := s.restore(m, []byte(lead+answerLead+`"`+m.own+`","result":{"id":"`+m.own+`"}}`))
			if want := lead + answerLead + string(m.ID) + `,"result":{"id":"` + m.own + `"}}`; !is || string(bytes.Join(parts, nil)) != want {
				t.Fatalf("%q, want %q", bytes.Join(parts, nil), want)
			}
		}
	})
}
