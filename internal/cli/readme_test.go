package cli_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/operation"
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
	if len(cli.Locals()) > 0 {
		b.WriteString("\nThese work with files, the terminal or the browser of this machine, so they are not tools:\n\n| command | what it does |\n| --- | --- |\n")
	}
	for _, l := range cli.Locals() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", l[0], l[1])
	}
	return b.String()
}

// mark is a star for what is offered as a tool by default.
func mark(op *operation.Operation) string {
	if op.Default {
		return " *"
	}
	return ""
}

// usage is the command with its arguments and required flags.
func usage(op *operation.Operation) string {
	words := []string{op.Path}
	fields := op.Fields()
	slices.SortStableFunc(fields, func(a, b operation.Field) int { return a.Arg - b.Arg })
	var flags []string
	for _, f := range fields {
		switch {
		case f.Arg > 0 && f.Kind == operation.KindStrings:
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

// readmeCommands are the lines of the README's blocks that call this program.
func readmeCommands(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	fenced := false
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if command, ok := strings.CutPrefix(line, "litellm-proxy "); ok && fenced {
			commands = append(commands, command)
		}
	}
	if len(commands) < 10 {
		t.Errorf("only %d commands were found in README.md", len(commands))
	}
	return commands
}

// TestREADMEOperation: the operation that the README walks through stands so in
// the source.
func TestREADMEOperation(t *testing.T) {
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../tools/keys_change.go")
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
			t.Errorf("tools/keys_change.go has not what README.md shows:\n%s", declaration)
		}
	}
}

// TestExamples runs every command of the README and every example in help: one
// that is no more accepted fails here.
func TestExamples(t *testing.T) {
	if os.PathSeparator != '/' {
		t.Skip("the lines of the README are split by sh")
	}
	gateway := httptest.NewServer(&echo{})
	defer gateway.Close()
	lines := readmeCommands(t)
	for _, op := range tools.All() {
		lines = append(lines, op.Examples...)
	}
	t.Chdir(t.TempDir())
	home := t.TempDir()
	const models = "config.yaml" // of LiteLLM
	if err := os.WriteFile(models, []byte("model_list: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, example := range lines {
		line, _, _ := strings.Cut(example, " | ")
		words, err := exec.Command("sh", "-c", "printf '%s\\0' "+line).Output()
		if err != nil {
			t.Fatalf("%s: %v", example, err)
		}
		args := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
		if args[0] == "sandbox" || args[0] == "mcp" || args[0] == "demo" {
			args = append(args[:1:1], "--help") // these would serve, or empty a state
		}
		if len(args) > 1 && args[1] == "import" {
			args = append(args, "--help") // it needs a file or another gateway; its flags are read
		}
		for _, arg := range args {
			_, file, ok := strings.Cut(arg, "@")
			if ok && (!strings.ContainsAny(arg, ":. ") || slices.Contains([]string{".key", ".json", ".prompt", ".md"}, filepath.Ext(file))) {
				if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if file := args[min(2, len(args)-1)]; len(args) > 2 && args[1] == "import" && file != models {
			if err := os.WriteFile(file, nil, 0o600); err != nil { // no rows
				t.Fatal(err)
			}
		}
		args = slices.DeleteFunc(args, func(arg string) bool { return arg == "--sandbox" })
		env := map[string]string{"LITELLM_PROXY_URL": gateway.URL, "LITELLM_PROXY_API_KEY": "sk-x", "USER": "tester"}
		if args[0] == "config" || args[0] == "--profile" {
			env["HOME"], env["LITELLM_PROXY_KEYSTORE"] = home, "file"
		}
		// Where there is no terminal, some need a flag or a value.
		if status, _, stderr := invoke(env, "", args...); status == 2 && !strings.Contains(stderr, "--yes") && !strings.Contains(stderr, "api_key needs a value") {
			t.Errorf("litellm-proxy %s: %s", example, stderr)
		}
	}
}
