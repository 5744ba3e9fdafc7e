package tools

import (
	"context"

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
