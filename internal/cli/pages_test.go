package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// notTyped marks a block of a page that TestPagesTyped leaves out, and says why.
const notTyped = "<!-- not typed: "

// notTypedBlocks is the number of marked blocks: a new one is a decision.
const notTypedBlocks = 22

// shellBlocks returns the shell blocks of a page: those to type, and the others.
func shellBlocks(t *testing.T, page string) (typed, others []string) {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, text := "", string(b)
	for {
		head, rest, found := strings.Cut(text, "```sh\n")
		if !found {
			return typed, others
		}
		block, after, closed := strings.Cut(rest, "```")
		if !closed {
			t.Fatalf("%s: a block does not end: %s", page, block)
		}
		lines := strings.Split(strings.TrimSpace(head), "\n")
		before, text = lines[len(lines)-1], after
		if strings.HasPrefix(before, notTyped) {
			others = append(others, block)
		} else {
			typed = append(typed, block)
		}
	}
}

// pages are the README, the contributor's page and every page in docs that people type from.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(found) < 8 {
		t.Fatalf("%d pages in docs, %v", len(found), err)
	}
	return append([]string{readme}, found...)
}

// TestPagesTyped types every block of the README and of the pages in docs from top to
// bottom, in an empty home, with the sandbox: every line works, also the second time.
func TestPagesTyped(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the lines are for sh")
	}
	home, work := t.TempDir(), t.TempDir()
	left, blocks := 0, 0
	for round := range 2 {
		for _, page := range pages(t) {
			typed, others := shellBlocks(t, page)
			if round == 0 {
				left += len(others)
				blocks += len(typed)
			}
			script := exec.Command("sh", "-e", "-x", "-c", strings.Join(typed, "\n"))
			script.Dir = work
			script.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "USER=tester", "LITELLM_PROXY_KEYSTORE=file", "NO_COLOR=1"}
			if page != readme { // which sets it
				script.Env = append(script.Env, "LITELLM_PROXY_URL=sandbox:")
			}
			if out, err := script.CombinedOutput(); err != nil {
				t.Errorf("%s, round %d: %v\n%s", filepath.Base(page), round+1, err, tail(string(out), 12))
			}
		}
	}
	if left != notTypedBlocks || blocks < 18 {
		t.Errorf("%d blocks were typed and %d are marked as not typed, want %d", blocks, left, notTypedBlocks)
	}
}

// tail is the last lines of a text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// TestREADMELength keeps the README to what a newcomer reads.
func TestREADMELength(t *testing.T) {
	b, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\n"); n > 350 {
		t.Errorf("README.md has %d lines; the rest belongs into docs", n)
	}
}
