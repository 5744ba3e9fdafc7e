package cli_test

import (
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	ourCommand = regexp.MustCompile("`litellm-proxy ([^`]+)`")
	tableRow   = regexp.MustCompile(`^\| (.+) \| (same|better|left out) \| ?(.*) \|$`)
)

// TestPythonCLI holds docs/python-cli.md to the program: each row says what became of
// something, and every command and flag that it names as ours exists.
func TestPythonCLI(t *testing.T) {
	b, err := os.ReadFile("../../docs/python-cli.md")
	if err != nil {
		t.Fatal(err)
	}
	gateway := httptest.NewServer(&echo{})
	defer gateway.Close()
	helps, rows, commands := map[string]string{}, 0, 0
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "| ") && line != "| Python CLI | here | how |" && line != "| --- | --- | --- |" {
			row := tableRow.FindStringSubmatch(line)
			if rows++; row == nil {
				t.Errorf("this row does not say same, better or left out:\n%s", line)
			} else if row[2] == "left out" && row[3] == "" {
				t.Errorf("this row does not say why:\n%s", line)
			}
		}
		for _, found := range ourCommand.FindAllStringSubmatch(line, -1) {
			commands++
			var path, flags []string
			for _, word := range strings.Fields(found[1]) {
				if strings.HasPrefix(word, "--") {
					flags = append(flags, word)
				} else if !strings.HasPrefix(word, "<") {
					path = append(path, word)
				}
			}
			name := strings.Join(path, " ")
			if _, known := helps[name]; !known {
				status, help, stderr := run(t, gateway.URL, "sk-x", append(path, "--help")...)
				if status != 0 || !strings.Contains(help, "litellm-proxy "+name) {
					t.Errorf("there is no command litellm-proxy %s: %s", name, stderr)
				}
				helps[name] = help
			}
			for _, flag := range flags {
				if regexp.MustCompile(`(?m)(^| )` + flag + `\b`).MatchString(helps[name]) {
					continue
				}
				// The name of the Python CLI is accepted and not shown.
				if _, _, stderr := run(t, gateway.URL, "sk-x", append(path, flag+"=x", "--help")...); strings.Contains(stderr, "unknown flag") {
					t.Errorf("litellm-proxy %s has no %s", name, flag)
				}
			}
		}
	}
	if rows < 120 || commands < 60 {
		t.Errorf("only %d rows and %d commands were found", rows, commands)
	}
}
