package tools

import (
	"context"

	"litellm-proxy/internal/operation"
)

// notesPlainKey notes that an older gateway made a regular key instead of a service account.
func notesPlainKey(_ context.Context, call *operation.Call, result *operation.Result) error {
	if operation.Lookup(result.Body, "metadata.service_account_id") == nil {
		call.Note("The gateway did not mark the key as a service account: the answer has no metadata.service_account_id.")
		result.Done = "generated a regular team key, not a service account: token " + operation.Word(operation.Lookup(result.Body, "token"))
	}
	return nil
}
