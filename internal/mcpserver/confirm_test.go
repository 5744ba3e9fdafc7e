package mcpserver

import (
	"fmt"
	"strings"
	"testing"
)

func TestConfirm(t *testing.T) {
	const (
		can    = `{"elicitation":{}}`
		cannot = `{}`
		urls   = `{"elicitation":{"url":{}}}`
	)
	yes := `"result":{"action":"accept","content":{"confirm":true}}`
	for _, tt := range []struct {
		name, mode, capabilities, reply, args string
		deleted                               bool
		says                                  string
	}{
		{"auto, a yes", confirmAuto, can, yes, ``, true, "deleted"},
		{"auto, a form without a yes", confirmAuto, can, `"result":{"action":"accept","content":{"confirm":false}}`, ``, false, "did not agree"},
		{"auto, an empty form", confirmAuto, can, `"result":{"action":"accept"}`, ``, false, "did not agree"},
		{"auto, a text for a yes", confirmAuto, can, `"result":{"action":"accept","content":{"confirm":"true"}}`, ``, false, "did not agree"},
		{"auto, a no", confirmAuto, can, `"result":{"action":"decline","content":{"confirm":true}}`, ``, false, "did not agree"},
		{"auto, the model's word does not replace the person", confirmAuto, can, `"result":{"action":"cancel"}`, `,"confirm":true`, false, "did not agree"},
		{"auto, the client fails", confirmAuto, can, `"error":{"code":-32601,"message":"secret words"}`, ``, false, "could not ask"},
		{"auto, it cannot ask", confirmAuto, cannot, ``, ``, false, "confirm: true"},
		{"auto, it can open pages only", confirmAuto, urls, ``, ``, false, "confirm: true"},
		{"auto, the model's word", confirmAuto, cannot, ``, `,"confirm":true`, true, "deleted"},
		{"auto, the model's no", confirmAuto, cannot, ``, `,"confirm":false`, false, "confirm: true"},
		{"always, a yes", confirmAlways, can, yes, ``, true, "deleted"},
		{"always, it cannot ask", confirmAlways, cannot, ``, ``, false, "--confirm auto"},
		{"never", confirmNever, cannot, ``, ``, true, "deleted"},
		{"never, it could ask", confirmNever, can, ``, ``, true, "deleted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, client := gateway(t)
			asked := ""
			c := dial(t, newServer(t, Options{Client: client, Confirm: tt.mode}), tt.capabilities, func(m message) string {
				asked = string(m.Params)
				return tt.reply
			})
			c.call("keys_generate", `{"key_alias":"victim"}`)
			r := c.call("keys_delete", `{"key_aliases":["victim"]`+tt.args+`}`)
			wantText(t, r.Text, tt.says)
			if strings.Contains(r.Text, "secret words") {
				t.Error("the client's own words are repeated")
			}
			if r.IsError == tt.deleted {
				t.Errorf("isError is %v: %s", r.IsError, r.Text)
			}
			if !tt.deleted && field(r.Structured, "error", "code") != `"confirmation_required"` {
				t.Errorf("structured: %s", r.Structured)
			}
			left := field(c.call("keys_list", `{}`).Structured, "total")
			if (left == "0") != tt.deleted {
				t.Errorf("%s keys are left", left)
			}
			if tt.reply != "" {
				wantText(t, asked, "keys delete", "POST /key/delete", "victim", `"confirm"`, `"boolean"`)
			} else if asked != "" {
				t.Errorf("the person was asked: %s", asked)
			}
			if tt.reply == "" && !tt.deleted {
				wantText(t, field(r.Structured, "requests"), "/key/delete", "victim")
			}
		})
	}
}

func TestAlwaysTakesNoWordOfTheModel(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client, Confirm: confirmAlways}), `{}`, nil)
	r := c.call("users_delete", `{"user_ids":["x"],"confirm":true}`)
	wantText(t, r.Text, `unknown argument "confirm"`)
}

// A value that makes the gateway read its own environment is confirmed in a
// write, at whatever depth it stands.
func TestReferencesAreConfirmed(t *testing.T) {
	g, client := gateway(t)
	s := newServer(t, Options{Client: client})
	c := dial(t, s, `{}`, nil)
	for _, tt := range []struct {
		tool, args string
		asks       bool
	}{
		{"models_add", `{"model_name":"m","litellm_params":{"api_key":"os.environ/DATABASE_URL"}}`, true},
		{"models_add", `{"model_name":"m","litellm_params":{"a":[{"b":" os.environ/X"}]}}`, true},
		{"credentials_create", `{"credential_name":"c","credential_info":{},"credential_values":{"api_key":"os.environ/X"}}`, true},
		{"keys_generate", `{"metadata":{"x":"os.environ/X"}}`, true},
		{"keys_generate", `{"metadata":{"x":"see os.environ/X"}}`, false},
		{"keys_list", `{"search":"os.environ/X"}`, false},
	} {
		g.ClearRequests()
		r := c.call(tt.tool, tt.args)
		if got := field(r.Structured, "error", "code") == `"confirmation_required"`; got != tt.asks {
			t.Errorf("%s %s: %s", tt.tool, tt.args, r.Text)
		}
		if !tt.asks {
			continue
		}
		wantText(t, r.Text, "its own environment", "confirm: true")
		for _, request := range g.Requests() {
			if request.Method != "GET" {
				t.Errorf("%s: %s %s was sent", tt.tool, request.Method, request.Path)
			}
		}
		if r := c.call(tt.tool, strings.TrimSuffix(tt.args, "}")+`,"confirm":true}`); field(r.Structured, "error", "code") == `"confirmation_required"` {
			t.Errorf("%s: the model's word does not help: %s", tt.tool, r.Text)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	g, client := gateway(t)
	s := newServer(t, Options{Client: client})
	s.answerWait = 1 // a nanosecond
	c := dial(t, s, `{"elicitation":{"form":{}}}`, func(message) string { return "" })
	r := c.call("users_delete", `{"user_ids":["x"]}`)
	wantText(t, r.Text, "nobody answered")
	if !r.IsError || len(requests(g)) != 0 {
		t.Errorf("%s; %v", r.Text, requests(g))
	}
}

// A question that nobody can answer any more does not keep the server alive.
func TestQuestionAtTheEnd(t *testing.T) {
	_, client := gateway(t)
	asked := make(chan struct{})
	c := dial(t, newServer(t, Options{Client: client}), `{"elicitation":{}}`, func(message) string { close(asked); return "" })
	_, reply := c.send("tools/call", `{"name":"users_delete","arguments":{"user_ids":["x"]}}`)
	<-asked
	c.in.Close()
	m, _ := c.wait(reply)
	wantText(t, toResult(t, m).Text, "could not ask")
	if err := <-c.ended; err != nil {
		t.Error(err)
	}
}

const modernMeta = `{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
	`"io.modelcontextprotocol/clientInfo":{"name":"modern","version":"2"},` +
	`"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}`

// Clients of 2026-07-28 are asked by a result and come back with an answer and a
// state, of which nothing is believed that we did not sign.
func TestModernConfirmation(t *testing.T) {
	_, client := gateway(t)
	s := newServer(t, Options{Client: client})
	c := dial(t, s, `{}`, nil)
	c.call("keys_generate", `{"key_alias":"one"}`)
	c.call("keys_generate", `{"key_alias":"two"}`)
	call := func(alias, more string) message {
		return c.request("tools/call", fmt.Sprintf(`{"name":"keys_delete","arguments":{"key_aliases":[%q]}%s,"_meta":%s}`, alias, more, modernMeta))
	}
	left := func() string { return field(c.call("keys_list", `{}`).Structured, "total") }
	answer := func(state string) string {
		return fmt.Sprintf(`,"requestState":%q,"inputResponses":{"confirm":{"action":"accept","content":{"confirm":true}}}`, state)
	}
	m := call("one", "")
	state := strings.Trim(field(m.Result, "requestState"), `"`)
	if m.Error != nil || state == "" || !strings.Contains(field(m.Result, "inputRequests", "confirm"), "/key/delete") {
		t.Fatalf("not asked: %s %+v", m.Result, m.Error)
	}
	for name, forged := range map[string]string{
		"no state": "", "of nobody": "1.abc", "changed": state + "0",
		"of the future": "99999999999" + state[strings.Index(state, "."):],
	} {
		if r := toResult(t, call("one", answer(forged))); !r.IsError || left() != "2" {
			t.Errorf("%s: %s", name, r.Text)
		}
	}
	if r := toResult(t, call("two", answer(state))); !r.IsError || left() != "2" {
		t.Errorf("a yes for one key was taken for another: %s", r.Text)
	}
	if r := toResult(t, call("one", answer(state))); r.IsError || left() != "1" {
		t.Errorf("a yes was not taken: %s", r.Text)
	}
}
