package tools

import (
	"context"
	"encoding/json"
	"slices"

	"litellm-proxy/internal/operation"
)

// An access group gives its models to whoever has its name among the models. The gateway
// takes any name there for a group as soon as there is one.

// groupModels are the models that the arguments put into an access group, those of single
// deployments too.
func groupModels(ctx context.Context, call *operation.Call) ([]string, error) {
	names := call.Args().List("model_names")
	things, absent, err := deploymentCollection.Targets(ctx, call, "model_ids", call.Args().List("model_ids"))
	for _, thing := range things {
		names = append(names, thing.Name)
	}
	return operation.Unique(append(names, absent...)), err
}

// createsGroup finds a group that gives many models at once, or that has the name of
// something that keys and teams have already.
func createsGroup(ctx context.Context, call *operation.Call) ([]string, error) {
	group := call.Args().String("access_group")
	models, err := groupModels(ctx, call)
	if err != nil {
		return nil, err
	}
	found := []string{"gives every key, team and user with " + operation.Name(group) + " among their models the use of " + operation.NameList(operation.Encode(models))}
	if len(models) > 1 || slices.ContainsFunc(append(models, group), wildcard) || group == "no-default-models" {
		return found, nil
	}
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if err != nil && !operation.IsRefused(err) {
			return nil, err
		}
		if err != nil || meet(operation.Word(operation.Lookup(item, deploymentCollection.Name)), group) {
			return found, nil
		}
	}
	return nil, nil
}

// updatesGroup finds names for many models that a group gets, and models that leave a
// group with a budget.
func updatesGroup(ctx context.Context, call *operation.Call) ([]string, error) {
	things, _, err := accessGroupCollection.Targets(ctx, call, "access_group", call.Args().List("access_group"))
	if err != nil || len(things) == 0 {
		return nil, err
	}
	models, err := groupModels(ctx, call)
	if err != nil {
		return nil, err
	}
	group := things[0]
	change := operation.Args{"model_names": operation.Encode(models)}
	found := settings{whose: "access group " + group.Label(), item: group.Item, now: call.Now()}.loosened(change)
	var is []string
	_ = json.Unmarshal(operation.Lookup(group.Item, "model_names"), &is)
	if limit := dollars(group, "budget.max_budget"); limit != "" {
		found = append(found, naming("takes models out of access group "+group.Label()+", whose budget of "+limit+" no longer counts for them", without(is, models))...)
	}
	return found, nil
}
