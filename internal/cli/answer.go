package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/output"
	"litellm-proxy/internal/plural"
	"litellm-proxy/proxyclient"
)

// errReaderLeft ends a command that only reads when nobody reads its answer any more:
// "keys list | head" has what it wanted.
var errReaderLeft = errors.New("the reader of the answer went away")

// errClosed is the error of an answer with a key that nobody will see.
var errClosed = errors.New("standard output is closed")

// unwritten is the error of a command whose answer could not be written, and that
// changed nothing.
func unwritten(err error) error {
	switch {
	case err == nil:
		return nil
	case readerLeft(err):
		return errReaderLeft
	case errors.Is(err, output.ErrYAMLFull), errors.Is(err, output.ErrFilterFull):
		return &proxyclient.Error{Code: proxyclient.CodeTooLarge, Message: err.Error()}
	case errors.Is(err, context.Canceled):
		return &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "writing the answer: " + reason(err), Err: err}
	}
	if failed, is := errors.AsType[*output.FilterError](err); is {
		return &proxyclient.Error{Code: proxyclient.CodeLocal, Message: failed.Error(), Hint: "see what it reads with --format json", Err: err}
	}
	return &proxyclient.Error{Code: proxyclient.CodeUnwritten, Message: "writing the answer: " + reason(err)}
}

// readerLeft reports whether a pipe was closed by its reader.
func readerLeft(err error) bool {
	const brokenPipe, noData = syscall.Errno(109), syscall.Errno(232) // Windows
	return errors.Is(err, syscall.EPIPE) || runtime.GOOS == "windows" && (errors.Is(err, brokenPipe) || errors.Is(err, noData))
}

// reason is why a write failed, without the name of the file.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}

// unshown is the error of an operation that ran and whose answer could not be written:
// it says what was done, and how to get rid of a key that nobody has seen.
func (c *call) unshown(effect operation.Effect, result operation.Result, err error) error {
	if err == nil || effect == operation.Read || c.streaming {
		return unwritten(err)
	}
	why := "could not be shown: writing the answer: " + reason(err)
	e := &proxyclient.Error{Code: proxyclient.CodeUnwritten, Sent: true, Message: c.op.Path + " was sent and answered, but the answer " + why}
	if result.Done != "" {
		e.Message = result.Done + ", but the answer " + why
	}
	if keys := c.op.NewKeys(result); len(keys) > 0 {
		if len(keys) == 1 && keys[0].Alias == "" {
			keys[0].Alias = operation.Shown(c.values.args.String("key_alias"))
		}
		var names, hashes []string
		for _, k := range keys {
			names, hashes = append(names, nameOf(k)), append(hashes, k.Hash)
		}
		list := strings.Join(hashes, ",")
		e.Message = fmt.Sprintf("The key was created (%s) but %s", names[0], why)
		if len(names) > 1 {
			e.Message = fmt.Sprintf("The keys were created (%s) but %s", strings.Join(names, "; "), why)
		}
		if result.Done != "" && c.op.Resource() != "keys" {
			e.Message = result.Done + ". " + e.Message
		}
		e.Hint = fmt.Sprintf("delete it with %s keys delete --keys %s, then generate another; keys regenerate replaces it (Enterprise)", program, list)
	}
	return e
}

// nameOf is a new key in an error: never the key itself.
func nameOf(k operation.NewKey) string {
	if k.Alias == "" {
		return "hash " + k.Hash
	}
	return "alias " + k.Alias + ", hash " + k.Hash
}

// show writes the answer to stdout, and what a write did and what failed to
// stderr.
func (c *call) show(ctx context.Context, effect operation.Effect, result operation.Result, failed error) error {
	switch {
	case result.Streamed:
		fmt.Fprintln(c.Stdout)
	case c.picture.name != "" && c.format == "":
		// The file has the answer.
	case failed == nil || result.Body != nil:
		if effect != operation.Read {
			// What a write answers, a new key above all, is shown to the end.
			ctx = context.WithoutCancel(ctx)
		}
		c.out.Conceal = c.out.Conceal || result.Conceal
		err := c.write(ctx, result)
		if err == nil && effect != operation.Read && wasClosed(c.Stdout) && len(c.op.NewKeys(result)) > 0 {
			err = errClosed
		}
		if err != nil {
			c.failures(result)
			return c.unshown(effect, result, err)
		}
	}
	c.notes(result.Notes)
	if failed == nil {
		failed = c.draw(result.Chart)
	}
	if text := c.paging(result.Page); text != "" {
		c.note("%s", text)
	}
	if result.Done != "" && !c.out.Quiet {
		c.note("%s", result.Done)
	}
	c.failures(result)
	if failed != nil {
		var e *proxyclient.Error
		if c.op.Consent.Typed && errors.As(failed, &e) && len(e.Body) > 0 {
			// The answer of a raw request is what was asked for; it is no result.
			fmt.Fprintf(c.Stderr, "%s\n", strings.TrimRight(string(e.Body), "\n"))
		}
		return failed
	}
	if len(result.Failed) > 0 {
		return errFailed
	}
	return nil
}

// alarm returns the exit status of --exit-code for a list that was shown. Errors keep their
// own status.
func (c *call) alarm(page *operation.Page, err error) error {
	if err == nil && c.exitCode && page != nil && (page.Total > 0 || len(page.Items) > 0) {
		return listed
	}
	return err
}

// note says something beside the result, on stderr.
func (a *app) note(format string, args ...any) {
	fmt.Fprintf(a.Stderr, "%s: %s\n", program, a.besideName(fmt.Sprintf(format, args...)))
}

// besideName is a text for the line that begins with the program's name.
func (a *app) besideName(text string) string {
	return a.folded(oneLine(a.masked(text)), "  ", len(program+": "))
}

// noteEach notes lines that begin alike, at most [maxFailureLines] of them. It returns how many
// it left out.
func noteEach[T any](a *app, beginning string, lines []T) int {
	for _, line := range lines[:min(len(lines), maxFailureLines)] {
		a.note("%s%v", beginning, line)
	}
	return max(len(lines)-maxFailureLines, 0)
}

// oneLine keeps a name or a gateway's words from adding lines of their own.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }

// failures says what could not be done when the rest was.
func (c *call) failures(result operation.Result) {
	for _, f := range result.Failed {
		c.note("%s: %s", c.words(f.What), c.words(f.Why))
	}
}

// notes says what an answer covers or leaves out.
func (c *call) notes(sentences []string) {
	for _, text := range sentences {
		c.note("%s", c.words(text))
	}
}

// paging says that a page is not the whole list.
func (c *call) paging(p *operation.Page) string {
	if p == nil || p.Next == nil || c.op.Collection() == nil {
		return ""
	}
	argument, what := c.op.PageArgument(), cmp.Or(c.op.Collection().What, "item")
	of := fmt.Sprintf("%d of %s", len(p.Items), plural.Count(p.Total, what))
	if p.Total < 0 {
		of = plural.Count(len(p.Items), what)
	}
	return fmt.Sprintf("Showing %s. Next: --%s %s, or --all.", of, strings.ReplaceAll(argument, "_", "-"), p.Next[argument])
}
