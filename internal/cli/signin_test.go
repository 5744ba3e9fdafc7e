package cli_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"litellm-proxy/internal/sandbox"
)

// TestSignInScripts runs the scripts in testdata/signin, each on a sandbox of its own with
// single sign-on. They begin without a key; see [signInCommands] for the commands they have.
func TestSignInScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/signin",
		Setup: func(e *testscript.Env) error {
			gateway := httptest.NewServer(http.StripPrefix("/prefix", sandbox.NewWithSignIn()))
			e.Defer(gateway.Close)
			signInEnvironment(e, gateway.URL+"/prefix", sandbox.MasterKey)
			return nil
		},
		Cmds: signInCommands(),
	})
}

// TestSignInScriptsLive runs the same scripts on a real gateway with the same people.
func TestSignInScriptsLive(t *testing.T) {
	url, key := os.Getenv("LITELLM_TEST_URL"), os.Getenv("LITELLM_TEST_API_KEY")
	if url == "" || key == "" {
		t.Skip("live: set LITELLM_TEST_URL and LITELLM_TEST_API_KEY to a gateway with single sign-on")
	}
	answer, err := http.Get(url + "/.well-known/litellm-ui-config")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var config struct {
		SSO bool `json:"sso_configured"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&config); err != nil {
		t.Fatal(err)
	}
	if !config.SSO {
		t.Skip("live: the gateway has no single sign-on (sso_configured is false)")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/signin",
		Setup: func(e *testscript.Env) error {
			signInEnvironment(e, strings.TrimSuffix(url, "/"), key)
			return nil
		},
		Cmds: signInCommands(),
	})
}

func signInEnvironment(e *testscript.Env, url, key string) {
	environment(e, url, "")
	e.Setenv("ADMIN_KEY", key)
}

// signInCommands are what scripts can do besides running the program:
//
//	token USER [TEAM_ID]
//
// signs somebody in by the code flow and sets LITELLM_PROXY_API_KEY to the token. Beside it is
// what all scripts have.
func signInCommands() map[string]func(*testscript.TestScript, bool, []string) {
	commands := maps.Clone(waiting)
	commands["token"] = func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) == 0 || len(args) > 2 {
			ts.Fatalf("usage: token USER [TEAM_ID]")
		}
		who := sandbox.Browser{Email: args[0] + "@example.com", Team: strings.Join(args[1:], "")}
		key, err := who.Token(context.Background(), ts.Getenv("LITELLM_PROXY_URL"))
		ts.Check(err)
		ts.Setenv("LITELLM_PROXY_API_KEY", key)
	}
	return commands
}
