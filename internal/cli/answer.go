package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/output"
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
	case errors.Is(err, syscall.EPIPE):
		return errReaderLeft
	case errors.Is(err, output.ErrYAMLFull):
		return &proxyclient.Error{Code: proxyclient.CodeTooLarge, Message: err.Error()}
	case errors.Is(err, context.Canceled):
		return &proxyclient.Error{Code: proxyclient.CodeCanceled, Message: "writing the answer: " + reason(err), Err: err}
	}
	return &proxyclient.Error{Code: proxyclient.CodeUnwritten, Message: "writing the answer: " + reason(err)}
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
