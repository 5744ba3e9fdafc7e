package tools

import (
	"context"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
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
		if have == "" || !proxyclient.Older(have, version) {
			return nil
		}
		return operation.Usage("{" + field + "}: this gateway is LiteLLM " + have + ", which ignores it; it needs " + version + " or later. Nothing was sent")
	}
}

// notesPlainKey notes that an older gateway made a regular key instead of a service account.
func notesPlainKey(_ context.Context, call *operation.Call, result *operation.Result) error {
	if operation.Lookup(result.Body, "metadata.service_account_id") == nil {
		call.Note("The gateway did not mark the key as a service account: the answer has no metadata.service_account_id.")
		result.Done = "generated a regular team key, not a service account: token " + operation.Word(operation.Lookup(result.Body, "token"))
	}
	return nil
}
