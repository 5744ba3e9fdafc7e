package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// confirm shows what would be sent and asks, at a terminal.
func (c *call) confirm(client *proxyclient.Client) func(context.Context, *operation.Operation, operation.Args) error {
	return func(ctx context.Context, op *operation.Operation, args operation.Args) error {
		requests, err := operation.Plan(ctx, operation.Env{Client: client}, op, args)
		if err != nil {
			return err
		}
		for _, r := range requests {
			fmt.Fprintf(c.Stderr, "%s %s %s\n", r.Method, r.Path, r.Body)
		}
		return c.agree(ctx, op.Path+" on "+client.BaseURL())
	}
}

// agree asks at the terminal whether to go ahead; an error is a no.
func (a *app) agree(ctx context.Context, question string) error {
	fmt.Fprintf(a.Stderr, "%s: go ahead? [y/N] ", question)
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.Stdin).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "interrupted; nothing was sent", Err: ctx.Err()}
	case answer := <-answers:
		if answer == "y" || answer == "yes" {
			return nil
		}
	}
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "not confirmed; nothing was sent", Hint: "--yes goes ahead without asking"}
}
