package mcpserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/sandbox"
)

// contentOf is the one content of an answer to resources/read.
func contentOf(t *testing.T, m message) (uri, mime, text string) {
	t.Helper()
	var r struct {
		Contents []struct{ URI, MIMEType, Text string }
	}
	if m.Error != nil {
		t.Fatalf("error %d: %s", m.Error.Code, m.Error.Message)
	}
	if err := json.Unmarshal(m.Result, &r); err != nil || len(r.Contents) != 1 {
		t.Fatalf("%v: %s", err, m.Result)
	}
	return r.Contents[0].URI, r.Contents[0].MIMEType, r.Contents[0].Text
}

type listedResource struct{ URI, URITemplate, Name, Title, Description, MIMEType string }

func listedResources(t *testing.T, c talker) (all []listedResource) {
	t.Helper()
	for _, method := range []string{"resources/list", "resources/templates/list"} {
		m, _ := c.ask(method, `{}`)
		var r struct{ Resources, ResourceTemplates []listedResource }
		if m.Error != nil || json.Unmarshal(m.Result, &r) != nil {
			t.Fatalf("%s: %+v %s", method, m.Error, m.Result)
		}
		all = slices.Concat(all, r.Resources, r.ResourceTemplates)
	}
	return all
}

// world is a sandbox with a team, a user and a key, whose names need escapes.
func world(t *testing.T, o Options) (*Server, *sandbox.Gateway) {
	t.Helper()
	g, client := gateway(t)
	o.Client, o.Confirm = client, confirmNever
	s := newServer(t, o)
	s.completeWait, s.slow = patience, patience
	c := dial(t, newServer(t, Options{Client: client, Confirm: confirmNever}), `{}`, nil)
	for _, call := range [][2]string{
		{"teams_create", `{"team_alias":"Größe / R&D 100%","team_id":"team-1"}`},
		{"users_create", `{"user_email":"ann+x@example.com","user_id":"user-1","auto_create_key":false}`},
		{"keys_generate", `{"key_alias":"ci"}`},
	} {
		if r := c.call(call[0], call[1]); r.IsError {
			t.Fatal(r.Text)
		}
	}
	return s, g
}

func TestResources(t *testing.T) {
	s, _ := world(t, Options{Toolsets: []string{"default"}})
	everywhere(t, s, sandbox.MasterKey, "", func(t *testing.T, c talker) {
		var uris []string
		for _, r := range listedResources(t, c) {
			uris = append(uris, r.URI+r.URITemplate)
			if r.Name == "" || r.Title == "" || r.Description == "" || r.MIMEType == "" {
				t.Errorf("%+v", r)
			}
		}
		slices.Sort(uris)
		want := []string{"litellm://docs/{operation}", "litellm://keys/{key}", "litellm://models", "litellm://status", "litellm://teams/{team}", "litellm://users/{user}"}
		if !slices.Equal(uris, want) {
			t.Errorf("listed: %q", uris)
		}
		for _, tt := range []struct{ uri, mime, has string }{
			{"litellm://status", mimeJSON, `"status":"healthy"`},
			{"litellm://models", mimeJSON, `"items":[`},
			{"litellm://teams/Gr%C3%B6%C3%9Fe%20%2F%20R%26D%20100%25", mimeJSON, `"team_id":"team-1"`},
			{"litellm://teams/team-1", mimeJSON, `"team_id":"team-1"`},
			{"litellm://users/ann%2Bx%40example.com", mimeJSON, `"user_id":"user-1"`},
			{"litellm://users/ann+x@example.com", mimeJSON, `"user_id":"user-1"`},
			{"litellm://users/user-1", mimeJSON, `ann+x@example.com`},
			{"litellm://keys/ci", mimeJSON, `"key_alias":"ci"`},
			{"litellm://docs/keys_list", mimeMarkdown, "- `page_size` (integer)"},
			{"litellm://docs/keys_block", mimeMarkdown, "- `fields` (array)"},
			{"litellm://docs/keys%20list", mimeMarkdown, "# keys_list"},
			{"litellm://docs/cache_flush", mimeMarkdown, "Not offered by this server"},
		} {
			m, _ := c.ask("resources/read", fmt.Sprintf(`{"uri":%q}`, tt.uri))
			_, mime, text := contentOf(t, m)
			if mime != tt.mime || !strings.Contains(text, tt.has) {
				t.Errorf("%s: %s, %q is not in %s", tt.uri, mime, tt.has, text)
			}
		}
	})
}

// TestLargeResource: what a resource leaves out names the tool that has it.
func TestLargeResource(t *testing.T) {
	_, client := gateway(t)
	post(t, client, "/team/new", `{"team_id":"team-1"}`)
	for i := range 120 {
		post(t, client, "/key/generate", fmt.Sprintf(`{"key_alias":"key-%03d","team_id":"team-1","metadata":{"note":%q}}`, i, strings.Repeat("n", 200)))
	}
	c := dial(t, newServer(t, Options{Client: client}), `{}`, nil)
	_, _, text := contentOf(t, c.request("resources/read", `{"uri":"litellm://teams/team-1"}`))
	wantText(t, text, "of 120 shown, see keys_list team=team-1", "the tool teams_get takes rest, and full: true", `"rest":{"cursor":`)
	if len(text) > bound {
		t.Errorf("%d bytes", len(text))
	}
}

// A client may send a URI without escapes, in a body that takes any text.
func TestResourceUnescaped(t *testing.T) {
	s, _ := world(t, Options{})
	c := dial(t, s, `{}`, nil)
	for _, uri := range []string{"litellm://teams/Größe / R&D 100%", "LiteLLM://teams/Gr%c3%b6ße / R&D 100%25"} {
		_, _, text := contentOf(t, c.request("resources/read", fmt.Sprintf(`{"uri":%q}`, uri)))
		wantText(t, text, "team-1")
	}
}

// What is not there is said with the code of the era, in words that help.
func TestResourceNotFound(t *testing.T) {
	s, _ := world(t, Options{Toolsets: []string{"default"}})
	everywhere(t, s, sandbox.MasterKey, "", func(t *testing.T, c talker) {
		code := -32002
		if c.modern {
			code = -32602
		}
		for uri, has := range map[string]string{
			"litellm://teams/nobody":  `no team has the alias or ID "nobody"`,
			"litellm://users/nobody":  `"nobody"`,
			"litellm://keys/nobody":   `"nobody"`,
			"litellm://docs/key_list": "did you mean keys_list?",
			"litellm://nothing":       "litellm://nothing",
			"litellm://teams/":        "litellm://teams/",
			"litellm://status/x":      "litellm://status/x",
			"file:///etc/passwd":      "file:///etc/passwd",
			"litellm://keys/" + keyA:  "must not hold a key",
		} {
			m, _ := c.ask("resources/read", fmt.Sprintf(`{"uri":%q}`, uri))
			if m.Error == nil || m.Error.Code != code || !strings.Contains(m.Error.Message, has) {
				t.Errorf("%s: %+v, want %d and %q", uri, m.Error, code, has)
			}
			if m.Error != nil && strings.Contains(m.Error.Message, keyA) {
				t.Errorf("the key is in the error: %s", m.Error.Message)
			}
		}
	})
}

// A refusal of the gateway is an error with its reason, and no resource that is missing.
func TestResourceRefused(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"error":{"message":"only proxy admins may do that","code":"403"}}`))
	})})
	everywhere(t, s, keyA, "", func(t *testing.T, c talker) {
		m, _ := c.ask("resources/read", `{"uri":"litellm://teams/x"}`)
		if m.Error == nil || m.Error.Code != -32603 || !strings.Contains(m.Error.Message, "only proxy admins may do that") {
			t.Errorf("%+v", m.Error)
		}
	})
}

// Nothing can be read that the tools do not show.
func TestResourcesFollowTheTools(t *testing.T) {
	s, _ := world(t, Options{Toolsets: []string{"default"}, ExcludeTools: []string{"teams_get", "status"}})
	everywhere(t, s, sandbox.MasterKey, "", func(t *testing.T, c talker) {
		for _, r := range listedResources(t, c) {
			if strings.Contains(r.URI+r.URITemplate, "teams") || r.URI == "litellm://status" {
				t.Errorf("listed: %+v", r)
			}
		}
		for _, uri := range []string{"litellm://teams/team-1", "litellm://status"} {
			if m, _ := c.ask("resources/read", fmt.Sprintf(`{"uri":%q}`, uri)); m.Error == nil {
				t.Errorf("%s was read: %s", uri, m.Result)
			}
		}
	})
}

// Over HTTP a resource is read with the key of its own request, and without one not at all.
func TestResourceKey(t *testing.T) {
	s := newServer(t, Options{Client: fake(t, echo)})
	url := listen(t, s, HTTPOptions{}) + "/mcp"
	for _, key := range []string{keyA, keyB, ""} {
		c := (&httpClient{t: t, url: url, key: key}).open()
		_, all := c.post(`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"litellm://keys/` + strings.Repeat("a1", 32) + `"}}`)
		if key == "" {
			if m := all[0]; m.Error == nil || !strings.Contains(m.Error.Message, "the request has no key") {
				t.Errorf("without a key: %s %+v", m.Result, m.Error)
			}
			continue
		}
		_, _, text := contentOf(t, all[0])
		wantText(t, text, strings.ReplaceAll(key, "-", "_"))
	}
}

// No resource shows a key, whatever the gateway answers.
func TestResourcesShowNoSecret(t *testing.T) {
	const marked = "sk-MARKEDmarkedMARKED0123456789"
	answer := fmt.Sprintf(`{"status":"healthy","db":"connected","total":1,"total_count":1,"total_pages":1,
		"teams":[{"team_id":"x","team_alias":"x","metadata":{"key":%[1]q}}],"users":[{"user_id":"x","user_email":"x"}],
		"keys":[{"token":"x","key_alias":"x","key":%[1]q}],"data":[{"id":"%[1]s"}],
		"team_info":{"team_id":"x","litellm_params":{"api_key":%[1]q}},"user_info":{"user_id":"x","user_email":"x"},
		"info":{"note":"the text %[1]s in a sentence","password":%[1]q}}`, marked)
	s := newServer(t, Options{Client: fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })})
	everywhere(t, s, marked, "", func(t *testing.T, c talker) {
		for _, uri := range []string{"litellm://status", "litellm://models", "litellm://teams/x", "litellm://users/x", "litellm://keys/x",
			"litellm://docs/x", "litellm://docs/" + marked, "litellm://teams/" + marked, "litellm://nothing/" + marked} {
			m, _ := c.ask("resources/read", fmt.Sprintf(`{"uri":%q}`, uri))
			if said := string(encode(m)); strings.Contains(said, marked) {
				t.Errorf("%s: %s", uri, said)
			}
		}
		for _, kind := range []string{"team", "user", "key"} {
			m, _ := c.ask("completion/complete", fmt.Sprintf(`{"ref":{"type":"ref/resource","uri":"litellm://%[1]ss/{%[1]s}"},"argument":{"name":%[1]q,"value":""}}`, kind))
			if said := string(encode(m)); strings.Contains(said, marked) {
				t.Errorf("%s: %s", kind, said)
			}
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, uri := range []string{"litellm://status", "litellm://teams/a%2Fb", "litellm://teams/100%", "litellm://docs/ä/b?c#d", "x"} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		r, value := address(uri)
		if r == nil {
			return
		}
		again, same := address(canonical(uri))
		if again != r || same != value {
			t.Errorf("%q: %q became %q", uri, value, same)
		}
		if canonical(canonical(uri)) != canonical(uri) {
			t.Errorf("%q: not stable", uri)
		}
	})
}
