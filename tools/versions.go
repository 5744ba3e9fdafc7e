package tools

import (
	"context"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
)

// since refuses a field that gateways before a version accept and ignore.
func since(version, field string) operation.Check {
	return func(ctx context.Context, call *operation.Call) error {
		if call.Body()[field] == nil {
			return nil
		}
		have, err := call.Client().Version(ctx)
		if e := operation.AsError(err); e != nil && e.Status == 0 {
			return err
		}
		if have == "" || !older(have, version) {
			return nil
		}
		return operation.Usage("{" + field + "}: this gateway is LiteLLM " + have + ", which ignores it; it needs " + version + " or later. Nothing was sent")
	}
}

// older compares versions number by number: 1.90.7 is older than 1.110.
func older(version, than string) bool {
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range b {
		if i >= len(a) {
			return true
		}
		x, errX := strconv.Atoi(a[i])
		y, errY := strconv.Atoi(b[i])
		if errX != nil || errY != nil || x != y {
			return errX == nil && errY == nil && x < y
		}
	}
	return false
}

// notesPlainKey notes that an older gateway made a regular key instead of a service account.
func notesPlainKey(_ context.Context, call *operation.Call, result *operation.Result) error {
	if operation.Lookup(result.Body, "metadata.service_account_id") == nil {
		call.Note("The gateway did not mark the key as a service account: the answer has no metadata.service_account_id.")
		result.Done = "generated a regular team key, not a service account: token " + operation.Word(operation.Lookup(result.Body, "token"))
	}
	return nil
}
