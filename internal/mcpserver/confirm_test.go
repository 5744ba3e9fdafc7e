package mcpserver

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

const (
	canAsk    = `{"elicitation":{}}`
	cannotAsk = `{}`
)

// TestConfirm deletes a key in each mode, with each answer of a client.
func TestConfirm(t *testing.T) {
	const (
		urls = `{"elicitation":{"url":{}}}`
		yes  = `"result":{"action":"accept","content":{"confirm":true}}`
		done = "deleted key alias victim"
	)
	for _, tt := range []struct {
		name, mode, capabilities, reply, args string
		deleted                               bool
		says                                  string
	}{
		{"auto, one key press", confirmAuto, canAsk, `"result":{"action":"accept"}`, ``, true, done},
		{"auto, an empty form", confirmAuto, canAsk, `"result":{"action":"accept","content":{}}`, ``, true, done},
		{"auto, a tick that nobody asked for", confirmAuto, canAsk, yes, ``, true, done},
		{"auto, an open tick", confirmAuto, canAsk, `"result":{"action":"accept","content":{"confirm":false}}`, ``, false, "accepted without the tick"},
		{"auto, a text for a tick", confirmAuto, canAsk, `"result":{"action":"accept","content":{"confirm":"true"}}`, ``, false, "cannot be read: confirm in it is neither true nor false"},
		{"auto, declined", confirmAuto, canAsk, `"result":{"action":"decline","content":{"confirm":true}}`, ``, false, "the client answered decline after"},
		{"auto, the model's word does not replace the person", confirmAuto, canAsk, `"result":{"action":"cancel"}`, `,"confirm":true`, false, "the client answered cancel after"},
		{"auto, no answer that can be read", confirmAuto, canAsk, `"result":{"action":"perhaps"}`, ``, false, "cannot be read: its action is none of"},
		{"auto, no action", confirmAuto, canAsk, `"result":{}`, ``, false, "cannot be read: its action is none of"},
		{"auto, nothing", confirmAuto, canAsk, `"result":null`, ``, false, "cannot be read: its action is none of"},
		{"auto, no object", confirmAuto, canAsk, `"result":"accept"`, ``, false, "cannot be read: it is no object"},
		{"auto, an action that is no text", confirmAuto, canAsk, `"result":{"action":true}`, ``, false, "cannot be read: it is no object"},
		{"auto, content that is no object", confirmAuto, canAsk, `"result":{"action":"accept","content":["confirm"]}`, ``, false, "cannot be read: its content is no object"},
		{"always, a number for a tick", confirmAlways, canAsk, `"result":{"action":"accept","content":{"confirm":1}}`, ``, false, "cannot be read: confirm in it is neither"},
		{"auto, the client fails", confirmAuto, canAsk, `"error":{"code":-32601,"message":"secret words"}`, ``, false, "answered the question with an error"},
		{"auto, it cannot ask", confirmAuto, cannotAsk, ``, ``, false, "confirm: true"},
		{"auto, it can open pages only", confirmAuto, urls, ``, ``, false, "confirm: true"},
		{"auto, the model's word", confirmAuto, cannotAsk, ``, `,"confirm":true`, true, done},
		{"auto, the model's no", confirmAuto, cannotAsk, ``, `,"confirm":false`, false, "confirm: true"},
		{"always, a yes", confirmAlways, canAsk, yes, ``, true, done},
		{"always, without the tick", confirmAlways, canAsk, `"result":{"action":"accept"}`, ``, false, "accepted without the tick"},
		{"always, an open tick", confirmAlways, canAsk, `"result":{"action":"accept","content":{"confirm":false}}`, ``, false, "accepted without the tick"},
		{"always, it cannot ask", confirmAlways, cannotAsk, ``, `,"confirm":true`, false, "confirm: true does not replace the person, who must tick a box"},
		{"always, it cannot ask, without the argument", confirmAlways, cannotAsk, ``, ``, false, "--confirm auto"},
		{"argument", confirmArgument, canAsk, ``, `,"confirm":true`, true, done},
		{"argument, without it", confirmArgument, canAsk, ``, ``, false, "confirm: true"},
		{"never", confirmNever, cannotAsk, ``, ``, true, done},
		{"never, with the argument", confirmNever, canAsk, ``, `,"confirm":true`, true, done},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, client := gateway(t)
			asked := ""
			c := dial(t, newServer(t, Options{Client: client, Confirm: tt.mode}), tt.capabilities, func(m message) string {
				asked = string(m.Params)
				return tt.reply
			})
			hash := strings.Trim(field(c.call("keys_generate", `{"key_alias":"victim"}`).Structured, "token"), `"`)
			r := c.call("keys_delete", `{"key_aliases":["victim"]`+tt.args+`}`)
			wantText(t, r.Text, tt.says)
			if strings.Contains(r.Text, "secret words") {
				t.Error("the client's own words are repeated")
			}
			if r.IsError == tt.deleted {
				t.Errorf("isError is %v: %s", r.IsError, r.Text)
			}
			left := field(c.call("keys_list", `{}`).Structured, "total")
			if (left == "0") != tt.deleted {
				t.Errorf("%s keys are left", left)
			}
			if (tt.reply != "") != (asked != "") {
				t.Errorf("the person was asked: %q", asked)
			}
			if asked != "" {
				wantText(t, asked, "Delete key victim ("+hash[:8], "stop working", "POST /key/delete", hash)
				if strings.Contains(asked, `"boolean"`) != (tt.mode == confirmAlways) {
					t.Errorf("a tick is asked for with always only: %s", asked)
				}
			}
			if !tt.deleted {
				wantText(t, field(r.Structured, "requests"), "/key/delete", hash)
				wantText(t, field(r.Structured, "question"), "Delete key victim")
				if field(r.Structured, "error", "code") != `"confirmation_required"` {
					t.Errorf("structured: %s", r.Structured)
				}
			}
		})
	}
}

// TestNobodyIsBlamed: some clients decline by themselves. Whatever is missing, the
// answer claims no refusal by a person and names the way out.
func TestNobodyIsBlamed(t *testing.T) {
	_, client := gateway(t)
	reply := ""
	s := newServer(t, Options{Client: client})
	c := dial(t, s, canAsk, func(message) string { return reply })
	c.call("keys_generate", `{"key_alias":"victim"}`)
	for _, reply = range []string{`"result":{"action":"decline"}`, `"result":{"action":"cancel"}`, ""} {
		if reply == "" {
			s.answerWait = 1 // a nanosecond
		}
		r := c.call("keys_delete", `{"key_aliases":["victim"]}`)
		wantText(t, r.Text, "--confirm argument", "nothing was sent")
		for _, claim := range []string{"user refused", "user declined", "person refused", "person declined", "did not agree"} {
			if strings.Contains(r.Text, claim) {
				t.Errorf("%s: it claims %q: %s", reply, claim, r.Text)
			}
		}
	}
	wantText(t, c.call("keys_delete", `{"key_aliases":["victim"]}`).Text, "no answer came within")
}

// TestTimeOfANo: an answer that comes sooner than a person reads is not called a person's;
// one that comes later is, and the call is not to be repeated. Both eras say the same.
func TestTimeOfANo(t *testing.T) {
	_, client := gateway(t)
	s := newServer(t, Options{Client: client})
	action := ""
	c := dial(t, s, canAsk, func(message) string { return `"result":{"action":"` + action + `"}` })
	c.call("keys_generate", `{"key_alias":"victim"}`)
	const args = `{"key_aliases":["victim"]}`
	for _, glance := range []time.Duration{time.Hour, -1} {
		s.glance = glance
		for _, action = range []string{"decline", "cancel"} {
			state := stateOf(t, c.modern("keys_delete", args, ""))
			modern := toResult(t, c.modern("keys_delete", args, strings.Replace(accepted(state), "accept", action, 1)))
			for _, text := range []string{c.call("keys_delete", args).Text, modern.Text} {
				wantText(t, text, "the client answered "+action+" after ", "--confirm argument")
				if strings.Contains(text, "nobody may have seen it") != (glance > 0) || strings.Contains(text, "ot repeat the call") != (glance < 0 && action == "decline") {
					t.Errorf("%s, glance %s: %s", action, glance, text)
				}
			}
		}
	}
}

// TestUnreadableModern: an answer that is none is said to be that, and uses the state up.
func TestUnreadableModern(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	c.call("keys_generate", `{"key_alias":"victim"}`)
	const args = `{"key_aliases":["victim"]}`
	for reply, says := range map[string]string{
		`"yes"`: "cannot be read: it is no object", `["accept"]`: "cannot be read: it is no object", `{"action":1}`: "cannot be read: it is no object",
		`null`: "cannot be read: its action", `{}`: "cannot be read: its action", `{"error":{"code":-32601,"message":"secret words"}}`: "cannot be read: its action",
		`{"action":"accept","content":"yes"}`: "cannot be read: its content", `{"action":"accept","content":{"confirm":"yes"}}`: "cannot be read: confirm in it",
		`{"action":"accept","content":{"confirm":false}}`: "accepted without the tick",
	} {
		state := stateOf(t, c.modern("keys_delete", args, ""))
		more := fmt.Sprintf(`,"requestState":%q,"inputResponses":{"confirm":%s}`, state, reply)
		r := toResult(t, c.modern("keys_delete", args, more))
		wantText(t, r.Text, says)
		if strings.Contains(r.Text, "secret words") || !r.IsError {
			t.Errorf("%s: %s", reply, r.Text)
		}
		wantText(t, toResult(t, c.modern("keys_delete", args, accepted(state))).Text, "used before")
	}
	if left := field(c.call("keys_list", `{}`).Structured, "total"); left != "1" {
		t.Errorf("%s keys are left", left)
	}
}

// TestNothingToAsk: a call that would send nothing is not asked for, and says why.
func TestNothingToAsk(t *testing.T) {
	g, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), canAsk, func(m message) string { t.Errorf("asked: %s", m.Params); return "" })
	for tool, args := range map[string]string{
		"keys_delete": `{"key_aliases":["nobody"]}`, "teams_delete": `{"team_ids":["nobody"]}`, "users_delete": `{"user_ids":["nobody"]}`,
		"users_bulk_delete": `{"user_ids":["nobody","no one"]}`, "budgets_delete": `{"budget_id":"nobody"}`, "tags_delete": `{"name":"nobody"}`,
		"models_delete": `{"id":"nobody"}`, "credentials_delete": `{"credential_name":"nobody"}`, "customers_delete": `{"user_ids":["nobody"]}`,
		"access_groups_delete": `{"access_group":"nobody"}`, "users_retire": `{"user_id":"nobody"}`, "keys_regenerate": `{"key":"nobody"}`,
	} {
		g.ClearRequests()
		r := c.call(tool, args)
		if code := field(r.Structured, "error", "code"); !r.IsError || code != `"not_found"` && field(r.Structured, "failed") == "" {
			t.Errorf("%s of what does not exist: %s", tool, r.Text)
		}
		noWrites(t, g, tool)
	}
}

func noWrites(t *testing.T, g *sandbox.Gateway, what string) {
	t.Helper()
	for _, r := range g.Requests() {
		if r.Method != http.MethodGet && r.Path != "/budget/info" && r.Path != "/tag/info" {
			t.Errorf("%s: %s %s was sent", what, r.Method, r.Path)
		}
	}
}

// TestQuestionAtTheEnd: a question that nobody can answer any more does not keep the
// server alive.
func TestQuestionAtTheEnd(t *testing.T) {
	_, client := gateway(t)
	asked := make(chan struct{})
	c := dial(t, newServer(t, Options{Client: client}), canAsk, func(message) string { close(asked); return "" })
	c.call("keys_generate", `{"key_alias":"victim"}`)
	_, reply := c.send("tools/call", `{"name":"keys_delete","arguments":{"key_aliases":["victim"]}}`)
	<-asked
	c.in.Close()
	m, _ := c.wait(reply)
	wantText(t, toResult(t, m).Text, "could not ask")
	if err := <-c.ended; err != nil {
		t.Error(err)
	}
}

// post sends a request to the gateway behind the server's back.
func post(t *testing.T, client *proxyclient.Client, path, body string) {
	t.Helper()
	if _, err := client.JSON(context.Background(), proxyclient.Request{Method: "POST", Path: path, Body: []byte(body)}); err != nil {
		t.Fatal(err)
	}
}

// TestSwappedWhileAsked: two teams, and two keys, swap their names while the question is
// open. What is deleted is what the question named.
func TestSwappedWhileAsked(t *testing.T) {
	_, client := gateway(t)
	swap := func() {}
	c := dial(t, newServer(t, Options{Client: client}), canAsk, func(m message) string {
		swap()
		return `"result":{"action":"accept"}`
	})
	for _, id := range []string{"scratch", "prod"} {
		c.call("teams_create", fmt.Sprintf(`{"team_alias":%q,"team_id":"id-of-%s"}`, id, id))
	}
	swap = func() {
		post(t, client, "/team/update", `{"team_id":"id-of-scratch","team_alias":"x"}`)
		post(t, client, "/team/update", `{"team_id":"id-of-prod","team_alias":"scratch"}`)
		post(t, client, "/team/update", `{"team_id":"id-of-scratch","team_alias":"prod"}`)
	}
	if r := c.call("teams_delete", `{"team":"scratch"}`); r.IsError {
		t.Fatal(r.Text)
	}
	left := string(c.call("teams_list", `{}`).Structured)
	if !strings.Contains(left, "id-of-prod") || strings.Contains(left, "id-of-scratch") {
		t.Errorf("another team was deleted; left: %s", left)
	}
	a := strings.Trim(field(c.call("keys_generate", `{"key_alias":"a"}`).Structured, "token"), `"`)
	b := strings.Trim(field(c.call("keys_generate", `{"key_alias":"b"}`).Structured, "token"), `"`)
	swap = func() {
		post(t, client, "/key/update", fmt.Sprintf(`{"key":%q,"key_alias":"x"}`, a))
		post(t, client, "/key/update", fmt.Sprintf(`{"key":%q,"key_alias":"a"}`, b))
	}
	if r := c.call("keys_delete", `{"key_aliases":["a"]}`); r.IsError {
		t.Fatal(r.Text)
	}
	if left := string(c.call("keys_list", `{}`).Structured); strings.Contains(left, a) || !strings.Contains(left, b) {
		t.Errorf("another key was deleted; left: %s", left)
	}
}

// TestConfirmAfterARefusal: confirm: true sends what the refusal showed, or refuses again
// with the new plan.
func TestConfirmAfterARefusal(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client, Confirm: confirmArgument}), cannotAsk, nil)
	for _, id := range []string{"one", "two"} {
		c.call("teams_create", fmt.Sprintf(`{"team_alias":%q,"team_id":"id-of-%s"}`, id, id))
	}
	wantText(t, c.call("teams_delete", `{"team":"one"}`).Text, "id-of-one")
	post(t, client, "/team/update", `{"team_id":"id-of-one","team_alias":"x"}`)
	post(t, client, "/team/update", `{"team_id":"id-of-two","team_alias":"one"}`)
	r := c.call("teams_delete", `{"team":"one","confirm":true}`)
	wantText(t, r.Text, "it would send POST /team/delete", "id-of-two", "instead of", "id-of-one")
	if left := string(c.call("teams_list", `{}`).Structured); !r.IsError || !strings.Contains(left, "id-of-two") {
		t.Fatalf("a plan that nobody was shown was sent: %s", left)
	}
	if r := c.call("teams_delete", `{"team":"one","confirm":true}`); r.IsError {
		t.Errorf("what the second refusal showed was not sent: %s", r.Text)
	}
	if left := string(c.call("teams_list", `{}`).Structured); strings.Contains(left, "id-of-two") || !strings.Contains(left, "id-of-one") {
		t.Errorf("left: %s", left)
	}
}

const modernMeta = `{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
	`"io.modelcontextprotocol/clientInfo":{"name":"modern","version":"2"},` +
	`"io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}`

func (c *stdioClient) modern(tool, args, more string) message {
	return c.request("tools/call", fmt.Sprintf(`{"name":%q,"arguments":%s%s,"_meta":%s}`, tool, args, more, modernMeta))
}

// accepted is the answer of a stateless client to the question with this state.
func accepted(state string) string {
	return fmt.Sprintf(`,"requestState":%q,"inputResponses":{"confirm":{"action":"accept"}}`, state)
}

func stateOf(t *testing.T, m message) string {
	t.Helper()
	state := strings.Trim(field(m.Result, "requestState"), `"`)
	if m.Error != nil || state == "" {
		t.Fatalf("not asked: %s %+v", m.Result, m.Error)
	}
	return state
}

// TestModernConfirmation: clients of 2026-07-28 are asked by a result and come back with
// an answer and a state, of which nothing is believed that we did not sign.
func TestModernConfirmation(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	c.call("keys_generate", `{"key_alias":"one"}`)
	c.call("keys_generate", `{"key_alias":"two"}`)
	call := func(alias, more string) message {
		return c.modern("keys_delete", fmt.Sprintf(`{"key_aliases":[%q]}`, alias), more)
	}
	left := func() string { return field(c.call("keys_list", `{}`).Structured, "total") }
	asked := call("one", "")
	state := stateOf(t, asked)
	wantText(t, field(asked.Result, "inputRequests", "confirm"), "Delete key one", "/key/delete")
	for name, forged := range map[string]string{
		"no state": "", "of nobody": "1.abc", "changed": state + "0",
		"of the future": "99999999999" + state[strings.Index(state, "."):],
	} {
		if r := toResult(t, call("one", accepted(forged))); !r.IsError || left() != "2" {
			t.Errorf("%s: %s", name, r.Text)
		}
	}
	if r := toResult(t, call("two", accepted(state))); !r.IsError || left() != "2" {
		t.Errorf("a yes for one key was taken for another: %s", r.Text)
	}
	if r := toResult(t, call("one", accepted(state))); r.IsError || left() != "1" {
		t.Errorf("a yes was not taken: %s", r.Text)
	}
}

// TestStateIsUsedOnce: the state of a deleted team does not delete the team that was
// made again under its identifier.
func TestStateIsUsedOnce(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	const team, args = `{"team_alias":"again","team_id":"again"}`, `{"team_ids":["again"]}`
	c.call("teams_create", team)
	state := stateOf(t, c.modern("teams_delete", args, ""))
	if r := toResult(t, c.modern("teams_delete", args, accepted(state))); r.IsError {
		t.Fatal(r.Text)
	}
	c.call("teams_create", team)
	r := toResult(t, c.modern("teams_delete", args, accepted(state)))
	wantText(t, r.Text, "used before")
	if left := string(c.call("teams_list", `{}`).Structured); !strings.Contains(left, "again") {
		t.Error("the state was good for a second deletion")
	}
}

// TestStateBindsThePlan: between the question and the answer the name went to another
// team.
func TestStateBindsThePlan(t *testing.T) {
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	for _, id := range []string{"scratch", "prod"} {
		c.call("teams_create", fmt.Sprintf(`{"team_alias":%q,"team_id":"id-of-%s"}`, id, id))
	}
	state := stateOf(t, c.modern("teams_delete", `{"team":"scratch"}`, ""))
	post(t, client, "/team/update", `{"team_id":"id-of-scratch","team_alias":"x"}`)
	post(t, client, "/team/update", `{"team_id":"id-of-prod","team_alias":"scratch"}`)
	r := toResult(t, c.modern("teams_delete", `{"team":"scratch"}`, accepted(state)))
	wantText(t, r.Text, "not what was confirmed any more", "id-of-prod", "instead of", "id-of-scratch")
	if left := field(c.call("teams_list", `{}`).Structured, "total"); left != "2" {
		t.Errorf("%s teams are left", left)
	}
}

// TestConfirmIsTakenInEveryMode: clients that always send it are not refused for that. A
// name is not ignored if it is another profile's.
func TestConfirmIsTakenInEveryMode(t *testing.T) {
	for _, mode := range confirmModes {
		_, client := gateway(t)
		c := dial(t, newServer(t, Options{Client: client, Confirm: mode, Profile: "dev"}), cannotAsk, nil)
		if r := c.call("keys_generate", `{"key_alias":"k","confirm":true,"confirm_profile":"dev"}`); r.IsError {
			t.Errorf("%s: %s", mode, r.Text)
		}
		wantText(t, c.call("keys_generate", `{"key_alias":"k2","confirm_profile":"prod"}`).Text, "the gateway is that of profile dev, not prod; nothing was sent")
	}
	_, client := gateway(t)
	c := dial(t, newServer(t, Options{Client: client}), cannotAsk, nil)
	if r := c.call("keys_generate", `{"confirm_profile":"dev"}`); r.IsError {
		t.Errorf("without a profile: %s", r.Text)
	}
}
