package cli

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// consent settles whether the call may run. A person who typed a command knows what
// it does; only what cannot be undone is asked for, at a terminal. Without a terminal
// a command that names its targets goes ahead, as scripts expect.
func (c *call) consent(ctx context.Context, prepared *operation.Call) error {
	if c.op.Consent.Sweeping && prepared.Effect() == operation.Destructive && c.Terminal == nil && !c.yes {
		return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: c.op.Path + " needs a confirmation; nothing was sent",
			Hint: "to skip the confirmation, add --yes"}
	}
	n, selects, err := prepared.Selected(ctx)
	if err != nil {
		return err
	}
	if selects && n == 0 && prepared.Arg(operation.ExpectField) == nil {
		prepared.Approve(&operation.Plan{}) // what matches by now is not deleted either
		return nil
	}
	if selects && (c.yes || c.Terminal == nil) {
		if err := c.expected(prepared, n); err != nil {
			return err
		}
	}
	asks := prepared.Effect() == operation.Destructive && !c.op.Consent.Typed && !c.yes && c.Terminal != nil
	if !asks {
		prepared.Waive()
		if prepared.Effect() == operation.Read {
			return nil
		}
		return c.guard(ctx)
	}
	question, err := prepared.Question(ctx)
	if err != nil {
		return err
	}
	if len(question.Plan.Requests) == 0 {
		prepared.Approve(question.Plan)
		return nil
	}
	for i, note := range question.Plan.Notes {
		question.Plan.Notes[i] = c.words(note)
	}
	text := question.Brief()
	if c.op.Consent.Sweeping { // what it does is in the requests alone
		text = question.String()
	}
	if selects {
		err = c.acceptCount(ctx, text, n)
	} else {
		err = c.accept(ctx, text)
	}
	if err != nil {
		return err
	}
	prepared.Approve(question.Plan)
	return nil
}

// accept asks the question: at a protected gateway its profile's name is the answer.
func (a *app) accept(ctx context.Context, question string) error {
	s, err := a.choice()
	switch {
	case err != nil:
		return err
	case s.Protected != "" && a.flags.ConfirmProfile == "":
		fmt.Fprintln(a.Stderr, a.folded(question, "", 0))
	default:
		if err := a.agree(ctx, question); err != nil {
			return err
		}
	}
	return a.guard(ctx)
}

// acceptCount asks for the number of things that filters select.
func (c *call) acceptCount(ctx context.Context, question string, n int) error {
	fmt.Fprintf(c.Stderr, "%s\nType %d to confirm: ", c.folded(question, "", 0), n)
	line, err := c.readLine(ctx)
	if err != nil {
		return err
	}
	if strings.TrimSpace(line) != strconv.Itoa(n) {
		return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "not confirmed; nothing was sent", Hint: fmt.Sprintf("to skip the confirmation, add --yes --expect %d", n)}
	}
	return c.guard(ctx)
}

// expected checks a call whose targets filters select where nobody is asked: the script
// must say how many there are, which the operation compares.
func (c *call) expected(prepared *operation.Call, n int) error {
	if c.yes && prepared.Arg(operation.ExpectField) != nil {
		return nil
	}
	return &proxyclient.Error{Code: proxyclient.CodeUsage,
		Message: fmt.Sprintf("%s: the filters match %d; nothing was sent", c.op.Path, n),
		Hint:    fmt.Sprintf("preview with --dry-run; to skip the question, add --yes --expect %d", n)}
}

// agree asks a question at the terminal; an error is a no.
func (a *app) agree(ctx context.Context, question string) error {
	fmt.Fprintf(a.Stderr, "%s\nContinue? [y/N] ", a.folded(question, "", 0))
	line, err := a.readLine(ctx)
	if err != nil {
		return err
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer == "y" || answer == "yes" {
		return nil
	}
	return &proxyclient.Error{Code: proxyclient.CodeUsage, Message: "not confirmed; nothing was sent", Hint: "to skip the confirmation, add --yes"}
}

// readLine reads the answer to a question at the terminal.
func (a *app) readLine(ctx context.Context) (string, error) {
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.Stdin).ReadString('\n')
		answers <- line
	}()
	select {
	case <-ctx.Done():
		return "", errInterrupted
	case line := <-answers:
		if !strings.HasSuffix(line, "\n") {
			fmt.Fprintln(a.Stderr) // Ctrl-D leaves the cursor behind the question
		}
		return line, nil
	}
}
