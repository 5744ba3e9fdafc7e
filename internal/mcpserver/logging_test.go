package mcpserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"litellm-proxy/internal/sandbox"
)

type logged struct{ Level, Logger, Data string }

func logsOf(t *testing.T, before []message) (all []logged) {
	t.Helper()
	for _, m := range before {
		if m.Method != methodLog {
			continue
		}
		var l logged
		if err := json.Unmarshal(m.Params, &l); err != nil || l.Logger != loggerName {
			t.Fatalf("%v: %s", err, m.Params)
		}
		all = append(all, l)
	}
	return all
}

// Each level hears what is at it and above, before the answer, and nobody else anything.
func TestLogLevel(t *testing.T) {
	for _, tt := range []struct {
		level string
		heard []string
	}{
		{"debug", []string{"info", "notice"}},
		{"info", []string{"info", "notice"}},
		{"notice", []string{"notice"}},
		{"warning", nil},
		{"error", nil},
		{"", nil},
	} {
		t.Run("level "+tt.level, func(t *testing.T) {
			s, _ := world(t, Options{})
			everywhere(t, s, sandbox.MasterKey, tt.level, func(t *testing.T, c talker) {
				name := strings.ReplaceAll(t.Name(), "/", "-")
				var heard []logged
				for _, call := range []string{
					`{"name":"keys_list","arguments":{}}`,
					`{"name":"keys_generate","arguments":{"key_alias":"` + name + `"}}`,
					`{"name":"keys_delete","arguments":{"keys":["nobody"]}}`,
				} {
					m, before := c.ask("tools/call", call)
					if m.Error != nil {
						t.Fatal(m.Error)
					}
					heard = append(heard, logsOf(t, before)...)
				}
				var levels []string
				for _, l := range heard {
					levels = append(levels, l.Level)
				}
				if !slices.Equal(levels, tt.heard) {
					t.Fatalf("heard %+v, want %q", heard, tt.heard)
				}
				if len(heard) == 2 && (!strings.HasPrefix(heard[0].Data, "keys_generate: generated key "+name) || heard[1].Data != "keys_delete ended in an error: not_found") {
					t.Errorf("%+v", heard)
				}
				if said := string(encode(heard)); strings.Contains(said, sandbox.MasterKey) {
					t.Errorf("a secret was logged: %s", said)
				}
			})
		})
	}
}

func TestLogLevelUnknown(t *testing.T) {
	c := dial(t, newServer(t, Options{}), `{}`, nil)
	for _, params := range []string{`{"level":"loud"}`, `{}`, `{"level":3}`} {
		if m := c.request("logging/setLevel", params); m.Error == nil || m.Error.Code != -32602 || !strings.Contains(m.Error.Message, "params.level") {
			t.Errorf("%s: %s %+v", params, m.Result, m.Error)
		}
	}
}

// What clients can make a server hold is bounded.
func TestLevelsAreBounded(t *testing.T) {
	l := recent[mcp.LoggingLevel]{}
	get := func(name string) mcp.LoggingLevel { level, _ := l.get(name); return level }
	for i := range maxRecent + 10 {
		l.put(fmt.Sprint(i), "info")
		l.put(fmt.Sprint(i), "debug")
	}
	if len(l.known) != maxRecent || len(l.order) != maxRecent || get("0") != "" || get(fmt.Sprint(maxRecent)) != "debug" {
		t.Errorf("%d levels in %d places", len(l.known), len(l.order))
	}
}

// The level of one session is not that of another.
func TestLogLevelIsOfTheSession(t *testing.T) {
	s, _ := world(t, Options{})
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	loud := (&httpClient{t: t, url: url, key: sandbox.MasterKey}).open()
	quiet := (&httpClient{t: t, url: url, key: sandbox.MasterKey}).open()
	loud.post(`{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"info"}}`)
	block := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"keys_block","arguments":{"alias":"ci"}}}`
	if _, all := quiet.post(block); len(all) != 1 {
		t.Errorf("the quiet one heard %d messages", len(all)-1)
	}
	if _, all := loud.post(block); len(all) != 2 || !strings.Contains(string(all[0].Params), "blocked key ci") {
		t.Errorf("the loud one heard %d messages", len(all)-1)
	}
}

// A gateway that takes its time is reported while it does.
func TestSlowGateway(t *testing.T) {
	told := make(chan struct{}, 8)
	s := newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-told:
		case <-r.Context().Done():
		case <-time.After(patience):
			t.Error("nobody was told")
		}
		echo(w, r)
	})})
	s.slow = time.Millisecond
	c := dial(t, s, `{}`, nil)
	if m := c.request("logging/setLevel", `{"level":"warning"}`); m.Error != nil {
		t.Fatal(m.Error)
	}
	_, reply := c.send("tools/call", `{"name":"keys_list","arguments":{}}`)
	for heard := false; !heard; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		heard = len(c.notes) > 0
		c.mu.Unlock()
	}
	for range cap(told) {
		told <- struct{}{}
	}
	_, before := c.wait(reply)
	logs := logsOf(t, before)
	if len(logs) == 0 || logs[0].Level != "warning" || !strings.HasPrefix(logs[0].Data, "keys_list: still waiting for the gateway after ") {
		t.Errorf("%+v", logs)
	}
}
