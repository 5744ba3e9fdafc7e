package cli_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
	"litellm-proxy/tools"
)

func TestMain(m *testing.M) {
	testscript.Main(nobody{m}, map[string]func(){"litellm-proxy": func() { os.Exit(cli.Main(tools.All())) }})
}

// nobody runs the tests without the settings of the person who started them: programs that
// a test starts inherit the environment.
type nobody struct{ *testing.M }

// Run implements [testscript.TestingM].
func (n nobody) Run() int {
	// One process runs thousands of commands here: the memory limit of a single one would
	// make it collect garbage all the time.
	_ = os.Setenv("GOMEMLIMIT", "off")
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "LITELLM_PROXY_") {
			_ = os.Unsetenv(name)
		}
	}
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(home) }()
	for _, name := range []string{"HOME", "USERPROFILE", "APPDATA", "XDG_CONFIG_HOME"} {
		_ = os.Setenv(name, home)
	}
	return n.M.Run()
}

// TestScripts runs the scripts in testdata/script, each on a sandbox of its own below a path
// prefix, as a gateway behind SERVER_ROOT_PATH has one.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scripts use sh, and paths and modes as Unix has them")
	}
	testscript.Run(t, testscript.Params{
		Dir:       "testdata/script",
		Condition: since(sandbox.Version),
		Setup: func(e *testscript.Env) error {
			gateway := httptest.NewServer(http.StripPrefix("/prefix", sandbox.New()))
			e.Defer(gateway.Close)
			environment(e, gateway.URL+"/prefix", sandbox.MasterKey)
			return nil
		},
		Cmds: waiting,
	})
}

// TestScriptsLive runs the same scripts on a real gateway: the sandbox proves
// only that we agree with ourselves. Scripts that need a fault are left out.
func TestScriptsLive(t *testing.T) {
	url, key := os.Getenv("LITELLM_TEST_URL"), os.Getenv("LITELLM_TEST_API_KEY")
	if url == "" || key == "" {
		t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to a gateway that tests may fill and empty")
	}
	testscript.RunT(inOrder{t}, testscript.Params{
		Dir:       "testdata/script",
		Condition: since(liveVersion(t, url, key)),
		Setup: func(e *testscript.Env) error {
			environment(e, url, key)
			return nil
		},
		Cmds: waiting,
	})
}

// patience is how long a test waits for what comes later. A gateway or a program beside other
// work needs far longer than it does alone.
const patience = 2 * time.Minute

// waiting is what scripts can do besides running programs:
//
//	[!] eventually COMMAND [ARGUMENT ...]
//
// runs a command until it succeeds, or until it fails: real gateways write some things later.
// What it wrote the last time is then looked at as after exec.
var waiting = map[string]func(*testscript.TestScript, bool, []string){
	"eventually": func(ts *testscript.TestScript, neg bool, args []string) {
		if len(args) == 0 {
			ts.Fatalf("usage: [!] eventually COMMAND [ARGUMENT ...]")
		}
		for end := time.Now().Add(patience); ; time.Sleep(250 * time.Millisecond) {
			switch err := ts.Exec(args[0], args[1:]...); {
			case (err != nil) == neg:
				return
			case time.Now().After(end) && neg:
				ts.Fatalf("the command still succeeds after %v", patience)
			case time.Now().After(end):
				ts.Fatalf("after %v: %v", patience, err)
			}
		}
	},
}

// inOrder runs one script after the other. After most changes of a model, a real gateway puts
// the models and credentials in its memory back to what it read a moment before: beside
// another script, one that was just made or deleted would be gone or there again for a while.
type inOrder struct{ *testing.T }

// Parallel implements [testscript.T].
func (inOrder) Parallel() {}

// Run implements [testscript.T].
func (o inOrder) Run(name string, f func(testscript.T)) {
	o.T.Run(name, func(t *testing.T) { f(inOrder{t}) })
}

// Verbose implements [testscript.T].
func (inOrder) Verbose() bool { return testing.Verbose() }

// since makes the condition [since:1.110.2]: the script's gateway is of this
// release or a later one.
func since(version string) func(string) (bool, error) {
	parts := func(version string) (out []int) {
		for part := range strings.SplitSeq(version, ".") {
			n, _ := strconv.Atoi(part)
			out = append(out, n)
		}
		return out
	}
	return func(condition string) (bool, error) {
		wanted, is := strings.CutPrefix(condition, "since:")
		if !is {
			return false, fmt.Errorf("unknown condition %q", condition)
		}
		return slices.Compare(parts(version), parts(wanted)) >= 0, nil
	}
}

// liveVersion is the release of a real gateway.
func liveVersion(t *testing.T, url, key string) string {
	t.Helper()
	client, err := proxyclient.New(proxyclient.Config{BaseURL: url, APIKey: key})
	if err != nil {
		t.Fatal(err)
	}
	body, err := client.JSON(t.Context(), proxyclient.Request{Method: http.MethodGet, Path: "/health/readiness/details"})
	if err != nil {
		t.Fatal(err)
	}
	var details struct {
		Version string `json:"litellm_version"`
	}
	if err := json.Unmarshal(body, &details); err != nil {
		t.Fatal(err)
	}
	return details.Version
}

// environment gives a script its gateway and U, a suffix that makes its names
// its own.
func environment(e *testscript.Env, url, key string) {
	e.Setenv("LITELLM_PROXY_URL", url)
	e.Setenv("LITELLM_PROXY_API_KEY", key)
	e.Setenv("U", strings.ToLower(rand.Text()[:8]))
	e.Setenv("USER", "tester")
	// Nothing of the person who runs the tests is read or changed.
	e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
	e.Setenv("APPDATA", filepath.Join(e.WorkDir, "home"))
	e.Setenv("LITELLM_PROXY_KEYSTORE", "file")
}
