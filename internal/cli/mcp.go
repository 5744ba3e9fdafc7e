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
		Short: "Serve the operations as MCP tools to AI assistants and editors",
		Long: `Serve the operations as MCP tools to AI assistants and editors.

Over stdio (the default) the client starts this program, and the calls use the key
of --api-key or LITELLM_PROXY_API_KEY. Over http and sse every client sends its own
key as "Authorization: Bearer sk-..."; the server's own is used only with
--use-own-key, and then clients present the token in --auth-token-file.

stdout belongs to the protocol; the log is on stderr.`,
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
		f.StringVar(&transport, "transport", transport, "stdio, http (streamable, at /mcp) or sse (at /sse)")
		f.StringVar(&h.Addr, "addr", "127.0.0.1:8808", "where http and sse listen")
		f.StringSliceVar(&o.Toolsets, "toolsets", nil, "resources whose tools are offered, or default, or all (default default)")
		f.StringSliceVar(&o.Tools, "tools", nil, "tools to offer, beside --toolsets if that is given")
		f.StringSliceVar(&o.ExcludeTools, "exclude-tools", nil, "tools not to offer")
		f.StringVar(&o.Confirm, "confirm", "auto", "before something is destroyed: always asks the person, auto asks or takes the argument confirm, never does neither")
		f.BoolVar(&h.UseOwnKey, "use-own-key", false, "http, sse: call the gateway with the server's own key (needs --auth-token-file)")
		f.StringVar(&h.AuthTokenFile, "auth-token-file", "", "http, sse: file with the token that clients must present")
		f.StringSliceVar(&h.AllowedHosts, "allowed-hosts", nil, "http, sse: further names by which clients may reach the server")
		for flag, values := range map[string][]string{"transport": {"stdio", "http", "sse"}, "confirm": {"auto", "always", "never"}} {
			_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		limitMemory(serverMemory)
		client, err := a.client()
		if err != nil {
			return err
		}
		o.Operations, o.Client, o.Version, o.ReadOnly = a.Operations, client, Version(), a.readOnly
		if client.BaseURL() == config.SandboxURL {
			o.Note = "This gateway is a sandbox for trying things out: its models answer fixed texts, nothing in it reaches a provider or costs money."
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
					return usageError(fmt.Sprintf("--%s is for --transport http or sse", flag))
				}
			}
			return server.ServeStdio(cmd.Context(), a.Stdin, a.Stdout)
		case "http", "sse":
			h.Transport = transport
			h.Ready = func(url string) { a.note("listening on %s", url) }
			return server.ServeHTTP(cmd.Context(), h)
		}
		return usageError(fmt.Sprintf("--transport: %q is none of %s", transport, strings.Join([]string{"stdio", "http", "sse"}, ", ")))
	}
	return cmd
}
