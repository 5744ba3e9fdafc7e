package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"litellm-proxy/internal/sandbox"
	"litellm-proxy/proxyclient"
)

// demoKey is chosen, so that the commands can be typed by hand as they stand.
const demoKey = "sk-demo-of-the-writers"

// demoStory is the demo: what a command is for, the command, how it ends. The
// budget is below the price of one answer: calls are refused once it is spent.
var demoStory = []struct {
	why    string
	args   []string
	status int
}{
	{why: "A team with a spending limit of 0.00001 US dollars.",
		args: []string{"teams", "create", "writers", "--team-id", "writers", "--max-budget", "0.00001", "--format", "table"}},
	{why: "A key for the team. (--set key= sets the key for this demo; without it, the gateway generates one.)",
		args: []string{"keys", "generate", "--team", "writers", "--key-alias", "demo", "--models", "gpt-4o-mini", "--set", "key=" + demoKey, "--format", "table"}},
	{why: "A call to a model with that key. The model is a mock: its answer is a fixed text.",
		args: []string{"--api-key", demoKey, "chat", "completions", "gpt-4o-mini", "-m", "user:Tell me a story", "--format", "text"}},
	{why: "What the call cost the team.",
		args: []string{"teams", "list", "--columns", "team_alias,spend,max_budget"}},
	{why: "The budget is spent: the gateway rejects the next call.",
		args: []string{"--api-key", demoKey, "chat", "completions", "gpt-4o-mini", "-m", "user:Another one", "--format", "text"}, status: 1},
}

// The call of an assistant that was asked what became of the key.
const demoCall = `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"keys_list","arguments":{"key_alias":"demo"}}}`

// demoCommand is "demo": the main job on a sandbox that is gone afterwards.
func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Walk through the main workflow on a temporary sandbox",
		Long: `Walk through the main workflow on a temporary sandbox: a team with a budget, a key, a
call, its cost, the rejected call once the budget is spent, and what an assistant sees.
It needs no gateway and no settings, opens no connection and leaves nothing behind.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runDemo(cmd.Context()) },
	}
}

func (a *app) runDemo(ctx context.Context) error {
	gateway := sandbox.New()
	// play runs one command as if it had been typed, in an empty environment.
	play := func(stdin io.Reader, stdout, stderr io.Writer, want int, args ...string) error {
		sys := System{Args: append([]string{"--sandbox"}, args...), Stdin: stdin, Stdout: stdout, Stderr: stderr, Getenv: func(string) string { return "" }, Operations: a.Operations}
		got := run(ctx, sys, gateway)
		if ctx.Err() != nil {
			return &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "interrupted", Err: ctx.Err()}
		}
		if got != want {
			return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: fmt.Sprintf("the demo failed: %s ended with status %d", strings.Join(args, " "), got)}
		}
		return nil
	}
	fmt.Fprint(a.Stdout, "The gateway is a sandbox in this process: nothing leaves it, and nothing is kept.\n")
	for i, step := range demoStory {
		fmt.Fprintf(a.Stdout, "\n%d. %s\n\n$ %s --sandbox %s\n", i+1, step.why, program, shellLine(step.args))
		if err := play(strings.NewReader(""), a.Stdout, a.Stdout, step.status, step.args...); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.Stdout, "\n%d. The same gateway from an assistant: its editor starts the MCP server and calls a tool.\n\n$ %s --sandbox mcp\n--> %s\n",
		len(demoStory)+1, program, demoCall)
	messages := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"demo","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
` + demoCall + "\n"
	var answers bytes.Buffer
	if err := play(strings.NewReader(messages), &answers, io.Discard, 0, "mcp"); err != nil {
		return err
	}
	fmt.Fprintf(a.Stdout, "<-- %s\n", answerTo(answers.Bytes(), 2))
	fmt.Fprintf(a.Stdout, `
To continue by hand, run the same commands: the sandbox then keeps its state in a file
(%[1]s sandbox path prints its path). To serve it to any other client, run %[1]s sandbox serve.
To use a real gateway, drop --sandbox and set LITELLM_PROXY_URL and LITELLM_PROXY_API_KEY.
`, program)
	return nil
}

// answerTo is the message with that id, indented.
func answerTo(messages []byte, id int) string {
	for line := range bytes.Lines(messages) {
		var head struct{ ID int }
		var out bytes.Buffer
		if json.Unmarshal(line, &head) == nil && head.ID == id && json.Indent(&out, bytes.TrimSpace(line), "", "  ") == nil {
			return out.String()
		}
	}
	return "(no answer)"
}

// shellLine is a command as one types it.
func shellLine(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		if strings.Contains(arg, " ") {
			words[i] = `"` + arg + `"`
		}
	}
	return strings.Join(words, " ")
}
