package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/tools"
)

// counted is a sandbox that counts the attempts to create a team, by alias, and may answer
// one of them itself.
type counted struct {
	*sandbox.Gateway
	url string

	mu    sync.Mutex
	tries map[string]int
	// before may answer the nth attempt itself; after may spoil the answer of one that
	// took effect.
	before func(w http.ResponseWriter, alias string, nth int) bool
	after  func(alias string, nth int) (spoil bool)
	// spoiled answers in place of the gateway; nil closes the connection.
	spoiled func(w http.ResponseWriter)
}

func newCounted(t *testing.T) *counted {
	c := &counted{Gateway: sandbox.New(), tries: map[string]int{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/team/new" {
		c.Gateway.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var team struct {
		Alias string `json:"team_alias"`
	}
	_ = json.Unmarshal(body, &team)
	c.mu.Lock()
	c.tries[team.Alias]++
	nth := c.tries[team.Alias]
	c.mu.Unlock()
	if c.before != nil && c.before(w, team.Alias, nth) {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if c.after != nil && c.after(team.Alias, nth) {
		c.Gateway.ServeHTTP(httptest.NewRecorder(), r)
		if c.spoiled == nil {
			panic(http.ErrAbortHandler)
		}
		c.spoiled(w)
		return
	}
	c.Gateway.ServeHTTP(w, r)
}

// attempts returns the number of attempts and the most for one team, and forgets them.
func (c *counted) attempts() (all, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.tries {
		all, most = all+n, max(most, n)
	}
	clear(c.tries)
	return all, most
}

// teams returns the aliases that the gateway has, sorted, each as often as it is there.
func (c *counted) teams(t *testing.T) []string {
	t.Helper()
	status, stdout, stderr := run(t, c.url, sandbox.MasterKey, "teams", "list", "--all", "--format", "csv", "--no-header", "--columns", "team_alias")
	if status != 0 {
		t.Fatalf("teams list: exit %d: %s", status, stderr)
	}
	return slices.Sorted(strings.SplitSeq(strings.TrimSpace(stdout), "\n"))
}

// teamsFile writes a file with n teams and returns its name and their aliases, sorted.
func teamsFile(t *testing.T, n int) (name string, aliases []string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("team_alias,max_budget\n")
	for i := range n {
		aliases = append(aliases, fmt.Sprintf("team-%04d", i))
		fmt.Fprintf(&b, "%s,%d\n", aliases[i], i)
	}
	name = filepath.Join(t.TempDir(), "teams.csv")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name, aliases
}

func tenth(alias string) bool { return strings.HasSuffix(alias, "7") }

// TestImportFailures: of 1,000 rows the gateway refuses 20. Each is reported, and a second
// run sends exactly those.
func TestImportFailures(t *testing.T) {
	g := newCounted(t)
	g.before = func(w http.ResponseWriter, alias string, nth int) bool {
		if !strings.HasSuffix(alias, "07") && !strings.HasSuffix(alias, "57") {
			return false
		}
		http.Error(w, `{"error": {"message": "injected", "code": "500"}}`, http.StatusInternalServerError)
		return true
	}
	file, aliases := teamsFile(t, 1000)
	report := filepath.Join(filepath.Dir(file), "report.jsonl")
	status, stdout, stderr := run(t, g.url, sandbox.MasterKey, "teams", "import", file, "--report", report)
	if status != 1 || !strings.Contains(stdout, `"created": 980`) || !strings.Contains(stdout, `"failed": 20`) {
		t.Fatalf("exit %d, want 1 with 980 created and 20 failed: %s%s", status, stdout, stderr)
	}
	told, _ := os.ReadFile(report)
	for _, alias := range aliases {
		failed := strings.HasSuffix(alias, "07") || strings.HasSuffix(alias, "57")
		if lines := strings.Count(stderr, alias+": failed: "); failed != (lines == 1) {
			t.Errorf("%s: %d lines on stderr", alias, lines)
		}
		if failed != strings.Contains(string(told), alias+`","outcome":"failed"`) {
			t.Errorf("%s: its failure in the report: %v", alias, !failed)
		}
	}
	if all, most := g.attempts(); all != 1000 || most != 1 {
		t.Errorf("%d requests, up to %d for one team; want 1000, one each", all, most)
	}
	g.before = nil
	if status, stdout, stderr = run(t, g.url, sandbox.MasterKey, "teams", "import", file); status != 0 || !strings.Contains(stdout, `"created": 20`) {
		t.Fatalf("the second run: exit %d: %s%s", status, stdout, stderr)
	}
	if all, _ := g.attempts(); all != 20 {
		t.Errorf("the second run sent %d requests, want 20", all)
	}
	if got := g.teams(t); !slices.Equal(got, aliases) {
		t.Errorf("%d teams, want each of %d once", len(got), len(aliases))
	}
}

// TestImportLostAnswer: a team whose creation was answered into the void is found and
// counted, and not created again.
func TestImportLostAnswer(t *testing.T) {
	for name, spoiled := range map[string]func(http.ResponseWriter){
		"closed": nil,
		"page":   func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>sign in</html>") },
		"504":    func(w http.ResponseWriter) { http.Error(w, "upstream timed out", http.StatusGatewayTimeout) },
		"500": func(w http.ResponseWriter) {
			http.Error(w, `{"error": {"message": "the database is away", "code": "500"}}`, http.StatusInternalServerError)
		},
	} {
		g := newCounted(t)
		g.after, g.spoiled = func(alias string, _ int) bool { return tenth(alias) }, spoiled
		file, aliases := teamsFile(t, 40)
		status, stdout, stderr := run(t, g.url, sandbox.MasterKey, "teams", "import", file)
		if status != 0 || !strings.Contains(stdout, `"created": 40`) {
			t.Errorf("%s: exit %d: %s%s", name, status, stdout, stderr)
		}
		if all, most := g.attempts(); all != 40 || most != 1 {
			t.Errorf("%s: %d requests, up to %d for one team", name, all, most)
		}
		if got := g.teams(t); !slices.Equal(got, aliases) {
			t.Errorf("%s: %d teams, want each of %d once", name, len(got), len(aliases))
		}
	}
}

// TestImportRateLimited: a row that the gateway refuses with 429 is sent again.
func TestImportRateLimited(t *testing.T) {
	g := newCounted(t)
	g.before = func(w http.ResponseWriter, alias string, nth int) bool {
		if !tenth(alias) || nth > 2 {
			return false
		}
		w.Header().Set("Retry-After", "0.01")
		http.Error(w, `{"error": {"message": "slow down", "type": "throttling_error", "code": "429"}}`, http.StatusTooManyRequests)
		return true
	}
	file, aliases := teamsFile(t, 40)
	status, stdout, stderr := run(t, g.url, sandbox.MasterKey, "teams", "import", file)
	if status != 0 || !strings.Contains(stdout, `"created": 40`) || !strings.Contains(stderr, "The gateway asked to wait") {
		t.Errorf("exit %d: %s%s", status, stdout, stderr)
	}
	if all, most := g.attempts(); all != 48 || most != 3 {
		t.Errorf("%d requests, up to %d for one team; want 48 and 3", all, most)
	}
	if got := g.teams(t); !slices.Equal(got, aliases) {
		t.Errorf("%d teams, want each of %d once", len(got), len(aliases))
	}
}

// TestImportInterrupted: what is under way ends, the rest is not tried, and the next run
// does that rest.
func TestImportInterrupted(t *testing.T) {
	g := newCounted(t)
	ctx, cancel := context.WithCancel(t.Context())
	g.before = func(_ http.ResponseWriter, alias string, _ int) bool {
		if alias == "team-0010" {
			cancel()
			time.Sleep(20 * time.Millisecond) // the request is under way while the run ends
		}
		return false
	}
	file, aliases := teamsFile(t, 200)
	var stdout, stderr bytes.Buffer
	status := cli.Run(ctx, cli.System{Operations: tools.All(), Args: []string{"teams", "import", file, "--parallel", "2"}, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string {
			return map[string]string{"LITELLM_PROXY_URL": g.url, "LITELLM_PROXY_API_KEY": sandbox.MasterKey}[name]
		}})
	var counts struct{ Created, Failed, Unknown, NotTried int }
	text := strings.ReplaceAll(stdout.String(), "not_tried", "NotTried")
	if err := json.Unmarshal([]byte(text), &counts); err != nil {
		t.Fatalf("%v: %s%s", err, stdout.String(), stderr.String())
	}
	if got := len(g.teams(t)); status != 130 || counts.Created != got || counts.Created+counts.NotTried != 200 || counts.Created < 10 {
		t.Errorf("exit %d, %+v with %d teams at the gateway: %s", status, counts, got, stderr.String())
	}
	g.before = nil
	if status, _, stderr := run(t, g.url, sandbox.MasterKey, "teams", "import", file); status != 0 {
		t.Fatalf("the second run: exit %d: %s", status, stderr)
	}
	if got := g.teams(t); !slices.Equal(got, aliases) {
		t.Errorf("%d teams, want each of %d once", len(got), len(aliases))
	}
	if all, most := g.attempts(); all != 200 || most != 1 {
		t.Errorf("%d requests, up to %d for one team", all, most)
	}
}

// TestImportKilled kills imports in the middle and runs them again until one comes to its
// end. The gateway has each team once.
func TestImportKilled(t *testing.T) {
	g := newCounted(t)
	var mu sync.Mutex
	var running *exec.Cmd
	sent := 0
	g.after = func(string, int) bool {
		mu.Lock()
		defer mu.Unlock()
		if sent++; sent%13 == 0 {
			_ = running.Process.Kill() // it took effect, and nobody reads the answer
			return true
		}
		return false
	}
	file, aliases := teamsFile(t, 120)
	kills := 0
	for {
		mu.Lock()
		running = exec.Command("litellm-proxy", "teams", "import", file, "--parallel", "4")
		running.Env = append(os.Environ(), "HOME="+t.TempDir(), "LITELLM_PROXY_URL="+g.url, "LITELLM_PROXY_API_KEY="+sandbox.MasterKey)
		err := running.Start()
		mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if err := running.Wait(); err == nil {
			break
		}
		if kills++; kills > 100 {
			t.Fatal("the import does not come to its end")
		}
	}
	if kills < 5 {
		t.Errorf("only %d runs were killed", kills)
	}
	if got := g.teams(t); !slices.Equal(got, aliases) {
		t.Errorf("%d teams after %d kills, want each of %d once", len(got), kills, len(aliases))
	}
}

// TestExportRoundTrip exports every collection, imports it into an empty gateway, and
// exports it again: the files are the same, in each format.
func TestExportRoundTrip(t *testing.T) {
	from := newCounted(t)
	for _, args := range [][]string{
		{"budgets", "create", "tier", "--max-budget", "5.5", "--budget-duration", "30d", "--tpm-limit", "0"},
		{"teams", "create", "red, \"the\" team", "--models", "gpt-4o-mini,claude-haiku", "--max-budget", "100", "--team-member-budget", "3", "--team-member-budget-duration", "7d", "--metadata", `{"floor": "007", "on": true, "list": [1, null]}`, "--set", "blocked=true"},
		{"teams", "create", "=1+1", "--team-id", "t-2", "--model-aliases", `{"fast": "gpt-4o-mini"}`},
		{"users", "create", "--email", "ann@example.com", "--alias", "Ann\nLee", "--team", "t-2", "--max-budget", "0", "--auto-create-key=false", "--set", `metadata:={"no": "yes"}`},
		{"users", "create", "--user-id", "robot", "--role", "internal_user_viewer", "--auto-create-key=false", "--models", "gpt-4o-mini"},
		{"customers", "create", "acme", "--max-budget", "7", "--budget-duration", "30d", "--alias", "007", "--set", "blocked=true"},
		{"customers", "create", "zeta", "--budget-id", "tier", "--allowed-model-region", "eu"},
	} {
		if status, _, stderr := run(t, from.url, sandbox.MasterKey, args...); status != 0 {
			t.Fatalf("%v: exit %d: %s", args, status, stderr)
		}
	}
	for _, format := range []string{"csv", "yaml", "jsonl"} {
		first, to := exportAll(t, from.url, format), newCounted(t)
		for _, resource := range []string{"budgets", "teams", "users", "customers"} {
			file := filepath.Join(t.TempDir(), "rows."+format)
			if err := os.WriteFile(file, []byte(first[resource]), 0o600); err != nil {
				t.Fatal(err)
			}
			if status, _, stderr := run(t, to.url, sandbox.MasterKey, resource, "import", file); status != 0 {
				t.Fatalf("%s import %s: exit %d: %s\n%s", resource, format, status, stderr, first[resource])
			}
		}
		if second := exportAll(t, to.url, format); !maps.Equal(first, second) {
			t.Errorf("%s: exported\n%v\nand after the import\n%v", format, first, second)
		}
	}
}

func exportAll(t *testing.T, url, format string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, resource := range []string{"budgets", "teams", "users", "customers"} {
		status, stdout, stderr := run(t, url, sandbox.MasterKey, resource, "export", "--format", format)
		if status != 0 || strings.Count(stdout, "\n") < 1 {
			t.Fatalf("%s export: exit %d: %s%s", resource, status, stdout, stderr)
		}
		files[resource] = stdout
	}
	return files
}

// TestExportHidesSecrets: a secret in the metadata is left out and named, not masked.
func TestExportHidesSecrets(t *testing.T) {
	g := newCounted(t)
	run(t, g.url, sandbox.MasterKey, "teams", "create", "red", "--team-id", "red",
		"--metadata", `{"langfuse_secret_key": "`+marked+`", "note": "uses `+marked+`", "floor": 3, "deep": {"api_key": "hunter2hunter2"}}`)
	status, stdout, stderr := run(t, g.url, sandbox.MasterKey, "teams", "export", "--format", "jsonl")
	if status != 0 || strings.Contains(stdout+stderr, marked) || strings.Contains(stdout, "hunter2") || strings.Contains(stdout, "****") || !strings.Contains(stdout, `"metadata":{"floor":3}`) {
		t.Errorf("exit %d: %s%s", status, stdout, stderr)
	}
	if !strings.Contains(stderr, "metadata.deep, metadata.langfuse_secret_key, metadata.note") {
		t.Errorf("what was left out is not named: %s", stderr)
	}
}

// TestExportNamesRefused: rows that an import refuses are named.
func TestExportNamesRefused(t *testing.T) {
	g := newCounted(t)
	for path, body := range map[string]string{"/budget/new": `{"budget_id": "none"}`, "/team/new": `{"team_id": "bare"}`} {
		if status, _, stderr := run(t, g.url, sandbox.MasterKey, "http", "request", "POST", path, "-d", body); status != 0 {
			t.Fatal(stderr)
		}
	}
	for _, id := range []string{"one", "two"} {
		run(t, g.url, sandbox.MasterKey, "teams", "create", "twin", "--team-id", id, "--duplicate")
	}
	for resource, wants := range map[string][]string{"budgets": {"budget none has no limit"}, "teams": {"team bare has no team_alias", "has the alias of another one, twin"}} {
		status, _, stderr := run(t, g.url, sandbox.MasterKey, resource, "export")
		for _, want := range wants {
			if status != 0 || !strings.Contains(stderr, "an import refuses this row: ") || strings.Count(stderr, want) != 1 {
				t.Errorf("exit %d, want %q: %s", status, want, stderr)
			}
		}
	}
}
