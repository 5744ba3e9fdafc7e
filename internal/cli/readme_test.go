package cli_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/tools"
)

//go:generate go test . -run TestREADME -update

var update = flag.Bool("update", false, "rewrite the generated part of README.md")

const readme = "../../README.md"

// reference is the part of the README that is made from the operations.
func reference() string {
	var b strings.Builder
	resource := ""
	for _, op := range tools.All() {
		if op.Resource() != resource {
			resource = op.Resource()
			fmt.Fprintf(&b, "\n| command | tool | effect | what it does |\n| --- | --- | --- | --- |\n")
		}
		fmt.Fprintf(&b, "| `%s` | `%s`%s | %s | %s |\n", usage(op), op.Tool(), mark(op), op.Effect, op.Summary)
	}
	return b.String()
}

// mark is a star for what is offered as a tool by default.
func mark(op *tools.Operation) string {
	if op.Default {
		return " *"
	}
	return ""
}

// usage is the command with its arguments and required flags.
func usage(op *tools.Operation) string {
	words := []string{op.Path}
	fields := op.Fields()
	slices.SortStableFunc(fields, func(a, b tools.Field) int { return a.Arg - b.Arg })
	var flags []string
	for _, f := range fields {
		switch {
		case f.Arg > 0 && f.Kind == tools.Strings:
			words = append(words, "<"+f.Flag+">...")
		case f.Arg > 0:
			words = append(words, "<"+f.Flag+">")
		case f.Required:
			flags = append(flags, "--"+f.Flag)
		}
	}
	return strings.Join(append(words, flags...), " ")
}

// TestREADME holds the generated part of the README to the operations.
func TestREADME(t *testing.T) {
	const begin, end = "<!-- begin generated reference -->\n", "<!-- end generated reference -->\n"
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md has no generated part")
	}
	if *update {
		if err := os.WriteFile(readme, []byte(before+begin+reference()+"\n"+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != reference()+"\n" {
		t.Error("the reference in README.md is stale: run go generate ./...")
	}
}

// TestREADMECommands runs "litellm-proxy X --help" for every command that the
// README shows: a command that is no more fails here.
func TestREADMECommands(t *testing.T) {
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	fenced := false
	for line := range bytes.Lines(b) {
		text := strings.TrimSpace(string(line))
		if strings.HasPrefix(text, "```") {
			fenced = !fenced
			continue
		}
		text = strings.TrimPrefix(text, "$ ")
		if !fenced || !strings.HasPrefix(text, "litellm-proxy ") {
			continue
		}
		var words []string
		for _, word := range strings.Fields(text)[1:] {
			if strings.HasPrefix(word, "-") || strings.ContainsAny(word, "\\|<>\"'") {
				break
			}
			words = append(words, word)
		}
		if len(words) > 2 {
			words = words[:2]
		}
		seen++
		status, stdout, stderr := run(t, "http://127.0.0.1:1", "", append(words, "--help")...)
		if status != 0 || stdout == "" {
			t.Errorf("README: %q: litellm-proxy %s --help: exit %d %s", text, strings.Join(words, " "), status, stderr)
		}
	}
	if seen < 10 {
		t.Errorf("only %d commands were found in README.md", seen)
	}
}

// TestREADMEOperation: the operation that the README walks through stands so in
// the source.
func TestREADMEOperation(t *testing.T) {
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../tools/credentials.go")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(b), "```go\n")
	block, _, ok2 := strings.Cut(block, "```")
	if !ok || !ok2 {
		t.Fatal("README.md shows no Go code")
	}
	for declaration := range strings.SplitSeq(strings.TrimSpace(block), "\n\n") {
		if !bytes.Contains(source, []byte(declaration)) {
			t.Errorf("tools/credentials.go has not what README.md shows:\n%s", declaration)
		}
	}
}

// TestExamples runs the command line of every example in help: one that is no
// more accepted fails here.
func TestExamples(t *testing.T) {
	gateway := httptest.NewServer(&echo{})
	defer gateway.Close()
	t.Chdir(t.TempDir())
	for _, op := range tools.All() {
		for _, example := range op.Examples {
			line, _, _ := strings.Cut(example, " | ")
			words, err := exec.Command("sh", "-c", "printf '%s\\0' "+line).Output()
			if err != nil {
				t.Fatalf("%s: %v", example, err)
			}
			args := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
			for _, arg := range args {
				if _, file, ok := strings.Cut(arg, "@"); ok && !strings.ContainsAny(arg, ":. ") || strings.HasSuffix(file, ".key") || strings.HasSuffix(file, ".json") {
					if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			if status, _, stderr := run(t, gateway.URL, "sk-x", args...); status == 2 && !strings.Contains(stderr, "--yes") {
				t.Errorf("litellm-proxy %s: %s", example, stderr)
			}
		}
	}
}
