package tools

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"litellm-proxy/internal/operation"
)

// What the gateway stores of a provider, such as a key, goes where the other parameters
// say. There are hundreds of them, and each release adds some: a parameter of which it is
// not known that it leaves that alone is asked for.

// harmless are parameters that do not say where a call goes, with what key, or what is
// counted for it. Limits and prices are compared elsewhere.
var harmless = strings.Fields(`model rpm tpm max_budget budget_duration max_parallel_requests weight order tags timeout
	stream_timeout request_timeout max_retries num_retries cooldown_time temperature top_p top_k min_p n seed stop max_tokens
	max_completion_tokens presence_penalty frequency_penalty reasoning_effort thinking drop_params merge_reasoning_content_in_choices
	stream stream_options api_version itpm otpm default_api_key_tpm_limit default_api_key_rpm_limit guardrails mode response_format
	modify_params timeout_by_service_tier cache_control_injection_points organization aws_access_key_id mock_response`)

// redirects finds the parameters that decide where a stored key goes, and those that go
// away: without its address or key, a provider's own address or the gateway's own key
// takes the place.
func redirects(params operation.Args, deleted []string) (changed, removed []string) {
	leaves := func(name string) bool { return slices.Contains(harmless, name) || isPrice(name) }
	removed = deleted
	for _, name := range slices.Sorted(maps.Keys(params)) {
		switch {
		case leaves(name) && (name != "aws_access_key_id" || !isNone(params[name])):
		case isNone(params[name]):
			removed = append(removed, name)
		case !operation.IsSecret(name):
			changed = append(changed, name)
		}
	}
	return changed, slices.DeleteFunc(operation.Unique(removed), leaves)
}

// naming is a phrase with names behind it; without names there is none.
func naming(phrase string, names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return []string{phrase + ": " + operation.NameList(operation.Encode(names))}
}

// isNone tells whether a value is there to say that there is none.
func isNone(value json.RawMessage) bool { return isUnset(value) || string(value) == "{}" }

// sensitiveCredentialUpdate is what an update of a credential redirects.
func sensitiveCredentialUpdate(_ context.Context, call *operation.Call) ([]string, error) {
	body := call.Body()
	var values operation.Args
	_ = json.Unmarshal(body["credential_values"], &values)
	name := operation.Name(body.String("credential_name"))
	changed, removed := redirects(values, body.List("credential_values_to_delete"))
	return append(naming("changes values of credential "+name+" that may decide where its key goes", changed),
		naming("removes values of credential "+name+", so that the provider's own address or the gateway's own key is used", removed)...), nil
}

// sensitiveTest is what a test of a connection sends elsewhere: the gateway takes what it
// stores for a model of its own, also by the ID of the deployment.
func sensitiveTest(_ context.Context, call *operation.Call) ([]string, error) {
	body := call.Body()
	var params operation.Args
	_ = json.Unmarshal(body["litellm_params"], &params)
	changed, removed := redirects(params, nil)
	found := naming("may send the key that the gateway stores for this model elsewhere", append(changed, removed...))
	if id := operation.Lookup(body["model_info"], "id"); id != nil {
		found = append(found, "uses the key that is stored for deployment "+operation.Name(operation.Word(id))+" with the provider of "+operation.Name(body.String("model")))
	}
	return found, nil
}

// callParams are the members of a chat request that go to the model. The gateway takes any
// other for a parameter of the call to the provider.
var callParams = append(strings.Fields(`messages tools tool_choice parallel_tool_calls functions function_call response_format logit_bias
	logprobs top_logprobs user service_tier store metadata modalities audio prediction verbosity web_search_options tags cache caching
	fallbacks safety_identifier prompt_cache_key prompt_cache_retention safety_settings repetition_penalty litellm_session_id
	litellm_trace_id guardrails extra_body enable_thinking include_reasoning include min_tokens ignore_eos top_a num_ctx max_output_tokens
	chat_template_kwargs`), harmless...)

// sensitiveChat finds the parameters of a call that may send the stored key elsewhere, in
// the request and in what is tried after it fails.
func sensitiveChat(_ context.Context, call *operation.Call) ([]string, error) {
	names := map[string]bool{}
	add := func(request operation.Args) {
		for name := range request {
			if !slices.Contains(callParams, name) && !strings.HasSuffix(name, "fallbacks") {
				names[name] = true
			}
		}
	}
	body := call.Body()
	add(body)
	for name, value := range body {
		if strings.HasSuffix(name, "fallbacks") {
			attempts(value, add)
		}
	}
	return naming("sets parameters of the call to the provider, and so where the stored key may go", slices.Sorted(maps.Keys(names))), nil
}

// attempts calls visit with each request in what is tried after a failure: names of models,
// requests with a model, or the names for each model that fails.
func attempts(value json.RawMessage, visit func(operation.Args)) {
	var object operation.Args
	var list []json.RawMessage
	if json.Unmarshal(value, &object) == nil && object != nil {
		rest := operation.Args{}
		for name, member := range object {
			if json.Unmarshal(member, &list) == nil && object["model"] == nil {
				attempts(member, visit)
			} else {
				rest[name] = member
			}
		}
		visit(rest)
	} else if json.Unmarshal(value, &list) == nil {
		for _, item := range list {
			attempts(item, visit)
		}
	}
}

// takesOver finds a new deployment under a name that others have, so that some of the
// calls to them go to it, and one with the ID of another, which is gone then.
func takesOver(ctx context.Context, call *operation.Call) ([]string, error) {
	name := call.Args().String("model_name")
	if id := operation.Word(operation.Lookup(call.Body()["model_info"], "id")); id != "" {
		things, _, err := deploymentCollection.Targets(ctx, call, "model_info", []string{id})
		if err != nil {
			return nil, err
		}
		if len(things) > 0 {
			return []string{"takes the ID of deployment " + things[0].Label() + ", which cannot be called any more"}, nil
		}
	}
	found, err := joins(ctx, call, operation.Thing{ID: operation.Encode(name)}, name, "adds a deployment with the name "+operation.Name(name))
	groups := operation.Lookup(call.Body()["model_info"], "access_groups")
	return append(found, regroups(operation.Thing{}, "the deployment", groups)...), err
}
