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

// shortParams are the arguments that stand for a parameter of a guardrail.
var shortParams = map[string]string{"type": "guardrail", "mode": "mode", "default_on": "default_on"}

// guardrailFields returns the guardrail that the arguments describe, as the gateway takes
// it: with type, mode and default_on among the parameters.
func guardrailFields(call *operation.Call) (operation.Args, error) {
	fields := call.Body()
	delete(fields, "guardrail_id")
	params := operation.Args{}
	maps.Copy(params, membersOf(fields["litellm_params"]))
	for _, name := range slices.Sorted(maps.Keys(shortParams)) {
		value, param := fields[name], shortParams[name]
		if delete(fields, name); value == nil {
			continue
		}
		if params[param] != nil {
			return nil, operation.Usage("{" + name + "} and " + param + " in {litellm_params} set the same parameter; give one")
		}
		if modes := (operation.Args{name: value}).List(name); name == "mode" && len(modes) == 1 {
			value = operation.Encode(modes[0])
		}
		params[param] = value
	}
	if len(params) > 0 {
		fields["litellm_params"] = operation.Encode(params)
	}
	return fields, nil
}

// guardrailChange returns the changes of an update. The gateway merges parameters with its
// own, which have the secrets in clear; it replaces the information, which is merged here.
// PUT would lose everything that is not sent.
func guardrailChange(ctx context.Context, call *operation.Call) (operation.Args, error) {
	fields, err := guardrailFields(call)
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, operation.NothingToChange("default_on", "litellm_params", "guardrail_info")
	}
	if fields["guardrail_info"] != nil {
		present, err := readGuardrail(ctx, call)
		if err != nil {
			return nil, err
		}
		info := operation.Args{}
		maps.Copy(info, membersOf(operation.Lookup(present, "guardrail_info")))
		maps.Copy(info, membersOf(fields["guardrail_info"]))
		maps.DeleteFunc(info, func(_ string, value json.RawMessage) bool { return operation.NoNull(value) == nil })
		fields["guardrail_info"] = operation.Encode(info)
	}
	return fields, nil
}

// newGuardrail refuses what the gateway creates although it cannot run it, and a name that
// a guardrail of its configuration file has.
func newGuardrail(ctx context.Context, call *operation.Call) error {
	fields, err := guardrailFields(call)
	if err != nil {
		return err
	}
	kind := operation.Word(operation.Lookup(fields["litellm_params"], "guardrail"))
	switch {
	case operation.NoNull(operation.Lookup(fields["litellm_params"], "mode")) == nil:
		return operation.Usage("{mode} is required, for example pre_call")
	case strings.Contains(kind, "."):
		return operation.Usage("{type}: " + operation.Name(kind) + " names a class, which works only for guardrails in the gateway's configuration file")
	}
	name := fields.String("guardrail_name")
	taken, err := guardrailCollection.Find(ctx, call, name, "guardrail_name")
	switch {
	case err == nil:
		return &proxyclient.Error{Code: proxyclient.CodeConflict, Message: "guardrail " + taken.Label() + " has this name; nothing was created",
			Hint: "to change it, use {op:guardrails update}"}
	case operation.IsNotFound(err), operation.IsRefused(err):
		return nil
	}
	return err
}

// realSecrets refuses a secret as the gateway shows it, masked: it would replace the real
// one.
func realSecrets(_ context.Context, call *operation.Call) error {
	params := membersOf(call.Body()["litellm_params"])
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if operation.IsSecret(name) && masked(operation.Word(params[name])) {
			return operation.Usage("{litellm_params}: " + operation.Name(name) + " is masked; give the secret itself, or omit it to keep the stored one")
		}
	}
	return nil
}

// guardrailInDatabase refuses to change a guardrail of the configuration file, which the
// gateway does not find.
func guardrailInDatabase(ctx context.Context, call *operation.Call) error {
	item, err := readGuardrail(ctx, call)
	if e := operation.AsError(err); e != nil && e.Status != 0 && !operation.IsNotFound(err) {
		return nil // the gateway decides
	}
	if err != nil {
		return err
	}
	if operation.Word(operation.Lookup(item, "guardrail_definition_location")) == "config" {
		return &proxyclient.Error{Code: proxyclient.CodeInvalid,
			Message: "guardrail " + guardrailLabel(item) + " is in the gateway's configuration file, not in its database; nothing was changed",
			Hint:    "change that file and restart the gateway"}
	}
	return nil
}

// guardrailChanged compares the changes of an update with the gateway's answer.
func guardrailChanged(ctx context.Context, call *operation.Call, result *operation.Result) error {
	fields, err := guardrailFields(call)
	if err != nil {
		return err
	}
	answer, direct := membersOf(result.Body), maps.Clone(fields)
	delete(direct, "litellm_params")
	delete(direct, "guardrail_info")
	var phrases []string
	for _, pair := range [][2]operation.Args{
		{direct, answer},
		{membersOf(fields["litellm_params"]), membersOf(answer["litellm_params"])},
		{membersOf(fields["guardrail_info"]), membersOf(answer["guardrail_info"])},
	} {
		stayed, lost := differing(pair[0], pair[1], false)
		for _, text := range stayed {
			phrases = append(phrases, "kept "+text)
		}
		if len(lost) > 0 {
			phrases = append(phrases, "did not store "+strings.Join(lost, ", "))
		}
	}
	if len(phrases) == 0 {
		return nil
	}
	return &proxyclient.Error{Code: proxyclient.CodeNotApplied, Sent: true,
		Message: gatewayName(ctx, call) + " accepted the update, but " + strings.Join(phrases, " and ")}
}
