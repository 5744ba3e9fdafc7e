package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// interrupted is the exit status after a signal.
const interrupted = 130

// grace is how long a command may take to say how far it got after an interrupt. A
// request under way ends within milliseconds; a read of standard input or a write to a
// pipe that nobody reads does not.
const grace = 500 * time.Millisecond

// settle is how long nothing is done after Ctrl-C: a terminal sends the signal first and
// then discards what is written, which may be our last words.
const settle = 30 * time.Millisecond

// interruptible is a context that the first interrupt cancels. The second ends the
// process.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		time.Sleep(settle)
		for len(signals) > 0 { // timeout(1) signals the process and its group
			<-signals
		}
		cancel()
		for caught := range signals {
			if caught != os.Interrupt || !paging.Load() { // which is the pager's
				os.Exit(interrupted)
			}
		}
	}()
	return ctx, cancel
}

// wait returns the exit status of a command, whatever that is doing when it is
// interrupted.
func (a *app) wait(ctx context.Context, done <-chan int) int {
	select {
	case status := <-done:
		return status
	case <-ctx.Done():
	}
	if a.serving.Load() {
		return <-done
	}
	select {
	case status := <-done:
		return status
	case <-time.After(grace):
	}
	if a.renewing.Load() || a.held.Load() > 0 {
		return <-done
	}
	defer a.finish()
	return a.report(a.interruption(errInterrupted), interrupted)
}

// hold keeps an interrupted process from ending until release is called. A second interrupt
// ends it all the same.
func (a *app) hold() (release func()) {
	a.held.Add(1)
	return func() { a.held.Add(-1) }
}

// finish leaves a terminal as it was found.
func (a *app) finish() {
	a.progress.end()
	a.pager.flush()
	for _, w := range []io.Writer{a.Stdout, a.Stderr} {
		if s, ok := w.(*screen); ok {
			s.flush()
		}
	}
}

// errInterrupted ends a question that was interrupted.
var errInterrupted error = &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "Interrupted; nothing was sent.", Err: context.Canceled}

// interruption says what an interrupted command had done.
func (a *app) interruption(err error) *proxyclient.Error {
	out := &proxyclient.Error{Code: proxyclient.CodeCanceled, Err: context.Canceled}
	e := operation.AsError(err)
	writes, shown := a.writes.Load(), a.shown.Load()
	switch {
	case writes == 0 && a.answers.Load() > 0:
		out.Message = fmt.Sprintf("Interrupted after %s.", operation.Counted(a.answers.Load(), "answer"))
	case writes == 0 && a.op != nil && a.op.Effect != operation.Read:
		out.Message = "Interrupted; nothing was sent."
	case shown > 0 && a.following.Load():
		out.Message = fmt.Sprintf("Interrupted after %s.", operation.Counted(shown, "item"))
	case shown > 0:
		out.Message = fmt.Sprintf("Interrupted after %s; the list is not complete.", operation.Counted(shown, "item"))
	case writes == 0:
		out.Message = "Interrupted; nothing was changed."
	default:
		out.Code = proxyclient.CodeUnknownOutcome
		out.Message = "Interrupted; the request may or may not have been applied"
		if writes > 1 {
			out.Message = fmt.Sprintf("Interrupted; the last of %s may or may not have been applied", operation.Counted(writes, "request"))
		}
		if e != nil && e.Method != "" {
			out.Message += ": " + e.Method + " " + e.Path
		}
		if a.op == nil || a.op.Resource() != "chat" { // which leaves nothing to look at
			out.Hint = "check whether it was applied before you run the command again"
			if e != nil && e.Hint != "" {
				out.Hint = e.Hint
			}
		}
	}
	return out
}

// endedBy tells whether an interrupt, and nothing else, is the reason for err.
func endedBy(err error) bool {
	if errors.Is(err, errFailed) {
		return true
	}
	code := proxyclient.CodeOf(err)
	return code == proxyclient.CodeCanceled || code == proxyclient.CodeUnknownOutcome
}

// hidden asks for a value at the terminal without showing it. Enter or Ctrl-D without a
// value is an error. An interrupt restores the terminal and ends the question.
func hidden(ctx context.Context, in *os.File, out io.Writer) func(string) (string, error) {
	return func(label string) (string, error) {
		fd := int(in.Fd())
		state, err := term.GetState(fd)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(out, "%s: ", label)
		type answer struct {
			text []byte
			err  error
		}
		answers := make(chan answer, 1)
		go func() {
			text, err := readHidden(in)
			answers <- answer{text, err}
		}()
		select {
		case <-ctx.Done():
			_ = term.Restore(fd, state)
			return "", errInterrupted
		case a := <-answers:
			fmt.Fprintln(out)
			if len(a.text) == 0 && (a.err == nil || errors.Is(a.err, io.EOF)) {
				return "", errors.New("no value was entered")
			}
			return string(a.text), a.err
		}
	}
}
