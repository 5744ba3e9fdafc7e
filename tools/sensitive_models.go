package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"litellm-proxy/internal/operation"
)

// sensitiveModelUpdate finds a change of the provider, which gets the stored key then,
// limits and prices of the deployment that are loosened, and the calls to other
// deployments that it takes over.
func sensitiveModelUpdate(ctx context.Context, call *operation.Call) ([]string, error) {
	body := call.Body()
	params, prices := modelChange(body)
	change, name := deploymentLimits(operation.Encode(params)), body.String("model_name")
	model, provider := operation.Word(params["model"]), operation.Word(params["custom_llm_provider"])
	redirected := redirects("", params, nil)
	if model == "" && provider == "" && name == "" && len(change) == 0 && len(prices) == 0 && len(redirected) == 0 {
		return nil, nil
	}
	things, _, err := deploymentCollection.Targets(ctx, call, "model_id", call.Args().List("model_id"))
	if err != nil {
		return nil, err
	}
	deployment := operation.Thing{ID: call.Arg("model_id")}
	if len(things) > 0 {
		deployment = things[0]
	}
	limits := settings{whose: "deployment " + deployment.Label(), now: call.Now(), sparse: true}
	if deployment.Item != nil {
		limits.item = operation.Encode(deploymentLimits(operation.Lookup(deployment.Item, "litellm_params")))
	}
	found := append(limits.loosened(change), cheaper(deployment, prices)...)
	found = append(found, redirects("deployment "+deployment.Label(), params, nil)...)
	fresh := provider
	if fresh == "" {
		fresh, _, _ = strings.Cut(model, "/")
	}
	if fresh != "" && fresh != providerOf(deployment.Item) {
		found = append(found, "sends what is stored for the deployment to another provider: "+operation.Name(fresh))
	}
	more, err := joins(ctx, call, deployment, name, "gives deployment "+deployment.Label()+" the name "+operation.Name(name))
	return append(found, more...), err
}

// modelChange is the parameters that an update of a deployment changes, with null for
// those that it removes, and the prices among them and in its information.
func modelChange(body operation.Args) (params, prices operation.Args) {
	var info operation.Args
	params, prices = operation.Args{}, operation.Args{}
	_, _ = json.Unmarshal(body["litellm_params"], &params), json.Unmarshal(body["model_info"], &info)
	for _, name := range body.List("litellm_params_to_remove") {
		if params[name] == nil {
			params = params.With(name, nil)
		}
	}
	for _, values := range []operation.Args{info, params} {
		for name, value := range values {
			if strings.Contains(name, "cost") || name == "base_model" {
				prices[name] = value
			}
		}
	}
	return params, prices
}

// cheaper finds prices that an update lowers: less of what is spent counts then.
func cheaper(deployment operation.Thing, prices operation.Args) (found []string) {
	for _, name := range slices.Sorted(maps.Keys(prices)) {
		var params, info operation.Args
		_ = json.Unmarshal(operation.Lookup(deployment.Item, "litellm_params"), &params)
		_ = json.Unmarshal(operation.Lookup(deployment.Item, "model_info"), &info)
		present := operation.NoNull(params[name])
		if present == nil {
			present = operation.NoNull(info[name])
		}
		is, errIs := strconv.ParseFloat(operation.Word(present), 64)
		to, errTo := strconv.ParseFloat(operation.Word(prices[name]), 64)
		what := fmt.Sprintf("price %s of deployment %s", operation.Name(name), deployment.Label())
		switch {
		case name == "base_model":
			if !same(present, prices[name]) {
				found = append(found, "prices the calls of deployment "+deployment.Label()+" as those of another model: "+operation.Name(operation.Word(prices[name])))
			}
		case errTo == nil && errIs == nil && to >= is, errTo != nil && deployment.Item != nil && present == nil,
			errTo == nil && to > 0 && deployment.Item != nil && present == nil:
		case errTo != nil:
			found = append(found, "changes the "+what+": spend may be counted less")
		case errIs != nil:
			found = append(found, "sets the "+what+" to "+amount(to)+": spend may be counted less; the present one is not known")
		default:
			found = append(found, fmt.Sprintf("lowers the %s from %s to %s: spend is counted less", what, amount(is), amount(to)))
		}
	}
	return found
}

// joins finds a new name of a deployment that others have: some of the calls to them go
// to it then. what says what is done.
func joins(ctx context.Context, call *operation.Call, deployment operation.Thing, name, what string) ([]string, error) {
	if name == "" || name == deployment.Name {
		return nil, nil
	}
	for item, err := range deploymentCollection.All(ctx, call, nil) {
		if err != nil && !operation.IsRefused(err) {
			return nil, err
		}
		if err != nil || operation.Word(operation.Lookup(item, deploymentCollection.Name)) == name {
			return []string{what + ", under which other deployments are called"}, nil
		}
	}
	return nil, nil
}

// deploymentLimits are the limits among the parameters of a deployment, by the names that
// they have elsewhere.
func deploymentLimits(params json.RawMessage) operation.Args {
	limits := operation.Args{}
	var all operation.Args
	_ = json.Unmarshal(params, &all)
	for name, of := range map[string]string{"max_budget": "max_budget", "budget_duration": "budget_duration", "tpm": "tpm_limit", "rpm": "rpm_limit",
		"max_parallel_requests": "max_parallel_requests"} {
		if all[name] != nil {
			limits[of] = all[name]
		}
	}
	return limits
}

// providerOf is the provider of a deployment: the first word of its model, unless it is
// named.
func providerOf(deployment json.RawMessage) string {
	if name := operation.Lookup(deployment, "litellm_params.custom_llm_provider"); name != nil {
		return operation.Word(name)
	}
	provider, _, prefixed := strings.Cut(operation.Word(operation.Lookup(deployment, "litellm_params.model")), "/")
	if !prefixed {
		return "" // the gateway takes it from the name of the model
	}
	return provider
}
