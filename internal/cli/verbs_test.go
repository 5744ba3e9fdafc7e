package cli

import (
	"slices"
	"strings"
	"testing"

	"litellm-proxy/tools"
)

// TestVerbs: verbs and nouns that people try reach the operation that they mean.
func TestVerbs(t *testing.T) {
	for typed, want := range map[string]string{
		"keys ls": "keys list", "key list": "keys list", "key ls": "keys list", "keys create": "keys generate", "keys new": "keys generate", "keys add": "keys generate",
		"keys show": "keys info", "keys get": "keys info", "keys describe": "keys info", "keys rm": "keys delete", "keys remove": "keys delete",
		"teams rm": "teams delete", "teams info": "teams get", "team get": "teams get", "teams edit": "teams update", "teams set": "teams update", "user ls": "users list", "people list": "users list",
		"model add": "models add", "models create": "models add", "model rm": "models delete", "models show": "models get", "models info": "models info",
		"fallback set": "fallbacks set", "fallbacks edit": "fallbacks set", "policy ls": "policies list", "end-user get": "customers get", "org ls": "organizations list",
		"teams add-member": "teams member-add", "team rm-member": "teams member-remove", "teams member-rm": "teams member-remove", "creds ls": "credentials list",
		"mcp-server add": "mcp-servers add", "mcp-server create": "mcp-servers add", "keys regenerate": "keys regenerate", "profile ls": "config list", "sandbox rm": "sandbox",
	} {
		a := &app{System: System{Args: strings.Fields(typed), Getenv: func(string) string { return "" }, Operations: tools.All()}}
		cmd, _, _ := a.root().Find(a.Args)
		if got := strings.TrimPrefix(cmd.CommandPath(), program+" "); got != want {
			t.Errorf("%s: %s, want %s", typed, got, want)
		}
	}
}

// TestNoAliasHides: an operation keeps its name, every name has one meaning, and an alias
// of a destructive verb is the same command, with the same confirmation.
func TestNoAliasHides(t *testing.T) {
	var args []string
	for _, op := range tools.All() {
		args = append(args, op.Resource())
	}
	a := &app{System: System{Args: args, Getenv: func(string) string { return "" }, Operations: tools.All()}}
	root := a.root()
	for _, op := range tools.All() {
		if cmd, _, err := root.Find(strings.Fields(op.Path)); err != nil || cmd.CommandPath() != program+" "+op.Path {
			t.Errorf("%s is hidden by %s", op.Path, cmd.CommandPath())
		}
	}
	for _, group := range append(root.Commands(), root) {
		meanings := map[string]string{}
		for _, c := range group.Commands() {
			for _, name := range append([]string{c.Name()}, c.Aliases...) {
				if other := meanings[name]; other != "" {
					t.Errorf("%s %s means both %s and %s", group.Name(), name, other, c.Name())
				}
				meanings[name] = c.Name()
			}
		}
	}
	for _, family := range families {
		for _, verb := range family {
			if strings.Contains("delete remove rm del destroy", verb) != slices.Contains(family, "delete") {
				t.Errorf("%s mixes destructive verbs with others", family)
			}
		}
	}
}
