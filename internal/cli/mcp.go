package cli

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/config"
	"litellm-proxy/internal/mcpserver"
)

// mcpCommand is "mcp": the same operations for AI assistants and editors.
func (a *app) mcpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Serve the commands as MCP tools to AI assistants and editors",
		Long: `Serve the commands as MCP tools to AI assistants and editors.

Over stdio (the default), the client starts this program, and calls use the key from
--api-key or LITELLM_PROXY_API_KEY. Over http and sse, each client sends its own key as
"Authorization: Bearer sk-...". The server's own key is used only with --use-own-key;
clients then send the token from --auth-token-file.

stdout carries the protocol; the log goes to stderr.`,
		Example: `  litellm-proxy mcp
  litellm-proxy mcp --read-only --toolsets keys,users
  litellm-proxy mcp --sandbox
  litellm-proxy mcp --transport http --addr 127.0.0.1:8808`,
		Args: cobra.NoArgs,
	}
	var o mcpserver.Options
	var h mcpserver.HTTPOptions
	transport := "stdio"
	a.bind[cmd] = func(cmd *cobra.Command) {
		f := cmd.Flags()
		f.SortFlags = false
		f.StringVar(&transport, "transport", transport, "Transport: stdio, http (streamable, at /mcp) or sse (at /sse)")
		f.StringVar(&h.Addr, "addr", "127.0.0.1:8808", "Listen address for http and sse")
		f.StringSliceVar(&o.Toolsets, "toolsets", nil, "Resources to offer tools for, or all, or default (default default)")
		f.StringSliceVar(&o.Tools, "tools", nil, "Tools to offer, in addition to --toolsets if given")
		f.StringSliceVar(&o.ExcludeTools, "exclude-tools", nil, "Tools to exclude")
		f.StringVar(&o.Confirm, "confirm", "auto", "How to confirm dangerous calls: auto asks the person, or takes confirm: true if the client cannot ask; always asks for a tick; argument takes confirm: true; never asks nothing")
		f.BoolVar(&h.UseOwnKey, "use-own-key", false, "http, sse: use the server's own key for the gateway (needs --auth-token-file)")
		f.StringVar(&h.AuthTokenFile, "auth-token-file", "", "http, sse: file with the token that clients must send")
		f.StringSliceVar(&h.AllowedHosts, "allowed-hosts", nil, "http, sse: additional host names that clients may use")
		for flag, values := range map[string][]string{"transport": {"stdio", "http", "sse"}, "confirm": {"auto", "always", "argument", "never"}} {
			_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		limitMemory(serverMemory)
		if transport == "stdio" && a.flags.APIKey == "@-" {
			return usageError("--api-key @-: standard input belongs to the protocol; use --api-key @file or " + config.KeyVariable)
		}
		client, err := a.client()
		if err != nil {
			return err
		}
		o.Operations, o.Client, o.Version, o.ReadOnly = a.Operations, client, Version(), a.readOnly
		if client.BaseURL() == config.SandboxURL {
			o.Note = "This gateway is a sandbox: its models return fixed texts; nothing reaches a provider or costs money."
		}
		o.Log = slog.New(slog.NewTextHandler(a.Stderr, nil))
		server, err := mcpserver.New(o)
		if err != nil {
			return err
		}
		switch transport {
		case "stdio":
			for _, flag := range []string{"addr", "use-own-key", "auth-token-file", "allowed-hosts"} {
				if cmd.Flags().Changed(flag) {
					return usageError(fmt.Sprintf("--%s needs --transport http or sse", flag))
				}
			}
			a.serving.Store(true)
			return server.ServeStdio(cmd.Context(), a.Stdin, a.Stdout)
		case "http", "sse":
			a.serving.Store(true)
			h.Transport = transport
			h.Ready = func(url string) { a.note("listening on %s", url) }
			return server.ServeHTTP(cmd.Context(), h)
		}
		return usageError(fmt.Sprintf("--transport: %q is not one of %s", transport, strings.Join([]string{"stdio", "http", "sse"}, ", ")))
	}
	return cmd
}
