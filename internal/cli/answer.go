package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	if keys := newKeys(c.op, result); len(keys) > 0 {
		if len(keys) == 1 && keys[0].alias == "" {
			keys[0].alias = operation.Shown(c.values.args.String("key_alias"))
		}
		var names, hashes []string
		for _, k := range keys {
			names, hashes = append(names, k.String()), append(hashes, k.hash)
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

// newKey is a key that an answer shows once.
type newKey struct{ alias, hash string }

func (k newKey) String() string {
	if k.alias == "" {
		return "hash " + k.hash
	}
	return "alias " + k.alias + ", hash " + k.hash
}

// newKeys finds the keys that the operation reveals in its answer.
func newKeys(op *operation.Operation, result operation.Result) []newKey {
	var keys []newKey
	if result.Conceal {
		return nil
	}
	for _, path := range op.Reveal {
		list, field, many := strings.Cut(path, ".*.")
		holders := []json.RawMessage{result.Body}
		if many {
			holders = nil
			_ = json.Unmarshal(operation.Lookup(result.Body, list), &holders)
		} else {
			field = path
		}
		for _, holder := range holders {
			if key := operation.Word(operation.Lookup(holder, field)); strings.HasPrefix(key, "sk-") {
				sum := sha256.Sum256([]byte(key))
				keys = append(keys, newKey{alias: operation.Shown(operation.Word(operation.Lookup(holder, "key_alias"))), hash: hex.EncodeToString(sum[:])})
			}
		}
	}
	return slices.Compact(keys)
}
