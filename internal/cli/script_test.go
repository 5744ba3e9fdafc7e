package cli_test

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"litellm-proxy/internal/cli"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/tools"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"litellm-proxy": func() { os.Exit(cli.Main(tools.All())) }})
}

// TestScripts runs the scripts in testdata/script, each on a sandbox of its own
// below a path prefix, as a gateway behind SERVER_ROOT_PATH has one.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: false,
		Setup: func(e *testscript.Env) error {
			gateway := httptest.NewServer(http.StripPrefix("/prefix", sandbox.New()))
			e.Defer(gateway.Close)
			environment(e, gateway.URL+"/prefix", sandbox.MasterKey)
			return nil
		},
	})
}

// TestScriptsLive runs the same scripts on a real gateway: the sandbox proves
// only that we agree with ourselves. Scripts that need a fault are left out.
func TestScriptsLive(t *testing.T) {
	url, key := os.Getenv("LITELLM_TEST_URL"), os.Getenv("LITELLM_TEST_API_KEY")
	if url == "" || key == "" {
		t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to a gateway that tests may fill and empty")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			environment(e, url, key)
			return nil
		},
	})
}

// environment gives a script its gateway and U, a suffix that makes its names
// its own.
func environment(e *testscript.Env, url, key string) {
	e.Setenv("LITELLM_PROXY_URL", url)
	e.Setenv("LITELLM_PROXY_API_KEY", key)
	e.Setenv("U", strings.ToLower(rand.Text()[:8]))
	e.Setenv("USER", "tester")
}
