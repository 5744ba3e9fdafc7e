//go:build linux

package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// manyTeams is a gateway with so many teams on each page.
func manyTeams(t *testing.T, count int) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var teams []string
		for i := range count {
			teams = append(teams, fmt.Sprintf(`{"team_id": "3f2b8c1e-9d4a-4f6b-8a7c-%012d", "team_alias": "team-%d", "blocked": %v, "models": ["gpt-4o-mini", "claude-haiku-4-5", "o4-mini"], "spend": 0.30000000000000004}`, i, i, i == 0))
		}
		fmt.Fprintf(w, `{"teams": [%s], "total": %d, "total_pages": 2}`, strings.Join(teams, ","), 2*count)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestPager: what a terminal cannot hold opens in the pager, and the notes follow it. Short
// answers, and whoever wants none, get no pager.
func TestPager(t *testing.T) {
	t.Setenv("LITELLM_PROXY_PAGER", `sh -c "echo OPENED; cat; echo CLOSED"`)
	long, short := manyTeams(t, 60), manyTeams(t, 3)
	for _, tt := range []struct {
		url   string
		args  []string
		paged bool
	}{
		{long, []string{"teams", "list"}, true},
		{long, []string{"teams", "list", "-o", "json"}, true},
		{short, []string{"teams", "list"}, false},
		{long, []string{"teams", "list", "--no-pager"}, false},
	} {
		status, text := atTerminal(t, tt.url, nil, tt.args...).end()
		opened, rows, closed := strings.Index(text, "OPENED"), strings.Index(text, "team-2"), strings.Index(text, "CLOSED")
		note := strings.Index(text, "Showing ")
		if status != 0 || rows < 0 || note < rows || (opened >= 0) != tt.paged {
			t.Errorf("%v: status %d\n%s", tt.args, status, text)
		}
		if tt.paged && (opened > rows || closed < rows || note < closed) {
			t.Errorf("%v: the order is wrong\n%s", tt.args, text)
		}
	}
	for _, pager := range []string{"true", "no-such-pager", ""} {
		t.Setenv("LITELLM_PROXY_PAGER", pager)
		status, text := atTerminal(t, long, nil, "teams", "list", "-o", "json").end()
		if shown := strings.Contains(text, "team-59"); status != 0 || shown == (pager == "true") {
			t.Errorf("pager %q: status %d, all shown %v", pager, status, shown)
		}
	}
}

// TestTableAtTerminal: a table that is too wide hides columns and says so; a pipe has all.
func TestTableAtTerminal(t *testing.T) {
	t.Setenv("COLUMNS", "60")
	url := manyTeams(t, 2)
	_, text := atTerminal(t, url, nil, "teams", "list").end()
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "litellm-proxy: ") && len([]rune(line)) > 61 {
			t.Errorf("%d characters: %s", len([]rune(line)), line)
		}
	}
	if !strings.Contains(text, "litellm-proxy: Hidden columns: ") || !strings.Contains(text, "Use -o wide to show all.") {
		t.Errorf("nothing is said of what is hidden:\n%s", text)
	}
	if _, text := atTerminal(t, url, nil, "teams", "list", "-o", "wide").end(); strings.Contains(text, "Hidden") || !strings.Contains(text, "CREATED_AT") {
		t.Errorf("-o wide:\n%s", text)
	}
	_, stdout, stderr := run(t, url, "sk-x", "teams", "list")
	if strings.Contains(stderr, "Hidden") || !strings.Contains(stdout, "gpt-4o-mini,claude-haiku-4-5,o4-mini") || !strings.Contains(stderr, "Showing 2 of 4 teams. Next: --page 2, or --all.") {
		t.Errorf("in a pipe: %s%s", stdout, stderr)
	}
}

// TestColor: colors come from us alone, and only where they are wanted.
func TestColor(t *testing.T) {
	server := httptest.NewServer(malicious())
	defer server.Close()
	ours := regexp.MustCompile(`\x1b\[(0|1|22|31|32|33)(;[0-9]+)?m`)
	for _, args := range [][]string{{"keys", "list", "--columns", "key_alias"}, {"keys", "generate", "--team", "dup"}, {"evil" + hostile}} {
		_, text := atTerminal(t, server.URL, nil, append(args, "--color", "always")...).end()
		if strings.Contains(ours.ReplaceAllString(text, ""), "\x1b") {
			t.Errorf("%q drives the terminal: %q", args, text)
		}
	}
	url := manyTeams(t, 2)
	_, text := atTerminal(t, url, nil, "teams", "list", "--columns", "team_alias,blocked", "--color", "always").end()
	if !strings.Contains(text, "\x1b[31mtrue\x1b[") || !strings.Contains(text, "\x1b[1mTEAM_ALIAS\x1b[") {
		t.Errorf("no color: %q", text)
	}
	for color, want := range map[string]bool{"auto": false, "never": false, "always": true} {
		if _, stdout, _ := run(t, url, "sk-x", "teams", "list", "--color", color); strings.Contains(stdout, "\x1b") != want {
			t.Errorf("--color %s in a pipe: %q", color, stdout)
		}
	}
	if status, _, stderr := run(t, url, "sk-x", "teams", "list", "--color", "red"); status != 2 || !strings.Contains(stderr, `"red" is not one of auto, always, never`) {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestSandboxNoticeOnce: a person reads the notice once per shell.
func TestSandboxNoticeOnce(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", "")
	for i := range 2 {
		_, text := atTerminal(t, "sandbox:", nil, "teams", "list").end()
		if said := strings.Contains(text, "Using the built-in sandbox; nothing reaches a provider."); said != (i == 0) {
			t.Errorf("call %d: said %v\n%s", i+1, said, text)
		}
	}
}
