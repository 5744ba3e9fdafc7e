package mcpserver

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// TestReadsBehindABalancer: no request needs the process that had the one before, and a
// restart of all is not noticed.
func TestReadsBehindABalancer(t *testing.T) {
	r := newReplicas(t, 2, stateKey, true)
	r.keys("k")
	for _, version := range []string{"2025-11-25", "2025-06-18", "2025-03-26"} {
		c := r.legacy(version, `{}`)
		for i := range 100 {
			if i == 50 {
				r.restart()
			}
			if answer := c.call("keys_list", `{}`); answer.IsError {
				t.Fatalf("%s, read %d: %s", version, i, answer.Text)
			}
		}
	}
	for i := range 100 {
		if i == 50 {
			r.restart()
		}
		if answer := toResult(t, r.modern(sandbox.MasterKey, "keys_list", `{}`, "")); answer.IsError {
			t.Fatalf("2026-07-28, read %d: %s", i, answer.Text)
		}
	}
}

// TestConfirmedBehindABalancer: the yes comes to another process than the one that asked,
// and to one that was started after the question.
func TestConfirmedBehindABalancer(t *testing.T) {
	r := newReplicas(t, 2, stateKey, true)
	var aliases []string
	for i := range 10 {
		aliases = append(aliases, fmt.Sprint("victim-", i))
	}
	r.keys(aliases...)
	for i, alias := range aliases {
		args := fmt.Sprintf(`{"key_aliases":[%q]}`, alias)
		state := stateOf(t, r.modern(sandbox.MasterKey, "keys_delete", args, ""))
		if i == 5 {
			r.restart()
		}
		if answer := toResult(t, r.modern(sandbox.MasterKey, "keys_delete", args, accepted(state))); answer.IsError {
			t.Errorf("%s: %s", alias, answer.Text)
		}
	}
	if left := r.keys(); left != "0" {
		t.Errorf("%s keys are left", left)
	}
}

// TestForeignYes: a yes is good for its key, caller, call and plan, and once in each process.
func TestForeignYes(t *testing.T) {
	r := newReplicas(t, 1, stateKey, true)
	r.keys("one", "two")
	const args = `{"key_aliases":["one"]}`
	ask := func() string { return stateOf(t, r.modern(sandbox.MasterKey, "keys_delete", args, "")) }
	refuse := func(name, state, args, want string) {
		t.Helper()
		if answer := toResult(t, r.modern(sandbox.MasterKey, "keys_delete", args, accepted(state))); !answer.IsError || !strings.Contains(answer.Text, want) {
			t.Errorf("%s: %s", name, answer.Text)
		}
	}
	state := ask()
	refuse("another call", state, `{"key_aliases":["two"]}`, "another question")
	post(t, r.client, "/user/new", `{"user_id":"root-2","user_role":"proxy_admin","auto_create_key":false}`)
	post(t, r.client, "/key/generate", `{"key_alias":"admin","user_id":"root-2","key":"`+keyB+`"}`)
	stateOf(t, r.modern(keyB, "keys_delete", args, "")) // it may delete the key
	answer := toResult(t, r.modern(keyB, "keys_delete", args, accepted(state)))
	wantText(t, answer.Text, "another question")

	r.options.StateKeyFile = keyFile(t, otherKey)
	r.restart()
	refuse("another key", state, args, "another question, or to one of another server")
	state = ask()
	r.options.StateKeyFile = keyFile(t, stateKey+retiredOn+otherKey+"\n")
	r.restart()
	if answer := toResult(t, r.modern(sandbox.MasterKey, "keys_delete", args, accepted(state))); answer.IsError {
		t.Errorf("a yes signed with the key that was replaced: %s", answer.Text)
	}
	r.keys("one")
	refuse("a second time", state, args, "used before")

	state = ask()
	r.one.answerWait = -1
	late := ask()
	refuse("too late", late, args, "too late")
	post(t, r.client, "/key/delete", `{"key_aliases":["one"]}`)
	r.keys("one") // another key by this name
	r.restart()
	refuse("another plan", state, args, "not what was confirmed any more")
	if left := r.keys(); left != "3" { // one, two and admin
		t.Errorf("%s keys are left", left)
	}
}

// TestOlderClientsWithoutState: they are not asked, since the answer might reach another
// process, and are told what to do instead.
func TestOlderClientsWithoutState(t *testing.T) {
	r := newReplicas(t, 2, stateKey, true)
	r.keys("victim")
	c := r.legacy("2025-11-25", `{"elicitation":{}}`)
	refused := c.call("keys_delete", `{"key_aliases":["victim"]}`)
	wantText(t, refused.Text, "confirm: true", "Delete key victim")
	if !refused.IsError {
		t.Fatal("it was not refused")
	}
	if answer := c.call("keys_delete", `{"key_aliases":["victim"],"confirm":true}`); answer.IsError {
		t.Errorf("confirmed at another replica: %s", answer.Text)
	}
	if left := r.keys(); left != "0" {
		t.Errorf("%s keys are left", left)
	}
	strict := newReplicas(t, 1, stateKey, true)
	strict.options.Confirm = confirmAlways
	strict.restart()
	strict.keys("kept")
	answer := strict.legacy("2025-11-25", `{"elicitation":{}}`).call("keys_delete", `{"key_aliases":["kept"],"confirm":true}`)
	wantText(t, answer.Text, "with --stateless cannot")
	if left := strict.keys(); left != "1" {
		t.Errorf("an argument replaced the person: %s keys are left", left)
	}
	response := c.do(context.Background(), http.MethodGet, "")
	response.Body.Close()
	if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "POST, DELETE" {
		t.Errorf("GET: %d, Allow %q", response.StatusCode, response.Header.Get("Allow"))
	}
	response = c.do(context.Background(), http.MethodDelete, "")
	response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		t.Errorf("DELETE: %d", response.StatusCode)
	}
}

// TestSessionAfterARestart: with a key file, a session goes on in a new process with all
// that the client said of itself, a question to its person included.
func TestSessionAfterARestart(t *testing.T) {
	var log logBuffer
	r := newReplicas(t, 1, stateKey, false)
	r.options.Log = slog.New(slog.NewTextHandler(&log, nil))
	r.keys("victim")
	c := r.legacy("2025-11-25", `{"elicitation":{}}`)
	r.restart()
	response := c.do(context.Background(), http.MethodPost, `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"keys_delete","arguments":{"key_aliases":["victim"]}}}`)
	defer response.Body.Close()
	events := newEvents(t, response.Body)
	question := events.next()
	if question.Method != "elicitation/create" {
		t.Fatalf("not asked: %+v", question)
	}
	c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"action":"accept"}}`, question.ID))
	if answer := toResult(t, events.next()); answer.IsError {
		t.Error(answer.Text)
	}
	if !strings.Contains(log.String(), "old/1") {
		t.Errorf("the client's name was lost:\n%s", log.String())
	}
	thief := &httpClient{t: t, url: r.url, key: keyB, session: c.session}
	if status, _ := thief.post(`{"jsonrpc":"2.0","id":1,"method":"ping"}`); status == 200 {
		t.Error("another key used the session")
	}
	r.options.StateKeyFile = keyFile(t, otherKey)
	r.restart()
	if status, _ := c.post(`{"jsonrpc":"2.0","id":1,"method":"ping"}`); status != http.StatusNotFound {
		t.Errorf("a session signed with another key: %d", status)
	}
}

// TestDeletedSession: a session that its client ended is gone.
func TestDeletedSession(t *testing.T) {
	url := listen(t, newServer(t, Options{}), HTTPOptions{}) + "/mcp"
	c := (&httpClient{t: t, url: url, key: keyA}).open()
	other := (&httpClient{t: t, url: url, key: keyA}).open()
	response := c.do(context.Background(), http.MethodDelete, "")
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("DELETE: %d", response.StatusCode)
	}
	if status, _ := c.post(`{"jsonrpc":"2.0","id":1,"method":"ping"}`); status != http.StatusNotFound {
		t.Errorf("after it: %d", status)
	}
	if status, _ := other.post(`{"jsonrpc":"2.0","id":1,"method":"ping"}`); status != http.StatusOK {
		t.Errorf("another session of the client: %d", status)
	}
}

// TestThousandClientsOfOneKey: each gets a session and its answer, all at the same time.
func TestThousandClientsOfOneKey(t *testing.T) {
	const clients = 1000
	_, client := gateway(t)
	f, _ := listenFront(t, newServer(t, Options{Client: client}), HTTPOptions{})
	var refused atomic.Int64
	var begun, done sync.WaitGroup
	begun.Add(clients)
	for range clients {
		done.Go(func() {
			begun.Done()
			begun.Wait()
			session := ""
			for _, body := range []string{hello, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"models_list"}}`} {
				r := httptest.NewRequest(http.MethodPost, "http://localhost"+pathHTTP, strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer "+sandbox.MasterKey)
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Mcp-Session-Id", session)
				w := httptest.NewRecorder()
				f.handler.ServeHTTP(w, r)
				if session = w.Header().Get("Mcp-Session-Id"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"isError":true`) {
					if refused.Add(1) < 3 {
						t.Logf("%d %s", w.Code, w.Body)
					}
				}
			}
		})
	}
	done.Wait()
	if n := refused.Load(); n != 0 {
		t.Errorf("%d requests were refused", n)
	}
	waitFor(t, "nothing is held", func() bool {
		return f.bodies.held() == 0 && empty(f.calls) && empty(f.callers) && open(f.requests) == 0
	})
}

func TestStateOptions(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "short": "0123456789", "blanks": strings.Repeat("a b ", 20), "a short second line": stateKey + "\nshort",
		"an empty line between": stateKey + "\n\n" + otherKey, "binary": strings.Repeat("\x00\xff", 40), "nine keys": strings.Repeat(stateKey+"\n", 9),
	} {
		if _, err := newSigner(keyFile(t, content)); proxyclient.CodeOf(err) != proxyclient.CodeUsage || strings.Contains(err.Error(), stateKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s, err := newSigner(keyFile(t, stateKey+"\r\n"+otherKey+"\r\n")); err != nil || len(s.keys) != 2 || s.keys[0] != stateKey {
		t.Errorf("two lines of Windows: %v", err)
	}
	for name, o := range map[string]HTTPOptions{"no key file": {Stateless: true}, "sse": {Stateless: true, Transport: "sse"}} {
		if _, _, err := newServer(t, Options{}).Handler(o); proxyclient.CodeOf(err) != proxyclient.CodeUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzToken: nothing that was not signed verifies, and what was does so only as it was made.
func FuzzToken(f *testing.F) {
	s := &signer{keys: []string{stateKey}}
	good := s.sign("session", `{"n":"1"}`, "key")
	for _, token := range []string{good, good + "=", good[:len(good)-1], "." + good, good + ".", "", ".", "a.b", strings.ToUpper(good)} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if payload, by := s.verify("session", token, "key"); (by != "") != (token == good) {
			t.Errorf("%q: %q, %q", token, by, payload)
		}
		if _, by := s.verify("question", token, "key"); by != "" {
			t.Errorf("%q is good for another purpose", token)
		}
		if _, by := s.verify("session", token, "another"); by != "" {
			t.Errorf("%q is good for another caller", token)
		}
	})
}

func TestRecentForgetsTheOldest(t *testing.T) {
	r := &recent[struct{}]{}
	add := func(name string) bool { return r.put(name, struct{}{}) }
	has := func(name string) bool { _, known := r.get(name); return known }
	for i := range maxRecent + 10 {
		if !add(fmt.Sprint(i)) {
			t.Fatalf("%d was known", i)
		}
	}
	if has("9") || !has("10") || add("10") || len(r.known) != maxRecent {
		t.Errorf("it has %d members", len(r.known))
	}
}

// TestQuestionsOfOneSession: each answer reaches its question, whatever else the session
// does at the time, and one to no question is taken for none.
func TestQuestionsOfOneSession(t *testing.T) {
	r := newReplicas(t, 1, stateKey, false)
	r.keys("one", "two", "three")
	c := r.legacy("2025-11-25", `{"elicitation":{}}`)
	ask := func(alias string) (*events, json.RawMessage) {
		response := c.do(context.Background(), http.MethodPost, fmt.Sprintf(`{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"keys_delete","arguments":{"key_aliases":[%q]}}}`, alias))
		t.Cleanup(func() { response.Body.Close() })
		stream := newEvents(t, response.Body)
		question := stream.next()
		wantText(t, string(question.Params), "Delete key "+alias)
		return stream, question.ID
	}
	reply := func(id json.RawMessage, action string) {
		t.Helper()
		if status, _ := c.post(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"action":%q}}`, id, action)); status != http.StatusAccepted {
			t.Errorf("an answer: %d", status)
		}
	}
	one, first := ask("one")
	two, second := ask("two")
	reply(json.RawMessage("4711"), "accept")
	reply(json.RawMessage(`"of nobody"`), "accept")
	reply(second, "accept")
	if answer := toResult(t, two.next()); answer.IsError {
		t.Error(answer.Text)
	}
	reply(second, "accept") // again
	three, third := ask("three")
	reply(first, "decline")
	if answer := toResult(t, one.next()); !answer.IsError || !strings.Contains(answer.Text, "answered decline") {
		t.Error(answer.Text)
	}
	reply(third, "accept")
	if answer := toResult(t, three.next()); answer.IsError {
		t.Error(answer.Text)
	}
}
