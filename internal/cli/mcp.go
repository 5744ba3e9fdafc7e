package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/mcpserver"
	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// mcpCommand is "mcp": the same operations for AI assistants and editors.
func (a *app) mcpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Serve the commands as MCP tools to AI assistants and editors",
		Long: `Serve the commands as MCP tools to AI assistants and editors.

Over stdio (the default), the client starts this program, and calls use the key from
--api-key, LITELLM_PROXY_API_KEY or the profile. Over http and sse, each client sends its own key as
"Authorization: Bearer sk-...". The server's own key is used only with --use-own-key;
clients then send the token from --auth-token-file.

Without a key, stdio uses the session of litellm-proxy login, even one that you start
later; http and sse never do.

A tool call takes at most 45 s unless its client asks for progress; --timeout changes that.

stdout carries the protocol; the log goes to stderr. Over stdio, wrong settings do not end the
server: each call says what to correct, since clients rarely show stderr.

mcp install adds this program to a client's configuration; mcp doctor finds out why a client
cannot use it.`,
		Example: `  litellm-proxy mcp
  litellm-proxy mcp --read-only --toolsets keys,users
  litellm-proxy mcp --profile prod
  litellm-proxy mcp --sandbox
  litellm-proxy mcp --transport http --addr 127.0.0.1:8808`,
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				return usageError(fmt.Sprintf("unknown command %q for %q (did you mean %s?)", args[0], cmd.CommandPath(), operation.Or(near)))
			}
		}
		return noArguments(cmd, args)
	}
	m := &mcpRun{app: a, cmd: cmd, transport: "stdio"}
	a.mcp = m
	a.bind[cmd] = m.flags
	cmd.RunE = m.run
	return cmd
}

// mcpRun is one run of "mcp".
type mcpRun struct {
	*app
	cmd       *cobra.Command
	started   bool // its arguments were good
	o         mcpserver.Options
	h         mcpserver.HTTPOptions
	transport string
	// listening are the flags for http and sse, streamable those for http.
	listening, streamable *pflag.FlagSet
	watched               watched
}

// fromProfile takes what no flag sets from the profile in use.
func (m *mcpRun) fromProfile(cmd *cobra.Command, s config.Settings) {
	m.o.Protected = s.Protected
	if s.Profile == nil {
		return
	}
	m.o.Profile, m.o.Team = s.Profile.Name, s.Setting(config.Team)
	if confirm := s.Setting(config.Confirm); confirm != "" && !cmd.Flags().Changed("confirm") {
		m.o.Confirm = confirm
	}
	if toolsets := s.Setting(config.Toolsets); toolsets != "" && !cmd.Flags().Changed("toolsets") && !cmd.Flags().Changed("tools") {
		m.o.Toolsets = strings.Split(toolsets, ",")
	}
}

func (m *mcpRun) run(cmd *cobra.Command, _ []string) error {
	m.started = true
	limitMemory(serverMemory)
	if err := m.fitting(cmd); err != nil && !m.tolerates(err) {
		return err
	}
	client, err := m.serverClient()
	if err != nil && !m.tolerates(err) {
		return err
	}
	m.fromProfile(cmd, m.set.Settings)
	m.o.TimeLimit = m.set.Timeout
	m.o.CacheDir = config.CacheDir(m.Getenv)
	m.o.Operations, m.o.Client, m.o.Version, m.o.ReadOnly = m.Operations, client, Version(), m.readOnly
	if client != nil && client.BaseURL() == config.SandboxURL {
		m.o.Note = "This gateway is a sandbox: its models return fixed texts; nothing reaches a provider or costs money."
	}
	if err := m.watch(cmd.Context()); err != nil && !m.tolerates(err) {
		return err
	}
	server, err := mcpserver.New(m.o)
	if err = m.named(cmd, err); err != nil {
		if !m.tolerates(err) {
			return err
		}
		if server, err = mcpserver.New(m.plain()); err != nil {
			return err
		}
	}
	if warning := server.Crowded(); warning != "" {
		m.note("%s", warning)
	}
	return m.serve(cmd, server)
}

// serve serves until the client leaves or the run is interrupted.
func (m *mcpRun) serve(cmd *cobra.Command, server *mcpserver.Server) error {
	if m.transport == "stdio" {
		m.serving.Store(true)
		err := server.ServeStdio(cmd.Context(), m.Stdin, m.Stdout)
		if err == nil && len(m.o.Faults) > 0 {
			return reported(exitStatus(proxyclient.CodeUsage))
		}
		return err
	}
	m.h.Transport = m.transport
	m.h.Ready = func(url string) {
		m.serving.Store(true) // not before: to read the token file may take for ever
		m.note("listening on %s", url)
	}
	return server.ServeHTTP(cmd.Context(), m.h)
}

// serverClient is the gateway's, with the server's own key if it has one. Over stdio the
// stored session stands in for that: the person who signed in is the one who uses the
// server. Over http and sse it may be anybody, so the session is never used.
//
// It is not gated: the server itself asks before each change of a protected gateway.
func (m *mcpRun) serverClient() (*proxyclient.Client, error) {
	// The clients of an HTTP server bring their own keys.
	m.keyless = m.transport != "stdio" && !m.h.UseOwnKey
	if m.transport == "stdio" && m.app.flags.APIKey == "@-" {
		return nil, usageError("--api-key @-: standard input belongs to the protocol; use --api-key @file or " + config.KeyVariable)
	}
	s, err := m.settings()
	if err != nil {
		return nil, err
	}
	client, err := m.clientFor(s)
	if err != nil {
		return nil, err
	}
	switch {
	case s.APIKey != "" || s.Sandbox():
	case m.transport == "stdio":
		m.o.Credential = m.liveKey(client)
	case m.h.UseOwnKey && m.signedIn(client):
		m.note("Without a key: --use-own-key never uses the stored session. Set --api-key or " + config.KeyVariable + ".")
	}
	return client, nil
}
