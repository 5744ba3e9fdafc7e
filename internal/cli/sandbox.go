package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/sandbox"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// sandboxHost stands in the requests to the sandbox, which has no address. The
// ending is reserved: no host has such a name.
const sandboxHost = "http://sandbox.invalid"

// useSandbox turns the configuration of a client to the sandbox, and says so.
func (a *app) useSandbox(c *proxyclient.Config) error {
	g, path := a.demo, ""
	if g == nil {
		var err error
		if path, err = config.SandboxPath(a.Getenv); err != nil {
			return usageError(err.Error())
		}
		if g, err = openSandbox(path); err != nil {
			return err
		}
	}
	c.BaseURL, c.Name, c.Transport = sandboxHost, config.SandboxURL, g
	ignored := ""
	// The environment's key is mostly that of the gateway one works with otherwise.
	if c.APIKeySource == config.KeyVariable && !g.Knows(c.APIKey) {
		ignored = " Ignoring " + config.KeyVariable + ", which is not one of its keys."
		c.APIKey = ""
	}
	if c.APIKey == "" {
		c.APIKey, c.APIKeySource = g.AdminKey(), "the sandbox's own admin key"
	}
	if a.demo == nil {
		a.noteSandbox(path, ignored)
	}
	return nil
}

// sandboxNotice says what answers in place of a gateway.
const sandboxNotice = "Using the built-in sandbox; nothing reaches a provider."

// noteSandbox says what is at work, so that nobody takes it for a gateway. It says so
// once, however many clients a command makes.
func (a *app) noteSandbox(path, more string) {
	said := path + more
	if a.sandboxSaid == said {
		return
	}
	a.sandboxSaid = said
	a.noteOnce(sandboxNotice + more)
}

func openSandbox(path string) (*sandbox.Gateway, error) {
	g, err := sandbox.Open(path)
	if err != nil {
		return nil, sandboxError(proxyclient.CodeUnreachable, "cannot use the sandbox", err)
	}
	return g, nil
}

// sandboxError says how a problem of the sandbox's file is solved.
func sandboxError(code proxyclient.Code, what string, err error) error {
	hint := "set " + config.SandboxVariable + " to another file"
	if errors.Is(err, sandbox.ErrLink) {
		hint = "set " + config.SandboxVariable + " to the file itself"
	}
	if unusable, is := errors.AsType[*sandbox.FileError](err); is && unusable.Fix != "" {
		hint = unusable.Fix + ", or " + hint
	}
	return &proxyclient.Error{Code: code, Message: what + ": " + err.Error(), Hint: hint, Err: err}
}

// sandboxCommand is "sandbox": what is to be done about the sandbox itself.
func (a *app) sandboxCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Manage the built-in sandbox gateway",
		Long: `Manage the built-in sandbox gateway, which needs no network and no account.

To use it in any command, add --sandbox or set LITELLM_PROXY_URL=sandbox:. It imitates
the management API of a LiteLLM gateway; its models return fixed texts. It keeps its
state in a file: see litellm-proxy sandbox path.`,
	}
	cmd.AddCommand(a.sandboxServe(), a.sandboxPath())
	if !a.readOnly {
		cmd.AddCommand(a.sandboxReset())
	}
	return cmd
}

func (a *app) sandboxPath() *cobra.Command {
	return &cobra.Command{
		Use:   "path",
		Short: "Print the path of the sandbox's state file",
		Long: "Print the path of the sandbox's state file. " + config.SandboxVariable + ` sets another one.
The file holds the sandbox's keys and credentials in plain text.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			path, err := config.SandboxPath(a.Getenv)
			if err != nil {
				return usageError(err.Error())
			}
			_, err = fmt.Fprintln(a.Stdout, path)
			return unwritten(err)
		},
	}
}

func (a *app) sandboxReset() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Delete everything in the sandbox",
		Long: `Delete everything in the sandbox: keys, users, teams and all other objects. Its admin key stays the same.
A file that is damaged or not a sandbox's is moved aside, as FILE.damaged, and a new one is created.`,
		Example: "  litellm-proxy sandbox reset --yes",
		Args:    noArguments,
	}
	yes := false
	a.bind[cmd] = func(cmd *cobra.Command) { cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Skip the confirmation") }
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path, err := config.SandboxPath(a.Getenv)
		if err != nil {
			return usageError(err.Error())
		}
		problem, aside, err := sandbox.Check(path)
		if err != nil {
			return sandboxError(proxyclient.CodeLocal, "cannot reset the sandbox", err)
		}
		if !yes {
			if err := a.agreeToReset(cmd.Context(), path, problem, aside); err != nil {
				return err
			}
		}
		if aside, err = sandbox.Reset(path); err != nil {
			return sandboxError(proxyclient.CodeLocal, "cannot reset the sandbox", err)
		}
		if aside != "" {
			a.note("moved the file that was there to %s", aside)
		}
		a.note("reset the sandbox %s", path)
		return nil
	}
	return cmd
}

// agreeToReset asks before a reset of the sandbox in the file path. With a problem, the
// file is moved to aside; without one, what is in it is deleted.
func (a *app) agreeToReset(ctx context.Context, path string, problem *sandbox.FileError, aside string) error {
	does := "sandbox reset deletes everything in the sandbox"
	question := "Delete everything in the sandbox " + path + "? Its keys, users, teams and models are lost."
	if problem != nil {
		does = fmt.Sprintf("%s; sandbox reset moves it to %s and creates a new sandbox", problem, aside)
		question = fmt.Sprintf("%s.\nMove it to %s and create a new sandbox?", problem, aside)
	}
	if a.Terminal == nil {
		return usageError(does + ". Confirm it with --yes. Nothing was changed.")
	}
	return a.agree(ctx, question)
}

func (a *app) sandboxServe() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the sandbox over HTTP to any client",
		Long: `Serve the sandbox over HTTP to any client: curl, an OpenAI SDK, the Python CLI.
Prints its URL and admin key as lines for a shell, and one line per request on stderr.
It shares its state with --sandbox. Press Ctrl-C to stop it.`,
		Example: "  litellm-proxy sandbox serve\n  litellm-proxy sandbox serve --addr 127.0.0.1:4001",
		Args:    noArguments,
	}
	addr := ""
	a.bind[cmd] = func(cmd *cobra.Command) {
		cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:4000", "Listen address; port 0 picks a free port")
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		path, err := config.SandboxPath(a.Getenv)
		if err != nil {
			return usageError(err.Error())
		}
		g, err := openSandbox(path)
		if err != nil {
			return err
		}
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			return usageError("--addr: " + err.Error())
		}
		if _, err := fmt.Fprintf(a.Stdout, "export %s=http://%s\nexport %s=%s\n", config.URLVariable, listener.Addr(), config.KeyVariable, g.AdminKey()); err != nil {
			return errors.Join(unwritten(err), listener.Close())
		}
		a.note(sandboxNotice)
		return a.serve(cmd.Context(), listener, a.logged(g))
	}
	return cmd
}

// serve answers until the context ends, and then lets the requests under way end.
func (a *app) serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	a.serving.Store(true)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(ending)
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "cannot serve the sandbox: " + err.Error(), Err: err}
	}
	if err := <-stopped; err != nil {
		return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: "stopped before all requests were finished: " + err.Error(), Err: err}
	}
	a.note("stopped")
	return nil
}

// logged writes a line for each request: no query, because it may hold a key.
func (a *app) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		a.note("%s %s %d (%s)", r.Method, secret.Text(r.URL.EscapedPath()), seen.status, time.Since(start).Round(time.Millisecond/10))
	})
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Flush sends what was written: a streamed answer is not kept back.
func (w *statusWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }
