package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// modelPath is the route that changes a deployment.
const modelPath = "/model/{model_id}/update"

// nullRemoves are the parameters that every gateway removes when they are null. Other
// ones are named in removed, which gateways before 1.110 ignore.
var nullRemoves = strings.Fields(`input_cost_per_token output_cost_per_token input_cost_per_character output_cost_per_character
	cache_read_input_token_cost cache_creation_input_token_cost tiered_pricing cache_control_injection_points litellm_credential_name`)

const removed = "litellm_params_to_remove"

// updateModel sends PATCH /model/{id}/update: POST /model/update does not store
// model_info on gateways before 1.110, and loses parameters that the gateway has no field
// for. So a deployment whose ID has a slash cannot be changed.
func updateModel(ctx context.Context, call *operation.Call, in modelsUpdateInput) (operation.Result, error) {
	if err := proxyclient.CheckPath(modelPath, "model_id", string(in.ModelID)); err != nil {
		operation.AsError(err).Hint = "delete the deployment and add it again with an ID without /"
		return operation.Result{}, err
	}
	fields := call.Body()
	delete(fields, "model_id")
	if len(fields) == 0 {
		return operation.Result{}, operation.NothingToChange("litellm_params", "model_info")
	}
	removeParams(fields)
	if in.ModelInfo != nil {
		info := operation.Pairs{"id": operation.Encode(in.ModelID), "db_model": json.RawMessage("true")}
		maps.Copy(info, in.ModelInfo)
		fields["model_info"] = operation.Encode(info)
	}
	body, err := call.Client().JSON(ctx, proxyclient.Request{
		Method: "PATCH", Path: modelPath, Params: map[string]string{"model_id": string(in.ModelID)}, Body: operation.Encode(fields),
	})
	return operation.Result{Body: body}, err
}

// idleInfo refuses information about a deployment that is a setting elsewhere, which the
// gateway stores and does not act on, and a text where the gateway reads a list.
func idleInfo(_ context.Context, call *operation.Call) error {
	info, id := membersOf(call.Arg("model_info")), call.Arg("model_id")
	if operation.NoNull(info["blocked"]) != nil {
		return operation.Usage("{model_info}: blocked has no effect here; use {op:models block} or {op:models unblock}")
	}
	if groups := info["access_groups"]; strings.HasPrefix(string(groups), `"`) {
		return operation.Usage(`{model_info}: access_groups must be a list, on the command line access_groups:=["beta"]; the gateway would make a group of each letter`)
	}
	if own := info["id"]; own != nil && id != nil && operation.Word(own) != operation.Word(id) {
		return operation.Usage("{model_info}: the ID of a deployment cannot be changed")
	}
	return nil
}

// deleteModel deletes a deployment. The gateway does not find one of its configuration
// file, which it lists all the same.
func deleteModel(ctx context.Context, call *operation.Call, in modelsDeleteInput) (operation.Result, error) {
	body, err := call.Write(ctx, "POST", "/model/delete", map[string]string{"id": string(in.ID)})
	if !operation.IsNotFound(err) {
		return operation.Result{Body: body}, err
	}
	model, e := deploymentCollection.FindID(ctx, call, string(in.ID))
	if e == nil && string(operation.Lookup(model.Item, "model_info.db_model")) == "false" {
		err = &proxyclient.Error{Code: proxyclient.CodeInvalid, Status: operation.AsError(err).Status,
			Message: "the deployment is in the gateway's configuration file, not in its database; nothing was deleted",
			Hint:    "remove it from that file and restart the gateway"}
	}
	return operation.Result{}, err
}

// removeParams names the parameters that are null in the field that removes them.
func removeParams(fields operation.Args) {
	params, names := membersOf(fields["litellm_params"]), fields.List(removed)
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if operation.NoNull(params[name]) == nil && !slices.Contains(nullRemoves, name) {
			names = append(names, name)
			delete(params, name)
		}
	}
	if len(names) == 0 {
		return
	}
	fields[removed] = operation.Encode(operation.Unique(names))
	if fields["litellm_params"] = operation.Encode(params); len(params) == 0 {
		delete(fields, "litellm_params")
	}
}

// modelChanged compares the update of a deployment with the gateway's answer, which has
// numbers in clear and texts encrypted.
func modelChanged(ctx context.Context, call *operation.Call, result *operation.Result) error {
	body := call.Body()
	asked := operation.Args{}
	maps.Copy(asked, membersOf(body["litellm_params"]))
	for _, name := range body.List(removed) {
		asked[name] = json.RawMessage("null")
	}
	stayed, lost := differing(asked, membersOf(operation.Lookup(result.Body, "litellm_params")), true)
	info := membersOf(body["model_info"])
	delete(info, "id")
	delete(info, "db_model")
	stayedInfo, lostInfo := differing(info, membersOf(operation.Lookup(result.Body, "model_info")), false)
	if len(lostInfo) > 0 {
		lostInfo = unshown(ctx, call, info, lostInfo)
	}
	direct, answered := operation.Args{}, membersOf(result.Body)
	for name, value := range body {
		if answered[name] != nil && !slices.Contains([]string{"model_id", "litellm_params", "model_info"}, name) {
			direct[name] = value
		}
	}
	stayedDirect, _ := differing(direct, answered, false)
	stayed = append(stayed, stayedDirect...)
	var phrases []string
	if stayed = append(stayed, stayedInfo...); len(stayed) > 0 {
		phrases = append(phrases, "kept "+strings.Join(stayed, ", "))
	}
	if lost = append(lost, lostInfo...); len(lost) > 0 {
		phrases = append(phrases, "did not store "+strings.Join(lost, ", "))
	}
	if len(phrases) == 0 {
		return nil
	}
	var hints []string
	if len(stayed) > 0 {
		hints = append(hints, "to remove a kept value, delete the deployment and add it again with the same ID")
	}
	if slices.ContainsFunc(lostInfo, isPrice) {
		hints = append(hints, "set prices in {litellm_params}")
	}
	others := len(asked) + len(info) + len(direct) - len(stayed) - len(lost)
	return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true, Hint: strings.Join(hints, "; "),
		Message: gatewayName(ctx, call) + " accepted the update, but " + strings.Join(phrases, " and ") + rest(others)}
}

// notesPrices notes the prices of a new deployment that the gateway did not store: they
// belong among the parameters.
func notesPrices(_ context.Context, call *operation.Call, result *operation.Result) error {
	_, lost := differing(membersOf(call.Body()["model_info"]), membersOf(operation.Lookup(result.Body, "model_info")), false)
	if lost = slices.DeleteFunc(lost, func(name string) bool { return !isPrice(name) }); len(lost) > 0 {
		call.Note("The gateway did not store " + strings.Join(lost, ", ") + ". Set prices in {litellm_params}.")
	}
	return nil
}

// gatewayName returns the gateway with its version, if that can be read.
func gatewayName(ctx context.Context, call *operation.Call) string {
	if version, err := call.Client().Version(ctx); err == nil && version != "" {
		return "the gateway (LiteLLM " + version + ")"
	}
	return "the gateway"
}

// differing returns the requested members that an object has with another value, with that
// value, and the names of those that it lacks. An encrypted text matches any.
func differing(asked, has operation.Args, encrypted bool) (stayed, lost []string) {
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		want, is := operation.NoNull(asked[name]), operation.NoNull(has[name])
		text := is != nil && is[0] == '"' && encrypted
		switch {
		case want == nil && text:
			stayed = append(stayed, operation.Name(name))
		case want == nil && is != nil:
			stayed = append(stayed, kept(name, is))
		case text, took(want, is):
		case is == nil:
			lost = append(lost, name)
		default:
			stayed = append(stayed, kept(name, is))
		}
	}
	return stayed, lost
}

// unshown returns the members that the deployment lacks too: the gateway does not store values
// that equal its price list.
func unshown(ctx context.Context, call *operation.Call, asked operation.Args, names []string) []string {
	deployment, err := deploymentCollection.FindID(ctx, call, call.Args().String("model_id"))
	if err != nil {
		return names
	}
	shown := membersOf(operation.Lookup(deployment.Item, "model_info"))
	return slices.DeleteFunc(names, func(name string) bool { return took(asked[name], shown[name]) })
}
