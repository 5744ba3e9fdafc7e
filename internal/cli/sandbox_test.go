package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"litellm-proxy/internal/cli"
)

// program runs the command as a process of its own, on the sandbox in a file.
func program(file string, args ...string) (stdout string, err error) {
	cmd := exec.Command("litellm-proxy", append([]string{"--sandbox"}, args...)...)
	cmd.Env = append(os.Environ(), "LITELLM_PROXY_CONFIG="+os.DevNull, "LITELLM_PROXY_PROFILE=", "LITELLM_PROXY_SANDBOX="+file, "LITELLM_PROXY_URL=", "LITELLM_PROXY_API_KEY=")
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%v: %w: %s", args, err, problems.String())
	}
	return out.String(), nil
}

// TestFiftyCommandsAtOnce makes fifty keys by fifty processes, none of which
// waits for another to be started; the first of them makes the file.
func TestFiftyCommandsAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sandbox.db")
	const n = 50
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := program(file, "keys", "generate", "--key-alias", fmt.Sprintf("key-%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	out, err := program(file, "keys", "list", "--all", "--format", "json")
	if err != nil {
		t.Fatal(err)
	}
	var keys []struct {
		Alias string `json:"key_alias"`
		Token string
	}
	if err := json.Unmarshal([]byte(out), &keys); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	different := map[string]bool{}
	for _, key := range keys {
		different[key.Alias], different[key.Token] = true, true
	}
	if len(keys) != n || len(different) != 2*n {
		t.Errorf("%d keys with %d different names and tokens, want %d", len(keys), len(different), n)
	}
}

// TestResetQuestion: the question says what happens to a file that is not a sandbox's.
func TestResetQuestion(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes")
	if err := os.WriteFile(file, []byte("my notes"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := file + " is not a sandbox file, or was written by an older version.\nMove it to " + file + ".damaged and create a new sandbox?\n"
	var out, problems bytes.Buffer
	getenv := func(name string) string { return map[string]string{"LITELLM_PROXY_SANDBOX": file}[name] }
	status := cli.Run(t.Context(), cli.System{Args: []string{"sandbox", "reset"}, Stdin: strings.NewReader("n\n"),
		Stdout: &out, Stderr: &problems, Getenv: getenv, Terminal: os.Stdin})
	if status != 2 || !strings.Contains(problems.String(), want) {
		t.Errorf("exit %d, asked %q, want %q", status, problems.String(), want)
	}
	if text, err := os.ReadFile(file); string(text) != "my notes" {
		t.Errorf("after a no the file has %q: %v", text, err)
	}
}
