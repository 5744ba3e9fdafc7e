package mcpserver

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/audit"
	"litellm-proxy/internal/secret"
)

// auditLog is a log for Options and a function that reads its lines.
func auditLog(t *testing.T) (*audit.Log, string, func() []audited) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	return audit.New(path, nil), path, func() (all []audited) {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var e audited
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			e.line = line
			all = append(all, e)
		}
		return all
	}
}

type audited struct {
	Time, Event, Call, Client, Session, Key, Tool, Effect, Outcome string
	Arguments                                                      json.RawMessage
	Secrets                                                        []string
	Request                                                        *audit.Request
	Requests                                                       []audit.Request
	line                                                           string
}

func TestAuditLog(t *testing.T) {
	_, client := gateway(t)
	log, _, read := auditLog(t)
	c := dial(t, newServer(t, Options{Client: client, Watch: Watch{Audit: log}}), cannotAsk, nil)
	c.call("keys_generate", `{"key_alias":"ci","extra":{"api_key":"plain-provider-secret"},"metadata":{"note":"sk-MARKEDmarkedMARKED0123456789"}}`)
	c.call("keys_list", `{"size":5}`)
	c.call("keys_delete", `{"key_aliases":["ci"]}`)
	c.call("keys_delete", `{"key_aliases":["ci"],"dry_run":true}`)
	c.call("keys_info", `{"key":"0123","nonsense":1}`)
	c.call("teams_setup", `{"team_alias":"a","key_alias":"team-key"}`)
	all := read()
	for _, e := range all {
		if at, err := time.Parse("2006-01-02T15:04:05.000Z", e.Time); err != nil || time.Since(at).Abs() > patience {
			t.Errorf("the time is %s: %v", e.Time, err)
		}
		if strings.Contains(e.line, "MARKED") || strings.Contains(e.line, "plain-provider-secret") {
			t.Errorf("a secret is in the log: %s", e.line)
		}
		if e.Event != audit.Send && (e.Client != "test/1.0" || e.Session != "stdio" || e.Key != client.KeyHash()) {
			t.Errorf("the caller is not told: %s", e.line)
		}
	}
	var got []string
	for _, e := range all {
		got = append(got, e.Event+" "+e.Tool+" "+e.Effect+" "+e.Outcome)
	}
	want := []string{
		"begin keys_generate write ", "end keys_generate write done", "end keys_list read done",
		"end keys_delete destructive refused: not confirmed", "end keys_delete destructive dry run", "end keys_info read usage",
		"begin teams_setup write ", "send teams_setup  ", "end teams_setup write done",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("the log has\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	begin, end := all[0], all[1]
	if begin.Call == "" || begin.Call != end.Call || begin.Call == all[2].Call {
		t.Errorf("the lines of a call are not tied together: %s and %s", begin.Call, end.Call)
	}
	if r := begin.Request; r == nil || r.Method != "POST" || r.Path != "/key/generate" {
		t.Errorf("the write is not announced: %s", begin.line)
	}
	wantText(t, begin.line, `"key_alias":"ci"`, `"extra":{"api_key":"****"}`)
	if n := len(end.Requests); n == 0 || end.Requests[n-1].Status != 200 {
		t.Errorf("the requests are not told: %s", end.line)
	}
}

// TestAuditOfLostCall: a write whose process dies while it waits for the answer is in the log.
func TestAuditOfLostCall(t *testing.T) {
	arrived, answer := make(chan bool), make(chan bool)
	client := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			arrived <- true
			<-answer
		}
		w.Header().Set("X-Litellm-Call-Id", "call-17")
		_, _ = io.WriteString(w, `{"key":"sk-0123456789abcdefghij","token":"x","keys":[]}`)
	})
	log, _, read := auditLog(t)
	c := dial(t, newServer(t, Options{Client: client, Watch: Watch{Audit: log}}), cannotAsk, nil)
	_, reply := c.send("tools/call", `{"name":"keys_generate","arguments":{}}`)
	<-arrived
	if all := read(); len(all) != 1 || all[0].Event != audit.Begin {
		t.Errorf("while the write is under way, the log has %v", all)
	}
	close(answer)
	c.wait(reply)
	all := read()
	if last := all[len(all)-1]; last.Event != audit.End || last.Requests[len(last.Requests)-1].ID != "call-17" {
		t.Errorf("the gateway's name of the request is not told: %s", last.line)
	}
}

// TestAuditFails: without an audit log, nothing is changed, and reads go on.
func TestAuditFails(t *testing.T) {
	g, client := gateway(t)
	log, path, read := auditLog(t)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	c := dial(t, newServer(t, Options{Client: client, Watch: Watch{Audit: log}}), cannotAsk, nil)
	g.ClearRequests()
	r := c.call("keys_generate", `{"key_alias":"ci"}`)
	if field(r.Structured, "error", "code") != `"local"` {
		t.Errorf("a write without an audit log: %s", r.Text)
	}
	wantText(t, r.Text, "was not sent, because the server's audit log cannot be written")
	for _, request := range g.Requests() {
		if request.Method != http.MethodGet {
			t.Errorf("%s %s was sent", request.Method, request.Path)
		}
	}
	if r := c.call("keys_list", `{}`); r.IsError {
		t.Errorf("a read without an audit log: %s", r.Text)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r := c.call("keys_generate", `{"key_alias":"ci"}`); r.IsError {
		t.Errorf("after the log was repaired: %s", r.Text)
	}
	if all := read(); len(all) != 2 {
		t.Errorf("after the log was repaired, it has %d lines", len(all))
	}
}

// TestAuditOfCallers: over HTTP, the key is that of the request.
func TestAuditOfCallers(t *testing.T) {
	const key = "sk-of-a-caller-0123456789"
	log, _, read := auditLog(t)
	s := newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"keys":[]}`) }), Watch: Watch{Audit: log}})
	c := &httpClient{t: t, url: listen(t, s, HTTPOptions{}) + pathHTTP, key: key}
	c.open().call("keys_list", `{"key_alias":"`+key+`"}`)
	all := read()
	if len(all) != 1 || all[0].Key != secret.Hash(key) || strings.Contains(all[0].line, key) {
		t.Errorf("the log has %v", all)
	}
}

// TestSlow: a call that takes long is told, with where the time went.
func TestSlow(t *testing.T) {
	var out logBuffer
	client := fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"data":[]}`) })
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	dial(t, newServer(t, Options{Client: client, Log: log, Watch: Watch{Slow: time.Nanosecond}}), cannotAsk, nil).call("models_list", `{}`)
	wantText(t, out.String(), "level=WARN", "slow call", "tool=models_list", "gateway=", "person=0s", `slowest="GET /models `)
}

// TestLogOfReads: reads are logged at the level debug only.
func TestLogOfReads(t *testing.T) {
	_, client := gateway(t)
	for level, want := range map[slog.Level]bool{slog.LevelDebug: true, slog.LevelInfo: false} {
		var out logBuffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))
		dial(t, newServer(t, Options{Client: client, Log: log}), cannotAsk, nil).call("keys_list", `{}`)
		if got := strings.Contains(out.String(), "keys_list"); got != want {
			t.Errorf("at the level %s, a read is logged: %v", level, got)
		}
	}
}
