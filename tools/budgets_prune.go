package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// prunable returns the unused budgets whose ID was generated. The count, the question and
// the plan of a call look at the same ones.
func prunable(ctx context.Context, call *operation.Call) ([]json.RawMessage, error) {
	return operation.Once(call, "unused budgets", func() ([]json.RawMessage, error) {
		unused, err := unusedBudgets(ctx, call)
		return slices.DeleteFunc(unused, func(b json.RawMessage) bool { return originOf(b) == named }), err
	})
}

func askPrune(ctx context.Context, call *operation.Call) (string, error) {
	unused, err := prunable(ctx, call)
	if err != nil {
		return "", err
	}
	labels := make([]string, len(unused))
	for i, b := range unused {
		labels[i] = operation.Name(operation.Word(operation.Lookup(b, "budget_id")))
		if limit := dollars(operation.Thing{Item: b}, "max_budget"); limit != "" {
			labels[i] += " (" + limit + ")"
		}
	}
	return fmt.Sprintf("Delete %s that nothing uses? %s.", operation.Counted(len(unused), "budget"), firstOf(labels)), nil
}

func pruneBudgets(ctx context.Context, call *operation.Call, in budgetsPruneInput) (operation.Result, error) {
	unused, err := prunable(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	if call.Arg("expect") != nil && len(unused) != int(in.Expect) {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeUsage,
			Message: fmt.Sprintf("%s unused, but {expect} is %d; nothing was deleted", operation.Counted(len(unused), "budget"), in.Expect),
			Hint:    "see them with {op:budgets unused}"}
	}
	if len(unused) == 0 {
		return operation.Result{Body: json.RawMessage(`{"deleted_budgets":[]}`), Done: "no unused budget with a generated ID; nothing was deleted"}, nil
	}
	parts, deleted := operation.NewParts(call, "deleted", "budget"), []string{}
	for _, b := range unused {
		id := operation.Word(operation.Lookup(b, "budget_id"))
		if parts.Try(id, func() error {
			_, err := call.Write(ctx, "POST", "/budget/delete", map[string]string{"id": id})
			return err
		}) {
			deleted = append(deleted, id)
		}
		call.Progress(len(deleted), len(unused))
	}
	return parts.Result(operation.Encode(map[string][]string{"deleted_budgets": deleted}))
}
