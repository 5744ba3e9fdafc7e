package tools

import (
	"context"
	"encoding/json"
	"fmt"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

type modelsMergeInput struct {
	Model   string          `json:"model" help:"Only this model"`
	SameKey bool            `json:"same_key" help:"Treat the hidden provider keys of identical deployments as equal"`
	Expect  operation.Limit `json:"expect" help:"Number of deployments to delete"`
}

var modelsMerge = &operation.Operation{
	Path:     "models merge",
	Summary:  "Delete identical deployments except one of each",
	Help:     "Keeps the one in the configuration file, or else the one with the lowest ID. Without {same_key}, only deployments with a shared credential are merged: the gateway hides their keys. See {op:models doubles}. Give {expect}, the number to delete.",
	Examples: []string{"models merge --dry-run", "models merge --model gpt-4o --same-key"},
	Effect:   operation.Destructive,
	Sends:    []string{"GET /v2/model/info", "POST /model/delete"},
	Consent: operation.Consent{Ask: askMerge, Sweeping: true, Count: func(ctx context.Context, call *operation.Call) (int, bool, error) {
		spare, err := spareDeployments(ctx, call)
		return len(spare), true, err
	}},
	Do: operation.Func[modelsMergeInput](mergeModels),
}

// spareDeployments returns the deployments to delete. The count, the question and the plan
// look at the same ones. Those of the configuration file cannot be deleted.
func spareDeployments(ctx context.Context, call *operation.Call) ([]deployed, error) {
	return operation.Once(call, "spare deployments", func() (spare []deployed, err error) {
		doubles, err := findDoubles(ctx, call, call.Args().String("model"))
		for _, d := range doubles {
			if d.kind != "identical" || d.sameKey() == nil && string(call.Arg("same_key")) != "true" {
				continue
			}
			for _, x := range d.of[1:] {
				if x.source == "database" && x.id != d.of[0].id {
					spare = append(spare, x)
				}
			}
		}
		return spare, err
	})
}

func askMerge(ctx context.Context, call *operation.Call) (string, error) {
	spare, err := spareDeployments(ctx, call)
	labels := make([]string, len(spare))
	for i, x := range spare {
		labels[i] = operation.Thing{ID: operation.Encode(x.id), Name: x.name}.Label()
	}
	if len(labels) == 1 {
		return "Delete deployment " + labels[0] + "? An identical deployment stays.", err
	}
	return fmt.Sprintf("Delete %s? An identical deployment of each stays: %s.", operation.Counted(len(spare), "deployment"), firstOf(labels)), err
}

func mergeModels(ctx context.Context, call *operation.Call, in modelsMergeInput) (operation.Result, error) {
	spare, err := spareDeployments(ctx, call)
	if err != nil {
		return operation.Result{}, err
	}
	if call.Arg("expect") != nil && len(spare) != int(in.Expect) {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeUsage,
			Message: fmt.Sprintf("%s can be merged, but {expect} is %d; nothing was deleted", operation.Counted(len(spare), "deployment"), in.Expect),
			Hint:    "see them with {op:models doubles}"}
	}
	if len(spare) == 0 {
		if err := knownModel(ctx, call, in.Model); err != nil {
			return operation.Result{}, err
		}
		return operation.Result{Body: json.RawMessage(`{"deleted_models":[]}`), Done: "no identical deployments to merge; nothing was deleted"}, nil
	}
	parts, deleted := operation.NewParts(call, "deleted", "deployment"), []string{}
	for _, x := range spare {
		if parts.Try(x.name+" ("+x.id+")", func() error {
			_, err := call.Write(ctx, "POST", "/model/delete", map[string]string{"id": x.id})
			return err
		}) {
			deleted = append(deleted, x.id)
		}
	}
	return parts.Result(operation.Encode(map[string][]string{"deleted_models": deleted}))
}
