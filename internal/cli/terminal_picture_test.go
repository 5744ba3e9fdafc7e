//go:build linux

package cli_test

import (
	"flag"
	"fmt"
	"html"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
)

//go:generate go test . -run TestTerminalPicture -update-picture

var updatePicture = flag.Bool("update-picture", false, "rewrite docs/terminal.svg")

const terminalPicture = "../../docs/terminal.svg"

// pictured are the commands in the picture of the README. Only columns that do not change
// from run to run are in it.
var pictured = []string{
	"litellm-proxy teams setup writers --models gpt-4o-mini --max-budget 100 > team.json",
	"litellm-proxy users onboard ann@example.com --team writers --key-alias ann --max-budget 10 > ann.json",
	"litellm-proxy teams list --columns team_alias,models,spend,max_budget",
	"litellm-proxy keys list --columns key_alias,spend,max_budget",
	`litellm-proxy chat completions gpt-4o-mini -m "user:Tell me a story" --format text`,
	"litellm-proxy spend budgets --columns of,name,spend,max_budget,used_percent,enforced",
}

// TestTerminalPicture runs the commands at a terminal on the sandbox. The picture shows
// these commands; go generate ./internal/cli draws it again.
func TestTerminalPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts the program several times")
	}
	home := t.TempDir()
	var screen []string
	for _, line := range pictured {
		command := exec.Command("sh", "-c", "exec "+line)
		command.Dir = home
		command.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "USER=ann", "LITELLM_PROXY_URL=sandbox:", "LITELLM_PROXY_KEYSTORE=file", "TERM=xterm-256color"}
		tty, err := pty.StartWithSize(command, &pty.Winsize{Rows: 40, Cols: 110})
		if err != nil {
			t.Fatal(err)
		}
		out, _ := io.ReadAll(tty) // ends with an error when the program does
		tty.Close()
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
		if strings.Contains(line, " onboard ") || strings.Contains(line, " setup ") {
			out = newSecrets.ReplaceAll(out, []byte("…"))
		}
		screen = append(append(screen, "$ "+line), shown(string(out))...)
	}
	if *updatePicture {
		if err := os.WriteFile(terminalPicture, []byte(drawTerminal(screen)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(terminalPicture)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range pictured {
		if !strings.Contains(string(b), html.EscapeString(line)) {
			t.Errorf("docs/terminal.svg does not show %s: run go generate ./internal/cli", line)
		}
	}
}

var (
	// newSecrets are what differs from run to run: a new key, an ID, a time.
	newSecrets = regexp.MustCompile(`sk-[A-Za-z0-9_-]{16,}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	escapes    = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")
)

// shown is what stands on the screen, without the notice of the sandbox and the progress.
func shown(out string) (lines []string) {
	for line := range strings.Lines(strings.ReplaceAll(out, "\r\n", "\n")) {
		line = strings.TrimRight(line[strings.LastIndex(strings.TrimRight(line, "\r\n"), "\r")+1:], "\r\n ")
		if !strings.Contains(line, "built-in sandbox") {
			lines = append(lines, line)
		}
	}
	return lines
}

// drawTerminal is a picture of a terminal with these lines.
func drawTerminal(lines []string) string {
	const width, top, step = 960, 44, 18
	height := top + step*len(lines) + 12
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13">
<rect width="%[1]d" height="%[2]d" rx="8" fill="#0d1117"/>
<circle cx="20" cy="18" r="6" fill="#ff5f56"/><circle cx="40" cy="18" r="6" fill="#ffbd2e"/><circle cx="60" cy="18" r="6" fill="#27c93f"/>
`, width, height)
	for i, line := range lines {
		color, weight := "#c9d1d9", ""
		switch {
		case strings.HasPrefix(line, "$ "):
			color, weight = "#7ee787", ` font-weight="bold"`
		case strings.HasPrefix(line, "litellm-proxy: "):
			color = "#8b949e"
		}
		text := html.EscapeString(escapes.ReplaceAllString(line, ""))
		fmt.Fprintf(&b, "<text x=\"16\" y=\"%d\" fill=\"%s\"%s xml:space=\"preserve\">%s</text>\n", top+step*i, color, weight, text)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
