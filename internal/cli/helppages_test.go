package cli_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"litellm-proxy/internal/cli"
	"litellm-proxy/tools"
)

// everyPage lists the arguments of every page of help.
func everyPage() (pages [][]string) {
	groups := map[string]bool{}
	add := func(path string) {
		words := strings.Fields(path)
		if len(words) > 1 && !groups[words[0]] {
			groups[words[0]] = true
			pages = append(pages, []string{words[0], "--help"})
		}
		pages = append(pages, append(words, "--help"))
	}
	for _, op := range tools.All() {
		add(op.Path)
		if strings.Contains(op.Path, " ") {
			pages = append(pages, append([]string{"help", "output"}, strings.Fields(op.Path)...))
		}
	}
	for _, l := range cli.Locals() {
		add(l[0])
	}
	for _, own := range []string{"mcp", "demo", "version", "sandbox serve", "sandbox path", "sandbox reset", "completion install", "completion bash", "completion zsh", "completion fish", "completion powershell"} {
		add(own)
	}
	return append(pages, []string{"--help"}, []string{}, []string{"help"}, []string{"help", "output"}, []string{"help", "values"}, []string{"help", "flags"})
}

// TestPages: every page of help fits 100 columns, has no list of global flags but its own,
// and is not an error.
func TestPages(t *testing.T) {
	for _, args := range everyPage() {
		status, out, stderr := invoke(nil, "", args...)
		if status != 0 || out == "" {
			t.Errorf("%q: exit %d, %s", args, status, stderr)
		}
		for line := range strings.Lines(out) {
			if width := utf8.RuneCountInString(strings.TrimRight(line, "\n")); width > 100 {
				t.Errorf("%q: %d columns: %s", args, width, line)
			}
		}
		if root := len(args) < 2 || args[1] == "flags"; strings.Contains(out, "--confirm-profile ") && !root {
			t.Errorf("%q repeats the global flags", args)
		}
	}
}

// TestRootHelp: the help of the program has every entry once, with a sentence, by purpose.
func TestRootHelp(t *testing.T) {
	_, out, _ := invoke(nil, "", "--help")
	seen := map[string]int{}
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if strings.HasPrefix(line, "  ") && len(words) > 1 {
			seen[words[0]]++
		}
	}
	for _, op := range tools.All() {
		if seen[op.Resource()] != 1 {
			t.Errorf("%s is %d times in the help", op.Resource(), seen[op.Resource()])
		}
	}
	for _, want := range []string{"Keys and people:\n  keys             Create, limit, rotate and revoke virtual keys\n", "\nThis program:\n  login ", "help search WORDS"} {
		if !strings.Contains(out, want) {
			t.Errorf("the help has no %q", want)
		}
	}
}

// TestGroupHelp: a group says what the thing is and sorts its commands by use.
func TestGroupHelp(t *testing.T) {
	_, out, _ := invoke(nil, "", "keys")
	at := -1
	for _, want := range []string{"A virtual key lets", "\n  list ", "\n  info ", "\n  generate ", "\n  update ", "\n  block ", "\n  delete ", "\n  reset-spend ", "\n  import "} {
		if i := strings.Index(out, want); i <= at {
			t.Errorf("%q is missing or out of order in\n%s", want, out)
		} else {
			at = i
		}
	}
	for resource := range map[string]bool{"config": true, "completion": true, "sandbox": true, "spend": true} {
		if status, group, _ := invoke(nil, "", resource); status != 0 || !strings.Contains(group, "\nCommands:\n") {
			t.Errorf("%s: exit %d\n%s", resource, status, group)
		}
	}
}
