package tools

import (
	"context"
	"testing"

	"litellm-proxy/internal/operation"
)

// run calls an operation that nobody need agree to.
func run(ctx context.Context, env operation.Env, op *operation.Operation, args operation.Args) (operation.Result, error) {
	call, err := operation.Prepare(ctx, env, op, args)
	if err != nil {
		return operation.Result{}, err
	}
	call.Waive()
	return call.Run(ctx)
}

// prepared is a call for what needs one to read with.
func prepared(t *testing.T, env operation.Env) *operation.Call {
	t.Helper()
	call, err := operation.Prepare(context.Background(), env, spendSummary, operation.Args{})
	if err != nil {
		t.Fatal(err)
	}
	return call
}
