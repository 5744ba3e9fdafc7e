package cli

import (
	"fmt"
	"io"

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
		Args:    noArguments,
	}
	a.bind[cmd] = func(cmd *cobra.Command) {
		bindFormats(cmd, &a.format, []string{"text", "json"}, "text")
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
		if err == nil && gateway == "" {
			err = &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "the answer has no version", Hint: proxyclient.NoGatewayHint}
		}
		// Ours is known without the gateway.
		text := fmt.Sprintf("%s %s\n", program, Version())
		answer := map[string]any{"client": Version(), "gateway": nil, "url": client.BaseURL()}
		if err == nil {
			text += fmt.Sprintf("LiteLLM %s at %s\n", oneLine(gateway), client.BaseURL())
			answer["gateway"] = gateway
		}
		if a.format == "json" {
			text = string(operation.Encode(answer)) + "\n"
		}
		if _, failed := io.WriteString(a.Stdout, text); failed != nil {
			return unwritten(failed)
		}
		return proxyclient.Wrap("version of the gateway at "+client.BaseURL(), err)
	}
	return cmd
}
