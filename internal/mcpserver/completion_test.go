package mcpserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/prompts"
)

type completion struct {
	Values  []string
	Total   int
	HasMore bool
}

func completionOf(t *testing.T, m message) completion {
	t.Helper()
	var r struct{ Completion completion }
	if m.Error != nil || json.Unmarshal(m.Result, &r) != nil || r.Completion.Values == nil {
		t.Fatalf("%+v %s", m.Error, m.Result)
	}
	return r.Completion
}

// ofTemplate and ofPrompt are the parameters of completion/complete.
func ofTemplate(kind, value string) string {
	for _, r := range resources {
		if r.variable == kind {
			return fmt.Sprintf(`{"ref":{"type":"ref/resource","uri":%q},"argument":{"name":%q,"value":%q}}`, r.uri(), kind, value)
		}
	}
	panic(kind)
}

func ofPrompt(name, argument, value string) string {
	return fmt.Sprintf(`{"ref":{"type":"ref/prompt","name":%q},"argument":{"name":%q,"value":%q}}`, name, argument, value)
}

func TestCompletion(t *testing.T) {
	s, g := world(t, Options{Toolsets: []string{"default"}})
	g.Populate("teams", 150, func(i int) map[string]any { return map[string]any{"team_alias": fmt.Sprintf("many-%03d", i)} })
	everywhere(t, s, sandbox.MasterKey, "", func(t *testing.T, c talker) {
		for _, tt := range []struct {
			params string
			want   []string
		}{
			{ofTemplate("team", "größe"), []string{"Größe / R&D 100%"}},
			{ofTemplate("user", "x@"), []string{"ann+x@example.com"}},
			{ofTemplate("key", "c"), []string{"ci"}},
			{ofTemplate("operation", "keys_exp"), []string{"keys_explain", "keys_expiring"}},
			{ofTemplate("operation", "expiring"), []string{"keys_expiring"}},
			{ofPrompt("onboard-developer", "team", "Größe"), []string{"Größe / R&D 100%"}},
			{ofPrompt("onboard-developer", "models", "gpt-4o,gpt-4o-m"), []string{"gpt-4o,gpt-4o-mini"}},
			{ofPrompt("onboard-developer", "max_budget", "2"), []string{"25"}},
			{ofPrompt("onboard-developer", "nothing", ""), []string{}},
			{ofPrompt("nothing", "team", ""), []string{}},
			{`{"ref":{"type":"ref/resource","uri":"litellm://nothing/{x}"},"argument":{"name":"x","value":""}}`, []string{}},
			{ofTemplate("team", "zzz"), []string{}},
		} {
			m, _ := c.ask("completion/complete", tt.params)
			if got := completionOf(t, m); !slices.Equal(got.Values, tt.want) || got.Total != len(tt.want) || got.HasMore {
				t.Errorf("%s: %+v, want %q", tt.params, got, tt.want)
			}
		}
		m, _ := c.ask("completion/complete", ofTemplate("team", "many"))
		if got := completionOf(t, m); len(got.Values) != 100 || got.Total != 150 || !got.HasMore {
			t.Errorf("%d of %d values, more %v", len(got.Values), got.Total, got.HasMore)
		}
	})
}

// What begins with the text stands before what contains it.
func TestMatching(t *testing.T) {
	if got := matching([]string{"my-Team", "other", "team-2"}, "TEAM"); !slices.Equal(got, []string{"team-2", "my-Team"}) {
		t.Errorf("%q", got)
	}
	got := months(time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC))
	if len(got) != 12 || got[0] != "2026-03" || got[1] != "2026-02" || got[11] != "2025-04" {
		t.Errorf("%q", got)
	}
}

// An argument of a prompt that nothing completes would be typed from memory.
func TestEveryArgumentIsCompleted(t *testing.T) {
	all, err := prompts.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range prompts.Kinds {
		if _, live := completed[kind]; !live && kind != "operation" && kind != "month" {
			t.Errorf("nothing completes a %s", kind)
		}
	}
	for _, p := range all {
		for _, a := range p.Arguments {
			if a.Complete == "" && len(a.Values) == 0 {
				t.Errorf("%s: nothing completes %s", p.Name, a.Name)
			}
		}
	}
	for kind, v := range completed {
		op := newServer(t, Options{}).tool(v.tool)
		if op == nil {
			t.Errorf("%s: there is no tool %s", kind, v.tool)
			continue
		}
		for _, argument := range []string{v.search, v.size} {
			if _, has := op.op.Field(argument); argument != "" && !has {
				t.Errorf("%s has no argument %s", v.tool, argument)
			}
		}
	}
}

// Nothing is offered, and nothing is an error, when the gateway refuses, fails, is silent
// or cannot be reached, when there is no key, and when the list is not offered.
func TestCompletionWithoutAnAnswer(t *testing.T) {
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	for name, client := range map[string]http.HandlerFunc{
		"refused": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) },
		"failed":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"silent": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-silent:
			case <-r.Context().Done():
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, Options{Client: fake(t, client)})
			s.completeWait = 50 * time.Millisecond
			everywhere(t, s, keyA, "", func(t *testing.T, c talker) {
				m, _ := c.ask("completion/complete", ofTemplate("team", "a"))
				if got := completionOf(t, m); len(got.Values) > 0 {
					t.Errorf("%+v", got)
				}
			})
		})
	}
	g, client := gateway(t)
	for name, o := range map[string]Options{
		"no key":      {Client: clientOf(t, client.BaseURL(), "")},
		"no gateway":  {},
		"not offered": {Client: client, ExcludeTools: []string{"teams_list"}},
	} {
		t.Run(name, func(t *testing.T) {
			g.ClearRequests()
			c := dial(t, newServer(t, o), `{}`, nil)
			if got := completionOf(t, c.request("completion/complete", ofTemplate("team", ""))); len(got.Values) > 0 {
				t.Errorf("%+v", got)
			}
			if sent := g.Requests(); len(sent) > 0 {
				t.Errorf("sent: %v", sent)
			}
		})
	}
}

// A client asks at each letter: one page, with the key of the one who asks. For keys the
// gateway is asked as well whether it has shown them all.
func TestCompletionSendsOneRead(t *testing.T) {
	s, g := world(t, Options{})
	c := dial(t, s, `{}`, nil)
	for kind, most := range map[string]int{"team": 1, "user": 1, "key": 2} {
		g.ClearRequests()
		completionOf(t, c.request("completion/complete", ofTemplate(kind, "a")))
		if sent := g.Requests(); len(sent) > most || sent[0].Method != http.MethodGet {
			t.Errorf("%s: %v", kind, sent)
		}
	}
	var seen []string
	remote := newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		echo(w, r)
	})})
	remote.completeWait = patience
	h := (&httpClient{t: t, url: listen(t, remote, HTTPOptions{}) + "/mcp", key: keyB}).open()
	_, all := h.post(`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":` + ofTemplate("key", "") + `}`)
	if got := completionOf(t, all[0]); !slices.Equal(got.Values, []string{strings.ReplaceAll(keyB, "-", "_")}) || !slices.Equal(slices.Compact(seen), []string{"Bearer " + keyB}) {
		t.Errorf("%+v, sent with %q", got, seen)
	}
}

func TestCompletionMisshapen(t *testing.T) {
	c := dial(t, newServer(t, Options{}), `{}`, nil)
	for params, has := range map[string]string{
		`{}`: "params.ref.type",
		`{"ref":{"type":"ref/cat"},"argument":{"name":"a","value":""}}`:              "params.ref.type must be",
		`{"ref":{"type":"ref/prompt","name":"x"}}`:                                   "params.argument.name is missing",
		`{"ref":{"type":"ref/prompt","name":"x"},"argument":{"name":"a","value":5}}`: "params.argument.value must be a string",
		`{"ref":5}`: "params.ref must be a JSON object",
		`{"ref":{"type":"ref/prompt"},"argument":{"name":"a","value":""},"context":{"arguments":{"a":1}}}`: "params.context.arguments",
	} {
		if m := c.request("completion/complete", params); m.Error == nil || m.Error.Code != -32602 || !strings.Contains(m.Error.Message, has) {
			t.Errorf("%s: %s %+v", params, m.Result, m.Error)
		}
	}
}
