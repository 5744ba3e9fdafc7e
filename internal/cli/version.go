package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// versionCommand is "version": ours and the gateway's. --version makes no
// request.
func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Show the versions of this program and the gateway",
		Example: "  litellm-proxy version\n  litellm-proxy --version",
		Args:    cobra.NoArgs,
	}
	a.bind[cmd] = func(cmd *cobra.Command) {
		cmd.Flags().StringVar(&a.format, "format", "", "Output format: text, json (default text)")
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if a.format != "" && a.format != "text" && a.format != "json" {
			return usageError(fmt.Sprintf("--format: %q is not one of text, json", a.format))
		}
		client, err := a.client()
		if err != nil {
			return err
		}
		gateway, err := client.Version(cmd.Context())
		if err != nil {
			fmt.Fprintf(a.Stderr, "%s %s\n", program, Version())
			return proxyclient.Wrap("version of the gateway at "+client.BaseURL(), err)
		}
		if a.format == "json" {
			_, err = fmt.Fprintf(a.Stdout, "%s\n", operation.Encode(map[string]string{"client": Version(), "gateway": gateway, "url": client.BaseURL()}))
			return unwritten(err)
		}
		_, err = fmt.Fprintf(a.Stdout, "%s %s\nLiteLLM %s at %s\n", program, Version(), oneLine(gateway), client.BaseURL())
		return unwritten(err)
	}
	return cmd
}
