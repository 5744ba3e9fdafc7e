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
	groups := operation.Lookup(body["model_info"], "access_groups")
	model, provider := operation.Word(params["model"]), operation.Word(params["custom_llm_provider"])
	redirected, removed := redirects(params, nil)
	if model == "" && provider == "" && name == "" && body["blocked"] == nil && isNone(params["mock_response"]) && groups == nil && len(change) == 0 && len(prices) == 0 && len(redirected)+len(removed) == 0 {
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
		present := deploymentLimits(operation.Lookup(deployment.Item, "litellm_params"))
		limits.item = operation.Encode(present.With("metadata", map[string]any{"guardrails": present["guardrails"]}))
	}
	found := append(limits.loosened(change), cheaper(deployment, prices)...)
	found = append(found, settings{whose: limits.whose, item: deployment.Item}.unblocked(body["blocked"])...)
	found = append(found, regroups(deployment, limits.whose, groups)...)
	if !isNone(params["mock_response"]) {
		found = append(found, "lets "+limits.whose+" answer with a text of its own: no provider is called")
	}
	found = append(found, naming("changes how "+limits.whose+" calls its provider, and so where its stored key may go", redirected)...)
	found = append(found, naming("removes what "+limits.whose+" calls its provider with, so that the provider's own address or the gateway's own key is used", removed)...)
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

// regroups finds access groups that a deployment joins, which gives it to all who have the
// group, and those that it leaves: their budgets no longer count for it.
func regroups(deployment operation.Thing, whose string, groups json.RawMessage) (found []string) {
	if groups == nil {
		return nil
	}
	var is, to []string
	_, _ = json.Unmarshal(operation.Lookup(deployment.Item, "model_info.access_groups"), &is), json.Unmarshal(groups, &to)
	if joined := without(to, is); len(joined) > 0 {
		found = append(found, "gives "+whose+" to every key and team with the access groups "+operation.NameList(operation.Encode(joined)))
	}
	if left := without(is, to); len(left) > 0 {
		found = append(found, "takes "+whose+" out of the access groups "+operation.NameList(operation.Encode(left))+", whose budgets no longer count for it")
	}
	return found
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
			if isPrice(name) {
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
		if text := price(deployment, name, present, prices[name]); text != "" {
			found = append(found, text)
		}
	}
	return found
}

// isPrice tells whether a parameter or an information of a deployment decides what its
// calls cost.
func isPrice(name string) bool {
	return strings.Contains(name, "cost") || strings.Contains(name, "pricing") || slices.Contains(priced, name)
}

// priced name the model whose prices count.
var priced = []string{"base_model", "litellm_provider", "key"}

// price says what a price that was present changes to, if that may count less; one that
// was not set may take the place of the others.
func price(deployment operation.Thing, name string, present, value json.RawMessage) string {
	is, errIs := strconv.ParseFloat(operation.Word(present), 64)
	to, errTo := strconv.ParseFloat(operation.Word(value), 64)
	what := fmt.Sprintf("price %s of deployment %s", operation.Name(name), deployment.Label())
	switch {
	case same(present, value), isNone(value) && present == nil && deployment.Item != nil, errTo == nil && errIs == nil && to >= is:
		return ""
	case slices.Contains(priced, name):
		return "prices the calls of deployment " + deployment.Label() + " as those of another model: " + operation.Name(operation.Word(value))
	case errTo != nil:
		return "changes the " + what + ": spend may be counted less"
	case errIs == nil:
		return fmt.Sprintf("lowers the %s from %s to %s: spend is counted less", what, amount(is), amount(to))
	}
	return "sets the " + what + " to " + amount(to) + ", which may take the place of another: spend may be counted less"
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
		other := operation.Word(operation.Lookup(item, deploymentCollection.Name))
		if err != nil || meet(other, name) {
			return []string{what + ", so that it takes calls from other deployments"}, nil
		}
	}
	return nil, nil
}

// meet tells whether two names, of which each * stands for any text, have a name in common.
func meet(a, b string) bool {
	// row[j] says so of the rest of a and b[j:].
	row := make([]bool, len(b)+1)
	for i := len(a); i >= 0; i-- {
		below := slices.Clone(row)
		for j := len(b); j >= 0; j-- {
			switch {
			case i == len(a) && j == len(b):
				row[j] = true
			case i < len(a) && a[i] == '*':
				row[j] = below[j] || j < len(b) && row[j+1]
			case j < len(b) && b[j] == '*':
				row[j] = row[j+1] || i < len(a) && below[j]
			default:
				row[j] = i < len(a) && j < len(b) && a[i] == b[j] && below[j+1]
			}
		}
	}
	return row[0]
}

// deploymentLimits are the limits among the parameters of a deployment, by the names that
// they have elsewhere.
func deploymentLimits(params json.RawMessage) operation.Args {
	limits := operation.Args{}
	var all operation.Args
	_ = json.Unmarshal(params, &all)
	for name, of := range map[string]string{"max_budget": "max_budget", "budget_duration": "budget_duration", "tpm": "tpm_limit", "rpm": "rpm_limit",
		"max_parallel_requests": "max_parallel_requests", "itpm": "itpm", "otpm": "otpm", "default_api_key_tpm_limit": "default_api_key_tpm_limit",
		"default_api_key_rpm_limit": "default_api_key_rpm_limit", "guardrails": "guardrails"} {
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
