package mcpserver

import (
	"regexp"
	"strings"
	"testing"

	"litellm-proxy/tools"
)

// TestMentionsAreOffered: no description or schema names a tool that this server does not
// offer, and no hint does.
func TestMentionsAreOffered(t *testing.T) {
	everyTool := map[string]bool{}
	for _, op := range tools.All() {
		everyTool[op.Tool()] = true
	}
	word := regexp.MustCompile(`\b[a-z]+(_[a-z]+)+\b`)
	selections := map[string]Options{
		"default":           {},
		"default, reading":  {ReadOnly: true},
		"all":               {Toolsets: []string{"all"}},
		"all, reading":      {Toolsets: []string{"all"}, ReadOnly: true},
		"guardrails, tools": {Toolsets: []string{"guardrails", "search-tools"}},
	}
	for _, op := range tools.All() { // each toolset alone
		selections[op.Resource()] = Options{Toolsets: []string{op.Resource()}}
	}
	for name, o := range selections {
		t.Run(name, func(t *testing.T) {
			o.Operations = tools.All()
			s, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			check := func(where, text string) {
				t.Helper()
				if strings.Contains(text, "op:") {
					t.Errorf("%s: a mention was not replaced: %s", where, text)
				}
				for _, found := range word.FindAllString(text, -1) {
					if everyTool[found] && s.tool(found) == nil {
						t.Errorf("%s: %q names %s, which is not offered", where, text, found)
					}
				}
			}
			for _, tool := range s.tools {
				check(tool.op.Tool(), tool.declaration.Description)
				check(tool.op.Tool(), string(tool.declaration.RawInputSchema))
			}
			for _, e := range []string{"raise the key's max_budget with {op:keys update}", "{op:keys list} shows the keys", "Type{; see op:guardrails types}"} {
				check("a hint", s.words(e))
			}
		})
	}
}

func TestMentionWords(t *testing.T) {
	s, err := New(Options{Operations: tools.All()})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"{op:keys list} shows the keys":         "keys_list shows the keys",
		"to see all, use {op:guardrails types}": "to see all, use litellm-proxy guardrails types on the command line",
		"Type{; see op:guardrails types}":       "Type",
		"Models{ (op:models list)}, in order":   "Models (models_list), in order",
		"no {mention} here":                     "no {mention} here",
	} {
		if got := s.words(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := s.withoutAbsent("One. Two, as {op:guardrails types} says. Three {op:keys list}."); got != "One. Three {op:keys list}." {
		t.Errorf("kept %q", got)
	}
}
