package mcpserver

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/sandbox"
)

// A client shows people the title and the icon of a server.
func TestServerPresentsItself(t *testing.T) {
	s := newServer(t, Options{})
	info := dial(t, s, `{}`, nil).request("initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1.0"}}`)
	var server struct {
		Title, Description string
		Icons              []struct{ Src, MIMEType string }
	}
	if err := json.Unmarshal([]byte(field(info.Result, "serverInfo")), &server); err != nil || server.Title == "" || server.Description == "" || len(server.Icons) != 1 {
		t.Fatalf("%v: %s", err, info.Result)
	}
	icon := server.Icons[0]
	encoded, is := strings.CutPrefix(icon.Src, "data:image/svg+xml;base64,")
	svg, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || !is || icon.MIMEType != "image/svg+xml" || len(icon.Src) > 512 {
		t.Errorf("%v: %+v", err, icon)
	}
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v: %s", err, svg)
		}
	}
	for _, capability := range []string{"tools", "prompts", "resources", "completions", "logging"} {
		if field(info.Result, "capabilities", capability) == "" {
			t.Errorf("no capability %s: %s", capability, info.Result)
		}
	}
	// Nothing changes while a server runs, and it says so.
	if strings.Contains(string(info.Result), `"listChanged":true`) || strings.Contains(string(info.Result), `"subscribe":true`) {
		t.Errorf("%s", info.Result)
	}
}

// Clients may keep what does not change, and nobody else may keep it for them.
func TestCacheHints(t *testing.T) {
	s := newServer(t, Options{})
	everywhere(t, s, sandbox.MasterKey, "", func(t *testing.T, c talker) {
		for _, method := range []string{"tools/list", "prompts/list", "resources/list", "resources/templates/list"} {
			m, _ := c.ask(method, `{}`)
			scope, kept := field(m.Result, "cacheScope"), field(m.Result, "ttlMs")
			if c.modern && (scope != `"private"` || kept != "3600000") || !c.modern && kept != "" {
				t.Errorf("%s: scope %s, kept %s", method, scope, kept)
			}
		}
		m, _ := c.ask("resources/read", `{"uri":"litellm://docs/keys_list"}`)
		if kept := field(m.Result, "ttlMs"); c.modern && kept != "0" {
			t.Errorf("resources/read may be kept for %s", kept)
		}
	})
}

func TestPromptsHaveTitles(t *testing.T) {
	s := newServer(t, Options{})
	everywhere(t, s, sandbox.MasterKey, "", func(t *testing.T, c talker) {
		m, _ := c.ask("prompts/list", `{}`)
		var r struct {
			Prompts []struct{ Name, Title, Description string }
		}
		if err := json.Unmarshal(m.Result, &r); err != nil || len(r.Prompts) != 9 {
			t.Fatalf("%v: %s", err, m.Result)
		}
		for _, p := range r.Prompts {
			if p.Title == "" || p.Title == p.Name || p.Description == "" {
				t.Errorf("%+v", p)
			}
		}
		if !slices.IsSortedFunc(r.Prompts, func(a, b struct{ Name, Title, Description string }) int { return strings.Compare(a.Name, b.Name) }) {
			t.Error("the prompts are not in the order of their names")
		}
	})
}

// An assistant is told before it begins that tools are missing, not in the middle.
func TestPromptSaysWhatIsMissing(t *testing.T) {
	get := func(o Options, name, arguments string) string {
		t.Helper()
		m := dial(t, newServer(t, o), `{}`, nil).request("prompts/get", `{"name":"`+name+`","arguments":`+arguments+`}`)
		if m.Error != nil {
			t.Fatal(m.Error)
		}
		return string(m.Result)
	}
	if text := get(Options{Toolsets: []string{"default"}}, "rotate-key", `{"key":"ci"}`); strings.Contains(text, "does not offer") {
		t.Errorf("something is missing: %s", text)
	}
	wantText(t, get(Options{Toolsets: []string{"default"}}, "rotate-credential", `{"credential":"x"}`),
		"does not offer credentials_list, credentials_get, credentials_update.")
	wantText(t, get(Options{Toolsets: []string{"default"}, ReadOnly: true}, "rotate-key", "{\"key\":\"`status`\"}"),
		"does not offer keys_update, keys_delete, keys_block, keys_rotate.")
}
