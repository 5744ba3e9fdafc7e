// Command litellm-proxy manages a LiteLLM proxy from the command line and serves
// the same operations to AI assistants.
package main

import (
	"os"

	"litellm-proxy/internal/cli"
	"litellm-proxy/tools"
)

func main() { os.Exit(cli.Main(tools.All())) }
